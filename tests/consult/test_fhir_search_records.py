"""FHIR search over sealed records shows what the actor may view, finds what is there, and leaves no words behind."""

from __future__ import annotations

import pytest
from papers import document, observation, person
from ward import Ward
from watch import audited, length, rows

from suwen.consult.emergency import break_glass
from suwen.consult.fhir.importing import import_fhir
from suwen.consult.fhir.searching import search_records
from suwen.errors import AccessError, FormatError
from suwen.formats.fhir.checking.validate import check
from suwen.govern.keys import erase_patient
from suwen.records.access import Purpose, Role
from suwen.records.audit import EventKind, Outcome


def coded(id_: str, patient: str, code: str, on: str) -> dict[str, object]:
    said = {"coding": [{"system": "http://loinc.org", "code": code}]}
    return observation(id_, patient, code=said, effectiveDateTime=on)


@pytest.fixture
def three(ward: Ward) -> list[str]:
    """Two patients of the physician's, and one of a colleague's, each with observations."""
    mine, other = ward[Role.PHYSICIAN], ward.hire("colleague", Role.PHYSICIAN)
    found = []
    for number, actor in ((1, mine), (2, mine), (3, other)):
        one = document(
            person(str(number), number=f"MRN-{number}", family=f"Family{number}"),
            coded(f"a{number}", str(number), "8302-2", f"202{number}-01-01"),
            coded(f"b{number}", str(number), "1-1", "2020-06-01"),
        )
        found += import_fhir(actor, ward.records, one).patients
    return found


def ids(ward: Ward, query: str, **more: str) -> list[str]:
    answer = search_records(ward[Role.PHYSICIAN], ward.records, query, **more)
    assert answer["type"] == "searchset"
    assert check(answer).problems == ()
    shown = [one["resource"]["id"] for one in answer.get("entry", ())]
    assert answer["total"] >= len(shown)
    return shown


def test_finds_over_ones_own_patients_or_one(ward: Ward, three: list[str]) -> None:
    """Proves criteria, sorting, pages and the choice of one patient; nobody else's resources are among them."""
    assert sorted(ids(ward, "Observation?code=http://loinc.org|8302-2")) == ["a1", "a2"]
    assert ids(ward, "Observation?code=8302-2&_sort=-date") == ["a2", "a1"]
    assert ids(ward, "Observation?_sort=date&_count=1&_offset=3") == ["a2"]
    assert ids(ward, "Observation?code=8302-2", patient=three[1]) == ["a2"]
    assert ids(ward, "Observation?subject=Patient/1&date=ge2021") == ["a1"]
    assert ids(ward, "Patient?family=family") != []
    assert ids(ward, "Condition") == []
    assert search_records(ward[Role.PHYSICIAN], ward.records, "Observation?_summary=count")["total"] == 4


@pytest.mark.usefixtures("three")
def test_references_are_followed_forth_and_back(ward: Ward) -> None:
    """Proves it for references as documents wrote them; the colleague's patient is found in no way."""
    assert sorted(ids(ward, "Observation?patient.identifier=MRN-1")) == ["a1", "b1"]
    assert ids(ward, "Observation?subject:Patient.family=family2&code=8302-2") == ["a2"]
    assert sorted(ids(ward, "Patient?_has:Observation:patient:code=8302-2")) == ["1", "2"]
    assert ids(ward, "Patient?_has:Observation:patient:date=ge2022") == ["2"]
    assert ids(ward, "Observation?patient.identifier=MRN-3") == []


def test_an_identifier_is_answered_by_the_blind_index(ward: Ward, three: list[str]) -> None:
    """Proves that no other chart is opened for it, and that its system counts."""
    since = length(ward)
    assert ids(ward, "Patient?identifier=urn:ward|MRN-2") == ["2"]
    assert sorted(ids(ward, "Patient?identifier=MRN-1,MRN-2")) == ["1", "2"]
    assert ids(ward, "Patient?identifier=urn:other|MRN-2") == []
    assert ids(ward, "Patient?identifier=MRN-3") == []  # the colleague's
    decided = [one for one in audited(ward, since) if one.kind is EventKind.DECISION and one.act == "view"]
    assert sorted(one.subject for one in decided) == sorted([three[1], three[0], three[1], three[2]])
    assert [one.subject for one in decided if one.outcome is Outcome.DENY] == [three[2]]


def test_nobody_elses_patient_by_any_way(ward: Ward, three: list[str]) -> None:
    with pytest.raises(AccessError):
        ids(ward, "Observation", patient=three[2])
    for query in ("Patient", "Observation?subject=Patient/3", "Patient?name=Family3", "Patient?_id=3"):
        assert not {"3", "a3", "b3"} & set(ids(ward, query))
    nurse = search_records(ward[Role.NURSE], ward.records, "Observation")
    assert nurse["total"] == 0


def test_an_emergency_searches_where_the_glass_was_broken(ward: Ward, three: list[str]) -> None:
    nurse = ward[Role.NURSE]
    break_glass(nurse, ward.records, patient=three[2], reason="unconscious on arrival")
    found = search_records(nurse, ward.records, "Observation", purpose=Purpose.EMERGENCY)
    assert {one["resource"]["id"] for one in found["entry"]} == {"a3", "b3"}
    by_number = search_records(nurse, ward.records, "Patient?identifier=MRN-1", purpose=Purpose.EMERGENCY)
    assert by_number["total"] == 0


def test_it_is_audited_without_its_words_and_leaves_nothing(ward: Ward, three: list[str]) -> None:
    """Proves that the log holds the parameters and what was shown of whom, and that no table grows."""
    stood, since = rows(ward), length(ward)
    ids(ward, "Patient?family=Family1&identifier=MRN-1")
    ids(ward, "Observation?code=8302-2")
    assert rows(ward) == stood
    seen = audited(ward, since)
    queries = [one for one in seen if one.detail.get("what") == "FHIR search"]
    assert [list(one.detail["fields"]) for one in queries] == [["family", "identifier"], ["code"]]
    shown = [(one.subject, len(one.detail["records"])) for one in seen if one.kind is EventKind.OPEN]
    assert sorted(shown) == sorted([(three[0], 1), (three[0], 1), (three[1], 1)])
    for word in ("Family1", "MRN-1", "8302-2"):
        assert word not in repr(seen)


def test_what_is_not_answered_is_refused(ward: Ward) -> None:
    for query in ("Observation?nonsense=1", "Nonsense?x=1", "Observation?code.name=x", "Observation?_include=x"):
        with pytest.raises(FormatError):
            ids(ward, query)


def test_the_erased_are_in_no_answer(ward: Ward, three: list[str]) -> None:
    erase_patient(ward[Role.SECURITY_OFFICER], ward.records, three[0], reason="asked for by the patient")
    assert ids(ward, "Patient") == ["2"]
    assert ids(ward, "Patient?identifier=MRN-1") == []
