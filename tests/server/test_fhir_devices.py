"""A device over FHIR stores what it measured, and reads the patients assigned to it alone, as it was registered for."""

from __future__ import annotations

import pytest
from fastapi import Request
from fhir_made import SENT, observation, order, read
from served import Served
from starlette.testclient import TestClient

from suwen.formats.fhir import render
from suwen.govern import Act, Actor, Role, begin_authority, certify_device, grant_care, list_devices, revoke_device
from suwen.records.identity import authority as authorities
from suwen.server.callers import Caller
from suwen.server.fhir import asked


@pytest.fixture
def monitor(served: Served, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """A client as a monitor that stores and reads, assigned to one patient; TLS itself is tried elsewhere."""
    administrator, records = served.ward[Role.ADMINISTRATOR], served.ward.records
    known = [one for one in list_devices(administrator, records) if one.name == "monitor"]
    if not known:
        begin_authority(administrator, records, "Hospital")
        _, request = authorities.certificate_request("monitor")
        acts = [Act.ANNOTATE, Act.VIEW]
        certify_device(administrator, records, request, name="monitor", acts=acts)
        grant_care(administrator, records, patient=served.own, who="monitor", device=True)
        known = [one for one in list_devices(administrator, records) if one.name == "monitor"]

    def calling(_: Request) -> Caller:
        return Caller(Actor(known[0].id, device=True))

    monkeypatch.setattr(asked, "caller_of", calling)
    return served.client()


def test_it_stores_and_reads_where_it_is_assigned(served: Served, monitor: TestClient) -> None:
    made = monitor.post("/fhir/Observation", content=render(observation(served.own)), headers=SENT)
    assert made.status_code == 201
    assert monitor.get(f"/fhir/Observation/{read(made.text)['id']}").status_code == 200
    assert monitor.get(f"/fhir/Observation?patient={served.own}&_summary=count").status_code == 200


def test_it_stores_for_others_and_reads_nothing_of_them(served: Served, monitor: TestClient) -> None:
    made = monitor.post("/fhir/Observation", content=render(observation(served.other)), headers=SENT)
    assert made.status_code == 201
    for path in (f"/fhir/Patient/{served.other}", f"/fhir/Observation/{read(made.text)['id']}"):
        assert monitor.get(path).status_code == 403
    condition = {"if-none-exist": "code=8310-5"}
    again = monitor.post("/fhir/Observation", content=render(observation(served.other)), headers=SENT | condition)
    assert again.status_code == 403  # else a condition would tell what is in a chart


def test_it_orders_exports_and_looks_up_nothing(served: Served, monitor: TestClient) -> None:
    assert monitor.post("/fhir/MedicationRequest", content=render(order(served.own)), headers=SENT).status_code == 403
    assert monitor.get("/fhir/$export", headers={"prefer": "respond-async"}).status_code == 403
    assert monitor.get(f"/fhir/Organization/{'0' * 32}").status_code == 403


def test_a_revoked_device_does_nothing(served: Served, monitor: TestClient) -> None:
    revoke_device(served.ward[Role.SECURITY_OFFICER], served.ward.records, "monitor")
    assert monitor.get(f"/fhir/Patient/{served.own}").status_code == 401
    answer = monitor.post("/fhir/Observation", content=render(observation(served.own)), headers=SENT)
    assert answer.status_code == 401
