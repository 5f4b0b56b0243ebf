"""The final list: several goals joined to a merit by desirabilities, or to Pareto fronts, each part shown.

Desirabilities and their weighted geometric mean: Derringer G, Suich R. J Qual Technol 1980;12:214-219. One part that
is not acceptable at all makes the whole so, which no sum of points would.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.screening.goals import RankGoal, RankPart
from suwen.drugs.screening.nouns import Desired

__all__ = ["Place", "best_rows", "desirability", "desired_parts", "merit_of", "ordered_rows", "pareto_fronts"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: its merit (None: a part could not be told, or none was asked), and its front from 1."""

    row: int
    merit: float | None
    front: int | None


def desirability(part: RankPart, value: float) -> float:
    """How desirable a value is, 0 (not acceptable) to 1."""
    if part.want == "between":
        beyond = max(part.low - value, value - part.high, 0.0)
        share = 1.0 if beyond == 0 else 1.0 - beyond / part.margin if part.margin else 0.0
    else:
        share = (value - part.low) / (part.high - part.low)
        share = 1.0 - share if part.want == "low" else share
    return float(min(1.0, max(0.0, share)) ** part.power)


def desired_parts(parts: Sequence[RankPart], values: Mapping[str, float]) -> tuple[Desired, ...]:
    """Each part that has a value, with how desirable that is."""
    return tuple(
        Desired(part.key, values[part.key], desirability(part, values[part.key]), part.weight)
        for part in parts
        if part.key in values
    )


def merit_of(parts: Sequence[RankPart], desired: Sequence[Desired]) -> float | None:
    """The weighted geometric mean of the desirabilities; None where there are no parts or one has no value."""
    if not parts or len(desired) < len(parts):
        return None
    if any(one.desirability <= 0 for one in desired):
        return 0.0
    total = sum(one.weight for one in desired)
    return math.exp(sum(one.weight * math.log(one.desirability) for one in desired) / total)


def ordered_rows(goal: RankGoal, rows: Sequence[int], values: Sequence[Mapping[str, float]]) -> list[Place]:
    """Every row, best first: those with all parts by merit (or front, then merit), then the others as they came.

    Of equal merit the higher sum of desirabilities is better, then the earlier row. Without parts the lowest docking
    score is best, else the best overlay place, else the highest likeness.
    """
    judged = [_judged(goal, row, one) for row, one in zip(rows, values, strict=True)]
    if goal.method != "pareto":
        return [place for _, place in sorted(judged, key=_first)]
    whole = [at for at, (_, place) in enumerate(judged) if place.merit is not None]
    table = np.array([[_cost(part, values[at][part.key]) for part in goal.parts] for at in whole], float)
    fronts = dict(zip(whole, pareto_fronts(table.reshape(len(whole), len(goal.parts))).tolist(), strict=True))
    order = sorted(range(len(rows)), key=lambda at: (fronts.get(at, len(rows) + 1), *judged[at][0]))
    return [replace(judged[at][1], front=fronts.get(at)) for at in order]


def best_rows(goal: RankGoal, judged: Iterable[tuple[int, Mapping[str, float]]], count: int) -> list[Place]:
    """The first `count` of `ordered_rows`, in memory for no more than these where no fronts are asked for."""
    if goal.method == "pareto":
        every = list(judged)
        return ordered_rows(goal, [row for row, _ in every], [values for _, values in every])[:count]
    return [place for _, place in heapq.nsmallest(count, (_judged(goal, *one) for one in judged), key=_first)]


_Key = tuple[float, float, float, float, int]


def _judged(goal: RankGoal, row: int, values: Mapping[str, float]) -> tuple[_Key, Place]:
    """What a row is sorted by, and its place without a front."""
    if not goal.parts:
        return (0.0, *_usual(values), row), Place(row, None, None)
    desired = desired_parts(goal.parts, values)
    merit = merit_of(goal.parts, desired)
    shares = sum(one.desirability for one in desired)
    return (float(merit is None), -(merit or 0.0), -shares, 0.0, row), Place(row, merit, None)


def _first(judged: tuple[_Key, Place]) -> _Key:
    return judged[0]


def pareto_fronts(costs: NDArray[np.float64]) -> NDArray[np.int64]:
    """The front (rows,) of each row of costs (rows, parts), from 1: no row of a front is at least as low in all parts
    and lower in one than another of it, once the fronts before are taken away.
    """
    fronts = np.zeros(len(costs), np.int64)
    left, front = np.arange(len(costs)), 0
    while len(left):
        front += 1
        first = _undominated(costs[left])
        fronts[left[first]] = front
        left = left[~first]
    return fronts


def _undominated(costs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows no other dominates: each undominated row, in order of the parts, strikes out those it dominates."""
    found = np.zeros(len(costs), np.bool_)
    left = np.lexsort(costs.T[::-1])
    while len(left):
        best = costs[left[0]]
        # What dominates a row stands before it in this order: nothing that is left can dominate the first.
        found[left[0]] = True
        rest = costs[left[1:]]
        left = left[1:][~((rest >= best).all(1) & (rest > best).any(1))]
    return found


def _usual(values: Mapping[str, float]) -> tuple[float, float, float]:
    return (
        values.get("docking", math.inf),
        values.get("overlay.place", math.inf),
        -values.get("fused", values.get("likeness", 0.0)),
    )


def _cost(part: RankPart, value: float) -> float:
    if part.want == "between":
        return max(part.low - value, value - part.high, 0.0)
    return value if part.want == "low" else -value
