"""The token of plain HTML forms: read from the body once, so that who is behind the request can be checked first."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from suwen.server.visitors import FIELD

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["FormTokens"]

_PLAIN = b"application/x-www-form-urlencoded"
_SHORT = 64 * 1024  # what a form without files may hold; larger bodies bear the token in a header


class FormTokens:
    """Holds a small form's body back until it is whole, puts its token into the state, and gives the body on."""

    def __init__(self, app: ASGIApp, *, largest: int) -> None:
        """`largest`: bytes of a body, whatever it is."""
        self.app, self.largest = app, largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        headers = dict(scope.get("headers", ()))
        if scope["type"] != "http" or not headers.get(b"content-type", b"").startswith(_PLAIN):
            await self.app(scope, receive, send)
            return
        body, more = b"", True
        while more and len(body) <= _SHORT:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=500) if len(body) <= _SHORT else {}
        scope.setdefault("state", {})["form_token"] = fields.get(FIELD, [""])[0]
        given = [{"type": "http.request", "body": body, "more_body": more}]

        async def again() -> Message:
            return given.pop() if given else await receive()

        await self.app(scope, again, send)
