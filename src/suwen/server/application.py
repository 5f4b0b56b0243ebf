"""The application: every router in one table, every failure an answer, guards around them all."""

from __future__ import annotations

from fastapi import FastAPI

from suwen.server.callers import is_known
from suwen.server.described.document import Documented
from suwen.server.failures import register_failures
from suwen.server.guard import guarded
from suwen.server.house import House
from suwen.server.release import release
from suwen.server.routes import ROUTERS
from suwen.server.static import Assets
from suwen.server.watch import watched

__all__ = ["application"]


def application(house: House) -> FastAPI:
    """The ASGI application over an open house. Nothing is started: `serve` does that, and tests call it as it is."""
    app = Documented(
        title="Suwen",
        version=release(),
        summary="Findings with their evidence; every request a decision of the records",
        docs_url=None,  # the interactive pages load scripts from elsewhere
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.house = house
    for one in ROUTERS:
        app.include_router(one)
    app.mount("/assets", Assets())
    register_failures(app)
    guarded(app, house, known=is_known)
    watched(app, house)
    return app
