"""How wide each unknown input alone makes the interval of a risk, so that the one worth asking comes first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from suwen.diagnosis.heart.bounds import extremes
from suwen.diagnosis.heart.estimate import inputs_of, refusals
from suwen.diagnosis.heart.nouns import Equation, Person, Value

__all__ = ["Unknown", "unknowns"]


@dataclass(frozen=True, slots=True)
class Unknown:
    """An unknown input and the risks it spans in 0..1, while the other unknown ones stand where the risk is lowest."""

    key: str
    low: float
    high: float

    @property
    def width(self) -> float:
        """How far its own values move the risk."""
        return self.high - self.low


def unknowns(equation: Equation, person: Person) -> tuple[Unknown, ...]:
    """The unknown inputs of `equation` for `person`, those that matter most first; empty where it does not apply.

    The span of one is what it adds alone: the others stand at their least, where nothing unknown is against the person.
    """
    missing = tuple(key for key in equation.uses if key not in person.values)
    if not missing or refusals(equation, person):
        return ()
    known = inputs_of(equation, person)

    least = extremes(equation, missing, known, lambda chosen: _risk(equation, {**known, **chosen}))[0]
    found = [_alone(equation, key, {**known, **least}) for key in missing]
    return tuple(sorted(found, key=lambda one: (-one.width, one.key)))


def _alone(equation: Equation, key: str, at: Mapping[str, Value]) -> Unknown:
    """The risks that one input spans while all others stand as they are in `at`."""
    rest = {other: value for other, value in at.items() if other != key}
    ends = extremes(equation, (key,), rest, lambda chosen: _risk(equation, {**rest, **chosen}))
    low, high = (_risk(equation, {**rest, **end}) for end in ends)
    return Unknown(key, low, high)


def _risk(equation: Equation, values: Mapping[str, Value]) -> float:
    added = equation.added or (lambda given: math.fsum(equation.terms(given).values()))
    return min(max(equation.risk(added(values), values), 0.0), 1.0)
