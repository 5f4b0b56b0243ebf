"""The FHIR ImagingStudy beside the objects of a study, so that timelines and other systems see that it is there."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from suwen.errors import FormatError
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.stored import Stored

__all__ = ["STUDY_KIND", "is_about", "study_resource"]

STUDY_KIND = "ImagingStudy"
_SYSTEM = "http://dicom.nema.org/resources/ontology/DCM"
_DATE, _DESCRIPTION, _MODALITY, _SERIES_SAID = "00080020", "00081030", "00080060", "0008103E"

Delivery = Mapping[str, Any]


def is_about(payload: bytes, study: str) -> bool:
    """Whether a record of the kind holds the resource of this study."""
    try:
        resource = Stored.from_bytes(payload).resource
    except FormatError:
        return False
    return any(one.get("value") == f"urn:oid:{study}" for one in resource.get("identifier", ()))


def study_resource(
    deliveries: Iterable[Delivery], study: str, *, patient: str, registered: Iterable[bytes], known: bytes | None
) -> bytes:
    """The resource of a study as a payload, from what was delivered of it.

    `registered`: payloads of the patient's own Patient resources, whose address the reference takes; `known`: the
    resource as it stands, whose id stays.
    """
    mine = [one for one in deliveries if one["study"] == study]
    reference, source = _about(registered, patient)
    series = _series(mine)
    first = mine[0]["instances"][0]["attributes"]
    started, said = _date(_value(first, _DATE)), _value(first, _DESCRIPTION)
    resource: Json = {
        "resourceType": STUDY_KIND,
        "id": str(Stored.from_bytes(known).resource["id"]) if known else str(uuid.uuid4()),
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{study}"}],
        "status": "available",
        "modality": [_coded(one) for one in sorted({one["modality"]["code"] for one in series})],
        "subject": {"reference": reference},
        **({"started": started} if started else {}),
        "numberOfSeries": len(series),
        "numberOfInstances": sum(one["numberOfInstances"] for one in series),
        **({"description": said} if said else {}),
        "series": series,
    }
    return Stored(resource, source=source).to_bytes()


def _about(registered: Iterable[bytes], patient: str) -> tuple[str, str]:
    """How a reference to the patient reads in the record, and the system it holds in."""
    for payload in registered:
        try:
            stored = Stored.from_bytes(payload)
        except FormatError:
            continue
        if isinstance(stored.resource, dict) and (stored.full_url or stored.resource.get("id")):
            return stored.full_url or f"Patient/{stored.resource['id']}", stored.source
    return f"Patient/{patient}", ""


def _series(deliveries: Sequence[Delivery]) -> list[Json]:
    counts: dict[str, set[str]] = {}
    first: dict[str, Mapping[str, Any]] = {}
    for one in deliveries:
        counts.setdefault(one["series"], set()).update(each["instance"] for each in one["instances"])
        first.setdefault(one["series"], one["instances"][0]["attributes"])
    return [
        {
            "uid": uid,
            "modality": _coded(_value(first[uid], _MODALITY) or "OT"),
            **({"description": _value(first[uid], _SERIES_SAID)} if _value(first[uid], _SERIES_SAID) else {}),
            "numberOfInstances": len(members),
        }
        for uid, members in sorted(counts.items())
    ]


def _coded(modality: str) -> Json:
    return {"system": _SYSTEM, "code": modality}


def _value(attributes: Mapping[str, Any], tag: str) -> str:
    return str(next(iter(attributes.get(tag, {}).get("Value", ())), "") or "").strip()


def _date(text: str) -> str:
    return (
        f"{text[:4]}-{text[4:6]}-{text[6:]}" if re.fullmatch(r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])", text) else ""
    )
