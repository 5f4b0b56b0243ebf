"""Logins under way: what a passkey or OpenID login must be matched with, held for minutes and given out once."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from suwen.errors import LoginError

__all__ = ["Waiting"]

T = TypeVar("T")


class Waiting(Generic[T]):
    """A bounded box of logins under way, in memory: put one in for a handle, take it out by the handle once.

    Threat: a challenge or state that can be used twice can be replayed; so it is taken out before it is checked, and
    a failed check does not put it back. The handle belongs in a cookie of the browser that began: a state that
    travels in an address must not be enough, or a stranger could make others log in as himself.

    A server that restarts forgets them, and the person begins again. Beyond `most` the oldest go first, so that a
    flood of beginnings does not fill the memory.
    """

    def __init__(self, *, lasts: float = 300.0, most: int = 10_000) -> None:
        self.lasts = lasts
        self.most = most
        self._held: dict[str, tuple[float, T]] = {}
        self._lock = Lock()

    def put(
        self, pending: T, *, clock: Callable[[], float], random: Callable[[int], bytes] = secrets.token_bytes
    ) -> str:
        """Hold `pending` for `lasts` seconds and give its handle."""
        handle = base64.urlsafe_b64encode(random(32)).decode("ascii").rstrip("=")
        with self._lock:
            while len(self._held) >= self.most:
                self._held.pop(next(iter(self._held)))
            self._held[handle] = (clock() + self.lasts, pending)
        return handle

    def take(self, handle: str, *, clock: Callable[[], float]) -> T:
        """Give what is held under `handle`, for the first and last time.

        Raises:
            LoginError: if there is nothing, or no longer.

        """
        with self._lock:
            until, pending = self._held.pop(handle, (0.0, None))
        if pending is None or clock() >= until:
            raise LoginError(
                "this login was not begun here, is over, or was used already; begin again",
                zh="本次登录并非在此开始、已结束或已使用；请重新登录",
            )
        return pending

    def __len__(self) -> int:
        return len(self._held)
