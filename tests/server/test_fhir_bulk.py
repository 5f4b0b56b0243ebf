"""A bulk export holds what the caller may export, a resource a line; begun, followed, fetched and removed over FHIR."""

from __future__ import annotations

import time

import pytest
from fhir_made import SENT, create, encounter, observation, physician, read
from served import Served
from starlette.testclient import TestClient

from suwen.consult.fhir.rest import Rest, Who, exported_chart
from suwen.errors import AccessError
from suwen.formats.fhir import render
from suwen.govern import EventKind, Role, read_audit
from suwen.server.jobs import Kind, jobs_of, register
from suwen.server.smart.grants import Grant, grants_of
from suwen.subject import Saying

ASYNC = {"prefer": "respond-async"}


def begin(client: TestClient, query: str = "") -> str:
    answer = client.get(f"/fhir/$export{query}", headers=ASYNC)
    assert answer.status_code == 202, answer.text
    return answer.headers["content-location"]


def followed(client: TestClient, place: str) -> dict[str, list[str]]:
    """Lines by type, once the export is done."""
    for _ in range(300):
        answer = client.get(place)
        if answer.status_code != 202:
            break
        time.sleep(0.05)
    assert answer.status_code == 200, answer.text
    return {one["type"]: client.get(one["url"]).text.splitlines() for one in answer.json()["output"]}


def test_every_chart_in_one_s_care(served: Served) -> None:
    client = physician(served)
    seen, visit = create(client, observation(served.own, value="36.60")), create(client, encounter(served.own))
    found = followed(client, begin(client))
    assert seen["id"] in {read(one)["id"] for one in found["Observation"]}
    assert visit["id"] in {read(one)["id"] for one in found["Encounter"]}
    assert any('"value":36.60,' in one for one in found["Observation"])
    patients = {read(one)["id"] for one in found["Patient"]}
    assert served.own in patients
    assert served.other not in patients
    events = read_audit(served.ward[Role.AUDITOR], served.house.records, subject=served.own, kind=EventKind.EXPORT)
    assert events[-1][1].detail["recipient"] == "bulk export"


def test_some_types_since_a_time(served: Served) -> None:
    client = physician(served)
    create(client, encounter(served.own))
    assert set(followed(client, begin(client, "?_type=Encounter"))) == {"Encounter"}
    assert followed(client, begin(client, "?_since=2999-01-01T00:00:00Z")) == {}


def test_of_a_type_what_answers_a_search(served: Served) -> None:
    """A filter holds for its own type; a comma inside one is one of its values, two of a type mean either."""
    client = physician(served)
    made = [create(client, observation(served.own, code=one))["id"] for one in ("bulk-1", "bulk-2", "bulk-3")]
    query = "?_type=Observation,Patient&_typeFilter=Observation%3Fcode%3Dbulk-1,bulk-2"
    found = followed(client, begin(client, query))
    assert set(found) == {"Observation", "Patient"}
    assert {read(one)["id"] for one in found["Observation"]} == set(made[:2])
    query = "?_type=Observation&_typeFilter=Observation%3Fcode%3Dbulk-1,Observation%3Fcode%3Dbulk-3%26status%3Dfinal"
    assert {read(one)["id"] for one in followed(client, begin(client, query))["Observation"]} == {made[0], made[2]}
    parts = [{"name": "_type", "valueString": "Patient"}, {"name": "_typeFilter", "valueString": "Patient?name=nobody"}]
    body = render({"resourceType": "Parameters", "parameter": parts})
    for path in ("/fhir/$export", "/fhir/Patient/$export"):
        begun = client.post(path, content=body, headers=ASYNC | SENT)
        assert begun.status_code == 202
        assert followed(client, begun.headers["content-location"]) == {}


@pytest.mark.parametrize(
    "query",
    [
        "_type=Nothing",
        "_since=yesterday",
        "_outputFormat=xml",
        "patient=x",
        "_typeFilter=Observation?colour=red",
        "_typeFilter=Observation?patient.active=true",
        "_typeFilter=Patient?name=Zhangsan",
        "_type=Patient&_typeFilter=Observation?code=1",
    ],
)
def test_an_export_that_is_not_understood(served: Served, query: str) -> None:
    answer = physician(served).get(f"/fhir/$export?{query}", headers=ASYNC)
    assert (answer.status_code, read(answer.text)["resourceType"]) == (400, "OperationOutcome")
    assert "Zhangsan" not in answer.text
    both = {"prefer": "respond-async, handling=lenient"}
    assert physician(served).get(f"/fhir/$export?{query}", headers=both).status_code == (
        202 if "patient=" in query else 400
    )


def test_nobody_else_follows_fetches_or_removes(served: Served) -> None:
    client = physician(served)
    place = begin(client)
    followed(client, place)
    other = served.client(Role.NURSE)
    for answer in (other.get(place), other.get(f"{place}/Patient"), other.delete(place)):
        assert answer.status_code == 404
    assert client.delete(place).status_code == 202
    assert client.get(place).status_code == 404


def test_who_may_not_export_begins_nothing(served: Served) -> None:
    for role in (Role.NURSE, Role.ADMINISTRATOR, Role.RESEARCHER):
        assert served.client(role).get("/fhir/$export", headers=ASYNC).status_code == 403


def test_an_app_exports_what_its_scopes_cover(served: Served) -> None:
    person = physician(served)
    create(person, observation(served.own))
    create(person, encounter(served.own))
    grant = Grant(served.ward[Role.PHYSICIAN], "app", frozenset({"user/Patient.r", "user/Observation.rs"}))
    client = served.client()
    client.headers["authorization"] = f"Bearer {grants_of(served.house).issue(grant)[0]}"
    place = begin(client)
    assert set(followed(client, place)) == {"Patient", "Observation"}
    assert client.get(f"{place}/Encounter").status_code == 403


def test_each_chart_is_decided_when_it_is_exported(served: Served) -> None:
    rest = Rest.over(served.ward.records)
    for role, patient in ((Role.NURSE, served.own), (Role.PHYSICIAN, served.other)):
        with pytest.raises(AccessError):
            exported_chart(rest, Who(served.ward[role]), patient)


def test_other_jobs_are_no_exports(served: Served) -> None:
    other = register(Kind("fhir-test-other", lambda _: {}, Saying("Other", "其他"), needs_records=False))
    job = jobs_of(served.house).submit(served.ward[Role.PHYSICIAN], other.name, {}, Saying("Other", "其他"))
    assert physician(served).get(f"/fhir/$export-status/{job}").status_code == 404


@pytest.mark.parametrize("query", ["?_since=x", "?_since=2020", "?_outputFormat=csv", "?_since=9999-99-99T00:00:00Z"])
def test_what_is_not_done(served: Served, query: str) -> None:
    assert physician(served).get(f"/fhir/$export{query}", headers=ASYNC).status_code == 400


def test_it_is_asked_for_asynchronously(served: Served) -> None:
    assert physician(served).get("/fhir/$export").status_code == 400
    assert physician(served).get(f"/fhir/$export-status/{'0' * 32}").status_code == 404
    assert physician(served).get("/fhir/$export-status/x").status_code == 404
