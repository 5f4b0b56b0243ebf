"""How the jobs stand right now, in memory, and who looks on: one wake-up for a change, no thread for a watcher."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from suwen.govern import Job, JobState

__all__ = ["Board", "Watcher"]


_SMALL = 4096  # characters of parameters that are held for lists


@dataclass(eq=False, slots=True)
class Watcher:
    """Somebody who looks on: `changed` is set in their loop when there is something new."""

    loop: asyncio.AbstractEventLoop
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Board:
    """What is known of jobs without asking the store; topics are the ids of jobs and of owners."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._watchers: defaultdict[str, set[Watcher]] = defaultdict(set)
        self._versions: Counter[str] = Counter()
        self._drawn: dict[tuple[str, str], tuple[int, str]] = {}
        self.closed = False

    def put(self, job: Job, *, tell: bool = True) -> None:
        """Note how a job stands. `tell` those who look on."""
        with self._lock:
            self._note(job)
        if tell:
            self.tell(job.id, job.owner)

    def _note(self, job: Job) -> None:
        """Parameters stay as they are known; large ones are left in the store."""
        known = self._jobs.get(job.id)
        small = job.parameters if known is None and len(str(job.parameters)) <= _SMALL else {}
        self._jobs[job.id] = replace(job, parameters=known.parameters if known else small)

    def drop(self, job: str) -> None:
        """Forget a job that was removed."""
        with self._lock:
            gone = self._jobs.pop(job, None)
        if gone is not None:
            self.tell(gone.id, gone.owner)

    def get(self, job: str) -> Job | None:
        """How a job stands, None where it is not known."""
        with self._lock:
            return self._jobs.get(job)

    def of(self, owner: str) -> list[Job]:
        """The jobs of an owner that are known, newest first."""
        with self._lock:
            found = [one for one in self._jobs.values() if one.owner == owner]
        return sorted(found, key=lambda one: (-one.created, one.id))

    def merged(self, stored: Iterable[Job]) -> list[Job]:
        """Jobs as the store lists them, with what is newer here; they are known from now on."""
        with self._lock:
            found = []
            for one in stored:
                known = self._jobs.get(one.id)
                now = one if known is None or one.state.over else replace(known, parameters=one.parameters)
                self._jobs[one.id] = now
                found.append(now)
        return found

    def counts(self) -> Counter[JobState]:
        """How many jobs that are not over are in each state."""
        with self._lock:
            return Counter(one.state for one in self._jobs.values() if not one.state.over)

    def waiting(self, owner: str) -> list[Job]:
        """Jobs that wait for their owner to sign in again, oldest first."""
        return [one for one in reversed(self.of(owner)) if one.state is JobState.WAITS_FOR_OWNER]

    @contextlib.contextmanager
    def watch(self, topic: str) -> Iterator[Watcher]:
        """Look on at a topic from a running loop."""
        watcher = Watcher(asyncio.get_running_loop())
        with self._lock:
            self._watchers[topic].add(watcher)
        try:
            yield watcher
        finally:
            self._leave(topic, watcher)

    def _leave(self, topic: str, watcher: Watcher) -> None:
        with self._lock:
            self._watchers[topic].discard(watcher)
            if not self._watchers[topic]:
                del self._watchers[topic]
                for key in [key for key in self._drawn if key[0] == topic]:
                    del self._drawn[key]

    def drawn(self, topic: str, key: str, draw: Callable[[], str]) -> str:
        """A part of a page that shows a topic, drawn once for a change however many look on with the same `key`."""
        version = self._versions[topic]
        known = self._drawn.get((topic, key))
        if known is None or known[0] != version:
            known = self._drawn[topic, key] = (version, draw())
        return known[1]

    def version(self, topic: str) -> int:
        """Grows with each change."""
        return self._versions[topic]

    def tell(self, *topics: str) -> None:
        """Wake those who look on: one call into each loop."""
        loops: defaultdict[asyncio.AbstractEventLoop, list[Watcher]] = defaultdict(list)
        with self._lock:
            for topic in topics:
                if topic in self._watchers:
                    self._versions[topic] += 1
                for one in self._watchers.get(topic, ()):
                    loops[one.loop].append(one)
        for loop, watchers in loops.items():
            with contextlib.suppress(RuntimeError):  # a loop that ended meanwhile
                loop.call_soon_threadsafe(_wake, watchers)

    def close(self) -> None:
        """Have everybody who looks on leave, since the server stops."""
        self.closed = True
        with self._lock:
            topics = list(self._watchers)
        self.tell(*topics)

    @property
    def watching(self) -> int:
        """How many look on."""
        with self._lock:
            return sum(len(one) for one in self._watchers.values())


def _wake(watchers: list[Watcher]) -> None:
    for one in watchers:
        one.changed.set()
