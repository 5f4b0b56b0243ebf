"""Who is who: one's own account, the names behind ids, and what a refused login lacks."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from suwen.errors import LoginError
from suwen.govern.presence import seen_lately
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Records, Work
from suwen.records.identity.login import Attempt, Reason, refusal
from suwen.records.identity.nouns import Account
from suwen.records.people import Actor, account_by_id, accounts, devices

__all__ = ["Lacking", "lacking", "names_of", "own_account"]


class Lacking(Enum):
    """What a login with the right password was refused for the want of."""

    CODE = "code"
    PASSKEY = "passkey"
    SECOND_FACTOR = "second factor"
    NEW_PASSWORD = "new password"  # noqa: S105 (not a password)
    NOTHING_SAID = ""


_REASONS = {
    Reason.CODE_NEEDED: Lacking.CODE,
    Reason.MUST_CHANGE: Lacking.NEW_PASSWORD,
    Reason.PASSKEY_NEEDED: Lacking.PASSKEY,
    Reason.SECOND_FACTOR_MISSING: Lacking.SECOND_FACTOR,
}


def lacking(refused: LoginError) -> Lacking:
    """What to ask for before trying again; NOTHING_SAID where the answer is the one every stranger gets."""
    for reason, what in _REASONS.items():
        if str(refusal(Attempt(None, False, reason))) == str(refused):
            return what
    return Lacking.NOTHING_SAID


def own_account(actor: Actor, records: Records) -> Account:
    """The actor's own account, without its secrets. Raises LoginError when the session is over."""
    found = seen_lately(actor, records)
    if found is None:
        with records.acting(actor, Purpose.OPERATIONS) as work:
            found = account_by_id(records.store, work.connection, actor.id)
    return replace(found, password="", totp="on" if found.totp else "", passkeys=())


def names_of(actor: Actor, records: Records) -> dict[str, str]:
    """Login names of accounts and names of devices by id, for whoever manages, reviews or audits. Raises AccessError.

    An audit log that names nobody cannot be read by a person (ISO 27789 asks for the identification of users).
    """
    with records.acting(actor, Purpose.OPERATIONS) as work:
        for act in (Act.MANAGE, Act.REVIEW):
            if work.permits(act, ResourceKind.ACCOUNTS):
                work.require(act, ResourceKind.ACCOUNTS)
                return _names(work)
    with records.acting(actor, Purpose.AUDIT) as work:
        work.require(Act.READ_AUDIT, ResourceKind.AUDIT)
        return _names(work)


def _names(work: Work) -> dict[str, str]:
    work.note(EventKind.QUERY, detail={"what": "names"})
    named = {one.id: one.name for one in devices(work.store, work.connection)}
    return named | {one.id: one.login for one in accounts(work.store, work.connection)}
