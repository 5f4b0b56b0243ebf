"""Failed TLS handshakes as lines of the log: why, and no more often than somebody can read (ASVS 5.0, 16.3.4)."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable
from threading import Lock

__all__ = ["Failed", "tell_failures"]

LOG = logging.getLogger("suwen.server")
MOST_A_MINUTE = 30
_MINUTE = 60.0
_LONGEST = 100  # characters of a reason


class Failed:
    """Tells of failed handshakes, of so many in a minute, and of how many more there were.

    Threat: whoever fails on purpose, thousands of times in a second, must not fill the disk or bury other lines. What
    is told is why OpenSSL ended it, a constant of its own; nothing of what was sent, no name of a certificate.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, most: int = MOST_A_MINUTE) -> None:
        """`most`: lines in a minute."""
        self._clock, self._most = clock, most
        self._begun, self._told, self._left = clock(), 0, 0
        self._lock = Lock()

    def tell(self, failure: ssl.SSLError) -> None:
        """Tell of one, unless there were too many in this minute."""
        with self._lock:
            if self._clock() - self._begun >= _MINUTE:
                self._begun, self._told = self._clock(), 0
            if self._told >= self._most:
                self._left += 1
                return
            self._told += 1
            left, self._left = self._left, 0
        said = {"message": "a TLS handshake failed", "why": _why(failure), "untold": left}
        LOG.warning("a TLS handshake failed: %s", said["why"], extra={"said": said})


def _why(failure: ssl.SSLError) -> str:
    reason = (getattr(failure, "reason", None) or "unknown").replace("_", " ").lower()
    more = getattr(failure, "verify_message", "")  # of certificates: a sentence of OpenSSL, too
    return f"{reason}: {more}"[:_LONGEST] if more else reason[:_LONGEST]


def tell_failures(context: ssl.SSLContext, failed: Failed) -> None:
    """Have handshakes of a server's context told of when they fail; the event loops themselves are silent on them."""

    class _Told(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):  # it goes on when more has come
                raise
            except ssl.SSLError as failure:
                failed.tell(failure)
                raise

    context.sslobject_class = _Told
