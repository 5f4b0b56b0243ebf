"""What a SMART app may do over FHIR: what its scopes say and its person may, in the chart it was launched for."""

from __future__ import annotations

import pytest
from fhir_made import SENT, create, encounter, ids, observation, physician, read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import Served
from starlette.testclient import TestClient

from suwen.formats.fhir import render
from suwen.govern import Role
from suwen.server.fhir.scopes import allowed, place_of
from suwen.server.smart.grants import Grant, grants_of


@pytest.mark.parametrize(
    ("scopes", "kind", "acts"),
    [
        ({"patient/Observation.rs"}, "Observation", "rs"),
        ({"patient/Observation.read"}, "Observation", "rs"),
        ({"patient/Observation.write"}, "Observation", "cud"),
        ({"user/*.*"}, "Encounter", "cruds"),
        ({"user/*.cruds"}, "Encounter", "cruds"),
        ({"system/Patient.r", "user/Patient.s"}, "Patient", "rs"),
        ({"patient/Observation.rs?category=laboratory"}, "Observation", ""),
        ({"patient/Observation.sr", "patient/observation.r", "patients/Observation.r"}, "Observation", ""),
        ({"patient/Encounter.rs", "openid", "launch/patient", "offline_access"}, "Observation", ""),
        ({"patient/Observation."}, "Observation", ""),
        (set(), "Patient", ""),
    ],
)
def test_what_scopes_say(scopes: set[str], kind: str, acts: str) -> None:
    assert "".join(act for act in "cruds" if allowed(scopes, kind, act)) == acts


@settings(suppress_health_check=[HealthCheck.too_slow])  # of a machine that others use too
@given(st.sets(st.text(max_size=30)), st.text(max_size=10), st.text(max_size=3))
def test_what_is_not_understood_grants_nothing(scopes: set[str], kind: str, act: str) -> None:
    assert not allowed(scopes, kind, act)


def test_the_widest_place_counts() -> None:
    assert place_of({"patient/*.rs", "user/Observation.r"}, "Observation", "r") == "user"
    assert place_of({"patient/*.rs", "user/Observation.r"}, "Observation", "s") == "patient"


def app(served: Served, *scopes: str, patient: str = "") -> TestClient:
    _, token = (
        0,
        grants_of(served.house).issue(Grant(served.ward[Role.PHYSICIAN], "app", frozenset(scopes), patient))[0],
    )
    client = served.client()
    client.headers["authorization"] = f"Bearer {token}"
    return client


def test_an_app_stays_in_the_chart_it_was_launched_for(served: Served) -> None:
    person = physician(served)
    other = create(person, {"resourceType": "Patient", "name": [{"family": "Second"}]})["id"]
    mine, theirs = create(person, observation(served.own))["id"], create(person, observation(other))["id"]
    client = app(served, "patient/*.cruds", patient=served.own)
    assert client.get(f"/fhir/Observation/{mine}").status_code == 200
    assert person.get(f"/fhir/Observation/{theirs}").status_code == 200
    for path in (
        f"/fhir/Observation/{theirs}",
        f"/fhir/Observation/{theirs}/_history",
        f"/fhir/Patient/{other}",
        f"/fhir/Patient/{other}/$everything",
        f"/fhir/Observation?patient={other}",
        f"/fhir/Observation?_id={theirs}",
    ):
        assert client.get(path).status_code == 403, path
    assert client.delete(f"/fhir/Observation/{theirs}").status_code == 403
    assert client.post("/fhir/Observation", content=render(observation(other)), headers=SENT).status_code == 403
    assert ids(read(client.get("/fhir/Patient").text)) == [served.own]
    assert theirs not in ids(read(client.get("/fhir/Observation?_count=1000").text))


def test_an_app_does_what_its_scopes_say_and_no_more(served: Served) -> None:
    client = app(served, "patient/Observation.rs", patient=served.own)
    person = physician(served)
    visit = create(person, encounter(served.own))["id"]
    seen = create(person, observation(served.own) | {"encounter": {"reference": f"Encounter/{visit}"}})["id"]
    assert client.get(f"/fhir/Encounter/{visit}").status_code == 403
    assert client.get("/fhir/Encounter").status_code == 403
    assert client.get(f"/fhir/Patient/{served.own}/$everything").status_code == 403
    assert client.post("/fhir/Observation", content=render(observation(served.own)), headers=SENT).status_code == 403
    page = read(client.get(f"/fhir/Observation?_id={seen}&_include=Observation:encounter").text)
    assert (ids(page), ids(page, "include")) == ([seen], [])
    entry = {"request": {"method": "GET", "url": f"Encounter/{visit}"}}
    document = {"resourceType": "Bundle", "type": "batch", "entry": [entry]}
    answer = read(client.post("/fhir", content=render(document), headers=SENT).text)
    assert answer["entry"][0]["response"]["status"] == "403 Forbidden"


def test_an_app_that_may_not_search_learns_nothing_by_a_condition(served: Served) -> None:
    create(physician(served), observation(served.own, code="app-cond"))
    new = observation(served.own, code="app-cond")
    client = app(served, "patient/Observation.c", patient=served.own)
    asked = {"if-none-exist": "code=app-cond"}
    assert client.post("/fhir/Observation", content=render(new), headers=SENT | asked).status_code == 403
    entry = {"resource": new, "request": {"method": "POST", "url": "Observation", "ifNoneExist": "code=app-cond"}}
    document = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    assert client.post("/fhir", content=render(document), headers=SENT).status_code == 403
    assert client.post("/fhir/Observation", content=render(new), headers=SENT).status_code == 201


def test_everything_is_what_the_scopes_cover(served: Served) -> None:
    create(physician(served), observation(served.own))
    client = app(served, "patient/Patient.r", "patient/Observation.rs", patient=served.own)
    page = read(client.get(f"/fhir/Patient/{served.own}/$everything?_count=1000").text)
    assert {one["resource"]["resourceType"] for one in page["entry"]} == {"Patient", "Observation"}


def test_a_scope_for_a_patient_without_one_opens_nothing(served: Served) -> None:
    client = app(served, "patient/*.cruds")
    assert client.get(f"/fhir/Patient/{served.own}").status_code == 403
    assert client.get("/fhir/Patient").status_code == 403


def test_a_scope_gives_no_more_than_the_person_may(served: Served) -> None:
    client = app(served, "user/*.cruds")
    assert client.get(f"/fhir/Patient/{served.own}").status_code == 200
    assert client.get(f"/fhir/Patient/{served.other}").status_code == 403


def test_narrow_and_wide_scopes_do_not_mix(served: Served) -> None:
    """What goes along with a search over all patients is not what was allowed for one of them."""
    person = physician(served)
    other = create(person, {"resourceType": "Patient", "name": [{"family": "Third"}]})["id"]
    visit = create(person, encounter(other))["id"]
    seen = create(person, observation(other) | {"encounter": {"reference": f"Encounter/{visit}"}})["id"]
    client = app(served, "user/Observation.rs", "patient/Encounter.rs", patient=served.own)
    page = read(client.get(f"/fhir/Observation?_id={seen}&_include=Observation:encounter").text)
    assert (ids(page), ids(page, "include")) == ([seen], [])


def test_a_made_up_token_is_none(served: Served) -> None:
    client = physician(served)
    client.headers["authorization"] = "Bearer made-up"
    assert client.get(f"/fhir/Patient/{served.own}").status_code == 401
