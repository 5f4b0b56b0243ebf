"""What an interface says beside a refusal, so that a client knows whether to ask for another token (RFC 6750, 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Challenges"]

_INTERFACES = ("/fhir", "/dicom-web", "/cds-services")
_REALM = 'Bearer realm="Suwen"'


class Challenges:
    """Adds WWW-Authenticate: without a token nothing of what is wrong with it, with one that it holds no more or less.

    A token that is not known, is over or was taken back is one and the same here: whoever tries tokens learns nothing.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the challenge along with a refusal."""
        if scope["type"] != "http" or not scope["path"].startswith(_INTERFACES):
            await self.app(scope, receive, send)
            return
        bears = any(name == b"authorization" for name, _ in scope["headers"])

        async def answering(message: Message) -> None:
            if message["type"] == "http.response.start":
                challenge = _challenge(message["status"], bears=bears)
                if challenge:
                    MutableHeaders(scope=message)["www-authenticate"] = challenge
            await send(message)

        await self.app(scope, receive, answering)


def _challenge(status: int, *, bears: bool) -> str:
    if status == 401:
        return f'{_REALM}, error="invalid_token"' if bears else _REALM
    return f'{_REALM}, error="insufficient_scope"' if status == 403 and bears else ""
