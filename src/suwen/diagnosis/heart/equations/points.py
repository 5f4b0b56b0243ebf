"""Scores that count: points by steps of a number, a point shared by several factors, and the risk printed per score."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from suwen.diagnosis.heart.nouns import Value

__all__ = ["by_score", "by_step", "flag", "interpolated", "shared_point"]

Values = Mapping[str, Value]


def flag(values: Values, key: str, points: float = 1.0) -> float:
    """`points` where the yes-or-no factor `key` is so, else none."""
    return points if values[key] == 1.0 else 0.0


def by_step(number: Value, steps: Sequence[float], points: Sequence[float]) -> float:
    """The points of `number`: `points[i]` up to but without `steps[i]`, the last of them from the last step on."""
    return points[bisect.bisect_right(steps, float(number))]


def shared_point(there: Mapping[str, bool], needed: int, points: float) -> dict[str, float]:
    """`points` where at least `needed` of the factors are there, in equal parts; none is given to what is not there.

    That is the Shapley value of a count against the person who has none of them.
    """
    present = [key for key, so in there.items() if so]
    each = points / len(present) if len(present) >= max(needed, 1) else 0.0
    return {key: each if key in present else 0.0 for key in there}


def by_score(rates: Sequence[float], first: int = 0) -> Callable[[float, Values], float]:
    """The risk from the points: `rates[i]` for a score of `first + i`, its ends for anything below or above."""

    def risk(total: float, _values: Values) -> float:
        return rates[min(max(round(total) - first, 0), len(rates) - 1)]

    return risk


def interpolated(table: Iterable[tuple[float, float]]) -> Callable[[float, Values], float]:
    """The risk from the points by a printed nomogram (points, risk): straight lines in log odds between its marks."""
    marks = [(points, math.log(risk / (1 - risk))) for points, risk in table]

    def risk(total: float, _values: Values) -> float:
        place = min(max(total, marks[0][0]), marks[-1][0])
        after = min(max(bisect.bisect_left(marks, (place, -math.inf)), 1), len(marks) - 1)
        (left, low), (right, high) = marks[after - 1], marks[after]
        odds = low + (high - low) * (place - left) / (right - left)
        return 1 / (1 + math.exp(-odds))

    return risk
