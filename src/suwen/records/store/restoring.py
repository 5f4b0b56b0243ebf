"""Restoring a backup into a new store, on SQLite or PostgreSQL, whichever it came from."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from suwen.errors import FormatError, NotFoundError, StoreError, TamperError
from suwen.records.durable import keep
from suwen.records.keys import open_provider
from suwen.records.store.backup import TABLES, KeyTable, Repository, Snapshot, read_keys, rows_of
from suwen.records.store.blobs import Blobs, object_name
from suwen.records.store.bootstrap import read_bootstrap, unwrap_root, write_bootstrap
from suwen.records.store.engine import writing
from suwen.records.store.schema import drop, upgrade
from suwen.records.store.store import Begun, Opening, Place, Store, beginning, take_place
from suwen.records.store.tables import BLOB, DATA_KEY
from suwen.records.vault import derive

__all__ = ["Restored", "restore", "snapshots_in"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Restored:
    """A restored store (open), the snapshot it was made from, and patients (ids) who were erased since."""

    store: Store
    snapshot: str
    erased: tuple[bytes, ...]


@dataclass
class _Counted:
    """How far a restore has come."""

    total: int
    progress: Progress
    done: int = 0

    def plus(self, count: int) -> None:
        """Say that so many more rows or objects are there."""
        self.done += count
        self.progress(self.done, self.total)


def snapshots_in(address: str) -> list[str]:
    """Names of the snapshots in a repository, oldest first; needs no key. Raises NotFoundError."""
    _require_repository(address)
    return Repository(address, key=bytes(32)).snapshots()


def restore(
    address: str,
    folder: Path,
    place: Place,
    opening: Opening,
    *,
    snapshot: str = "",
    first: Callable[[Restored], None] = lambda _restored: None,
    progress: Progress = lambda _done, _all: None,
) -> Restored:
    """Make a store in an empty folder from a snapshot (the newest when not named).

    `place` says where the database and the objects go; keys stay with the provider they were with. `first` writes what
    the log must say of it. When it fails, nothing is left; killed, it is run again.
    Raises InputError, NotFoundError, TamperError, KeyProviderError.
    """
    _require_repository(address)
    with beginning(folder, place) as begun, contextlib.ExitStack() as undo:
        restored = _fill(Blobs(address, folder=Path("/")), folder, place, opening, (snapshot, begun), progress)
        undo.callback(restored.store.close)
        first(restored)
        undo.pop_all()
    return restored


def _require_repository(address: str) -> None:
    if "://" not in address and not (Path(address) / "suwen-backup.json").is_file():
        raise NotFoundError(f"there is no backup in {address}", zh=f"{address} 中没有备份")


def _fill(
    objects: Blobs, folder: Path, place: Place, opening: Opening, wanted: tuple[str, Begun], progress: Progress
) -> Restored:
    for name in ("store.json", "keys.json"):
        if objects.size(name) is not None:
            keep(folder / name, objects.pieces(name))
    bootstrap, seal = read_bootstrap(folder)
    provider = open_provider(bootstrap.provider, folder=folder, secret=opening.secret)
    root = unwrap_root(bootstrap, seal, provider)
    repository = Repository(objects.address, key=derive(root, "suwen backup 1"))
    name = _chosen(repository, wanted[0])
    bootstrap = replace(bootstrap, database=place.database, blobs=place.blobs, ca_file=place.ca_file)
    with contextlib.ExitStack() as undo:
        store = Store(folder, bootstrap, root, provider, opening)
        undo.callback(store.close)
        take_place(store, wanted[1])
        undo.callback(drop, store.engine)  # on PostgreSQL they would stay when the folder is cleared
        frames = repository.frames(f"snapshots/{name}.sealed")
        said = _said(next(frames))
        upgrade(store.engine, to=said.schema)
        counted = _Counted(sum(said.rows.values()) + said.rows["blob"], progress)
        erased = _fill_tables(store, frames, said, read_keys(repository), repository, counted)
        upgrade(store.engine)
        _fill_objects(store, repository, counted)
        store.witness.create(said.checkpoint)
        write_bootstrap(folder, bootstrap, root)
        undo.pop_all()
    return Restored(store, name, tuple(sorted(erased)))


def _chosen(repository: Repository, snapshot: str) -> str:
    known = repository.snapshots()
    if not known:
        raise NotFoundError(
            f"{repository.address} holds no whole snapshot; back up again",
            zh=f"{repository.address} 没有完整的快照；请重新备份",
        )
    if snapshot and snapshot not in known:
        raise NotFoundError(
            f"there is no snapshot {snapshot}; there are {', '.join(known[-5:])}",
            zh=f"没有快照 {snapshot}；有 {'、'.join(known[-5:])}",
        )
    return snapshot or known[-1]


def _said(frame: bytes) -> Snapshot:
    content = json.loads(frame)
    if content.pop("format") != 1:
        raise FormatError("the backup is of a newer Suwen; install it", zh="该备份由更新版本的 Suwen 生成；请升级")
    return Snapshot(**content)


def _fill_tables(
    store: Store, frames: Iterator[bytes], said: Snapshot, keys: KeyTable, repository: Repository, counted: _Counted
) -> set[bytes]:
    """All rows in one transaction; patients whose key is no longer kept were erased since, and come back as erased."""
    columns = {table.name: [column.name for column in table.columns] for table in TABLES}
    tables = {table.name: table for table in TABLES}
    seen = dict.fromkeys(tables, 0)
    gone: set[bytes] = set()
    with writing(store.engine) as connection:
        for frame in frames:
            name, rows = rows_of(frame)
            values = [dict(zip(columns[name], row, strict=True)) for row in rows]
            seen[name] += len(values)
            if name == "patient":
                gone |= {row["id"] for row in values if row["generation"] and _lost(row, keys)}
            kept = [_erased(row) if name == "patient" and row["id"] in gone else row for row in values]
            kept = [row for row in kept if row.get("patient") not in gone]
            if kept:
                connection.execute(insert(tables[name]), kept)
            if name == "patient":
                _fill_keys(store, connection, kept, keys, repository)
            counted.plus(len(rows))
    if seen != said.rows:
        raise TamperError("the snapshot does not hold the rows it says it holds", zh="快照所含的行与其所述不符")
    return gone


def _lost(row: dict[str, Any], keys: KeyTable) -> bool:
    return (row["id"], row["generation"]) not in keys


def _erased(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "generation": 0, "chart": b""}


def _fill_keys(
    store: Store, connection: Connection, patients: list[dict[str, Any]], keys: KeyTable, repository: Repository
) -> None:
    rows = []
    for one in patients:
        if one["generation"]:
            wrapped = store.provider.wrap(repository.unwrap(keys[one["id"], one["generation"]]))
            rows.append(
                {
                    "patient": one["id"],
                    "generation": one["generation"],
                    "kek": wrapped.kek,
                    "wrapped": wrapped.data,
                    "created": one["created"],
                }
            )
    if rows:
        connection.execute(insert(DATA_KEY), rows)


def _fill_objects(store: Store, repository: Repository, counted: _Counted) -> None:
    with store.snapshot() as connection:
        rows = connection.execute(select(BLOB.c.id, BLOB.c.generation, BLOB.c.stored)).all()
    for row in rows:
        name = object_name(row.id, row.generation)
        stored = store.blobs.put(name, repository.objects.pieces(f"objects/{name}"))
        if stored != row.stored:
            raise StoreError(
                f"the backup's object {name} has {stored} bytes, not {row.stored}",
                zh=f"备份的对象 {name} 有 {stored} 字节，而非 {row.stored}",
            )
        counted.plus(1)
