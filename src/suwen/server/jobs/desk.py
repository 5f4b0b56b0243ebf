"""The desk where jobs are asked for: begun in a few threads, resumed after a restart, shown to their owners."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from suwen.errors import LoginError, SuwenError
from suwen.govern import (
    Actor,
    Job,
    JobFile,
    JobState,
    Purpose,
    Wanted,
    cancel_job,
    end_job,
    end_lent_session,
    file_job,
    keep_job_step,
    lend_session,
    list_jobs,
    open_job,
    open_job_file,
    open_job_result,
    remove_job,
    remove_old_jobs,
    require_known,
    resume_alone,
    resume_job,
    unfinished_jobs,
)
from suwen.server.house import House, house_of
from suwen.server.jobs.board import Board
from suwen.server.jobs.context import Context
from suwen.server.jobs.kinds import kind_of
from suwen.server.jobs.streams import Shown, streamed
from suwen.subject import Saying

if TYPE_CHECKING:
    from fastapi import Request
    from fastapi.responses import StreamingResponse

__all__ = ["Jobs", "jobs_of"]

LOG = logging.getLogger("suwen.server")
_PATIENCE = 10.0  # seconds that a stopping server waits for jobs to reach a place where they can stop
_TELL_EVERY = 0.1  # seconds between two wake-ups of those who look on at one job
_CLEAN_EVERY = 24 * 3600.0


@dataclass(eq=False)
class _Live:
    """What this process holds of a job that is not over: when to stop, and the session that was lent to it."""

    actor: Actor | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    told: float = 0.0
    context: Context | None = None


class Jobs:
    """The jobs of a house. Made by `jobs_of`; `begin` and `stop` are called by whoever serves."""

    def __init__(self, house: House, *, threads: int = 1) -> None:
        """`threads`: how many jobs are worked on at once."""
        self.house = house
        self.board = Board()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="jobs")
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._live: dict[str, _Live] = {}
        self._running: set[Future[Any]] = set()
        self._begun = False
        self._cleaned = 0.0
        self.ended = dict.fromkeys((JobState.DONE, JobState.FAILED, JobState.CANCELLED), 0)

    def begin(self) -> Jobs:
        """Take up what an earlier process left: what needs no records goes on, the rest waits for its owners."""
        with self._lock:
            if self._begun:
                return self
            self._begun = True
        for one in unfinished_jobs(self.house.records):
            if one.alone:
                self._queue(replace(one, state=JobState.QUEUED), None)
            elif one.state is JobState.WAITS_FOR_OWNER:
                self.board.put(one)
            else:
                self._keep(replace(one, state=JobState.WAITS_FOR_OWNER))
        self._clean()
        return self

    def stop(self) -> None:
        """Have every job stop where it can go on later, and everybody who looks on leave; call it before closing."""
        self.board.close()
        with self._lock:
            live = list(self._live.values())
        for one in live:
            one.stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._idle:  # not until the futures are done: what they came to is kept after that
            if not self._idle.wait_for(lambda: not self._running, _PATIENCE):
                LOG.warning("%d jobs do not stop; they will begin again at their last step", len(self._running))

    def submit(
        self,
        actor: Actor,
        kind: str,
        parameters: Mapping[str, Any],
        title: Saying,
        *,
        patients: Sequence[str] = (),
        purpose: Purpose = Purpose.OPERATIONS,
    ) -> str:
        """Ask for work of a kind; the job's id. `title` is shown in lists: name no patient in it.

        `patients` (ids): whom the result will tell of; it is then opened only to an owner who may view them for
        `purpose`. Raises LoginError, NotFoundError (no such kind), InputError (too many jobs, too large parameters).
        """
        known = kind_of(kind)
        self._clean()
        wanted = Wanted(kind, parameters, title, not known.needs_records, tuple(patients), purpose)
        job = file_job(actor, self.house.records, wanted)
        self._queue(job, lend_session(actor, self.house.records) if known.needs_records else None)
        return job.id

    def list(self, actor: Actor) -> list[Job]:
        """One's own jobs as they stand now, newest first; those that waited for them go on. Raises LoginError."""
        found = self.board.merged(list_jobs(actor, self.house.records))
        self.welcome(actor)
        return [self.board.get(one.id) or one for one in found]

    def get(self, actor: Actor, job: str) -> Job:
        """One of one's own jobs, with its parameters, as it stands now. Raises LoginError, NotFoundError."""
        stored = open_job(actor, self.house.records, job)
        known = self.board.get(job)
        if known is None or stored.state.over:
            self.board.put(stored, tell=False)
        self.welcome(actor)
        return replace(self.board.get(job) or stored, parameters=stored.parameters)

    def cancel(self, actor: Actor, job: str) -> Job:
        """Stop a job for good; one that is over stays as it is. Raises LoginError, NotFoundError."""
        ended = cancel_job(actor, self.house.records, job)
        with self._lock:
            live = self._live.get(job)
        if live is not None:
            live.stop.set()
        self._ended(ended)
        return ended

    def remove(self, actor: Actor, job: str) -> None:
        """Remove a job that is over, with its result. Raises LoginError, NotFoundError, InputError."""
        remove_job(actor, self.house.records, job)
        self.board.drop(job)

    def result(self, actor: Actor, job: str) -> Mapping[str, Any]:
        """What came of a job. Raises LoginError, NotFoundError, AccessError (one of its patients is closed to you)."""
        return open_job_result(actor, self.house.records, job)

    def file(self, actor: Actor, job: str, name: str) -> tuple[JobFile, bytes]:
        """A file that came of a job. Raises as `result`."""
        return open_job_file(actor, self.house.records, job, name)

    def stream(self, actor: Actor, job: str, draw: Callable[[Job], str], *, key: str) -> StreamingResponse:
        """Server-sent parts of a page that follow a job: `draw` makes one (escaped HTML), again at each change.

        `key`: what else the part depends on (template, language, token of the forms). Raises LoginError, NotFoundError.
        """
        first = self.get(actor, job)

        def now() -> Job:
            return self.board.get(job) or replace(first, state=JobState.CANCELLED)

        return streamed(self.board, Shown(job, key, lambda: draw(now()), lambda: now().state.over, self._holds(actor)))

    def stream_all(self, actor: Actor, draw: Callable[[Sequence[Job]], str], *, key: str) -> StreamingResponse:
        """As `stream`, of all of one's own jobs; it ends with the session. Raises LoginError."""
        self.list(actor)

        def now() -> str:
            return draw(self.board.of(actor.id))

        return streamed(self.board, Shown(actor.id, key, now, lambda: False, self._holds(actor)))

    def _holds(self, actor: Actor) -> Callable[[], bool]:
        def holds() -> bool:
            try:
                require_known(actor, self.house.records)
            except LoginError:
                return False
            return True

        return holds

    def welcome(self, actor: Actor) -> None:
        """Have the jobs go on that waited for this owner, who has just shown who they are. Costs nothing otherwise."""
        for one in self.board.waiting(actor.id):
            with self._lock:
                if one.id in self._live:
                    continue
                self._live[one.id] = reserved = _Live()
            try:
                self._queue(replace(one, state=JobState.QUEUED), lend_session(actor, self.house.records))
            finally:  # where no session was to be had, it waits on
                with self._lock:
                    if self._live.get(one.id) is reserved:
                        del self._live[one.id]

    def _queue(self, job: Job, actor: Actor | None) -> None:
        with self._lock:
            self._live[job.id] = live = _Live(actor)
        self.board.put(job)
        future = self._pool.submit(self._work, replace(job, parameters={}), live)
        with self._lock:
            self._running.add(future)
        future.add_done_callback(lambda done: self._settle(job.id, live, done))

    def _work(self, job: Job, live: _Live) -> Mapping[str, Any] | None:
        """In a thread of the pool: the work itself; whatever it raises is held by the future."""
        if live.stop.is_set():
            raise CancelledError
        kind = kind_of(job.kind)
        records = self.house.records
        if live.actor is None:
            job, step = resume_alone(records, job.id)
        else:
            job, step = resume_job(live.actor, records, job.id)
        begun = self._keep(replace(job, state=JobState.RUNNING))
        if begun.state.over:
            raise CancelledError
        live.context = Context(
            self.house, live.actor, replace(begun, parameters=job.parameters), step, self._tell, live.stop
        )
        return kind.run(live.context)

    def _tell(self, job: Job) -> None:
        with self._lock:
            live = self._live.get(job.id)
        if live is None or live.stop.is_set():
            return
        now = time.monotonic()
        due = now - live.told >= _TELL_EVERY or job.done >= job.whole
        live.told = now if due else live.told
        self.board.put(job, tell=due)

    def _keep(self, job: Job, step: Any = None) -> Job:
        kept = keep_job_step(self.house.records, job, step)
        self.board.put(kept)
        return kept

    def _settle(self, job: str, live: _Live, done: Future[Any]) -> None:
        """Keep how the work ended. Whatever happens here, the desk goes on."""
        try:
            if not done.cancelled():
                self._conclude(job, live, done)
        except SuwenError:
            LOG.exception("how a job ended could not be kept")
        finally:
            with self._lock:
                self._running.discard(done)
                self._idle.notify_all()
                if self._live.get(job) is live:
                    del self._live[job]

    def _conclude(self, job: str, live: _Live, done: Future[Any]) -> None:
        context, failure = live.context, done.exception()
        now = context.job if context else self.board.get(job)
        if now is None:
            return
        match failure:
            case None:
                self._end(replace(now, done=now.whole), JobState.DONE, result=done.result() or {})
            case CancelledError():  # by the owner, who has kept that already, or since the server stops
                step = context.unstored if context else None
                self.board.put(keep_job_step(self.house.records, replace(now, state=JobState.QUEUED), step))
            case LoginError():
                step = context.unstored if context else None
                self._keep(replace(now, state=JobState.WAITS_FOR_OWNER), step)
            case SuwenError():
                self._end(now, JobState.FAILED, reason=_pair(failure))
            case _:
                number = secrets.token_hex(4)
                LOG.error("failure %s in a job of the kind %s", number, now.kind, exc_info=failure)
                said = Saying(
                    f"something went wrong here; it was noted under {number}", f"任务出错；错误已记录，编号 {number}"
                )
                self._end(now, JobState.FAILED, reason=said)
        if live.actor is not None:
            end_lent_session(self.house.records, live.actor)

    def _end(
        self, job: Job, state: JobState, *, result: Mapping[str, Any] | None = None, reason: Saying | None = None
    ) -> None:
        ended = replace(job, state=state, reason=reason)
        try:
            self._ended(end_job(self.house.records, ended, result=result))
        except SuwenError as refused:  # too large, no JSON: that it failed can still be kept
            self._ended(end_job(self.house.records, replace(ended, state=JobState.FAILED, reason=_pair(refused))))

    def _ended(self, job: Job) -> None:
        known = self.board.get(job.id)
        if known is None or not known.state.over:
            self.ended[job.state] = self.ended.get(job.state, 0) + 1
        self.board.put(job)

    def _clean(self) -> None:
        with self._lock:
            if self._cleaned and time.monotonic() - self._cleaned < _CLEAN_EVERY:
                return
            self._cleaned = time.monotonic()
            working = list(self._live)
        for one in remove_old_jobs(self.house.records, working=working):
            self.board.drop(one)


def _pair(failure: SuwenError) -> Saying:
    """Why something failed, in both languages: who reads it is known only when they look."""
    return Saying(str(failure), failure.said("zh"))


def jobs_of(place: Request | House) -> Jobs:
    """The jobs of the house, or of the house behind a request; begun at their first use."""
    house = place if isinstance(place, House) else house_of(place)
    desk: Jobs = house.room("jobs", lambda: Jobs(house))
    return desk.begin()
