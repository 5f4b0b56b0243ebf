"""Backup: everything, sealed, into a repository of its own; images are copied once; erased patients stay erased.

A repository (a folder, or an object store by URL), format 1:

    suwen-backup.json          which store it belongs to; canonical JSON, readable
    store.json, keys.json      copies of the store's files of these names; they protect themselves (the latter is there
                               with the file provider only)
    keys.sealed                data keys of every patient not erased, of all generations any snapshot needs
    snapshots/NAME.sealed      the tables of one moment without data keys; NAME is the time (UTC) and the log's size
    objects/…                  sealed images and signals, under the names they have in the store

keys.sealed and snapshots:  "SUWENBAK" | 01 | salt (32) | frames (vault/frames.py) under HKDF-SHA256(backup key, salt,
"suwen backup 1" | name), bound to these 41 bytes and the name. Frames of a snapshot: JSON of the snapshot (schema,
time, checkpoint of the log, rows of each table), then batches of rows: JSON of [table, [[column, …], …]], bytes in
base64 as {"b": …}. Frames of keys.sealed: JSON of [patient, generation, key], the key wrapped (AES-KWP) under a key
derived from the backup key.

Because data keys stand in one file that every backup and every erasure replaces, an erased patient cannot be opened
from any earlier snapshot either. A snapshot is one object, so a killed backup leaves none or a whole one.
"""

from __future__ import annotations

import base64
import io
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import keywrap
from sqlalchemy import Connection, Table, func, select

from suwen.errors import ConflictError, InputError, NotFoundError, StoreError, TamperError
from suwen.records.keys import Wrapped
from suwen.records.store.blobs import Blobs, object_name
from suwen.records.store.documents import Document
from suwen.records.store.log import read_head
from suwen.records.store.schema import SCHEMA
from suwen.records.store.store import Store, Transaction
from suwen.records.store.tables import BLIND, BLOB, DATA_KEY, DOCUMENT, ENTRY, HEAD, PATIENT, RECORD, TILE
from suwen.records.vault import derive, open_frames, seal_frames

__all__ = [
    "REHEARSAL",
    "TABLES",
    "KeyTable",
    "Repository",
    "Snapshot",
    "back_up",
    "is_rehearsal",
    "mark_behind",
    "mark_rehearsal",
    "read_keys",
    "refresh_keys",
    "repositories",
    "rows_of",
]

TABLES = (PATIENT, RECORD, BLOB, BLIND, DOCUMENT, ENTRY, TILE, HEAD)  # in the order they can be inserted
Progress = Callable[[int, int], None]
KeyTable = dict[tuple[bytes, int], bytes]
_MAGIC = b"SUWENBAK\x01"
REHEARSAL = b"rehearsal-of-it."  # id of the document that marks one
_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment kept in a repository: its name, when (microseconds UTC), the log's checkpoint, rows of each table."""

    name: str
    schema: str
    at: int
    checkpoint: str
    rows: dict[str, int]


class Repository:
    """The objects of one backup repository and the key they are sealed under."""

    def __init__(self, address: str, *, key: bytes) -> None:
        self.address = address
        self._key = key
        self.objects = Blobs(address, folder=Path("/"))

    def mark(self, store: str) -> None:
        """Say whose backup this is, or refuse one of another store. Raises InputError, StoreError."""
        said = json.dumps({"format": 1, "store": store}, sort_keys=True).encode()
        if self.objects.size("suwen-backup.json") is None:
            if next(iter(self.objects.all()), None) is not None:
                raise InputError(
                    f"{self.address} holds something else; name an empty place for the backup",
                    zh=f"{self.address} 已有其他内容；请为备份指定空的位置",
                )
            self.objects.put("suwen-backup.json", [said])
        elif self.plain("suwen-backup.json") != said:
            raise InputError(
                f"{self.address} is the backup of another store; name another place",
                zh=f"{self.address} 是另一存储的备份；请另指定位置",
            )

    def plain(self, name: str) -> bytes:
        """A small unsealed object."""
        return b"".join(self.objects.pieces(name))

    def put(self, name: str, frames: Iterator[bytes]) -> int:
        """Seal frames into one object; its size."""
        head = _MAGIC + secrets.token_bytes(32)
        sealed = seal_frames(self._key_of(head, name), head + name.encode(), frames)
        return self.objects.put(name, _after(head, sealed))

    def frames(self, name: str) -> Iterator[bytes]:
        """The frames of a sealed object. Raises TamperError."""
        source = io.BufferedReader(_Reading(self.objects, name), 1 << 20)
        head = source.read(len(_MAGIC) + 32)
        if head[: len(_MAGIC)] != _MAGIC:
            raise TamperError(
                f"{name} in the backup is damaged, or of a newer Suwen",
                zh=f"备份中的 {name} 已损坏，或由更新版本的 Suwen 写入",
            )
        return open_frames(source, self._key_of(head, name), head + name.encode())

    def snapshots(self) -> list[str]:
        """Names of the snapshots, oldest first."""
        found = (one.name for one in self.objects.all("snapshots"))
        return sorted(name.removeprefix("snapshots/").removesuffix(".sealed") for name in found)

    def wrap(self, key: bytes) -> bytes:
        """A data key wrapped for keys.sealed."""
        return keywrap.aes_key_wrap_with_padding(derive(self._key, "suwen backup wrap 1"), key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """A data key from keys.sealed. Raises TamperError."""
        try:
            return keywrap.aes_key_unwrap_with_padding(derive(self._key, "suwen backup wrap 1"), wrapped)
        except keywrap.InvalidUnwrap:
            raise TamperError("a data key in the backup was changed", zh="备份中的一个数据密钥被改动") from None

    def _key_of(self, head: bytes, name: str) -> bytes:
        return derive(self._key, b"suwen backup 1" + name.encode(), salt=head[len(_MAGIC) :])


class _Reading(io.RawIOBase):
    """An object read from the front, piece by piece."""

    def __init__(self, objects: Blobs, name: str) -> None:
        self._objects, self._name, self._at = objects, name, 0
        size = objects.size(name)
        if size is None:
            raise NotFoundError(f"the backup holds no {name}", zh=f"备份中没有 {name}")
        self._size = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        high = min(self._size, self._at + len(buffer))
        if high == self._at:
            return 0
        piece = self._objects.read(self._name, self._at, high)
        buffer[: len(piece)] = piece
        self._at = high
        return len(piece)


def _after(head: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from pieces


def repositories(store: Store, connection: Connection) -> list[Document]:
    """The repositories this store is backed up to: address, last backup, whether its keys are behind an erasure."""
    return store.documents.find(connection, "backup")


def back_up(
    store: Store, address: str, *, note: Callable[[Transaction, str], None], progress: Progress = lambda _d, _a: None
) -> str:
    """Back everything up; the name of the snapshot. Images that are there already are not copied again.

    Progress is objects and rows done of all. Killed, it is simply run again.
    """
    if is_rehearsal(store):
        raise InputError(
            "this store is a rehearsal of a restore; the real one is backed up, not its copy",
            zh="该存储是恢复演练；应备份正式存储，而非其副本",
        )
    repository = Repository(address, key=store.keys.backup)
    repository.mark(store.bootstrap.id)
    with store.transaction() as ongoing:  # known before it holds a key: an erasure must find it even after a kill
        _remember(store, ongoing.connection, address, "", behind=True)
    with store.snapshot() as connection:
        head = read_head(connection)
        counts = {table.name: _count(connection, table) for table in TABLES}
        taken = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        snapshot = Snapshot(f"{taken}-{head.size}", SCHEMA, store.now(), head.checkpoint, counts)
        total = sum(counts.values()) + counts["blob"]
        done = _copy_objects(store, repository, connection, lambda one: progress(one, total))
        # keys before the snapshot: a snapshot that is there can always be opened
        _write_keys(store, repository, connection)
        frames = _frames(connection, snapshot, lambda one: progress(done + one, total))
        repository.put(f"snapshots/{snapshot.name}.sealed", frames)
    behind = not _refreshed(store, address)  # whoever was erased while it was made is in the keys of its moment
    with store.transaction() as ongoing:
        _remember(store, ongoing.connection, address, snapshot.name, behind=behind)
        note(ongoing, snapshot.name)
    return snapshot.name


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar() or 0


def _copy_objects(store: Store, repository: Repository, connection: Connection, progress: Callable[[int], None]) -> int:
    here = {one.name: one.size for one in repository.objects.all("objects")}
    done = 0
    for row in connection.execute(select(BLOB.c.id, BLOB.c.generation, BLOB.c.stored)):
        name = object_name(row.id, row.generation)
        if here.get(f"objects/{name}") != row.stored:
            _copy_object(store, repository, name)
        done += 1
        progress(done)
    return done


def _copy_object(store: Store, repository: Repository, name: str) -> None:
    try:
        repository.objects.put(f"objects/{name}", store.blobs.pieces(name))
    except TamperError:
        if store.blobs.size(name) is not None:
            raise
        # the snapshot still names what a rotation or an erasure beside it has just removed
        said = "an image was renewed or erased while the backup was made; back up again"
        raise ConflictError(
            f"{said} (if it says so again, `suwen records verify`)",
            zh="备份期间存储有变动；请重试（若再次出现，请运行 `suwen records verify`）",
        ) from None


def _frames(connection: Connection, snapshot: Snapshot, progress: Callable[[int], None]) -> Iterator[bytes]:
    said = {name: getattr(snapshot, name) for name in Snapshot.__slots__}
    yield json.dumps({"format": 1, **said}, sort_keys=True).encode()
    done = 0
    for table in TABLES:
        query = select(table).order_by(*table.primary_key.columns)
        for rows in connection.execute(query).partitions(_ROWS):
            yield json.dumps([table.name, [[_plain(value) for value in row] for row in rows]]).encode()
            done += len(rows)
            progress(done)


def _plain(value: Any) -> Any:
    return {"b": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def rows_of(frame: bytes) -> tuple[str, list[list[Any]]]:
    """Table and rows in one frame of a snapshot."""
    table, rows = json.loads(frame)
    return table, [[base64.b64decode(one["b"]) if isinstance(one, dict) else one for one in row] for row in rows]


def _remember(store: Store, connection: Connection, address: str, snapshot: str, *, behind: bool) -> None:
    id_ = store.keys.blind.tag("backup", address)
    known = [one for one in repositories(store, connection) if one.id == id_]
    last = snapshot or (str(known[0].content["snapshot"]) if known else "")
    content = {"address": address, "snapshot": last, "behind": behind}
    revision = known[0].revision if known else 0
    store.documents.put(connection, Document("backup", id_, content, revision=revision))


def mark_rehearsal(store: Store, connection: Connection) -> None:
    """Make a restored store one that knows no backup and is never backed up: what is done in it reaches no other."""
    for one in repositories(store, connection):
        store.documents.remove(connection, one)
    store.documents.put(connection, Document("mark", REHEARSAL, {"what": "rehearsal"}))


def is_rehearsal(store: Store) -> bool:
    """Whether the store was restored only to try."""
    with store.snapshot() as connection:
        return store.documents.exists(connection, "mark", REHEARSAL)


def mark_behind(store: Store, connection: Connection) -> None:
    """Note that the keys in every repository are to be brought up to date, in the transaction that makes them stale.

    What follows is `refresh_keys`; should it be killed or not reach one, `suwen records check` finds the note.
    """
    for one in repositories(store, connection):
        store.documents.put(connection, replace(one, content={**one.content, "behind": True}))


def read_keys(repository: Repository) -> KeyTable:
    """The data keys kept in a repository, by patient and generation; empty where none are yet. Raises TamperError."""
    if repository.objects.size("keys.sealed") is None:
        return {}
    found: KeyTable = {}
    for frame in repository.frames("keys.sealed"):
        patient, generation, wrapped = json.loads(frame)
        found[base64.b64decode(patient), generation] = base64.b64decode(wrapped)
    return found


def _write_keys(store: Store, repository: Repository, connection: Connection) -> None:
    """Replace the keys: those kept before and those of now, without the erased; and the files that lead to them."""
    table = read_keys(repository)
    for row in connection.execute(select(DATA_KEY)):
        if (row.patient, row.generation) not in table:
            plain = store.provider.unwrap(Wrapped(row.kek, row.wrapped))
            table[row.patient, row.generation] = repository.wrap(plain)
    erased = set(connection.execute(select(PATIENT.c.id).where(PATIENT.c.generation == 0)).scalars())
    kept = (
        json.dumps([base64.b64encode(patient).decode(), generation, base64.b64encode(wrapped).decode()]).encode()
        for (patient, generation), wrapped in sorted(table.items())
        if patient not in erased
    )
    repository.put("keys.sealed", kept)
    for name in ("keys.json", "store.json"):  # killed in between, the newer keys still open what the older file wraps
        if (store.folder / name).exists():
            repository.objects.put(name, [(store.folder / name).read_bytes()])


def refresh_keys(store: Store) -> list[str]:
    """After an erasure or a rotation: bring the keys of every repository up to date; addresses that were not reached.

    Those are remembered as behind; `suwen records check` tries them again.
    """
    with store.snapshot() as connection:
        known = repositories(store, connection)
    missed = []
    for one in known:
        address = str(one.content["address"])
        behind = not _refreshed(store, address)
        if behind:
            missed.append(address)
        if behind != one.content["behind"]:
            with store.transaction() as ongoing:
                content = {**one.content, "behind": behind}
                store.documents.put(ongoing.connection, Document("backup", one.id, content, revision=one.revision))
    return missed


def _refreshed(store: Store, address: str) -> bool:
    if "://" not in address and not Path(address).is_dir():  # an absent disk is not made anew
        return False
    try:
        repository = Repository(address, key=store.keys.backup)
        repository.mark(store.bootstrap.id)
        with store.snapshot() as connection:
            _write_keys(store, repository, connection)
    except (StoreError, InputError):
        return False
    return True
