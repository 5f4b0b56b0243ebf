"""How much a connection may send and how long it may take before its request is whole: bounded as the bytes come."""

from __future__ import annotations

from asyncio import TimerHandle
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as _Parsing
else:
    _Parsing = object  # uvicorn is loaded when it serves, and comes behind this in the protocol

__all__ = ["LONGEST_HEAD", "Bounded"]

LONGEST_HEAD = 48 * 1024  # bytes between one piece of a body and the next: a request's head, trailers, chunk sizes
HEAD_SECONDS = 15.0  # until a head is whole, from the handshake or its first byte on
STALL_SECONDS = 15.0  # how often the pace of a body is looked at
SLOWEST = 1024  # bytes of a body in a second
_LAST_SECONDS = 0.5
_STEP = 16 * 1024  # bytes that are read before they are counted
_ENDINGS = {
    408: b"HTTP/1.1 408 Request Timeout\r\n",
    431: b"HTTP/1.1 431 Request Header Fields Too Large\r\n",
}


class Bounded(_Parsing):
    """A part of uvicorn's protocol over httptools: it waits for no one without end.

    Threats: the parser joins a header that never ends, in memory, and tells of it only when it is whole; connections
    that send a byte now and then (slow loris) hold sockets, and memory once their bodies are half there. A body is
    only looked at while the application wants more of it: a reader that is slow here is not the sender's fault.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._between = 0
        self._arrived = 0
        self._in_body = False
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._wait(HEAD_SECONDS, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes while it is read, a piece at a time."""
        for at in range(0, len(data), _STEP):
            if self.transport.is_closing():
                return
            piece = data[at : at + _STEP]
            self._between += len(piece)
            super().data_received(piece)
            if self._between > LONGEST_HEAD:
                self._end(431)
        if self._timer is None and not self._in_body and self._between and not self.transport.is_closing():
            self._wait(HEAD_SECONDS, self._head_is_late)

    def on_headers_complete(self) -> None:
        """From here on it is the pace of the body that counts."""
        self._rest()
        self._between = self._arrived = 0
        self._in_body = True
        self._wait(STALL_SECONDS, self._look_at_pace)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of a body: what comes between is counted anew."""
        self._between = 0
        self._arrived += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole; the next may take its time."""
        self._rest()
        self._between = 0
        self._in_body = False
        super().on_message_complete()

    def _wait(self, seconds: float, then: Any) -> None:
        self._timer = self.loop.call_later(seconds, then)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _head_is_late(self) -> None:
        self._timer = None
        self._end(408)

    def _look_at_pace(self) -> None:
        self._timer = None
        if self._arrived < SLOWEST * STALL_SECONDS and not self.flow.read_paused:
            self._end(408)
            return
        self._arrived = 0
        self._wait(STALL_SECONDS, self._look_at_pace)

    def _end(self, status: int) -> None:
        """Close, with the reason where no answer has begun; whoever reads the body is told that it ended."""
        if self.transport.is_closing():
            return
        silent = status == 408 and not self._between and not self._in_body  # a connection kept ready by a browser
        if silent:
            self.transport.close()
            return
        answered = self.cycle is not None and self.cycle.response_started
        if not answered or (self.cycle.response_complete and not self._in_body):
            self.transport.write(_ENDINGS[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.close()
        self.loop.call_later(_LAST_SECONDS, self.transport.abort)  # who is slow here is slow to part, too
