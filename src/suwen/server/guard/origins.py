"""Where a request that changes something came from: pages of this server, or no page at all (ASVS 5.0, 3.5.1)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from suwen.server.guard.refusing import refuse
from suwen.subject import Saying

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Origins", "is_own"]

_ELSEWHERE = Saying(
    "this was sent by another site; go on from a page of this server", "该请求由其他网站发出；请从本系统的页面继续操作"
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_BEGUN_ELSEWHERE = frozenset({"/oauth/authorize"})  # apps send browsers here (RFC 6749, 3.1); a person decides next


class Origins:
    """Refuses what another site made a browser send, before anything of it is read.

    The token of each form would refuse it too; this holds where a form has none, such as the one for the language.
    Systems send neither header and are known by certificate or token. `allowed`: origins of apps that may call the
    interfaces; they bear a token of their own, and no cookie comes with them.
    """

    def __init__(self, app: ASGIApp, *, allowed: Collection[str] = ()) -> None:
        self.app, self.allowed = app, frozenset(one.rstrip("/") for one in allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        asked = scope["type"] == "http" and scope["method"] not in _SAFE and scope["path"] not in _BEGUN_ELSEWHERE
        if asked and not is_own(scope, self.allowed):
            await refuse(scope, receive, send, 403, _ELSEWHERE)
            return
        await self.app(scope, receive, send)


def is_own(scope: Scope, allowed: Collection[str]) -> bool:
    """Whether a browser says that a page of this server sent it; whoever says nothing is no browser."""
    headers = dict(scope.get("headers", ()))
    site, origin = headers.get(b"sec-fetch-site", b"").decode("latin-1"), headers.get(b"origin", b"").decode("latin-1")
    if origin in allowed and b"cookie" not in headers:
        return True
    if site:  # a site beside this one ("same-site", another port) is another site here
        return site in {"same-origin", "none"}
    return not origin or urlsplit(origin)[:2] == ("https", headers.get(b"host", b"").decode("latin-1"))
