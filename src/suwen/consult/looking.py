"""Looking at a patient once: the decision, the record, what was filed, and what whoever looks may do, in one piece."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from suwen.consult.chart import Record, shown
from suwen.consult.consultation import consultation_of
from suwen.consult.nouns import Consultation
from suwen.errors import ConflictError
from suwen.records.access import Act, Purpose, Resource, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Records, Work, patient_id
from suwen.records.noted import open_newest
from suwen.records.people import Actor
from suwen.records.store import charts
from suwen.records.store.documents import Document
from suwen.records.together import Together, read

__all__ = ["Look", "last_looked", "look", "may"]

LOOK = "look"  # kind of the document that keeps when somebody last looked at a patient
_ACTS = (Act.VIEW, Act.DIAGNOSE, Act.ORDER, Act.ANNOTATE, Act.EXPORT)
_VISIT = 30 * 60 * 1_000_000  # microseconds: looks closer together are one visit, and show the same as new


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found.

    `may` holds the acts that this patient's record is open to for `purpose`. `before` is when the actor looked last,
    in microseconds UTC, 0 never. `records` are as `open_patient` gives them; `consultation` only where asked for.
    """

    patient: str
    purpose: Purpose
    may: frozenset[Act]
    at: int
    before: int
    records: tuple[Record, ...] = field(repr=False)
    consultation: Consultation | None = field(default=None, repr=False)


def look(
    actor: Actor,
    records: Records | Together,
    patient: str,
    *,
    kinds: Iterable[str] = (),
    consulted: bool = False,
    keep: bool = False,
    take: bool = False,
) -> Look:
    """Open a patient's record for treatment, or where only broken glass allows it for the emergency.

    With `consulted` what was filed last is read too (of all kinds of record). With `keep` it is remembered that the
    actor looked. With `take` what is shown leaves the house as a file: that needs the act "export" and is audited.
    With `Together` in place of the records, others who look at the same moment share the transaction.
    Raises as `open_patient`, NotFoundError where nobody is registered and `consulted` is asked for.
    """
    raw = patient_id(patient)

    def act(work: Work) -> tuple[Look, list[charts.Record]]:
        return _look(work, raw, kinds=() if consulted else kinds, keep=keep, take=take)

    seen, found = read(records, actor, Purpose.TREATMENT, act)
    # what was opened is put together once the others have their turn
    consultation = consultation_of(found, raw) if consulted else None
    return replace(seen, records=tuple(map(shown, found)), consultation=consultation)


def _look(
    first: Work, patient: bytes, *, kinds: Iterable[str], keep: bool, take: bool
) -> tuple[Look, list[charts.Record]]:
    """Decide, open, note; what is written comes last, so that nothing of a look that was refused stays."""
    resource = first.resource(patient)
    work, may = _for_purpose(first, resource)
    work.require_on(Act.VIEW, resource)
    if take:
        work.require_on(Act.EXPORT, resource)
    found = open_newest(work, patient, kinds=kinds)
    if take:
        work.note(EventKind.EXPORT, act=Act.EXPORT.value, subject=patient.hex(), detail={"recipient": "file"})
    before = _looked(work, patient, keep=keep)
    return Look(patient.hex(), work.purpose, may, at=work.at, before=before, records=()), found


def may(actor: Actor, records: Records, patient: str, act: Act, *, purpose: Purpose = Purpose.TREATMENT) -> bool:
    """Whether an act on a patient's record would be permitted: for what is offered, never instead of a decision.

    Nothing is opened, told or noted. Raises LoginError, NotFoundError for what is no id.
    """
    with records.acting(actor, purpose) as work:
        return work.permits(act, ResourceKind.PATIENT, patient=patient_id(patient))


def last_looked(work: Work, patient: bytes) -> tuple[Document | None, int]:
    """The document that keeps when the actor of the work last looked, and that time in microseconds (0 never)."""
    found = work.store.documents.find(work.connection, LOOK, first=patient, second=bytes.fromhex(work.actor.id))
    return (found[0], int(found[0].content["at"])) if found else (None, 0)


def _for_purpose(work: Work, patient: Resource) -> tuple[Work, frozenset[Act]]:
    """The work itself, or where treatment does not open the record and broken glass does, the work of an emergency.

    With the acts that are open to it.
    """
    may = work.permitted(_ACTS, patient)
    if Act.VIEW in may:
        return work, may
    hurried = work.under(Purpose.EMERGENCY)
    allowed = hurried.permitted(_ACTS, patient)
    return (hurried, allowed) if Act.VIEW in allowed else (work, may)


def _looked(work: Work, patient: bytes, *, keep: bool) -> int:
    """When the actor looked before this visit; with `keep` this look is kept."""
    document, at = last_looked(work, patient)
    content = document.content if document else {"at": 0, "before": 0}
    before = int(content["before"]) if work.at - at < _VISIT else at
    state_changed = work.at - at >= 60_000_000  # a reload within a minute writes nothing
    if keep and state_changed:
        who = bytes.fromhex(work.actor.id)
        id_ = hashlib.sha256(patient + who).digest()[:16]
        revision = document.revision if document else 0
        with contextlib.suppress(ConflictError):  # somebody's other window was faster: that look counts
            new = Document(LOOK, id_, {"at": work.at, "before": before}, patient, who, revision)
            work.store.documents.put(work.connection, new)
    return before
