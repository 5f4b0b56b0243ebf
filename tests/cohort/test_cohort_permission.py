"""Who may select: decided before anything is opened, noted whatever comes of it; small numbers are told to nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from bedside import put, resource
from study import admit, approve, criteria, select, study
from ward import Ward
from watch import audited, length, rows

from suwen.cohort import (
    Approval,
    Use,
    approve_research,
    list_approvals,
    list_cohorts,
    open_cohort,
    revoke_approval,
    select_cohort,
    show_cohort,
    withdraw,
)
from suwen.cohort.permission import require
from suwen.consult.patients import list_my_patients
from suwen.errors import AccessError, InputError
from suwen.govern.care import grant_care
from suwen.records.access import Act, Role
from suwen.records.audit import EventKind, Outcome
from suwen.records.audit.fhir import audit_event
from suwen.records.gate import Work

STAFF = [one for one in Role if one not in {Role.RESEARCHER, Role.DATA_SCIENTIST}]


@pytest.mark.parametrize("role", list(Role))
def test_nobody_selects_what_is_not_approved(ward: Ward, role: Role) -> None:
    """Proves that without an approval no record is opened, nothing is kept, and the refusal is in the log."""
    study(ward, 5)
    actor = ward[role]
    since, before = length(ward), rows(ward)
    with pytest.raises(AccessError):
        select_cohort(actor, ward.records, criteria())
    events = [one for one in audited(ward, since) if one.act != Act.READ_AUDIT.value]
    assert rows(ward) == before
    assert {one.kind for one in events} == {EventKind.DECISION}
    assert [one.outcome for one in events] == [Outcome.DENY]


@pytest.mark.parametrize("role", STAFF)
def test_an_approval_gives_no_role(ward: Ward, role: Role) -> None:
    """Proves that the committee's approval lets nobody select whose role is another."""
    study(ward, 5)
    approve(ward, role, training=True)
    actor, since = ward[role], length(ward)
    for use in Use:
        with pytest.raises(AccessError):
            select_cohort(actor, ward.records, criteria(), use)
    assert EventKind.OPEN not in {one.kind for one in audited(ward, since)}


def test_only_an_administrator_approves(ward: Ward) -> None:
    """Proves that those who use an approval cannot give it."""

    for role in Role:
        if role is not Role.ADMINISTRATOR:
            with pytest.raises(AccessError):
                approve_research(ward[role], ward.records, "IRB 1", who=["researcher"], days=3)
    assert list_approvals(ward[Role.ADMINISTRATOR], ward.records) == []


def test_each_use_needs_its_own_right(ward: Ward) -> None:
    """Proves: researchers take cohorts out, data scientists train on them, neither does the other's."""
    study(ward)
    approve(ward, Role.RESEARCHER, Role.DATA_SCIENTIST)
    select(ward, export=True)
    for role in (Role.RESEARCHER, Role.DATA_SCIENTIST):
        with pytest.raises(AccessError):
            select(ward, role=role, use=Use.TRAINING)
    approve(ward, Role.RESEARCHER, Role.DATA_SCIENTIST, reference="IRB 8", training=True)
    made = select(ward, role=Role.DATA_SCIENTIST, use=Use.TRAINING)
    for forbidden in (
        lambda: select(ward, role=Role.RESEARCHER, use=Use.TRAINING),
        lambda: select(ward, role=Role.DATA_SCIENTIST, use=Use.TRAINING, export=True),
        lambda: open_cohort(ward[Role.DATA_SCIENTIST], ward.records, made.id, export=True),
    ):
        with pytest.raises(AccessError):
            forbidden()


def test_an_approval_binds(ward: Ward) -> None:
    """Proves that one for some criteria serves no others, that texts need it, and that one revoked or over is none."""
    study(ward)
    approve(ward, Role.RESEARCHER, criteria=criteria().digest)
    select(ward)
    with pytest.raises(AccessError, match="by these criteria"):
        select(ward, criteria(none=[{"sex": "male"}]))
    approve(ward, Role.RESEARCHER, reference="IRB 8")
    with pytest.raises(AccessError, match="texts"):
        select(ward, criteria(texts={}), approval="IRB 8")
    made = select(ward, approval="IRB 8")
    assert revoke_approval(ward[Role.ADMINISTRATOR], ward.records, "IRB 8") == 1
    for tried in (
        lambda: select(ward, approval="IRB 8"),
        lambda: show_cohort(ward[Role.RESEARCHER], ward.records, made.id),
    ):
        with pytest.raises(AccessError):
            tried()
    ward.clock.now += 31 * 86_400
    researcher = ward.log_in("researcher")
    with pytest.raises(AccessError):
        select_cohort(researcher, ward.records, criteria())


def test_an_approval_that_ends_midway_stops_the_selection(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that access is decided again for every batch of patients, and that nothing half is kept."""
    study(ward)
    approve(ward, Role.RESEARCHER)
    monkeypatch.setattr("suwen.cohort.selecting._BATCH", 2)
    before = rows(ward)

    decided: list[Any] = []

    def ending(work: Work, approval: Approval, *acts: Act) -> None:
        decided.append(approval)
        require(work, replace(approval, id="00" * 16) if len(decided) == 3 else approval, *acts)

    monkeypatch.setattr("suwen.cohort.selecting.require", ending)
    with pytest.raises(AccessError):
        select(ward)
    assert len(decided) == 3
    assert rows(ward) == before


def test_each_patient_opened_is_named_in_the_log(ward: Ward) -> None:
    """Proves that every opened patient, and the selection with its digests, is in the log; and that the log is FHIR."""
    patients = study(ward)
    approval = approve(ward, Role.RESEARCHER)
    since = length(ward)
    made = select(ward, export=True)
    events = [one for one in audited(ward, since) if one.act != Act.READ_AUDIT.value]
    opened = [one for one in events if one.kind is EventKind.OPEN]
    assert sorted(one.subject for one in opened) == sorted(patients)
    assert {one.actor for one in opened} == {ward[Role.RESEARCHER].id}
    decided = [one for one in events if one.kind is EventKind.DECISION]
    assert events.index(decided[0]) < events.index(opened[0])
    assert {one.subject for one in decided} == {approval.id}
    (noted,) = [one for one in events if one.kind is EventKind.QUERY]
    assert noted.detail["manifest"] == made.manifest.digest
    assert noted.detail["criteria"] == criteria().digest
    assert noted.detail["number"] == 6
    assert [one.kind for one in events].count(EventKind.EXPORT) == 1
    for one in events:
        assert audit_event(one, source="test")["resourceType"] == "AuditEvent"


def test_kinds_that_no_criterion_reads_are_not_opened(ward: Ward) -> None:
    """Proves data minimisation: of a patient only records of the kinds that are asked about are opened."""
    patients = study(ward, 5)
    for one in patients:
        put(ward, one, resource("Procedure", "p1", code={"text": "x"}), resource("AllergyIntolerance", "a1"))
    approve(ward, Role.RESEARCHER)
    since = length(ward)
    select(ward)
    for event in audited(ward, since):
        if event.kind is EventKind.OPEN:
            assert len(event.detail["records"]) == 4  # who it is twice, the condition, the result


# Small cells


def test_too_few_patients_are_no_cohort(ward: Ward) -> None:
    """Proves that under five nothing is kept, and that the message does not tell how many there are."""
    approve(ward, Role.RESEARCHER)
    said = []
    for number in range(1, 5):
        admit(ward, number)
        before = rows(ward)
        with pytest.raises(InputError) as failure:
            select(ward)
        said.append(str(failure.value))
        assert rows(ward) == before
    assert len(set(said)) == 1
    admit(ward, 5)
    assert select(ward).manifest.number == 5


@pytest.mark.parametrize(("others", "told"), [(0, "0"), (1, "<5"), (4, "<5"), (5, "5"), (6, "6")])
def test_small_counts_are_hidden(ward: Ward, others: int, told: str) -> None:
    """Proves that of those left out one to four are told as fewer than five."""
    study(ward, 5)
    for number in range(others):
        admit(ward, 20 + number, born="2018-05-05")
    approve(ward, Role.RESEARCHER)
    made = select(ward, criteria(all=[{"age": {"from": 18}}]))
    assert made.manifest.number == 5
    assert made.left is not None
    assert made.left.unfit == told


def test_whoever_treats_everybody_may_know_the_numbers(ward: Ward) -> None:
    """Proves the exception: one who may view all patients is told exact counts, and may have a small cohort."""
    for number in range(1, 4):
        admit(ward, number)
    doctor = ward.hire("doctor", Role.PHYSICIAN, Role.RESEARCHER)

    approve_research(ward[Role.ADMINISTRATOR], ward.records, "IRB 9", who=["doctor"], days=9)
    with pytest.raises(InputError, match="fewer than 5"):
        select_cohort(doctor, ward.records, criteria())

    first, *others = list_my_patients(ward[Role.PHYSICIAN], ward.records)
    grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=first.id, who="doctor")
    with pytest.raises(InputError, match="fewer than 5"):
        select_cohort(doctor, ward.records, criteria())
    for one in others:
        grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=one.id, who="doctor")
    made = select_cohort(
        doctor,
        ward.records,
        criteria(none=[{"observation": {"code": "LOINC:4548-4", "is": ">", "value": 90, "unit": "%"}}]),
    )
    assert made.manifest.number == 3
    with pytest.raises(InputError, match="no patient fits"):
        select_cohort(doctor, ward.records, criteria(all=[{"sex": "male"}]))


def test_those_without_consent_are_counted_and_never_opened_further(ward: Ward) -> None:
    """Proves: where the committee asks for consent, of a patient without it only the consent itself is looked at."""
    patients = study(ward)
    scope = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "research"}]}
    for one in patients[:5]:
        put(ward, one, resource("Consent", "c1", status="active", scope=scope, dateTime="2024-01-01"))
    approve(ward, Role.RESEARCHER, consent=True)
    since = length(ward)
    made = select(ward)
    assert made.manifest.number == 5
    assert made.left is not None
    assert made.left.denied == "<5"
    records = [one.detail["records"] for one in audited(ward, since) if one.subject == patients[5]]
    assert records == [[]]
    denied = resource("Consent", "c2", status="active", scope=scope, dateTime="2025-01-01", provision={"type": "deny"})
    put(ward, patients[0], denied)
    with pytest.raises(InputError, match="fewer than 5"):
        select(ward)


def test_lists_hold_what_is_approved_for_the_actor(ward: Ward) -> None:
    """Proves that cohorts under somebody else's approval are not told."""
    study(ward)
    approve(ward, Role.RESEARCHER)
    made = select(ward)
    assert [id_ for id_, _ in list_cohorts(ward[Role.RESEARCHER], ward.records)] == [made.id]
    with pytest.raises(AccessError):
        list_cohorts(ward[Role.DATA_SCIENTIST], ward.records)
    approve(ward, Role.DATA_SCIENTIST, reference="IRB 8", training=True)
    assert list_cohorts(ward[Role.DATA_SCIENTIST], ward.records) == []
    with pytest.raises(AccessError):
        show_cohort(ward[Role.DATA_SCIENTIST], ward.records, made.id)


def test_a_withdrawn_patient_is_not_opened_at_all(ward: Ward) -> None:
    """Proves that whoever has withdrawn is left out before anything of theirs is unsealed."""
    patients = study(ward)
    approve(ward, Role.RESEARCHER)
    withdraw(ward[Role.PHYSICIAN], ward.records, patients[2])
    since = length(ward)
    made = select(ward)
    assert made.manifest.number == 5
    assert patients[2] not in {one.subject for one in audited(ward, since)}
