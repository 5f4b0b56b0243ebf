"""TLS for the exchange of images: contexts by BCP 195 (RFC 9325) for both ends, verification always on."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING

from suwen.errors import InputError
from suwen.exchange.nouns import Tls

if TYPE_CHECKING:
    import ssl

__all__ = ["client_context", "loopback", "server_context"]

# RFC 9325 section 4.2 for TLS 1.2: forward secrecy and authenticated encryption; TLS 1.3 has nothing else.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL"


def client_context(tls: Tls) -> ssl.SSLContext:
    """The context of whoever connects: the peer's certificate and host name are always verified. Raises InputError."""
    import ssl  # noqa: PLC0415

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _harden(context)
    if tls.ca is None:
        context.load_default_certs()
    else:
        _trust(context, tls.ca)
    if tls.certificate is not None:
        _identify(context, tls)
    return context


def server_context(tls: Tls) -> ssl.SSLContext:
    """The context of whoever listens; with `mutual`, only clients that `ca` vouches for. Raises InputError."""
    import ssl  # noqa: PLC0415

    if tls.certificate is None:
        raise InputError("a receiver with TLS needs a certificate and its key")
    if tls.mutual and tls.ca is None:
        raise InputError("mutual TLS needs the authorities (CA) that vouch for the senders")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _harden(context)
    _identify(context, tls)
    if tls.mutual and tls.ca is not None:
        _trust(context, tls.ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def loopback(host: str) -> bool:
    """Whether only this machine can be meant."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _harden(context: ssl.SSLContext) -> None:
    import ssl  # noqa: PLC0415

    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION


def _trust(context: ssl.SSLContext, ca: Path) -> None:
    try:
        context.load_verify_locations(cafile=ca)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise InputError(f"{ca.name} holds no certificates (PEM) of authorities") from None


def _identify(context: ssl.SSLContext, tls: Tls) -> None:
    try:
        # An empty password, given, keeps OpenSSL from asking at the terminal.
        context.load_cert_chain(str(tls.certificate), tls.key, password=tls.password)
    except (OSError, ValueError):
        named = " and ".join(one.name for one in (tls.certificate, tls.key) if one is not None)
        raise InputError(f"{named}: no certificate (PEM) with its key, or the key's password is wrong") from None
