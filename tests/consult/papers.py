"""Small FHIR documents written by hand, and the made-up bundles of Synthea, for the tests of import and export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from suwen import datasets
from suwen.formats.fhir import Entry, Stored, canonical, render
from suwen.formats.fhir.documents import Document, read_document

__all__ = [
    "Json",
    "bundle",
    "contents",
    "document",
    "lines",
    "observation",
    "order",
    "person",
    "practitioner",
    "synthea",
]

Json = dict[str, Any]


def person(id_: str = "1", *, number: str = "MRN-1", family: str = "Abel", given: str = "Ruth", **more: Any) -> Json:
    identifier = [{"system": "urn:ward", "value": number}] if number else []
    return {
        "resourceType": "Patient",
        "id": id_,
        **({"identifier": identifier} if identifier else {}),
        "name": [{"family": family, "given": [given]}],
        "birthDate": "1980-05-06",
        "gender": "female",
        **more,
    }


def observation(id_: str, patient: str = "1", *, value: str = "normal", **more: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"text": "appetite"},
        "subject": {"reference": f"Patient/{patient}"},
        "valueString": value,
        **more,
    }


def order(id_: str = "m1", patient: str = "1", *, status: str = "active", intent: str = "order") -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": id_,
        "status": status,
        "intent": intent,
        "medicationCodeableConcept": {"text": "metformin"},
        "subject": {"reference": f"Patient/{patient}"},
    }


def practitioner(id_: str = "d1", family: str = "Dorian") -> Json:
    return {"resourceType": "Practitioner", "id": id_, "name": [{"family": family}]}


def bundle(*resources: Json, addresses: tuple[str, ...] = ()) -> Json:
    entries: list[Json] = [{"resource": one} for one in resources]
    for entry, address in zip(entries, addresses, strict=False):
        entry["fullUrl"] = address
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def document(*resources: Json, addresses: tuple[str, ...] = ()) -> Document:
    return read_document(render(bundle(*resources, addresses=addresses)))


def lines(*resources: Json) -> bytes:
    return b"".join(render(one) + b"\n" for one in resources)


def contents(found: list[Entry] | list[Stored] | tuple[Entry, ...]) -> list[tuple[str, bytes]]:
    """What must not be lost, in order: each address with the resource that stands under it."""
    return [(one.full_url, canonical(one.resource)) for one in found]


def synthea() -> list[Path]:
    """The bundles of Synthea's sample, those of the house last; skips where they are absent."""
    folder = datasets.folder() / "platform" / "synthea_r4"
    files = sorted(folder.glob("*.json.gz"))
    if not files:
        pytest.skip("Synthea's sample is not in the data folder (SUWEN_DATA)")
    return sorted(files, key=lambda file: "Information" in file.name)
