"""How sure a measure is: bootstrap over patients, and exact or score intervals for proportions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np

from suwen.errors import InputError
from suwen.learn.measure import chances, checked, classes, ranking, values
from suwen.learn.measure.checked import Floats, Ints

__all__ = ["MANY", "Estimate", "Method", "bootstrap", "clopper_pearson", "difference", "resamples", "wilson"]

Method = Literal["bca", "percentile"]
Metric = Callable[..., float]
_CELLS = 4_000_000  # of a block of resamples held at once: 32 MB
_BLOCKS = 400  # the jackknife leaves out blocks of groups when there are more groups than this
_DEFINED = 0.9  # of the resamples must have a value: about three examples of the rarest class
_EXACT = 3000  # rows above which Harrell's C is resampled one by one, as its table of pairs no longer fits

# Measures that know how to weigh rows: a thousand resamples are then one calculation.
MANY: dict[Metric, Callable[..., Floats]] = {
    **classes.MANY,
    **values.MANY,
    ranking.auc: ranking.auc_many,
    ranking.average_precision: ranking.average_precision_many,
    chances.brier: chances.brier_many,
    chances.calibration_error: chances.calibration_error_many,
    chances.calibration_intercept: chances.calibration_intercept_many,
    chances.calibration_slope: chances.calibration_slope_many,
    chances.log_loss: chances.log_loss_many,
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval.

    `low` and `high` are None where data cannot tell (all resamples agree, as with a perfect AUC: not certainty, but an
    interval the method cannot give). `n` counts the independent units, that is groups where groups were given.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    level: float = 0.95
    method: str = ""

    def to_json(self) -> dict[str, Any]:
        """As a JSON object; unknown limits are null."""
        names = ("value", "low", "high", "n", "level", "method")
        return {name: getattr(self, name) for name in names}

    def text(self, digits: int = 3) -> str:
        """The value and its interval for a reader of any language: "0.912 [0.871, 0.944]"."""
        value = f"{self.value:.{digits}f}"
        if self.low is None or self.high is None:
            return value
        return f"{value} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


def bootstrap(
    metric: Metric,
    *arrays: Any,
    groups: Sequence[Any] | None = None,
    rng: np.random.Generator,
    n: int = 2000,
    method: Method = "bca",
    level: float = 0.95,
    **options: Any,
) -> Estimate:
    """Interval of `metric(*arrays, **options)` by drawing whole groups (patients) with replacement.

    `arrays` all have n rows; `groups` names the patient of each (Davison & Hinkley 1997, 3.8: only the top level is
    resampled). `method` "bca" corrects bias and skewness (Efron 1987), "percentile" does not; with 1,000 resamples
    the ends of BCa still move by some hundredths from seed to seed in small samples. Resamples in which the
    metric is undefined are left out. Raises InputError when the metric is undefined, when more than a tenth of the
    resamples are (fewer than about three patients of a class), or for fewer than two groups.
    """
    if not 0 < level < 1 or method not in ("bca", "percentile"):
        raise InputError(f"level {level}, method {method!r}: give a level between 0 and 1, and 'bca' or 'percentile'")
    value, draws, leaves, units = _spread(metric, arrays, groups, rng, n, options, leave=method == "bca")
    kept = _kept(draws, n)
    if np.ptp(kept) <= 1e-12 * max(1.0, abs(value)):
        return Estimate(value, None, None, units, level, method)
    low, high = _limits(kept, value, leaves, level)
    return Estimate(value, low, high, units, level, method)


def difference(
    metric: Metric,
    arrays: Sequence[Any],
    inside: Any,
    *,
    groups: Sequence[Any] | None = None,
    rng: np.random.Generator,
    n: int = 1000,
    level: float = 0.95,
) -> Estimate:
    """Percentile interval of the metric of the rows `inside` (n,) minus that of all other rows.

    All patients are resampled together, so that one with rows on both sides counts rightly. Raises InputError like
    `bootstrap`. For two models on the same patients give `bootstrap` a metric of both columns.
    """
    columns, mine = [_ready(array) for array in arrays], np.asarray(inside, dtype=bool)
    if len(mine) != len(columns[0]) or mine.all() or not mine.any():
        raise InputError(f"{int(mine.sum())} of {len(mine)} rows are inside: a difference needs rows on both sides")
    sides = [([column[side] for column in columns], side) for side in (mine, ~mine)]
    one, two = (metric(*chosen) for chosen, _ in sides)
    draws = [
        np.subtract(*(_weighed(metric, chosen, block[:, side], {}) for chosen, side in sides))
        for block in resamples(len(mine), groups, rng, n)
    ]
    kept = _kept(np.concatenate(draws), n)
    units = _units(len(mine), groups)[1]
    if np.ptp(kept) <= 1e-12:
        return Estimate(one - two, None, None, units, level, "percentile")
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(one - two, float(low), float(high), units, level, "percentile")


def resamples(rows: int, groups: Sequence[Any] | None, rng: np.random.Generator, n: int) -> Iterator[Floats]:
    """Blocks (b, rows) of how often each row is drawn when groups are drawn with replacement, n in all."""
    place, units = _units(rows, groups)
    block = max(1, _CELLS // rows)
    for start in range(0, n, block):
        size = min(block, n - start)
        draws = rng.integers(units, size=(size, units)) + units * np.arange(size)[:, None]
        drawn = np.bincount(draws.ravel(), minlength=size * units).reshape(size, units)
        yield drawn.astype(np.float64)[:, place]


def wilson(events: int, n: int, *, level: float = 0.95) -> Estimate:
    """Score interval of a proportion without continuity correction (Wilson 1927; Newcombe 1998, method 3)."""
    share, z = _share(events, n, level), NormalDist().inv_cdf((1 + level) / 2)
    middle, below = share + z * z / (2 * n), 1 + z * z / n
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if events == 0 else (middle - reach) / below
    high = 1.0 if events == n else (middle + reach) / below
    return Estimate(share, low, high, n, level, "wilson")


def clopper_pearson(events: int, n: int, *, level: float = 0.95) -> Estimate:
    """Exact interval of a proportion, never below its level (Clopper & Pearson 1934)."""
    share, tail = _share(events, n, level), (1 - level) / 2
    special = checked.scipy("special")
    low = 0.0 if events == 0 else float(special.betaincinv(events, n - events + 1, tail))
    high = 1.0 if events == n else float(special.betaincinv(events + 1, n - events, 1 - tail))
    return Estimate(share, low, high, n, level, "clopper-pearson")


def _share(events: int, n: int, level: float) -> float:
    if not 0 <= events <= n or n < 1 or not 0 < level < 1:
        raise InputError(f"{events} events of {n} at level {level}: give 0 <= events <= n, n >= 1, 0 < level < 1")
    return events / n


def _units(rows: int, groups: Sequence[Any] | None) -> tuple[Ints, int]:
    """Group number of each row, and how many groups there are."""
    if groups is None:
        return np.arange(rows), rows
    if len(groups) != rows:
        raise InputError(f"{rows} rows have {len(groups)} groups: give one for each")
    unnamed = sum(checked.unknown(group) for group in groups)
    if unnamed:
        raise InputError(f"{unnamed} of {rows} rows name no group: each needs its patient")
    names, place = np.unique(np.array([str(group) for group in groups]), return_inverse=True)
    return place.reshape(-1), len(names)


def _spread(
    metric: Metric,
    given: Sequence[Any],
    groups: Sequence[Any] | None,
    rng: np.random.Generator,
    n: int,
    options: dict[str, Any],
    *,
    leave: bool,
) -> tuple[float, Floats, Floats, int]:
    """Value, values of n resamples, values without each block of groups (jackknife), and number of groups."""
    arrays = [_ready(array) for array in given]
    value = metric(*arrays, **options)
    rows = len(arrays[0])
    place, units = _units(rows, groups)
    if units < 2 or n < 2:
        raise InputError(f"{units} groups and {n} resamples: an interval needs at least two of each")
    draws = [_weighed(metric, arrays, block, options) for block in resamples(rows, groups, rng, n)]
    leaves = [_weighed(metric, arrays, block, options) for block in _left_out(place, units, rng)] if leave else []
    return value, np.concatenate(draws), np.concatenate(leaves) if leaves else np.zeros(0), units


def _kept(draws: Floats, n: int) -> Floats:
    """The resamples that have a value; InputError when they are too few."""
    kept = draws[np.isfinite(draws)]
    if len(kept) < _DEFINED * n:
        raise InputError(f"only {len(kept)} of {n} resamples have a value: too few examples of a class for an interval")
    return kept


def _ready(array: Any) -> Any:
    """An array in the types the measures reckon in, so that weighing rows gives what the measure itself gives."""
    values = np.asarray(array)
    return (
        values.astype(np.float64)
        if values.dtype.kind in "fu"
        else values.astype(int)
        if values.dtype == bool
        else values
    )


def _left_out(place: Ints, units: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Weights without each group, or without each of _BLOCKS random blocks of groups, whose skewness is the same."""
    blocks = min(units, _BLOCKS)
    block_of = rng.permutation(units) % blocks
    size = max(1, _CELLS // len(place))
    for start in range(0, blocks, size):
        numbers = np.arange(start, min(start + size, blocks))
        yield (block_of[place][None] != numbers[:, None]).astype(np.float64)


def _weighed(metric: Metric, arrays: list[Any], weights: Floats, options: dict[str, Any]) -> Floats:
    """Values of the metric under each row of weights (whole numbers: how often a row was drawn)."""
    many = MANY.get(metric)
    if many is values.MANY.get(values.concordance) and len(arrays[0]) > _EXACT:
        many = None
    if many is not None:
        return many(*arrays, weights, **options)
    return np.array([_value(metric, arrays, row, options) for row in weights])


def _value(metric: Metric, arrays: list[Any], counts: Floats, options: dict[str, Any]) -> float:
    rows = np.repeat(np.arange(len(counts)), counts.astype(np.int64))
    try:
        return float(metric(*(array[rows] for array in arrays), **options))
    except InputError:
        return math.nan  # a resample may lack a class; that says nothing about the others


def _limits(draws: Floats, value: float, leaves: Floats, level: float) -> tuple[float, float]:
    """Quantiles of the resamples, moved for bias and skewness when the jackknife values are given (Efron 1987)."""
    normal = NormalDist()
    ends = [(1 - level) / 2, (1 + level) / 2]
    if len(leaves):
        share = (np.sum(draws < value - 1e-12) + np.sum(np.abs(draws - value) <= 1e-12) / 2) / len(draws)
        bias = normal.inv_cdf(float(np.clip(share, 1 / (2 * len(draws)), 1 - 1 / (2 * len(draws)))))
        skew = _skewness(leaves)
        shifted = [bias + normal.inv_cdf(end) for end in ends]
        ends = [normal.cdf(bias + at / max(1 - skew * at, 0.05)) for at in shifted]
    low, high = np.quantile(draws, ends)
    return float(low), float(high)


def _skewness(leaves: Floats) -> float:
    """Acceleration of BCa from jackknife values; 0 where they do not differ."""
    kept = leaves[np.isfinite(leaves)]
    gap = kept.mean() - kept if len(kept) else kept
    below = float((gap**2).sum()) ** 1.5
    return float((gap**3).sum()) / (6 * below) if below > 0 else 0.0
