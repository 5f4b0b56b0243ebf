"""Passwords: argon2id with the parameters of RFC 9106, and what makes a password too weak to be taken."""

from __future__ import annotations

import base64
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from hmac import compare_digest

from suwen.errors import InputError
from suwen.records.identity.nouns import Account
from suwen.records.identity.obvious import what_is_telling

__all__ = [
    "MINIMUM",
    "STANDARD",
    "Cost",
    "check_strength",
    "encode",
    "is_outdated",
    "refuse_same",
    "set_password",
    "verify",
]

MINIMUM = 12
_LONGEST = 1024  # far above the 64 that NIST SP 800-63B asks for, far below what would keep a processor busy
_TELLING = 8  # characters that must remain once everything obvious is taken out


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess costs: memory in KiB, passes over it, lanes. The default is RFC 9106's second recommendation."""

    memory: int = 65536
    passes: int = 3
    lanes: int = 4


STANDARD = Cost()


def set_password(
    account: Account,
    password: str,
    *,
    must_change: bool = False,
    cost: Cost = STANDARD,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Account:
    """Give the account a new password; `must_change` is for one that somebody else has chosen.

    Wrong guesses stay counted: a new password is no reason to trust the one who guesses.

    Raises:
        InputError: if the password is too weak; see `check_strength`.

    """
    check_strength(password, login=account.login, name=account.name)
    return replace(account, password=encode(password, cost=cost, random=random), must_change=must_change)


def encode(password: str, *, cost: Cost, random: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Hash a password with a new salt of 16 bytes into argon2's own text form."""
    from argon2.low_level import Type, hash_secret  # noqa: PLC0415

    return hash_secret(
        _bytes(password),
        random(16),
        time_cost=cost.passes,
        memory_cost=cost.memory,
        parallelism=cost.lanes,
        hash_len=32,
        type=Type.ID,
    ).decode("ascii")


def verify(encoded: str, password: str, *, cost: Cost = STANDARD) -> bool:
    """Say whether `password` is the one that was encoded; "" (no password, no account) takes as long and is never it.

    Threat: an answer that comes sooner for a login that does not exist tells who works here. So a hash that nothing
    matches is computed with the same cost in its place.
    """
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415
    from argon2.low_level import Type, verify_secret  # noqa: PLC0415

    # Cut, not refused: a refusal would come sooner than a comparison. No kept password is as long as that.
    given = _bytes(password[: _LONGEST + 1])
    try:
        same = verify_secret((encoded or _nobody(cost)).encode("ascii"), given, Type.ID)
    except (VerificationError, InvalidHashError):
        return False
    return same and encoded != ""


def is_outdated(encoded: str, *, cost: Cost = STANDARD) -> bool:
    """Say whether the encoding is cheaper to guess than `cost` asks for, so that the next login encodes it anew.

    Memory decides before passes, because memory is what specialised hardware cannot save (RFC 9106, section 4).
    A dearer encoding is left alone: lowering the configuration by mistake weakens nobody.
    """
    from argon2 import extract_parameters  # noqa: PLC0415
    from argon2.exceptions import InvalidHashError  # noqa: PLC0415

    try:
        had = extract_parameters(encoded)
    except InvalidHashError:
        return True
    return (had.memory_cost, had.time_cost) < (cost.memory, cost.passes) or had.hash_len < 32 or had.salt_len < 16


def check_strength(password: str, *, login: str = "", name: str = "") -> None:
    """Refuse a password that is too short or that one would try first (NIST SP 800-63B: length, no composition rules).

    What is obvious does not count: common words, keyboard rows, repetitions, the person's own names. Eight characters
    must remain.

    Raises:
        InputError: saying which of the two it is; never the password.

    """
    written = unicodedata.normalize("NFKC", password)
    if len(written) < MINIMUM:
        raise InputError(
            f"the password has {len(written)} characters; choose one with at least {MINIMUM}",
            zh=f"密码只有 {len(written)} 个字符；至少须有 {MINIMUM} 个",
        )
    if len(written) > _LONGEST:
        raise InputError(
            f"the password has more than {_LONGEST} characters; choose a shorter one",
            zh=f"密码超过 {_LONGEST} 个字符；请缩短",
        )
    if len(what_is_telling(written, own=(login, *login.split("@"), *name.split()))) < _TELLING:
        raise InputError(
            "the password is mostly common words, keyboard rows, repetitions or your own name; "
            "choose one that is not, such as four unrelated words",
            zh="密码大部分为常见词、键盘序列、重复字符或您自己的姓名；请另选，例如四个互不相关的词",
        )


def refuse_same(old: str, new: str) -> None:
    """Refuse a change that changes nothing.

    Raises:
        InputError: if both are one password.

    """
    if compare_digest(_bytes(old), _bytes(new)):
        raise InputError("the new password is the old one; choose another", zh="新密码与旧密码相同；请另选")


def _nobody(cost: Cost) -> str:
    """Give an encoding with this cost that no password has: its hash is all zero."""
    salt, digest = (base64.b64encode(bytes(size)).decode("ascii").rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={cost.memory},t={cost.passes},p={cost.lanes}${salt}${digest}"


def _bytes(password: str) -> bytes:
    # NFKC, so that one password typed on two systems is one (NIST SP 800-63B-3, 5.1.1.2). A lone surrogate can come
    # in through JSON; it must fail as a wrong password does and not as a broken program.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
