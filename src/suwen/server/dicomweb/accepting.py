"""What a caller accepts (PS3.18 8.7): media types by preference, and the transfer syntax asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fastapi import HTTPException, Request

from suwen.server.dicomweb.multipart import Typed, typed

__all__ = ["DICOM", "EXPLICIT", "OCTETS", "STORED", "Wish", "picture_wish", "require_json", "wishes"]

DICOM, OCTETS = "application/dicom", "application/octet-stream"
EXPLICIT, STORED = "1.2.840.10008.1.2.1", "*"  # the syntax where none is named, and whichever it lies in
_JSON = ("application/dicom+json", "application/json", "*/*", "application/*")
_PICTURES = ("image/jpeg", "image/png")
_COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing a caller would take: the media type of the content, in one part or many, in which transfer syntax."""

    media: str
    many: bool
    syntax: str


def wishes(request: Request, kinds: Sequence[str]) -> list[Wish]:
    """What the caller takes of these media types, the preferred first. Raises HTTPException 406 where it is nothing."""
    found = list(_wishes(request, kinds))
    if not found:
        raise HTTPException(406, f"what can be had here is multipart/related of {' or '.join(kinds)}")
    return found


def _wishes(request: Request, kinds: Sequence[str]) -> Iterator[Wish]:
    for one in _accepted(request):
        media, many = one.media, one.media == "multipart/related"
        if many:
            media = one.get("type").lower() or kinds[0]
        if media in {"*/*", "application/*"}:
            media, many = kinds[0], True
        fits = [kind for kind in kinds if media == kind or (media == "image/*" and kind.startswith("image/"))]
        for kind in fits:
            yield Wish(kind, many, one.get("transfer-syntax") or _usual(kind))


def _usual(kind: str) -> str:
    return EXPLICIT if kind in {DICOM, OCTETS} else STORED


def _accepted(request: Request) -> list[Typed]:
    """The media ranges, those of the query parameter `accept` first (PS3.18 8.3.3.1), then by quality."""
    said = ",".join((*request.query_params.getlist("accept"), request.headers.get("accept", "")))
    found = [typed(one.strip()) for one in _COMMA.split(said) if one.strip()] or [typed("*/*")]
    weighed = [(_quality(one.get("q")), one) for one in found]
    return [one for quality, one in sorted(weighed, key=lambda pair: -pair[0]) if quality > 0]


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def require_json(request: Request) -> None:
    """Refuse a caller who does not take DICOM JSON. Raises HTTPException 406."""
    if not any(one.media in _JSON or one.get("type") in _JSON for one in _accepted(request)):
        raise HTTPException(406, "what can be had here is application/dicom+json")


def picture_wish(request: Request) -> str:
    """The media type of a rendered picture. Raises HTTPException 406."""
    for one in _accepted(request):
        if one.media in {"*/*", "image/*", "image/"}:
            return _PICTURES[0]
        if one.media in _PICTURES:
            return str(one.media)
    raise HTTPException(406, "what can be had here is image/jpeg or image/png")
