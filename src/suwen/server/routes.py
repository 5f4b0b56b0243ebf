"""All routers of the server, in the order in which they are asked. A new area's pages are one line here."""

from __future__ import annotations

from fastapi import APIRouter

from suwen.server.pages import worklist

__all__ = ["ROUTERS"]

ROUTERS: tuple[APIRouter, ...] = (worklist.router,)
