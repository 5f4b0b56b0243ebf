"""Under which approval somebody works, decided by the access policies before anything is opened."""

from __future__ import annotations

from collections.abc import Sequence

from suwen.cohort.nouns import SMALLEST, Manifest, Use
from suwen.errors import AccessError
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.approvals import Approval, approvals
from suwen.records.gate import Work

__all__ = ["ACTS", "approval_for", "approval_of", "may_see_all", "require", "small"]

# Training is permitted apart from looking, and a cohort for research is there to be taken along.
ACTS = {Use.TRAINING: (Act.VIEW, Act.TRAIN), Use.RESEARCH: (Act.VIEW,)}


def require(work: Work, approval: Approval, *acts: Act) -> None:
    """Have acts on a cohort decided under an approval, each noted. Raises AccessError."""
    for act in acts:
        work.require(act, ResourceKind.COHORT, approval=bytes.fromhex(approval.id))


def approval_for(work: Work, use: Use, criteria: str, named: str, acts: Sequence[Act]) -> Approval:
    """The newest approval that lets the actor select by these criteria (digest) for this use; the acts are decided.

    `named` is the reference or id of the one to be used. Raises AccessError where there is none, or it is narrower.
    """
    mine = [one for one in approvals(work.store, work.connection) if one.permits(work.actor.id, work.at)]
    if named:
        mine = [one for one in mine if named in (one.reference, one.id)]
    fitting = [one for one in mine if one.criteria in ("", criteria) and (one.training or use is Use.RESEARCH)]
    if not mine:
        work.require(Act.VIEW, ResourceKind.COHORT)  # refused, and noted: what nobody approved is not approved
    chosen = (fitting or mine)[-1]
    require(work, chosen, *acts)
    if not fitting:
        narrow = "for training" if use is Use.TRAINING and not chosen.training else "by these criteria"
        raise AccessError(f"the approval {chosen.reference} does not let you select a cohort {narrow}")
    return chosen


def approval_of(work: Work, manifest: Manifest, *acts: Act) -> Approval:
    """The approval that a cohort was selected under, as it is now, with acts under it decided. Raises AccessError."""
    found = [one for one in approvals(work.store, work.connection) if one.id == manifest.approval]
    if not found:
        work.require(Act.VIEW, ResourceKind.COHORT)
    require(work, found[0], *(acts or ACTS[manifest.use]))
    return found[0]


def may_see_all(work: Work, patients: list[bytes]) -> bool:
    """Whether the actor may view each of these patients anyway, as one who treats them; not noted, nothing opened."""
    treating = Work(work.records, work.transaction, work.actor, Purpose.TREATMENT)
    treating.principal = work.principal
    return all(treating.permits(Act.VIEW, ResourceKind.PATIENT, patient=one) for one in patients)


def small(count: int, *, exact: bool) -> str:
    """A count as it is told: below 5 only to somebody who may know of whom it speaks."""
    return str(count) if exact or not 0 < count < SMALLEST else f"<{SMALLEST}"
