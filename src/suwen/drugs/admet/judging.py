"""How good forecasts of an endpoint are: the measure of its leaderboard, with an interval over molecules."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.admet.tables import METRICS
from suwen.errors import InputError
from suwen.learn.card import Figure
from suwen.learn.measure.ranking import auc, average_precision

__all__ = ["better", "figure_of", "score"]

Floats = NDArray[np.float64]
_DRAWS = 300


def score(key: str, truth: Floats, said: Floats) -> float:
    """The measure of an endpoint: AUROC, AUPRC, Spearman's correlation, or the mean absolute error.

    Raises InputError where nothing can be ranked (one class only).
    """
    return _MEASURES[METRICS[key]](truth, said)


def better(key: str, one: float, other: float) -> bool:
    """Whether the first score is the better one: errors should be small, everything else large."""
    return one < other if METRICS[key] == "mae" else one > other


def figure_of(key: str, truth: Floats, said: Floats, *, rng: np.random.Generator, part: str = "validation") -> Figure:
    """The measure with its bootstrap interval (percentiles of redrawn molecules)."""
    drawn = []
    for _ in range(_DRAWS):
        rows = rng.integers(len(truth), size=len(truth))
        if np.ptp(truth[rows]) > 0:
            drawn.append(score(key, truth[rows], said[rows]))
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
    return Figure(score(key, truth, said), low, high, len(truth), part)


def _spearman(truth: Floats, said: Floats) -> float:
    one, other = _ranks(truth), _ranks(said)
    return float(np.corrcoef(one, other)[0, 1])


def _ranks(values: Floats) -> Floats:
    """Ranks from 1, of equal values their mean."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    found: Floats = (last - (count - 1) / 2)[place]
    return found


def _checked(measure: Callable[[Floats, Floats], float]) -> Callable[[Floats, Floats], float]:
    def judged(truth: Floats, said: Floats) -> float:
        if np.ptp(truth) == 0:
            raise InputError("molecules of one class only cannot be ranked", zh="只有一类分子时无法排序")
        return measure(truth, said)

    return judged


_MEASURES: Mapping[str, Callable[[Floats, Floats], float]] = {
    "auroc": _checked(lambda truth, said: float(auc(truth.astype(int), said))),
    "auprc": _checked(lambda truth, said: float(average_precision(truth.astype(int), said))),
    "spearman": _checked(_spearman),
    "mae": lambda truth, said: float(np.abs(truth - said).mean()),
}
