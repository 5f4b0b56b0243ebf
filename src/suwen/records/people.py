"""Accounts, sessions and devices in the store: the sealed documents behind whoever acts."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from suwen.errors import InputError, NotFoundError
from suwen.records.identity.nouns import Account, Device, Session, login_name
from suwen.records.store.documents import Document
from suwen.records.store.store import Store

__all__ = [
    "Actor",
    "account_by_id",
    "account_by_login",
    "account_by_subject",
    "accounts",
    "device_by_fingerprint",
    "devices",
    "end_sessions",
    "save_account",
    "save_device",
    "save_session",
    "session_id",
    "sessions_of",
]


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts: an account with the token of its session, or a certified device recognised by its certificate.

    `through`: the app that acts in its place (its id), "" for none. It gives no right, and the audit log names it.
    """

    id: str
    token: str = field(default="", repr=False)
    device: bool = False
    through: str = field(default="", compare=False)


def session_id(token_hash: str) -> bytes:
    """Id of the document of a session: the first 16 bytes of the hash of its token (hex)."""
    return bytes.fromhex(token_hash[:32])


def save_account(store: Store, connection: Connection, account: Account) -> None:
    """Insert or replace an account. Raises InputError when another account has the login name or the subject."""
    tag = store.keys.blind.tag("login", account.login)
    subject = store.keys.blind.tag("subject", account.subject) if account.subject else None
    id_ = bytes.fromhex(account.id)
    for other in store.documents.find(connection, "account", first=tag):
        if other.id != id_:
            raise InputError("the login name is taken; choose another", zh="该登录名已被使用；请另选")
    if subject and any(other.id != id_ for other in store.documents.find(connection, "account", second=subject)):
        raise InputError(
            "another account has this identity at the OpenID provider; it opens one account only",
            zh="该统一身份（OpenID）已绑定其他账户；一个身份只能对应一个账户",
        )
    try:
        revision = store.documents.get(connection, "account", id_).revision
    except NotFoundError:
        revision = 0
    store.documents.put(connection, Document("account", id_, account.to_document(), tag, subject, revision))


def account_by_id(store: Store, connection: Connection, account: str) -> Account:
    """An account by its id. Raises NotFoundError."""
    try:
        id_ = bytes.fromhex(account)
    except ValueError:
        raise NotFoundError("there is no such account", zh="没有此账户") from None
    return Account.from_document(store.documents.get(connection, "account", id_).content)


def account_by_login(store: Store, connection: Connection, login: str) -> Account | None:
    """An account by its login name, None where nobody has it."""
    try:
        tag = store.keys.blind.tag("login", login_name(login))
    except InputError:
        return None
    found = store.documents.find(connection, "account", first=tag)
    return Account.from_document(found[0].content) if found else None


def account_by_subject(store: Store, connection: Connection, subject: str) -> Account | None:
    """An account by its OpenID Connect identity "issuer|sub", None where nobody has it."""
    found = store.documents.find(connection, "account", second=store.keys.blind.tag("subject", subject))
    return Account.from_document(found[0].content) if found else None


def accounts(store: Store, connection: Connection) -> list[Account]:
    """Every account, by login name."""
    found = [Account.from_document(one.content) for one in store.documents.find(connection, "account")]
    return sorted(found, key=lambda account: account.login)


def save_session(store: Store, connection: Connection, session: Session) -> None:
    """Insert or replace a session."""
    id_, account = session_id(session.token_hash), bytes.fromhex(session.account)
    known = store.documents.find(connection, "session", first=account)
    revision = next((one.revision for one in known if one.id == id_), 0)
    store.documents.put(connection, Document("session", id_, session.to_document(), account, None, revision))


def sessions_of(store: Store, connection: Connection, account: str) -> list[Session]:
    """Every session of an account, also those that are over."""
    found = store.documents.find(connection, "session", first=bytes.fromhex(account))
    return [Session.from_document(one.content) for one in found]


def end_sessions(store: Store, connection: Connection, account: str, *, token_hash: str = "") -> int:
    """Remove the sessions of an account, or the one of a token; how many there were."""
    found = store.documents.find(connection, "session", first=bytes.fromhex(account))
    ended = [one for one in found if not token_hash or one.id == session_id(token_hash)]
    for one in ended:
        store.documents.remove(connection, one)
    return len(ended)


def save_device(store: Store, connection: Connection, device: Device) -> None:
    """Insert or replace a device."""
    id_, tag = bytes.fromhex(device.id), store.keys.blind.tag("fingerprint", device.fingerprint)
    known = store.documents.find(connection, "device", first=tag)
    if any(one.id != id_ for one in known):
        raise InputError("a device with this certificate is registered already", zh="使用该证书的设备已登记")
    revision = known[0].revision if known else 0
    store.documents.put(connection, Document("device", id_, device.to_document(), tag, None, revision))


def device_by_fingerprint(store: Store, connection: Connection, fingerprint: str) -> Device | None:
    """A registered device by the SHA-256 (hex) of its certificate."""
    tag = store.keys.blind.tag("fingerprint", fingerprint)
    found = store.documents.find(connection, "device", first=tag)
    return Device.from_document(found[0].content) if found else None


def devices(store: Store, connection: Connection) -> list[Device]:
    """Every registered device, also the revoked ones, by name."""
    found = [Device.from_document(one.content) for one in store.documents.find(connection, "device")]
    return sorted(found, key=lambda device: (device.name, device.id))
