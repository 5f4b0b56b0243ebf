"""Entering what an ethics committee approved: who may select cohorts, of which patients, for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from suwen.errors import InputError, NotFoundError
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.approvals import Approval, approvals, save_approval
from suwen.records.audit import EventKind
from suwen.records.gate import Records, Work
from suwen.records.people import Actor, account_by_login
from suwen.records.relations import new_relation

__all__ = ["approve_research", "list_approvals", "revoke_approval"]

_DAY = 86_400_000_000
_LONGEST = 3_653  # days: ten years; a committee looks again sooner


def approve_research(  # noqa: PLR0913 - each is one line of a committee's letter
    actor: Actor,
    records: Records,
    reference: str,
    *,
    who: Sequence[str],
    days: int,
    criteria: str = "",
    training: bool = False,
    texts: bool = False,
    consent: bool = False,
) -> Approval:
    """Enter an approval under the committee's own number for accounts (login names), for so many days from now.

    `criteria` binds it to those criteria (digest); `training`, `texts` and `consent` as in `Approval`. The same act as
    giving a care relationship: an administrator's, who can use none of it. Raises AccessError, InputError,
    NotFoundError.
    """
    if not reference.strip() or not 0 < days <= _LONGEST or not who:
        raise InputError(f"an approval has the committee's reference, at least one account, and 1 to {_LONGEST} days")
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        approval = Approval(
            id=new_relation(),
            reference=reference.strip(),
            who=tuple(_account(work, login) for login in dict.fromkeys(who)),
            since=work.at,
            until=work.at + days * _DAY,
            given_by=actor.id,
            criteria=criteria,
            training=training,
            texts=texts,
            consent=consent,
        )
        _keep(work, approval, "research approved")
        return approval


def revoke_approval(actor: Actor, records: Records, reference: str) -> int:
    """End every approval of this reference, or of this id, at once; how many. Raises AccessError, NotFoundError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        known = approvals(records.store, work.connection)
        ended = [one for one in known if reference.strip() in (one.reference, one.id) and one.active(work.at)]
        if not ended:
            raise NotFoundError("there is no active approval of this reference")
        for one in ended:
            _keep(work, replace(one, revoked=True, until=work.at), "approval of research revoked")
        return len(ended)


def list_approvals(actor: Actor, records: Records) -> list[Approval]:
    """Every approval, also those that are over, oldest first. Raises AccessError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        work.note(EventKind.QUERY, act=Act.MANAGE.value, detail={"what": "approvals of research"})
        return approvals(records.store, work.connection)


def _keep(work: Work, approval: Approval, what: str) -> None:
    save_approval(work.store, work.connection, approval)
    for one in approval.who:
        detail = {"what": what, "approval": approval.id, "until": approval.until}
        work.note(EventKind.ROLE, act=Act.MANAGE.value, subject=one, detail=detail)


def _account(work: Work, login: str) -> str:
    account = account_by_login(work.store, work.connection, login)
    if account is None:
        raise NotFoundError(f"there is no account {login}; suwen records account list shows them")
    return account.id
