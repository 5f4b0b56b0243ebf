"""Labels for learning: what people said last of each finding, of the patients one may view and of no others."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from bedside import Probe, claim, observation, put
from ward import Ward
from watch import audited, length

from suwen.consult.consultation import consult
from suwen.consult.labels import list_labels
from suwen.consult.nouns import Filed, Verdict
from suwen.consult.reviews import amend_finding, confirm_finding, reject_finding
from suwen.records.access import Role
from suwen.records.audit import EventKind, Outcome

REASON = "seen at the bedside today"


def findings(ward: Ward, patient: str, chance: float = 0.4) -> dict[str, Filed]:
    probe = Probe(answer=lambda id_: [claim(id_, f"A:{number}", chance) for number in range(1, 5)])
    return {
        one.claim: one for one in consult(ward[Role.PHYSICIAN], ward.records, patient, areas=[probe.area()]).findings
    }


def judged(ward: Ward, patient: str) -> dict[str, Filed]:
    """A:1 confirmed, A:2 rejected, A:3 put right to A:7, A:4 left alone."""
    found, physician = findings(ward, patient), ward[Role.PHYSICIAN]
    said = {"base": 1, "reason": REASON}
    confirm_finding(physician, ward.records, patient, found["A:1"].record, **said)
    reject_finding(physician, ward.records, patient, found["A:2"].record, **said)
    right = claim(patient, "A:7", None).finding
    amend_finding(physician, ward.records, patient, found["A:3"].record, **said, finding=right)
    return found


def test_each_verdict_is_a_label(ward: Ward) -> None:
    """Proves what holds for each verdict, by which model and input the claim was made, and silence about the rest."""
    patient = ward.patient(1)
    found = judged(ward, patient)
    labels = {one.claim: one for one in list_labels(ward[Role.PHYSICIAN], ward.records, [patient, patient])}
    said = {name: (one.verdict.value, one.holds, one.code) for name, one in labels.items()}
    assert said == {
        "A:1": ("confirmed", True, "A:1"),
        "A:2": ("rejected", False, ""),
        "A:3": ("amended", False, "A:7"),
    }
    for one in labels.values():
        assert (one.patient, one.area, one.record) == (patient, "probe", found[one.claim].record)
        assert (one.model, one.inputs) == ("probe 1", found[one.claim].inputs)
    assert asdict(labels["A:2"])["verdict"] is Verdict.REJECTED


def test_the_latest_verdict_counts_and_the_version_it_was_about(ward: Ward) -> None:
    """Proves that a change of mind replaces the label, and new data do not change what was judged on the old."""
    patient, physician = ward.patient(1), ward[Role.PHYSICIAN]
    first = judged(ward, patient)
    put(ward, patient, observation("HP:0001100"))
    now = findings(ward, patient, 0.6)
    labels = {one.claim: one for one in list_labels(physician, ward.records, [patient])}
    assert now["A:2"].inputs != first["A:2"].inputs == labels["A:2"].inputs
    confirm_finding(physician, ward.records, patient, now["A:2"].record, base=now["A:2"].version, reason=REASON)
    confirm_finding(physician, ward.records, patient, now["A:3"].record, base=now["A:3"].version, reason=REASON)
    labels = {one.claim: one for one in list_labels(physician, ward.records, [patient])}
    assert (labels["A:2"].holds, labels["A:2"].inputs) == (True, now["A:2"].inputs)
    assert (labels["A:3"].verdict, labels["A:3"].holds, labels["A:3"].code) == (Verdict.CONFIRMED, False, "A:7")


def test_a_claim_that_is_no_longer_made_is_a_label_still(ward: Ward) -> None:
    """Proves that a rejected finding is not lost when the area learns better."""
    patient, physician = ward.patient(1), ward[Role.PHYSICIAN]
    judged(ward, patient)
    put(ward, patient, observation("HP:0001100"))
    consult(physician, ward.records, patient, areas=[Probe().area()])
    claims = {one.claim for one in list_labels(physician, ward.records, [patient])}
    assert claims == {"A:1", "A:2", "A:3"}


@pytest.mark.parametrize("role", [Role.PHYSICIAN, Role.DATA_SCIENTIST, Role.AUDITOR])
def test_patients_one_may_not_view_give_no_label(ward: Ward, role: Role) -> None:
    """Proves that they are left out, that nothing of them is opened, and that the refusal is audited."""
    mine, other = ward.patient(1), ward.hire("other", role) if role is Role.PHYSICIAN else ward[role]
    judged(ward, mine)
    theirs = ward.patient(2, actor=other) if role is Role.PHYSICIAN else ""
    stood = length(ward)
    assert list_labels(other, ward.records, [mine, *filter(None, [theirs])]) == ()
    events = audited(ward, stood, by=other.id, subject=mine)
    assert [one.outcome for one in events if one.kind is EventKind.DECISION] == [Outcome.DENY]
    assert not [one for one in events if one.kind is EventKind.OPEN]
