"""How uvicorn is set up: TLS 1.3 alone, and the verified client certificate in the scope of each request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suwen.server.tls.patience import Bounded
from suwen.server.tls.trust import context_of

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp, Receive, Scope, Send

    from suwen.server.house import House

__all__ = ["MOST_CONNECTIONS", "certificate_of", "configuration", "kept_of"]

MOST_CONNECTIONS = 2_000


def configuration(app: ASGIApp, house: House, *, http: str = "httptools") -> uvicorn.Config:
    """The configuration of uvicorn for a house; `http` names the parser: "httptools", or "h11" in plain Python."""
    import uvicorn  # noqa: PLC0415

    settings = house.settings
    config = uvicorn.Config(
        app,
        http=_protocol(http),
        ws="none",
        workers=1,  # whatever the environment says; see `settings_file`
        log_config=None,
        access_log=False,  # it would write addresses with ids into a log; `watch` logs routes
        server_header=False,
        date_header=True,
        # Threat: behind this, whoever writes X-Forwarded-For chooses the address they are counted under.
        proxy_headers=False,
        timeout_keep_alive=30,
        limit_concurrency=MOST_CONNECTIONS,  # beyond them 503: a flood of connections does not eat all descriptors
        ssl_certfile=str(settings.certificate),
        ssl_keyfile=str(settings.key),
    )
    context = context_of(house)  # first, since it says in one sentence what is wrong with the files
    config.load()
    config.ssl = context
    return config


def _protocol(parser: str) -> Any:
    """A protocol of uvicorn that tells each request of its connection who is at the other end."""
    bases: tuple[Any, ...]
    if parser == "h11":
        from uvicorn.protocols.http.h11_impl import H11Protocol  # noqa: PLC0415

        bases = (H11Protocol,)  # bounds its heads itself
    else:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol  # noqa: PLC0415

        bases = (Bounded, HttpToolsProtocol)

    class _WithCertificate(*bases):  # type: ignore[misc]
        app: Any

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            found = transport.get_extra_info("ssl_object")
            self.app = _Told(self.app, found.getpeercert(binary_form=True) if found is not None else None)

    return _WithCertificate


class _Told:
    """An application as one connection sees it: both parsers take it from the connection for each request.

    That holds whatever the requests are: one after the other, pipelined, or a stream of events that stays open. The
    scope's own extension is set anew for each, so that nothing a client sends can stand in its place.
    """

    def __init__(self, app: ASGIApp, certificate: bytes | None) -> None:
        self.app, self.certificate = app, certificate
        self.kept: dict[str, Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"] = {
            **(scope.get("extensions") or {}),
            "tls": {"client_certificate": self.certificate, "kept": self.kept},
        }
        await self.app(scope, receive, send)


def certificate_of(scope: Any) -> bytes | None:
    """The client's certificate (DER) of a request's scope, None where it came without one."""
    found: bytes | None = _tls(scope).get("client_certificate")
    return found


def kept_of(scope: Any) -> dict[str, Any]:
    """What may be remembered for the requests of the same connection; an empty one where there is no connection."""
    found: dict[str, Any] = _tls(scope).setdefault("kept", {})
    return found


def _tls(scope: Any) -> dict[str, Any]:
    found: dict[str, Any] = scope.setdefault("extensions", {}).setdefault("tls", {})
    return found
