"""Whether whoever acted a moment ago may still act, and what they may do: asked cheaply, nothing opened or told."""

from __future__ import annotations

from sqlalchemy import Connection

from suwen.errors import LoginError, NotFoundError
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.gate import Records, kept_of, patient_id
from suwen.records.identity.nouns import Account, Device, Session
from suwen.records.identity.sessions import touch
from suwen.records.people import Actor

__all__ = ["may", "require_known", "seen_lately"]

_LATELY = 60.0  # seconds: as exactly as the last use of a session is kept


def require_known(actor: Actor, records: Records) -> None:
    """Refuse an actor whose session is over or whose device was revoked, as the store knows them now.

    For servers that remember an actor over the requests of a connection or the life of a token. It is no use of the
    session: its quiet minutes go on running. Raises LoginError.
    """
    with records.store.snapshot() as connection:
        try:
            _known(actor, records, connection)
        except (NotFoundError, ValueError):
            raise LoginError("log in first", zh="请先登录") from None


def seen_lately(actor: Actor, records: Records) -> Account | None:
    """The account of a session that holds and whose use was noted within a minute, with its secrets.

    None where it is over, wrong, or its use has to be noted: then the gate is asked, which notes refusals too. Most
    requests come within a minute of another, and need not wait for those who write.
    """
    with records.store.snapshot() as connection:
        try:
            account, since = _session(actor, records, connection)
        except (LoginError, NotFoundError, ValueError):
            return None
    return account if account.id == actor.id and since < _LATELY else None


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
            raise LoginError(
                "the device is unknown, revoked or its certificate has expired", zh="设备未知、已吊销或证书已过期"
            )
        return
    _session(actor, records, connection)


def _session(actor: Actor, records: Records, connection: Connection) -> tuple[Account, float]:
    """The account behind a session that holds, and how long ago in seconds its last use was noted."""
    kept = kept_of(records, connection, actor)
    if "account" not in kept or "session" not in kept:
        raise LoginError("log in first", zh="请先登录")
    account, held = Account.from_document(kept["account"]), Session.from_document(kept["session"])
    used = touch(held, actor.token, account=account, clock=records.store.clock, lifetime=records.lifetime)
    return account, used.seen - held.seen
