"""Finds on molecules set aside how members are joined, how sure a chance is, and how far the truth may lie."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from suwen.drugs.admet.learner import Floats, Held, Task, member_weights
from suwen.drugs.admet.model import Ruler, expected_error
from suwen.errors import MissingExtraError
from suwen.learn.measure.conformal import conformal_quantile

__all__ = ["POINTS", "quantiles", "ruler_of"]

POINTS = 101  # quantiles that stand for a distribution
_ALPHA = 0.1
_BOUNDS = {"ppbr": (0.0, 100.0)}  # per cent
_WIDE = 0.25  # of the range of the measured: forecasts and intervals end so far beyond it


def ruler_of(task: Task, held: Sequence[Held], similarity: Floats, *, reference: Floats) -> Ruler:
    """The ruler of an endpoint from its molecules set aside, part by part; that of medicines is still empty.

    `similarity` (n,), in the order of the parts joined, is how like each molecule is to the nearest outside its part,
    `reference` how like each molecule of the endpoint is to its nearest other.
    """
    answers = np.concatenate([one.answers for one in held])
    truth = np.concatenate([one.truth for one in held])
    weights = member_weights(answers, truth)
    mean = answers @ weights
    slope, level, spread, limits = 1.0, 0.0, np.zeros(3), np.zeros(2)
    if task.classes:
        slope, level = _logistic(mean, truth)
        even = np.clip(mean, 1e-4, 1 - 1e-4)
        chance = 1 / (1 + np.exp(-(slope * np.log(even / (1 - even)) + level)))
        limits = np.array([conformal_quantile(np.abs(chance - one)[truth == one], _ALPHA) for one in (0, 1)])
    else:
        missed = np.abs(mean - truth)
        discord = answers.std(axis=1)
        spread = _spread(missed, similarity, discord)
        limits = np.array([conformal_quantile(missed / expected_error(spread, similarity, discord), _ALPHA), 0.0])
    low, high = _bounds(task)
    return Ruler(
        task.key, task.classes, task.log, weights, slope, level, spread, limits, quantiles(reference), np.zeros(POINTS),
        (low, high), len(task.truth),
    )  # fmt: skip


def quantiles(values: Floats) -> Floats:
    """POINTS quantiles, evenly spaced."""
    found: Floats = np.quantile(values, np.linspace(0, 1, POINTS))
    return found


def _bounds(task: Task) -> tuple[float, float]:
    low, high = float(task.learned.min()), float(task.learned.max())
    beyond = _WIDE * (high - low)
    first, last = _BOUNDS.get(task.key, (-math.inf, math.inf))
    return max(low - beyond, first), min(high + beyond, last)


def _spread(missed: Floats, similarity: Floats, discord: Floats) -> Floats:
    """The size of error by unlikeness and discord, no part below 0 (Papadopoulos 2008: normalised intervals)."""
    try:
        from scipy.optimize import nnls  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("scipy", "drugs") from None
    rows = np.stack([np.ones_like(missed), 1 - similarity, discord], axis=1)
    found, _ = nnls(rows, missed)
    least = 0.2 * float(np.median(missed))
    spread: Floats = np.maximum(found, [least, 0.0, 0.0])
    return spread


def _logistic(mean: Floats, truth: Floats) -> tuple[float, float]:
    """Slope and level of the log-odds of least log loss, a little drawn to 1 and 0 (Platt 1999, by Newton's steps)."""
    even = np.clip(mean, 1e-4, 1 - 1e-4)
    rows = np.stack([np.log(even / (1 - even)), np.ones_like(mean)], axis=1)
    weight, prior = np.array([1.0, 0.0]), np.array([1.0, 0.0])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-rows @ weight))
        steep = rows.T @ (chance - truth) + (weight - prior)
        curve = (rows * (chance * (1 - chance))[:, None]).T @ rows + np.eye(2)
        step = np.linalg.solve(curve, steep)
        weight = weight - step
        if np.abs(step).max() < 1e-10:
            break
    return max(float(weight[0]), 0.05), float(weight[1])
