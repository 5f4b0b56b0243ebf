"""The summary shows what was filed and never runs a consult by being looked at; the consult itself is a decision."""

from __future__ import annotations

import pytest
from clinical import file_findings, patient_resource, put, treat
from served import Served

from suwen.consult import Record, open_patient, read_consultation
from suwen.govern import Role
from suwen.server.pages.patient_facts import FactsSeen, facts_in

PAGES = ("", "/timeline", "/notes", "/differential", "/findings", "/report")


@pytest.fixture(scope="module", autouse=True)
def _cared_for(served: Served) -> None:
    for role in (Role.NURSE, Role.IMAGING_SPECIALIST):
        treat(served, role)


def kinds(served: Served) -> set[str]:
    return {one.kind for one in open_patient(served.ward[Role.PHYSICIAN], served.ward.records, served.own)}


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("role", list(Role), ids=lambda one: one.value)
def test_every_page_by_role_and_patient(served: Served, path: str, role: Role) -> None:
    client = served.client(role)
    treats = role in {Role.PHYSICIAN, Role.NURSE, Role.IMAGING_SPECIALIST}
    assert client.get(f"/patients/{served.own}{path}").status_code == (200 if treats else 403)
    assert client.get(f"/patients/{served.other}{path}").status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_an_empty_record_in_both_languages(served: Served, path: str) -> None:
    for lang, html in (("en", 'lang="en"'), ("zh", 'lang="zh-CN"')):
        page = served.client(Role.PHYSICIAN, lang=lang).get(f"/patients/{served.own}{path}")
        assert page.status_code == 200
        assert html in page.text


@pytest.mark.parametrize("path", PAGES)
def test_a_patient_there_is_not_is_refused_like_others(served: Served, path: str) -> None:
    client = served.client(Role.PHYSICIAN)
    assert client.get(f"/patients/{'0' * 32}{path}").status_code == 403
    assert client.get(f"/patients/nobody{path}").status_code == 404


def test_nobody_signed_in(served: Served) -> None:
    for path in PAGES:
        assert served.client().get(f"/patients/{served.own}{path}").headers["location"] == "/sign-in"
    assert served.client().post(f"/patients/{served.own}/consult").headers["location"] == "/sign-in"


def test_looking_runs_no_consult(served: Served) -> None:
    served.client(Role.PHYSICIAN).get(f"/patients/{served.own}")
    assert "Consult" not in kinds(served)


def test_only_who_may_diagnose_is_offered_a_consult(served: Served) -> None:
    for role, offered in ((Role.PHYSICIAN, True), (Role.IMAGING_SPECIALIST, True), (Role.NURSE, False)):
        client = served.client(role)
        assert (f"/patients/{served.own}/consult" in client.get(f"/patients/{served.own}").text) is offered
    assert served.client(Role.NURSE).post(f"/patients/{served.own}/consult").status_code == 403
    assert "Consult" not in kinds(served)


def test_consult_and_what_it_filed(served: Served) -> None:
    patient = served.ward.patient(50)
    client = served.client(Role.PHYSICIAN)
    assert "Nobody has consulted" in client.get(f"/patients/{patient}").text
    answer = client.post(f"/patients/{patient}/consult")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/patients/{patient}")
    page = client.get(f"/patients/{patient}").text
    assert "Last consult" in page
    assert "Rare disease differential" in page  # the areas and how they fared, without knowledge: not available
    found = read_consultation(served.ward[Role.PHYSICIAN], served.ward.records, patient)
    assert {one.area for one in found.areas} >= {"differential", "consistency", "heart", "ecg"}


def test_urgent_findings_first_and_rejected_ones_gone(served: Served) -> None:
    patient = served.ward.patient(51)
    found = file_findings(served, patient, ("OMIM:1", 0.9, 0), ("OMIM:2", 0.1, 3), ("OMIM:3", 0.2, 1))
    client = served.client(Role.PHYSICIAN)
    page = client.get(f"/patients/{patient}").text
    assert page.index("OMIM:2 label") < page.index("OMIM:3 label") < page.index("OMIM:1 label")
    said = {"what": "reject", "base": str(found[0].version), "reason": "it was another patient's"}
    client.post(f"/patients/{patient}/findings/{found[0].record}", data=said)
    assert "OMIM:2 label" not in client.get(f"/patients/{patient}").text
    assert "OMIM:1 名称" in served.client(Role.PHYSICIAN, lang="zh").get(f"/patients/{patient}").text


def test_facts_at_a_glance(served: Served) -> None:
    patient = served.ward.patient(52)
    active = {"clinicalStatus": {"coding": [{"code": "active"}]}}
    over = {"clinicalStatus": {"coding": [{"code": "resolved"}]}}
    pressure = {"resourceType": "Observation", "code": {"coding": [{"system": "urn:x", "code": "1"}], "text": "Pulse"}}
    put(
        served.ward,
        patient,
        patient_resource("p52"),
        {"resourceType": "Condition", "id": "c1", "code": {"text": "Asthma"}, **active},
        {"resourceType": "Condition", "id": "c2", "code": {"text": "Appendicitis"}, **over},
        {"resourceType": "Condition", "id": "c4", "code": {"text": "Eczema"}, **over, "onsetDateTime": "2011"},
        {"resourceType": "Condition", "id": "c3", "code": {"text": "Eczema"}, **active, "onsetDateTime": "2001"},
        {"resourceType": "AllergyIntolerance", "id": "a1", "code": {"text": "Penicillin"}},
        {**pressure, "id": "o1", "effectiveDateTime": "2020-01-01", "valueQuantity": {"value": 99, "unit": "/min"}},
        {**pressure, "id": "o2", "effectiveDateTime": "2021-01-01", "valueQuantity": {"value": 61, "unit": "/min"}},
    )
    page = served.client(Role.PHYSICIAN).get(f"/patients/{patient}").text
    assert "Asthma" in page
    assert "Penicillin" in page
    assert "61 /min" in page
    assert "99 /min" not in page
    assert "Eczema" not in page.split('id="facts-problems"')[1].split("</section>")[0]  # resolved since
    assert "Appendicitis" not in page.split('id="facts-problems"')[1].split("</section>")[0]


def test_names_are_escaped(served: Served) -> None:
    client = served.client(Role.PHYSICIAN)
    where = client.post("/patients", data={"name": "<img src=x onerror=alert(1)>"}).headers["location"]
    for path in ("", "/findings", "/timeline"):
        assert "<img src=x" not in client.get(where + path).text


def test_no_identifier_in_any_address(served: Served) -> None:
    client = served.client(Role.PHYSICIAN)
    for path in PAGES:
        page = client.get(f"/patients/{served.own}{path}").text
        assert "?MRN" not in page
        assert "MRN-1" not in "".join(part.split('"')[0] for part in page.split('href="')[1:])


def test_one_broken_record_hides_none_of_the_others(served: Served) -> None:
    patient = served.ward.patient(53, records=3)  # random bytes that are no resource
    put(served.ward, patient, {"resourceType": "Condition", "id": "c", "code": {"text": "Asthma"}})
    client = served.client(Role.PHYSICIAN)
    assert "Asthma" in client.get(f"/patients/{patient}").text
    assert "cannot be read" in client.get(f"/patients/{patient}/timeline").text
    for path in PAGES:
        assert client.get(f"/patients/{patient}{path}").status_code == 200


def test_facts_are_remembered_by_version_and_not_beyond_it() -> None:
    said = b'{"resourceType":"Condition","code":{"text":"%s"}}'
    seen, payload = FactsSeen(most=1), b'{"format":1,"fullUrl":"","source":"","resource":' + said + b"}"
    first, second = (Record("a" * 32, "b" * 32, n, 1, "Condition", payload % f"asthma {n}".encode()) for n in (1, 2))
    assert seen.of([first]) == facts_in([first])
    assert seen.of([second]) == facts_in([second]) != facts_in([first])
    assert seen.of([first]) == facts_in([first])
