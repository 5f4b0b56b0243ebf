"""What a constraint costs: accuracy against an interpretability figure, at several strengths and over seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.learn.measure.ranking import auc, auc_many

__all__ = ["Curve", "Measured", "Point", "as_dictionary", "trade_off"]

Array = NDArray[Any]
Trained = TypeVar("Trained")


@dataclass(frozen=True, slots=True)
class Measured:
    """One trained model on data it has not seen: labels 0/1 (n,), scores (n,), and the interpretability figure."""

    labels: Array
    scores: Array
    figure: float


@dataclass(frozen=True, slots=True)
class Point:
    """One strength: the mean over seeds of AUC and figure, with 95 % of the bootstrap and the range over seeds.

    The interval of the AUC resamples the examples (the same for all seeds), so it says how sure the test set is; the
    range over seeds says how much the training wavers.
    """

    strength: float
    auc: float
    low: float
    high: float
    figure: float
    auc_seeds: tuple[float, ...]
    figure_seeds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """The trade-off of one constraint: points by rising strength; `better` says which way the figure should go."""

    constraint: str
    figure: str
    better: str  # "less" or "more"
    points: tuple[Point, ...]
    data: str
    n: int

    def __post_init__(self) -> None:
        if self.better not in ("less", "more") or not self.points:
            raise InputError("a curve needs points, and a figure of which less or more is better")


def trade_off(
    make: Callable[[float, int], Trained],
    strengths: Sequence[float],
    measure: Callable[[Trained], Measured],
    *,
    rng: np.random.Generator,
    seeds: Sequence[int] = (0, 1, 2),
    resamples: int = 200,
) -> tuple[Point, ...]:
    """Train (`make(strength, seed)`) and measure at every strength and seed.

    All models must be measured on the same examples in the same order, else InputError. Choose no strength by the
    figures of these examples and report the same figures as its result.
    """
    if not strengths or not seeds or resamples < 1:
        raise InputError("a trade-off needs a strength, a seed and a resample at least")
    runs = [[measure(make(strength, seed)) for seed in seeds] for strength in sorted(strengths)]
    labels = runs[0][0].labels
    if not all(np.array_equal(labels, run.labels) for row in runs for run in row):
        raise InputError("the models were measured on different examples: the points could not be compared")
    draws = _stratified(labels, resamples, rng)
    return tuple(_point(strength, row, draws) for strength, row in zip(sorted(strengths), runs, strict=True))


def as_dictionary(curve: Curve) -> dict[str, Any]:
    """The curve as JSON knows it, with a format number."""
    return {"format": 1, **asdict(curve)}


def _stratified(labels: Array, resamples: int, rng: np.random.Generator) -> Array:
    """How often each row is drawn (resamples, n), with replacement within each class: no draw has one class only."""
    counts = np.zeros((resamples, len(labels)))
    for value in np.unique(labels):
        rows = np.flatnonzero(labels == value)
        counts[:, rows] = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=resamples)
    return counts


def _point(strength: float, runs: Sequence[Measured], draws: Array) -> Point:
    aucs = tuple(auc(run.labels, run.scores) for run in runs)
    means = np.mean([auc_many(run.labels.astype(np.int64), run.scores, draws) for run in runs], axis=0)
    low, high = np.quantile(means, [0.025, 0.975])
    figures = tuple(float(run.figure) for run in runs)
    return Point(float(strength), float(np.mean(aucs)), float(low), float(high), float(np.mean(figures)), aucs, figures)
