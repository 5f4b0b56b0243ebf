"""The heart page: risk by the published equations, what if values change, the course of pressure and lipids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from suwen.consult.facts import reason_in
from suwen.consult.projections_heart import HEART_KINDS
from suwen.diagnosis.heart.answer import Answer
from suwen.diagnosis.heart.catalogue import EQUATIONS
from suwen.diagnosis.heart.china_2019 import Stratum
from suwen.diagnosis.heart.estimate import NotFor
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.nouns import Person
from suwen.diagnosis.heart.outcomes import horizon
from suwen.errors import InputError, NotFoundError
from suwen.report.heart_charts import PERSON, step
from suwen.report.heart_strings import say
from suwen.report.heart_view import groups, refused
from suwen.server.guard.parts import FormRoute
from suwen.server.pages.heart_estimates import (
    answer_for,
    asked,
    first_of,
    left_unasked,
    part_for,
    risk_for,
    strata_for,
    why_silent,
)
from suwen.server.pages.heart_forms import Sent
from suwen.server.pages.heart_record import COURSES, HeartRecord, read_heart
from suwen.server.pages.heart_said import clinic_value
from suwen.server.pages.heart_what_if import changes_of, sliders_of, switches_of, then_of
from suwen.server.pages.heart_words import HEART_WORDS
from suwen.server.pages.patient_frame import Head, head_of, show_patient
from suwen.server.showing import is_fragment
from suwen.server.visitors import Signed, Visitor

__all__ = ["router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A stratum of a guideline in words: band, reasons, the boxes on the way with their answers, source."""

    band: str
    lifetime: str
    reasons: list[str]
    path: list[tuple[str, str]]
    unverified: str
    source: str


@router.get("/patients/{patient}/heart")
def heart_page(request: Request, visitor: Signed, patient: str) -> Response:
    """Risk of the patient as the record states it, with controls for what if."""
    head, record = _opened(request, visitor, patient)
    lang, person = _lang(visitor), record.person
    silent = why_silent(person, died=record.facts.died)
    answer = Answer(answer_for(Person({}), ()).read, ()) if silent else answer_for(person, record.facts.derived)
    return _show(
        request,
        visitor,
        head,
        "heart.html",
        silent="" if silent is None else silent.said(lang),
        record=record,
        **_risks(answer, record, lang),
        **_controls(person, answer, lang),
        **_courses(record, lang),
    )


@router.post("/patients/{patient}/heart/what-if")
def what_if(request: Request, visitor: Signed, patient: str, sent: Sent) -> Response:
    """The risks by the first equations before and after what the form changes; nothing is kept."""
    return _then(request, visitor, patient, sent, every=False)


@router.post("/patients/{patient}/heart/what-if/all")
def what_if_all(request: Request, visitor: Signed, patient: str, sent: Sent) -> Response:
    """The same by all other equations."""
    return _then(request, visitor, patient, sent, every=True)


@router.get("/patients/{patient}/heart/equations/{key}")
def equation(request: Request, visitor: Signed, patient: str, key: str) -> Response:
    """One equation with everything shown: what each factor adds, what is unknown, the formula, limits, source."""
    head, record = _opened(request, visitor, patient)
    if key not in EQUATIONS:
        raise NotFoundError("there is no equation of this key", zh="没有该名称的风险方程")
    found = risk_for(EQUATIONS[key], record.person)
    if isinstance(found, NotFor):
        raise NotFoundError(
            f"{found.name.en}: {'; '.join(one.en for one in found.reasons)}",
            zh=f"{found.name.zh}：{'；'.join(one.zh for one in found.reasons)}",
        )
    one = part_for(found, record.person, record.facts.derived, _lang(visitor))
    template = "heart_equation.html" if is_fragment(request) else "heart_equation_page.html"
    return _show(request, visitor, head, template, one=one, person_symbol=PERSON)


@router.get("/patients/{patient}/heart/courses")
def courses(request: Request, visitor: Signed, patient: str) -> Response:
    """The courses as numbers for the charts: seconds from 1970 and a value for each."""
    _, record = _opened(request, visitor, patient)
    found = {
        group: [
            {"name": one.name.said(visitor.lang), "unit": one.unit, "points": record.courses[group][one.key]}
            for one in COURSES[group]
            if one.key in record.courses[group]
        ]
        for group in COURSES
    }
    return JSONResponse(found, headers={"cache-control": "no-store"})


def _opened(request: Request, visitor: Visitor, patient: str) -> tuple[Head, HeartRecord]:
    head = head_of(request, visitor, patient, kinds=HEART_KINDS)
    return head, read_heart(head)


def _lang(visitor: Visitor) -> Language:
    return "zh" if visitor.lang == "zh" else "en"


def _show(request: Request, visitor: Visitor, head: Head, template: str, **content: Any) -> Response:
    tell = partial(say, lang=_lang(visitor))
    return show_patient(request, visitor, head, template, HEART_WORDS, tell=tell, **content)


def _then(request: Request, visitor: Visitor, patient: str, sent: Sent, *, every: bool) -> Response:
    head, record = _opened(request, visitor, patient)
    person = record.person
    if why_silent(person, died=record.facts.died) is not None:
        raise InputError(
            "no risk is estimated for this patient, so nothing can be changed",
            zh="该患者没有可用的风险估计，因此无法作假设推演",
        )
    changes = changes_of(sent, person)
    changed = person.with_values(**changes)
    equations = tuple({one.key: one for one in (*asked(person), *asked(changed))}.values())
    first = first_of(equations)
    shown = tuple(one for one in equations if one not in first) if every else first
    then = then_of(person, changes, shown, _lang(visitor))
    fragment = is_fragment(request)
    template = (
        "heart_then_all.html" if every and fragment else "heart_then.html" if fragment else "heart_then_page.html"
    )
    return _show(request, visitor, head, template, then=then, person_symbol=PERSON)


def _risks(answer: Answer, record: HeartRecord, lang: Language) -> dict[str, Any]:
    person = record.person
    strata = strata_for(person)
    first = next((one for one in answer.risks if one.equation in {two.key for two in first_of(_applied(answer))}), None)
    return {
        "person_symbol": PERSON,
        "arrow": step("→"),
        "groups": groups(answer, lang),
        "first": None if first is None else part_for(first, person, record.facts.derived, lang),
        "rest": [
            (one.equation, EQUATIONS[one.equation].name.said(lang), one.outcome.said(lang), _until(one.equation, lang))
            for one in answer.risks
            if first is None or one.equation != first.equation
        ],
        "guidelines": [
            ("heart_2019", _placed(strata[0], lang)),
            ("heart_lipids", _placed(strata[1], lang)),
        ] if answer.risks else [],
        "refused": refused(answer.refused, lang),
        "unasked": _unasked(person, lang) if answer.answers else [],
        "inputs": _inputs(record, lang),
        "left_out": [(reason_in(reason, lang), count) for reason, count in sorted(record.left_out.items()) if count],
        "sources": list(dict.fromkeys(one.source for one in answer.risks)),
    }  # fmt: skip


def _until(key: str, lang: Language) -> str:
    """The years of an equation in words; "" where its outcome names the age up to which it looks."""
    return horizon(EQUATIONS[key]).said(lang) if EQUATIONS[key].years else ""


def _applied(answer: Answer) -> list[Any]:
    return [EQUATIONS[one.equation] for one in answer.risks]


def _placed(found: Stratum, lang: Language) -> _Placed:
    return _Placed(
        band=say("heart_cannot", lang) if found.band is None else found.band.said(lang),
        lifetime="" if found.lifetime is None else found.lifetime.said(lang),
        reasons=[one.said(lang) for one in found.reasons],
        path=[(one.asks.said(lang), "" if one.answer is None else one.answer.said(lang)) for one in found.path],
        unverified="" if found.unverified is None or found.band is None else found.unverified.said(lang),
        source=found.source,
    )


def _unasked(person: Person, lang: Language) -> list[tuple[str, str]]:
    comma = "、" if lang == "zh" else ", "
    return [
        (one.name.said(lang), comma.join(FACTORS[key].name.said(lang) for key in one.uses if key not in person.values))
        for one in left_unasked(person)
    ]


def _inputs(record: HeartRecord, lang: Language) -> list[tuple[str, str, int]]:
    """Name, value and for how many years it is known, in the order of the table of factors."""
    values, old = record.person.values, dict(record.facts.old)
    return [
        (FACTORS[key].name.said(lang), clinic_value(key, values[key], lang), old.get(key, 0))
        for key in FACTORS
        if key in values
    ]


def _controls(person: Person, answer: Answer, lang: Language) -> dict[str, Any]:
    """What can be moved: of the equations that are asked, as far as these are of a first event."""
    equations = _applied(answer)
    if not equations:
        return {"sliders": [], "switches": [], "then": None}
    return {
        "sliders": sliders_of(person, equations, lang),
        "switches": switches_of(person, equations, lang),
        "then": then_of(person, {}, first_of(equations), lang),
    }


def _courses(record: HeartRecord, lang: Language) -> dict[str, Any]:
    """The courses as tables: a row a date, the newest first, a column a quantity."""
    tables = []
    for group, found in record.courses.items():
        shown = [one for one in COURSES[group] if one.key in found]
        by_day: dict[date, dict[str, float]] = {}
        for one in shown:
            for second, value in found[one.key]:
                by_day.setdefault(datetime.fromtimestamp(second, UTC).date(), {})[one.key] = value
        rows = [
            (day.isoformat(), [f"{by_day[day][one.key]:g}" if one.key in by_day[day] else "" for one in shown])
            for day in sorted(by_day, reverse=True)
        ]
        if rows:
            tables.append((group, [one.name.said(lang) for one in shown], rows))
    return {"courses": tables}
