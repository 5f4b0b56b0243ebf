"""Login: password and code against an account, with a lock that grows after wrong guesses and one answer for all."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from suwen.errors import LoginError
from suwen.records.identity import passwords, totp
from suwen.records.identity.nouns import Account
from suwen.records.identity.passwords import STANDARD, Cost
from suwen.subject import Saying

__all__ = ["Attempt", "Policy", "Reason", "change_password", "login", "proven", "refusal"]

# A proxy for "never": 2 ** 30 quarters of an hour are longer than any limit, and still a number.
_MOST_DOUBLINGS = 30


class Reason(Enum):
    """Why an attempt ended as it did: for the audit. What is told outside is in `refusal`."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    DISABLED = "disabled"
    LOCKED = "locked"
    WRONG_PASSWORD = "wrong password"  # noqa: S105 (not a password)
    WRONG_CODE = "wrong code"
    CODE_NEEDED = "code needed"
    PASSKEY_NEEDED = "passkey needed"
    SECOND_FACTOR_MISSING = "second factor missing"
    MUST_CHANGE = "must change"


@dataclass(frozen=True, slots=True)
class Policy:
    """How many wrong guesses lock an account, for how long, and who needs a second factor.

    After every `attempts` wrong guesses in a row the account is locked: `lock` seconds at first, then twice as long
    each time, at most `lock_most`. `second_factor`: accounts that have one must use it. `required_for`: roles that
    must have one.
    """

    attempts: int = 5
    lock: float = 15 * 60
    lock_most: float = 24 * 3600
    second_factor: bool = True
    required_for: frozenset[str] = frozenset()
    cost: Cost = STANDARD


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a login ended. Save `account` before acting on `accepted`: guesses and used codes are counted in it."""

    account: Account | None
    accepted: bool
    reason: Reason
    second_factor: bool = False


def login(
    account: Account | None,
    password: str,
    *,
    code: str | None = None,
    clock: Callable[[], float],
    policy: Policy = Policy(),
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Attempt:
    """Check a password, and a code where one is needed; None stands for a login name that nobody has.

    Threat: every way through computes one password hash, so that time does not tell unknown, disabled and locked
    accounts from wrong passwords. A locked account does not check the guess, nor does a guess make the lock longer:
    else anybody could keep a doctor out for good.

    Threat: guesses made at the same moment all see the same count. The store refuses the second of two writes to one
    version (ConflictError); the caller must then refuse the login, not ask again with the same password.
    """
    held = account if account is not None and not account.disabled and not _is_locked(account, clock) else None
    right = passwords.verify(held.password if held else "", password, cost=policy.cost)
    if account is None:
        return Attempt(None, False, Reason.UNKNOWN)
    if account.disabled:
        return Attempt(account, False, Reason.DISABLED)
    if held is None:
        return Attempt(account, False, Reason.LOCKED)
    if not right:
        return Attempt(_count_failure(account, clock, policy), False, Reason.WRONG_PASSWORD)
    attempt = _second_factor(account, code, clock, policy)
    if not attempt.accepted or attempt.account is None:
        return attempt
    return _admit(attempt.account, password, attempt.second_factor, policy, random)


def change_password(
    account: Account,
    old: str,
    new: str,
    *,
    code: str | None = None,
    clock: Callable[[], float],
    policy: Policy = Policy(),
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Attempt:
    """Log in with the old password and put the new one in its place; the caller ends the account's other sessions.

    Raises:
        InputError: if the new password is too weak, or is the old one; nothing was checked or counted.

    """
    passwords.check_strength(new, login=account.login, name=account.name)
    passwords.refuse_same(old, new)
    attempt = login(replace(account, must_change=False), old, code=code, clock=clock, policy=policy, random=random)
    if attempt.account is None or not attempt.accepted:
        kept = attempt.account and replace(attempt.account, must_change=account.must_change)
        return replace(attempt, account=kept)
    changed = passwords.set_password(attempt.account, new, cost=policy.cost, random=random)
    return replace(attempt, account=changed)


def proven(account: Account | None, *, second_factor: bool, policy: Policy = Policy()) -> Attempt:
    """Decide on somebody whom a passkey or an OpenID provider has proven: only the account's state is left to ask.

    A lock does not hold here: it is there against guessing, and nothing was guessed.
    """
    if account is None:
        return Attempt(None, False, Reason.UNKNOWN)
    if account.disabled:
        return Attempt(account, False, Reason.DISABLED)
    if not second_factor and account.roles & policy.required_for:
        return Attempt(account, False, Reason.SECOND_FACTOR_MISSING)
    return Attempt(account, True, Reason.ACCEPTED, second_factor)


_NO = Saying(
    "login name, password or code are not accepted; try again later", "不接受该登录名、密码或验证码；请稍后重试"
)
_TOLD = {
    Reason.CODE_NEEDED: Saying(
        "the code of your authenticator app is needed; enter it too", "还需验证器应用的验证码；请一并输入"
    ),
    Reason.PASSKEY_NEEDED: Saying(
        "this account logs in with its passkey; use it instead of the password", "该账户以通行密钥登录；请用它代替密码"
    ),
    Reason.SECOND_FACTOR_MISSING: Saying(
        "your role needs a second factor; ask those responsible for accounts for one",
        "您的角色须双重验证；请联系账户负责人设置",
    ),
    Reason.MUST_CHANGE: Saying(
        "the password was chosen by somebody else; change it before you go on", "该密码由他人设定；请先修改再继续"
    ),
}


def refusal(attempt: Attempt) -> LoginError:
    """Give what the outside is told: one sentence, except to somebody who has just shown the right password.

    Threat: "locked", "disabled" or "unknown" told to a stranger confirm that an account exists, and "locked" that
    guessing was noticed.
    """
    said = _TOLD.get(attempt.reason, _NO)
    return LoginError(said.en, zh=said.zh)


def _is_locked(account: Account, clock: Callable[[], float]) -> bool:
    return clock() < account.locked_until


def _count_failure(account: Account, clock: Callable[[], float], policy: Policy) -> Account:
    failures = account.failures + 1
    locks, rest = divmod(failures, policy.attempts)
    if rest:
        return replace(account, failures=failures)
    length = min(policy.lock * 2 ** min(locks - 1, _MOST_DOUBLINGS), policy.lock_most)
    return replace(account, failures=failures, locked_until=clock() + length)


def _second_factor(account: Account, code: str | None, clock: Callable[[], float], policy: Policy) -> Attempt:
    """Ask for what the account has; the password was right already."""
    required = bool(account.roles & policy.required_for)
    if account.totp and (policy.second_factor or required or code):
        if not code:
            return Attempt(account, False, Reason.CODE_NEEDED)
        used = totp.accept(account, code, clock=clock)
        if used is None:
            return Attempt(_count_failure(account, clock, policy), False, Reason.WRONG_CODE)
        return Attempt(used, True, Reason.ACCEPTED, second_factor=True)
    if account.passkeys and (policy.second_factor or required):
        # Else the password alone would be a way around the passkey.
        return Attempt(account, False, Reason.PASSKEY_NEEDED)
    if required:
        return Attempt(account, False, Reason.SECOND_FACTOR_MISSING)
    return Attempt(account, True, Reason.ACCEPTED)


def _admit(
    account: Account, password: str, second_factor: bool, policy: Policy, random: Callable[[int], bytes]
) -> Attempt:
    """Forget wrong guesses, encode the password anew if the cost has risen, ask for a change where one is due."""
    admitted = replace(account, failures=0, locked_until=0.0)
    if passwords.is_outdated(account.password, cost=policy.cost):
        admitted = replace(admitted, password=passwords.encode(password, cost=policy.cost, random=random))
    if account.must_change:
        return Attempt(admitted, False, Reason.MUST_CHANGE, second_factor)
    return Attempt(admitted, True, Reason.ACCEPTED, second_factor)
