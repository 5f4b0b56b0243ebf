"""FHIR create, update, delete and validate: nothing is lost, nothing overwritten unseen, nothing filed by the wrong."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_made import SENT, create, encounter, observation, order, physician, put, read
from served import Served

from suwen.formats.fhir import render
from suwen.govern import Role, grant_care


def test_created_where_it_says(served: Served) -> None:
    client = physician(served)
    answer = client.post("/fhir/Observation", content=render(observation(served.own) | {"id": "mine"}), headers=SENT)
    made = read(answer.text)
    assert answer.status_code == 201
    assert made["id"].startswith(served.own)
    assert answer.headers["location"].endswith(f"/fhir/Observation/{made['id']}/_history/1")
    assert read(client.get(answer.headers["location"]).text) == made


@pytest.mark.parametrize("preference", ["minimal", "representation", "OperationOutcome"])
def test_what_comes_back_is_what_is_preferred(served: Served, preference: str) -> None:
    headers = SENT | {"prefer": f"return={preference}"}
    answer = physician(served).post("/fhir/Observation", content=render(observation(served.own)), headers=headers)
    kind = read(answer.text)["resourceType"] if answer.content else ""
    assert (answer.status_code, kind) == (
        201,
        {"minimal": "", "representation": "Observation", "OperationOutcome": "OperationOutcome"}[preference],
    )


def test_a_condition_creates_once(served: Served) -> None:
    client = physician(served)
    resource = observation(served.own, code="once") | {"identifier": [{"system": "urn:lab", "value": "A-1"}]}
    condition = {"if-none-exist": "identifier=urn:lab|A-1"}
    first = create(client, resource, **condition)
    again = client.post("/fhir/Observation", content=render(resource), headers=SENT | condition)
    assert (again.status_code, read(again.text)["id"]) == (200, first["id"])
    create(client, resource)
    several = client.post("/fhir/Observation", content=render(resource), headers=SENT | condition)
    assert several.status_code == 412


def test_an_update_says_what_it_read(served: Served) -> None:
    client = physician(served)
    made = create(client, observation(served.own))
    path = f"/fhir/Observation/{made['id']}"
    assert client.put(path, content=render(made), headers=SENT).status_code == 428
    assert put(client, made | {"status": "amended"}, "2").status_code == 412
    assert put(client, made | {"status": "amended"}, "1").headers["etag"] == 'W/"2"'
    assert put(client, made | {"status": "corrected"}, "1").status_code == 412
    assert read(client.get(path).text)["status"] == "amended"


def test_nothing_changed_is_no_version(served: Served) -> None:
    client = physician(served)
    made = create(client, observation(served.own))
    assert put(client, made, "1").headers["etag"] == 'W/"1"'


def test_withdrawn_is_gone_and_stays_in_its_history(served: Served) -> None:
    client = physician(served)
    path = f"/fhir/Observation/{create(client, observation(served.own))['id']}"
    assert client.delete(path, headers={"if-match": 'W/"3"'}).status_code == 412
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 410
    assert client.delete(path).status_code == 204
    history = read(client.get(f"{path}/_history").text)
    assert [one["request"]["method"] for one in history["entry"]] == ["DELETE", "POST"]
    assert client.delete(f"/fhir/Patient/{served.own}").status_code == 405


def test_only_who_may_order_orders(served: Served) -> None:
    nurse = served.client(Role.NURSE)
    own = create(nurse, {"resourceType": "Patient", "name": [{"family": "Ordered"}]})["id"]
    refused = nurse.post("/fhir/MedicationRequest", content=render(order(own)), headers=SENT)
    assert refused.status_code == 403
    assert nurse.post("/fhir/Observation", content=render(observation(own)), headers=SENT).status_code == 201
    client = physician(served)
    made = create(client, order(served.own))
    assert put(client, made | {"status": "stopped"}, "1").status_code == 200


def test_nobody_else_stops_or_withdraws_an_order(served: Served) -> None:
    nurse, client = served.client(Role.NURSE), physician(served)
    own = create(nurse, {"resourceType": "Patient", "name": [{"family": "Stopped"}]})["id"]
    grant_care(served.ward[Role.ADMINISTRATOR], served.ward.records, patient=own, who="physician")
    made = create(client, order(own))
    assert put(nurse, made | {"status": "stopped"}, "1").status_code == 403
    assert put(nurse, made | {"note": [{"text": "more"}]}, "1").status_code == 403
    assert nurse.delete(f"/fhir/MedicationRequest/{made['id']}").status_code == 403
    assert read(client.get(f"/fhir/MedicationRequest/{made['id']}").text)["status"] == "active"


def test_nothing_is_filed_with_patients_of_others(served: Served) -> None:
    client = physician(served)
    for patient in (served.other, "ab" * 16):
        answer = client.post("/fhir/Observation", content=render(observation(patient)), headers=SENT)
        assert answer.status_code == 403
    made = create(client, observation(served.own))
    for reference in (f"Patient/{served.other}", "https://elsewhere.example/Patient/1", "Group/1"):
        assert put(client, made | {"subject": {"reference": reference}}, "1").status_code == 422
    assert put(client, {name: one for name, one in made.items() if name != "subject"}, "1").status_code == 422


def test_references_lead_somewhere_in_the_same_chart(served: Served) -> None:
    client = physician(served)
    there = {"encounter": {"reference": f"Encounter/{served.own}{'0' * 32}"}}
    other = {"encounter": {"reference": f"Encounter/{served.other}{'0' * 32}"}}
    for wrong in (there, other):
        answer = client.post("/fhir/Observation", content=render(observation(served.own) | wrong), headers=SENT)
        assert answer.status_code == 422, wrong
    visit = create(client, encounter(served.own))["id"]
    absolute = {"encounter": {"reference": f"https://localhost:8443/fhir/Encounter/{visit}"}}
    made = create(client, observation(served.own) | absolute)
    assert made["encounter"]["reference"] == f"Encounter/{visit}"


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        ({"resourceType": "Observation"}, 422),
        ({"resourceType": "Observation", "status": "final", "code": {"text": "nobody's"}}, 422),
        ({"resourceType": "Encounter"}, 400),
        ({"no": "type"}, 400),
        ([1], 400),
    ],
    ids=["not valid", "of nobody", "of another type", "no resource", "a list"],
)
def test_what_cannot_be_filed(served: Served, resource: Any, status: int) -> None:
    answer = physician(served).post("/fhir/Observation", content=render(resource), headers=SENT)
    assert answer.status_code == status
    assert read(answer.text)["resourceType"] == "OperationOutcome"


def test_types_that_are_not_kept(served: Served) -> None:
    client = physician(served)
    for kind in ("Demographics", "Finding", "Consult", "Parameters", "Nothing"):
        answer = client.post(f"/fhir/{kind}", content=render({"resourceType": kind}), headers=SENT)
        assert answer.status_code == 404, kind


def test_a_patient_is_registered_amended_and_found(served: Served) -> None:
    client = physician(served)
    name = [{"family": "Zhang", "given": ["Wei"]}]
    made = create(client, {"resourceType": "Patient", "name": name, "identifier": [{"value": "MRN-FHIR-9"}]})
    found = client.post("/fhir/Patient/_search", data={"identifier": "MRN-FHIR-9"})
    assert read(found.text)["total"] == 1
    again = client.post("/fhir/Patient", content=render({k: v for k, v in made.items() if k != "id"}), headers=SENT)
    assert again.status_code == 422
    changed = put(client, made | {"identifier": [{"value": "MRN-FHIR-10"}]}, "1")
    assert changed.status_code == 200
    totals = [
        read(client.post("/fhir/Patient/_search", data={"identifier": one}).text)["total"]
        for one in ("MRN-FHIR-9", "MRN-FHIR-10")
    ]
    assert totals == [0, 1]


def test_the_register_s_patient_becomes_a_resource_of_its_own(served: Served) -> None:
    client = physician(served)
    made = client.post(
        "/fhir/Patient", content=render({"resourceType": "Patient", "name": [{"text": "A"}]}), headers=SENT
    )
    assert made.status_code == 201
    found = read(client.get(f"/fhir/Patient/{served.own}").text)
    version = found["meta"]["versionId"]
    answer = put(client, found | {"active": True}, version)
    assert answer.status_code == 200
    assert put(client, found | {"active": False}, version).status_code == 412
    assert read(client.get(f"/fhir/Patient/{served.own}").text)["active"] is True


def test_validation_keeps_nothing(served: Served) -> None:
    client = physician(served)
    good = client.post("/fhir/Observation/$validate", content=render(observation(served.own)), headers=SENT)
    assert [one["severity"] for one in read(good.text)["issue"]] == ["information"]
    bad = client.post(
        "/fhir/Observation/$validate", content=render(observation(served.own) | {"status": "x"}), headers=SENT
    )
    assert (bad.status_code, read(bad.text)["issue"][0]["expression"]) == (200, ["status"])
    nobody = served.client().post("/fhir/Observation/$validate", content=b"{}", headers=SENT)
    assert nobody.status_code == 401


def test_a_forged_form_writes_nothing(served: Served) -> None:
    client = physician(served)
    del client.headers["x-csrf-token"]
    answer = client.post("/fhir/Observation", content=render(observation(served.own)), headers=SENT)
    assert answer.status_code == 403
