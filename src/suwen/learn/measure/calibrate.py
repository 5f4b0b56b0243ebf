"""Fit calibrators on validation data, and choose among them by cross-validated log loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from suwen.errors import InputError
from suwen.learn.measure import checked
from suwen.learn.measure.calibrators import (
    Beta,
    Calibrator,
    Isotonic,
    OneVsRest,
    Platt,
    Temperature,
    logits,
    sigmoid,
    softmax,
)
from suwen.learn.measure.chances import log_loss
from suwen.learn.measure.checked import Floats, Ints
from suwen.learn.splits import folds

__all__ = [
    "FITS",
    "CalibratorChoice",
    "choose_calibrator",
    "fit_beta",
    "fit_isotonic",
    "fit_platt",
    "fit_temperature",
]

_One = TypeVar("_One", Platt, Beta, Isotonic)
_COLDEST, _HOTTEST = 0.01, 100.0
_ROUNDS = 60


@dataclass(frozen=True, slots=True)
class CalibratorChoice:
    """The calibrator chosen, fitted on all the rows given, and the held-out log loss (nats) of every candidate.

    A candidate that could not be fitted in some fold, for lack of a class there, has no loss and was not chosen.
    """

    name: str
    calibrator: Calibrator
    losses: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """As a JSON object; `calibrator` is what `calibrator_from_json` reads."""
        return {"name": self.name, "calibrator": self.calibrator.to_json(), "losses": dict(self.losses)}


def fit_temperature(truth: Any, given: Any) -> Temperature:
    """Temperature of least log loss, between 0.01 and 100. `truth` (n,) classes, `given` logits (n,) or (n, k).

    The loss is convex in 1 / temperature, so the one root of its slope is found by bisection.
    """
    classes, table = _both(truth, given)
    two = np.column_stack([np.zeros(len(table)), table]) if table.ndim == 1 else table
    own = two[np.arange(len(two)), classes]
    low, high = np.log(1 / _HOTTEST), np.log(1 / _COLDEST)
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        steep = float(np.mean((softmax(two * np.exp(middle)) * two).sum(axis=1) - own))
        low, high = (middle, high) if steep < 0 else (low, middle)
    return Temperature(float(np.exp(-(low + high) / 2)))


def fit_platt(truth: Any, given: Any) -> Platt | OneVsRest:
    """Logistic curve of least log loss, with Platt's softened targets, so that separated classes stay finite."""
    return _each(truth, given, _platt)


def fit_beta(truth: Any, given: Any) -> Beta | OneVsRest:
    """Beta calibration; a negative rise or fall is held at 0 and the others fitted again, as its authors do."""
    return _each(truth, given, _beta)


def fit_isotonic(truth: Any, given: Any) -> Isotonic | OneVsRest:
    """Rising step function of least squared (and log) loss, by pool adjacent violators (Ayer 1955), joined by lines."""
    return _each(truth, given, _isotonic)


def _none(truth: Any, given: Any) -> Temperature:
    """The logits as they are."""
    _both(truth, given)
    return Temperature(1.0)


# From simple to free: of equally good ones the simpler is taken.
FITS: dict[str, Callable[[Any, Any], Calibrator]] = {
    "none": _none,
    "temperature": fit_temperature,
    "platt": fit_platt,
    "beta": fit_beta,
    "isotonic": fit_isotonic,
}


def choose_calibrator(
    truth: Any,
    given: Any,
    *,
    groups: Sequence[Any] | None = None,
    k: int = 5,
    among: Sequence[str] = tuple(FITS),
    salt: str = "calibrator",
) -> CalibratorChoice:
    """Choose by log loss over k folds that part no group, then fit the winner on everything.

    `given` are logits of validation data: never of rows the model was fitted on, never of those that are reported.
    Raises InputError for unknown names, fewer groups than folds, or when nothing can be fitted in every fold.
    """
    classes, table = _both(truth, given)
    unknown = [name for name in among if name not in FITS]
    if unknown or not among:
        raise InputError(f"calibrators {unknown} are unknown: choose among {', '.join(FITS)}")
    units = [f"row {row}" for row in range(len(classes))] if groups is None else groups
    parts = folds(units, classes, k=k, salt=salt)
    tried = {name: _held_out(FITS[name], classes, table, parts) for name in among}
    losses = {name: loss for name, loss in tried.items() if loss is not None}
    if not losses:
        raise InputError("no calibrator could be fitted in every fold: too few examples of a class")
    best = min(losses, key=lambda name: (round(losses[name], 9), list(FITS).index(name)))
    return CalibratorChoice(best, FITS[best](classes, table), losses)


def _held_out(fit: Callable[[Any, Any], Calibrator], classes: Ints, table: Floats, parts: Any) -> float | None:
    """Log loss on the rows held out; None when a fold lacks a class the fit needs."""
    chances = np.empty_like(table)
    try:
        for train, test in parts:
            chances[test] = fit(classes[train], table[train])(table[test])
    except InputError:
        return None
    return log_loss(classes, chances)


def _both(truth: Any, given: Any) -> tuple[Ints, Floats]:
    classes, table = checked.classes(truth), checked.scores(given, "logits")
    checked.whole(classes, table)
    if len(np.unique(classes)) < 2:
        raise InputError("there are examples of one class only: nothing can be calibrated")
    return classes, table


def _each(truth: Any, given: Any, fit: Callable[[Floats, Floats], _One]) -> _One | OneVsRest:
    """Fit once for two classes, or once for each class against the rest."""
    classes, table = _both(truth, given)
    if table.ndim == 1:
        return fit((classes == 1).astype(np.float64), table)
    if len(np.unique(classes)) < table.shape[1]:
        raise InputError("a class has no example: nothing can be calibrated for it")
    odds = logits(softmax(table), one_vs_rest=True)
    return OneVsRest(tuple(fit((classes == kind) * 1.0, odds[:, kind]) for kind in range(table.shape[1])))


def _platt(happened: Floats, column: Floats) -> Platt:
    slope, level = _logistic(column[:, None], _softened(happened))
    return Platt(float(slope), float(level))


def _beta(happened: Floats, column: Floats) -> Beta:
    sides = np.column_stack([-np.logaddexp(0, -column), np.logaddexp(0, column)])
    targets, kept = _softened(happened), [0, 1]
    weights = _logistic(sides, targets)
    while kept and min(weights[:-1]) < 0:
        kept.pop(int(np.argmin(weights[:-1])))
        weights = _logistic(sides[:, kept], targets)
    both = dict(zip(kept, weights[:-1], strict=True))
    return Beta(float(both.get(0, 0.0)), float(both.get(1, 0.0)), float(weights[-1]))


def _softened(happened: Floats) -> Floats:
    """Platt's targets: the posterior means of a chance seen in all of n+ or none of n- cases."""
    hits = float(happened.sum())
    misses = len(happened) - hits
    return np.where(happened == 1, (hits + 1) / (hits + 2), 1 / (misses + 2))


def _logistic(columns: Floats, targets: Floats) -> Floats:
    """Weights of the columns and a level, of least log loss, by damped Newton steps."""
    spread = np.column_stack([columns, np.ones(len(columns))])
    # Columns of very different size are brought to one, or a step along one is lost in the other's rounding.
    size = np.maximum(np.sqrt((spread**2).mean(axis=0)), 1e-12)
    spread, weights = spread / size, np.zeros(spread.shape[1])
    loss = _loss(spread @ weights, targets)
    for _ in range(_ROUNDS):
        chances = sigmoid(spread @ weights)
        bend = (spread * (chances * (1 - chances))[:, None]).T @ spread + 1e-9 * np.eye(len(weights))
        step = np.linalg.solve(bend, spread.T @ (targets - chances))
        reach = 1.0
        while reach > 1e-6 and _loss(spread @ (weights + reach * step), targets) > loss + 1e-12 * abs(loss):
            reach /= 2
        weights = weights + reach * step
        loss = _loss(spread @ weights, targets)
        if np.abs(reach * step).max() < 1e-9:
            break
    return np.asarray(weights / size)


def _loss(odds: Floats, targets: Floats) -> float:
    return float(np.sum(np.logaddexp(0, odds) - targets * odds))


def _isotonic(happened: Floats, column: Floats) -> Isotonic:
    at, place, count = np.unique(column, return_inverse=True, return_counts=True)
    seen = np.bincount(place.reshape(-1), weights=happened) / count
    start, chance = _pooled(seen, count.astype(np.float64))
    end = np.r_[start[1:], len(at)] - 1
    least = 1 / (len(happened) + 2)
    chance = np.clip(chance, least, 1 - least)
    knots = {
        float(at[edge]): float(level)
        for first, last, level in zip(start, end, chance, strict=True)
        for edge in (first, last)
    }
    return Isotonic(tuple(knots), tuple(knots.values()))


def _pooled(seen: Floats, weight: Floats) -> tuple[Ints, Floats]:
    """Start and level of each block of the rising fit: a block lower than the one before is merged with it."""
    blocks: list[tuple[int, float, float]] = []
    for place, (level, mass) in enumerate(zip(seen.tolist(), weight.tolist(), strict=True)):
        block = (place, level, mass)
        while blocks and blocks[-1][1] >= block[1]:
            start, before, held = blocks.pop()
            block = (start, (before * held + block[1] * block[2]) / (held + block[2]), held + block[2])
        blocks.append(block)
    return np.array([start for start, _, _ in blocks]), np.array([level for _, level, _ in blocks])
