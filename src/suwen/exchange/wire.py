"""pynetdicom bent to the house: sockets that arrive connected, bounded reads, and a listener nobody can hold up.

Loads pynetdicom; imported only inside the functions that speak DICOM.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.transport import AddressInformation, AssociationSocket, RequestHandler, ThreadedAssociationServer

__all__ = ["PDU_LENGTH", "Entity", "Listener", "prompt"]

PDU_LENGTH = 131072  # bytes; what dcmtk offers at most
_LONGEST = 2 * PDU_LENGTH  # of one unit, whatever its header claims
_HANDSHAKE = 10.0  # seconds
_QUICK = getattr(socket, "TCP_QUICKACK", None)  # Linux alone has it


def prompt(connection: socket.socket) -> None:
    """Send small messages at once: a command and its data are two writes, and waiting between them costs 40 ms each."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _read(connection: socket.socket | None, length: int) -> bytearray:
    """Exactly `length` bytes, fewer at the end of the stream.

    Threat: a header may announce 4 GiB; what is longer than negotiated is not read, and the connection ends. Raises
    OSError.
    """
    if length > _LONGEST or connection is None:
        raise OSError("a protocol data unit is longer than was agreed")
    read = bytearray(length)
    view, place = memoryview(read), 0
    while place < length:
        if _QUICK is not None:  # a peer that writes header and body apart waits for our word on the first: 40 ms
            connection.setsockopt(socket.IPPROTO_TCP, _QUICK, 1)
        count = connection.recv_into(view[place:])
        if not count:
            break
        place += count
    view.release()
    del read[place:]
    return read


def _shut(connection: socket.socket | None) -> None:
    """Close it, also where the peer already has, which the library leaves open."""
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()


class _Arrived(AssociationSocket):
    """A socket that is connected (and has done its TLS handshake) before the association begins.

    So a failure to connect is an exception that says why, where pynetdicom only logs it.
    """

    def __init__(self, association: Any, connection: socket.socket) -> None:
        self._connection = connection
        prompt(connection)
        super().__init__(association, address=AddressInformation("127.0.0.1", 0))

    def _create_socket(self, address: AddressInformation) -> socket.socket:  # noqa: ARG002  # the library's signature
        return self._connection

    def connect(self, primitive: Any) -> None:
        """Tell the state machine that the connection stands."""
        self._is_connected = True
        self.assoc.requestor.address_info = AddressInformation.from_tuple(self._connection.getsockname())
        primitive.result = "Evt2"
        self.provider_queue.put(primitive)
        self._ready.set()

    def recv(self, nr_bytes: int) -> bytearray:
        """Exactly so many bytes, fewer at the end of the stream."""
        return _read(self.socket, nr_bytes)

    def _shutdown_socket(self) -> None:
        _shut(self.socket)


def _keep_to_ourselves(event: Any) -> None:
    """Whoever asks also takes the answer; the library's thread beside it is not started.

    It may otherwise take an answer off the queue between being told to pause and pausing, and the asker waits for it in
    vain until the timeout; seen here once in some thousand messages.
    """
    event.assoc.start = lambda: None
    event.assoc._is_paused = True


def _mark_closed(event: Any) -> None:
    event.assoc.is_established = False


class Entity(AE):
    """An application entity; `connection`, where set, is used by the next association instead of a new one."""

    def __init__(self, title: str, timeout: float) -> None:
        super().__init__(title)
        self.connection: socket.socket | None = None
        self.dimse_timeout = self.network_timeout = self.connection_timeout = timeout
        self.acse_timeout = min(timeout, 30.0)
        self.maximum_pdu_size = PDU_LENGTH

    def associate(self, *args: Any, **kwargs: Any) -> Any:
        """An association as the library's, but nobody else reads its answers."""
        ours = [(evt.EVT_ESTABLISHED, _keep_to_ourselves), (evt.EVT_CONN_CLOSE, _mark_closed)]
        kwargs["evt_handlers"] = [*kwargs.get("evt_handlers", ()), *ours]
        return super().associate(*args, **kwargs)

    def _create_socket(self, assoc: Any, address: Any, tls_args: Any) -> AssociationSocket:
        if self.connection is None:
            return super()._create_socket(assoc, address, tls_args)
        arrived, self.connection = self.connection, None
        return _Arrived(assoc, arrived)


class _Reception(RequestHandler):
    """Begins the association of one accepted connection, with bounded reads."""

    def _create_association(self) -> Any:
        association = super()._create_association()
        accepted: Any = association.dul.socket
        accepted.recv = lambda length: _read(accepted.socket, length)

        def shut() -> None:
            _shut(accepted.socket)
            # Who only waits for an association to be asked for would wait on, and fill the house.
            association.dul.to_user_queue.put(None)

        accepted._shutdown_socket = shut
        return association


class Listener(ThreadedAssociationServer):
    """Accepts connections; `admit` says of an address whether it may come in, `idle` how long silence may last.

    Threat: pynetdicom does the TLS handshake where it accepts, so that one silent client would keep everybody out, and
    reads without a time limit; here each handshake has its own thread and its limit.
    """

    def __init__(self, *args: Any, admit: Callable[[str], bool], idle: float, crowd: int, **kwargs: Any) -> None:
        self._admit, self._idle, self._crowd = admit, idle, crowd
        kwargs["request_handler"] = _Reception
        self._greeting: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(*args, **kwargs)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection and nothing more."""
        listening: Any = self.socket
        accepted, address = listening.accept()
        accepted.settimeout(self._idle)
        prompt(accepted)
        return accepted, address

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002  # the library's signature
        """Whether the address may come in, and there is room."""
        with self._lock:
            waiting = len(self._greeting)
        return self._admit(client_address[0]) and waiting + len(self.active_associations) < self._crowd

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Greet one connection: handshake, then its association."""
        with self._lock:
            self._greeting.add(request)
        try:
            secured = self._secured(request)
            self.finish_request(secured, client_address)
        except (OSError, ValueError):
            self.shutdown_request(request)
        finally:
            with self._lock:
                self._greeting.discard(request)

    def _secured(self, accepted: socket.socket) -> socket.socket:
        if self.ssl_context is None:
            return accepted
        accepted.settimeout(_HANDSHAKE)
        secured = self.ssl_context.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._greeting.add(secured)
        try:
            secured.do_handshake()
        except (OSError, ValueError):
            secured.close()
            raise
        finally:
            with self._lock:
                self._greeting.discard(secured)
        secured.settimeout(self._idle)
        return secured

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: the library would print what was being handled."""

    def stop(self, grace: float) -> None:
        """Accept no more, let associations end by themselves for `grace` seconds, then end the rest."""
        patience = time.monotonic() + grace
        socketserver.BaseServer.shutdown(self)
        with self._lock:
            greeting = list(self._greeting)
        for one in greeting:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        while self.active_associations and time.monotonic() < patience:
            time.sleep(0.02)
        running = self.active_associations
        for association in running:
            association.abort()
            association.dul.to_user_queue.put(None)
        for association in running:
            association.join(5)
        self.server_close()
