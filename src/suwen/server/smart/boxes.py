"""Things held for a while under an unguessable handle, of which only the hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

__all__ = ["Box", "new_handle"]

T = TypeVar("T")
_MOST = 20_000


def new_handle() -> str:
    """256 random bits, fit for addresses."""
    return secrets.token_urlsafe(32)


class Box(Generic[T]):
    """A bounded box in memory. A server that restarts has forgotten what was in it, which refuses and never permits.

    Handles are looked up by their SHA-256: how long a look-up takes tells nothing of what a right handle is, and who
    reads the memory's dump of keys has no handle. Beyond `most` the oldest go first: a flood does not fill the memory.
    """

    def __init__(self, clock: Callable[[], float], *, lasts: float, most: int = _MOST) -> None:
        """`lasts`: seconds, unless `put` says otherwise."""
        self.clock, self.lasts, self.most = clock, lasts, most
        self._held: dict[bytes, tuple[float, T]] = {}
        self._lock = Lock()

    def put(self, value: T, *, handle: str = "", lasts: float | None = None) -> str:
        """Hold a value and give its handle."""
        handle = handle or new_handle()
        until = self.clock() + (self.lasts if lasts is None else lasts)
        with self._lock:
            self._make_room()
            self._held[_hashed(handle)] = (until, value)
        return handle

    def put_first(self, value: T, *, handle: str, lasts: float) -> bool:
        """Hold a value unless something is held under the handle already; whether it was."""
        now, key = self.clock(), _hashed(handle)
        with self._lock:
            if key in self._held and now < self._held[key][0]:
                return False
            self._make_room()
            self._held[key] = (now + lasts, value)
        return True

    def find(self, handle: str) -> T | None:
        """What is held under a handle, None where nothing is or no longer."""
        with self._lock:
            until, value = self._held.get(_hashed(handle), (0.0, None))
        return value if self.clock() < until else None

    def take(self, handle: str) -> T | None:
        """As `find`, for the last time."""
        with self._lock:
            until, value = self._held.pop(_hashed(handle), (0.0, None))
        return value if self.clock() < until else None

    def drop(self, which: Callable[[T], bool]) -> int:
        """Let go of all values that are so; how many."""
        with self._lock:
            gone = [key for key, (_, value) in self._held.items() if which(value)]
            for key in gone:
                del self._held[key]
        return len(gone)

    def values(self) -> list[T]:
        """What is held now, the oldest first; without the handles, which nobody has any more."""
        now = self.clock()
        with self._lock:
            return [value for until, value in self._held.values() if now < until]

    def _make_room(self) -> None:
        if len(self._held) < self.most:
            return
        now = self.clock()
        self._held = {key: one for key, one in self._held.items() if one[0] > now}
        while len(self._held) >= self.most:
            self._held.pop(next(iter(self._held)))

    def __len__(self) -> int:
        return len(self._held)


def _hashed(handle: str) -> bytes:
    return hashlib.sha256(handle.encode("utf-8", "surrogatepass")).digest()
