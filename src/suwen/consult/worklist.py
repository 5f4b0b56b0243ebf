"""One's own patients at a glance: what is new since one looked, what alarms, what waits for a review."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from suwen.consult.chart import Record, shown
from suwen.consult.consultation import consultation_of
from suwen.consult.looking import LOOK
from suwen.consult.nouns import Consultation, Filed
from suwen.consult.studies import StudyLine, studies_in
from suwen.records.access import Act, Purpose, Resource
from suwen.records.audit import EventKind
from suwen.records.demographics import Demographics
from suwen.records.gate import Records, Work
from suwen.records.people import Actor
from suwen.records.store import charts
from suwen.records.together import Together, read

__all__ = ["ALARMING", "Glance", "Glimpses", "list_glances"]

ALARMING = 2  # urgency from which on a finding alarms: today
_REMEMBERED = 4096
_NAMED = 500  # records named by one audit entry
_UNTOLD = frozenset({"Consult", "Demographics", "Correction"})  # kinds that are no news to whoever looks


@dataclass(frozen=True, slots=True)
class Glance:
    """What a worklist says of one patient.

    `changed` is when something of interest came last and `looked` when the actor last looked, both in microseconds UTC
    and 0 for never. `news` counts records that came since. `alarming` are findings that stand, of urgency ALARMING or
    more, which nobody has judged; `waiting` counts all that stand unjudged; `first` is what matters most, if anything.
    `studies` are images and electrocardiograms, the latest first.
    `emergency`: the patient is not in the actor's care, and open for a while because the actor broke the glass.
    """

    id: str
    demographics: Demographics
    changed: int
    looked: int
    news: int
    alarming: tuple[Filed, ...] = field(repr=False)
    waiting: int
    first: Filed | None = field(repr=False)
    emergency: bool = False
    studies: tuple[StudyLine, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class _Glimpse:
    """What a chart said at one revision, with the records that were read for it, as the audit log names them."""

    demographics: Demographics
    times: tuple[int, ...]
    alarming: tuple[Filed, ...]
    waiting: int
    first: Filed | None
    named: tuple[str, ...]
    studies: tuple[StudyLine, ...]


class Glimpses:
    """What charts said, by patient and revision, in the memory of one process: opening 500 charts takes a second.

    It answers nobody by itself: `list_glances` has every patient decided and noted before it looks in here. A chart of
    another revision is read anew; one that cannot be read any more (erased) is dropped.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[tuple[int, int], _Glimpse]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, work: Work, patient: bytes, state: charts.State | None) -> _Glimpse | None:
        """What the chart says now, after `work` permitted to view it; None where there is none. Raises TamperError."""
        if state is None:
            with self._lock:
                self._known.pop(patient, None)
            return None
        mark = (state.key.generation, state.revision)
        known = self._known.get(patient)
        if known is not None and known[0] == mark:
            return known[1]
        glimpse = _glimpse(work.store.charts.newest(work.connection, state), patient)
        with self._lock:
            self._known[patient] = (mark, glimpse)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return glimpse


def list_glances(actor: Actor, records: Records | Together, memory: Glimpses) -> list[Glance]:
    """The patients in the actor's care: the alarming first, then those with news, then those that wait, then by name.

    Before them stand those whom the actor took access to in an emergency, for as long as it lasts. With `Together` in
    place of the records, others who ask at the same moment share the transaction. Raises AccessError, TamperError.
    """

    def act(work: Work) -> list[Glance]:
        related = list(work.related().values())
        mine = [one for one in related if one.in_care]
        urgent = [one for one in related if one.broken_glass and not one.in_care]
        looks = _looks(work)
        treated = _glances(work, mine, looks, memory)
        return [*treated, *_glances(work.under(Purpose.EMERGENCY), urgent, looks, memory)]

    return sorted(read(records, actor, Purpose.TREATMENT, act), key=_rank)


def _looks(work: Work) -> dict[str, int]:
    """When the actor last looked at each patient."""
    found = work.store.documents.find(work.connection, LOOK, second=bytes.fromhex(work.actor.id))
    return {one.first.hex(): int(one.content["at"]) for one in found if one.first}


def _glances(work: Work, found: Sequence[Resource], looks: Mapping[str, int], memory: Glimpses) -> Iterator[Glance]:
    """What is said of each patient that may be viewed; not of those erased, or whom nobody has registered."""
    permitted = [bytes.fromhex(one.id) for one in work.allows_each(Act.VIEW, found)]
    states = work.store.charts.states(work.connection, permitted)
    for patient in permitted:
        seen = memory.of(work, patient, states.get(patient))
        if seen is not None:
            yield _glance(work, patient.hex(), looks.get(patient.hex(), 0), seen)


def _glance(work: Work, patient: str, looked: int, seen: _Glimpse) -> Glance:
    work.note(EventKind.OPEN, act=Act.VIEW.value, subject=patient, detail={"records": list(seen.named)})
    return Glance(
        id=patient,
        demographics=seen.demographics,
        changed=max(seen.times, default=0),
        looked=looked,
        news=sum(at > looked for at in seen.times),
        alarming=seen.alarming,
        waiting=seen.waiting,
        first=seen.first,
        emergency=work.purpose is Purpose.EMERGENCY,
        studies=seen.studies,
    )


def _glimpse(found: list[charts.Record], patient: bytes) -> _Glimpse:
    consultation = consultation_of(found, patient)
    unjudged = [one for one in consultation.findings if one.standing and one.verdict is None]
    read = [one for one in map(shown, found) if one.kind in {"Demographics", "Finding"}]
    studies = studies_in(found, consultation.areas)
    return _Glimpse(
        demographics=consultation.demographics,
        times=tuple(one.at for one in found if one.kind not in _UNTOLD),
        alarming=tuple(one for one in unjudged if one.urgency >= ALARMING),
        waiting=len(unjudged),
        first=_first(consultation),
        named=tuple(f"{one.id}:{one.version}" for one in [*read, *_of_studies(found, studies)][:_NAMED]),
        studies=studies,
    )


def _of_studies(found: Iterable[charts.Record], studies: Iterable[StudyLine]) -> Iterator[Record]:
    """The records that the lines of studies were read from."""
    told = {one.record for one in studies}
    return (one for one in map(shown, found) if one.id in told)


def _first(consultation: Consultation) -> Filed | None:
    """What matters most of what stands and nobody rejected."""
    rejected = {one.record for one in consultation.findings if one.verdict and one.verdict.value == "rejected"}
    standing = (one for one in consultation.findings if one.standing and one.record not in rejected)
    return next(standing, None)


def _rank(one: Glance) -> tuple[object, ...]:
    urgent = max((each.urgency for each in one.alarming), default=0)
    return (not one.emergency, -urgent, not one.news, not one.waiting, -one.changed, one.demographics.names, one.id)
