"""Predicted numbers against true ones: errors, R2, agreement, and concordance with censored times.

Functions ending in `_many` take weights (b, n) and return (b,) with NaN where undefined.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from suwen.errors import InputError
from suwen.learn.measure import checked
from suwen.learn.measure.checked import Floats

__all__ = ["MANY", "Agreement", "bland_altman", "concordance", "mae", "mean", "r2", "rmse"]

_BLOCK = 2000  # rows of pairs compared at once
_LIMITS = 1.959963984540054  # of a standard deviation: 95 % of a normal distribution


@dataclass(frozen=True, slots=True)
class Agreement:
    """Bland-Altman agreement of two measurements, in their unit.

    `bias` is the mean of second - first; between `low` and `high` lie 95 % of the differences, if they are normal;
    each comes with the half-width of its own approximate 95 % interval.
    """

    bias: float
    low: float
    high: float
    bias_half: float
    limit_half: float
    n: int

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def mean(values: Any) -> float:
    """Mean of one number for each row: with `bootstrap`, the interval of a mean Dice, say."""
    return float(checked.numbers(values, "values").mean())


def mae(truth: Any, predicted: Any) -> float:
    """Mean absolute error, in the unit of the truth."""
    return float(_mae(*_both(truth, predicted), np.ones((1, len(np.asarray(truth)))))[0])


def rmse(truth: Any, predicted: Any) -> float:
    """Root of the mean squared error, in the unit of the truth."""
    return float(_rmse(*_both(truth, predicted), np.ones((1, len(np.asarray(truth)))))[0])


def r2(truth: Any, predicted: Any) -> float:
    """Share of the variance explained, 1 at best, below 0 when worse than the mean. InputError for constant truth."""
    many = _r2(*_both(truth, predicted), np.ones((1, len(np.asarray(truth)))))
    return checked.defined(many, "R2", "the true values do not differ")


def concordance(times: Any, events: Any, risk: Any) -> float:
    """Harrell's C: share of comparable pairs whose earlier event had the higher risk, equal risks counting half.

    `times` (n,); `events` (n,) 1 where the event was seen, 0 where observation ended; `risk` (n,), higher is sooner. A
    pair is comparable when the earlier time is an event, or the times are equal and just one of them is an event.
    Exact, in time n^2. Source: Harrell 1996. Raises InputError when no pair is comparable.
    """
    when, seen, high = checked.numbers(times, "times"), checked.binary(events, "events"), checked.numbers(risk, "risk")
    checked.pair(when, seen)
    checked.pair(when, high)
    above = below = 0.0
    for start in range(0, len(when), _BLOCK):
        part = slice(start, start + _BLOCK)
        comparable, won = _pairs(when, seen, high, part)
        above, below = above + float(won.sum()), below + float(comparable.sum())
    if not below:
        raise InputError("the concordance is undefined: no two examples can be compared, too few events")
    return above / below


def bland_altman(first: Any, second: Any) -> Agreement:
    """Bias and 95 % limits of agreement of two measurements of the same things (Bland & Altman 1986).

    Raises InputError for fewer than three pairs.
    """
    one, two = _both(first, second)
    if len(one) < 3:
        raise InputError(f"{len(one)} pairs: limits of agreement need at least three")
    gap = two - one
    bias, spread, n = float(gap.mean()), float(gap.std(ddof=1)), len(gap)
    halves = _LIMITS * spread / n**0.5, _LIMITS * spread * (3 / n) ** 0.5
    return Agreement(bias, bias - _LIMITS * spread, bias + _LIMITS * spread, *halves, n)


def _both(truth: Any, predicted: Any) -> tuple[Floats, Floats]:
    real, said = checked.numbers(truth, "truth"), checked.numbers(predicted, "predicted")
    checked.pair(real, said)
    return real, said


def _average(values: Floats, weights: Floats) -> Floats:
    return checked.ratio(weights @ values, weights.sum(axis=1))


def _mae(truth: Floats, predicted: Floats, weights: Floats) -> Floats:
    return checked.ratio(weights @ np.abs(predicted - truth), weights.sum(axis=1))


def _rmse(truth: Floats, predicted: Floats, weights: Floats) -> Floats:
    return np.sqrt(checked.ratio(weights @ (predicted - truth) ** 2, weights.sum(axis=1)))


def _r2(truth: Floats, predicted: Floats, weights: Floats) -> Floats:
    centred = truth - truth.mean()  # or the squares of far-off numbers would swallow their spread
    size = weights.sum(axis=1)
    spread = weights @ centred**2 - (weights @ centred) ** 2 / np.maximum(size, 1e-300)
    left = weights @ (predicted - truth) ** 2
    known = spread > 1e-12 * np.maximum(weights @ centred**2, 1e-300)
    return 1 - checked.ratio(left, np.where(known, spread, 0.0))


def _concordance(times: Floats, events: Any, risk: Floats, weights: Floats) -> Floats:
    comparable, won = _pairs(times, events, risk, slice(None))
    below = ((weights @ comparable) * weights).sum(axis=1)
    above = ((weights @ won) * weights).sum(axis=1)
    return checked.ratio(above, below)


def _pairs(times: Floats, events: Any, risk: Floats, part: slice) -> tuple[Floats, Floats]:
    """(rows of part, n): whether the row's event came before the column's time, and what the pair scores."""
    when, seen, high = times[part, None], np.asarray(events)[part, None] == 1, risk[part, None]
    later = (times[None] > when) | ((times[None] == when) & (np.asarray(events)[None] == 0))
    comparable = (seen & later).astype(np.float64)
    return comparable, comparable * ((high > risk[None]) + 0.5 * (high == risk[None]))


MANY: dict[Callable[..., float], Callable[..., Floats]] = {
    concordance: _concordance,
    mae: _mae,
    mean: _average,
    r2: _r2,
    rmse: _rmse,
}
