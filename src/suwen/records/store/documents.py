"""Sealed documents: accounts, sessions, devices, care relationships and the like, found by keyed or random tags."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from suwen.errors import ConflictError, NotFoundError
from suwen.records.store.register import Registered
from suwen.records.store.tables import DOCUMENT, AnyRow
from suwen.records.vault import open_document, seal_document

__all__ = ["COLUMNS", "Changes", "Document", "Documents"]

COLUMNS = (DOCUMENT.c.kind, DOCUMENT.c.id, DOCUMENT.c.first, DOCUMENT.c.second, DOCUMENT.c.revision, DOCUMENT.c.body)
# Made once: putting a statement together takes longer than running it.
_ONE = select(*COLUMNS).where(DOCUMENT.c.kind == bindparam("of_kind"), DOCUMENT.c.id == bindparam("with_id"))
_ALL = select(*COLUMNS).where(DOCUMENT.c.kind == bindparam("of_kind")).order_by(DOCUMENT.c.id)
_FIRST = _ALL.where(DOCUMENT.c.first == bindparam("with_first"))
_SECOND = _ALL.where(DOCUMENT.c.second == bindparam("with_second"))
_BOTH = _FIRST.where(DOCUMENT.c.second == bindparam("with_second"))


@dataclass(frozen=True, slots=True)
class Document:
    """An opened document: what it is, its look-up tags (16 bytes or none), its revision (from 1) and its content."""

    kind: str
    id: bytes
    content: Mapping[str, Any]
    first: bytes | None = None
    second: bytes | None = None
    revision: int = 0


@dataclass
class Changes:
    """Documents that a transaction took away or replaced, and those it put there."""

    gone: list[Registered] = field(default_factory=list)
    come: list[Registered] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.gone or self.come)


class Documents:
    """Seals and opens documents; every method takes the connection of its transaction.

    What a transaction changes is remembered until `take_changes` gives it to the register.
    """

    def __init__(self, cipher: AESGCM) -> None:
        self._cipher = cipher
        self._changes: WeakKeyDictionary[Connection, Changes] = WeakKeyDictionary()

    def take_changes(self, connection: Connection) -> Changes:
        """What is gone and what has come in this transaction, for the register; told once."""
        return self._changes.pop(connection, None) or Changes()

    def _changing(self, connection: Connection) -> Changes:
        return self._changes.setdefault(connection, Changes())

    def registered(self, connection: Connection) -> Iterator[Registered]:
        """Every document as the register counts it."""
        columns = (DOCUMENT.c.kind, DOCUMENT.c.id, DOCUMENT.c.revision, DOCUMENT.c.body)
        rows: Any = connection.execute(select(*columns))
        for kind, id_, revision, body in rows:
            yield Registered(kind, id_, revision, body)

    def _known(self, connection: Connection, kind: str, id_: bytes, revision: int) -> Registered | None:
        here = (DOCUMENT.c.kind == kind, DOCUMENT.c.id == id_, DOCUMENT.c.revision == revision)
        body = connection.execute(select(DOCUMENT.c.body).where(*here)).scalar()
        return None if body is None else Registered(kind, id_, revision, bytes(body))

    def put(self, connection: Connection, document: Document) -> Document:
        """Insert (revision 0) or replace the revision that was read. Raises ConflictError when it is no longer that."""
        new = Document(
            document.kind, document.id, document.content, document.first, document.second, document.revision + 1
        )
        body = self._sealed(new)
        values = {"first": new.first, "second": new.second, "revision": new.revision, "body": body}
        before = self._known(connection, new.kind, new.id, document.revision) if document.revision else None
        if document.revision:
            here = (DOCUMENT.c.kind == new.kind, DOCUMENT.c.id == new.id, DOCUMENT.c.revision == document.revision)
            done = connection.execute(update(DOCUMENT).where(*here).values(values)).rowcount == 1
        else:
            done = self._insert(connection, {"kind": new.kind, "id": new.id, **values})
        if not done:
            raise ConflictError(
                f"the {new.kind} was changed by somebody else since it was read; read it again",
                zh=f"读取之后该内容（{new.kind}）已被他人更改；请重新读取",
            )
        changes = self._changing(connection)
        changes.gone.extend([before] if before else [])
        changes.come.append(Registered(new.kind, new.id, new.revision, body))
        return new

    def _insert(self, connection: Connection, values: dict[str, Any]) -> bool:
        try:
            with connection.begin_nested():
                connection.execute(insert(DOCUMENT), [values])
        except IntegrityError:
            return False
        return True

    def get(self, connection: Connection, kind: str, id: bytes) -> Document:  # noqa: A002 - the noun's own name
        """One document. Raises NotFoundError, TamperError."""
        found = connection.execute(_ONE, {"of_kind": kind, "with_id": id}).first()
        if found is None:
            raise NotFoundError(f"there is no {kind} with the id {id.hex()}", zh=f"没有编号为 {id.hex()} 的{kind}")
        return self.opened(found)

    def exists(self, connection: Connection, kind: str, id: bytes) -> bool:  # noqa: A002 - the noun's own name
        """Whether there is a document of this kind and id."""
        here = (DOCUMENT.c.kind == kind, DOCUMENT.c.id == id)
        return connection.execute(select(DOCUMENT.c.id).where(*here)).first() is not None

    def find(
        self, connection: Connection, kind: str, *, first: bytes | None = None, second: bytes | None = None
    ) -> list[Document]:
        """Every document of a kind with these tags, oldest revision first by id."""
        tags = {name: tag for name, tag in (("with_first", first), ("with_second", second)) if tag is not None}
        query = {0: _ALL, 2: _BOTH}.get(len(tags), _FIRST if first is not None else _SECOND)
        return [self.opened(row) for row in connection.execute(query, {"of_kind": kind, **tags})]

    def each(self, connection: Connection) -> Iterator[AnyRow]:
        """Every row, unopened."""
        yield from connection.execute(select(*COLUMNS).order_by(DOCUMENT.c.kind, DOCUMENT.c.id))

    def remove(self, connection: Connection, document: Document) -> None:
        """Remove the revision that was read. Raises ConflictError."""
        here = (DOCUMENT.c.kind == document.kind, DOCUMENT.c.id == document.id)
        before = self._known(connection, document.kind, document.id, document.revision)
        if connection.execute(delete(DOCUMENT).where(*here, DOCUMENT.c.revision == document.revision)).rowcount != 1:
            raise ConflictError(
                f"the {document.kind} was changed by somebody else since it was read; read it again",
                zh=f"读取之后该内容（{document.kind}）已被他人更改；请重新读取",
            )
        self._changing(connection).gone.extend([before] if before else [])

    def opened(self, row: AnyRow) -> Document:
        """The document in a row of COLUMNS. Raises TamperError."""
        kind, id_, first, second, revision, body = row
        plain = open_document(self._cipher, _bound(kind, id_, first, second, revision), body)
        return Document(kind, id_, json.loads(plain), first, second, revision)

    def _sealed(self, new: Document) -> bytes:
        plain = json.dumps(new.content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        return seal_document(self._cipher, _bound(new.kind, new.id, new.first, new.second, new.revision), plain)


def _bound(kind: str, id_: bytes, first: bytes | None, second: bytes | None, revision: int) -> list[bytes]:
    return [kind.encode(), id_, first or b"", second or b"", revision.to_bytes(8, "big")]
