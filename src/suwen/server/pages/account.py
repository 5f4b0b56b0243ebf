"""One's own account: who one is here, the password, the authenticator app, confirming who one is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from suwen.errors import InputError, LoginError
from suwen.govern import (
    begin_second_factor,
    change_password,
    confirm_second_factor,
    end_other_sessions,
    list_passkeys,
    log_in,
    own_sessions,
)
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.pages.account_apps import held_by_apps
from suwen.server.pages.account_code import drawn
from suwen.server.pages.account_fresh import is_fresh, require_fresh
from suwen.server.pages.account_words import ACCOUNT, ROLES
from suwen.server.pages.sign_in_held import Enrolment, hold, taken, welcome
from suwen.server.showing import show
from suwen.server.visitors import Signed, Visitor

__all__ = ["router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
_DONE = frozenset({"password", "totp", "passkey", "removed", "confirmed", "ended", "app"})
Typed = Annotated[str, Form()]


@router.get("/account")
def account(request: Request, visitor: Signed) -> Response:
    """Who one is here, and how one signs in."""
    return _page(request, visitor, done=request.query_params.get("done", ""))


@router.post("/account/confirm")
def confirm(request: Request, visitor: Signed, password: Typed = "", code: Typed = "") -> Response:
    """Show once more who one is; the session so far is exchanged for a new one."""
    try:
        actor = log_in(house_of(request).records, visitor.account.login, password, code=code or None)
    except LoginError:
        return _page(request, visitor, said="wrong")
    return _begun(request, actor, "confirmed")


@router.post("/account/password")
def password(
    request: Request, visitor: Signed, old: Typed = "", new: Typed = "", again: Typed = "", code: Typed = ""
) -> Response:
    """Exchange the password; every session of the account ends, and this browser gets a new one."""
    if new != again:
        return _page(request, visitor, said="differ")
    try:
        actor = change_password(house_of(request).records, visitor.account.login, old, new, code=code or None)
    except InputError:
        return _page(request, visitor, said="weak")
    except LoginError:
        return _page(request, visitor, said="wrong")
    return _begun(request, actor, "password")


@router.post("/account/second-factor/begin")
def begin_totp(request: Request, visitor: Signed) -> Response:
    """A key for an authenticator app, not yet in force."""
    require_fresh(request, visitor.actor)
    secret, address = begin_second_factor(visitor.actor, house_of(request).records)
    return _enrol(request, visitor, Enrolment(visitor.account.id, secret, address))


@router.post("/account/second-factor")
def confirm_totp(request: Request, visitor: Signed, code: Typed = "") -> Response:
    """Put the key in force, once a code shows that the app has it."""
    require_fresh(request, visitor.actor)
    try:
        enrolment = taken(request, Enrolment)
    except LoginError:
        return _page(request, visitor, said="wrong")
    if enrolment.account != visitor.account.id:
        return _page(request, visitor, said="wrong")
    try:
        confirm_second_factor(visitor.actor, house_of(request).records, enrolment.secret, code)
    except LoginError:
        return _enrol(request, visitor, enrolment, said="wrong_code")
    return RedirectResponse("/account?done=totp", 303)


@router.post("/account/sessions/end")
def end_sessions(request: Request, visitor: Signed) -> Response:
    """Sign out everywhere but here (ASVS 5.0, 7.5.2)."""
    require_fresh(request, visitor.actor)
    end_other_sessions(visitor.actor, house_of(request).records)
    return RedirectResponse("/account?done=ended", 303)


def _page(request: Request, visitor: Visitor, *, said: str = "", done: str = "") -> Response:
    house = house_of(request)
    keys = [(one, _day(one.created)) for one in list_passkeys(visitor.actor, house.records)]
    return show(
        request,
        "account.html",
        ACCOUNT,
        visitor=visitor,
        status=422 if said else 200,
        roles=[ROLES[one].said(visitor.lang) if one in ROLES else one for one in sorted(visitor.account.roles)],
        passkeys=keys,
        sessions=[(one, _moment(one.started)) for one in own_sessions(visitor.actor, house.records)],
        apps=held_by_apps(request, visitor),
        fresh=is_fresh(house, visitor.actor),
        said=said,
        done=f"done_{done}" if done in _DONE else "",
    )


def _enrol(request: Request, visitor: Visitor, enrolment: Enrolment, *, said: str = "") -> Response:
    grouped = " ".join(enrolment.secret[at : at + 4] for at in range(0, len(enrolment.secret), 4))
    content: dict[str, Any] = {"secret": grouped, "address": enrolment.address, "said": said}
    response = show(
        request,
        "account_totp.html",
        ACCOUNT,
        visitor=visitor,
        status=422 if said else 200,
        picture=drawn(enrolment.address, ACCOUNT["totp_qr"].said(visitor.lang)),
        **content,
    )
    hold(request, response, enrolment)
    return response


def _begun(request: Request, actor: Any, done: str) -> Response:
    response = RedirectResponse(f"/account?done={done}", 303)
    welcome(request, response, actor)
    return response


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
