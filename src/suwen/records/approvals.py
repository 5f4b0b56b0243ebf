"""Approvals of research in the store: which accounts may work on which cohorts, as an ethics committee decided."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from suwen.errors import TamperError
from suwen.records.store.documents import Document
from suwen.records.store.store import Store

__all__ = ["Approval", "approvals", "read_approval", "save_approval"]

KIND = "approval"


@dataclass(frozen=True, slots=True)
class Approval:
    """What a committee approved, `since` to `until` in µs UTC: `reference` is the committee's own number.

    `who` are account ids (hex). `criteria` is the SHA-256 (hex) of the only criteria it is for, "" for any. `training`:
    models may be trained; `texts`: notes may be taken along; `consent`: only patients whose record holds a consent to
    research (without it the committee has waived that, as 45 CFR 46.116(f) lets it). `given_by` is who entered it.
    """

    id: str
    reference: str
    who: tuple[str, ...]
    since: int
    until: int
    given_by: str
    criteria: str = ""
    training: bool = False
    texts: bool = False
    consent: bool = False
    revoked: bool = False

    def active(self, at: int) -> bool:
        """Whether it holds at a time in microseconds: never once it is revoked."""
        return not self.revoked and at < self.until

    def permits(self, who: str, at: int) -> bool:
        """Whether somebody (account id) may work under it at a time."""
        return self.active(at) and who in self.who


def save_approval(store: Store, connection: Connection, approval: Approval) -> None:
    """Insert or replace an approval."""
    id_ = bytes.fromhex(approval.id)
    known = store.documents.exists(connection, KIND, id_)
    revision = store.documents.get(connection, KIND, id_).revision if known else 0
    content = {name: getattr(approval, name) for name in Approval.__slots__}
    store.documents.put(connection, Document(KIND, id_, {**content, "who": list(approval.who)}, revision=revision))


def approvals(store: Store, connection: Connection) -> list[Approval]:
    """Every approval, also those that are over; oldest first."""
    found = [read_approval(one) for one in store.documents.find(connection, KIND)]
    return sorted(found, key=lambda one: (one.since, one.id))


def read_approval(document: Document) -> Approval:
    """The approval in a document, which must be filed under its own id. Raises TamperError."""
    approval = Approval(**document.content)
    if bytes.fromhex(approval.id) != document.id:
        raise TamperError("an approval is filed under another id than it has", zh="一份批准文件的归档编号与其内容不符")
    return replace(approval, who=tuple(approval.who))
