"""Interval and paired test of the AUC without resampling (DeLong 1988, by the ranks of Sun & Xu 2014).

Each row must be another patient: with several rows of one patient use `bootstrap` with groups.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from suwen.errors import InputError
from suwen.learn.measure import checked
from suwen.learn.measure.checked import Floats
from suwen.learn.measure.intervals import Estimate

__all__ = ["Comparison", "delong_covariance", "delong_interval", "delong_test"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two AUCs on the same patients: first - second, its interval, z and two-sided p; None where they do not vary."""

    first: float
    second: float
    difference: Estimate
    z: float | None
    p: float | None

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        both = {"first": self.first, "second": self.second}
        return both | {"difference": self.difference.to_json(), "z": self.z, "p": self.p}


def delong_covariance(truth: Any, *scores: Any) -> tuple[Floats, Floats]:
    """AUCs (m,) and their covariance (m, m) for m scores (n,) of the same rows, in time n log n.

    Raises InputError for fewer than two positives or negatives.
    """
    ill = checked.binary(truth) == 1
    columns = [checked.numbers(column, "scores") for column in scores]
    for column in columns:
        checked.pair(ill.astype(np.int64), column)
    hits, alarms = int(ill.sum()), int((~ill).sum())
    if min(hits, alarms) < 2 or not columns:
        raise InputError(f"{hits} positives and {alarms} negatives: DeLong's variance needs at least two of each")
    placed = [(_midranks(column), _midranks(column[ill]), _midranks(column[~ill])) for column in columns]
    above = np.array([(whole[ill] - among) / alarms for whole, among, _ in placed])
    below = np.array([1 - (whole[~ill] - among) / hits for whole, _, among in placed])
    return above.mean(axis=1), np.atleast_2d(np.cov(above) / hits + np.cov(below) / alarms)


def delong_interval(truth: Any, scores: Any, *, level: float = 0.95) -> Estimate:
    """AUC with DeLong's normal interval, cut at 0 and 1; limits are None when the variance is 0 (a perfect AUC)."""
    values, covariance = delong_covariance(truth, scores)
    n = len(np.asarray(truth))
    return _estimate(float(values[0]), float(covariance[0, 0]), n, level, lowest=0.0)


def delong_test(truth: Any, first: Any, second: Any, *, level: float = 0.95) -> Comparison:
    """Test whether two scores of the same patients have the same AUC, two-sided."""
    values, covariance = delong_covariance(truth, first, second)
    gap = float(values[0] - values[1])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    estimate = _estimate(gap, variance, len(np.asarray(truth)), level, lowest=-1.0)
    if estimate.low is None:
        return Comparison(float(values[0]), float(values[1]), estimate, None, None)
    z = gap / math.sqrt(variance)
    return Comparison(float(values[0]), float(values[1]), estimate, z, math.erfc(abs(z) / math.sqrt(2)))


def _estimate(value: float, variance: float, n: int, level: float, *, lowest: float) -> Estimate:
    if variance <= 1e-15:
        return Estimate(value, None, None, n, level, "delong")
    reach = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(variance)
    return Estimate(value, max(lowest, value - reach), min(1.0, value + reach), n, level, "delong")


def _midranks(column: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of theirs."""
    ranked = np.sort(column)
    return np.asarray((np.searchsorted(ranked, column, "left") + np.searchsorted(ranked, column, "right") + 1) / 2)
