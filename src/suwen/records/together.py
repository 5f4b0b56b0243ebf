"""Readers that come at once share one transaction: each decided and named as ever, one signed checkpoint for all.

What a reader opened is answered only once the entries that say so are stored: no audit, no access. Whoever comes while
a group is being written waits for the next one, so that the disk is asked once for all of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from suwen.errors import AuditError, LoginError, StoreError, SuwenError
from suwen.records.access import Principal, Purpose
from suwen.records.audit import EventKind, Outcome
from suwen.records.gate import Records, Work, _principal
from suwen.records.people import Actor
from suwen.records.store.store import Transaction

__all__ = ["Together"]

T = TypeVar("T")

_MOST = 32  # readers of one transaction: nobody waits for a crowd


@dataclass(slots=True)
class _Reader:
    """One who waits: what is to be done, and then its answer or how it failed."""

    actor: Actor
    purpose: Purpose
    act: Callable[[Work], Any]
    done: threading.Event = field(default_factory=threading.Event)
    answer: Any = None
    failure: BaseException | None = None


class Together:
    """Has readers of one store do their work in groups; threads share one."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._waiting: list[_Reader] = []
        self._lock = threading.Lock()
        self._leading = threading.Lock()

    def read(self, actor: Actor, purpose: Purpose, act: Callable[[Work], T]) -> T:
        """Do a piece of work that writes nothing but the audit log; what it returns, or raises.

        As `Records.acting`, with one difference: others stand in the same transaction. A refusal stays one's own.
        """
        mine = _Reader(actor, purpose, act)
        with self._lock:
            self._waiting.append(mine)
        while not mine.done.is_set():
            with self._leading:
                if not mine.done.is_set():
                    self._lead()
        if mine.failure is not None:
            raise mine.failure
        found: T = mine.answer
        return found

    def _lead(self) -> None:
        with self._lock:
            group, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
        try:
            with self._records.store.transaction() as ongoing:
                self._each(ongoing, group)
        except SuwenError as failure:  # the log could not be written: nobody is answered
            for one in group:
                one.answer, one.failure = None, _again(failure)
        finally:
            for one in group:
                if one.answer is None and one.failure is None:
                    one.failure = StoreError("the work of a group of readers was broken off; try again")
                one.done.set()

    def _each(self, ongoing: Transaction, group: Sequence[_Reader]) -> None:
        known: dict[tuple[str, str, bool], Principal] = {}
        for one in group:
            work = Work(self._records, ongoing, one.actor, one.purpose)
            before = len(ongoing.events)
            try:
                place = (one.actor.id, one.actor.token, one.actor.device)
                if place not in known:  # who it is at this moment, which is the same for all of the transaction
                    known[place] = _principal(self._records, ongoing.connection, one.actor)
                work.principal = known[place]
                one.answer = one.act(work)
            except SuwenError as failure:
                one.failure = failure
                _note_failure(work, before, failure)


def _note_failure(work: Work, before: int, failure: SuwenError) -> None:
    """What was decided and how it failed; what was opened stays named although it was not answered."""
    mine = work.transaction.events[before:]
    if any(one.outcome is Outcome.DENY for one in mine):
        return
    kind = EventKind.LOGIN if isinstance(failure, LoginError) else EventKind.DECISION
    work.note(kind, outcome=Outcome.FAILURE, detail={"error": type(failure).__name__})


def _again(failure: SuwenError) -> SuwenError:
    """The same failure for each of the group: one exception raised in several threads would mix their traces."""
    if isinstance(failure, AuditError):
        return AuditError(str(failure))
    return StoreError(str(failure))
