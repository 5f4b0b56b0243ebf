"""Rotation: a new key-encryption key without rewriting a record; new data keys patient by patient, resumable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, select, update

from suwen.errors import ConflictError, NotFoundError, StoreError
from suwen.records.audit import EventKind
from suwen.records.durable import alone
from suwen.records.keys import Wrapped
from suwen.records.store.backup import mark_behind, refresh_keys
from suwen.records.store.blobs import object_name
from suwen.records.store.bootstrap import read_bootstrap, unwrap_root, with_root, write_bootstrap
from suwen.records.store.charts import State, opened
from suwen.records.store.documents import Document
from suwen.records.store.store import Store, Transaction
from suwen.records.store.tables import BLOB, DATA_KEY, PATIENT, RECORD, AnyRow
from suwen.records.vault import (
    Chart,
    PatientKey,
    Place,
    open_head,
    open_range,
    seal_record,
    seal_stream,
)
from suwen.records.vault.stream import HEAD_BYTES

__all__ = ["Progress", "rotate_data_keys", "rotate_kek", "unfinished"]

Progress = Callable[[int, int], None]
_BATCH = 500
_JOB = "data keys"
_JOB_ID = b"data-key-rotate\x01"
_TRIES = 5
_2020 = 1_577_836_800  # seconds from 1970; the column holds 31 bits, which last until 2088


def silent(_done: int, _all: int) -> None:
    """Show nothing."""


def unfinished(store: Store) -> list[str]:
    """Rotations that were begun and not finished: `kek`, `data keys`."""
    with store.snapshot() as connection:
        jobs = [str(one.content["name"]) for one in store.documents.find(connection, "job")]
        left = connection.execute(
            select(func.count()).select_from(DATA_KEY).where(DATA_KEY.c.kek != store.provider.current)
        ).scalar()
    roots = [one.kek for one in store.bootstrap.root]
    return [*(["kek"] if left or roots != [store.provider.current] else []), *jobs]


def rotate_kek(store: Store, *, actor: str, retire: bool = False, progress: Progress = silent) -> str:
    """Wrap every data key anew under a new key-encryption key; a rotation that was interrupted is finished instead.

    `retire` destroys the earlier keys afterwards: copies of the database from before can then no longer be opened.
    Returns the id of the key. A kill at any moment loses nothing: until the end both keys are kept.
    """
    with alone(store.folder / "rotate-kek.lock"):
        _reread_bootstrap(store)
        return _rotate_kek(store, actor, retire, progress)


def _reread_bootstrap(store: Store) -> None:
    """Another process may have rotated since this one opened the store. Raises TamperError."""
    bootstrap, seal = read_bootstrap(store.folder)
    unwrap_root(bootstrap, seal, store.provider)
    store.bootstrap = bootstrap


def _rotate_kek(store: Store, actor: str, retire: bool, progress: Progress) -> str:
    if "kek" not in unfinished(store):
        store.provider.rotate()
    current = store.provider.current
    used = {one.kek for one in store.bootstrap.root}
    _wrap_root(store, keep=True)
    used |= set(_rewrap_all(store, actor, progress))
    _wrap_root(store, keep=False)
    listed = store.provider.earlier
    earlier = [*listed, *sorted(used - {current, *listed})] if retire else []
    if earlier:  # until the keys are destroyed, a backup's old store.json and new keys.json open with each other
        refresh_keys(store)
    with store.transaction() as ongoing:
        mark_behind(store, ongoing.connection)
        _note(ongoing, actor, {"what": "kek", "kek": current, "retired": earlier})
    for kek in earlier:
        store.provider.retire(kek)
    return current


def _wrap_root(store: Store, *, keep: bool) -> None:
    """Put the root key under the current key; with `keep` also leave it under the earlier one."""
    current = store.provider.current
    new = tuple(one for one in store.bootstrap.root if one.kek == current) or (store.provider.wrap(store.keys.root),)
    old = tuple(one for one in store.bootstrap.root if one.kek != current) if keep else ()
    if store.bootstrap.root != (*old, *new):
        store.bootstrap = with_root(store.bootstrap, (*old, *new))
        write_bootstrap(store.folder, store.bootstrap, store.keys.root)


def _rewrap_all(store: Store, actor: str, progress: Progress) -> Iterator[str]:
    """Wrap data keys anew, a batch a transaction; yields the keys they were wrapped under."""
    stale = DATA_KEY.c.kek != store.provider.current
    with store.snapshot() as connection:
        total = connection.execute(select(func.count()).select_from(DATA_KEY).where(stale)).scalar() or 0
    done = 0
    while True:
        with store.transaction() as ongoing:
            rows = ongoing.connection.execute(select(DATA_KEY).where(stale).limit(_BATCH)).all()
            for row in rows:
                wrapped = store.provider.wrap(store.provider.unwrap(Wrapped(row.kek, row.wrapped)))
                here = and_(DATA_KEY.c.patient == row.patient, DATA_KEY.c.generation == row.generation)
                ongoing.connection.execute(update(DATA_KEY).where(here).values(kek=wrapped.kek, wrapped=wrapped.data))
            if rows:
                _note(ongoing, actor, {"what": "data keys wrapped anew", "count": len(rows)})
        if not rows:
            return
        done += len(rows)
        progress(done, total)
        yield from {row.kek for row in rows}


def rotate_data_keys(store: Store, *, actor: str, progress: Progress = silent) -> int:
    """Give every patient a new data key and seal their records and images under it; how many patients.

    One patient is one transaction: killed, it goes on where it stopped. Progress is patients done of all.
    """
    # alone: a second renewal would write other objects under the same names
    with alone(store.folder / "rotate-data.lock"):
        return _rotate_data_keys(store, actor, progress)


def _rotate_data_keys(store: Store, actor: str, progress: Progress) -> int:
    began = _job(store, actor)
    with store.snapshot() as connection:
        total = connection.execute(select(func.count()).select_from(PATIENT).where(PATIENT.c.generation > 0)).scalar()
    left = _left(store, began)
    done = (total or 0) - len(left)
    for patient in left:
        _rotate_patient(store, patient, actor)
        done += 1
        progress(done, total or 0)
    with store.transaction() as ongoing:
        for job in store.documents.find(ongoing.connection, "job"):
            if job.id == _JOB_ID:
                store.documents.remove(ongoing.connection, job)
        _note(ongoing, actor, {"what": "data keys renewed", "count": len(left)})
    return len(left)


def _job(store: Store, actor: str) -> int:
    """When the rotation under way began, or now that one begins. Raises StoreError when the clock is behind a key."""
    with store.transaction() as ongoing:
        for job in store.documents.find(ongoing.connection, "job"):
            if job.id == _JOB_ID:
                return int(job.content["began"])
        newest = ongoing.connection.execute(select(func.max(DATA_KEY.c.created))).scalar() or 0
        if newest >= ongoing.at:  # keys made "later" would be taken for renewed and passed by
            raise StoreError(
                "this machine's clock is behind the newest data key; set it right, then rotate",
                zh="本机时钟落后于最新的数据密钥；请校时后再更换",
            )
        content = {"name": _JOB, "began": ongoing.at}
        store.documents.put(ongoing.connection, Document("job", _JOB_ID, content))
        _note(ongoing, actor, {"what": "renewal of data keys begun"})
        return ongoing.at


def _left(store: Store, began: int) -> list[bytes]:
    query = (
        select(PATIENT.c.id)
        .join(DATA_KEY, and_(DATA_KEY.c.patient == PATIENT.c.id, DATA_KEY.c.generation == PATIENT.c.generation))
        .where(DATA_KEY.c.created < began)
        .order_by(PATIENT.c.id)
    )
    with store.snapshot() as connection:
        return list(connection.execute(query).scalars())


def _rotate_patient(store: Store, patient: bytes, actor: str) -> None:
    for attempt in range(1, _TRIES + 1):
        try:
            with store.snapshot() as connection:
                state = store.charts.state(connection, patient)
                blobs = connection.execute(select(BLOB).where(BLOB.c.patient == patient)).all()
            fresh = store.charts.new_key(patient, _next(state.key.generation, store.now()))
            sizes = {row.id: _reseal_blob(store, row, state.key, fresh[0]) for row in blobs}
            with store.transaction() as ongoing:
                _renew(ongoing, state, fresh, sizes, actor)
        except NotFoundError:  # erased meanwhile
            return
        except ConflictError:  # somebody wrote meanwhile; the objects are sealed again
            if attempt == _TRIES:
                raise
            continue
        return


def _next(generation: int, at: int) -> int:
    """Number of the next generation: seconds since 2020, so that no other life of the store has used it.

    A store restored from a backup and rotated again must not give the number of a key that the same repository keeps
    already: object and key of that number would be taken for the new ones, and nothing could open the next backup.
    """
    return max(generation + 1, at // 1_000_000 - _2020)


def _reseal_blob(store: Store, row: AnyRow, old: PatientKey, new: PatientKey) -> int:
    """Copy an object under the new key, chunk size kept; returns its stored size."""
    name = object_name(row.id, row.generation)

    def read(low: int, high: int) -> bytes:
        return store.blobs.read(name, low, high)

    head = open_head(read(0, HEAD_BYTES), row.id)
    pieces = seal_stream(new, row.id, open_range(old, row.id, read), size=head.size, chunk=head.chunk)
    return store.blobs.put(object_name(row.id, new.generation), pieces)


def _renew(
    ongoing: Transaction, seen: State, fresh: tuple[PatientKey, Wrapped], sizes: dict[bytes, int], actor: str
) -> None:
    """Seal every version under the new key and drop the old one, in one transaction. Raises ConflictError."""
    store, connection, key, patient = ongoing.store, ongoing.connection, fresh[0], seen.key.patient
    state = store.charts.state(connection, patient)
    blobs = connection.execute(select(BLOB.c.id, BLOB.c.generation).where(BLOB.c.patient == patient)).all()
    # the wrapping too: a key-encryption key that was replaced meanwhile may be retired, and with it this data key
    expected = (seen.revision, set(sizes), fresh[1].kek)
    if expected != (state.revision, {row.id for row in blobs}, store.provider.current):
        raise ConflictError(
            "the patient's records were changed meanwhile; try again", zh="其间该患者的记录已被更改；请重试"
        )
    rows = [_resealed(state.key, key, row) for row in store.charts.rows(connection, state)]
    if rows:
        connection.execute(_UPDATE_RECORD, rows)
    if sizes:
        values = [{"blob": blob, "generation": key.generation, "stored": size} for blob, size in sizes.items()]
        connection.execute(_UPDATE_BLOB, values)
    store.charts.keep_key(connection, fresh, at=ongoing.at)
    connection.execute(update(PATIENT).where(PATIENT.c.id == patient).values(generation=key.generation))
    chart = Chart().plus(key, ((row["record"], row["number"], row["mac"]) for row in rows))
    store.charts.keep_chart(connection, State(key, state.revision, state.chart), chart)
    here = and_(DATA_KEY.c.patient == patient, DATA_KEY.c.generation < key.generation)
    connection.execute(delete(DATA_KEY).where(here))
    store.charts.forget(patient)
    _note(ongoing, actor, {"what": "data key renewed", "generation": key.generation}, patient.hex())
    old = [object_name(row.id, row.generation) for row in blobs]
    ongoing.afterwards.append(lambda: store.blobs.delete(old))


def _resealed(old: PatientKey, new: PatientKey, row: AnyRow) -> dict[str, Any]:
    one = opened(old, row)
    place = Place(one.id, one.version, one.at, one.withdrawn)
    sealed = seal_record(new, place, one.kind, one.payload, blobs=one.blobs)
    return {
        "patient_": one.patient,
        "record": one.id,
        "number": one.version,
        "generation": new.generation,
        "tag": new.type_tag(one.kind),
        "body": sealed[:-16],
        "mac": sealed[-16:],
    }


_UPDATE_RECORD = update(RECORD).where(
    RECORD.c.patient == bindparam("patient_"),
    RECORD.c.id == bindparam("record"),
    RECORD.c.version == bindparam("number"),
)
_UPDATE_BLOB = update(BLOB).where(BLOB.c.id == bindparam("blob"))


def _note(ongoing: Transaction, actor: str, detail: dict[str, Any], subject: str = "") -> None:
    ongoing.note(EventKind.KEY, actor=actor, act="manage keys", purpose="HOPERAT", subject=subject, detail=detail)
