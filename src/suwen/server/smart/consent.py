"""The question to a person whether an app may act for them: who asks, for what, for which patient; and their answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from suwen.consult import Listed, list_my_patients
from suwen.errors import InputError
from suwen.govern import grant_app
from suwen.server.guard.headers import POLICY
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.showing import show
from suwen.server.smart.authorize import redirected
from suwen.server.smart.clients import client_of
from suwen.server.smart.grants import Asked, Grant, grants_of
from suwen.server.smart.words import WORDS, scope_said
from suwen.server.visitors import Visitor, visitor_of

if TYPE_CHECKING:
    from suwen.server.settings import SmartClient

__all__ = ["policy_for", "router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)


@dataclass(frozen=True, slots=True)
class _Question:
    asked: Asked
    client: SmartClient


@router.get("/apps/consent/{handle}")
def consent(request: Request, handle: str) -> Response:
    """Ask the person. Whoever has not signed in does so first, and is led back here."""
    visitor = visitor_of(request)
    question = _question(request, handle, visitor)
    if question is None:
        return show(request, "smart_refused.html", WORDS, visitor=visitor, status=404, reason="refused_gone")
    asked = question.asked
    return show(
        request,
        "smart_consent.html",
        WORDS,
        visitor=visitor,
        headers={"content-security-policy": policy_for(asked.redirect)},
        handle=handle,
        app=question.client.name,
        address=_shown(asked.redirect),
        minutes=int(house_of(request).settings.idle // 60),
        scopes=[(one, scope_said(one, visitor.lang)) for one in asked.scopes],
        picks=asked.picks,
        **_patients(request, visitor, asked),
    )


def _question(request: Request, handle: str, visitor: Visitor) -> _Question | None:
    """What is asked under a handle; nothing where the app was opened from a patient's page by somebody else."""
    house = house_of(request)
    asked = grants_of(house).asked.find(handle)
    client = client_of(house, asked.client) if asked else None
    if asked is None or client is None or (asked.launch and asked.launch.account != visitor.actor.id):
        return None
    return _Question(asked, client)


def _patients(request: Request, visitor: Visitor, asked: Asked) -> dict[str, Any]:
    """The person's own patients: one to choose, or the one from whose page the app was opened."""
    if not asked.picks and asked.launch is None:
        return {"patients": [], "chosen": ""}
    found: list[Listed] = list_my_patients(visitor.actor, house_of(request).records)
    if asked.launch is not None:
        found = [one for one in found if one.id == asked.launch.patient]
    return {"patients": found, "chosen": asked.launch.patient if asked.launch else ""}


@router.post("/apps/consent/{handle}")
async def consented(request: Request, handle: str) -> Response:
    """Take the person's answer, and send them back to the app with it."""
    form = await request.form()
    return await run_in_threadpool(_answered, request, handle, form)


def _answered(request: Request, handle: str, form: FormData) -> Response:
    visitor = visitor_of(request)
    question = _question(request, handle, visitor)
    if question is None:
        return show(request, "smart_refused.html", WORDS, visitor=visitor, status=404, reason="refused_gone")
    asked, grants = question.asked, grants_of(house_of(request))
    if form.get("decision") != "allow":
        grants.asked.take(handle)
        said = {"error": "access_denied", "error_description": "the person did not allow it", "state": asked.state}
        return redirected(asked.redirect, said)
    grant = _grant(visitor, asked, form)
    grant_app(visitor.actor, house_of(request).records, asked.client, scopes=grant.scopes, patient=grant.patient)
    if grants.asked.take(handle) is None:  # answered twice at once: the first counts
        return show(request, "smart_refused.html", WORDS, visitor=visitor, status=404, reason="refused_gone")
    return redirected(asked.redirect, {"code": grants.code(grant, asked), "state": asked.state})


def _grant(visitor: Visitor, asked: Asked, form: FormData) -> Grant:
    """What the person allows: of the scopes those that are still ticked, for a patient whom they may see."""
    chosen = frozenset(str(one) for one in form.getlist("scope")) & frozenset(asked.scopes)
    if not chosen:
        raise InputError(
            "nothing is ticked that the app may do; tick something, or do not allow it",
            zh="未勾选任何授权内容；请勾选，或不予授权",
        )
    patient = asked.launch.patient if asked.launch else str(form.get("patient", "")) if asked.picks else ""
    if asked.picks and not patient:
        raise InputError("choose a patient for the app, or do not allow it", zh="请为该应用选择患者，或不予授权")
    return Grant(visitor.actor, asked.client, chosen, patient, asked.context if patient else ())


def policy_for(*addresses: str) -> str:
    """The Content-Security-Policy of a page whose forms end at apps: browsers hold the redirect against it, too."""
    places = dict.fromkeys(_place(one) for one in addresses)
    return POLICY.replace("form-action 'self'", " ".join(["form-action 'self'", *places]))


def _place(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else f"{parts.scheme}:"


def _shown(address: str) -> str:
    parts = urlsplit(address)
    return parts.netloc or f"{parts.scheme}:"
