"""The risk of a person by an equation: an interval where inputs are unknown, a refusal where it does not hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from suwen.diagnosis.heart.bounds import extremes
from suwen.diagnosis.heart.catalogue import EQUATIONS
from suwen.diagnosis.heart.derived import with_changes
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.nouns import Equation, FactorKind, Person, Risk, Term, Value
from suwen.diagnosis.heart.words import CHOICE_NAMES, UNIT_NAMES
from suwen.errors import InputError, Problem
from suwen.subject import Saying

__all__ = ["Change", "NotFor", "Shift", "band_of", "estimate", "estimate_all", "inputs_of", "refusals", "what_if"]

_AS_GOOD_AS_EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class NotFor:
    """An equation that does not apply to a person, and every reason why."""

    equation: str
    name: Saying
    reasons: tuple[Saying, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """What a factor added before and after a change, as a Term; None where it cannot be told for want of inputs."""

    key: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """A risk before and after a change, the terms that moved, and what followed from the change."""

    before: Risk
    after: Risk
    shifts: tuple[Shift, ...]
    followed: tuple[Saying, ...] = ()


def estimate(equation: Equation, person: Person) -> Risk:
    """The risk of `person` by `equation`.

    Where inputs in `uses` are unknown, `value` is None and the interval spans the risk over all their plausible values;
    `terms` then holds only those that are the same at both ends. Raises InputError with all reasons where the equation
    does not apply: inputs it needs are missing, values lie outside its range, or the person is already ill.
    """
    reasons = refusals(equation, person)
    if reasons:
        problems = [Problem(equation.key, reason.en, zh_what=reason.zh) for reason in reasons]
        raise InputError(f"{equation.name.en} does not apply", problems, zh=f"{equation.name.zh}不适用")
    missing = tuple(key for key in equation.uses if key not in person.values)
    if not missing:
        return _complete(equation, person)
    return _interval(equation, person, missing)


def inputs_of(equation: Equation, person: Person) -> Mapping[str, Value]:
    """The values as `equation` takes them: the age in completed years where its own program takes whole years only."""
    age = person.values.get("age")
    if not equation.whole_years or age is None:
        return person.values
    return {**person.values, "age": float(math.floor(float(age)))}


def refusals(equation: Equation, person: Person) -> tuple[Saying, ...]:
    """Every reason why `equation` does not apply to `person`; empty where it does."""
    missing = [key for key in equation.needs if key not in person.values]
    reasons = [_needs(missing)] if missing else []
    reasons += [_outside(key, span) for key, span in equation.range.items() if _is_outside(key, span, person)]
    reasons += [_has(key) for key in equation.excludes if person.values.get(key) == 1.0]
    return tuple(reasons)


def _needs(keys: Iterable[str]) -> Saying:
    names = [FACTORS[key].name for key in keys]
    return Saying(f"needs {', '.join(one.en for one in names)}", f"缺少：{'、'.join(one.zh for one in names)}")


def _is_outside(key: str, span: tuple[float, float], person: Person) -> bool:
    value = person.values.get(key)
    if value is None:
        return False
    place = FACTORS[key].choices.index(value) if isinstance(value, str) else value  # a range of choices is by position
    if key == "age":  # ages are stated in completed years: who is 69 and a half is 69, and not yet 70
        place = math.floor(place)
    return not span[0] <= place <= span[1]


def _outside(key: str, span: tuple[float, float]) -> Saying:
    factor = FACTORS[key]
    name = factor.name
    if factor.kind is FactorKind.YES_NO:
        en, zh = ("with", "有") if span[0] == 1 else ("without", "无")
        return Saying(f"made for people {en} this: {name.en}", f"仅适用于{zh}以下情况者：{name.zh}")
    if factor.kind is FactorKind.CHOICE:
        fit = [CHOICE_NAMES[one] for one in factor.choices[int(span[0]) : int(span[1]) + 1]]
        return Saying(
            f"made for {name.en}: {', '.join(one.en for one in fit)}",
            f"适用于{name.zh}：{'、'.join(one.zh for one in fit)}",
        )
    unit = UNIT_NAMES.get(factor.unit, Saying(factor.unit, factor.unit))
    en = f"{name.en} outside {span[0]:g} to {span[1]:g} {unit.en}".rstrip()
    return Saying(f"{en}, for which it was made", f"{name.zh}超出适用范围 {span[0]:g}–{span[1]:g} {unit.zh}".rstrip())


def _has(key: str) -> Saying:
    name = FACTORS[key].name
    return Saying(f"not for people with {name.en}", f"不适用于有以下情况者：{name.zh}")


def _complete(equation: Equation, person: Person) -> Risk:
    values = inputs_of(equation, person)
    terms = equation.terms(values)
    total = math.fsum(terms.values())
    value = _risk(equation, total, values)
    return Risk(
        equation=equation.key,
        outcome=equation.outcome,
        years=equation.years,
        value=value,
        low=value,
        high=value,
        terms=tuple(Term(key, share) for key, share in terms.items()),
        points=total if equation.counts else None,
        band=band_of(equation, value, values),
        limits=_limits(equation, person),
        source=equation.source,
    )


def _risk(equation: Equation, total: float, values: Mapping[str, Value]) -> float:
    value = equation.risk(total, values)
    if not math.isfinite(value):
        raise InputError(
            f"{equation.name.en} gives no finite risk for these values",
            zh=f"{equation.name.zh}对这些数值得不出有限的风险值",
        )
    return min(max(value, 0.0), 1.0)


def _interval(equation: Equation, person: Person, missing: tuple[str, ...]) -> Risk:
    known = inputs_of(equation, person)

    def risk_of(chosen: Mapping[str, Value], added: Callable[[Mapping[str, Value]], float]) -> float:
        values = {**known, **chosen}
        return _risk(equation, added(values), values)

    terms = partial(_summed, equation)
    low_at, high_at = extremes(equation, missing, known, partial(risk_of, added=equation.added or terms))
    low, high = risk_of(low_at, terms), risk_of(high_at, terms)
    if low > high:  # equal but for rounding, where what is unknown changes nothing
        low, high, low_at, high_at = high, low, high_at, low_at
    bands = {band_of(equation, low, known), band_of(equation, high, known)}
    return Risk(
        equation=equation.key,
        outcome=equation.outcome,
        years=equation.years,
        value=None,
        low=low,
        high=high,
        terms=_certain(equation, person, low_at, high_at),
        missing=missing,
        band=bands.pop() if len(bands) == 1 else None,
        limits=_limits(equation, person),
        source=equation.source,
    )


def _summed(equation: Equation, values: Mapping[str, Value]) -> float:
    return math.fsum(equation.terms(values).values())


def _certain(
    equation: Equation, person: Person, low_at: Mapping[str, Value], high_at: Mapping[str, Value]
) -> tuple[Term, ...]:
    """The terms of what is known that do not depend on what is unknown."""
    known = inputs_of(equation, person)
    one, other = (equation.terms({**known, **chosen}) for chosen in (low_at, high_at))
    return tuple(
        Term(key, share)
        for key, share in one.items()
        if key in person.values and abs(share - other.get(key, math.inf)) < _AS_GOOD_AS_EQUAL
    )


def band_of(equation: Equation, risk: float, values: Mapping[str, Value]) -> Saying | None:
    """What `equation` calls this risk of the person of `values`: by its rule, or the first band whose end lies above.

    None where it names no categories.
    """
    if equation.band is not None:
        return equation.band(risk, values)
    return next((name for end, name in equation.bands if risk < end), equation.bands[-1][1] if equation.bands else None)


def _limits(equation: Equation, person: Person) -> tuple[Saying, ...]:
    unsaid = [FACTORS[key].name for key in equation.excludes if key not in person.values]
    found = list(equation.cautions(person.values)) if equation.cautions is not None else []
    if unsaid:
        en, zh = ", ".join(one.en for one in unsaid), "、".join(one.zh for one in unsaid)
        found.append(Saying(f"holds only without {en}, which was not stated", f"仅在无以下情况时成立（未说明）：{zh}"))
    return (*found, *_said_of_age(equation, person))


def _said_of_age(equation: Equation, person: Person) -> tuple[Saying, ...]:
    """How an age with a fraction was taken."""
    age = float(person.values.get("age", 0.0))
    if "age" not in equation.needs or age == math.floor(age):
        return ()
    years = math.floor(age)
    if equation.whole_years:
        return (Saying(f"age counts in completed years: {years}", f"年龄按周岁计：{years} 岁"),)
    if age > equation.range.get("age", (0.0, math.inf))[1]:
        return (
            Saying(
                f"counts as {years} completed years for the range of ages; the formula takes {age:g}",
                f"适用年龄按周岁 {years} 岁判断；公式按 {age:g} 岁计算",
            ),
        )
    return ()


def estimate_all(person: Person, equations: Iterable[Equation] | None = None) -> tuple[Risk | NotFor, ...]:
    """The risk by every equation that applies to `person`, and the reasons of every one that does not, in order."""
    chosen = EQUATIONS.values() if equations is None else equations
    found: list[Risk | NotFor] = []
    for one in chosen:
        reasons = refusals(one, person)
        found.append(NotFor(one.key, one.name, reasons) if reasons else estimate(one, person))
    return tuple(found)


def what_if(equation: Equation, person: Person, changes: Mapping[str, Value]) -> Change:
    """The risk before and after `changes` (by key, in canonical units), and which terms moved.

    What follows from a change is changed with it (see derived.with_changes) and said in `followed`. Raises InputError
    as estimate does, before or after the change.
    """
    changed, followed = with_changes(person, changes)
    before, after = estimate(equation, person), estimate(equation, changed)
    first = {one.key: one.share for one in before.terms}
    second = {one.key: one.share for one in after.terms}
    shifts = tuple(
        Shift(key, first.get(key), second.get(key))
        for key in dict.fromkeys([*first, *second])
        if first.get(key) != second.get(key)
    )
    return Change(before, after, shifts, followed)
