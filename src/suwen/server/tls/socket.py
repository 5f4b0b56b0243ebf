"""The socket that is listened on, bound before anything else is started, so that a taken port is one clear sentence."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator

from suwen.errors import InputError

__all__ = ["bound"]


@contextlib.contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket on host and port (0: any free one). Raises InputError where that cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.closing(socket.socket(family, socket.SOCK_STREAM)) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as refused:
            raise InputError(_why(refused, host, port)) from None
        yield listening


def _why(refused: OSError, host: str, port: int) -> str:
    match refused.errno:
        case errno.EADDRINUSE:
            return f"port {port} is taken by another program; stop that, or choose another: --port {port + 1}"
        case errno.EACCES:
            return f"port {port} is open to the system's administrator only; choose one above 1023: --port 8443"
        case _:
            return f"{host}:{port} cannot be listened on ({refused.strerror}); give an address of this machine"
