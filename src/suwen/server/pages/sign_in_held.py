"""Logins under way: what a server holds between two steps, by a handle in a cookie of the browser that began."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from fastapi import Request, Response

from suwen.errors import LoginError, SuwenError
from suwen.govern import Actor, RelyingParty, Waiting, log_out
from suwen.server.house import House, house_of
from suwen.server.jobs import jobs_of
from suwen.server.pages.account_fresh import mark_fresh
from suwen.server.returning import forget_place
from suwen.server.visitors import BEFORE, keep, remember, session_of

__all__ = ["LOGIN", "OPENID", "Enrolment", "Half", "hold", "party_of", "taken", "welcome"]

LOGIN, OPENID = "__Host-suwen-login", "__Host-suwen-openid"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Half:
    """A password that was right, for which something is still lacking: held for minutes, and never sent back.

    `tries`: wrong codes so far. `used`: a code was taken already, so that the next step asks for another.
    """

    login: str
    password: str = field(repr=False)
    tries: int = 0
    used: bool = False


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The key of an authenticator app that somebody is setting up, and the address the app reads; not yet in force."""

    account: str
    secret: str = field(repr=False)
    address: str = field(repr=False)


def hold(
    request: Request,
    response: Response,
    pending: Any,
    *,
    cookie: str = LOGIN,
    sent: Literal["strict", "lax"] = "strict",
) -> None:
    """Hold what is under way until the browser answers."""
    house = house_of(request)
    handle = _box(house, cookie).put(pending, clock=house.records.store.clock)
    keep(response, cookie, handle, age=600, sent=sent)


def taken(request: Request, kind: type[T], *, cookie: str = LOGIN) -> T:
    """What was held for this browser, for the last time. Raises LoginError."""
    house = house_of(request)
    found = _box(house, cookie).take(request.cookies.get(cookie, ""), clock=house.records.store.clock)
    if not isinstance(found, kind):
        raise LoginError(
            "this login was begun in another way; begin again", zh="本次登录是以其他方式开始的；请重新登录"
        )
    return found


def _box(house: House, cookie: str) -> Waiting[Any]:
    make: Callable[[], Waiting[Any]] = lambda: Waiting(lasts=600.0)  # noqa: E731 (typed)
    box: Waiting[Any] = house.room(f"under way {cookie}", make)
    return box


def party_of(house: House) -> RelyingParty:
    """Who asks for passkeys: this server by the name and address that people type."""
    return RelyingParty(house.settings.name, "Suwen", house.settings.address)


def welcome(request: Request, response: Response, actor: Actor) -> None:
    """Begin a browser's session; one it had before ends (ASVS 5.0, 7.2.4)."""
    house = house_of(request)
    with contextlib.suppress(SuwenError, ValueError):  # a cookie that names nobody has no session to end
        log_out(session_of(request), house.records)
    remember(response, actor, house)
    jobs_of(request).welcome(actor)
    forget_place(response)
    for name in (LOGIN, BEFORE):
        keep(response, name, "")
    keep(response, OPENID, "", sent="lax")
    mark_fresh(house, actor)
