"""Checking a store for what killed writers left: objects no record names, half-written files, unended work."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from suwen.errors import StoreError
from suwen.records.store.backup import refresh_keys, repositories
from suwen.records.store.blobs import is_object_name, object_name
from suwen.records.store.log import read_head
from suwen.records.store.rotation import unfinished
from suwen.records.store.store import Store
from suwen.records.store.tables import BLOB

__all__ = ["GRACE", "Found", "check", "clean"]

GRACE = 3600.0  # seconds: a writer stores its objects before the record that names them


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found: objects without a record (name, bytes), half-written files, what is unfinished or behind."""

    orphans: tuple[tuple[str, int], ...]
    leftovers: tuple[Path, ...]
    rotations: tuple[str, ...]
    backups_behind: tuple[str, ...]
    witness_damaged: bool

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to do."""
        whole = not (self.orphans or self.leftovers or self.rotations or self.backups_behind)
        return whole and not self.witness_damaged


def check(store: Store, *, grace: float = GRACE) -> Found:
    """Look for what is left over and older than `grace` seconds, so that writers at work are left alone."""
    edge = store.clock() - grace
    # objects first: one that is stored and named between the two looks is then not taken for an orphan
    objects = [one for one in store.blobs.all() if one.at <= edge and is_object_name(one.name)]
    with store.snapshot() as connection:
        rows = connection.execute(select(BLOB.c.id, BLOB.c.generation))
        named = {object_name(row.id, row.generation) for row in rows}
        behind = [str(one.content["address"]) for one in repositories(store, connection) if one.content["behind"]]
    return Found(
        tuple((one.name, one.size) for one in objects if one.name not in named),
        tuple(store.blobs.leftovers(older_than=grace)),
        tuple(unfinished(store)),
        tuple(behind),
        any(isinstance(one, str) for one in store.witness.slots()),
    )


def clean(store: Store, found: Found) -> list[str]:
    """Remove what was found and bring backups up to date; addresses of backups that are still behind.

    Rotations are not finished here (`suwen records rotate` does); a damaged witness is written anew only from a log
    that reaches at least as far as the undamaged slot says.
    """
    store.blobs.delete(name for name, _ in found.orphans)
    for path in found.leftovers:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
    if found.witness_damaged:
        _renew_witness(store)
    return refresh_keys(store) if found.backups_behind else []


def _renew_witness(store: Store) -> None:
    store.require_not_set_back()
    with store.snapshot() as connection:
        head = read_head(connection)
    if head.size < store.witness.newest().size:
        raise StoreError(
            "the log is shorter than the witness says; see `suwen records verify`",
            zh="日志短于见证文件所述；请参阅 `suwen records verify`",
        )
    store.witness.create(head.checkpoint)
