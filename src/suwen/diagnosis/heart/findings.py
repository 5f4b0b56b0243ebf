"""A risk as a finding: its chance with interval and population, and what each factor adds as evidence."""

from __future__ import annotations

import math
from collections.abc import Iterable

from suwen.diagnosis.heart.catalogue import EQUATIONS
from suwen.diagnosis.heart.estimate import NotFor, estimate_all, inputs_of
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.nouns import Equation, FactorKind, Person, Risk, Value
from suwen.diagnosis.heart.outcomes import outcome_code
from suwen.diagnosis.heart.words import CHOICE_NAMES, UNIT_NAMES
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.subject import Code, Kind, Measurement, Reference

__all__ = ["finding_of", "findings", "said_value", "weights"]

_EDGE = 1e-6  # a chance of exactly 0 or 1 has no odds
_SLIGHT = 0.005  # log10 odds; less is shown without a sign
# LOINC of what is measured; the rest goes by the key of its factor
_LOINC = {
    "age": "30525-0",
    "sbp": "8480-6",
    "total_cholesterol": "14647-2",
    "hdl": "14646-4",
    "ldl": "22748-8",
    "bmi": "39156-5",
    "waist": "8280-0",
    "egfr": "98979-8",
    "creatinine": "14682-9",
    "hba1c": "4548-4",
    "uacr": "9318-7",
    "heart_rate": "8867-4",
    "height": "8302-2",
    "weight": "29463-7",
}


def findings(
    person: Person, lang: str, *, subject: str = "", equations: Iterable[Equation] | None = None
) -> tuple[Finding, ...]:
    """A finding per equation that applies to `person`, in `lang` ("en" or "zh"); `subject` is the id of the patient.

    Evidence is a factor each: modifiable ones first, then by weight. Weights are log10 odds and add up to the
    difference to the equation's reference person (see weights).
    """
    risks = [one for one in estimate_all(person, equations) if not isinstance(one, NotFor)]
    return tuple(finding_of(risk, person, lang, subject=subject) for risk in risks)


def finding_of(risk: Risk, person: Person, lang: str, *, subject: str = "") -> Finding:
    """One risk of `person` as a finding; see findings."""
    equation = EQUATIONS[risk.equation]
    shares = weights(risk, person)
    order = sorted(shares, key=lambda key: (not FACTORS[key].modifiable, -abs(shares[key])))
    evidence = tuple(_evidence(key, shares[key], person, equation, lang) for key in order)
    return Finding(
        subject=Reference(Kind.PATIENT, subject),
        code=outcome_code(equation),
        chance=Chance(risk.value, risk.low, risk.high, _calibration(risk, equation, lang)),
        evidence=evidence or (_nothing(risk, equation, lang),),
        maker=Maker(f"suwen.heart/{equation.key}"),
    )


def weights(risk: Risk, person: Person) -> dict[str, float]:
    """What each term of `risk` adds in log10 odds of the event.

    An equation is linear in its terms and then bent into a risk. Going from the reference person (all terms 0) straight
    to this one, a term adds its share times the mean slope of the log odds on the way (Aumann and Shapley), which is
    (log odds here - log odds there) / (sum of the terms). So the weights add up exactly; of a logistic equation they
    are share / ln 10. Where inputs are missing the slope is that of log odds to log hazard at small risks, 1 / ln 10;
    of a score that counts, nothing can be said then and the weights are 0.
    """
    equation = EQUATIONS[risk.equation]
    slope = _slope(risk, equation, person)
    return {term.key: term.share * slope for term in risk.terms}


def _slope(risk: Risk, equation: Equation, person: Person) -> float:
    if risk.value is None:
        return 0.0 if equation.counts else 1 / math.log(10)
    total = math.fsum(term.share for term in risk.terms)
    step = total if abs(total) > _EDGE else 1e-3
    there = equation.risk(total - step, inputs_of(equation, person))
    return (_log_odds(risk.value) - _log_odds(there)) / step


def _log_odds(chance: float) -> float:
    inside = min(max(chance, _EDGE), 1 - _EDGE)
    return math.log10(inside / (1 - inside))


def _evidence(key: str, weight: float, person: Person, equation: Equation, lang: str) -> Evidence:
    value = person.values[key]
    bearing = Bearing.NEUTRAL if abs(weight) < _SLIGHT else Bearing.SUPPORTS if weight > 0 else Bearing.AGAINST
    return Evidence(bearing, _seen(key, value), weight, _sentence(key, value, weight, lang), equation.source)


def _seen(key: str, value: Value) -> Code | Measurement:
    factor = FACTORS[key]
    code = Code(f"LOINC:{_LOINC[key]}" if key in _LOINC else f"SUWEN:heart.{key}", factor.name.en)
    if factor.kind is FactorKind.NUMBER:
        return Measurement(code, float(value), factor.unit)
    return Code(code.value, f"{factor.name.en}: {said_value(key, value, 'en')}")


def said_value(key: str, value: Value, lang: str) -> str:
    """A value as a reader sees it: a number with its unit, yes or no, or the name of the choice."""
    factor = FACTORS[key]
    if isinstance(value, str):
        return CHOICE_NAMES[value].said(lang)
    if factor.kind is FactorKind.YES_NO:
        return {"en": ("no", "yes"), "zh": ("否", "是")}["zh" if lang == "zh" else "en"][int(value)]
    unit = UNIT_NAMES[factor.unit].said(lang) if factor.unit in UNIT_NAMES else factor.unit
    return f"{float(f'{value:.4g}'):g} {unit}".rstrip()


def _sentence(key: str, value: Value, weight: float, lang: str) -> str:
    name, shown = FACTORS[key].name.said(lang), said_value(key, value, lang)
    times = f"{10**weight:.2f}"
    can = FACTORS[key].modifiable
    if lang == "zh":
        effect = "影响很小" if abs(weight) < _SLIGHT else f"比值为参照者的 {times} 倍"
        return f"{name} {shown}：{effect}{'（可干预）' if can else ''}"
    effect = "hardly changes the odds" if abs(weight) < _SLIGHT else f"multiplies the odds of the reference by {times}"
    return f"{name} {shown}: {effect}{' (modifiable)' if can else ''}"


def _calibration(risk: Risk, equation: Equation, lang: str) -> str:
    parts = [equation.population.said(lang), *(one.said(lang) for one in risk.limits)]
    if risk.missing:
        names = ("、" if lang == "zh" else ", ").join(FACTORS[key].name.said(lang) for key in risk.missing)
        parts.append(f"未知：{names}，故仅给出区间" if lang == "zh" else f"unknown, hence an interval: {names}")
    parts += [one.said(lang) for one in (equation.unverified, equation.notice) if one is not None]
    return ("。" if lang == "zh" else ". ").join(one.rstrip("。.") for one in parts)


def _nothing(risk: Risk, equation: Equation, lang: str) -> Evidence:
    names = ("、" if lang == "zh" else ", ").join(FACTORS[key].name.said(lang) for key in risk.missing)
    said = f"未知：{names}" if lang == "zh" else f"unknown: {names}"
    return Evidence(Bearing.NEUTRAL, outcome_code(equation), 0.0, said, equation.source)
