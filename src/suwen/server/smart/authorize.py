"""Where an app sends a person to ask for access: the request is checked, kept, and shown to them as a question."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.showing import show
from suwen.server.smart.clients import client_of, form_of
from suwen.server.smart.grants import Asked, grants_of
from suwen.server.smart.refusals import RefusedError
from suwen.server.smart.scopes import CONTEXT, granted
from suwen.server.smart.words import WORDS

if TYPE_CHECKING:
    from suwen.server.house import House
    from suwen.server.settings import SmartClient

__all__ = ["redirected", "router"]

router = APIRouter(tags=["SMART on FHIR"], route_class=FormRoute)
_LONGEST = 2048  # characters of a state: it is kept for minutes
_PERSONAL = frozenset({"patient", "user"})


@router.get("/oauth/authorize", include_in_schema=False)
def authorize(request: Request) -> Response:
    """Take an app's request (SMART App Launch 2.2, "Request authorization code")."""
    pairs = request.query_params.multi_items()
    given = dict(pairs)
    return _taken(request, given if len(given) == len(pairs) else {})


@router.post("/oauth/authorize", include_in_schema=False)
def authorize_posted(request: Request, form: Annotated[dict[str, str], Depends(form_of)]) -> Response:
    """As `authorize`, with the request in a form (capability authorize-post)."""
    return _taken(request, form)


def _taken(request: Request, given: Mapping[str, str]) -> Response:
    """Check a request, keep it, and lead the person to the question.

    Nobody is sent to an address that is not registered, whatever else is wrong: a server that does is a way to lure
    people anywhere (RFC 6749, 10.15). The browser is led on by a page of this server: its session is a strict cookie,
    which a browser keeps back on a request that another site has begun.
    """
    house = house_of(request)
    client = client_of(house, given.get("client_id", ""))
    if client is None or given.get("redirect_uri", "") not in client.redirects:
        return show(request, "smart_refused.html", WORDS, status=400, reason="refused_client")
    try:
        asked = _asked(house, client, given)
    except RefusedError as refused:
        said = {"error": refused.code, "error_description": str(refused), "state": given.get("state", "")}
        return redirected(given["redirect_uri"], said)
    handle = grants_of(house).asked.put(asked)
    return show(request, "smart_continue.html", WORDS, to=f"/apps/consent/{handle}")


def _asked(house: House, client: SmartClient, given: Mapping[str, str]) -> Asked:
    """The request in our words. Raises RefusedError with what RFC 6749, 4.1.2.1 calls it."""
    _require_sound(house, given)
    texts = given.get("scope", "").split()
    scopes = granted(texts, client.scopes, places=_PERSONAL)
    if not scopes:
        raise RefusedError("invalid_scope", "none of the scopes is one the app is registered for")
    launch = grants_of(house).launches.take(given.get("launch", "")) if "launch" in given else None
    if "launch" in given and (launch is None or launch.client != client.id):
        raise RefusedError("invalid_request", "the launch is over or was used; open the app from the patient again")
    of_patient = any(one.startswith("patient/") for one in scopes)
    return Asked(
        client=client.id,
        redirect=given["redirect_uri"],
        scopes=scopes,
        context=tuple(one for one in texts if one in CONTEXT),
        state=given.get("state", ""),
        challenge=given["code_challenge"],
        picks=launch is None and (of_patient or "launch/patient" in texts),
        launch=launch,
    )


def _require_sound(house: House, given: Mapping[str, str]) -> None:
    if given.get("response_type") != "code":
        raise RefusedError("unsupported_response_type", "give response_type code")
    challenge = given.get("code_challenge", "")
    if given.get("code_challenge_method") != "S256" or len(challenge) != 43 or not challenge.isascii():
        raise RefusedError("invalid_request", "give a code_challenge by the method S256 (RFC 7636)")
    if not 0 < len(given.get("state", "")) <= _LONGEST:
        raise RefusedError("invalid_request", f"give a state of 1 to {_LONGEST} characters")
    # Threat: a false server that has the app send this server's token to it. The app says whose data it wants.
    if given.get("aud", "").rstrip("/") != f"{house.settings.address}/fhir":
        raise RefusedError("invalid_request", "the aud is not the address of FHIR here")


def redirected(address: str, said: Mapping[str, str]) -> Response:
    """Send the browser back to an app with an answer; what is empty is left out."""
    joint = "&" if "?" in address else "?"
    query = urlencode({name: value for name, value in said.items() if value})
    return RedirectResponse(f"{address}{joint}{query}", 303, MappingProxyType({"cache-control": "no-store"}))
