"""The usual model beside which ours is judged: support vectors with a Gaussian kernel on the bits of ECFP4."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from suwen.drugs.activity.kernels import Floats
from suwen.drugs.activity.learners import Folds
from suwen.errors import MissingExtraError

__all__ = ["Settings", "choose_usual", "usual_says"]

_COSTS, _GAMMAS, _TUBE = (1.0, 10.0, 100.0), (0.01, 0.02, 0.04), 0.1


@dataclass(frozen=True, slots=True)
class Settings:
    """Cost of an error beyond 0.1, and the factor of the squared distance in the kernel."""

    cost: float
    gamma: float


def choose_usual(bits: Any, values: Floats, folds: Folds) -> Settings:
    """The settings of least squared error out of fold, of 9.

    Closer together than the 30 of van Tilborg 2022 (widths of 0.01 and 0.1 with nothing between, where the best lie),
    so that this is a stronger rival.

    `bits` are rows (n, 1024) of counts of ECFP4. Raises MissingExtraError without scikit-learn.
    """
    apart = _apart(bits, bits)
    errors = {}
    for cost, gamma in product(_COSTS, _GAMMAS):
        kernel, said = np.exp(-gamma * apart), np.zeros(len(values))
        for fold in folds:
            rest = np.setdiff1d(np.arange(len(values)), fold)
            said[fold] = _fitted(kernel[np.ix_(rest, rest)], values[rest], cost).predict(kernel[np.ix_(fold, rest)])
        errors[Settings(cost, gamma)] = float(((said - values) ** 2).mean())
    return min(errors, key=lambda one: errors[one])


def usual_says(settings: Settings, bits: Any, values: Floats, asked: Any) -> Floats:
    """What the usual model, fitted to rows `bits` and `values`, says of the rows `asked`."""
    fitted = _fitted(np.exp(-settings.gamma * _apart(bits, bits)), values, settings.cost)
    return np.asarray(fitted.predict(np.exp(-settings.gamma * _apart(asked, bits))), np.float64)


def _fitted(kernel: Floats, values: Floats, cost: float) -> Any:
    try:
        from sklearn.svm import SVR  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("scikit-learn", "learn") from None
    return SVR(kernel="precomputed", C=cost, epsilon=_TUBE, cache_size=500).fit(kernel, values)


def _apart(first: Any, second: Any) -> Floats:
    """How many bits differ, which is the squared distance."""
    left, right = ((np.asarray(one) > 0).astype(np.float32) for one in (first, second))
    differ = left.sum(1)[:, None] + right.sum(1)[None] - 2 * (left @ right.T)
    return np.asarray(differ, np.float64)
