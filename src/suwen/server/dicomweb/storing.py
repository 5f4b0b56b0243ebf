"""STOW-RS (PS3.18 10.5): objects taken in, and said of each whether it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import HTTPException

from suwen.consult.imaging import Stowed, store_objects
from suwen.errors import AccessError, FormatError
from suwen.server.callers import Caller, require_scope
from suwen.server.dicomweb.accepting import DICOM
from suwen.server.dicomweb.multipart import parts_of, typed
from suwen.server.house import House

__all__ = ["answered", "stored"]

_ALL, _SOME, _NONE = 200, 202, 409  # PS3.18 table 10.5.3-1


def stored(house: House, caller: Caller, content_type: str, body: bytes, *, study: str = "") -> tuple[Stowed, ...]:
    """Keep what a request brings. Raises HTTPException 415 for another body, 400 for a damaged one, AccessError."""
    require_scope(caller, "ImagingStudy", "c", patient=caller.patient)
    if caller.patient:
        raise AccessError("an app that was launched for one patient does not bring images")
    said = typed(content_type)
    if said.media == DICOM:
        parts = [body]
    elif said.media == "multipart/related" and said.get("type").lower() in {DICOM, ""}:
        try:
            parts = [one.content for one in parts_of(body, said.get("boundary")) if one.media in {DICOM, ""}]
        except FormatError as error:
            raise HTTPException(400, str(error)) from None
    else:
        raise HTTPException(415, 'send multipart/related; type="application/dicom"')
    if not parts:
        raise HTTPException(400, "the request brings no objects")
    return store_objects(caller.actor, house.records, parts, study=study)


def answered(fates: Sequence[Stowed], base: str, study: str) -> tuple[int, dict[str, Any]]:
    """The status and the Store Instances Response (PS3.18 annex I)."""
    good = [one for one in fates if not one.reason]
    bad = [one for one in fates if one.reason]
    answer: dict[str, Any] = {}
    whole = study or next((one.study for one in good), "")
    if good:
        answer["00081190"] = {"vr": "UR", "Value": [f"{base}/studies/{whole}"]}
        answer["00081199"] = {"vr": "SQ", "Value": [_kept(one, base) for one in good]}
    named = [one for one in bad if one.instance and one.sop_class]
    if named:
        answer["00081198"] = {"vr": "SQ", "Value": [{**_named(one), **_why(one)} for one in named]}
    if len(named) < len(bad):  # Other Failures Sequence: of what has no name
        answer["0008119A"] = {"vr": "SQ", "Value": [_why(one) for one in bad if one not in named]}
    return (_ALL if not bad else _SOME if good else _NONE), dict(sorted(answer.items()))


def _named(one: Stowed) -> dict[str, Any]:
    return {"00081150": {"vr": "UI", "Value": [one.sop_class]}, "00081155": {"vr": "UI", "Value": [one.instance]}}


def _why(one: Stowed) -> dict[str, Any]:
    return {"00081197": {"vr": "US", "Value": [one.reason]}}


def _kept(one: Stowed, base: str) -> dict[str, Any]:
    address = f"{base}/studies/{one.study}/series/{one.series}/instances/{one.instance}"
    return {**_named(one), "00081190": {"vr": "UR", "Value": [address]}}
