"""The audit log in the database: appending events under a signed checkpoint, reading them, proving them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from suwen.errors import AuditError, TamperError
from suwen.records.audit import (
    Checkpoint,
    EntrySealer,
    Event,
    Frontier,
    SealedEntry,
    TiledTree,
    leaf_bytes,
    leaf_hash,
    sign,
)
from suwen.records.store.keys import StoreKeys
from suwen.records.store.register import Register
from suwen.records.store.tables import ENTRY, HEAD, TILE

__all__ = ["LogHead", "append", "entries", "entry_chunks", "read_head", "start_log", "tree"]

_READ = 5000


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where the log stands: number of entries, the right edge of its tree, the newest signed checkpoint.

    `register` is the sealed register of documents (register.py) that belongs to it.
    """

    size: int
    frontier: bytes
    register: bytes
    checkpoint: str


def start_log(connection: Connection, keys: StoreKeys, *, origin: str, at: int) -> str:
    """Make the head of an empty log; its signed checkpoint is returned."""
    empty = Frontier.empty()
    nothing = Register()
    text = sign(Checkpoint(origin, 0, empty.root(), at, keys.register.digest(nothing)), keys.signer)
    row = {"id": 1, "size": 0, "frontier": empty.to_bytes(), "checkpoint": text}
    sealed = keys.register.seal(nothing, size=0, frontier=empty.to_bytes())
    connection.execute(insert(HEAD), [{**row, "register": sealed}])
    return text


_HEAD = select(HEAD.c.size, HEAD.c.frontier, HEAD.c.register, HEAD.c.checkpoint).where(HEAD.c.id == 1)
_LOCKED_HEAD = _HEAD.with_for_update()


def read_head(connection: Connection, *, lock: bool = False) -> LogHead:
    """The head; with `lock` no other transaction appends until this one ends. Raises TamperError."""
    found = connection.execute(_LOCKED_HEAD if lock else _HEAD).first()
    if found is None:
        raise TamperError(
            "the audit log has lost its head; restore the store from a backup", zh="审计日志丢失首部；请从备份恢复存储"
        )
    return LogHead(*found)


def append(
    connection: Connection,
    head: LogHead,
    events: Sequence[Event],
    keys: StoreKeys,
    *,
    register: Register,
    origin: str,
    at: int,
) -> LogHead:
    """Append events, keep the tiles they complete, sign the new checkpoint over them and the register of documents.

    Raises AuditError: no audit, no access.
    """
    frontier = Frontier.from_bytes(head.size, head.frontier)
    rows, tiles = _rows(keys.entries, head.size, events), []  # type: tuple[list[dict[str, Any]], list[dict[str, Any]]]

    def completed(level: int, position: int, digest: bytes) -> None:
        tiles.append({"level": level, "position": position, "hash": digest})

    frontier.extend((row["leaf"] for row in rows), completed=completed)
    checkpoint = sign(
        Checkpoint(origin, frontier.size, frontier.root(), at, keys.register.digest(register)), keys.signer
    )
    packed = frontier.to_bytes()
    sealed = keys.register.seal(register, size=frontier.size, frontier=packed)
    new = LogHead(frontier.size, packed, sealed, checkpoint)
    try:
        if rows:
            connection.execute(insert(ENTRY), rows)
        if tiles:
            connection.execute(insert(TILE), tiles)
        values = {name: getattr(new, name) for name in LogHead.__slots__}
        done = connection.execute(update(HEAD).where(HEAD.c.id == 1, HEAD.c.size == head.size).values(values)).rowcount
    except SQLAlchemyError as error:
        raise AuditError(
            f"the audit log cannot be written ({type(error).__name__}), so nothing was done",
            zh=f"无法写入审计日志（{type(error).__name__}），因此未作任何操作",
        ) from None
    if done != 1:
        raise AuditError(
            "the audit log has moved on meanwhile, so nothing was done; try again",
            zh="其间审计日志已有新条目，因此未作任何操作；请重试",
        )
    return new


def _rows(sealer: EntrySealer, size: int, events: Sequence[Event]) -> list[dict[str, Any]]:
    rows = []
    for seq, event in enumerate(events, start=size):
        one = sealer.seal(seq, event)
        rows.append(
            {
                "seq": seq,
                "at": one.at,
                "subject": one.subject_tag,
                "actor": one.actor_tag,
                "body": one.body,
                "leaf": leaf_hash(leaf_bytes(one)),
            }
        )
    return rows


def entry_chunks(
    connection: Connection,
    *,
    start: int = 0,
    end: int | None = None,
    subject: bytes | None = None,
    actor: bytes | None = None,
) -> Iterator[tuple[list[SealedEntry], list[bytes]]]:
    """Sealed entries `start` to `end` (exclusive) in the order of their numbers, in chunks, with their leaf hashes."""
    query = select(ENTRY.c.seq, ENTRY.c.at, ENTRY.c.subject, ENTRY.c.actor, ENTRY.c.body, ENTRY.c.leaf)
    query = query.where(ENTRY.c.seq >= start).order_by(ENTRY.c.seq).limit(_READ)
    if end is not None:
        query = query.where(ENTRY.c.seq < end)
    if subject is not None:
        query = query.where(ENTRY.c.subject == subject)
    if actor is not None:
        query = query.where(ENTRY.c.actor == actor)
    while rows := connection.execute(query).all():
        yield [SealedEntry(*row[:5]) for row in rows], [row[5] for row in rows]
        query = query.where(ENTRY.c.seq > rows[-1][0])


def entries(
    connection: Connection,
    *,
    start: int = 0,
    end: int | None = None,
    subject: bytes | None = None,
    actor: bytes | None = None,
) -> Iterator[SealedEntry]:
    """Sealed entries as `entry_chunks` gives them, one by one."""
    for chunk, _ in entry_chunks(connection, start=start, end=end, subject=subject, actor=actor):
        yield from chunk


def tree(connection: Connection) -> TiledTree:
    """The nodes of the log's tree, for proofs."""

    def leaves(low: int, high: int) -> Sequence[bytes]:
        query = select(ENTRY.c.leaf).where(ENTRY.c.seq >= low, ENTRY.c.seq < high).order_by(ENTRY.c.seq)
        return list(connection.execute(query).scalars())

    def tile(level: int, position: int) -> bytes | None:
        query = select(TILE.c.hash).where(TILE.c.level == level, TILE.c.position == position)
        return connection.execute(query).scalar()

    def tiles(level: int, low: int, high: int) -> Sequence[bytes | None]:
        query = select(TILE.c.position, TILE.c.hash)
        query = query.where(TILE.c.level == level, TILE.c.position >= low, TILE.c.position < high)
        found = {row.position: row.hash for row in connection.execute(query)}
        return [found.get(position) for position in range(low, high)]

    return TiledTree(leaves, tile, tiles=tiles)
