"""Resources of made-up patients for the tests of FHIR over REST, and how a client sends and reads them."""

from __future__ import annotations

from typing import Any

from served import Served
from starlette.testclient import TestClient

from suwen.formats.fhir import parse_tree, render
from suwen.govern import Role

Json = dict[str, Any]
SENT = {"content-type": "application/fhir+json"}


def observation(patient: str, *, value: str = "37.50", code: str = "8310-5") -> Json:
    """A temperature, whose number keeps its digits."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2026-03-04T10:00:00Z",
        "valueQuantity": parse_tree(f'{{"value":{value},"unit":"Cel"}}'),
    }


def encounter(patient: str) -> Json:
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"Patient/{patient}"},
    }


def order(patient: str) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": "made up"},
        "subject": {"reference": f"Patient/{patient}"},
    }


def bundle(kind: str, *entries: Json) -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def post(resource: Json, *, full_url: str = "", **request: str) -> Json:
    entry: Json = {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"], **request}}
    return {**({"fullUrl": full_url} if full_url else {}), **entry}


def create(client: TestClient, resource: Json, **headers: str) -> Json:
    """Send a new resource; what the server made of it."""
    answer = client.post(f"/fhir/{resource['resourceType']}", content=render(resource), headers=SENT | headers)
    assert answer.status_code in {200, 201}, answer.text
    return read(answer.text)


def put(client: TestClient, resource: Json, version: str, **headers: str) -> Any:
    path = f"/fhir/{resource['resourceType']}/{resource['id']}"
    return client.put(path, content=render(resource), headers=SENT | {"if-match": f'W/"{version}"'} | headers)


def read(text: str) -> Json:
    found: Json = parse_tree(text)
    return found


def search(client: TestClient, kind: str, **parameters: str) -> Json:
    answer = client.post(f"/fhir/{kind}/_search", data=parameters)
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def ids(page: Json, mode: str = "match") -> list[str]:
    return [one["resource"]["id"] for one in page.get("entry", ()) if one["search"]["mode"] == mode]


def physician(served: Served) -> TestClient:
    return served.client(Role.PHYSICIAN)
