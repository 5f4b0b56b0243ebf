"""One request to one server within one deadline: no redirects, no proxies, no endless answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from suwen.errors import FormatError, NetworkError
from suwen.language.model.address import Address

if TYPE_CHECKING:
    import socket
    from http.client import HTTPConnection, HTTPResponse

__all__ = ["MOST_BYTES", "Connect", "Reply", "TooLateError", "connect", "post"]

MOST_BYTES = 1 << 20  # of an answer; one of 8000 tokens has about 40 kB
_PIECE = 1 << 16
Connect = Callable[[Address, float], "HTTPConnection"]


class TooLateError(NetworkError):
    """The deadline passed before the whole answer was there."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A status of HTTP and a whole body."""

    status: int
    body: bytes = field(repr=False)


def connect(address: Address, timeout_s: float, *, ca_file: str = "") -> HTTPConnection:
    """An unopened connection, over TLS for https; `ca_file` names the only authority to trust, "" those of the system.

    The proxies of the environment are not asked: they would be readers nobody allowed.
    """
    import http.client  # noqa: PLC0415 - with ssl 30 ms, and reading notes needs neither
    import ssl  # noqa: PLC0415

    if address.scheme == "http":
        return http.client.HTTPConnection(address.host, address.port, timeout=timeout_s)
    context = ssl.create_default_context(cafile=ca_file or None)
    return http.client.HTTPSConnection(address.host, address.port, timeout=timeout_s, context=context)


def post(address: Address, body: bytes, headers: Mapping[str, str], *, timeout_s: float, opener: Connect) -> Reply:
    """Send `body` to `address` and read the whole answer within `timeout_s` seconds.

    Whatever HTTP status comes is returned; a redirect is one, and is not followed. Messages of errors never hold what
    was sent or received. Raises TooLateError, NetworkError (unreachable, cut off) or FormatError (not HTTP, too long).
    """
    import http.client  # noqa: PLC0415

    line = opener(address, timeout_s)
    with _deadline(line, timeout_s) as until:
        try:
            line.connect()
            until.socket = line.sock
            line.request("POST", f"{address.path}/chat/completions", body, dict(headers))
            with line.getresponse() as response:
                return Reply(response.status, _body(response, until))
        except (OSError, http.client.HTTPException) as error:
            if until.passed or isinstance(error, TimeoutError):
                message = f"the language model at {address} did not answer whole within {timeout_s:g} s"
                raise TooLateError(message) from None
            # Some of these quote what was received, which may quote the note: only their kind is told.
            raise NetworkError(
                f"the language model at {address} cannot be reached, or its answer was cut off ({_kind(error)})"
            ) from None


class _Deadline:
    """Whether the time is over; then the socket, once there is one, is shut down."""

    def __init__(self) -> None:
        self.passed = False
        self.socket: socket.socket | None = None  # kept here: http.client forgets it where a server closes

    def cut(self) -> None:
        import socket  # noqa: PLC0415

        self.passed = True
        with suppress(OSError):  # closed just now
            if self.socket is not None:
                # Below TLS: closing politely would wait for the server.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


@contextmanager
def _deadline(line: HTTPConnection, timeout_s: float) -> Iterator[_Deadline]:
    """Shuts the connection down when the time is over, wherever it hangs.

    The time-out of a socket is for each piece; a server that sends a byte a second would hold the caller for ever.
    """
    deadline = _Deadline()
    timer = threading.Timer(timeout_s, deadline.cut)
    timer.daemon = True
    timer.start()
    try:
        yield deadline
    finally:
        timer.cancel()
        timer.join()
        line.close()


def _body(response: HTTPResponse, until: _Deadline) -> bytes:
    pieces, size = [], 0
    while piece := response.read1(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise FormatError(f"the answer of the language model is longer than {MOST_BYTES} bytes; it was not read")
    if response.length or until.passed:
        raise ConnectionError
    return b"".join(pieces)


def _kind(error: Exception) -> str:
    return f"{type(error).__name__} {getattr(error, 'verify_message', '')}".strip()
