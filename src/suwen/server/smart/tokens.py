"""The endpoints of tokens: exchanging a code, services that act for themselves, revoking, introspecting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from suwen.errors import LoginError
from suwen.govern import recognise_client, require_known
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.smart.clients import authenticated, form_of
from suwen.server.smart.grants import Grant, grants_of
from suwen.server.smart.refusals import RefusedError, answer, refusal
from suwen.server.smart.scopes import granted

if TYPE_CHECKING:
    from suwen.server.settings import SmartClient

__all__ = ["router"]

router = APIRouter(tags=["SMART on FHIR"], route_class=FormRoute)
_FORM = {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}
_POSTED = {"requestBody": {"required": True, "content": _FORM}}
Form = Annotated[dict[str, str], Depends(form_of)]


@router.post("/oauth/token", openapi_extra=_POSTED)
def token(request: Request, form: Form) -> Response:
    """Exchange a code for a token (RFC 6749, 4.1.3; RFC 7636), or give a service one of its own (SMART backend)."""
    try:
        client = authenticated(request, form)
        match form.get("grant_type"):
            case "authorization_code":
                return answer(_exchanged(request, client, form))
            case "client_credentials":
                return answer(_own(request, client, form))
            case _:
                raise RefusedError("unsupported_grant_type", "give grant_type authorization_code or client_credentials")
    except RefusedError as refused:
        return refusal(refused)


def _exchanged(request: Request, client: SmartClient, form: Mapping[str, str]) -> dict[str, Any]:
    house = house_of(request)
    found = grants_of(house).redeem(
        form.get("code", ""),
        client=client.id,
        redirect=form.get("redirect_uri", ""),
        verifier=form.get("code_verifier", ""),
    )
    if found is None:
        raise RefusedError("invalid_grant", "the code is unknown, over, used, or not for this app, address or verifier")
    handle, grant = found
    try:
        require_known(grant.actor, house.records)
    except LoginError:
        grants_of(house).revoke(handle, client.id)
        raise RefusedError("invalid_grant", "whoever granted this has signed out") from None
    return _said(handle, grant)


def _own(request: Request, client: SmartClient, form: Mapping[str, str]) -> dict[str, Any]:
    """SMART App Launch 2.2, backend services: signed, never by a secret, as the device registered for it."""
    if client.jwks is None or not client.device or not form.get("client_assertion"):
        raise RefusedError("unauthorized_client", "this app does not act for itself here")
    scopes = granted(form.get("scope", "").split(), client.scopes, places=frozenset({"system"}))
    if not scopes:
        raise RefusedError("invalid_scope", "none of the scopes is one the service is registered for")
    house = house_of(request)
    try:
        actor = recognise_client(house.records, client.device)
    except LoginError:
        raise RefusedError("invalid_client", "the service's device is not registered here, or no longer") from None
    return _said(*grants_of(house).issue(Grant(actor, client.id, frozenset(scopes))))


def _said(handle: str, grant: Grant) -> dict[str, Any]:
    said: dict[str, Any] = {
        "access_token": handle,
        "token_type": "Bearer",
        "expires_in": int(grant.lasts),
        "scope": grant.scope,
    }
    if grant.patient:
        said |= {"patient": grant.patient, "need_patient_banner": True}
    return said


@router.post("/oauth/revoke", openapi_extra=_POSTED)
def revoke(request: Request, form: Form) -> Response:
    """Take a token back (RFC 7009): 200 also for one that is not known, so that nothing is told of it."""
    try:
        client = authenticated(request, form)
    except RefusedError as refused:
        return refusal(refused)
    grants_of(house_of(request)).revoke(form.get("token", ""), client.id)
    return answer({})


@router.post("/oauth/introspect", openapi_extra=_POSTED)
def introspect(request: Request, form: Form) -> Response:
    """What an app's own token carries (RFC 7662; SMART App Launch 2.2): of any other it is told that it is not active.

    A public app shows by nothing that it is the one it says, so it is told nothing (RFC 7662, 4).
    """
    try:
        client = authenticated(request, form)
    except RefusedError as refused:
        return refusal(refused)
    if not client.secret and client.jwks is None:
        return refusal(RefusedError("invalid_client", "an app without a secret or key of its own is told nothing"))
    house = house_of(request)
    try:
        grant = grants_of(house).find(form.get("token", ""))
        require_known(grant.actor, house.records)
    except LoginError:
        return answer({"active": False})
    if grant.client != client.id:
        return answer({"active": False})
    said: dict[str, Any] = {
        "active": True,
        "scope": grant.scope,
        "client_id": grant.client,
        "token_type": "Bearer",
        "exp": int(grant.expires),
        "aud": f"{house.settings.address}/fhir",
    }
    if grant.patient:
        said["patient"] = grant.patient
    return answer(said)
