"""Findings filed in Suwen are served as resources that others can show, with their provenance; written they are not."""

from __future__ import annotations

import pytest
from fhir_made import SENT, create, ids, observation, physician, put, read, search
from served import Served

from suwen.consult import file_finding
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.formats.fhir import render
from suwen.formats.fhir.compartment import references
from suwen.govern import Role
from suwen.subject import Code, Kind, Reference


@pytest.fixture(scope="module")
def found(served: Served) -> Served:
    """The served ward with two findings filed with the physician's patient: a disease and a rhythm."""
    for code in ("OMIM:154700", "suwen-rhythm:sinus"):
        seen = Code(code, "made up")
        reason = Evidence(Bearing.SUPPORTS, seen, 1.0, "It is made up.", "a test")
        subject = Reference(Kind.PATIENT, served.own)
        finding = Finding(subject, seen, Chance(0.4, 0.2, 0.6), (reason,), Maker("test", "1"))
        file_finding(served.ward[Role.PHYSICIAN], served.ward.records, finding)
    return served


def test_a_finding_with_what_it_comes_from(found: Served) -> None:
    client = physician(found)
    page = search(client, "RiskAssessment", patient=found.own, _revinclude="Provenance:target")
    risk, trace = (one["resource"] for one in page["entry"])
    assert [risk["resourceType"], trace["resourceType"]] == ["RiskAssessment", "Provenance"]
    assert risk["subject"]["reference"] == f"Patient/{found.own}"
    assert f"RiskAssessment/{risk['id']}" in {one["reference"] for one in trace["target"]}


def test_each_is_read_by_its_id_and_its_references_lead_somewhere(found: Served) -> None:
    client = physician(found)
    page = read(client.get(f"/fhir/Patient/{found.own}/$everything?_count=1000").text)
    resources = [one["resource"] for one in page["entry"]]
    assert {"RiskAssessment", "Observation", "DiagnosticReport", "Device", "Provenance"} <= {
        one["resourceType"] for one in resources
    }
    names = {f"{one['resourceType']}/{one['id']}" for one in resources}
    assert any("Device/" in said for one in resources for said in references(one))
    for one in resources:
        assert set(references(one)) <= names
        answer = client.get(f"/fhir/{one['resourceType']}/{one['id']}")
        assert read(answer.text) == one
        number = one["meta"]["versionId"]
        assert client.get(f"/fhir/{one['resourceType']}/{one['id']}/_history/{number}").status_code == 200


def test_findings_stand_among_what_was_measured(found: Served) -> None:
    client = physician(found)
    made = create(client, observation(found.own))["id"]
    page = search(client, "Observation", patient=found.own)
    assert made in ids(page)
    assert len(ids(page)) > 1
    codes = {one["resource"]["code"]["coding"][0]["code"] for one in page["entry"]}
    assert "8310-5" in codes


def test_what_findings_come_from_is_found_by_searching(found: Served) -> None:
    client = physician(found)
    risk = ids(search(client, "RiskAssessment", patient=found.own))
    traces = [ids(search(client, "Provenance", target=f"RiskAssessment/{one}")) for one in risk]
    assert all(traces)
    assert ids(search(client, "RiskAssessment", **{"_has:Provenance:target:agent:missing": "false"})) == risk
    devices = search(client, "Device")
    assert ids(devices)
    made_by = [ids(search(client, "Provenance", **{"agent:Device._id": one})) for one in ids(devices)]
    assert {trace for one in made_by for trace in one} >= {trace for one in traces for trace in one}


def test_findings_are_judged_in_suwen(found: Served) -> None:
    client = physician(found)
    risk = search(client, "RiskAssessment", patient=found.own)["entry"][0]["resource"]
    assert put(client, risk | {"status": "amended"}, risk["meta"]["versionId"]).status_code == 404
    assert client.delete(f"/fhir/RiskAssessment/{risk['id']}").status_code == 404
    patch = {"content-type": "application/json-patch+json", "if-match": f'W/"{risk["meta"]["versionId"]}"'}
    assert client.patch(f"/fhir/RiskAssessment/{risk['id']}", content=b"[]", headers=patch).status_code == 404
    assert client.delete(f"/fhir/RiskAssessment?_id={risk['id']}").status_code == 404
    about = {"resourceType": "Provenance", "recorded": "2026-01-01T00:00:00Z", "agent": [{"who": {"display": "x"}}]}
    about |= {"target": [{"reference": f"RiskAssessment/{risk['id']}"}]}
    assert client.post("/fhir/Provenance", content=render(about), headers=SENT).status_code == 201


def test_nobody_else_sees_them(found: Served) -> None:
    risk = search(physician(found), "RiskAssessment", patient=found.own)["entry"][0]["resource"]
    other = found.client(Role.NURSE)
    assert other.get(f"/fhir/RiskAssessment/{risk['id']}").status_code == 403
    assert ids(search(other, "RiskAssessment")) == []
