"""How long an address, headers and a body may be; a body is counted as it comes, whatever it says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.server.guard.refusing import refuse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["FORMS", "Sizes"]

LONGEST_ADDRESS = 8 * 1024  # RFC 9110, 4.1, asks for 8000 octets at least
LONGEST_HEADERS = 32 * 1024
MOST_HEADERS = 100
FORMS = 64 * 1024  # bytes of a body by somebody who has not signed in yet
_BEFORE = ("/sign-in", "/language", "/oauth")


class _TooLargeError(Exception):
    """Counted past the limit while somebody within was reading."""


class Sizes:
    """Refuses what is longer: 414 an address, 431 headers, 413 a body (`largest` bytes)."""

    def __init__(self, app: ASGIApp, *, largest: int) -> None:
        self.app, self.largest = app, largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = min(self.largest, FORMS) if scope["path"].startswith(_BEFORE) else self.largest
        status, said = _wrong(scope, most)
        if status:
            await refuse(scope, receive, send, status, said)
            return
        await self._counting(scope, receive, send, most)

    async def _counting(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        seen, begun = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise _TooLargeError
            return message

        async def sending(message: Message) -> None:
            nonlocal begun
            # What was made of a body cut off says something else: "cannot be read" where "too large" is meant.
            if seen > most and not begun:
                raise _TooLargeError
            begun = True
            await send(message)

        try:
            await self.app(scope, counted, sending)
        except _TooLargeError:
            if begun:
                raise
            await refuse(scope, receive, send, 413, _too_large(most))


def _wrong(scope: Scope, most: int) -> tuple[int, str]:
    headers = scope.get("headers", ())
    if len(scope.get("raw_path") or scope["path"].encode()) + len(scope.get("query_string", b"")) > LONGEST_ADDRESS:
        return 414, "the address is too long"
    if len(headers) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > LONGEST_HEADERS:
        return 431, "the headers are too long"
    announced = dict(headers).get(b"content-length", b"0")
    if not announced.isdigit():
        return 400, "the length of the body is not a number"
    return (413, _too_large(most)) if len(announced) > 18 or int(announced) > most else (0, "")


def _too_large(most: int) -> str:
    return f"at most {most} bytes are taken here"
