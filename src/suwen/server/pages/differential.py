"""The differential: ranked with its reasons, answered in place; each answer becomes an observation of the record."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from suwen.consult import enter_feature, withdraw_record
from suwen.errors import InputError, NotFoundError
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.pages.differential_words import DIFFERENTIAL
from suwen.server.pages.patient_frame import head_of, open_head, show_patient
from suwen.server.pages.terms import features_of
from suwen.server.pages.weighing import entered_in, weigh
from suwen.server.showing import is_fragment
from suwen.server.visitors import Signed

__all__ = ["router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
Text = Annotated[str, Form()]


@router.get("/patients/{patient}/differential")
def differential(request: Request, visitor: Signed, patient: str) -> Response:
    """The whole differential, worked out from what the record holds now."""
    head = open_head(request, visitor, patient)
    weighed = weigh(house_of(request), head, visitor.lang)
    template = "differential_whole.html" if is_fragment(request) else "differential.html"
    return show_patient(request, visitor, head, template, DIFFERENTIAL, weighed=weighed)


@router.post("/patients/{patient}/differential/answers")
def answer(request: Request, visitor: Signed, patient: str, code: Text, present: Text) -> Response:
    """Keep that a feature is there or is not, and answer with the new differential."""
    house = house_of(request)
    term = features_of(house).code(code, visitor.lang)
    if term is None:
        raise InputError(
            "choose a feature of the ontology; abnormalities of a patient are such, modes of inheritance not",
            zh="请选择本体中的特征；患者的异常表型可以选择，遗传方式则不可以",
        )
    if present not in {"yes", "no"}:
        raise InputError("a feature is present (yes) or absent (no)", zh="特征须为“有”或“无”")
    head = head_of(request, visitor, patient)
    enter_feature(visitor.actor, house.records, patient, term, present=present == "yes", purpose=head.purpose)
    return _answered(request, visitor, patient)


@router.post("/patients/{patient}/differential/withdrawn")
def take_back(request: Request, visitor: Signed, patient: str, record: Text, base: Annotated[int, Form()]) -> Response:
    """Withdraw a feature that was entered; it stays in the history."""
    head = head_of(request, visitor, patient, kinds=["Observation"])
    if record not in {one.record for one in entered_in(head.look.records)}:
        raise NotFoundError(
            "no feature that was entered here has this record; it may have been taken back already",
            zh="该记录中没有在此录入的特征；可能已被撤回",
        )
    withdraw_record(visitor.actor, house_of(request).records, patient, record, base=base, purpose=head.purpose)
    return _answered(request, visitor, patient)


def _answered(request: Request, visitor: Signed, patient: str) -> Response:
    if not is_fragment(request):
        return RedirectResponse(f"/patients/{patient}/differential", 303)
    head = open_head(request, visitor, patient)
    weighed = weigh(house_of(request), head, visitor.lang)
    return show_patient(request, visitor, head, "differential_whole.html", DIFFERENTIAL, weighed=weighed)
