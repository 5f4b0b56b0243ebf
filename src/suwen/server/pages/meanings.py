"""Help: what each number means, with its source and limits; the equations and endpoints from their own tables."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from suwen.diagnosis.heart.catalogue import EQUATIONS
from suwen.drugs.admet.endpoints import ENDPOINTS
from suwen.server.pages.meanings_words import MEANINGS, WORDS
from suwen.server.showing import show
from suwen.server.visitors import Signed

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/help")
def help_page(request: Request, visitor: Signed) -> Response:
    """What everything means."""
    return show(
        request, "help.html", WORDS, visitor=visitor, meanings=MEANINGS, equations=EQUATIONS.values(),
        endpoints=ENDPOINTS.values(),
    )  # fmt: skip
