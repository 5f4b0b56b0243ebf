"""Signing in with a password and, where the account has one, a code; signing out; the language chosen."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from suwen.errors import InputError, LoginError
from suwen.govern import Actor, Lacking, change_password, lacking, log_in, log_out
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.pages.sign_in_held import Half, hold, taken, welcome
from suwen.server.pages.sign_in_words import SIGN_IN
from suwen.server.returning import forget_place, keep_place, kept_place, own_path
from suwen.server.showing import show
from suwen.server.visitors import (
    BEFORE,
    SESSION,
    Signed,
    choose_language,
    csrf_before,
    csrf_of,
    forget,
    keep,
    require_csrf,
    require_csrf_before,
    session_of,
    visitor_of,
)

__all__ = ["router", "show_sign_in"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
_CODES = 3  # wrong codes for one right password; each counts for the account's lock too
_TOLD = {Lacking.PASSKEY: "wants_passkey", Lacking.SECOND_FACTOR: "wants_second"}
Typed = Annotated[str, Form()]


def show_sign_in(request: Request, template: str = "sign_in.html", *, said: str = "", **content: Any) -> Response:
    """A page of signing in; `said` is the name of the sentence that tells what was wrong."""
    secret, token = csrf_before(request)
    settings = house_of(request).settings
    given = {"provider": settings.provider, "accounts": settings.demonstration, "said": said, **content}
    response = show(request, template, SIGN_IN, status=401 if said else 200, csrf=token, **given)
    keep(response, BEFORE, secret)
    return response


@router.get("/sign-in")
def sign_in_page(request: Request) -> Response:
    """How one may sign in here; whoever has signed in goes on."""
    with contextlib.suppress(LoginError):
        visitor_of(request)
        return RedirectResponse("/", 303)
    return show_sign_in(request, ended=request.query_params.get("ended", ""))


@router.post("/sign-in")
def sign_in(request: Request, login: Typed = "", password: Typed = "") -> Response:
    """Sign in with a password, or be asked for what is lacking."""
    require_csrf_before(request)
    return _attempted(request, Half(login, password))


@router.post("/sign-in/code")
def second_step(request: Request, code: Typed = "") -> Response:
    """The second step: the code of an authenticator app."""
    require_csrf_before(request)
    try:
        half = taken(request, Half)
    except LoginError:
        return show_sign_in(request, said="refused")
    return _attempted(request, half, code=code)


@router.get("/sign-in/code")
@router.get("/sign-in/password")
def step_again(request: Request) -> Response:
    """The step one was at, after choosing the language there or loading the page anew."""
    template = "sign_in_code.html" if request.url.path.endswith("/code") else "sign_in_change.html"
    try:
        half = taken(request, Half)
    except LoginError:
        return RedirectResponse("/sign-in", 303)
    return _ask(request, half, template)


@router.post("/sign-in/password")
def first_password(request: Request, new: Typed = "", again: Typed = "", code: Typed = "") -> Response:
    """Put one's own password in the place of the first one."""
    require_csrf_before(request)
    try:
        half = taken(request, Half)
        if new != again:
            return _ask(request, half, "sign_in_change.html", said="differ")
        actor = change_password(house_of(request).records, half.login, half.password, new, code=code or None)
    except InputError:
        return _ask(request, half, "sign_in_change.html", said="weak")
    except LoginError as refused:
        return show_sign_in(request, said=_TOLD.get(lacking(refused), "refused"))
    return _go_on(request, actor)


@router.post("/sign-out")
def sign_out(request: Request, visitor: Signed, ended: Typed = "") -> Response:
    """End the session at once, here and in the browser (ASVS 5.0, 7.4.1 and 14.3.1).

    `ended` "over": the page itself did, because nobody was there; whoever comes back finds it again.
    """
    log_out(visitor.actor, house_of(request).records)
    response = RedirectResponse("/sign-in?ended=out", 303, {"clear-site-data": '"cache"'})
    forget(response)
    forget_place(response)
    if ended == "over":
        keep_place(request, response)
    return response


@router.post("/language")
def language(request: Request, lang: Typed = "", back: Typed = "") -> Response:
    """Choose the language, then back to the page one was at."""
    if request.cookies.get(SESSION):
        require_csrf(request, csrf_of(session_of(request)))
    if lang not in {"en", "zh"}:
        raise InputError("the language is en or zh", zh="语言须为 en 或 zh")
    response = RedirectResponse(own_path(back), 303)
    choose_language(response, lang)
    return response


def _attempted(request: Request, half: Half, *, code: str = "") -> Response:
    try:
        actor = log_in(house_of(request).records, half.login, half.password, code=code or None)
    except LoginError as refused:
        return _lacking(request, half, lacking(refused), tried=bool(code))
    return _go_on(request, actor)


def _lacking(request: Request, half: Half, what: Lacking, *, tried: bool) -> Response:
    """Ask for what is lacking; to whoever has not shown the right password all is one sentence."""
    if what is Lacking.CODE:
        return _ask(request, half, "sign_in_code.html")
    if what is Lacking.NEW_PASSWORD:
        return _ask(request, replace(half, used=tried), "sign_in_change.html")
    if tried and half.tries + 1 < _CODES:
        return _ask(request, replace(half, tries=half.tries + 1), "sign_in_code.html", said="refused")
    return show_sign_in(request, said=_TOLD.get(what, "refused"))


def _ask(request: Request, half: Half, template: str, *, said: str = "") -> Response:
    response = show_sign_in(request, template, said=said, used=half.used)
    hold(request, response, half)
    return response


def _go_on(request: Request, actor: Actor) -> Response:
    response = RedirectResponse(kept_place(request, actor), 303)
    welcome(request, response, actor)
    return response
