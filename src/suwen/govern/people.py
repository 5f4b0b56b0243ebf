"""Accounts: logging in, opening and locking accounts, roles kept apart, second factors."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace

from suwen.errors import ConflictError, InputError, NotFoundError
from suwen.records.access import Act, Purpose, ResourceKind, Role
from suwen.records.audit import EventKind, Outcome
from suwen.records.gate import Records, Work
from suwen.records.identity import login as logins
from suwen.records.identity import passwords, sessions, totp
from suwen.records.identity.accounts import disable, enable, new_account, unlock
from suwen.records.identity.login import Attempt
from suwen.records.identity.nouns import Account
from suwen.records.people import (
    Actor,
    account_by_id,
    account_by_login,
    account_by_subject,
    accounts,
    end_sessions,
    save_account,
    save_session,
    sessions_of,
)
from suwen.records.store.store import Transaction

__all__ = [
    "admitted",
    "begin_second_factor",
    "change_password",
    "confirm_second_factor",
    "grant_role",
    "list_accounts",
    "lock_account",
    "log_in",
    "log_in_as_subject",
    "log_out",
    "open_account",
    "remove_second_factor",
    "reset_password",
    "revoke_role",
    "unlock_account",
]

# Kept apart from every other role, as in the policies (GB/T 22239-2019, 8.1.5): with two, one could hide an act.
_APART = {Role.ADMINISTRATOR, Role.SECURITY_OFFICER, Role.AUDITOR}
_REASON, _LONGEST_REASON = 10, 2000  # characters: "x" is no reason anybody can review
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # without what is mistaken for another sign when copied from paper


def log_in(records: Records, login: str, password: str, *, code: str | None = None) -> Actor:
    """An actor with a session, from a login name, a password and, where there is one, the code of the second factor.

    Raises LoginError: one sentence for whatever was wrong. Each attempt is audited, and wrong ones lock the account.
    """
    attempt, actor = _attempted(
        records,
        login,
        lambda account: logins.login(
            account, password, code=code, clock=records.store.clock, policy=records.login_policy
        ),
    )
    if actor is None:
        raise logins.refusal(attempt)
    return actor


def log_in_as_subject(records: Records, subject: str, *, second_factor: bool) -> Actor:
    """An actor whom an OpenID provider has proven: `subject` is "issuer|sub". Raises LoginError."""
    with records.store.transaction() as ongoing:
        account = account_by_subject(records.store, ongoing.connection, subject)
        attempt = logins.proven(account, second_factor=second_factor, policy=records.login_policy)
        actor = admitted(records, ongoing, attempt)
    if actor is None:
        raise logins.refusal(attempt)
    return actor


def change_password(records: Records, login: str, old: str, new: str, *, code: str | None = None) -> Actor:
    """Replace a password, ending every other session; needed at the first login. Raises LoginError, InputError."""
    attempt, actor = _attempted(
        records,
        login,
        lambda account: _changed(records, account, old, new, code),
    )
    if actor is None:
        raise logins.refusal(attempt)
    return actor


def _changed(records: Records, account: Account | None, old: str, new: str, code: str | None) -> Attempt:
    clock, policy = records.store.clock, records.login_policy
    if account is None:
        return logins.login(None, old, code=code, clock=clock, policy=policy)
    return logins.change_password(account, old, new, code=code, clock=clock, policy=policy)


def _attempted(
    records: Records, login: str, attempting: Callable[[Account | None], Attempt]
) -> tuple[Attempt, Actor | None]:
    """One attempt: counted and audited before its answer is given.

    The slow hash is computed outside the transaction; two guesses at the same moment meet in it, and one is refused.
    """
    with records.store.snapshot() as connection:
        account = account_by_login(records.store, connection, login)
    attempt = attempting(account)
    with records.store.transaction() as ongoing:
        now = account_by_login(records.store, ongoing.connection, login)
        if now == account:
            return attempt, admitted(records, ongoing, attempt, before=account)
        who, detail = account.id if account else "", {"reason": "another attempt at the same moment"}
        ongoing.note(EventKind.LOGIN, actor=who, act="log in", outcome=Outcome.FAILURE, detail=detail)
    raise ConflictError(
        "another login to this account was going on at the same moment; try again", zh="该账户同时有另一次登录；请重试"
    )


def admitted(
    records: Records, ongoing: Transaction, attempt: Attempt, *, before: Account | None = None
) -> Actor | None:
    """Keep what an attempt changed, note it, and where it was accepted begin a session."""
    account = attempt.account
    if account is not None and account != before:
        save_account(records.store, ongoing.connection, account)
        if before is not None and account.password != before.password:
            end_sessions(records.store, ongoing.connection, account.id)
    detail = {"reason": attempt.reason.value, "second_factor": attempt.second_factor}
    who = account.id if account is not None else ""
    outcome = Outcome.SUCCESS if attempt.accepted else Outcome.FAILURE
    ongoing.note(EventKind.LOGIN, actor=who, act="log in", outcome=outcome, detail=detail)
    if account is None or not attempt.accepted:
        return None
    token, session = sessions.start(
        account, second_factor=attempt.second_factor, clock=records.store.clock, lifetime=records.lifetime
    )
    _drop_old_sessions(records, ongoing, account)
    save_session(records.store, ongoing.connection, session)
    return Actor(account.id, token)


def _drop_old_sessions(records: Records, ongoing: Transaction, account: Account) -> None:
    """Sessions that are over are only removed when their owner logs in again."""
    now = records.store.clock()
    for one in sessions_of(records.store, ongoing.connection, account.id):
        if min(one.expires, one.seen + records.lifetime.idle) <= now:
            end_sessions(records.store, ongoing.connection, account.id, token_hash=one.token_hash)


def log_out(actor: Actor, records: Records) -> None:
    """End the actor's session at once. A session that is over already is no error."""
    with records.store.transaction() as ongoing:
        hashed = sessions.token_hash(actor.token)
        if end_sessions(records.store, ongoing.connection, actor.id, token_hash=hashed):
            ongoing.note(EventKind.LOGOUT, actor=actor.id, act="log out")


def open_account(
    actor: Actor, records: Records, login: str, name: str, *, roles: Iterable[Role], subject: str = ""
) -> tuple[str, str]:
    """Open an account: its id and a first password that must be changed at the first login ("" with `subject`).

    `subject` ("issuer|sub") is who the person is to the OpenID provider. Raises AccessError, InputError.
    """
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        account, password = make_account(records, login, name, roles=roles, subject=subject)
        if account_by_login(records.store, work.connection, login) is not None:
            raise InputError("the login name is taken; choose another", zh="该登录名已被使用；请另选")
        save_account(records.store, work.connection, account)
        _note(work, EventKind.ACCOUNT, account, {"what": "opened", "roles": sorted(account.roles)})
        return account.id, password


def make_account(
    records: Records, login: str, name: str, *, roles: Iterable[Role], subject: str = ""
) -> tuple[Account, str]:
    """A new account, not yet stored, and its first password."""
    chosen = frozenset(roles)
    require_apart(chosen)
    account = new_account(
        login, name, roles=[role.value for role in chosen], clock=records.store.clock, subject=subject
    )
    if subject:
        return account, ""
    password = new_password()
    changed = passwords.set_password(account, password, cost=records.login_policy.cost)
    return replace(changed, must_change=True), password


def new_password() -> str:
    """A random first password of 100 bits, in groups that can be read out."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))


def require_apart(roles: frozenset[Role]) -> None:
    """Refuse the three powers together with each other or with any other role. Raises InputError."""
    powers = roles & _APART
    if powers and len(roles) > 1:
        names = ", ".join(sorted(role.value for role in roles))
        raise InputError(
            f"{names} cannot be held by one account: whoever administers, guards keys or audits does nothing else; "
            "open a second account",
            zh=f"{names}不能由同一账户兼任：管理员、安全员和审计员不得兼任其他职务；请另开账户",
        )


def list_accounts(actor: Actor, records: Records) -> list[Account]:
    """Every account, by login name; without passwords and secrets. Raises AccessError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        work.note(EventKind.QUERY, act=Act.MANAGE.value, detail={"what": "accounts"})
        found = accounts(records.store, work.connection)
        return [replace(one, password="", totp="", passkeys=()) for one in found]


def grant_role(actor: Actor, records: Records, login: str, role: Role) -> None:
    """Give an account a further role, from now on. Raises AccessError, InputError when it must be kept apart."""
    _change_roles(actor, records, login, lambda roles: roles | {role})


def revoke_role(actor: Actor, records: Records, login: str, role: Role) -> None:
    """Take a role from an account, from now on. Raises AccessError, NotFoundError when it does not have it."""
    _change_roles(actor, records, login, lambda roles: roles - {role})


def _change_roles(
    actor: Actor, records: Records, login: str, change: Callable[[frozenset[Role]], frozenset[Role]]
) -> None:
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        account = named(work, login)
        before = frozenset(role for role in Role if role.value in account.roles)
        after = change(before)
        if after == before:
            raise NotFoundError(
                "nothing changes: the account has these roles already", zh="没有变化：该账户已有这些角色"
            )
        require_apart(after)
        if account.id == actor.id:
            raise InputError(
                "nobody changes their own roles; another administrator does",
                zh="任何人不得更改自己的角色；请由另一名管理员操作",
            )
        _require_an_administrator(work, account, after)
        changed = replace(account, roles=frozenset(role.value for role in after))
        save_account(records.store, work.connection, changed)
        _note(work, EventKind.ROLE, account, {"roles": sorted(changed.roles)})


def _require_an_administrator(work: Work, account: Account, after: frozenset[Role]) -> None:
    if Role.ADMINISTRATOR.value not in account.roles or Role.ADMINISTRATOR in after:
        return
    others = [one for one in accounts(work.store, work.connection) if one.id != account.id and not one.disabled]
    if not any(Role.ADMINISTRATOR.value in one.roles for one in others):
        raise InputError(
            "this is the last administrator; make another one first", zh="这是最后一名管理员；请先设立另一名"
        )


def lock_account(actor: Actor, records: Records, login: str) -> None:
    """Disable an account and end its sessions, at once. Raises AccessError, InputError for the last administrator."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.LOCK, ResourceKind.ACCOUNTS)
        account = named(work, login)
        _require_an_administrator(work, account, frozenset())
        save_account(records.store, work.connection, disable(account))
        end_sessions(records.store, work.connection, account.id)
        _note(work, EventKind.ACCOUNT, account, {"what": "locked"})


def unlock_account(actor: Actor, records: Records, login: str) -> None:
    """Open a locked account again, without the wrong guesses it had. Raises AccessError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        account = named(work, login)
        save_account(records.store, work.connection, enable(account))
        _note(work, EventKind.ACCOUNT, account, {"what": "unlocked"})


def reset_password(actor: Actor, records: Records, login: str) -> str:
    """A new first password for somebody who has lost theirs; ends their sessions.

    Threat: whoever talks an administrator into a new password must not get past the second factor with it (ASVS 5.0,
    6.4.3). It stays in force; `remove_second_factor` is another act. An account that was locked stays locked.
    Raises AccessError, NotFoundError.
    """
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        account, password = named(work, login), new_password()
        fresh = passwords.set_password(unlock(account), password, cost=records.login_policy.cost)
        save_account(records.store, work.connection, replace(fresh, must_change=True))
        end_sessions(records.store, work.connection, account.id)
        _note(work, EventKind.ACCOUNT, account, {"what": "password reset"})
        return password


def remove_second_factor(actor: Actor, records: Records, login: str, *, reason: str) -> None:
    """Take the authenticator app and the passkeys from an account whose owner has lost them; ends their sessions.

    The reason says how it was proven who asks; it stands in the audit. The password stays as it is. Raises AccessError,
    NotFoundError where there is no factor, InputError without a reason or for one's own account.
    """
    if len(reason.strip()) < _REASON:
        raise InputError(
            "say why the second factor goes and how you know who asks: it is kept in the audit",
            zh="请说明移除双重验证的理由及如何核实了本人身份：理由将记入审计",
        )
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        account = named(work, login)
        if account.id == actor.id:  # with somebody's open session alone their factor would be gone
            raise InputError(
                "nobody removes their own second factor; another administrator does",
                zh="任何人不得移除自己的双重验证；请由另一名管理员操作",
            )
        if not account.totp and not account.passkeys:
            raise NotFoundError("the account has no second factor", zh="该账户未启用双重验证")
        save_account(records.store, work.connection, replace(account, totp="", totp_step=0, passkeys=()))
        for one in records.store.documents.find(work.connection, "passkey", first=bytes.fromhex(account.id)):
            records.store.documents.remove(work.connection, one)  # else the same key could never be added again
        end_sessions(records.store, work.connection, account.id)
        work.note(
            EventKind.ACCOUNT,
            act=Act.MANAGE.value,
            subject=account.id,
            detail={"what": "second factor removed", "reason": reason.strip()[:_LONGEST_REASON]},
        )


def begin_second_factor(actor: Actor, records: Records) -> tuple[str, str]:
    """A TOTP secret for one's own account (RFC 6238), and the address an authenticator app reads; not yet in force."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        account = _without_totp(account_by_id(records.store, work.connection, actor.id))
    secret = totp.new_secret()
    return secret, totp.provisioning_uri(account, secret, issuer="Suwen")


def confirm_second_factor(actor: Actor, records: Records, secret: str, code: str) -> None:
    """Put one's second factor in force, once a code shows that the app has it. Raises LoginError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        account = _without_totp(account_by_id(records.store, work.connection, actor.id))
        save_account(records.store, work.connection, totp.enrol(account, secret, code, clock=records.store.clock))
        _note(work, EventKind.ACCOUNT, account, {"what": "second factor"})


def _without_totp(account: Account) -> Account:
    """Refuse to replace a second factor: with somebody's open session alone, theirs could be exchanged."""
    if account.totp:
        raise InputError(
            "the account has a second factor; an administrator removes it before another begins",
            zh="该账户已启用双重验证；须由管理员移除后方可重新设置",
        )
    return account


def named(work: Work, login: str) -> Account:
    """The account of a login name. Raises NotFoundError."""
    account = account_by_login(work.store, work.connection, login)
    if account is None:
        raise NotFoundError(
            "there is no account with this login name; see `suwen records account list`",
            zh="没有该登录名的账户；请参阅 `suwen records account list`",
        )
    return account


def _note(work: Work, kind: EventKind, account: Account, detail: dict[str, str | list[str]]) -> None:
    work.note(kind, act=Act.MANAGE.value, subject=account.id, detail=detail)
