"""Patients and their records in the database: sealed rows, optimistic versions, and a chart that misses nothing."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from suwen.errors import ConflictError, InputError, NotFoundError, TamperError
from suwen.records.keys import KeyProvider, Wrapped
from suwen.records.store.keys import StoreKeys
from suwen.records.store.tables import BLIND, BLOB, DATA_KEY, PATIENT, RECORD, AnyRow
from suwen.records.vault import (
    BlobRef,
    Chart,
    PatientKey,
    Place,
    new_data_key,
    open_chart,
    open_record,
    seal_chart,
    seal_record,
)

__all__ = ["Charts", "Draft", "Record", "State"]

_MAC = 16
_ASKED = 500  # patients of one query
_REMEMBERED = 4096  # opened data keys kept in memory, so that a round of visits asks the key provider once


@dataclass(frozen=True, slots=True)
class Draft:
    """A version to be written: `id` None makes a new record, else `base` is the version it was read as.

    `blobs` are already stored sealed, with their stored size each.
    """

    kind: str
    payload: bytes
    id: bytes | None = None
    base: int = 0
    withdrawn: bool = False
    blobs: tuple[tuple[BlobRef, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """An opened version of a record: ids of 16 bytes, version from 1, time in microseconds UTC, its payload."""

    patient: bytes
    id: bytes
    version: int
    at: int
    kind: str
    payload: bytes = field(repr=False)
    blobs: tuple[BlobRef, ...] = ()
    withdrawn: bool = False
    generation: int = 1


@dataclass(frozen=True, slots=True)
class State:
    """A patient as stored: the keys in use, the revision of the chart, the chart."""

    key: PatientKey
    revision: int
    chart: Chart


class Charts:
    """Reads and writes sealed records; every method takes the connection of its transaction."""

    def __init__(self, keys: StoreKeys, provider: KeyProvider) -> None:
        self._keys = keys
        self.provider = provider
        self._opened: dict[tuple[bytes, int, bytes], PatientKey] = {}

    # Patients and keys

    def create(self, connection: Connection, *, at: int, key: tuple[PatientKey, Wrapped] | None = None) -> bytes:
        """Make a patient with a data key (a given one, or a fresh one) and an empty chart; the id (16 random bytes).

        Raises ConflictError when the given key was wrapped under a key-encryption key that was replaced meanwhile.
        """
        if key is not None and key[1].kek != self.provider.current:  # that one may be retired any moment
            raise ConflictError(
                "the key-encryption key was replaced meanwhile; try again", zh="其间主密钥已更换；请重试"
            )
        key = key or self.new_key(secrets.token_bytes(16), 1)
        patient = key[0].patient
        rows = [{"id": patient, "generation": 1, "revision": 0, "chart": seal_chart(key[0], Chart(), 0), "created": at}]
        connection.execute(insert(PATIENT), rows)
        self.keep_key(connection, key, at=at)
        return patient

    def new_key(self, patient: bytes, generation: int) -> tuple[PatientKey, Wrapped]:
        """A fresh data key, derived for use and wrapped for keeping."""
        data_key = new_data_key()
        return PatientKey(data_key, patient=patient, generation=generation), self.provider.wrap(data_key)

    def keep_key(self, connection: Connection, key: tuple[PatientKey, Wrapped], *, at: int) -> None:
        """Insert a wrapped data key."""
        opened, wrapped = key
        values = {"patient": opened.patient, "generation": opened.generation, "created": at}
        connection.execute(insert(DATA_KEY), [{**values, "kek": wrapped.kek, "wrapped": wrapped.data}])

    def unwrapped(self, patient: bytes, generation: int, wrapped: Wrapped) -> PatientKey:
        """The keys of a patient from a stored data key. Raises TamperError, KeyProviderError."""
        place = (patient, generation, wrapped.data)
        key = self._opened.get(place)
        if key is None:
            key = PatientKey(self.provider.unwrap(wrapped), patient=patient, generation=generation)
            while len(self._opened) >= _REMEMBERED:
                self._opened.pop(next(iter(self._opened)), None)
            self._opened[place] = key
        return key

    def state(self, connection: Connection, patient: bytes) -> State:
        """Keys and chart of a patient. Raises NotFoundError when unknown or erased, TamperError."""
        row = connection.execute(_STATE, {"patient": patient}).first()
        if row is None:
            raise NotFoundError(f"there is no patient {patient.hex()}", zh=f"没有患者 {patient.hex()}")
        return self._state(row)

    def states(self, connection: Connection, patients: Sequence[bytes]) -> dict[bytes, State]:
        """Keys and charts of those of several patients who are there. Raises TamperError."""
        found: dict[bytes, State] = {}
        for low in range(0, len(patients), _ASKED):
            for row in connection.execute(_STATES, {"patients": patients[low : low + _ASKED]}):
                with contextlib.suppress(NotFoundError):  # erased
                    found[row.id] = self._state(row)
        return found

    def _state(self, row: AnyRow) -> State:
        patient, generation, revision, sealed, kek, wrapped = row
        if not generation:
            raise NotFoundError(
                f"the records of patient {patient.hex()} were erased; nothing can open them",
                zh=f"患者 {patient.hex()} 的记录已销毁，无法再打开",
            )
        if wrapped is None:
            raise TamperError(
                f"the data key of patient {patient.hex()} is missing; restore it from a backup",
                zh=f"缺少患者 {patient.hex()} 的数据密钥；请从备份恢复",
            )
        key = self.unwrapped(patient, generation, Wrapped(kek, wrapped))
        return State(key, revision, open_chart(key, sealed, revision))

    def forget(self, patient: bytes) -> None:
        """Drop the opened keys of a patient from memory."""
        for place in [one for one in self._opened if one[0] == patient]:
            self._opened.pop(place, None)

    # Writing

    def write(self, connection: Connection, state: State, drafts: Sequence[Draft], *, at: int) -> list[Record]:
        """Seal and insert versions, raise the chart. Raises ConflictError when a base is not the newest version."""
        key = state.key
        self._require_newest(connection, key, [draft for draft in drafts if draft.base])
        records = [_record(key, draft, at) for draft in drafts]
        sealed = [seal_record(key, _place(one), one.kind, one.payload, blobs=one.blobs) for one in records]
        rows = [_row(key, one, body) for one, body in zip(records, sealed, strict=True)]
        try:
            connection.execute(insert(RECORD), rows)
        except IntegrityError:
            raise ConflictError(
                "a record was changed by somebody else since it was read; read it again",
                zh="读取之后该记录已被他人更改；请重新读取",
            ) from None
        self._keep_blobs(connection, records, drafts)
        seen = [(one.id, one.version, body) for one, body in zip(records, sealed, strict=True)]
        self.keep_chart(connection, state, state.chart.plus(key, seen))
        return records

    def keep_chart(self, connection: Connection, state: State, chart: Chart) -> None:
        """Store the next revision of a chart. Raises ConflictError when another transaction was first."""
        revision = state.revision + 1
        values = {"revision": revision, "chart": seal_chart(state.key, chart, revision)}
        here = (PATIENT.c.id == state.key.patient, PATIENT.c.revision == state.revision)
        if connection.execute(update(PATIENT).where(*here).values(values)).rowcount != 1:
            raise ConflictError(
                "the patient's records were changed by somebody else meanwhile; try again",
                zh="其间该患者的记录已被他人更改；请重试",
            )

    def _require_newest(self, connection: Connection, key: PatientKey, drafts: Sequence[Draft]) -> None:
        if not drafts:
            return
        ids = [draft.id for draft in drafts]
        query = select(RECORD.c.id, RECORD.c.version, RECORD.c.tag).where(RECORD.c.patient == key.patient)
        newest: dict[bytes, tuple[int, bytes]] = {}
        for low in range(0, len(ids), 500):
            rows = connection.execute(query.where(RECORD.c.id.in_(ids[low : low + 500])).order_by(RECORD.c.version))
            newest.update((row[0], (row[1], row[2])) for row in rows)
        for draft in drafts:
            if draft.id not in newest:
                raise NotFoundError(
                    "the record to be changed does not exist for this patient", zh="要更改的记录在该患者名下不存在"
                )
            version, tag = newest[draft.id]
            if version != draft.base:
                raise ConflictError(
                    f"the record was read as version {draft.base} and is now version {version}; read it again",
                    zh=f"读取的是第 {draft.base} 版，现已是第 {version} 版；请重新读取",
                )
            if tag != key.type_tag(draft.kind):  # a finding must not vanish under a note
                raise InputError(
                    "a record keeps its kind through all versions; withdraw it and write another",
                    zh="记录的各版本类型须一致；请撤回后另写一条",
                )

    @staticmethod
    def _keep_blobs(connection: Connection, records: Sequence[Record], drafts: Sequence[Draft]) -> None:
        rows = [
            {
                "id": blob.id,
                "patient": one.patient,
                "record": one.id,
                "version": one.version,
                "generation": one.generation,
                "stored": stored,
            }
            for one, draft in zip(records, drafts, strict=True)
            for blob, stored in draft.blobs
        ]
        if rows:
            connection.execute(insert(BLOB), rows)

    # Reading

    def newest(
        self, connection: Connection, state: State, *, as_of: int | None = None, kinds: Iterable[str] = ()
    ) -> list[Record]:
        """The newest version of each record (as it was at `as_of` microseconds), without the withdrawn ones, by time.

        Raises TamperError when any version of any record of the patient is missing, was added or was set back.
        """
        wanted = set(kinds)
        chosen: dict[bytes, AnyRow] = {}
        for row in self.rows(connection, state):  # ordered by record and version
            if as_of is not None:
                opened(state.key, row)
            if as_of is None or row.at <= as_of:
                chosen[row.id] = row
        # Every row is opened before it is left out: the chart does not cover the columns time, withdrawn and tag, and
        # whoever can write to the database must not make a record vanish by changing one of them.
        found = (opened(state.key, row) for row in chosen.values())
        shown = (one for one in found if not one.withdrawn and (not wanted or one.kind in wanted))
        return sorted(shown, key=lambda one: (one.at, one.id))

    def rows(self, connection: Connection, state: State) -> Sequence[AnyRow]:
        """Every sealed version of a patient's records, held against the chart. Raises TamperError."""
        rows = connection.execute(_ROWS, {"patient": state.key.patient}).all()
        require_whole(state, ((row.id, row.version, row.mac) for row in rows))
        return rows

    def history(self, connection: Connection, state: State, record: bytes) -> list[Record]:
        """Every version of one record, oldest first, held against the chart. Raises NotFoundError, TamperError."""
        light = select(RECORD.c.id, RECORD.c.version, RECORD.c.mac).where(RECORD.c.patient == state.key.patient)
        require_whole(state, (tuple(row) for row in connection.execute(light)))
        here = and_(RECORD.c.patient == state.key.patient, RECORD.c.id == record)
        rows = connection.execute(select(RECORD).where(here).order_by(RECORD.c.version)).all()
        if not rows:
            raise NotFoundError(
                f"there is no record {record.hex()} for this patient", zh=f"该患者没有记录 {record.hex()}"
            )
        return [opened(state.key, row) for row in rows]

    # Blind index

    def index(self, connection: Connection, patient: bytes, fields: Iterable[tuple[str, str]]) -> None:
        """Replace what a patient is found by: pairs of field and value."""
        connection.execute(delete(BLIND).where(BLIND.c.patient == patient))
        tags = {self._keys.blind.tag(field, value) for field, value in fields if value.strip()}
        if tags:
            connection.execute(insert(BLIND), [{"tag": tag, "patient": patient} for tag in sorted(tags)])

    def find(self, connection: Connection, fields: Sequence[tuple[str, str]]) -> list[bytes]:
        """Patients whose every field has the given value."""
        found: set[bytes] | None = None
        for field_, value in fields:
            tag = self._keys.blind.tag(field_, value)
            here = set(connection.execute(select(BLIND.c.patient).where(BLIND.c.tag == tag)).scalars())
            found = here if found is None else found & here
        return sorted(found or ())


_EVERY_STATE: Select[Any] = select(
    PATIENT.c.id, PATIENT.c.generation, PATIENT.c.revision, PATIENT.c.chart, DATA_KEY.c.kek, DATA_KEY.c.wrapped
).select_from(
    PATIENT.outerjoin(DATA_KEY, and_(DATA_KEY.c.patient == PATIENT.c.id, DATA_KEY.c.generation == PATIENT.c.generation))
)
_STATE = _EVERY_STATE.where(PATIENT.c.id == bindparam("patient"))
_STATES = _EVERY_STATE.where(PATIENT.c.id.in_(bindparam("patients", expanding=True)))


_ROWS = select(RECORD).where(RECORD.c.patient == bindparam("patient")).order_by(RECORD.c.id, RECORD.c.version)


def opened(key: PatientKey, row: AnyRow) -> Record:
    """The record in a row. Raises TamperError."""
    if row.withdrawn not in (0, 1) or row.generation != key.generation:
        raise TamperError(
            f"a row of record {row.id.hex()} was changed; see `suwen records verify`",
            zh=f"记录 {row.id.hex()} 的一行被改动；请参阅 `suwen records verify`",
        )
    place = Place(row.id, row.version, row.at, bool(row.withdrawn))
    kind, blobs, payload = open_record(key, place, row.tag, row.body + row.mac)
    return Record(key.patient, row.id, row.version, row.at, kind, payload, blobs, place.withdrawn, row.generation)


def require_whole(state: State, rows: Iterable[tuple[bytes, int, bytes]]) -> None:
    """Hold (record, version, mac) of all rows against the chart. Raises TamperError."""
    if Chart().plus(state.key, rows) != state.chart:
        raise TamperError(
            f"the records of patient {state.key.patient.hex()} are not those last written: one was removed, added or "
            "set back; see `suwen records verify`",
            zh=f"患者 {state.key.patient.hex()} 的记录与最后写入时不符："
            "有记录被移除、添加或退回旧版；请参阅 `suwen records verify`",
        )


def _record(key: PatientKey, draft: Draft, at: int) -> Record:
    id_ = draft.id or secrets.token_bytes(16)
    blobs = tuple(blob for blob, _ in draft.blobs)
    return Record(
        key.patient, id_, draft.base + 1, at, draft.kind, draft.payload, blobs, draft.withdrawn, key.generation
    )


def _place(record: Record) -> Place:
    return Place(record.id, record.version, record.at, record.withdrawn)


def _row(key: PatientKey, record: Record, sealed: bytes) -> dict[str, Any]:
    return {
        "patient": record.patient,
        "id": record.id,
        "version": record.version,
        "at": record.at,
        "withdrawn": int(record.withdrawn),
        "generation": record.generation,
        "tag": key.type_tag(record.kind),
        "body": sealed[:-_MAC],
        "mac": sealed[-_MAC:],
    }
