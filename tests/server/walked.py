"""Every route of the server with its whole address, also of routers that were put together from others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from suwen.server.routes import ROUTERS

__all__ = ["walked"]


def walked(routers: Iterable[Any] = ROUTERS, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Address and route; a router within a router (as FastAPI keeps it) is gone through too."""
    for router in routers:
        for route in router.routes:
            inner = getattr(route, "original_router", None)
            if inner is not None:
                yield from walked([inner], prefix + route.include_context.prefix)
            elif hasattr(route, "path"):
                yield prefix + route.path, route
