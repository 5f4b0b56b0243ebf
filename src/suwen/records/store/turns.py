"""Writers of one process take turns, first come, first served: the database's own waiting is a lottery.

SQLite lets a writer try again after ever longer pauses, so that among twenty at once one in a hundred waited seconds.
Whoever waits here holds no connection. Other processes still meet at the database, as before.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator

__all__ = ["Turns"]


class Turns:
    """A queue before a door that one passes at a time."""

    def __init__(self, *, patience: float) -> None:
        """`patience`: seconds after which one goes on without a turn and leaves the rest to the database."""
        self._patience = patience
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn, and hand it on at the end."""
        if not self._had():
            yield
            return
        try:
            yield
        finally:
            self._hand_on()

    def _had(self) -> bool:
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        waited = False
        try:
            came = mine.wait(self._patience)
            waited = True
        finally:
            if not waited:  # interrupted: a turn given to nobody would never be handed on
                self._leave(mine)
        return came or not self._left(mine)

    def _left(self, mine: threading.Event) -> bool:
        """Whether one still stood in the queue and left it; else the turn came at the last moment."""
        with self._lock:
            with contextlib.suppress(ValueError):
                self._waiting.remove(mine)
                return True
            return False

    def _leave(self, mine: threading.Event) -> None:
        if not self._left(mine):
            self._hand_on()

    def _hand_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
