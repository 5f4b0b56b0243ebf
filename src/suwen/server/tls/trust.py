"""The TLS context of the server: 1.3 alone, and the authorities whose certificates systems may come with."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from typing import TYPE_CHECKING

from suwen.errors import InputError, SuwenError
from suwen.govern import trusted_authorities
from suwen.server.tls.handshakes import Failed, tell_failures

if TYPE_CHECKING:
    from suwen.server.house import House

__all__ = ["context_of", "renew_trust"]

LOG = logging.getLogger("suwen.server")
_ROOM = "tls"
_EVERY = 60.0  # seconds between looks for new authorities, while somebody connects


def context_of(house: House) -> ssl.SSLContext:
    """The one context of a house, made at its first use. Raises InputError for files that are no certificates."""
    found: ssl.SSLContext = house.room(_ROOM, lambda: _made(house))
    return found


def renew_trust(house: House) -> None:
    """Take up authorities that were made or trusted since the server began; handshakes from now on know them.

    Where nothing is served yet there is nothing to renew.
    """
    if _ROOM in house.rooms:
        _trust(context_of(house), house)


def _made(house: House) -> ssl.SSLContext:
    settings = house.settings
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(str(settings.certificate), str(settings.key))
    except (OSError, ssl.SSLError) as refused:
        raise InputError(f"the server's certificate and key cannot be used ({refused.strerror or refused})") from None
    # An authority that is trusted here need not be a root: a hospital trusts one of its vendor's, not all of them.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    _trust(context, house)
    context.sni_callback = _Looking(house)
    tell_failures(context, Failed())
    return context


class _Looking:
    """Called at each handshake, with or without a server name: looks for new authorities beside it, now and then.

    The administrator makes them in another process, and a device certified today should not wait for a restart.
    """

    def __init__(self, house: House) -> None:
        self._house, self._next = house, time.monotonic() + _EVERY

    def __call__(self, _socket: object, _name: object, context: ssl.SSLContext) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY
            threading.Thread(target=self._look, args=(context,), name="authorities", daemon=True).start()

    def _look(self, context: ssl.SSLContext) -> None:
        try:
            _trust(context, self._house)
        except SuwenError as failure:
            LOG.error("authorities could not be read anew: %s", failure)


def _trust(context: ssl.SSLContext, house: House) -> None:
    """Ask for a certificate only where one could be right: else browsers would have people choose one for nothing.

    Optional, since people come without one. Whoever comes with one that no authority here has signed, or whose time is
    over, is refused in the handshake; whether it is registered and not revoked, `callers` asks of every request.
    """
    authorities = trusted_authorities(house.records)
    if authorities:
        context.load_verify_locations(cadata="\n".join(authorities))
    if house.settings.clients is not None:
        try:
            context.load_verify_locations(cafile=str(house.settings.clients))
        except (OSError, ssl.SSLError):
            raise InputError("the file of authorities (clients) cannot be read as certificates in PEM") from None
    if authorities or house.settings.clients is not None:
        context.verify_mode = ssl.CERT_OPTIONAL
