"""Processes beside that dock: started with a receptor and a box, asked by molecule, ended when they hang."""

from __future__ import annotations

import json
import os
import secrets
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from suwen.drugs.docking.notices import notice
from suwen.drugs.docking.nouns import Box, Receptor, Settings
from suwen.errors import InputError, MissingExtraError, Problem

__all__ = ["Answer", "Beside", "Failed"]

_STARTING = 300.0  # seconds for Python, RDKit and the grids of the largest box on a slow machine
_AGAIN = 400  # molecules after which a process is replaced, so that what C++ may leak stays small
_CHILD = "suwen.drugs.docking.child"


@dataclass(frozen=True, slots=True)
class Failed:
    """A molecule that was not docked, and why; never a score."""

    problems: tuple[Problem, ...]


Answer = dict[str, Any] | Failed


class Beside:
    """One process beside. Used as a context, so that none is left behind.

    `begin` and `poll` allow to wait for several; `ask` is both at once. `fileno` is what to wait on.
    """

    def __init__(self, receptor: Receptor, box: Box, settings: Settings, *, threads: int = 1) -> None:
        if not 1 <= threads <= 1024:
            raise InputError(f"docking uses 1 to 1024 processes, not {threads}")
        self._limit = settings.limit
        self._head = {
            "receptor": receptor.pdbqt, "box": asdict(box), "settings": asdict(settings), "threads": threads,
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._buffer = bytearray()
        self._ready = False
        self._asked = ""
        self._until = 0.0
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def until(self) -> float:
        """When, on the monotonic clock, what is under way is given up."""
        return self._until

    def fileno(self) -> int:
        """The pipe on which the answer comes."""
        if self._process is None or self._process.stdout is None:
            return -1
        return self._process.stdout.fileno()

    def ask(self, smiles: str) -> Answer:
        """Dock one molecule and wait for the answer."""
        self.begin(smiles)
        while True:
            answer = self.poll(wait=max(0.0, self._until - time.monotonic()))
            if answer is not None:
                return answer

    def begin(self, smiles: str) -> None:
        """Give the process a molecule; the answer comes by `poll`."""
        if self._process is None or self._count >= _AGAIN:
            self._start()
        self._count += 1
        self._asked = json.dumps({"smiles": smiles}) + "\n"
        self._until = time.monotonic() + (self._limit if self._ready else _STARTING)
        if self._ready:
            self._send(self._asked)

    def poll(self, *, wait: float = 0.0) -> Answer | None:
        """The answer if there is one within `wait` seconds, None if it still works; after its time it is ended.

        Raises MissingExtraError where the process says that a package is absent, InputError where Vina refuses the
        receptor.
        """
        line = self._line(wait)
        if line is None:
            return self._given_up() if time.monotonic() >= self._until else None
        if not line:
            crashed = self._ready
            self.close()
            if not crashed:
                raise InputError("the docking process ended while it read the receptor; its file may be damaged")
            return Failed((notice("crash"),))
        return self._read(json.loads(line))

    def _read(self, answer: dict[str, Any]) -> Answer | None:
        if "absent" in answer or "broken" in answer:
            self.close()
            if "absent" in answer:
                raise MissingExtraError("vina", "drugs")
            raise InputError(f"Vina refuses the receptor or the box: {answer['broken']}")
        if "ready" in answer:
            self._ready = True
            self._until = time.monotonic() + self._limit
            self._send(self._asked)
            return None
        if "problems" in answer:
            return Failed(tuple(Problem(**one) for one in answer["problems"]))
        return answer

    def _given_up(self) -> Answer:
        was_ready = self._ready
        self.close()
        if not was_ready:
            raise InputError(f"the docking process was not ready after {_STARTING:g} seconds; make the box smaller")
        return Failed((notice("time", seconds=self._limit),))

    def _start(self) -> None:
        self.close()
        # Its own session: Ctrl-C reaches the parent alone, which then ends it in order. The same path of modules,
        # and not the folder the user happens to be in, where a file could bear the name of one (-P).
        self._process = subprocess.Popen(  # noqa: S603 (our own module by this interpreter)
            [sys.executable, "-P", "-m", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one), "OMP_NUM_THREADS": "1"},
            cwd=tempfile.gettempdir(),
        )
        # The process makes the folder and takes it away again once Vina has read it; its name is known here too, so
        # that one which is killed in between leaves nothing.
        self._folder = Path(tempfile.gettempdir()) / f"suwen-dock-{secrets.token_hex(8)}"
        self._send(json.dumps({**self._head, "folder": str(self._folder)}) + "\n")

    def _send(self, text: str) -> None:
        pipe = self._process.stdin if self._process is not None else None
        if pipe is None:
            return
        with suppress(OSError):  # it is gone: the empty answer tells
            pipe.write(text.encode())
            pipe.flush()

    def _line(self, wait: float) -> bytes | None:
        """The next line of the answer, b"" where the process ended, None where nothing is there in time."""
        until = time.monotonic() + wait
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno(), selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0.0, until - time.monotonic())):
                    return None
                data = os.read(self.fileno(), 1 << 16)
                if not data:
                    return b""
                self._buffer += data
        line, _, rest = bytes(self._buffer).partition(b"\n")
        self._buffer = bytearray(rest)
        return line

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        self._ready, self._count = False, 0
        self._buffer.clear()
        if process is None:
            return
        process.kill()
        process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        for pipe in (process.stdin, process.stdout):
            _close_quietly(pipe)


def _close_quietly(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with suppress(OSError):  # what was still to be written to a process that is gone
            pipe.close()
