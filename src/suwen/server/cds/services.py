"""The services and their addresses: discovery, a call of each, feedback (https://cds-hooks.hl7.org/2.0/)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from suwen.errors import NotFoundError
from suwen.server.cds.asking import Asker, patient_of
from suwen.server.cds.examples import CALL, FEEDBACK
from suwen.server.cds.feedback import keep_feedback, remember
from suwen.server.cds.findings import finding_cards, loose_cards
from suwen.server.cds.hooks import Hook, read_hook, read_json
from suwen.server.cds.orders import order_cards
from suwen.server.cds.remote import completed
from suwen.server.house import House, house_of
from suwen.server.visitors import language_of

if TYPE_CHECKING:
    from suwen.govern import Actor
    from suwen.server.cds.cards import Card

__all__ = ["SERVICES", "Service", "router"]

router = APIRouter(tags=["CDS Hooks"])
_OF = "?patient={{context.patientId}}"
_PATIENT = {"patient": "Patient/{{context.patientId}}"}
_ORDERS = MappingProxyType(
    {
        **_PATIENT,
        "allergies": f"AllergyIntolerance{_OF}",
        "medications": f"MedicationRequest{_OF}",
        "statements": f"MedicationStatement{_OF}",
        "requests": f"ServiceRequest{_OF}&status=active",
    }
)


@dataclass(frozen=True, slots=True)
class Service:
    """One service: what discovery tells of it. `prefetch`: the data it wants to have brought along."""

    id: str
    hook: str
    title: str
    description: str
    prefetch: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As discovery writes it."""
        return {
            "hook": self.hook,
            "title": self.title,
            "description": self.description,
            "id": self.id,
            "prefetch": dict(self.prefetch),
            "usageRequirements": "Patients with a record here are known by the identifiers in the prefetched Patient.",
        }


SERVICES = (
    Service(
        "suwen-findings",
        "patient-view",
        "Suwen: findings · 素问：发现",
        "What Suwen finds in the patient's record (rare diseases, cardiovascular risk, electrocardiograms, "
        "contradictions), each with its evidence and sources.",
        MappingProxyType(
            {
                **_PATIENT,
                "conditions": f"Condition{_OF}",
                "observations": f"Observation{_OF}&_sort=-date&_count=1000",
                "medications": f"MedicationRequest{_OF}",
                "procedures": f"Procedure{_OF}",
                "family": f"FamilyMemberHistory{_OF}",
            }
        ),
    ),
    Service(
        "suwen-order-select",
        "order-select",
        "Suwen: orders being chosen · 素问：选择医嘱",
        "Says where an order that was just chosen is active already, or at odds with what the record holds.",
        _ORDERS,
    ),
    Service(
        "suwen-order-sign",
        "order-sign",
        "Suwen: orders being signed · 素问：签署医嘱",
        "Says where an order that is about to be signed is active already, or at odds with what the record holds.",
        _ORDERS,
    ),
)


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


@router.get("/cds-services")
def discovery() -> dict[str, Any]:
    """Which services there are; no secret, so anybody may know."""
    return {"services": [one.to_json() for one in SERVICES]}


@router.post("/cds-services/{service}", openapi_extra=CALL)
def call(request: Request, asker: Asker, service: str, body: Body) -> JSONResponse:
    """Call a service: cards in the language that the request accepts, an empty list where there is nothing to say."""
    chosen = _service(service)
    house = house_of(request)
    hook = completed(house, read_hook(read_json(body), chosen.hook), chosen.prefetch)
    patient = patient_of(asker, house, hook)
    if not patient and not hook.came:
        # "Unable to retrieve the necessary FHIR data": no record here, and nothing was brought along.
        raise HTTPException(412, "the patient has no record here that you may see, and no prefetch came along")
    lang = language_of(request)
    cards = _cards(asker, house, hook, patient, lang)
    remember(house, chosen.id, asker, patient, cards)
    return JSONResponse({"cards": [one.to_json(lang) for one in cards]})


def _cards(actor: Actor, house: House, hook: Hook, patient: str, lang: str) -> list[Card]:
    if hook.name != "patient-view":
        return order_cards(actor, house, hook, patient, lang)
    return finding_cards(actor, house, patient, lang) if patient else loose_cards(house, hook, lang)


@router.post("/cds-services/{service}/feedback", openapi_extra=FEEDBACK)
def feedback(request: Request, asker: Asker, service: str, body: Body) -> JSONResponse:
    """Say what became of cards; filed in the records of the patients whom they were about."""
    kept = keep_feedback(asker, house_of(request), _service(service).id, read_json(body))
    return JSONResponse({"kept": kept})


def _service(name: str) -> Service:
    found = next((one for one in SERVICES if one.id == name), None)
    if found is None:
        raise NotFoundError("there is no such service; see /cds-services")
    return found
