"""All routers of the server, in the order in which they are asked. A new area's pages are one line here."""

from __future__ import annotations

from fastapi import APIRouter

from suwen.server.pages import heart, meanings, models, security, security_audit, security_machines, worklist

__all__ = ["ROUTERS"]

ROUTERS: tuple[APIRouter, ...] = (
    worklist.router,
    heart.router,
    meanings.router,
    models.router,
    security.router,
    security_machines.router,
    security_audit.router,
)
