"""Apps that act for whoever looks at their account: what each holds, taking it back (ASVS 5.0, 10.4.9 and 10.7.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from suwen.consult import list_my_patients
from suwen.errors import AccessError, LoginError, NotFoundError
from suwen.govern import require_known, revoke_app
from suwen.server.guard.parts import FormRoute
from suwen.server.house import House, house_of
from suwen.server.smart.clients import client_of
from suwen.server.smart.grants import Grant, grants_of
from suwen.server.smart.words import scope_said
from suwen.server.visitors import Signed, Visitor

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HeldByApp", "held_by_apps", "router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)


@dataclass(frozen=True, slots=True)
class HeldByApp:
    """One grant as its person reads it: the app by its name, its scopes in words, for whom ("" for no one patient).

    `grant` names it in the form; it opens nothing. `since` and `until` are times of the day with their date, UTC.
    """

    grant: str
    app: str
    scopes: tuple[str, ...]
    patient: str
    since: str
    until: str


def held_by_apps(request: Request, visitor: Visitor) -> list[HeldByApp]:
    """What apps hold of the visitor now, the newest first."""
    house = house_of(request)
    held = [one for one in grants_of(house).of_account(visitor.actor.id) if _counts(house, one)]
    names = _patients(house, visitor) if any(one.patient for one in held) else {}
    return [_shown(house, one, names, visitor.lang) for one in held]


@router.post("/account/apps/end")
def end(request: Request, visitor: Signed, grant: Annotated[str, Form()] = "") -> Response:
    """Take back what one app holds, at once. It is noted first: what is not in the audit log has not been done."""
    house = house_of(request)
    mine = [one for one in grants_of(house).of_account(visitor.actor.id) if grant and one.family == grant]
    if not mine:
        raise NotFoundError(
            "this app holds nothing of yours any more; reload the page", zh="该应用已不再持有您的授权；请刷新页面"
        )
    one = mine[0]
    revoke_app(visitor.actor, house.records, one.client, scopes=one.scopes, patient=one.patient)
    grants_of(house).end(visitor.actor.id, family=grant)
    return RedirectResponse("/account?done=app", 303)


def _counts(house: House, grant: Grant) -> bool:
    """Whether the session in which it was granted lasts: without it the token is worth nothing."""
    try:
        require_known(grant.actor, house.records)
    except LoginError:
        return False
    return True


def _patients(house: House, visitor: Visitor) -> Mapping[str, str]:
    """Names of the visitor's own patients; of any other the number is shown."""
    try:
        found = list_my_patients(visitor.actor, house.records)
    except AccessError:
        return {}
    return {one.id: " ".join(one.demographics.names) for one in found}


def _shown(house: House, grant: Grant, names: Mapping[str, str], lang: str) -> HeldByApp:
    client = client_of(house, grant.client)
    return HeldByApp(
        grant=grant.family,
        app=client.name if client else grant.client,
        scopes=tuple(scope_said(one, lang) for one in sorted(grant.scopes)),
        patient=names.get(grant.patient, grant.patient),
        since=_moment(grant.since),
        until=_moment(grant.expires),
    )


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
