"""Where a risk is lowest and highest while some inputs are unknown: corners, a grid, then a closer look."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping

from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.nouns import Equation, FactorKind, Value

__all__ = ["candidates", "extremes"]

Chosen = Mapping[str, Value]
_ALL = 600  # combinations that are all tried; beyond, one input after the other until nothing improves
_GRID = 9  # values of a number in which the risk may turn
_CLOSER = 6  # times that the grid is laid again between the neighbours of the best
_ROUNDS = 8


def candidates(equation: Equation, key: str, known: Chosen) -> tuple[Value, ...]:
    """The values tried for an unknown `key`: choices, yes and no, the ends of a span, a grid where risk may turn.

    What contradicts `known` is left out: who smokes is no former smoker.
    """
    factor = FACTORS[key]
    if factor.kind is FactorKind.CHOICE:
        return tuple(one for one in _choices(equation, key) if _fits(key, one, known))
    low, high = (float(one) for one in (factor.unknown[0], factor.unknown[-1]))
    first, last = equation.range.get(key, (low, high))
    if first > high or last < low:  # nothing usual lies in the range of the equation
        low, high = first, last
    low, high = max(low, first), min(high, last)
    if factor.kind is FactorKind.YES_NO or key in equation.rising:
        return tuple(dict.fromkeys((low, high)))
    return tuple(low + (high - low) * step / (_GRID - 1) for step in range(_GRID))


def _choices(equation: Equation, key: str) -> tuple[Value, ...]:
    choices = FACTORS[key].choices
    first, last = equation.range.get(key, (0, len(choices) - 1))
    return tuple(one for one in FACTORS[key].unknown if first <= choices.index(str(one)) <= last)


def _fits(key: str, value: Value, known: Chosen) -> bool:
    if key == "smoking" and "smoker" in known:
        return (value in {"light", "moderate", "heavy"}) == (known["smoker"] == 1.0)
    if key == "diabetes_type" and "diabetes" in known:
        return (value != "none") == (known["diabetes"] == 1.0)
    return True


def extremes(
    equation: Equation, missing: tuple[str, ...], known: Chosen, risk_of: Callable[[Chosen], float]
) -> tuple[dict[str, Value], dict[str, Value]]:
    """Values of `missing` at which the risk is lowest and at which it is highest, within what is plausible.

    All combinations are tried where they are few. Where they are many the search moves one input at a time and then
    two: exact where inputs act on each other in pairs at most, as they do in the published equations.
    """
    tried = {key: candidates(equation, key, known) for key in missing}
    if math.prod(len(one) for one in tried.values()) <= _ALL:
        all_of_them = [dict(zip(tried, one, strict=True)) for one in itertools.product(*tried.values())]
        scored = [(risk_of(one), number) for number, one in enumerate(all_of_them)]
        low, high = all_of_them[min(scored)[1]], all_of_them[max(scored)[1]]
    else:
        low, high = _climbed(tried, risk_of, -1.0), _climbed(tried, risk_of, 1.0)
    return _closer(equation, tried, low, risk_of, -1.0), _closer(equation, tried, high, risk_of, 1.0)


def _climbed(
    tried: Mapping[str, tuple[Value, ...]], risk_of: Callable[[Chosen], float], sign: float
) -> dict[str, Value]:
    """The best found by moving one input at a time, then two at a time, until nothing improves."""

    def worth(at: Chosen) -> float:
        return sign * risk_of(at)

    at = {key: values[-1] for key, values in tried.items()}
    best = worth(at)
    for _ in range(_ROUNDS):
        before = best
        for together in (1, 2):
            for keys in itertools.combinations(tried, together):
                for values in itertools.product(*(_moves(tried[key], at[key], together) for key in keys)):
                    moved = {**at, **dict(zip(keys, values, strict=True))}
                    if (value := worth(moved)) > best:
                        at, best = moved, value
        if best == before:
            break
    return at


def _moves(values: tuple[Value, ...], now: Value, together: int) -> tuple[Value, ...]:
    """Where an input may go: anywhere alone; with another one only to the ends of a grid, for there are many pairs."""
    return values if together == 1 or len(values) < _GRID else tuple(dict.fromkeys((values[0], values[-1], now)))


def _closer(
    equation: Equation,
    tried: Mapping[str, tuple[Value, ...]],
    at: dict[str, Value],
    risk_of: Callable[[Chosen], float],
    sign: float,
) -> dict[str, Value]:
    """`at`, moved between the points of the grid to where the risk is really lowest or highest."""
    turning = [key for key, values in tried.items() if len(values) == _GRID and key not in equation.rising]
    at = dict(at)
    for key in turning:
        if FACTORS[key].kind is not FactorKind.NUMBER:
            continue
        ends = (float(tried[key][0]), float(tried[key][-1]))
        step = (ends[1] - ends[0]) / (_GRID - 1)
        for _ in range(_CLOSER):
            middle = float(at[key])
            low, high = max(ends[0], middle - step), min(ends[1], middle + step)
            laid = [middle, *(low + (high - low) * one / (_GRID - 1) for one in range(_GRID))]
            at[key] = max(laid, key=lambda value: sign * risk_of({**at, key: value}))
            step /= 4
    return at
