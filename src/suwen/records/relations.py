"""Care relationships and broken glass in the store: who treats whom, and who took access in an emergency."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from suwen.errors import TamperError
from suwen.records.store.documents import Document
from suwen.records.store.store import Store

__all__ = [
    "NOT_JUSTIFIED",
    "BreakGlass",
    "Care",
    "break_glass_uses",
    "caring",
    "new_relation",
    "save_break_glass",
    "save_care",
]


NOT_JUSTIFIED = "not justified"


@dataclass(frozen=True, slots=True)
class Care:
    """A care relationship: `who` (account or device id) treats `patient` (id, hex), `since` to `until` in µs, UTC.

    `until` None means until it is revoked. `given_by` is the account that granted it.
    """

    id: str
    patient: str
    who: str
    since: int
    until: int | None
    given_by: str
    revoked: bool = False

    def active(self, at: int) -> bool:
        """Whether it holds at a time in microseconds.

        It holds from when it is stored, and no longer once it is revoked, whatever the time: several machines may write
        to one store, and their clocks differ.
        """
        return not self.revoked and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """One use of break-glass: access to a patient outside care, for a reason, for a time, to be reviewed."""

    id: str
    patient: str
    who: str
    since: int
    until: int
    reason: str
    reviewed_by: str = ""
    reviewed_at: int | None = None
    verdict: str = ""  # "justified" or NOT_JUSTIFIED
    remark: str = ""

    def active(self, at: int) -> bool:
        """Whether it holds at a time in microseconds; one that was not justified never does."""
        return self.verdict != NOT_JUSTIFIED and at < self.until


def new_relation() -> str:
    """A fresh random id (hex)."""
    return secrets.token_bytes(16).hex()


def save_care(store: Store, connection: Connection, care: Care) -> None:
    """Insert or replace a care relationship."""
    _save(store, connection, "care", care)


def save_break_glass(store: Store, connection: Connection, use: BreakGlass) -> None:
    """Insert or replace a use of break-glass."""
    _save(store, connection, "break-glass", use)


def _save(store: Store, connection: Connection, kind: str, one: Care | BreakGlass) -> None:
    id_, patient, who = (bytes.fromhex(text) for text in (one.id, one.patient, one.who))
    known = [other for other in store.documents.find(connection, kind, first=patient, second=who) if other.id == id_]
    content = {name: getattr(one, name) for name in type(one).__slots__}
    revision = known[0].revision if known else 0
    store.documents.put(connection, Document(kind, id_, content, patient, who, revision))


def caring(store: Store, connection: Connection, *, patient: str | None = None, who: str | None = None) -> list[Care]:
    """Care relationships of a patient, or of somebody, also those that are over; oldest first."""
    found = store.documents.find(connection, "care", first=_raw(patient), second=_raw(who))
    return sorted((read_care(one) for one in found), key=lambda care: (care.since, care.id))


def break_glass_uses(
    store: Store, connection: Connection, *, patient: str | None = None, who: str | None = None
) -> list[BreakGlass]:
    """Uses of break-glass, oldest first."""
    found = store.documents.find(connection, "break-glass", first=_raw(patient), second=_raw(who))
    return sorted((read_break_glass(one) for one in found), key=lambda use: (use.since, use.id))


def read_care(document: Document) -> Care:
    """The relationship in a document, whose tags must be those it was filed under. Raises TamperError."""
    care = Care(**document.content)
    _require_filed(document, care)
    return care


def read_break_glass(document: Document) -> BreakGlass:
    """The use in a document, whose tags must be those it was filed under. Raises TamperError."""
    use = BreakGlass(**document.content)
    _require_filed(document, use)
    return use


def _require_filed(document: Document, one: Care | BreakGlass) -> None:
    filed: Mapping[str, Any] = {"id": document.id, "patient": document.first, "who": document.second}
    if any(bytes.fromhex(getattr(one, name)) != tag for name, tag in filed.items()):
        raise TamperError(
            f"a {document.kind} is filed under another patient or person than it names",
            zh=f"一份 {document.kind} 归档所在的患者或人员与其内容不符",
        )


def _raw(id_: str | None) -> bytes | None:
    return None if id_ is None else bytes.fromhex(id_)
