"""Which name a request came to: only names that this server has are answered (RFC 9110, 7.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.server.guard.refusing import refuse
from suwen.subject import Saying

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from suwen.server.settings import Settings

__all__ = ["Hosts", "host_of", "names_here"]

_ANOTHER = Saying("this server does not answer to that name", "本服务器不以该名称提供服务")
_ANY = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 (left out, not listened on)


def names_here(settings: Settings) -> frozenset[str]:
    """The names and addresses of this server: the one people type, this machine's, and the one listened on."""
    return frozenset({settings.name.lower(), "localhost", "127.0.0.1", "::1", settings.host.lower()}) - _ANY


def host_of(scope: Scope) -> str:
    """The name in the one Host header, without port and brackets; "" where there is none, two, or no name."""
    given = [value for name, value in scope.get("headers", ()) if name == b"host"]
    if len(given) != 1:
        return ""
    text: str = given[0].decode("latin-1").lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0].rstrip(".")


class Hosts:
    """Refuses requests to any other name.

    Threat: a page of an attacker whose name is made to lead to this machine (DNS rebinding) is read as if it were
    ours; and an address made from a forged name would lead people away.
    """

    def __init__(self, app: ASGIApp, *, names: frozenset[str]) -> None:
        self.app, self.names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 421 (Misdirected Request)."""
        if scope["type"] == "http" and host_of(scope) not in self.names:
            await refuse(scope, receive, send, 421, _ANOTHER)
            return
        await self.app(scope, receive, send)
