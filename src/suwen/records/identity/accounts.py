"""Opening, disabling and unlocking accounts: what those responsible for accounts do, as values in and values out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace

from suwen.records.identity.nouns import Account, login_name

__all__ = ["disable", "enable", "new_account", "new_id", "unlock"]


def new_account(
    login: str,
    name: str,
    *,
    roles: Iterable[str],
    clock: Callable[[], float],
    subject: str = "",
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Account:
    """Open an account without a password; nobody can log in to it until it is given one, a passkey or a subject.

    Raises:
        InputError: if `login` is not a login name; see `login_name`.

    """
    return Account(
        id=new_id(random), login=login_name(login), name=name, roles=frozenset(roles), created=clock(), subject=subject
    )


def new_id(random: Callable[[int], bytes]) -> str:
    """Draw an opaque 128-bit id (hex): it tells nothing about the person and cannot be guessed from another."""
    return random(16).hex()


def disable(account: Account) -> Account:
    """Close the account to every kind of login; the caller ends its sessions."""
    return replace(account, disabled=True)


def enable(account: Account) -> Account:
    """Open a disabled account again, without the wrong guesses it had."""
    return replace(account, disabled=False, failures=0, locked_until=0.0)


def unlock(account: Account) -> Account:
    """Lift a lock that wrong guesses brought about, after somebody has made sure who the person is."""
    return replace(account, failures=0, locked_until=0.0)
