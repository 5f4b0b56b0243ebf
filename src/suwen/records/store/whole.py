"""Verifying a store: is everything there that was written, as it was written, and nothing else?"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from suwen.errors import SuwenError, TamperError
from suwen.records.audit import Checkpoint, EventKind, Frontier, Scan
from suwen.records.audit import verify as verify_checkpoint
from suwen.records.audit.merkle import TILE_WIDTH
from suwen.records.demographics import KIND, Demographics
from suwen.records.store.blobs import object_name
from suwen.records.store.charts import State, opened
from suwen.records.store.engine import is_sqlite
from suwen.records.store.log import entries, entry_chunks, read_head
from suwen.records.store.register import Register
from suwen.records.store.store import Store
from suwen.records.store.tables import BLIND, BLOB, DATA_KEY, ENTRY, PATIENT, RECORD, TILE, AnyRow
from suwen.records.vault import open_range

__all__ = ["Fault", "Report", "verify", "verify_log"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong: where it is (log, pages, a patient's or record's id, an object) and what."""

    where: str
    what: str


@dataclass
class Report:
    """What was looked at, how many of each, and what is wrong with it."""

    entries: int = 0
    patients: int = 0
    versions: int = 0
    images: int = 0
    documents: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def say(self, where: str, what: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(where, what))

    @contextlib.contextmanager
    def telling(self, where: str) -> Iterator[None]:
        """What fails inside is a fault, not the end of verifying."""
        try:
            yield
        except SuwenError as error:
            self.say(where, str(error))
        except SQLAlchemyError as error:
            self.say(where, f"the database cannot read it ({type(error).__name__}): damaged")


def silent(_what: str, _done: int, _all: int) -> None:
    """Show nothing."""


def verify(
    store: Store, *, log_only: bool = False, checkpoints: Sequence[Checkpoint] = (), progress: Progress = silent
) -> Report:
    """Hold everything against everything: pages, log, documents, charts, records, digests, images, blind index.

    `checkpoints` are signed ones kept elsewhere. Never stops at the first fault. `log_only` verifies the log alone.
    """
    report = Report()
    if not log_only:
        with report.telling("pages"):
            _pages(store, report)
    with report.telling("log"):
        _witness(store, report)
        verify_log(store, report, checkpoints=checkpoints, progress=progress)
    if not log_only:
        with report.telling("documents"), store.snapshot() as connection:
            _documents(store, connection, report)
        with (
            report.telling("patients"),
            store.snapshot() as connection,
        ):  # one moment, for others may write
            _patients(store, connection, report, _digests(store, connection, report), progress)
    return report


def _pages(store: Store, report: Report) -> None:
    """On SQLite: every page's HMAC, the structure of the trees, the references between tables."""
    if not is_sqlite(store.engine):
        return
    for pragma in ("cipher_integrity_check", "integrity_check", "foreign_key_check"):
        with report.telling("pages"), store.snapshot() as connection:
            for row in connection.execute(text(f"PRAGMA {pragma}")):
                if row[0] != "ok":
                    report.say("pages", f"{pragma.replace('_', ' ')}: {' '.join(str(one) for one in row)[:200]}")


def _witness(store: Store, report: Report) -> None:
    for slot, one in enumerate(store.witness.slots(), start=1):
        if not isinstance(one, Checkpoint):
            report.say("log", f"{one} (slot {slot}); `suwen records check` writes it anew once all else is whole")


def verify_log(
    store: Store, report: Report, *, checkpoints: Sequence[Checkpoint] = (), progress: Progress = silent
) -> None:
    """Every entry, in order, against its leaf, its tile, its place, and every checkpoint there is."""
    with store.snapshot() as connection:
        signed = [one for one in store.witness.slots() if isinstance(one, Checkpoint)]
        head = read_head(connection)
        with report.telling("log"):
            signed.append(_head_checkpoint(store, head.checkpoint, head.size))
        ours = [one for one in [*signed, *checkpoints] if one.origin == store.origin]
        if len(ours) != len(signed) + len(checkpoints):
            report.say("log", f"a checkpoint is of another log than {store.origin}")
        total = connection.execute(select(func.count()).select_from(ENTRY)).scalar() or 0
        scan = Scan(store.keys.entries, _once(ours), tile=_tile(connection))
        for sealed, leaves in entry_chunks(connection):
            scan.feed(sealed, leaves)
            report.entries += len(sealed)
            progress("log", report.entries, total)
    found = scan.finish()
    report.faults.extend(Fault("log", one.what) for one in found.faults)
    if found.whole and (found.size != head.size or not _same_frontier(head.size, head.frontier, found.root)):
        report.say("log", f"the head says {head.size} entries with another tree than the {found.size} there are")
    with report.telling("log"), store.snapshot() as connection:
        _tiles(connection, report)


def _tiles(connection: Connection, report: Report) -> None:
    """Every tile the log is long enough for is there, none else, and each upper one is over those below it.

    The scan holds the lowest against the entries; without this one that is missing would only be missed by a proof.
    """
    size = read_head(connection).size
    shape = select(TILE.c.level, func.count(), func.min(TILE.c.position), func.max(TILE.c.position))
    found = {row[0]: tuple(row[1:]) for row in connection.execute(shape.group_by(TILE.c.level))}
    counts = {level: size // TILE_WIDTH**level for level in range(1, 8) if size >= TILE_WIDTH**level}
    if found != {level: (count, 0, count - 1) for level, count in counts.items()}:
        report.say("log", "stored tiles of its tree are missing, or stand in another place")
    for row in connection.execute(select(TILE).where(TILE.c.level > 1)):
        low = row.position * TILE_WIDTH
        below = select(TILE.c.hash).where(TILE.c.level == row.level - 1, TILE.c.position >= low)
        below = below.where(TILE.c.position < low + TILE_WIDTH).order_by(TILE.c.position)
        if _root(list(connection.execute(below).scalars())) != row.hash:
            report.say("log", f"the stored tile {row.position} of level {row.level} is not over those below it")


def _root(nodes: Sequence[bytes]) -> bytes:
    tree = Frontier.empty()
    tree.extend(nodes)
    return tree.root()


def _once(checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
    return list({(one.size, one.root): one for one in checkpoints}.values())


def _head_checkpoint(store: Store, signed: str, size: int) -> Checkpoint:
    checkpoint = verify_checkpoint(signed, store.log_key)
    if checkpoint.size != size:
        raise TamperError(
            f"the head of the log says {size} entries, its checkpoint {checkpoint.size}",
            zh=f"日志首部称有 {size} 条，其检查点为 {checkpoint.size} 条",
        )
    return checkpoint


def _same_frontier(size: int, packed: bytes, root: bytes | None) -> bool:
    try:
        return bool(Frontier.from_bytes(size, packed).root() == root)
    except TamperError:
        return False


def _tile(connection: Connection) -> Callable[[int, int], bytes | None]:
    def tile(level: int, position: int) -> bytes | None:
        query = select(TILE.c.hash).where(TILE.c.level == level, TILE.c.position == position)
        return connection.execute(query).scalar()

    return tile


def _documents(store: Store, connection: Connection, report: Report) -> None:
    """Each opens, and together they are those that the register in the head of the log counts."""
    with report.telling("documents"):
        head = read_head(connection)
        register = store.keys.register.open(head.register, size=head.size, frontier=head.frontier)
        if _head_checkpoint(store, head.checkpoint, head.size).state != store.keys.register.digest(register):
            report.say("documents", "the register of documents is not the one that was signed")
        found = store.keys.register.changed(Register(), gone=(), come=store.documents.registered(connection))
        if found != register:
            report.say(
                "documents",
                f"{found.count} accounts, sessions, relationships and the like are not the {register.count} last "
                "written: one was deleted, put back or set back",
            )
    for row in store.documents.each(connection):
        report.documents += 1
        with report.telling(f"{row.kind} {row.id.hex()}"):
            store.documents.opened(row)


@dataclass
class _Said:
    """What the log says was sealed: the digest of each version by (patient, record, version); and who was erased."""

    digests: dict[tuple[str, str, int], str] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    registered: set[str] = field(default_factory=set)
    times: dict[str, set[int]] = field(default_factory=dict)  # when something of a patient was sealed or rekeyed


def _digests(store: Store, connection: Connection, report: Report) -> _Said:
    said = _Said()
    with report.telling("log"):
        for entry in entries(connection):
            if not entry.subject_tag:
                continue
            try:
                event = store.keys.entries.open(entry)
            except TamperError:  # told by the scan
                continue
            if event.kind in (EventKind.SEAL, EventKind.KEY):
                said.times.setdefault(event.subject, set()).add(event.at)
            if event.kind is EventKind.ERASE:
                said.erased.add(event.subject)
            elif event.kind is EventKind.SEAL:
                said.registered.add(event.subject)
                listed = event.detail["records"]
                for one in listed if isinstance(listed, list) else ():
                    record, version, digest = str(one).split(":")
                    said.digests[event.subject, record, int(version)] = digest
    return said


def _patients(store: Store, connection: Connection, report: Report, said: _Said, progress: Progress) -> None:
    query = select(PATIENT.c.id, PATIENT.c.generation, PATIENT.c.created).order_by(PATIENT.c.id)
    rows = connection.execute(query).all()
    for done, row in enumerate(rows, start=1):
        name = row.id.hex()
        report.patients += 1
        with report.telling(f"patient {name}"):
            if row.generation:
                _patient(store, connection, report, row.id, said)
            elif name not in said.erased:
                report.say(f"patient {name}", "is marked as erased, and the log knows of no erasure")
            else:
                _left_over(connection, report, row.id)
        if row.created not in said.times.get(name, ()):
            report.say(f"patient {name}", "was registered at another time than the log says")
        progress("patients", done, len(rows))
    gone = said.registered - said.erased - {row.id.hex() for row in rows}
    for name in sorted(gone):
        report.say(f"patient {name}", "is in the log and no longer in the store")
    with report.telling("keys"):
        _strays(connection, report, said)


def _left_over(connection: Connection, report: Report, patient: bytes) -> None:
    for table in (DATA_KEY, RECORD, BLOB, BLIND):
        query = select(func.count()).select_from(table).where(table.c.patient == patient)
        if connection.execute(query).scalar():
            report.say(f"patient {patient.hex()}", f"was erased, and still has rows in {table.name}")


def _strays(connection: Connection, report: Report, said: _Said) -> None:
    query = select(DATA_KEY.c.patient, DATA_KEY.c.generation, DATA_KEY.c.created, PATIENT.c.generation).join(
        PATIENT, PATIENT.c.id == DATA_KEY.c.patient
    )
    for patient, generation, created, current in connection.execute(query):
        if created not in said.times.get(patient.hex(), ()):  # else a rotation could be made to pass a patient by
            report.say(f"patient {patient.hex()}", "has a data key of another time than the log says")
        if current and generation != current:
            report.say(f"patient {patient.hex()}", f"has a data key of generation {generation} that nothing uses")


def _patient(store: Store, connection: Connection, report: Report, patient: bytes, said: _Said) -> None:
    state = store.charts.state(connection, patient)
    name = patient.hex()
    here = set()
    blobs: dict[bytes, tuple[bytes, int]] = {}
    newest: Demographics | None = None
    with report.telling(f"patient {name}"):
        store.charts.rows(connection, state)
    query = select(RECORD).where(RECORD.c.patient == patient).order_by(RECORD.c.id, RECORD.c.version)
    for row in connection.execute(query):
        report.versions += 1
        place = f"record {row.id.hex()} version {row.version}"
        here.add((name, row.id.hex(), row.version))
        with report.telling(place):
            one = opened(state.key, row)
            digest = store.keys.digest(patient, one.id, one.version, one.kind, one.payload)
            if said.digests.get((name, one.id.hex(), one.version)) != digest:
                report.say(place, "is not what the log says was written")
            blobs.update((blob.id, (one.id, one.version)) for blob in one.blobs)
            if one.kind == KIND and not one.withdrawn:
                newest = Demographics.from_bytes(one.payload)
    for missing in sorted(key for key in said.digests if key[0] == name and key not in here):
        report.say(f"record {missing[1]} version {missing[2]}", "is in the log and no longer in the store")
    _blobs(store, connection, report, state, blobs)
    _blind(store, connection, report, patient, newest)


def _blobs(
    store: Store, connection: Connection, report: Report, state: State, named: dict[bytes, tuple[bytes, int]]
) -> None:
    rows = {row.id: row for row in connection.execute(select(BLOB).where(BLOB.c.patient == state.key.patient))}
    for blob in sorted(set(named) ^ set(rows)):
        report.say(f"image {blob.hex()}", "is named by no record" if blob in rows else "is named and not stored")
    for blob in sorted(set(named) & set(rows)):
        row, before = rows[blob], len(report.faults)
        report.images += 1
        with report.telling(f"image {blob.hex()}"):
            if (row.record, row.version) != named[blob] or row.generation != state.key.generation:
                report.say(f"image {blob.hex()}", "is filed under another record or key than it belongs to")
            name = object_name(blob, row.generation)
            if store.blobs.size(name) != row.stored:
                report.say(f"image {blob.hex()}", "has another size than was stored")
            for _ in open_range(state.key, blob, lambda low, high, name=name: store.blobs.read(name, low, high)):  # type: ignore[misc]
                pass
        if len(report.faults) > before and _overtaken(store, row):
            del report.faults[before:]


def _overtaken(store: Store, row: AnyRow) -> bool:
    """Whether an image was renewed or erased after the moment that is verified: objects are not part of a snapshot."""
    with store.snapshot() as connection:
        now = connection.execute(select(BLOB.c.generation).where(BLOB.c.id == row.id)).scalar()
    return bool(now != row.generation)


def _blind(store: Store, connection: Connection, report: Report, patient: bytes, newest: Demographics | None) -> None:
    wanted = {store.keys.blind.tag(one, value) for one, value in newest.fields()} if newest else set()
    found = set(connection.execute(select(BLIND.c.tag).where(BLIND.c.patient == patient)).scalars())
    if wanted != found:
        report.say(f"patient {patient.hex()}", "is found by other identifiers or names than the records hold")
