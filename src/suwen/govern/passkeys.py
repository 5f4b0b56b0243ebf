"""Passkeys: adding one to one's own account, and logging in with one (WebAuthn); the browser's side is the door's."""

from __future__ import annotations

from suwen.errors import LoginError, NotFoundError
from suwen.govern.people import admitted
from suwen.records.access import Act, Purpose
from suwen.records.audit import EventKind, Outcome
from suwen.records.gate import Records, Work
from suwen.records.identity import login as logins
from suwen.records.identity import passkeys
from suwen.records.identity.nouns import Account, Passkey
from suwen.records.identity.passkeys import Ceremony, RelyingParty
from suwen.records.people import Actor, account_by_id, save_account
from suwen.records.store.documents import Document

__all__ = [
    "begin_passkey",
    "begin_passkey_login",
    "finish_passkey",
    "list_passkeys",
    "log_in_with_passkey",
    "remove_passkey",
]


def begin_passkey(actor: Actor, records: Records, party: RelyingParty) -> tuple[str, Ceremony]:
    """Options (JSON) for navigator.credentials.create(), and the ceremony to hold until the answer comes."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        account = account_by_id(records.store, work.connection, actor.id)
    return passkeys.begin_registration(account, party, clock=records.store.clock)


def finish_passkey(
    actor: Actor, records: Records, ceremony: Ceremony, response: str, *, name: str, party: RelyingParty
) -> None:
    """Add the passkey of the browser's answer (JSON) to one's own account. Raises LoginError."""
    store = records.store
    with records.acting(actor, Purpose.OPERATIONS) as work:
        account = account_by_id(store, work.connection, actor.id)
        added = passkeys.finish_registration(account, ceremony, response, name=name, party=party, clock=store.clock)
        id_ = _tag(records, added.passkeys[-1].id)
        if store.documents.exists(work.connection, "passkey", id_):
            raise LoginError("this passkey belongs to another account", zh="该通行密钥属于其他账户")
        save_account(store, work.connection, added)
        owner = bytes.fromhex(account.id)
        store.documents.put(work.connection, Document("passkey", id_, {"account": account.id}, owner))
        _note(work, account, "passkey added")


def list_passkeys(actor: Actor, records: Records) -> tuple[Passkey, ...]:
    """The passkeys of one's own account, oldest first; a public key is no secret. Raises LoginError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        return account_by_id(records.store, work.connection, actor.id).passkeys


def remove_passkey(actor: Actor, records: Records, identifier: str) -> None:
    """Take a passkey (its id) from one's own account. Raises NotFoundError."""
    store = records.store
    with records.acting(actor, Purpose.OPERATIONS) as work:
        account = account_by_id(store, work.connection, actor.id)
        if all(one.id != identifier for one in account.passkeys):
            raise NotFoundError("the account has no such passkey", zh="该账户没有此通行密钥")
        save_account(store, work.connection, passkeys.remove(account, identifier))
        store.documents.remove(
            work.connection, store.documents.get(work.connection, "passkey", _tag(records, identifier))
        )
        _note(work, account, "passkey removed")


def begin_passkey_login(records: Records, party: RelyingParty) -> tuple[str, Ceremony]:
    """Options (JSON) for navigator.credentials.get(), for whoever it is, and the ceremony to hold."""
    return passkeys.begin_authentication(None, party, clock=records.store.clock)


def log_in_with_passkey(records: Records, ceremony: Ceremony, response: str, *, party: RelyingParty) -> Actor:
    """An actor from a passkey's answer (JSON); it counts as two factors. Raises LoginError. Each attempt is audited."""
    store = records.store
    with store.transaction() as ongoing:
        account = None
        try:
            found = store.documents.get(ongoing.connection, "passkey", _tag(records, passkeys.credential_id(response)))
            account = account_by_id(store, ongoing.connection, str(found.content["account"]))
            used = passkeys.finish_authentication(account, ceremony, response, party=party, clock=store.clock)
        except (LoginError, NotFoundError):
            who = account.id if account else ""
            detail = {"reason": "passkey refused"}
            ongoing.note(EventKind.LOGIN, actor=who, act="log in", outcome=Outcome.FAILURE, detail=detail)
            actor = None
        else:
            attempt = logins.proven(used, second_factor=True, policy=records.login_policy)
            actor = admitted(records, ongoing, attempt, before=account)
    if actor is None:
        raise LoginError(
            "the passkey is not accepted; try again or log in with the password",
            zh="不接受该通行密钥；请重试，或用密码登录",
        )
    return actor


def _tag(records: Records, identifier: str) -> bytes:
    # as it stands: base64url tells upper from lower case, which the blind index does not
    return records.store.keys.blind.tag("passkey", identifier.encode().hex())


def _note(work: Work, account: Account, what: str) -> None:
    work.note(EventKind.ACCOUNT, act=Act.MANAGE.value, subject=account.id, detail={"what": what})
