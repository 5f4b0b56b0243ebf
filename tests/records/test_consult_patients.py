"""Patients: registered once, found by what they are called in any spelling, and only by those who care for them."""

from __future__ import annotations

import pytest
from ward import CHEAP, Ward, opening
from watch import audited, length, rows

from suwen.consult.chart import open_patient, open_record
from suwen.consult.emergency import break_glass
from suwen.consult.patients import amend_patient, find_patients, list_my_patients, register_patient
from suwen.errors import ConflictError, FormatError, InputError, NotFoundError
from suwen.govern.care import grant_care, identified
from suwen.govern.hospital import open_records
from suwen.govern.keys import erase_patient
from suwen.govern.upkeep import verify_store
from suwen.records.access import Role
from suwen.records.audit import EventKind, Outcome
from suwen.records.demographics import KIND, Demographics
from suwen.subject import Sex

ANNA = Demographics(("MRN-77", "ID 110101"), ("Anna María Strauß", "安娜·施特劳斯"), "1970-03-04", Sex.FEMALE)


def found(ward: Ward, **asked: str) -> list[str]:
    return [one.id for one in find_patients(ward[Role.PHYSICIAN], ward.records, **asked)]


def test_found_in_any_spelling_by_every_name(either_ward: Ward) -> None:
    """Proves finding by identifier, name, part of a name, birth date and all together: case, width, spaces aside."""
    ward = either_ward
    anna = register_patient(ward[Role.PHYSICIAN], ward.records, ANNA)
    ward.patient(1)
    for asked in (
        {"identifier": "mrn-77"},
        {"identifier": "ＭＲＮ－７７"},
        {"identifier": "  ID   110101 "},
        {"name": "ANNA  maría STRAUSS"},
        {"name": "strauß"},
        {"name": "María"},
        {"name": "Mari\u0301a"},
        {"name": "安娜·施特劳斯"},
        {"birth_date": "1970-03-04"},
        {"name": "anna", "birth_date": "1970-03-04", "identifier": "MRN-77"},
    ):
        assert found(ward, **asked) == [anna], asked
    for asked in ({"identifier": "MRN-7"}, {"name": "Ann"}, {"name": "安娜"}, {"name": "MRN-77"}):
        assert found(ward, **asked) == [], asked
    assert found(ward, name="anna", birth_date="1970-03-05") == []
    (listed,) = find_patients(ward[Role.PHYSICIAN], ward.records, name="anna")
    assert listed.demographics == ANNA
    for nothing in ({}, {"name": ""}, {"name": "  ", "identifier": "\t"}):
        with pytest.raises(InputError):
            found(ward, **nothing)
    with pytest.raises(InputError, match="Unicode"):
        found(ward, name="half \ud800")


def test_others_are_not_told_and_the_search_is_audited_without_its_words(either_ward: Ward) -> None:
    """Proves that a search shows own patients alone, and that the log tells the fields searched, not the words."""
    ward = either_ward
    mine = ward.patient(1)
    theirs = ward.patient(2, actor=ward.hire("other", Role.PHYSICIAN))
    stood = length(ward)
    assert found(ward, name="Ward") == [mine]
    assert found(ward, identifier="MRN-2") == []
    seen = audited(ward, stood, by=ward[Role.PHYSICIAN].id)
    queries = [one for one in seen if one.kind is EventKind.QUERY]
    assert [(list(one.detail["fields"]), one.detail["found"]) for one in queries] == [
        (["name"], 2),
        (["identifier"], 1),
    ]
    assert not any(word in repr(seen) for word in ("MRN", "Ward"))
    assert {one.subject for one in seen if one.kind is EventKind.OPEN} == {mine}
    assert {one.subject for one in seen if one.outcome is Outcome.DENY} <= {theirs}


def test_a_list_holds_ones_own_patients_by_name(either_ward: Ward) -> None:
    """Proves the round: everyone in one's care, sorted by name, each opening audited."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    ids = {
        name: register_patient(physician, ward.records, Demographics((), (name,))) for name in ("Chen", "Abel", "Bo")
    }
    ward.patient(9, actor=ward.hire("other", Role.PHYSICIAN))
    stood = length(ward)
    listed = list_my_patients(physician, ward.records)
    assert [one.demographics.names for one in listed] == [("Abel",), ("Bo",), ("Chen",)]
    assert [one.id for one in listed] == [ids["Abel"], ids["Bo"], ids["Chen"]]
    opened = [one.subject for one in audited(ward, stood, by=physician.id) if one.kind is EventKind.OPEN]
    assert sorted(opened) == sorted(ids.values())


def test_amended_demographics_replace_what_finds_the_patient(either_ward: Ward) -> None:
    """Proves that after a correction the old identifier and name find nobody, and the history keeps both."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    anna = register_patient(physician, ward.records, ANNA)
    now = Demographics(("MRN-78",), ("Anna Li",), "1970-04-03")
    amend_patient(physician, ward.records, anna, now)
    for gone in ({"identifier": "MRN-77"}, {"name": "Strauß"}, {"birth_date": "1970-03-04"}):
        assert found(ward, **gone) == []
    for new in ({"identifier": "MRN-78"}, {"name": "li"}, {"birth_date": "1970-04-03"}):
        assert found(ward, **new) == [anna]
    (record,) = open_patient(physician, ward.records, anna, kinds=[KIND])
    versions = open_record(physician, ward.records, anna, record.id)
    assert [Demographics.from_bytes(one.payload) for one in versions] == [ANNA, now]
    assert verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []
    register_patient(physician, ward.records, ANNA)  # whose identifiers are free again


def test_an_identifier_is_of_one_patient(either_ward: Ward) -> None:
    """Proves that neither registering nor amending gives a second patient an identifier, in whatever spelling."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    anna, other = register_patient(physician, ward.records, ANNA), ward.patient(1)
    stored = rows(ward)
    for taken in ("MRN-77", "mrn-77", " ID 110101", "ｍｒｎ-77"):
        with pytest.raises(InputError, match="already"):
            register_patient(physician, ward.records, Demographics(("new", taken)))
        with pytest.raises(InputError, match="already"):
            amend_patient(physician, ward.records, other, Demographics(("MRN-1", taken)))
    assert rows(ward) == stored
    amend_patient(physician, ward.records, anna, ANNA)  # one's own are no obstacle
    assert identified(ward[Role.ADMINISTRATOR], ward.records, "mrn-77") == anna
    assert break_glass(ward[Role.NURSE], ward.records, identifier="MRN-77", reason="no pulse at all").patient == anna
    erase_patient(ward[Role.SECURITY_OFFICER], ward.records, anna, reason="asked for")
    with pytest.raises(NotFoundError):
        identified(ward[Role.ADMINISTRATOR], ward.records, "mrn-77")
    assert found(ward, identifier="MRN-77") == []
    assert register_patient(physician, ward.records, ANNA) != anna


def test_demographics_that_could_not_be_found_again_are_refused() -> None:
    """Proves that all problems are told at once, and none of them quotes the patient."""
    for wrong in (
        Demographics,
        lambda: Demographics((" ",), ("",)),
        lambda: Demographics(("1",), birth_date="04.03.1970"),
        lambda: Demographics(("1",), birth_date="19700304"),
        lambda: Demographics(("1",), birth_date="1970-W10-3"),
        lambda: Demographics(("1",), birth_date="1970-02-30"),
        lambda: Demographics(("1",), ("half \ud800",)),
    ):
        with pytest.raises(InputError, match="cannot be registered"):
            wrong()
    with pytest.raises(InputError) as told:
        Demographics(("",), ("\ud800",), "Tuesday")
    assert len(told.value.problems) == 2
    assert "Tuesday" not in str(told.value)
    with pytest.raises(FormatError, match="newer"):
        Demographics.from_bytes(ANNA.to_bytes().replace(b'"format":1', b'"format":3'))
    assert Demographics.from_bytes(ANNA.to_bytes()) == ANNA
    assert "Anna" not in repr(ANNA)


def test_two_clerks_amend_at_once(either_ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that of two amendments of the same version one is told, and index and record stay of one mind."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    anna = register_patient(physician, ward.records, ANNA)
    charts = ward.records.store.charts
    stale = charts.state
    with ward.records.store.snapshot() as connection:
        old = stale(connection, bytes.fromhex(anna))
    with open_records(ward.home, opening(ward.clock), policy=CHEAP) as second:
        amend_patient(physician, second, anna, Demographics(("MRN-77",), ("Anna B",)))
    monkeypatch.setattr(charts, "state", lambda _connection, _patient: old)
    with pytest.raises((ConflictError, OSError)):
        amend_patient(physician, ward.records, anna, Demographics(("MRN-77",), ("Anna C",)))
    monkeypatch.undo()
    assert found(ward, name="B") == [anna]
    assert found(ward, name="C") == []
    assert verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []


def test_care_for_a_time_that_no_calendar_has(ward: Ward) -> None:
    """Proves that nonsense lengths of a care relationship are refused in one sentence."""
    patient = ward.patient(1)
    ward.hire("nurse-1", Role.NURSE)
    for days in (0, -1, float("nan"), float("inf"), 1e300):
        with pytest.raises(InputError, match="days"):
            grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="nurse-1", days=days)
    grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="nurse-1", days=0.5)
    with pytest.raises(InputError, match="already"):
        grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="nurse-1")
    with pytest.raises(NotFoundError):
        grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="nobody")
