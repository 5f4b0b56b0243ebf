"""Breaking the glass: a reason, a time, an alarm, a review, and never more than the emergency needs."""

from __future__ import annotations

import logging

import pytest
from ward import Ward
from watch import audited, length, rows

from suwen.consult.chart import Draft, open_patient, write_records
from suwen.consult.emergency import break_glass
from suwen.consult.images import Image, open_image, store_images
from suwen.consult.patients import find_patients, list_my_patients
from suwen.errors import AccessError, InputError, NotFoundError
from suwen.govern.care import list_break_glass, review_break_glass
from suwen.govern.keys import erase_patient
from suwen.records.access import Act, Purpose, ResourceKind, Role
from suwen.records.audit import EventKind, Outcome

WHY = "found unconscious, allergies unknown"
EMERGENCY = Purpose.EMERGENCY


def test_it_opens_the_one_patient_for_the_time_and_is_alarmed_and_audited(
    either_ward: Ward, caplog: pytest.LogCaptureFixture
) -> None:
    """Proves access for one patient, purpose and length; the alarm names use and actor, neither patient nor reason."""
    ward = either_ward
    patient, neighbour = ward.patient(1, records=2), ward.patient(2)
    other = ward.hire("on-duty", Role.PHYSICIAN)
    stood = length(ward)
    with caplog.at_level(logging.WARNING, "suwen.alarm"):
        use = break_glass(other, ward.records, identifier=" mrn-1 ", reason=WHY, minutes=30)
    (alarm,) = [one for one in caplog.records if one.name == "suwen.alarm"]
    assert use.id in alarm.getMessage()
    assert other.id in alarm.getMessage()
    assert not any(word in alarm.getMessage() for word in (patient, WHY, "MRN"))
    assert len(open_patient(other, ward.records, patient, purpose=EMERGENCY)) == 3
    write_records(other, ward.records, patient, [Draft("Observation", b"x")], purpose=EMERGENCY)
    assert [one.id for one in find_patients(other, ward.records, name="Ward", purpose=EMERGENCY)] == [patient]
    for refused, purpose in ((patient, Purpose.TREATMENT), (neighbour, EMERGENCY)):
        with pytest.raises(AccessError):
            open_patient(other, ward.records, refused, purpose=purpose)
    assert list_my_patients(other, ward.records) == []
    ward.clock.now = use.until / 1e6 - 10
    ward.people[Role.AUDITOR] = ward.log_in("auditor")
    assert open_patient(ward.log_in("on-duty"), ward.records, patient, purpose=EMERGENCY)
    ward.clock.now = use.until / 1e6
    with pytest.raises(AccessError):
        open_patient(ward.log_in("on-duty"), ward.records, patient, purpose=EMERGENCY)
    seen = audited(ward, stood, by=other.id, subject=patient)
    (broken,) = [one for one in seen if one.kind is EventKind.BREAK_GLASS]
    assert broken.purpose == "ETREAT"
    assert broken.detail["use"] == use.id
    assert WHY not in repr(seen)
    assert {one.purpose for one in seen if one.kind is EventKind.OPEN} == {"ETREAT"}


def test_reason_and_length_are_asked_for(ward: Ward) -> None:
    """Proves that no reason, a blank or a very short one, and no, a negative or an endless time are refused."""
    patient, other, stood = ward.patient(1), ward.hire("on-duty", Role.PHYSICIAN), length(ward)
    for reason in ("", "         ", "x", "urgent   "):
        with pytest.raises(InputError, match="why"):
            break_glass(other, ward.records, patient=patient, reason=reason)
    for minutes in (0, -1, 24 * 60 + 1):
        with pytest.raises(InputError, match="minutes"):
            break_glass(other, ward.records, patient=patient, reason=WHY, minutes=minutes)
    for unknown in ({"identifier": "MRN-none"}, {"identifier": ""}, {"patient": "ab" * 16}, {"patient": "short"}):
        with pytest.raises(NotFoundError):
            break_glass(other, ward.records, reason=WHY, **unknown)
    assert not [one for one in audited(ward, stood) if one.kind is EventKind.BREAK_GLASS]
    assert list_break_glass(ward[Role.SECURITY_OFFICER], ward.records) == []


CLINICAL = {Role.PHYSICIAN: {"diagnose", "order"}, Role.IMAGING_SPECIALIST: {"diagnose"}, Role.NURSE: set()}


def test_only_clinical_roles_break_it_and_only_for_their_own_acts(either_ward: Ward) -> None:
    """Proves that five roles are refused alike for known and unknown patients, and what it gives the other three."""
    ward = either_ward
    patient = ward.patient(1, actor=ward.hire("treating", Role.PHYSICIAN))
    stored = rows(ward)
    for role in set(Role) - set(CLINICAL):
        ward[role]
        stored, stood = rows(ward), length(ward)
        for known in (
            {"identifier": "MRN-1"},
            {"identifier": "MRN-none"},
            {"patient": patient},
            {"patient": "ab" * 16},
        ):
            with pytest.raises(AccessError, match="role"):
                break_glass(ward[role], ward.records, reason=WHY, **known)
        assert rows(ward) == stored
        denied = [one.outcome for one in audited(ward, stood, by=ward[role].id) if one.kind is EventKind.DECISION]
        assert denied[:4] == [Outcome.DENY] * 4
    for role, may in CLINICAL.items():
        break_glass(ward[role], ward.records, patient=patient, reason=WHY)
        assert open_patient(ward[role], ward.records, patient, purpose=EMERGENCY)
        for act in (Act.DIAGNOSE, Act.ORDER):
            drafts = [Draft("Observation", b"x")]
            if act.value in may:
                write_records(ward[role], ward.records, patient, drafts, act=act, purpose=EMERGENCY)
            else:
                with pytest.raises(AccessError):
                    write_records(ward[role], ward.records, patient, drafts, act=act, purpose=EMERGENCY)


def test_it_never_exports(ward: Ward) -> None:
    """Proves that broken glass opens at the bedside and carries nothing away, not even for one's own patient."""
    patient = ward.patient(1)
    break_glass(ward[Role.PHYSICIAN], ward.records, patient=patient, reason=WHY)

    def export(purpose: Purpose) -> None:
        with ward.records.acting(ward[Role.PHYSICIAN], purpose) as work:
            work.require(Act.EXPORT, ResourceKind.PATIENT, patient=bytes.fromhex(patient))

    export(Purpose.TREATMENT)
    with pytest.raises(AccessError, match="carries it away"):
        export(EMERGENCY)


def test_a_use_is_reviewed_once_by_the_security_officer(either_ward: Ward) -> None:
    """Proves the review: listed until judged, with a remark, once; the reason is read by the reviewer alone."""
    ward, officer = either_ward, either_ward[Role.SECURITY_OFFICER]
    patient, other = ward.patient(1), ward.hire("on-duty", Role.PHYSICIAN)
    use = break_glass(other, ward.records, patient=patient, reason=WHY)
    assert [(one.reason, one.who, one.verdict) for one in list_break_glass(officer, ward.records)] == [
        (WHY, other.id, "")
    ]
    with pytest.raises(InputError, match="remark"):
        review_break_glass(officer, ward.records, use.id, justified=True, remark="  ")
    with pytest.raises(NotFoundError):
        review_break_glass(officer, ward.records, "ab" * 16, justified=True, remark="fine")
    with pytest.raises(AccessError):
        review_break_glass(other, ward.records, use.id, justified=True, remark="it was right")
    judged = review_break_glass(officer, ward.records, use.id, justified=True, remark="stroke team was waiting")
    assert (judged.verdict, judged.reviewed_by, judged.until) == ("justified", officer.id, use.until)
    assert open_patient(other, ward.records, patient, purpose=EMERGENCY)  # until its time is over
    with pytest.raises(InputError, match="already"):
        review_break_glass(officer, ward.records, use.id, justified=False, remark="no, after all")
    assert list_break_glass(officer, ward.records, unreviewed=True) == []
    assert list_break_glass(officer, ward.records) == [judged]
    (noted,) = audited(ward, kind=EventKind.REVIEW)
    assert (noted.actor, noted.subject, noted.detail["verdict"]) == (officer.id, patient, "justified")


def test_one_that_was_not_justified_ends_at_once(either_ward: Ward) -> None:
    """Proves that the verdict closes the patient at once; another use of its own right stays open."""
    ward, officer = either_ward, either_ward[Role.SECURITY_OFFICER]
    patient, other = ward.patient(1, records=1), ward.hire("on-duty", Role.PHYSICIAN)
    made = store_images(
        ward[Role.PHYSICIAN], ward.records, patient, kind="ImagingStudy", payload=b"", images=[Image([b"xy"], 2)]
    )
    image = made.images[0][0]
    uses = [break_glass(other, ward.records, patient=patient, reason=WHY) for _ in range(2)]
    review_break_glass(officer, ward.records, uses[0].id, justified=False, remark="a neighbour of the actor")
    assert b"".join(open_image(other, ward.records, patient, made.id, image=image, purpose=EMERGENCY)) == b"xy"
    review_break_glass(officer, ward.records, uses[1].id, justified=False, remark="a neighbour of the actor")
    for attempt in (
        lambda: open_patient(other, ward.records, patient, purpose=EMERGENCY),
        lambda: open_image(other, ward.records, patient, made.id, image=image, purpose=EMERGENCY),
    ):
        with pytest.raises(AccessError):
            attempt()


def test_erasing_the_patient_keeps_that_it_happened(ward: Ward) -> None:
    """Proves that an erasure leaves who broke the glass and when for the review, and nothing to open."""
    patient, other = ward.patient(1), ward.hire("on-duty", Role.PHYSICIAN)
    use = break_glass(other, ward.records, patient=patient, reason=WHY)
    erase_patient(ward[Role.SECURITY_OFFICER], ward.records, patient, reason="asked for")
    (left,) = list_break_glass(ward[Role.SECURITY_OFFICER], ward.records)
    assert (left.id, left.who, left.since) == (use.id, other.id, use.since)
    assert WHY not in repr(left)
    with pytest.raises(NotFoundError):
        open_patient(other, ward.records, patient, purpose=EMERGENCY)
    with pytest.raises(NotFoundError):
        break_glass(other, ward.records, identifier="MRN-1", reason=WHY)
