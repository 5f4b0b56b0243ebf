"""Signing in with a passkey: options for the browser, its answer checked against the ceremony that it began."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from fastapi.responses import JSONResponse

from suwen.errors import LoginError
from suwen.govern import Ceremony, begin_passkey_login, log_in_with_passkey
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.pages.sign_in_held import hold, party_of, taken, welcome
from suwen.server.returning import kept_place
from suwen.server.visitors import require_csrf_before

__all__ = ["router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)


@router.post("/sign-in/passkey/begin")
def begin(request: Request) -> Response:
    """Options for navigator.credentials.get(), for whoever it is: no login name is asked for or told."""
    require_csrf_before(request)
    house = house_of(request)
    options, ceremony = begin_passkey_login(house.records, party_of(house))
    response = JSONResponse(json.loads(options))
    hold(request, response, ceremony)
    return response


@router.post("/sign-in/passkey")
def finish(request: Request, answer: Annotated[dict[str, Any], Body()]) -> Response:
    """Sign in with the browser's answer."""
    require_csrf_before(request)
    house = house_of(request)
    try:
        ceremony = taken(request, Ceremony)
        actor = log_in_with_passkey(house.records, ceremony, json.dumps(answer), party=party_of(house))
    except LoginError:
        return JSONResponse({"error": "refused"}, 401)
    response = JSONResponse({"to": kept_place(request, actor)})
    welcome(request, response, actor)
    return response
