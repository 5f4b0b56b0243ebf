"""Several processes beside, on this machine or by Ray on many, as one crew that takes molecules and gives answers."""

from __future__ import annotations

import importlib
import selectors
import time
from contextlib import suppress
from typing import Any, Protocol

from suwen.drugs.docking.beside import Answer, Beside, Failed
from suwen.drugs.docking.notices import notice
from suwen.drugs.docking.nouns import Box, Receptor, Settings
from suwen.errors import InputError, MissingExtraError

__all__ = ["Crew", "LocalCrew", "RayCrew"]

_WAKING = 1.0  # seconds between looks at clocks


class Crew(Protocol):
    """Takes a molecule where one is free, and tells what has been answered."""

    def free(self) -> int:
        """How many molecules can be taken now."""

    def begin(self, smiles: str) -> None:
        """Take a molecule."""

    def finished(self) -> list[tuple[str, Answer]]:
        """What has been answered since, waiting a moment where nothing has."""

    def close(self) -> None:
        """End everything."""


class LocalCrew:
    """Processes on this machine, each with one thread."""

    def __init__(self, receptor: Receptor, box: Box, settings: Settings, processes: int) -> None:
        if not 1 <= processes <= 1024:
            raise InputError(f"docking uses 1 to 1024 processes, not {processes}")
        self._idle = [Beside(receptor, box, settings) for _ in range(processes)]
        self._busy: dict[Beside, str] = {}

    def free(self) -> int:
        """How many processes are idle."""
        return len(self._idle)

    def begin(self, smiles: str) -> None:
        """Give an idle process a molecule."""
        beside = self._idle.pop()
        self._busy[beside] = smiles
        beside.begin(smiles)

    def finished(self) -> list[tuple[str, Answer]]:
        """Answers that are there, after at most a second."""
        with selectors.DefaultSelector() as selector:
            for beside in self._busy:
                selector.register(beside.fileno(), selectors.EVENT_READ)
            soonest = min((one.until for one in self._busy), default=0.0) - time.monotonic()
            selector.select(max(0.0, min(_WAKING, soonest)))
        answers = []
        for beside, smiles in list(self._busy.items()):
            answer = beside.poll()
            if answer is not None:
                del self._busy[beside]
                self._idle.append(beside)
                answers.append((smiles, answer))
        return answers

    def close(self) -> None:
        """End all processes."""
        for beside in (*self._idle, *self._busy):
            beside.close()


class _Actor:
    """What runs on a machine of Ray: one process beside."""

    def __init__(self, receptor: Receptor, box: Box, settings: Settings) -> None:
        self._beside = Beside(receptor, box, settings)

    def dock(self, smiles: str) -> Answer:
        """The answer for one molecule."""
        return self._beside.ask(smiles)


class RayCrew:
    """Actors of Ray, each with one processor, on whatever cluster `ray.init` has joined or, without one, here.

    Suwen must be installed in the same version on every machine. Raises MissingExtraError without Ray.
    """

    def __init__(self, receptor: Receptor, box: Box, settings: Settings, processes: int) -> None:
        try:
            self._ray: Any = importlib.import_module("ray")
        except ImportError as absent:
            raise MissingExtraError("ray", "ray") from absent
        self._own = not self._ray.is_initialized()
        if self._own:
            self._ray.init(log_to_driver=False, include_dashboard=False, configure_logging=False)
        kind = self._ray.remote(num_cpus=1)(_Actor)
        self._made = (kind, receptor, box, settings)
        self._idle = [self._actor() for _ in range(processes)]
        self._busy: dict[Any, tuple[Any, str]] = {}

    def _actor(self) -> Any:
        kind, *given = self._made
        return kind.remote(*given)

    def free(self) -> int:
        """How many actors are idle."""
        return len(self._idle)

    def begin(self, smiles: str) -> None:
        """Give an idle actor a molecule."""
        actor = self._idle.pop()
        self._busy[actor.dock.remote(smiles)] = (actor, smiles)

    def finished(self) -> list[tuple[str, Answer]]:
        """Answers that are there, after at most a second; of an actor that was lost, that it was."""
        done, _rest = self._ray.wait(list(self._busy), num_returns=1, timeout=_WAKING)
        answers = []
        for future in done:
            actor, smiles = self._busy.pop(future)
            try:
                answers.append((smiles, self._ray.get(future)))
                self._idle.append(actor)
            except self._ray.exceptions.RayTaskError as error:
                raise error.as_instanceof_cause() from error
            except self._ray.exceptions.RayError:
                answers.append((smiles, Failed((notice("crash"),))))
                self._idle.append(self._actor())
        return answers

    def close(self) -> None:
        """End the actors, and Ray where it was begun here."""
        for actor in (*self._idle, *(one for one, _smiles in self._busy.values())):
            with suppress(ValueError, RuntimeError):  # it is gone already
                self._ray.kill(actor)
        if self._own:
            self._ray.shutdown()
