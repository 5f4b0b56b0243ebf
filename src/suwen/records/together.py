"""Readers that come at once share one transaction: each decided and named as ever, one signed checkpoint for all.

What a reader opened is answered only once the entries that say so are stored: no audit, no access. Whoever comes while
a group is being written waits for the next one, so that the disk is asked once for all of them.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from suwen.errors import AuditError, LoginError, StoreError, SuwenError
from suwen.records.access import Principal, Purpose
from suwen.records.audit import Event, EventKind, Outcome
from suwen.records.gate import Records, Work, principal_of
from suwen.records.people import Actor
from suwen.records.store.store import Transaction

__all__ = ["Together", "read"]

T = TypeVar("T")

# What a faulty reader raises on an odd record: it is that reader's own. What says that the database or the machine
# itself fails ends the work of the group.
_FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_MOST = 32  # readers of one transaction: nobody waits for a crowd


@dataclass(slots=True)
class _Reader:
    """One who waits: what is to be done, and then its answer or how it failed. `turn`: it is done, or has to lead."""

    actor: Actor
    purpose: Purpose
    act: Callable[[Work], Any]
    turn: threading.Event = field(default_factory=threading.Event)
    done: bool = False
    answer: Any = None
    failure: BaseException | None = None


class Together:
    """Has readers of one store do their work in groups; threads share one."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._waiting: list[_Reader] = []
        self._led = False
        self._lock = threading.Lock()

    def read(self, actor: Actor, purpose: Purpose, act: Callable[[Work], T]) -> T:
        """Do a piece of work in a transaction that others share; what it returns, or raises. A refusal stays one's own.

        As `Records.acting`, but for this: what a piece of work wrote stays although it failed afterwards. It reads, and
        if it writes anything but the audit log, then last of all.
        """
        mine = _Reader(actor, purpose, act)
        with self._lock:
            self._waiting.append(mine)
            leads, self._led = not self._led, True
        if not leads:
            mine.turn.wait()
        if not mine.done:
            self._lead()
        if mine.failure is not None:
            raise mine.failure
        found: T = mine.answer
        return found

    def _lead(self) -> None:
        """Do the work of those who wait, oneself the first among them, and hand the lead on."""
        with self._lock:
            group, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
        events: list[Event] = []
        written = False
        try:
            with self._records.store.transaction() as ongoing:
                events = ongoing.events
                self._each(ongoing, group)
            written = True
        except SuwenError as failure:  # the log could not be written: nobody is answered
            for one in group:
                one.failure = _again(failure)
        finally:
            try:
                self._broken_off(group, events, sys.exception(), written=written)
            finally:  # whatever else fails: else all who come from now on would wait for ever
                self._hand_on(group)

    def _broken_off(
        self, group: Sequence[_Reader], events: Sequence[Event], failure: BaseException | None, *, written: bool
    ) -> None:
        """Nobody of a group is answered whose entries are not stored; that each tried is logged, as `acting` does."""
        if written:
            return
        for one in group:
            one.failure = one.failure or StoreError(
                "the work of a group of readers was broken off; try again", zh="一组读取操作被中断；请重试"
            )
        if failure is None:  # the store's own, which was told to each above; it has no log to write to
            return
        with contextlib.suppress(SuwenError), self._records.store.transaction() as ongoing:
            ongoing.events.extend(one for one in events if one.kind is EventKind.DECISION)
            said = {"error": type(failure).__name__}
            for one in group:
                Work(self._records, ongoing, one.actor, one.purpose).note(
                    EventKind.DECISION, outcome=Outcome.FAILURE, detail=said
                )

    def _hand_on(self, group: Sequence[_Reader]) -> None:
        with self._lock:
            following = self._waiting[0] if self._waiting else None
            self._led = following is not None
        if following is not None:
            following.turn.set()
        for one in group:
            one.done = True
            one.turn.set()

    def _each(self, ongoing: Transaction, group: Sequence[_Reader]) -> None:
        known: dict[tuple[str, str, bool], Principal] = {}
        for one in group:
            work = Work(self._records, ongoing, one.actor, one.purpose)
            before = len(ongoing.events)
            try:
                place = (one.actor.id, one.actor.token, one.actor.device)
                if place not in known:  # who it is at this moment, which is the same for all of the transaction
                    known[place] = principal_of(self._records, ongoing.connection, one.actor)
                work.principal = known[place]
                one.answer = one.act(work)
            except (SuwenError, *_FAULTS) as failure:
                one.failure = failure
                _note_failure(work, before, failure)


def read(records: Records | Together, actor: Actor, purpose: Purpose, act: Callable[[Work], T]) -> T:
    """Do a piece of work in a transaction of its own, or among those who read together."""
    if isinstance(records, Together):
        return records.read(actor, purpose, act)
    with records.acting(actor, purpose) as work:
        return act(work)


def _note_failure(work: Work, before: int, failure: Exception) -> None:
    """What was decided and how it failed; what was opened stays named although it was not answered."""
    mine = work.transaction.events[before:]
    if any(one.outcome is Outcome.DENY for one in mine):
        return
    kind = EventKind.LOGIN if isinstance(failure, LoginError) else EventKind.DECISION
    work.note(kind, outcome=Outcome.FAILURE, detail={"error": type(failure).__name__})


def _again(failure: SuwenError) -> SuwenError:
    """The same failure for each of the group: one exception raised in several threads would mix their traces."""
    if isinstance(failure, AuditError):
        return AuditError(str(failure), zh=failure.zh)
    return StoreError(str(failure), zh=failure.zh)
