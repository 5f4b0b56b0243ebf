"""The first page of a visitor, and whether a session still lasts."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from suwen.server.places import PLACES
from suwen.server.visitors import Signed, Visitor

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/")
def first(visitor: Signed) -> Response:
    """On to the first place that is for the visitor's roles, else to the first that is for everybody."""
    return RedirectResponse(_place(visitor), 303)


@router.get("/session")
def session(request: Request, visitor: Signed) -> Response:
    """Asked for by a page somebody works in, so that writing a long note is work: 204 while the session lasts."""
    del request, visitor
    return Response(status_code=204)


def _place(visitor: Visitor) -> str:
    own = [one.path for one in PLACES if one.roles and visitor.has(*one.roles)]
    return next(iter((*own, *(one.path for one in PLACES if not one.roles), "/account")))
