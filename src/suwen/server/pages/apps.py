"""Opening an app from a patient's page (SMART App Launch 2.2, "EHR launch")."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from suwen.errors import NotFoundError
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.pages.patient_frame import head_of, show_patient
from suwen.server.smart.authorize import redirected
from suwen.server.smart.clients import client_of
from suwen.server.smart.consent import policy_for
from suwen.server.smart.grants import Launch, grants_of
from suwen.server.smart.words import WORDS
from suwen.server.visitors import Signed

__all__ = ["router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)


@router.get("/patients/{patient}/apps")
def apps(request: Request, visitor: Signed, patient: str) -> Response:
    """The apps that open for this patient."""
    head = head_of(request, visitor, patient)
    opening = [one for one in house_of(request).settings.apps if one.launch]
    response = show_patient(request, visitor, head, "smart_apps.html", WORDS, apps=opening)
    # Each button ends at its app, and browsers hold that against the page's policy.
    response.headers["content-security-policy"] = policy_for(*(one.launch for one in opening))
    return response


@router.post("/patients/{patient}/apps/{client}")
def launch(request: Request, visitor: Signed, patient: str, client: str) -> Response:
    """Open an app: it gets a launch that is good once, for a few minutes, and then asks the person for access."""
    head = head_of(request, visitor, patient)
    house = house_of(request)
    app = client_of(house, client)
    if app is None or not app.launch:
        raise NotFoundError("no app of this name opens from here", zh="此处没有该名称的应用可打开")
    handle = grants_of(house).launches.put(Launch(head.id, visitor.actor.id, app.id))
    return redirected(app.launch, {"iss": f"{house.settings.address}/fhir", "launch": handle})
