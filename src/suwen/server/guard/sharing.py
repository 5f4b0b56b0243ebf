"""Other web origins (SMART apps in a browser): those of the settings may read the interfaces, none the pages."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Sharing"]

# Never /oauth/authorize or a page: a person goes there themselves.
_OPEN = ("/fhir", "/cds-services", "/dicom-web", "/.well-known", "/oauth/token", "/oauth/revoke", "/oauth/introspect")
_PREFLIGHT = {
    "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
    "access-control-allow-headers": (
        "authorization, content-type, accept, if-match, if-none-match, if-none-exist, prefer, x-purpose-of-use"
    ),
    "access-control-max-age": "600",
}
_SHOWN = "etag, last-modified, location, content-location, www-authenticate"


class Sharing:
    """Cross-origin resource sharing (Fetch standard): by name, never *, and never with cookies.

    Threat: with credentials, a page of a listed origin would act with the session of whoever looks at it. An app has
    its own token, and that is all that it may act with.
    """

    def __init__(self, app: ASGIApp, *, allowed: Collection[str]) -> None:
        """`allowed`: scheme, host and port ("https://app.example"), as browsers write them."""
        self.app, self.allowed = app, frozenset(one.rstrip("/") for one in allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or pass the request on and say who may read its answer."""
        if scope["type"] != "http" or not _is_open(scope["path"]):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        shared = self._shared(headers.get("origin", ""))
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            said = {**shared, **_PREFLIGHT} if shared else {}
            await Response(None, 204 if shared else 403, {**said, "vary": "origin"})(scope, receive, send)
            return

        async def answering(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                given.update(shared)
                given.add_vary_header("origin")
            await send(message)

        await self.app(scope, receive, answering)

    def _shared(self, origin: str) -> dict[str, str]:
        if origin not in self.allowed:
            return {}
        return {"access-control-allow-origin": origin, "access-control-expose-headers": _SHOWN}


def _is_open(path: str) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in _OPEN)
