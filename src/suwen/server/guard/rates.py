"""How many requests one address may make in a minute, and how many sign-ins (ASVS 5.0, 2.4.1 and 6.3.1)."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from suwen.server.guard.refusing import refuse
from suwen.subject import Saying

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Bucket", "Rates", "address_of"]

_MOST = 10_000  # addresses that are remembered; the one not seen for longest goes first
_TRIES = ("/sign-in", "/account/confirm", "/account/password", "/account/second-factor")
_TOKENS, _OFTENER = "/oauth/token", 20  # an app's own server asks for many people from one address
_IMAGES, _FRAMES, _MORE = "/dicom-web/", "/frames/", 20  # a viewer asks for each slice of a study by itself
_FILES = "/assets/"  # small, the same for everybody, and kept by browsers


class Bucket:
    """Tokens of each address: `a_minute` at first, as many again within a minute, one taken by each request."""

    def __init__(self, a_minute: int, clock: Callable[[], float]) -> None:
        self.full, self.clock = float(max(a_minute, 1)), clock
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, who: str) -> float:
        """Take one; 0 where there was one, else seconds until there is."""
        now = self.clock()
        with self._lock:
            left, at = self._held.pop(who, (self.full, now))
            left = min(self.full, left + max(0.0, now - at) * self.full / 60)
            short = max(0.0, 1 - left)
            self._held[who] = (left if short else left - 1, now)
            if len(self._held) > _MOST:
                self._held.popitem(last=False)
        return short * 60 / self.full


class Rates:
    """Refuses what is more, with 429 and the seconds to wait (RFC 6585, 4; RFC 9110, 10.2.3).

    Threat: passwords guessed over many accounts, one guess each, which no account's lock notices; and a machine kept
    busy. A hospital behind one address shares one bucket, so what a minute may hold is a setting.
    """

    def __init__(self, app: ASGIApp, *, a_minute: int, tries: int, clock: Callable[[], float]) -> None:
        self.app = app
        self.all, self.tries = Bucket(a_minute, clock), Bucket(tries, clock)
        self.tokens = Bucket(tries * _OFTENER, clock)
        self.frames = Bucket(a_minute * _MORE, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or say when to come again."""
        if scope["type"] != "http" or scope["path"].startswith(_FILES):
            await self.app(scope, receive, send)
            return
        who = address_of(scope)
        wait = (self.frames if _is_frame(scope) else self.all).wait(who)
        if not wait and scope["method"] == "POST" and scope["path"].startswith(_TRIES):
            wait = self.tries.wait(who)
        if not wait and scope["path"] == _TOKENS:
            wait = self.tokens.wait(who)
        if wait:
            seconds = str(math.ceil(wait))
            said = Saying(
                f"too many requests from here; try again in {seconds} seconds",
                f"来自此处的请求过多；请在 {seconds} 秒后重试",
            )
            await refuse(scope, receive, send, 429, said, {"retry-after": seconds})
            return
        await self.app(scope, receive, send)


def _is_frame(scope: Scope) -> bool:
    return scope["method"] == "GET" and scope["path"].startswith(_IMAGES) and _FRAMES in scope["path"]


def address_of(scope: Scope) -> str:
    """Who asks, by the connection and never by a header; IPv6 by its /64, of which a house has one at least."""
    host = str((scope.get("client") or ("",))[0])
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return host
