"""The outermost layer: it numbers each request, and tells the log and the figures how it ended."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from suwen.server.visitors import SESSION
from suwen.server.watch.logs import log_request
from suwen.server.watch.metrics import Metrics, metrics_of
from suwen.server.watch.seen import Seen, method_of, route_of

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from suwen.server.house import House

__all__ = ["NUMBER", "Watching", "watched"]

NUMBER = b"x-request-number"
_BEGINS = f"{SESSION}=".encode()
_ENDS = f'{SESSION}=""'.encode()


def watched(app: FastAPI, house: House) -> None:
    """Put the watch around an application, once, as its outermost layer: what guards refuse is counted too."""
    known: list[Any] = app.user_middleware
    if not any(one.cls is Watching for one in known):
        app.add_middleware(Watching, metrics=metrics_of(house))


class _Answer:
    """What is noted of an answer while it passes."""

    def __init__(self) -> None:
        self.status, self.size = 0, 0
        self.headers: list[tuple[bytes, bytes]] = []

    def note(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = int(message["status"]), list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))

    def has(self, name: bytes, start: bytes) -> bool:
        return any(key.lower() == name and value.startswith(start) for key, value in self.headers)

    @property
    def begins_session(self) -> bool:
        return self.has(b"set-cookie", _BEGINS) and not self.has(b"set-cookie", _ENDS)

    def leads_to(self, place: bytes) -> bool:
        """A redirect of a browser or of htmx."""
        return self.has(b"location", place) or self.has(b"hx-redirect", place)


class Watching:
    """Adds nothing but the number of the request, which the log names too: whoever reports a fault can tell it."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and tell of it once its answer is sent or has failed."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number, begun, answer = secrets.token_hex(8), time.perf_counter(), _Answer()
        scope.setdefault("state", {})["number"] = number

        async def answering(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (NUMBER, number.encode())]
            answer.note(message)
            await send(message)

        try:
            await self.app(scope, receive, answering)
        finally:
            self._tell(scope, number, time.perf_counter() - begun, answer)

    def _tell(self, scope: Scope, number: str, seconds: float, answer: _Answer) -> None:
        route, method = route_of(scope), method_of(scope)
        seen = Seen(
            number,
            method,
            route,
            answer.status or 500,
            seconds,
            answer.size,
            streamed=answer.has(b"content-type", b"text/event-stream"),
            signed_in=answer.begins_session,
            turned_away=answer.leads_to(b"/sign-in") and route != "/sign-out",
            glass=method == "POST" and route.startswith("/emergency") and answer.leads_to(b"/patients/"),
        )
        self.metrics.count(seen)
        log_request(seen)
