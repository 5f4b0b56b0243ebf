"""A session lent to a job: work that goes on must neither prolong a person's own session nor outlast their day."""

from __future__ import annotations

from dataclasses import replace

from suwen.records.access import Purpose
from suwen.records.audit import EventKind
from suwen.records.gate import Records
from suwen.records.identity.nouns import Session
from suwen.records.identity.sessions import start, token_hash
from suwen.records.people import Actor, account_by_id, end_sessions, save_session, session_id

__all__ = ["end_lent_session", "lend_session"]


def lend_session(actor: Actor, records: Records) -> Actor:
    """A session of the actor's own for a job, so that it outlasts the tab that asked for it; a device needs none.

    Threat: work that goes on must not keep a person's own session from ending by itself, nor end later than it could.
    So the job has its own; it ends with the working day of the session that it is made from, at once when the account
    is locked, and its token is nowhere but in this process.
    """
    if actor.device:
        return actor
    with records.acting(actor, Purpose.OPERATIONS) as work:
        account = account_by_id(records.store, work.connection, actor.id)
        kept = records.store.documents.get(work.connection, "session", session_id(token_hash(actor.token)))
        own = Session.from_document(kept.content)
        token, made = start(
            account, second_factor=own.second_factor, clock=records.store.clock, lifetime=records.lifetime
        )
        save_session(records.store, work.connection, replace(made, started=own.started, expires=own.expires))
        work.note(EventKind.LOGIN, act="job", detail={"what": "session lent to a job"})
        return Actor(actor.id, token, through=actor.through)


def end_lent_session(records: Records, lent: Actor) -> None:
    """End the session of a job."""
    if lent.device:
        return
    with records.store.transaction() as ongoing:
        ended = end_sessions(records.store, ongoing.connection, lent.id, token_hash=token_hash(lent.token))
        if ended:
            ongoing.note(EventKind.LOGOUT, actor=lent.id, act="job")
