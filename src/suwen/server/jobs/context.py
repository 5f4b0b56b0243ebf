"""What a job works with: the house, whoever asked, the parameters, and ways to say how far it is and to keep things."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError
from dataclasses import replace
from typing import Any

from suwen.errors import AccessError
from suwen.govern import Actor, Job, JobFile, add_job_file, keep_job_step, own_account
from suwen.server.house import House
from suwen.server.jobs.apart import apart
from suwen.subject import Saying

__all__ = ["Context"]

_STORE_EVERY = 2.0  # seconds between two steps that are stored: a step costs a signed entry
_TOUCH_EVERY = 60.0  # seconds between two uses of the lent session, which ends when it is not used


class Context:
    """The work's side of a job. `step` is what the last `keep_step` kept before a restart, None at the first begin."""

    def __init__(
        self, house: House, actor: Actor | None, job: Job, step: Any, tell: Callable[[Job], None], stop: threading.Event
    ) -> None:
        """`tell` shows how the job stands to those who look on; `stop` is set when it shall end."""
        self.house = house
        self.job = job
        self.step = step
        self.unstored: Any = None
        self._actor = actor
        self._tell = tell
        self._stop = stop
        self._stored = self._touched = time.monotonic()

    @property
    def actor(self) -> Actor:
        """Whoever asked, with a session of the job's own. Raises AccessError for a kind that needs no records."""
        if self._actor is None:
            raise AccessError(
                "this kind of job was registered as one that needs no records",
                zh="此类任务登记为无需病历，因此不能打开病历",
            )
        return self._actor

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What was asked for."""
        return self.job.parameters

    def stopped(self) -> bool:
        """Whether the job was cancelled or the server stops."""
        return self._stop.is_set()

    def check(self) -> None:
        """Go no further when the job was cancelled or the server stops. Raises CancelledError, not to be caught."""
        if self._stop.is_set():
            raise CancelledError

    def progress(self, done: int, whole: int, say: Saying | None = None) -> None:
        """Say how far the work is, and with what it is busy; call it at least every few seconds. Raises CancelledError.

        `say` is shown in lists: name no patient in it.
        """
        self.check()
        self.job = replace(self.job, done=done, whole=whole, said=say or self.job.said)
        self._tell(self.job)
        self._touch()

    def _touch(self) -> None:
        """Keep the lent session from ending unused while the work is busy elsewhere. Raises LoginError."""
        now = time.monotonic()
        if self._actor is None or self._actor.device or now - self._touched < _TOUCH_EVERY:
            return
        self._touched = now
        own_account(self._actor, self.house.records)

    def keep_step(self, step: Any) -> None:
        """Say (JSON) where the work would go on after a restart: what was done before it must not be done again.

        It is stored every two seconds at most, and once more when the server stops; after a crash the last two
        seconds are done again, so doing them twice must do no harm.
        """
        self.check()
        self.unstored = step
        now = time.monotonic()
        if now - self._stored >= _STORE_EVERY:
            self._stored, self.unstored = now, None
            keep_job_step(self.house.records, self.job, step)

    def keep_file(self, name: str, media_type: str, pieces: Iterable[bytes]) -> JobFile:
        """Keep a file that comes of the work, sealed; one of the same name is replaced. Raises DataError."""
        return add_job_file(self.house.records, self.job, name, media_type, pieces)

    def apart(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function in a process of its own, killed when the job is cancelled: for what keeps a core busy.

        `function(progress, *arguments)` stands at the top of a module, takes and gives only what can be pickled, and
        may call `progress(done, whole, say)` as here. Raises what it raised (of our errors), CancelledError, DataError.
        """
        return apart(function, arguments, progress=self.progress, stopped=self._unwanted)

    def _unwanted(self) -> bool:
        """Asked all the while that another process works, so that the lent session does not end meanwhile."""
        self._touch()
        return self._stop.is_set()
