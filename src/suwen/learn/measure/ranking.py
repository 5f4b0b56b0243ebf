"""How well scores put the ill before the well: area under the ROC curve, average precision, ROC points.

Functions ending in `_many` take weights (b, n), one row for each resample, and return (b,) with NaN where undefined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from suwen.learn.measure import checked
from suwen.learn.measure.checked import Floats, Ints

__all__ = ["Curve", "auc", "auc_many", "average_precision", "average_precision_many", "roc"]

_BOTH = "it needs at least one example of every class and one of another"


@dataclass(frozen=True, slots=True)
class Curve:
    """An ROC curve: at each threshold (score >= threshold is positive), from none positive to all."""

    thresholds: Floats  # (m,), falling; the first is infinite
    sensitivity: Floats  # (m,), 0 to 1
    specificity: Floats  # (m,), 1 to 0


def auc(truth: Any, scores: Any) -> float:
    """Chance that a random positive scores above a random negative, ties counting half (Mann-Whitney, exact).

    `truth` (n,) classes; `scores` (n,) for two classes, or (n, k): then the mean over the classes of one against the
    rest (macro). Source: Hanley & McNeil 1982. Raises InputError when a class has no example.
    """
    classes, table = _both(truth, scores)
    return checked.defined(auc_many(classes, table, np.ones((1, len(classes)))), "the AUC", _BOTH)


def average_precision(truth: Any, scores: Any) -> float:
    """Mean precision over the positives, each at its own threshold, without interpolation; macro for (n, k).

    The value of a useless score is the prevalence. Raises InputError when a class has no example.
    """
    classes, table = _both(truth, scores)
    many = average_precision_many(classes, table, np.ones((1, len(classes))))
    return checked.defined(many, "the average precision", "it needs at least one positive example")


def roc(truth: Any, scores: Any) -> Curve:
    """Points of the ROC curve at every distinct score. Raises InputError when a class has no example."""
    positive, column = checked.binary(truth), checked.numbers(scores, "scores")
    checked.pair(positive, column)
    checked.defined(auc_many(positive, column, np.ones((1, len(column)))), "the ROC curve", _BOTH)
    hits, alarms, starts, order = _tallied(positive, column, np.ones((1, len(column))))
    steps_up, steps_right = (np.cumsum(part[0][::-1]) / part.sum() for part in (hits, alarms))
    thresholds = column[order][starts][::-1]
    return Curve(np.r_[np.inf, thresholds], np.r_[0.0, steps_up], np.r_[1.0, 1 - steps_right])


def auc_many(truth: Ints, scores: Floats, weights: Floats) -> Floats:
    """AUC of each weighting of the rows."""
    if scores.ndim == 2:
        return _macro(auc_many, truth, scores, weights)
    ill, well = np.flatnonzero(truth == 1), np.flatnonzero(truth != 1)
    well = well[np.argsort(scores[well])]
    ranked, hits = scores[well], weights[:, ill]
    passed = np.zeros((len(weights), len(well) + 1))  # weight of the negatives up to each place, rising
    np.cumsum(weights[:, well], axis=1, out=passed[:, 1:])
    beaten, equalled = (np.searchsorted(ranked, scores[ill], side) for side in ("left", "right"))
    won = np.einsum("bi,bi->b", hits, passed[:, beaten]) + np.einsum("bi,bi->b", hits, passed[:, equalled])
    return checked.ratio(won / 2, hits.sum(axis=1) * passed[:, -1])


def average_precision_many(truth: Ints, scores: Floats, weights: Floats) -> Floats:
    """Average precision of each weighting of the rows."""
    if scores.ndim == 2:
        return _macro(average_precision_many, truth, scores, weights)
    hits, alarms, _, _ = _tallied(truth == 1, scores, weights)
    hits, alarms = hits[:, ::-1], alarms[:, ::-1]
    found = np.cumsum(hits, axis=1)
    precision = found / np.maximum(found + np.cumsum(alarms, axis=1), np.finfo(float).tiny)
    return checked.ratio((hits * precision).sum(axis=1), hits.sum(axis=1))


def _both(truth: Any, scores: Any) -> tuple[Ints, Floats]:
    classes, table = checked.classes(truth), checked.scores(scores)
    checked.whole(classes, table)
    return classes, table


def _macro(many: Any, truth: Ints, scores: Floats, weights: Floats) -> Floats:
    kinds = (1,) if scores.shape[1] == 2 else range(scores.shape[1])
    each = [many((truth == kind).astype(np.int64), scores[:, kind], weights) for kind in kinds]
    return np.asarray(np.mean(each, axis=0))


def _tallied(truth: Any, scores: Floats, weights: Floats) -> tuple[Floats, Floats, Ints, Ints]:
    """Weight of positives and of negatives at each distinct score, rising; where each score starts; the order."""
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    ordered, positive = weights[:, order], np.asarray(truth, dtype=np.float64)[order]
    hits, alarms = ordered * positive, ordered * (1 - positive)
    if len(starts) < len(ranked):
        hits, alarms = np.add.reduceat(hits, starts, axis=1), np.add.reduceat(alarms, starts, axis=1)
    return hits, alarms, starts, order
