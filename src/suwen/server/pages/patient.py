"""A patient's summary: what matters most, what is known, what changed, how the areas fared; and the consult itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from suwen.consult import Record, consult, corrections_in
from suwen.report.patient_page import patient_view
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.pages.patient_facts import FactsSeen
from suwen.server.pages.patient_frame import Head, head_of, open_head, show_patient
from suwen.server.pages.patient_said import Names, names_in, said_in
from suwen.server.pages.patient_words import SUMMARY
from suwen.server.pages.weighing import tongue_of
from suwen.server.visitors import Signed

__all__ = ["router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
_FIRST = 6  # findings shown: what matters most, not everything
_NEWS = 8
_UNTOLD = frozenset({"Consult", "Demographics", "Correction"})


@dataclass(frozen=True, slots=True)
class News:
    """Something that came since the visitor looked: what kind of record, what it says, when it came (µs)."""

    kind: str
    text: str
    at: int


@router.get("/patients/{patient}")
def summary(request: Request, visitor: Signed, patient: str) -> Response:
    """The summary: only what was filed; a consult never runs because somebody looks."""
    head = open_head(request, visitor, patient, keep=True)
    view = patient_view(head.consultation, lang=tongue_of(visitor.lang), created=datetime.now().astimezone())
    filed = head.consultation.findings
    pairs = [(one, seen) for one, seen in zip(filed, view.findings, strict=True) if one.standing]
    shown = [(one, seen) for one, seen in pairs if seen.verdict_kind != "rejected"]
    names = names_in(house_of(request), visitor.lang)
    news = _news(head, visitor.lang, names)
    return show_patient(
        request,
        visitor,
        head,
        "patient.html",
        SUMMARY,
        view=view,
        shown=shown[:_FIRST],
        more=len(shown) - len(shown[:_FIRST]),
        waiting=sum(one.verdict is None for one, _ in pairs),
        facts=house_of(request).room("facts", FactsSeen).of(head.look.records, visitor.lang, names),
        news=list(islice(news, _NEWS)),
        news_count=len(news),
        later=_later(head),
    )


@router.post("/patients/{patient}/consult")
def consult_again(request: Request, visitor: Signed, patient: str) -> Response:
    """Have every area look at the patient, with what people put right in the texts."""
    house, head = house_of(request), head_of(request, visitor, patient)
    consult(visitor.actor, house.records, patient, areas=house.science.areas(), purpose=head.purpose)
    return RedirectResponse(f"/patients/{patient}", 303)


def _news(head: Head, lang: str, terms: Names | None) -> list[News]:
    """What came since the visitor last looked, the latest first; nothing where they look for the first time."""
    since = head.look.before
    if not since:
        return []
    found = [one for one in head.look.records if one.at > since and one.kind not in _UNTOLD]
    codes = {one.record: one.worded(lang).code for one in head.consultation.findings}
    return [_told(one, codes.get(one.id), lang, terms) for one in sorted(found, key=lambda one: -one.at)]


def _told(record: Record, code: object, lang: str, terms: Names | None) -> News:
    label = getattr(code, "label", "") or getattr(code, "value", "")
    said = said_in(record, lang, terms) if not label else None
    text = label or (" ".join(filter(None, [said.what, said.value])) if said else "")
    return News(record.kind, text, record.at)


def _later(head: Head) -> int:
    """How many records came after the last consult."""
    at = head.consultation.at
    others = (one for one in head.look.records if one.kind not in _UNTOLD and one.kind != "Finding")
    corrected = sum(one.at > at for one in corrections_in(head.look.records))
    return (sum(one.at > at for one in others) + corrected) if at else 0
