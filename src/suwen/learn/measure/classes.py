"""Decisions against truth: accuracy, sensitivity, specificity, predictive values, F1, Matthews.

`truth` and `predicted` are (n,) class numbers. Measures of one class take `positive`: that class against all others.
Functions ending in `_many` take weights (b, n) and return (b,) with NaN where undefined.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from suwen.learn.measure import checked
from suwen.learn.measure.checked import Floats, Ints

__all__ = [
    "MANY",
    "Counts",
    "accuracy",
    "balanced_accuracy",
    "confusion",
    "counts",
    "f1",
    "macro_f1",
    "matthews",
    "npv",
    "ppv",
    "sensitivity",
    "specificity",
]


@dataclass(frozen=True, slots=True)
class Counts:
    """The four fields of a two-by-two table."""

    true_positive: int
    false_positive: int
    true_negative: int
    false_negative: int


def confusion(truth: Any, predicted: Any, *, k: int | None = None) -> Ints:
    """Confusion matrix (k, k): row is the truth, column what was predicted."""
    real, said, size = _both(truth, predicted, k)
    return np.bincount(real * size + said, minlength=size * size).reshape(size, size).astype(np.int64)


def counts(truth: Any, predicted: Any, *, positive: int = 1) -> Counts:
    """True and false positives and negatives of one class against the rest."""
    real, said, _ = _both(truth, predicted)
    ill, called = real == positive, said == positive
    return Counts(*(int(part.sum()) for part in (ill & called, ~ill & called, ~ill & ~called, ill & ~called)))


def accuracy(truth: Any, predicted: Any) -> float:
    """Share of examples whose class is right."""
    return _one(accuracy, truth, predicted, "")


def balanced_accuracy(truth: Any, predicted: Any) -> float:
    """Mean over the classes of the share found. Raises InputError when a class has no example in the truth."""
    return _one(balanced_accuracy, truth, predicted, "a class has no example in the truth")


def macro_f1(truth: Any, predicted: Any) -> float:
    """Mean F1 over the classes. Raises InputError when a class occurs in neither truth nor prediction."""
    return _one(macro_f1, truth, predicted, "a class occurs in neither truth nor prediction")


def matthews(truth: Any, predicted: Any) -> float:
    """Matthews correlation, -1..1; for more than two classes Gorodkin's R_K (2004).

    Raises InputError when truth or prediction holds one class only.
    """
    return _one(matthews, truth, predicted, "truth or prediction holds one class only")


def sensitivity(truth: Any, predicted: Any, *, positive: int = 1) -> float:
    """Share of the positives that were found (recall). Raises InputError without positives."""
    return _one(sensitivity, truth, predicted, "there are no positive examples", positive=positive)


def specificity(truth: Any, predicted: Any, *, positive: int = 1) -> float:
    """Share of the negatives left alone. Raises InputError without negatives."""
    return _one(specificity, truth, predicted, "there are no negative examples", positive=positive)


def ppv(truth: Any, predicted: Any, *, positive: int = 1) -> float:
    """Positive predictive value (precision), at the prevalence of these data. InputError when none was called."""
    return _one(ppv, truth, predicted, "no example was called positive", positive=positive)


def npv(truth: Any, predicted: Any, *, positive: int = 1) -> float:
    """Negative predictive value, at the prevalence of these data. InputError when all were called."""
    return _one(npv, truth, predicted, "no example was called negative", positive=positive)


def f1(truth: Any, predicted: Any, *, positive: int = 1) -> float:
    """Harmonic mean of PPV and sensitivity. InputError when nothing is positive in truth or prediction."""
    return _one(f1, truth, predicted, "nothing is positive in truth or prediction", positive=positive)


def _accuracy(table: Floats) -> Floats:
    return checked.ratio(np.trace(table, axis1=1, axis2=2), table.sum(axis=(1, 2)))


def _balanced(table: Floats) -> Floats:
    found = np.diagonal(table, axis1=1, axis2=2)
    return np.asarray(checked.ratio(found, table.sum(axis=2)).mean(axis=1))


def _macro_f1(table: Floats) -> Floats:
    found = np.diagonal(table, axis1=1, axis2=2)
    return np.asarray(checked.ratio(2 * found, table.sum(axis=1) + table.sum(axis=2)).mean(axis=1))


def _matthews(table: Floats) -> Floats:
    real, said, size = table.sum(axis=2), table.sum(axis=1), table.sum(axis=(1, 2))
    above = np.trace(table, axis1=1, axis2=2) * size - (real * said).sum(axis=1)
    spread = (size**2 - (real**2).sum(axis=1)) * (size**2 - (said**2).sum(axis=1))
    return checked.ratio(above, np.sqrt(np.maximum(spread, 0)))


def _four(table: Floats, positive: int) -> tuple[Floats, Floats, Floats, Floats]:
    """True positive, false positive, true negative, false negative of each resample."""
    hit = table[:, positive, positive]
    alarm, missed = table[:, :, positive].sum(axis=1) - hit, table[:, positive].sum(axis=1) - hit
    return hit, alarm, table.sum(axis=(1, 2)) - hit - alarm - missed, missed


def _sensitivity(table: Floats, positive: int = 1) -> Floats:
    hit, _, _, missed = _four(table, positive)
    return checked.ratio(hit, hit + missed)


def _specificity(table: Floats, positive: int = 1) -> Floats:
    _, alarm, quiet, _ = _four(table, positive)
    return checked.ratio(quiet, quiet + alarm)


def _ppv(table: Floats, positive: int = 1) -> Floats:
    hit, alarm, _, _ = _four(table, positive)
    return checked.ratio(hit, hit + alarm)


def _npv(table: Floats, positive: int = 1) -> Floats:
    _, _, quiet, missed = _four(table, positive)
    return checked.ratio(quiet, quiet + missed)


def _f1(table: Floats, positive: int = 1) -> Floats:
    hit, alarm, _, missed = _four(table, positive)
    return checked.ratio(2 * hit, 2 * hit + alarm + missed)


def _both(truth: Any, predicted: Any, k: int | None = None) -> tuple[Ints, Ints, int]:
    real, said = checked.classes(truth), checked.classes(predicted, "predicted")
    checked.pair(real, said)
    return real, said, max(int(real.max()) + 1, int(said.max()) + 1, k or 2)


def _weighed(rule: Callable[..., Floats]) -> Callable[..., Floats]:
    """The measure of many weightings, from its rule on confusion matrices (b, k, k)."""

    def many(truth: Any, predicted: Any, weights: Floats, **options: int) -> Floats:
        real, said, size = _both(truth, predicted, options.get("positive", 1) + 1)
        fields = np.eye(size * size)[real * size + said]
        return rule((weights @ fields).reshape(-1, size, size), **options)

    return many


def _one(measure: Callable[..., float], truth: Any, predicted: Any, reason: str, **options: int) -> float:
    real, said, _ = _both(truth, predicted)
    values = MANY[measure](real, said, np.ones((1, len(real))), **options)
    return checked.defined(values, measure.__name__.replace("_", " "), reason)


MANY: dict[Callable[..., float], Callable[..., Floats]] = {
    accuracy: _weighed(_accuracy),
    balanced_accuracy: _weighed(_balanced),
    f1: _weighed(_f1),
    macro_f1: _weighed(_macro_f1),
    matthews: _weighed(_matthews),
    npv: _weighed(_npv),
    ppv: _weighed(_ppv),
    sensitivity: _weighed(_sensitivity),
    specificity: _weighed(_specificity),
}
