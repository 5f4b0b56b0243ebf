"""Charts that were held against their seals: which versions there are and what references in them mean; no content.

A chart is opened whole once. From then on a reader opens one record, which must be the very one that was found then:
its seal is remembered. Whoever changes, removes or sets back a row of it is told as if all had been opened again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import and_, bindparam, select

from suwen.consult.fhir.held import resource_in
from suwen.consult.fhir.rest.house import Elsewhere, address_key, condition_key
from suwen.consult.fhir.rest.names import Named
from suwen.errors import TamperError
from suwen.formats.fhir import Stored
from suwen.records.demographics import KIND as DEMOGRAPHICS
from suwen.records.demographics import Demographics
from suwen.records.gate import Work
from suwen.records.store.charts import Record, State, opened, require_whole
from suwen.records.store.tables import RECORD, AnyRow
from suwen.records.vault import Chart

__all__ = ["Seen", "Whole", "Wholes", "newest_of"]

_REMEMBERED = 400_000  # records of all charts together, some 150 MB
_CHUNK = 400
_ONE = select(RECORD).where(
    RECORD.c.patient == bindparam("patient"),
    RECORD.c.id == bindparam("record"),
    RECORD.c.version == bindparam("version"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest version of a record: its kind, when the first and the last came (microseconds UTC), its seal.

    `served` where it holds a resource.
    """

    kind: str
    version: int
    first: int
    last: int
    mac: bytes
    withdrawn: bool
    served: bool
    targets: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """A chart as it was when it was found whole: the newest of each record, and what addresses in it point at."""

    state: State
    newest: dict[bytes, Seen] = field(default_factory=dict)
    targets: dict[bytes, Named] = field(default_factory=dict)
    elsewhere: Mapping[bytes, Named] = field(default_factory=dict)

    @property
    def patient(self) -> bytes:
        """Id of the patient, 16 bytes."""
        return self.state.key.patient

    def of_kind(self, *kinds: str) -> list[bytes]:
        """The records of these kinds that hold something, in the order in which they came."""
        found = [(one.first, id_) for id_, one in self.newest.items() if one.kind in kinds and not one.withdrawn]
        return [id_ for _, id_ in sorted(found)]

    def served(self, kind: str) -> list[bytes]:
        """The records of resources of a type, in the order in which they came."""
        return [one for one in self.of_kind(kind) if self.newest[one].served]

    def target(self, source: str, reference: str) -> Named | None:
        """What a reference in a resource of `source` points at, None where that is not here."""
        key = address_key(source, reference)
        return self.targets.get(key) or self.elsewhere.get(key)

    def identified(self, kind: str, system: str, value: str) -> Named | None:
        """What of the directory an identifier names."""
        return self.elsewhere.get(condition_key(kind, system, value))

    def register(self) -> bytes | None:
        """The record that says who the patient is."""
        found = self.of_kind(DEMOGRAPHICS)
        return found[-1] if found else None

    def speaker(self) -> bytes | None:
        """The record of the Patient resource that is served, None where nobody brought one."""
        found = self.served("Patient")
        return found[-1] if found else None

    def who(self) -> list[bytes]:
        """The record that says who the patient is, as it is served."""
        found = self.speaker() or self.register()
        return [found] if found is not None else []


class Wholes:
    """The charts known whole, the least used forgotten first; threads share one.

    No key is kept here: what was erased must not be opened by what a process remembers.
    """

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._most = most
        self._known: dict[bytes, _Known] = {}
        self._total = 0
        self.elsewhere = Elsewhere()
        self._lock = threading.Lock()

    def of(self, work: Work, patient: bytes) -> Whole:
        """A chart as it is in this transaction, after `work.require`. Raises NotFoundError, TamperError."""
        known = self._taken(patient)
        state = work.store.charts.state(work.connection, patient)
        place = (state.key.generation, state.revision, state.chart)
        if known is not None and known.place == place:
            found = Whole(state, known.newest, known.targets, self.elsewhere.of(work))
        else:
            found = replace(_found(work, state, known), elsewhere=self.elsewhere.of(work))
            known = _Known(place, found.newest, found.targets)
        self._keep(patient, known)
        return found

    def _taken(self, patient: bytes) -> _Known | None:
        with self._lock:
            known = self._known.pop(patient, None)
            self._total -= len(known.newest) if known is not None else 0
        return known

    def _keep(self, patient: bytes, known: _Known) -> None:
        with self._lock:
            before = self._known.pop(patient, None)  # another reader's who was as quick
            self._known[patient] = known
            self._total += len(known.newest) - (len(before.newest) if before is not None else 0)
            while self._total > self._most and len(self._known) > 1:
                self._total -= len(self._known.pop(next(iter(self._known))).newest)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is remembered of a chart. It is a hash over every sealed version: the same chart is the same rows."""

    place: tuple[int, int, Chart]
    newest: dict[bytes, Seen]
    targets: dict[bytes, Named]


def _found(work: Work, state: State, known: _Known | None) -> Whole:
    here = RECORD.c.patient == state.key.patient
    light = select(RECORD.c.id, RECORD.c.version, RECORD.c.mac, RECORD.c.at).where(here).order_by(RECORD.c.version)
    rows = work.connection.execute(light).all()
    require_whole(state, ((row.id, row.version, row.mac) for row in rows))
    first: dict[bytes, int] = {}
    newest: dict[bytes, AnyRow] = {}
    for row in rows:
        first.setdefault(row.id, row.at)
        newest[row.id] = row
    before = known.newest if known is not None and known.place[0] == state.key.generation else {}
    kept = {id_: seen for id_, seen in before.items() if id_ in newest and seen.mac == newest[id_].mac}
    new = [id_ for id_ in newest if id_ not in kept]
    whole = Whole(state, kept)
    for record in _opened(work, state, new):
        whole.newest[record.id] = _seen(record, first[record.id], newest[record.id].mac)
    _aim(whole)
    return whole


def _opened(work: Work, state: State, ids: Sequence[bytes]) -> Iterable[Record]:
    for low in range(0, len(ids), _CHUNK):
        wanted = and_(RECORD.c.patient == state.key.patient, RECORD.c.id.in_(ids[low : low + _CHUNK]))
        last = {row.id: row for row in work.connection.execute(select(RECORD).where(wanted).order_by(RECORD.c.version))}
        for row in last.values():
            yield opened(state.key, row)


def _seen(record: Record, first: int, mac: bytes) -> Seen:
    stored = resource_in(record)
    targets: tuple[bytes, ...] = ()
    if stored is not None:
        targets = tuple(_addresses(stored))
    elif record.kind == DEMOGRAPHICS and not record.withdrawn:
        targets = tuple(_known_as(Demographics.from_bytes(record.payload)))
    return Seen(record.kind, record.version, first, record.at, mac, record.withdrawn, stored is not None, targets)


def _addresses(stored: Stored) -> Iterable[bytes]:
    """Under which addresses other resources point at this one: those of its own source, and where no source is said."""
    id_ = stored.resource.get("id")
    if isinstance(id_, str) and id_:
        local = f"{stored.kind}/{id_}"
        yield address_key(stored.source, local)
        yield address_key("", local)
    if stored.full_url:
        yield address_key(stored.source, stored.full_url)


def _known_as(who: Demographics) -> Iterable[bytes]:
    for one in who.addresses:
        source, mark, local = one.removeprefix("fhir:").rpartition("|")
        if mark:
            yield address_key(source, local)


def _aim(whole: Whole) -> None:
    """Where several systems give one address to different resources, it is that of the first without a source."""
    for id_, seen in sorted(whole.newest.items(), key=lambda one: (one[1].first, one[0])):
        is_patient = seen.kind in {"Patient", DEMOGRAPHICS}
        at = Named("Patient", whole.patient) if is_patient else Named(seen.kind, whole.patient, id_)
        for target in seen.targets:
            whole.targets.setdefault(target, at)


def newest_of(work: Work, whole: Whole, ids: Sequence[bytes]) -> list[Record]:
    """Open the newest version of records of a chart, in the order given. Raises TamperError."""
    if len(ids) == 1:
        return [_exactly(work, whole, ids[0])]
    found: dict[bytes, Record] = {}
    for low in range(0, len(ids), _CHUNK):
        wanted = and_(RECORD.c.patient == whole.patient, RECORD.c.id.in_(ids[low : low + _CHUNK]))
        for row in work.connection.execute(select(RECORD).where(wanted)):
            if row.version == whole.newest[row.id].version:
                found[row.id] = _as_seen(whole, row)
    if len(found) < len(set(ids)):
        raise _missing(whole)
    return [found[one] for one in ids]


def _exactly(work: Work, whole: Whole, record: bytes) -> Record:
    version = whole.newest[record].version
    row = work.connection.execute(_ONE, {"patient": whole.patient, "record": record, "version": version}).first()
    if row is None:
        raise _missing(whole)
    return _as_seen(whole, row)


def _as_seen(whole: Whole, row: AnyRow) -> Record:
    if row.mac != whole.newest[row.id].mac:
        raise _missing(whole)
    return opened(whole.state.key, row)


def _missing(whole: Whole) -> TamperError:
    return TamperError(
        f"the records of patient {whole.patient.hex()} are not those last written: one was removed, added or set back; "
        "see `suwen records verify`"
    )
