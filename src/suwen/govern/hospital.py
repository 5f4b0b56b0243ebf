"""Making and opening a store of records: the one place where its parts are put together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from suwen.errors import InputError
from suwen.govern.people import make_account
from suwen.records.access import Control, Role
from suwen.records.audit import EventKind
from suwen.records.gate import Records
from suwen.records.identity.login import Policy
from suwen.records.identity.sessions import Lifetime
from suwen.records.people import save_account
from suwen.records.store.bootstrap import read_bootstrap
from suwen.records.store.store import Opening, Place, Store, create_store, open_store

__all__ = ["FirstAccount", "Opening", "Place", "Records", "create_records", "open_records", "store_id"]

_FIRST = (Role.ADMINISTRATOR, Role.SECURITY_OFFICER, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class FirstAccount:
    """One of the three accounts a store begins with, and its first password, to be changed at the first login."""

    login: str
    role: Role
    password: str = field(repr=False)


def create_records(
    folder: Path,
    place: Place,
    opening: Opening,
    *,
    logins: tuple[str, str, str] = ("administrator", "security", "auditor"),
    policy: Policy | None = None,
) -> tuple[Records, tuple[FirstAccount, ...]]:
    """Make a store with three accounts kept apart: administrator, security officer, auditor. None can read a patient.

    Raises InputError (the folder is not empty, a login name twice), StoreError, KeyProviderError.
    """
    if len({one.casefold() for one in logins}) != len(logins):
        raise InputError(
            "administrator, security officer and auditor are three accounts; give three login names",
            zh="管理员、安全员和审计员须为三个账户；请给出三个登录名",
        )
    control, made = Control(), list[FirstAccount]()

    def first(store: Store) -> None:
        made.extend(_first_accounts(Records(store, control, policy or Policy()), logins))

    store = create_store(folder, place, opening, first=first)
    return Records(store, control, policy or Policy()), tuple(made)


def _first_accounts(records: Records, logins: tuple[str, str, str]) -> list[FirstAccount]:
    """Written before the store counts as made: one without accounts could be opened by nobody."""
    made = []
    with records.store.transaction() as ongoing:
        for login, role in zip(logins, _FIRST, strict=True):
            account, password = make_account(records, login, role.value, roles=[role])
            save_account(records.store, ongoing.connection, account)
            detail = {"what": "opened", "roles": [role.value]}
            ongoing.note(EventKind.ACCOUNT, act="manage", subject=account.id, detail=detail)
            made.append(FirstAccount(account.login, role, password))
        said = {"policies": records.control.digest, "provider": records.store.provider.kind}
        ongoing.note(EventKind.START, act="init", detail=said)
    return made


def store_id(folder: Path) -> str:
    """The random id (hex) of the store in a folder, the same in every restored copy of it; needs no key.

    Raises NotFoundError, FormatError, TamperError.
    """
    return read_bootstrap(folder)[0].id


@contextlib.contextmanager
def open_records(
    folder: Path,
    opening: Opening,
    *,
    policy: Policy | None = None,
    lifetime: Lifetime | None = None,
    trusting: bool = False,
) -> Iterator[Records]:
    """Open a store for as long as the block runs. Raises NotFoundError, KeyProviderError, TamperError.

    `trusting` opens even one that was set back, so that it can be verified.
    """
    with open_store(folder, opening, trusting=trusting) as store:
        yield Records(store, Control(), policy or Policy(), lifetime or Lifetime())
