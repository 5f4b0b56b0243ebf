"""Whether whoever acted a moment ago may still act, and what they may do: asked cheaply, nothing opened or told."""

from __future__ import annotations

from sqlalchemy import Connection

from suwen.errors import LoginError, NotFoundError
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.gate import Records, patient_id
from suwen.records.identity.nouns import Account, Device, Session
from suwen.records.identity.sessions import token_hash, touch
from suwen.records.people import Actor, session_id

__all__ = ["may", "require_known"]


def require_known(actor: Actor, records: Records) -> None:
    """Refuse an actor whose session is over or whose device was revoked, as the store knows them now.

    For servers that remember an actor over the requests of a connection or the life of a token. It is no use of the
    session: its quiet minutes go on running. Raises LoginError.
    """
    with records.store.snapshot() as connection:
        try:
            _known(actor, records, connection)
        except (NotFoundError, ValueError):
            raise LoginError("log in first") from None


def may(actor: Actor, records: Records, act: Act, patient: str, *, purpose: Purpose = Purpose.TREATMENT) -> bool:
    """Whether an act on a patient (id in hex) would be permitted: to offer only what can be done. Raises LoginError."""
    raw = patient_id(patient)
    with records.acting(actor, purpose) as work:
        return work.permits(act, ResourceKind.PATIENT, patient=raw)


def _known(actor: Actor, records: Records, connection: Connection) -> None:
    documents, clock = records.store.documents, records.store.clock
    if actor.device:
        device = Device.from_document(documents.get(connection, "device", bytes.fromhex(actor.id)).content)
        if device.revoked or device.valid_until <= clock():
            raise LoginError("the device is unknown, revoked or its certificate has expired")
        return
    account = Account.from_document(documents.get(connection, "account", bytes.fromhex(actor.id)).content)
    held = documents.get(connection, "session", session_id(token_hash(actor.token)))
    touch(Session.from_document(held.content), actor.token, account=account, clock=clock, lifetime=records.lifetime)
