"""One look opens a record under one decision; what somebody may do is told as the policies say, and what is new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bedside import Probe, claim, observation, put
from sqlalchemy import text
from ward import Ward, open_ward

from suwen.consult import (
    Act,
    Glimpses,
    Purpose,
    break_glass,
    consult,
    corrected_reader,
    enter_feature,
    enter_note,
    keep_correction,
    list_corrections,
    list_glances,
    look,
    may,
    open_patient,
    read_consultation,
    withdraw_record,
)
from suwen.errors import AccessError, ConflictError, InputError, NotFoundError, TamperError
from suwen.formats.fhir import check
from suwen.formats.fhir.stored import Stored
from suwen.govern import EventKind, Role, Together, erase_patient, grant_care, read_audit
from suwen.language.corrections import Correction, text_digest
from suwen.language.nouns import Status
from suwen.language.reader import CorrectedReader
from suwen.subject import Code

ACTS = {
    Role.PHYSICIAN: {Act.VIEW, Act.DIAGNOSE, Act.ORDER, Act.ANNOTATE, Act.EXPORT},
    Role.IMAGING_SPECIALIST: {Act.VIEW, Act.DIAGNOSE, Act.ANNOTATE},
    Role.NURSE: {Act.VIEW, Act.ANNOTATE},
}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with open_ward(tmp_path / "store") as ward:
        yield ward


def treated(ward: Ward, role: Role, patient: str) -> None:
    ward[role]
    if role is not Role.PHYSICIAN:
        grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who=role.value.replace(" ", "-"))


@pytest.mark.parametrize("role", list(ACTS), ids=lambda one: one.value)
def test_what_each_role_may(ward: Ward, role: Role) -> None:
    patient = ward.patient(1)
    treated(ward, role, patient)
    assert look(ward[role], ward.records, patient).may == ACTS[role]
    assert {act for act in ACTS[Role.PHYSICIAN] if may(ward[role], ward.records, patient, act)} == ACTS[role]


def test_without_care_nothing_is_opened_and_the_refusal_is_audited(ward: Ward) -> None:
    patient, nurse = ward.patient(1), ward[Role.NURSE]
    assert not may(nurse, ward.records, patient, Act.VIEW)
    with pytest.raises(AccessError):
        look(nurse, ward.records, patient)
    events = read_audit(ward[Role.AUDITOR], ward.records, subject=patient, by=nurse.id)
    assert [event.kind for _, event in events] == [EventKind.DECISION]  # `may` alone leaves no trace


def test_broken_glass_opens_for_the_emergency_and_takes_nothing_away(ward: Ward) -> None:
    patient, stranger = ward.patient(1), ward.hire("night", Role.PHYSICIAN)
    break_glass(stranger, ward.records, patient=patient, reason="unconscious at the door")
    found = look(stranger, ward.records, patient)
    assert found.purpose is Purpose.EMERGENCY
    assert Act.EXPORT not in found.may
    with pytest.raises(AccessError):
        look(stranger, ward.records, patient, take=True)


def test_taking_is_audited_as_an_export(ward: Ward) -> None:
    patient = ward.patient(1)
    look(ward[Role.PHYSICIAN], ward.records, patient, consulted=True)
    assert not read_audit(ward[Role.AUDITOR], ward.records, kind=EventKind.EXPORT)
    look(ward[Role.PHYSICIAN], ward.records, patient, consulted=True, take=True)
    assert len(read_audit(ward[Role.AUDITOR], ward.records, subject=patient, kind=EventKind.EXPORT)) == 1


def test_what_was_filed_is_what_read_consultation_says(ward: Ward) -> None:
    patient = ward.patient(1)
    put(ward, patient, observation("HP:0001100"))
    probe = Probe(answer=lambda who: [claim(who, "OMIM:1"), claim(who, "OMIM:2", urgency=3)])
    consult(ward[Role.PHYSICIAN], ward.records, patient, areas=[probe.area()])
    found = look(ward[Role.PHYSICIAN], ward.records, patient, consulted=True)
    assert repr(found.consultation) == repr(read_consultation(ward[Role.PHYSICIAN], ward.records, patient))
    assert list(found.records) == open_patient(ward[Role.PHYSICIAN], ward.records, patient)


def test_a_look_is_one_visit_for_half_an_hour(ward: Ward) -> None:
    patient, physician = ward.patient(1), ward[Role.PHYSICIAN]
    assert look(physician, ward.records, patient, keep=True).before == 0
    first = int(ward.clock.now * 1e6)
    ward.clock.now += 600
    assert look(physician, ward.records, patient, keep=True).before == 0  # the same visit shows the same as new
    for _ in range(3):
        ward.clock.now += 700
        may(physician, ward.records, patient, Act.VIEW)  # the session goes on
    assert look(physician, ward.records, patient).before == pytest.approx(first + 600e6, abs=5e6)
    assert look(physician, ward.records, patient, keep=True).before > 0


def test_looks_are_each_persons_own(ward: Ward) -> None:
    patient = ward.patient(1)
    treated(ward, Role.NURSE, patient)
    look(ward[Role.PHYSICIAN], ward.records, patient, keep=True)
    memory = Glimpses()
    (mine,) = list_glances(ward[Role.PHYSICIAN], ward.records, memory)
    (hers,) = list_glances(ward[Role.NURSE], ward.records, memory)
    assert mine.looked > 0
    assert hers.looked == 0


# At a glance


def test_memory_is_never_older_than_the_chart(ward: Ward) -> None:
    patient, physician, memory = ward.patient(1), ward[Role.PHYSICIAN], Glimpses()
    assert list_glances(physician, ward.records, memory)[0].waiting == 0
    put(ward, patient, observation("HP:0001100"))
    consult(
        physician, ward.records, patient, areas=[Probe(answer=lambda who: [claim(who, "OMIM:1", urgency=2)]).area()]
    )
    (glance,) = list_glances(physician, ward.records, memory)
    assert (glance.waiting, len(glance.alarming), glance.news) == (1, 1, 2)


def test_memory_gives_nothing_to_whoever_may_not_view(ward: Ward) -> None:
    patient, memory = ward.patient(1), Glimpses()
    list_glances(ward[Role.PHYSICIAN], ward.records, memory)
    assert list_glances(ward.hire("other", Role.PHYSICIAN), ward.records, memory) == []
    researcher = ward.hire("r", Role.RESEARCHER)
    grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="r")  # care alone is no permission
    assert list_glances(researcher, ward.records, memory) == []


def test_an_erased_patient_is_on_no_list(ward: Ward) -> None:
    patient, memory = ward.patient(1), Glimpses()
    list_glances(ward[Role.PHYSICIAN], ward.records, memory)
    erase_patient(ward[Role.SECURITY_OFFICER], ward.records, patient, reason="asked for by the patient")
    assert list_glances(ward[Role.PHYSICIAN], ward.records, memory) == []
    with pytest.raises((AccessError, NotFoundError)):
        look(ward[Role.PHYSICIAN], ward.records, patient)


def test_whom_an_emergency_opens_is_listed_first_while_it_lasts(ward: Ward) -> None:
    """What is looked at for an emergency is decided and noted as one, and gone from the list once it is over."""
    memory, own, other = Glimpses(), ward.patient(1), ward.patient(2)
    treated(ward, Role.NURSE, own)
    stranger = ward[Role.NURSE]
    assert [one.id for one in list_glances(stranger, ward.records, memory)] == [own]
    break_glass(stranger, ward.records, patient=other, reason="unconscious at the door")
    for records in (ward.records, Together(ward.records)):
        listed = list_glances(stranger, records, memory)
        assert [(one.id, one.emergency) for one in listed] == [(other, True), (own, False)]
    noted = read_audit(ward[Role.AUDITOR], ward.records, subject=other, by=stranger.id, kind=EventKind.OPEN)
    assert [one.purpose for _, one in noted] == [Purpose.EMERGENCY.value] * 2
    ward.clock.now += 2 * 3600
    assert [one.id for one in list_glances(ward.log_in("nurse"), ward.records, memory)] == [own]


def test_every_listing_is_audited_from_memory_too(ward: Ward) -> None:
    patient, memory = ward.patient(1), Glimpses()
    for times in (1, 2, 3):
        list_glances(ward[Role.PHYSICIAN], ward.records, memory)
        assert len(read_audit(ward[Role.AUDITOR], ward.records, subject=patient, kind=EventKind.OPEN)) == times


# What is entered


def test_a_note_and_a_feature_are_sound_resources(ward: Ward) -> None:
    patient, physician = ward.patient(1), ward[Role.PHYSICIAN]
    enter_note(physician, ward.records, patient, "发热三天。\nNo cough.", title="Evening")
    enter_feature(physician, ward.records, patient, Code("HP:0001250", "Seizure"), present=False)
    for record in open_patient(physician, ward.records, patient, kinds=["DocumentReference", "Observation"]):
        assert check(Stored.from_bytes(record.payload).resource).problems == ()


def test_they_are_about_whom_the_record_is_about(ward: Ward) -> None:
    patient, physician = ward.patient(1), ward[Role.PHYSICIAN]
    put(ward, patient, {"resourceType": "Patient", "id": "known-elsewhere"})
    record = enter_feature(physician, ward.records, patient, Code("HP:0001250"), present=True)
    stored = Stored.from_bytes(record.payload)
    assert stored.resource["subject"] == {"reference": "Patient/known-elsewhere"}
    assert stored.source == "urn:test"


def test_what_is_no_feature_or_note(ward: Ward) -> None:
    patient, physician = ward.patient(1), ward[Role.PHYSICIAN]
    with pytest.raises(InputError, match="Human Phenotype"):
        enter_feature(physician, ward.records, patient, Code("OMIM:1"), present=True)
    for said in ("", " ", "x" * 100_001, "half \ud800"):
        with pytest.raises(InputError):
            enter_note(physician, ward.records, patient, said)
    with pytest.raises(AccessError):
        enter_note(ward[Role.NURSE], ward.records, patient, "not her patient")


# What is put right

SAID = Correction(text_digest("a text"), 2, 6, "text", ("HP:0001100", Status.PRESENT), None, None, "somebody")


def test_corrections_are_kept_changed_and_withdrawn(ward: Ward) -> None:
    patient, physician = ward.patient(1), ward[Role.PHYSICIAN]
    first = keep_correction(physician, ward.records, patient, SAID)
    assert list_corrections(physician, ward.records, patient) == (first,)
    second = keep_correction(physician, ward.records, patient, SAID, record=first.record, base=1)
    assert second.version == 2
    with pytest.raises(ConflictError):
        keep_correction(physician, ward.records, patient, SAID, record=first.record, base=1)
    withdraw_record(physician, ward.records, patient, first.record, base=2)
    assert list_corrections(physician, ward.records, patient) == ()


def test_a_correction_is_no_resource_of_the_record(ward: Ward) -> None:
    patient, physician = ward.patient(1), ward[Role.PHYSICIAN]
    keep_correction(physician, ward.records, patient, SAID)
    assert "Correction" not in read_consultation(physician, ward.records, patient).available


def test_without_corrections_the_reader_is_the_same(ward: Ward) -> None:
    reader: Any = CorrectedReader(object(), [])  # type: ignore[arg-type]
    assert corrected_reader(reader, ()) is reader
    kept = keep_correction(ward[Role.PHYSICIAN], ward.records, ward.patient(1), SAID)
    assert isinstance(corrected_reader(reader, [kept]), CorrectedReader)
    assert corrected_reader(reader, [kept]) is not reader


def test_a_chart_that_was_tampered_with_is_not_listed_as_if_nothing_were(ward: Ward) -> None:
    ward.patient(1)
    with ward.records.store.engine.begin() as connection:
        connection.execute(text("UPDATE record SET withdrawn = 1"))
    with pytest.raises(TamperError):
        list_glances(ward[Role.PHYSICIAN], ward.records, Glimpses())
