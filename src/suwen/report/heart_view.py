"""What the page about risk shows of one equation and of all together, worded in its language, nothing drawn twice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from markupsafe import Markup

from suwen.diagnosis.heart.answer import Answer
from suwen.diagnosis.heart.catalogue import EQUATIONS
from suwen.diagnosis.heart.estimate import Change, NotFor
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.findings import said_value, weights
from suwen.diagnosis.heart.formula import formula_of
from suwen.diagnosis.heart.nouns import Equation, Formula, Risk
from suwen.diagnosis.heart.outcomes import compare, horizon, labels, outcome_name
from suwen.diagnosis.heart.unknowns import Unknown, unknowns
from suwen.report.heart_charts import Axis, Bar, added_axis, people, risk_axis, span
from suwen.report.heart_strings import say
from suwen.report.strings import Language
from suwen.report.wording import chance_text, signed

__all__ = ["Added", "Compared", "Group", "Part", "Turned", "groups", "part", "refused", "risk_text", "turned"]


@dataclass(frozen=True, slots=True)
class Added:
    """A factor with what it adds: its name, the value of this person, the number in words and as a bar."""

    name: str
    value: str
    text: str
    bar: Bar


@dataclass(frozen=True, slots=True)
class Part:
    """All that is shown of one equation that applies. `changeable` and `fixed` are its factors, the greatest first."""

    anchor: str
    name: str
    outcome: str
    horizon: str
    risk: str
    points: str
    band: str
    picture: Markup
    sentence: str
    open: bool
    counts: bool
    axis: Axis
    changeable: list[Added]
    fixed: list[Added]
    unknown: list[tuple[str, str, Markup]]
    formula: Formula | None
    rows: list[tuple[str, str, str, str]]
    steps: list[str]
    missing: str
    population: str
    limits: list[str]
    unverified: str
    notice: str
    source: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A risk beside others that predict the same: its equation with a place on the page, population, and picture."""

    anchor: str
    name: str
    outcome: str
    risk: str
    band: str
    population: str
    picture: Markup
    noticed: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The risks of one event over one time, on one axis; `agree` None where there is nothing to compare."""

    name: str
    horizon: str
    axis: Axis
    agree: bool | None
    rows: list[Compared]


@dataclass(frozen=True, slots=True)
class Turned:
    """A risk before and after a change, on one axis."""

    name: str
    outcome: str
    horizon: str
    before: str
    after: str
    difference: str
    pictures: tuple[Markup, Markup]


def risk_text(risk: Risk, lang: Language) -> str:
    """A risk in percent, or its interval."""
    return _span_text(risk.low, risk.high, lang)


def _span_text(low: float, high: float, lang: Language) -> str:
    return " – ".join(dict.fromkeys((chance_text(low, lang), chance_text(high, lang))))


def part(risk: Risk, answer: Answer, lang: Language) -> Part:
    """What is shown of one risk."""
    equation, person = EQUATIONS[risk.equation], answer.read.person
    adds = {one.key: one.share for one in risk.terms} if equation.counts else weights(risk, person)
    axis = added_axis(adds.values(), counts=equation.counts)
    order = sorted(adds, key=lambda key: (-abs(adds[key]), key))
    added = {key: _added(key, adds[key], answer, axis, counts=equation.counts, lang=lang) for key in order}
    formula = formula_of(equation, person)
    sentence = _sentence(risk, equation, lang)
    return Part(
        anchor=f"eq-{risk.equation}",
        name=equation.name.said(lang),
        outcome=risk.outcome.said(lang),
        horizon=horizon(equation).said(lang),
        risk=risk_text(risk, lang),
        points="" if risk.points is None else say("heart_points", lang, points=f"{risk.points:g}"),
        band="" if risk.band is None else risk.band.said(lang),
        picture=people(risk.low, risk.high, sentence),
        sentence=sentence,
        open=risk.value is None,
        counts=equation.counts,
        axis=axis,
        changeable=[one for key, one in added.items() if FACTORS[key].modifiable],
        fixed=[one for key, one in added.items() if not FACTORS[key].modifiable],
        unknown=_unknown(unknowns(equation, person), lang),
        formula=formula,
        rows=[] if formula is None else _rows(formula, lang),
        steps=[] if formula is None else [one.said(lang) for one in formula.steps],
        missing=say("list_comma", lang).join(FACTORS[key].name.said(lang) for key in risk.missing),
        population=equation.population.said(lang),
        limits=[one.said(lang) for one in risk.limits],
        unverified="" if equation.unverified is None else equation.unverified.said(lang),
        notice="" if equation.notice is None else equation.notice.said(lang),
        source=risk.source,
    )


def _added(key: str, number: float, answer: Answer, axis: Axis, *, counts: bool, lang: Language) -> Added:
    value = said_value(key, answer.read.person.values[key], lang)
    text = f"{number:+g}".replace("-", "−") if counts else f"×{10**number:.2f}"
    return Added(FACTORS[key].name.said(lang), value, text, axis.bar(number))


def _rows(formula: Formula, lang: Language) -> list[tuple[str, str, str, str]]:
    return [
        (
            one.said.said(lang),
            _number(one.size),
            _number(one.coefficient),
            _product(one.product),
        )
        for one in formula.rows
    ]


def _product(number: float) -> str:
    return f"{round(number, 4) + 0.0:.4f}".replace("-", "−")


def _number(number: float) -> str:
    return f"{number + 0.0:.6g}".replace("-", "−")


def _sentence(risk: Risk, equation: Equation, lang: Language) -> str:
    told = partial(say, lang=lang, outcome=risk.outcome.said(lang), horizon=horizon(equation).said(lang))
    low, high = round(100 * risk.low), round(100 * risk.high)
    if risk.value is None and low != high:
        return told("heart_people_span", low=low, high=high)
    return told("heart_people_few") if high < 1 else told("heart_people", n=high)


def _unknown(found: tuple[Unknown, ...], lang: Language) -> list[tuple[str, str, Markup]]:
    moving = [one for one in found if one.width > 0]
    axis = risk_axis(one.high for one in moving)
    made = []
    for one in moving:
        name = FACTORS[one.key].name.said(lang)
        text = _span_text(one.low, one.high, lang)
        made.append((name, text, span(one.low, one.high, None, axis, f"{name}{say('colon', lang)}{text}")))
    return made


def groups(answer: Answer, lang: Language) -> list[Group]:
    """All risks by event and time, each group on one axis, in the order in which the equations stand."""
    agreed = {one.risks[0].equation: one for one in compare(answer.risks)}
    found: dict[tuple[str, str], list[Risk]] = {}
    for risk in answer.risks:
        equation = EQUATIONS[risk.equation]
        found.setdefault((outcome_name(equation).said(lang), horizon(equation).said(lang)), []).append(risk)
    made = []
    for (name, time), risks in found.items():
        axis = risk_axis(one.high for one in risks)
        judged = next((agreed[one.equation].agree for one in risks if one.equation in agreed), None)
        ordered = sorted(risks, key=lambda one: (one.low, one.high))
        made.append(Group(name, time, axis, judged, [_compared(one, risks, axis, lang) for one in ordered]))
    return made


def _compared(risk: Risk, beside: list[Risk], axis: Axis, lang: Language) -> Compared:
    equation = EQUATIONS[risk.equation]
    name, text = labels(beside)[risk.equation].said(lang), risk_text(risk, lang)
    return Compared(
        anchor=f"eq-{risk.equation}",
        name=name,
        outcome=risk.outcome.said(lang),
        risk=text,
        band="" if risk.band is None else risk.band.said(lang),
        population=equation.population.said(lang),
        picture=span(risk.low, risk.high, risk.value, axis, f"{name}{say('colon', lang)}{text}"),
        noticed=equation.notice is not None,
    )


def turned(change: Change, lang: Language) -> Turned:
    """A change as it is shown: both risks on one axis."""
    before, after = change.before, change.after
    axis = risk_axis((before.high, after.high))
    texts = risk_text(before, lang), risk_text(after, lang)
    words = say("heart_before", lang), say("heart_after", lang)
    pictures = [
        span(one.low, one.high, one.value, axis, f"{word}{say('colon', lang)}{text}")
        for one, word, text in zip((before, after), words, texts, strict=True)
    ]
    difference = ""
    if before.value is not None and after.value is not None:
        difference = say("heart_points_less", lang, points=signed(100 * (after.value - before.value), 1))
    equation = EQUATIONS[before.equation]
    time = horizon(equation).said(lang)
    return Turned(
        equation.name.said(lang), before.outcome.said(lang), time, *texts, difference, (pictures[0], pictures[1])
    )


def refused(found: tuple[NotFor, ...], lang: Language) -> list[tuple[str, str]]:
    """Names of equations that do not apply, by their reasons."""
    names: dict[str, list[str]] = {}
    for one in found:
        reasons = say("heart_semicolon", lang).join(reason.said(lang) for reason in one.reasons)
        names.setdefault(reasons, []).append(one.name.said(lang))
    return [(say("heart_semicolon", lang).join(dict.fromkeys(found)), reasons) for reasons, found in names.items()]
