"""What may be told of a request: its route's template, never its path; nothing in it names anybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope

__all__ = ["Seen", "method_of", "route_of"]

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_FILES = "/assets/"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it is told: `route` the template, `size` bytes of the answer, `streamed` an open stream of events.

    `signed_in`: it began a session; `turned_away`: it was sent to sign in; `glass`: it took emergency access.
    """

    number: str
    method: str
    route: str
    status: int
    seconds: float
    size: int
    streamed: bool = False
    signed_in: bool = False
    turned_away: bool = False
    glass: bool = False


def route_of(scope: Scope) -> str:
    """The template of the route that answered ("/patients/{patient}"), "unknown" where none did.

    Threat: a raw path holds ids, and one that leads nowhere whatever somebody typed; also, each would be a series of
    its own in the metrics, and whoever asks for many would fill the memory.
    """
    route = scope.get("route")
    path = getattr(route, "path", None)
    if isinstance(path, str) and path:
        return path
    return "/assets" if str(scope.get("path", "")).startswith(_FILES) else "unknown"


def method_of(scope: Scope) -> str:
    """The method, of those that there are."""
    method = str(scope.get("method", ""))
    return method if method in _METHODS else "other"
