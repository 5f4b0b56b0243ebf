"""Passkeys of one's own account: adding one with the browser, taking one away."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from suwen.errors import LoginError
from suwen.govern import Ceremony, begin_passkey, finish_passkey, remove_passkey
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.pages.account_fresh import require_fresh
from suwen.server.pages.sign_in_held import hold, party_of, taken
from suwen.server.visitors import Signed

__all__ = ["router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
_LONGEST = 60  # characters of the name that one gives a passkey


@router.post("/account/passkeys/begin")
def begin(request: Request, visitor: Signed) -> Response:
    """Options for navigator.credentials.create()."""
    require_fresh(request, visitor.actor)
    house = house_of(request)
    options, ceremony = begin_passkey(visitor.actor, house.records, party_of(house))
    response = JSONResponse(json.loads(options))
    hold(request, response, ceremony)
    return response


@router.post("/account/passkeys")
def finish(
    request: Request,
    visitor: Signed,
    answer: Annotated[dict[str, Any], Body()],
    name: Annotated[str, Body()] = "",
) -> Response:
    """Add the passkey of the browser's answer."""
    require_fresh(request, visitor.actor)
    house = house_of(request)
    called = " ".join(name.split())[:_LONGEST] or "passkey"
    try:
        ceremony = taken(request, Ceremony)
        finish_passkey(visitor.actor, house.records, ceremony, json.dumps(answer), name=called, party=party_of(house))
    except LoginError:
        return JSONResponse({"error": "refused"}, 422)
    return JSONResponse({"to": "/account?done=passkey"})


@router.post("/account/passkeys/remove")
def remove(request: Request, visitor: Signed, passkey: Annotated[str, Form()] = "") -> Response:
    """Take a passkey away."""
    require_fresh(request, visitor.actor)
    remove_passkey(visitor.actor, house_of(request).records, passkey)
    return RedirectResponse("/account?done=removed", 303)
