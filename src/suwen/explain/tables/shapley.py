"""Shapley values of any model: by enumeration where there are few features, else by sampling with error bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from suwen.errors import InputError, MissingExtraError
from suwen.explain.tables.chances import checked_rows
from suwen.learn.nouns import Array

__all__ = ["MOST_ENUMERATED", "Shares", "enumerated_shapley", "sampled_shapley"]

MOST_ENUMERATED = 12  # 4,096 coalitions, each asked with every background row
Function = Callable[[Array], Array]  # (n, features) -> (n,) numbers


@dataclass(frozen=True, slots=True)
class Shares:
    """How the answer `total` of one row is shared out over its features, against the mean answer `base`.

    `values` and their standard `errors` (features,) are in the function's units; `half_widths` are those of a
    confidence interval per feature at `confidence`. Exact values have errors of 0. The values sum to total - base.
    """

    values: Array
    errors: Array
    half_widths: Array
    base: float
    total: float
    confidence: float
    asked: int  # rows the function was asked


def enumerated_shapley(function: Function, row: Array, background: Array) -> Shares:
    """Exact Shapley values of `row` (features,): unknown features come from each background row (m, features).

    Raises InputError above MOST_ENUMERATED features.
    """
    one, others = _subject(row, background)
    width = len(one)
    if width > MOST_ENUMERATED:
        raise InputError(f"enumeration needs 2^{width} coalitions; up to {MOST_ENUMERATED} features, else sample")
    known = (np.arange(2**width)[:, None] >> np.arange(width)) & 1 > 0
    games = np.array([float(np.mean(function(np.where(mask, one, others)))) for mask in known])
    size = known.sum(axis=1)
    weight = np.array([1 / (width * math.comb(width - 1, s)) if s < width else 0.0 for s in range(width + 1)])
    values = np.zeros(width)
    for feature in range(width):
        without = np.flatnonzero(~known[:, feature])
        values[feature] = np.sum(weight[size[without]] * (games[without + 2**feature] - games[without]))
    none = np.zeros(width)
    return Shares(values, none, none, float(games[0]), float(games[-1]), 1.0, len(games) * len(others))


def sampled_shapley(  # three say whom, three how exactly
    function: Function,
    row: Array,
    background: Array,
    *,
    rng: np.random.Generator,
    rounds: int = 4,
    confidence: float = 0.95,
) -> Shares:
    """Shapley values from random orders of the features, each walked forwards and backwards (Mitchell et al. 2022).

    Every background row is used in `rounds` (at least 2) such pairs, so the values sum to total - base exactly and
    the standard error is that within background rows: it tells how far the values may lie from those that
    enumeration over the same background would give. Asks 2 · rounds · m · (features - 1) rows and a few more.
    """
    one, others = _subject(row, background)
    if rounds < 2:
        raise InputError(f"error bounds need at least 2 rounds, not {rounds}")
    if not 0 < confidence < 1:
        raise InputError(f"a confidence lies between 0 and 1, not {confidence}")
    ends = np.asarray(function(np.vstack([one, others])), dtype=np.float64)
    drawn = np.stack([_pairs(function, one, others, ends, rng) for _ in range(rounds)])  # (rounds, m, features)
    errors, freedom = _errors(drawn)
    width = errors * _quantile(confidence, freedom)
    asked = 1 + len(others) + drawn.shape[0] * 2 * len(others) * (len(one) - 1)
    values = drawn.mean(axis=(0, 1))
    return Shares(values, errors, width, float(ends[1:].mean()), float(ends[0]), confidence, asked)


def _subject(row: Array, background: Array) -> tuple[Array, Array]:
    one = checked_rows(np.atleast_2d(np.asarray(row, dtype=np.float64)), what="the explained row")
    if len(one) != 1:
        raise InputError(f"one row is explained at a time, not {len(one)}")
    return one[0], checked_rows(background, width=one.shape[1], what="background rows")


def _pairs(function: Function, one: Array, others: Array, ends: Array, rng: np.random.Generator) -> Array:
    """One order and its reverse for each background row: mean gains (m, features)."""
    m, width = others.shape
    order = rng.permuted(np.tile(np.arange(width), (m, 1)), axis=1)
    both = np.concatenate([order, order[:, ::-1]])
    rank = np.argsort(both, axis=1)  # place of each feature in the order
    starts = np.concatenate([others, others])
    walked = [np.where(rank < step, one, starts) for step in range(1, width)]
    path = np.empty((2 * m, width + 1))
    path[:, 0], path[:, -1] = np.tile(ends[1:], 2), ends[0]
    if width > 1:
        path[:, 1:-1] = np.asarray(function(np.concatenate(walked))).reshape(width - 1, 2 * m).T
    gains = np.take_along_axis(np.diff(path, axis=1), rank, axis=1)
    return np.asarray((gains[:m] + gains[m:]) / 2)


def _errors(drawn: Array) -> tuple[Array, Array]:
    """Standard errors (features,) of means within background rows, and their degrees of freedom.

    Background rows scatter unequally, so the freedom is Satterthwaite's (1946), never below that of one row.
    """
    rounds, m, _ = drawn.shape
    scatter = drawn.var(axis=0, ddof=1)  # (m, features)
    total, square = scatter.sum(axis=0), (scatter**2).sum(axis=0)
    freedom = (rounds - 1) * np.where(square > 0, total**2 / np.where(square > 0, square, 1.0), 1.0)
    return np.sqrt(total / (rounds * m**2)), np.maximum(freedom, rounds - 1)


def _quantile(confidence: float, freedom: Array) -> Array:
    """Two-sided quantiles of Student's t: few pairs make wide bounds."""
    try:
        from scipy.stats import t  # noqa: PLC0415  # scipy takes long to load
    except ImportError:
        raise MissingExtraError("scipy", "learn") from None

    return np.asarray(t.ppf(0.5 + confidence / 2, freedom))
