"""A query held against one resource, and made-up resources to hold it against."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from suwen.formats.fhir.searching.parsing import parse_query
from suwen.formats.fhir.searching.search import matches

__all__ = ["CONDITION", "PATIENT", "hit", "observation", "period"]

CONDITION = {
    "resourceType": "Condition",
    "id": "c1",
    "meta": {"profile": ["http://example.org/a/b"], "lastUpdated": "2020-05-01T00:00:00Z"},
    "identifier": [{"system": "urn:a", "value": "2345"}, {"value": "77"}],
    "code": {
        "coding": [
            {"system": "http://acme.org/conditions/codes", "code": "ha125", "display": "Bad Headache"},
            {"code": "x"},
        ],
        "text": "Céphalée  grave",
    },
    "subject": {"reference": "Patient/123"},
    "asserter": {"reference": "http://other.org/fhir/Practitioner/9/_history/2", "identifier": {"value": "lic"}},
    "encounter": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"},
    "onsetAge": {"value": 3, "system": "http://unitsofmeasure.org", "code": "a"},
}

PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "active": True,
    "gender": "male",
    "birthDate": "1970-03-04",
    "name": [
        {"family": "Müller-Lüdenscheidt", "given": ["José", "Ann, Mary"]},
        {"text": "张三", "family": "张", "given": ["三"]},
    ],
    "telecom": [{"system": "phone", "value": "555"}, {"system": "email", "value": "a@b.c"}],
    "address": [{"city": "Zürich", "line": ["1 Main"]}],
    "deceasedDateTime": "2020",
    "identifier": [{"system": "urn:oid:1.2", "value": "A-7"}],
    "meta": {"tag": [{"system": "urn:t", "code": "made-up"}]},
}


def hit(resource: dict[str, Any], *criteria: str, **options: Any) -> bool:
    query = "&".join(quote(one, safe="=") for one in criteria)
    return matches(resource, parse_query(f"{resource['resourceType']}?{query}", **options))


def observation(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": "o1", **members}


def period(start: str = "", end: str = "") -> dict[str, Any]:
    given = {name: text for name, text in (("start", start), ("end", end)) if text}
    return observation(effectivePeriod=given)
