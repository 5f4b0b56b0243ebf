"""Searches that have more pages: ids of what comes, never content nor what was asked, by an unguessable token."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field

from suwen.consult.fhir.rest.asking import Asked
from suwen.consult.fhir.rest.names import Named
from suwen.errors import NotFoundError

__all__ = ["LASTS", "Left", "Pages"]

LASTS = 15 * 60  # seconds
_KEPT = 500


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a search: for whom, what it was for, the names of what comes, and how it is shown."""

    actor: str
    asked: Asked
    names: tuple[Named, ...]
    total: int | None
    until: float


@dataclass(slots=True)
class Pages:
    """Searches that have more pages, by an unguessable token; for a quarter of an hour, and the newest 500."""

    kept: dict[str, Left] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, rest: Left) -> str:
        """Keep one; its token."""
        token = secrets.token_urlsafe(18)
        with self.lock:
            self.kept[token] = rest
            while len(self.kept) > _KEPT:
                self.kept.pop(next(iter(self.kept)))
        return token

    def get(self, token: str, actor: str, now: float) -> Left:
        """The one of a token. Raises NotFoundError, the same for what is over and for what is another's."""
        with self.lock:
            found = self.kept.get(token)
        if found is None or found.actor != actor or found.until < now:
            raise NotFoundError("this page is there no longer; search again")
        return found
