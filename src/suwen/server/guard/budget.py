"""How many bytes of bodies are held at once, by all requests and by those of one address."""

from __future__ import annotations

from collections import Counter
from threading import Lock

__all__ = ["Budget"]


class Budget:
    """Bytes in memory, taken as they come and given back when their request has ended.

    Threat: each body is small enough, and many at once are not. One address has half of it at most, so that nobody
    alone keeps all others from sending.
    """

    def __init__(self, most: int) -> None:
        """`most`: bytes of all bodies together."""
        self.most, self.share = most, most // 2
        self.held = 0
        self._by: Counter[str] = Counter()
        self._lock = Lock()

    def take(self, who: str, count: int) -> bool:
        """Hold so many bytes more; whether there was room for them. Without room none are held."""
        with self._lock:
            if self.held + count > self.most or self._by[who] + count > self.share:
                return False
            self.held += count
            self._by[who] += count
        return True

    def give(self, who: str, count: int) -> None:
        """Let go of what was taken."""
        with self._lock:
            self.held -= count
            self._by[who] -= count
            if not self._by[who]:
                del self._by[who]
