"""The token of plain HTML forms: read from the body once, so that who is behind the request can be checked first."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from suwen.server.visitors import FIELD

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["FormTokens"]

_PLAIN = b"application/x-www-form-urlencoded"
_FIELDS = 500
_SHORT = 64 * 1024  # what a form without files may hold; larger bodies bear the token in a header


class FormTokens:
    """Holds a small form's body back until it is whole, puts its token into the state, and gives the body on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        headers = dict(scope.get("headers", ()))
        if scope["type"] != "http" or not headers.get(b"content-type", b"").lower().startswith(_PLAIN):
            await self.app(scope, receive, send)
            return
        body, more = b"", True
        while more and len(body) <= _SHORT:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        scope.setdefault("state", {})["form_token"] = _token(body) if len(body) <= _SHORT else ""
        given = [{"type": "http.request", "body": body, "more_body": more}]

        async def again() -> Message:
            return given.pop() if given else await receive()

        await self.app(scope, again, send)


def _token(body: bytes) -> str:
    """The one token in a form; "" where there is none, or two, of which one might be read here and one there."""
    try:
        found = parse_qs(body.decode("utf-8", "replace"), max_num_fields=_FIELDS).get(FIELD, [])
    except ValueError:  # more fields than any form of ours has
        return ""
    return found[0] if len(found) == 1 else ""
