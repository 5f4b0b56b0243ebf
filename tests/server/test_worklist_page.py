"""The worklist shows one's own patients and nobody else's, with what alarms first; and brings new ones in."""

from __future__ import annotations

import json

import pytest
from clinical import file_findings, patient_resource, put, resource, treat
from served import Served

from suwen.consult import break_glass, find_patients, open_patient
from suwen.govern import EventKind, Role, read_audit

BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {
            "fullUrl": "urn:uuid:6b1f9a0e-0000-4000-8000-000000000001",
            "resource": {
                "resourceType": "Patient",
                "identifier": [{"system": "urn:made-up", "value": "IMPORTED-7"}],
                "name": [{"text": "Imported Person"}],
                "gender": "male",
                "birthDate": "1950-05-06",
            },
        }
    ],
}


def test_own_patients_alone(served: Served) -> None:
    page = served.client(Role.PHYSICIAN).get("/worklist")
    assert page.status_code == 200
    assert served.own in page.text
    assert served.other not in page.text


def test_nobody_is_sent_to_sign_in(served: Served) -> None:
    for path in ("/worklist", "/worklist/alarming", "/patients/new", "/patients/import"):
        answer = served.client().get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize(("lang", "words"), [("en", "For review"), ("zh", "待审核")])
def test_both_languages(served: Served, lang: str, words: str) -> None:
    assert words in served.client(Role.PHYSICIAN, lang=lang).get("/worklist").text


def test_who_has_no_patients_is_told_how_to_get_some(served: Served) -> None:
    page = served.client_of(served.ward.hire("newcomer", Role.PHYSICIAN)).get("/worklist")
    assert "You have no patients yet." in page.text


def test_alarming_first_and_gone_when_judged(served: Served) -> None:
    quiet = served.ward.patient(40)
    urgent = served.ward.patient(41)
    file_findings(served, quiet, ("OMIM:154700", 0.6, 0))
    (alarm,) = file_findings(served, urgent, ("OMIM:130050", 0.5, 3))
    client = served.client(Role.PHYSICIAN)
    page = client.get("/worklist").text
    assert page.index(urgent) < page.index(quiet)
    alarming = client.get("/worklist/alarming").text
    assert urgent in alarming
    assert quiet not in alarming
    said = {"what": "reject", "base": str(alarm.version), "reason": "measured again, it is not"}
    assert client.post(f"/patients/{urgent}/findings/{alarm.record}", data=said).status_code == 303
    assert urgent not in client.get("/worklist/alarming").text  # the memory of the worklist is not older than the chart


def test_every_patient_on_the_list_is_decided_and_audited(served: Served) -> None:
    client = served.client(Role.PHYSICIAN)
    client.get("/worklist")
    before = len(opened(served))
    client.get("/worklist")  # from memory this time
    assert len(opened(served)) > before


def opened(served: Served) -> list[object]:
    found = read_audit(served.ward[Role.AUDITOR], served.ward.records, subject=served.own, kind=EventKind.OPEN)
    return [event for _, event in found]


@pytest.mark.parametrize("typed", ["MRN-1", "Testpatient1 Ward", "testpatient1", "病人1", "1911-03-04"])
def test_search_by_anything_a_clinician_types(served: Served, typed: str) -> None:
    page = served.client(Role.PHYSICIAN).post("/worklist/search", data={"q": typed})
    assert page.status_code == 200
    assert served.own in page.text
    assert served.other not in page.text


def test_search_finds_nobody_elses(served: Served) -> None:
    page = served.client(Role.PHYSICIAN).post("/worklist/search", data={"q": "MRN-2"})
    assert served.other not in page.text
    assert "Emergency access" in page.text


def test_search_answers_htmx_with_the_list_alone_and_never_by_address(served: Served) -> None:
    client = served.client(Role.PHYSICIAN)
    part = client.post("/worklist/search", data={"q": "MRN-1"}, headers={"hx-request": "true"})
    assert "<html" not in part.text
    assert served.own in part.text
    assert client.get("/worklist/search").status_code == 404


def test_what_is_typed_is_escaped(served: Served) -> None:
    page = served.client(Role.PHYSICIAN).post("/worklist/search", data={"q": '"><script>alert(1)</script>'})
    assert "<script>alert" not in page.text


def test_a_part_that_is_none(served: Served) -> None:
    assert served.client(Role.PHYSICIAN).get("/worklist/secret").status_code == 404


def test_pages_of_a_long_list(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suwen.server.pages.worklist.ON_A_PAGE", 1)
    client = served.client(Role.PHYSICIAN)
    first, second = client.get("/worklist").text, client.get("/worklist?page=2").text
    assert "Page 1 of" in first
    assert "Page 2 of" in second
    assert client.get("/worklist?page=9999").status_code == 200


# Registering


def test_register_and_open(served: Served) -> None:
    who = {"name": "Lin Xi", "other_name": "林夕", "identifier": "NEW-1", "birth_date": "1999-01-02", "sex": "female"}
    for role in (Role.PHYSICIAN, Role.NURSE):
        given = {**who, "identifier": f"NEW-{role.value}"}
        client = served.client(role)
        answer = client.post("/patients", data=given)
        assert answer.status_code == 303
        assert "林夕" in client.get("/worklist").text
        assert client.get(answer.headers["location"]).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "A", "birth_date": "2.1.1999"},
        {"name": "A", "sex": "?"},
        {"name": "Again", "identifier": "MRN-1"},
    ],
    ids=["nothing", "no date", "no sex", "known identifier"],
)
def test_what_is_wrong_is_told_beside_the_form(served: Served, wrong: dict[str, str]) -> None:
    page = served.client(Role.PHYSICIAN).post("/patients", data=wrong)
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    if wrong["name"]:
        assert f'value="{wrong["name"]}"' in page.text


def test_only_physicians_and_nurses_register(served: Served) -> None:
    for role in (Role.IMAGING_SPECIALIST, Role.RESEARCHER, Role.ADMINISTRATOR, Role.AUDITOR):
        client = served.client(role)
        assert client.get("/patients/new").status_code == 403
        assert client.post("/patients", data={"name": "A", "identifier": f"X-{role.value}"}).status_code == 403


def test_a_forged_form_registers_nobody(served: Served) -> None:
    client = served.client(Role.PHYSICIAN)
    client.headers.pop("x-csrf-token")
    assert client.post("/patients", data={"name": "A", "identifier": "FORGED"}).status_code == 403
    assert not find_patients(served.ward[Role.PHYSICIAN], served.ward.records, identifier="FORGED")


# Bringing in a document


def test_bring_in_a_document(served: Served) -> None:
    client = served.client(Role.PHYSICIAN)
    file = {"file": ("any.name", json.dumps(BUNDLE).encode())}
    answer = client.post("/patients/import", files=file, headers={"hx-request": "true"})
    assert answer.status_code == 200
    (found,) = find_patients(served.ward[Role.PHYSICIAN], served.ward.records, identifier="IMPORTED-7")
    assert f"/patients/{found.id}" in answer.text
    kinds = {one.kind for one in open_patient(served.ward[Role.PHYSICIAN], served.ward.records, found.id)}
    assert kinds == {"Demographics", "Patient"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"%PDF-1.7 ...",
        b"\x89PNG\r\n",
        b"{",
        b'{"resourceType": "Nonsense"}',
        b'{"a": 1}',
        b"\x1f\x8bbroken",
    ],
    ids=["empty", "blank", "pdf", "png", "cut off", "no type", "no resource", "broken gzip"],
)
def test_what_is_no_document_is_told_plainly(served: Served, data: bytes) -> None:
    answer = served.client(Role.PHYSICIAN).post("/patients/import", files={"file": ("x.json", data)})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize("data", [b"%PDF-1.7 ...", b"\x89PNG\r\n", b"<Bundle/>"], ids=["pdf", "png", "xml"])
def test_another_kind_of_file_is_told_by_what_it_is(served: Served, data: bytes) -> None:
    answer = served.client(Role.PHYSICIAN).post("/patients/import", files={"file": ("bundle.json", data)})
    assert "is no FHIR document in JSON, whatever it is called" in answer.text


def test_a_document_too_large_is_refused(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suwen.server.pages.worklist_new.LARGEST", 64)
    answer = served.client(Role.PHYSICIAN).post("/patients/import", files={"file": ("x.json", b"{" + b" " * 100)})
    assert answer.status_code == 422
    assert "larger than" in answer.text


def test_an_imaging_specialist_brings_nobody_in(served: Served) -> None:
    client = served.client(Role.IMAGING_SPECIALIST)
    assert client.get("/patients/import").status_code == 403
    file = {"file": ("x.json", json.dumps(BUNDLE).replace("IMPORTED-7", "IMPORTED-8").encode())}
    assert client.post("/patients/import", files=file).status_code == 403


def test_broken_glass_is_no_care_and_the_list_says_so(served: Served) -> None:
    break_glass(
        served.ward[Role.PHYSICIAN], served.ward.records, patient=served.other, reason="unconscious at the door"
    )
    client = served.client(Role.PHYSICIAN)
    row = client.get("/worklist").text.partition(f"/patients/{served.other}")[2].partition("</tr>")[0]
    assert "Emergency access" in row
    page = client.get(f"/patients/{served.other}")
    assert page.status_code == 200
    assert "emergency access" in page.text


@pytest.mark.parametrize(("lang", "words"), [("en", "not read yet"), ("zh", "素问未分析")])
def test_studies_are_listed_the_unread_first_and_those_of_others_never(served: Served, lang: str, words: str) -> None:
    coded = {"coding": [{"system": "http://loinc.org", "code": "11524-6"}]}
    content = [{"attachment": {"contentType": "application/dicom", "title": "a tracing"}}]
    tracing = resource(
        "DocumentReference", f"t-{lang}", status="current", type=coded, date="2026-01-02", content=content
    )
    images = {
        "status": "available",
        "started": "2026-01-03",
        "modality": [{"code": "CT"}],
        "description": f"Head {lang}",
    }
    put(served.ward, served.own, tracing, resource("ImagingStudy", f"s-{lang}", **images))
    page = served.client(Role.PHYSICIAN, lang=lang).get("/worklist/studies").text
    assert f"Head {lang}" in page
    assert words in page
    assert f"/patients/{served.own}/ecg" in page
    assert f"/patients/{served.own}/images" in page
    stranger = (
        served.client_of(served.ward.hire(f"without-{lang}", Role.PHYSICIAN), lang=lang).get("/worklist/studies").text
    )
    assert f"Head {lang}" not in stranger


def test_a_nurse_sees_those_in_her_care(served: Served) -> None:
    assert served.own not in served.client(Role.NURSE).get("/worklist").text
    treat(served, Role.NURSE)
    assert served.own in served.client(Role.NURSE).get("/worklist").text


def test_new_until_looked_at(served: Served) -> None:  # the last of this file: time passes, and sessions end
    patient = served.ward.patient(42)
    put(served.ward, patient, patient_resource("p42"))
    client = served.client(Role.PHYSICIAN)
    assert patient in client.get("/worklist/new").text
    assert client.get(f"/patients/{patient}").status_code == 200
    assert patient not in client.get("/worklist/new").text
    for _ in range(3):  # a visit is over after half an hour, a session after a quarter without use
        served.ward.clock.now += 800
        client.get("/worklist")
    put(served.ward, patient, {"resourceType": "Condition", "id": "later", "code": {"text": "Fracture"}})
    assert patient in client.get("/worklist/new").text
    assert "Fracture" in client.get(f"/patients/{patient}").text.split('id="changed"')[1].split("</section>")[0]
