"""How uvicorn is set up: TLS 1.3 alone, and the verified client certificate in the scope of each request."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

    from suwen.server.house import House

__all__ = ["certificate_of", "configuration"]


def configuration(app: FastAPI, house: House) -> uvicorn.Config:
    """The configuration of uvicorn for a house."""
    import uvicorn  # noqa: PLC0415

    settings = house.settings
    config = uvicorn.Config(
        app,
        http=_protocol(),
        ws="none",
        log_config=None,
        access_log=False,  # it would write addresses with ids into a log; `watch` logs routes
        server_header=False,
        date_header=True,
        timeout_keep_alive=30,
        ssl_certfile=str(settings.certificate),
        ssl_keyfile=str(settings.key),
        ssl_ca_certs=str(settings.clients) if settings.clients else None,
        ssl_cert_reqs=ssl.CERT_OPTIONAL if settings.clients else ssl.CERT_NONE,
    )
    config.load()
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_3
    return config


def _protocol() -> Any:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol  # noqa: PLC0415

    class _WithCertificate(HttpToolsProtocol):
        """Puts the client's certificate (DER, verified by the handshake) into the scope of each request."""

        certificate: bytes | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            found = transport.get_extra_info("ssl_object")
            self.certificate = found.getpeercert(binary_form=True) if found is not None else None

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self.scope.setdefault("extensions", {})["tls"] = {"client_certificate": self.certificate}

    return _WithCertificate


def certificate_of(scope: Any) -> bytes | None:
    """The client's certificate (DER) of a request's scope, None where it came without one."""
    found: bytes | None = scope.get("extensions", {}).get("tls", {}).get("client_certificate")
    return found
