"""Serving: uvicorn over TLS 1.3, the store open for as long as it runs."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from suwen.server.application import application

if TYPE_CHECKING:
    from socket import socket

    import uvicorn

    from suwen.server.house import House

__all__ = ["serve", "server_for"]

_FILES = 8192
_CYCLES = (20_000, 20, 50)  # objects before a search of the youngest, and how many searches before an older generation


def serve(house: House, *, started: Callable[[], None] = lambda: None) -> None:
    """Serve until interrupted; `started` is called once requests are taken. Raises InputError for a taken port."""
    from suwen.server.tls.socket import bound  # noqa: PLC0415

    if threading.current_thread() is threading.main_thread():
        # uvicorn raises once more what ended it: a terminated process would go before the store is closed
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        _allow_connections()
    with bound(house.settings.host, house.settings.port) as listening, contextlib.suppress(KeyboardInterrupt):
        server_for(house, started=started).run(sockets=[listening])


def _allow_connections() -> None:
    """As many open files as the system lets this process have: each connection is one, and 1,024 are common."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _rest_the_collector() -> None:
    """Leave what lives as long as the process out of Python's search for cycles, and search less often.

    A page makes some thousand objects that hold no cycle, while everything else stood still for each search: the
    slowest of a hundred pages took 300 ms with it and take 200 without (benchmark workstation).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_CYCLES)


def _rest_once_open(house: House) -> None:
    """The knowledge behind the areas is the largest of what stays, and is open some seconds after the first answer."""
    house.science.areas()
    _rest_the_collector()


def server_for(house: House, *, started: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """The uvicorn server of a house, not yet running."""
    from suwen.server.tls.protocol import configuration  # noqa: PLC0415

    house.science.begin()
    return _server(configuration(application(house), house), house, started)


def _server(config: uvicorn.Config, house: House, started: Callable[[], None]) -> uvicorn.Server:
    """A server that says when it takes requests, goes on with jobs left from before, and stops them before it ends."""
    import uvicorn  # noqa: PLC0415

    from suwen.server.jobs import jobs_of  # noqa: PLC0415

    class _Server(uvicorn.Server):
        async def startup(self, sockets: list[socket] | None = None) -> None:
            await asyncio.to_thread(jobs_of, house)
            await super().startup(sockets)
            _rest_the_collector()
            threading.Thread(target=_rest_once_open, args=(house,), name="collector", daemon=True).start()
            started()

        async def shutdown(self, sockets: list[socket] | None = None) -> None:
            await asyncio.to_thread(jobs_of(house).stop)  # streams of jobs would else be waited for without end
            await super().shutdown(sockets)

    return _Server(config)
