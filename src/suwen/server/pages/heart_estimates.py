"""Risks by the equations that apply, each computed once for the same values; the same page asks for them often."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from suwen.consult.heart_values import YEARS
from suwen.diagnosis.heart.answer import Answer
from suwen.diagnosis.heart.catalogue import EQUATIONS
from suwen.diagnosis.heart.china_2019 import Stratum, lipid_table, stratum_2019
from suwen.diagnosis.heart.estimate import NotFor, estimate, refusals
from suwen.diagnosis.heart.foremost import family, foremost
from suwen.diagnosis.heart.nouns import Equation, Person, Risk, Value
from suwen.diagnosis.heart.person import Inputs
from suwen.report.heart_view import Part, part
from suwen.report.strings import Language
from suwen.subject import Saying

__all__ = [
    "FIRST",
    "answer_for",
    "asked",
    "first_of",
    "left_unasked",
    "part_for",
    "risk_for",
    "strata_for",
    "why_silent",
]

FIRST = ("china-par-ascvd-10", "prevent-cvd-10")  # families of equations that a page shows first and answers live
_AT_MOST = 8  # unknown factors beyond which an interval is of no use, as in the consult
_ADULT = 18
_SAYS_LITTLE = frozenset({"age", "sex", "race", "height", "weight", "bmi"})
Known = tuple[tuple[str, Value], ...]

_WHY = {
    "died": Saying("The patient has died.", "患者已死亡。"),
    "who": Saying("Age or sex of the patient is not known.", "患者年龄或性别不详。"),
    "child": Saying("The equations are made for adults.", "所用方程仅适用于成人。"),
    "few": Saying(
        "The record holds no risk factor of the last {years:g} years beside age, sex and build.",
        "除年龄、性别和体格外，记录中没有近{years:g}年的危险因素。",
    ),
}


def why_silent(person: Person, *, died: bool) -> Saying | None:
    """Why no equation is asked of what the record says; None where they are."""
    values = person.values
    if died:
        return _WHY["died"]
    if "age" not in values or "sex" not in values:
        return _WHY["who"]
    if float(values["age"]) < _ADULT:
        return _WHY["child"]
    if set(values) - _SAYS_LITTLE:
        return None
    few = _WHY["few"]
    return Saying(few.en.format(years=YEARS), few.zh.format(years=YEARS))


def asked(person: Person) -> tuple[Equation, ...]:
    """The equations that are asked of a person: of several models the best, and none of which too much is unknown."""
    return tuple(one for one in foremost(EQUATIONS.values(), person) if _unknown(one, person) <= _AT_MOST)


def left_unasked(person: Person) -> tuple[Equation, ...]:
    """Those that would apply but of which too much is unknown."""
    return tuple(
        one
        for one in foremost(EQUATIONS.values(), person)
        if _unknown(one, person) > _AT_MOST and not refusals(one, person)
    )


def _unknown(equation: Equation, person: Person) -> int:
    return sum(key not in person.values for key in equation.uses)


def first_of(equations: Iterable[Equation]) -> tuple[Equation, ...]:
    """Those of FIRST in its order, or the first two where none of them is there."""
    every = tuple(equations)
    found = [one for name in FIRST for one in every if family(one) == name]
    return tuple(found) or every[:2]


def risk_for(equation: Equation, person: Person) -> Risk | NotFor:
    """The risk of a person by an equation, or why it does not apply."""
    reasons = refusals(equation, person)
    if reasons:
        return NotFor(equation.key, equation.name, reasons)
    return _risk(equation.key, tuple(sorted(person.values.items())))


@lru_cache(maxsize=4096)  # values of people without any name; a slider comes back to where it was
def _risk(key: str, values: Known) -> Risk:
    return estimate(EQUATIONS[key], Person(dict(values)))


def part_for(risk: Risk, person: Person, derived: tuple[Saying, ...], lang: Language) -> Part:
    """Everything that is shown of one risk, made once for the same values."""
    return _part(risk.equation, tuple(sorted(person.values.items())), derived, lang)


@lru_cache(maxsize=512)
def _part(key: str, values: Known, derived: tuple[Saying, ...], lang: Language) -> Part:
    person, risk = Person(dict(values)), _risk(key, values)
    return part(risk, Answer(Inputs(person, derived), (risk,)), lang)


def strata_for(person: Person) -> tuple[Stratum, Stratum]:
    """Where a person stands by the Chinese guidelines: of 2019 by risk, and on lipids."""
    return _strata(tuple(sorted(person.values.items())))


@lru_cache(maxsize=512)
def _strata(values: Known) -> tuple[Stratum, Stratum]:
    person = Person(dict(values))
    return stratum_2019(person), lipid_table(person)


def answer_for(person: Person, derived: tuple[Saying, ...]) -> Answer:
    """The answers of all equations that are asked."""
    return Answer(Inputs(person, derived), tuple(risk_for(one, person) for one in asked(person)))
