"""Serving: uvicorn over TLS 1.3, the store open for as long as it runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from suwen.server.application import application

if TYPE_CHECKING:
    from socket import socket

    import uvicorn

    from suwen.server.house import House

__all__ = ["serve", "server_for"]


def serve(house: House, *, started: Callable[[], None] = lambda: None) -> None:
    """Serve until interrupted; `started` is called once requests are taken. Raises InputError for a taken port."""
    from suwen.server.tls.socket import bound  # noqa: PLC0415

    with bound(house.settings.host, house.settings.port) as listening, contextlib.suppress(KeyboardInterrupt):
        server_for(house, started=started).run(sockets=[listening])  # uvicorn raises what interrupted it once more


def server_for(house: House, *, started: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """The uvicorn server of a house, not yet running."""
    from suwen.server.tls.protocol import configuration  # noqa: PLC0415

    house.science.begin()
    return _Started.of(configuration(application(house), house), started)


class _Started:
    """A uvicorn server that says when it takes requests."""

    @staticmethod
    def of(config: uvicorn.Config, started: Callable[[], None]) -> uvicorn.Server:
        import uvicorn  # noqa: PLC0415

        class _Server(uvicorn.Server):
            async def startup(self, sockets: list[socket] | None = None) -> None:
                await super().startup(sockets)
                started()

        return _Server(config)
