"""Emergency access to a patient who is not one's own: with a reason, for a time, reviewed afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from suwen.consult import break_glass
from suwen.errors import AccessError, LoginError, NotFoundError
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.pages.emergency_words import EMERGENCY
from suwen.server.places import CLINICAL
from suwen.server.showing import show
from suwen.server.visitors import Signed, Visitor

__all__ = ["MINUTES", "router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
MINUTES = (15, 60, 240, 480)
_HOUR = 60
_SHORTEST = 10  # characters of a reason, as the records ask for
Typed = Annotated[str, Form()]


@router.get("/emergency")
@router.get("/emergency/{patient}")
def emergency_page(request: Request, visitor: Signed, patient: str = "") -> Response:
    """What emergency access means, and the form for it; nothing is opened or looked up yet."""
    if not visitor.has(*CLINICAL):
        return _refused(request, visitor)
    return _form(request, visitor, patient)


@router.post("/emergency")
@router.post("/emergency/{patient}")
def emergency(
    request: Request,
    visitor: Signed,
    patient: str = "",
    identifier: Typed = "",
    reason: Typed = "",
    minutes: Typed = "",
) -> Response:
    """Take access, then on to the patient; the records decide and raise the alarm."""
    wrong = "short" if len(reason.strip()) < _SHORTEST else "wrong_minutes" if minutes not in _choices() else ""
    if wrong:
        clinical = visitor.has(*CLINICAL)
        kept = {"reason": reason, "identifier": identifier, "minutes": minutes}
        return _form(request, visitor, patient, said=wrong, kept=kept) if clinical else _refused(request, visitor)
    records, length = house_of(request).records, int(minutes)
    try:
        use = break_glass(visitor.actor, records, patient=patient, identifier=identifier, reason=reason, minutes=length)
    except LoginError:
        raise
    except AccessError:
        return _refused(request, visitor)
    except NotFoundError:
        kept = {"reason": reason, "identifier": identifier, "minutes": minutes}
        return _form(request, visitor, patient, said="unknown", kept=kept)
    return RedirectResponse(f"/patients/{use.patient}", 303)


def _form(
    request: Request, visitor: Visitor, patient: str, *, said: str = "", kept: Mapping[str, str] | None = None
) -> Response:
    """The form, with what was typed: whoever stands at a bedside types nothing twice."""
    typed = {"reason": "", "identifier": "", **(kept or {})}
    return show(
        request,
        "emergency.html",
        EMERGENCY,
        visitor=visitor,
        status={"": 200, "unknown": 404}.get(said, 422),
        patient=patient,
        reason=typed["reason"],
        identifier=typed["identifier"],
        chosen=int(typed["minutes"]) if typed.get("minutes") in _choices() else _HOUR,
        minutes=MINUTES,
        said=said,
    )


def _refused(request: Request, visitor: Visitor) -> Response:
    return show(request, "emergency_refused.html", EMERGENCY, visitor=visitor, status=403)


def _choices() -> set[str]:
    return {str(one) for one in MINUTES}
