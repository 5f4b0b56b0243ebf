"""One's own sessions: where one is signed in, and ending all of them but this one."""

from __future__ import annotations

from dataclasses import dataclass

from suwen.records.access import Act, Purpose
from suwen.records.audit import EventKind
from suwen.records.gate import Records
from suwen.records.identity.sessions import token_hash
from suwen.records.people import Actor, end_sessions, sessions_of

__all__ = ["OwnSession", "end_other_sessions", "own_sessions"]


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A session that is not over: begun and last used (UTC seconds, the last to the minute); `here`: the one asking."""

    started: float
    seen: float
    here: bool


def own_sessions(actor: Actor, records: Records) -> list[OwnSession]:
    """The actor's sessions that are not over, the newest first. Raises LoginError."""
    now, lasts = records.store.clock(), records.lifetime
    with records.acting(actor, Purpose.OPERATIONS) as work:
        found = sessions_of(records.store, work.connection, actor.id)
    lasting = [one for one in found if now < min(one.expires, one.started + lasts.longest, one.seen + lasts.idle)]
    mine = token_hash(actor.token)
    listed = [OwnSession(one.started, one.seen, one.token_hash == mine) for one in lasting]
    return sorted(listed, key=lambda one: -one.started)


def end_other_sessions(actor: Actor, records: Records) -> int:
    """End every session of the account but the one that asks, at once; how many. Raises LoginError."""
    mine = token_hash(actor.token)
    with records.acting(actor, Purpose.OPERATIONS) as work:
        others = [one for one in sessions_of(records.store, work.connection, actor.id) if one.token_hash != mine]
        for one in others:
            end_sessions(records.store, work.connection, actor.id, token_hash=one.token_hash)
        work.note(EventKind.LOGOUT, act=Act.MANAGE.value, subject=actor.id, detail={"what": "other sessions ended"})
        return len(others)
