"""The learners of activity: kernel ridge with its folds in closed form, support vectors, boosted trees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.activity.kernels import Floats
from suwen.errors import MissingExtraError
from suwen.learn.tabular.forest import Forest, read_forest

__all__ = [
    "Boosted",
    "Folds",
    "Linear",
    "boost",
    "fit_ridge",
    "fit_vectors",
    "ridge_out_of_fold",
    "vectors_out_of_fold",
]

Folds = Sequence[NDArray[np.intp]]
_LAMBDAS = tuple(0.0025 * 2.0**step for step in range(12))  # to 5.1: of noise alone
_COSTS = (2.0, 5.0, 10.0)
_TUBE = 0.1  # of the deviation of what is learned: within it support vectors see no error
_ROUNDS, _RATE = 400, 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A sum of kernels: value = mean + sum of `shares` (molecules learned from,) times the likeness to each.

    `setting` is what was chosen: lambda of a ridge, cost of support vectors.
    """

    shares: Floats
    mean: float
    setting: float

    def predict(self, kernel: Floats) -> Floats:
        """Values (n,) from the kernel (n, molecules learned from)."""
        # Row by row, so that a molecule's value does not depend on how many are asked about at once.
        return np.asarray((np.ascontiguousarray(kernel) * self.shares).sum(axis=1) + self.mean)


@dataclass(frozen=True, slots=True, eq=False)
class Boosted:
    """Boosted trees as plain arrays."""

    forest: Forest
    mean: float

    def predict(self, table: Any) -> Floats:
        """Values (n,) of rows (n, columns)."""
        return np.asarray(self.forest.logits(np.asarray(table, np.float64))[:, 0] + self.mean)


def fit_ridge(kernel: Floats, values: Floats) -> tuple[Linear, Floats]:
    """Kernel ridge, which is the mean of a Gaussian process, and the inverse (n, n) that `ridge_out_of_fold` reads.

    Lambda has the least leave-one-out error, which is known without fitting again: residual = share / diagonal of the
    inverse (Allen 1974; Rasmussen & Williams 2006, 5.4.2).
    """
    centred, inverse, best = values - values.mean(), None, np.inf
    chosen = _LAMBDAS[0]
    begin = 4  # 0.04, where most assays have their least
    for steps in (range(begin, len(_LAMBDAS)), range(begin - 1, -1, -1)):
        for step in steps:
            tried = _inverse(kernel, _LAMBDAS[step])
            error = float((((tried @ centred) / tried.diagonal()) ** 2).mean())
            if error >= best:
                break
            best, inverse, chosen = error, tried, _LAMBDAS[step]
    if inverse is None:  # values that overflow
        inverse = _inverse(kernel, chosen)
    return Linear(inverse @ centred, float(values.mean()), chosen), inverse


def ridge_out_of_fold(shares: Floats, inverse: Floats, values: Floats, folds: Folds) -> Floats:
    """What a ridge says of each molecule (n,) when its fold is left out, in closed form for the same lambda.

    The residuals of a fold solve (block of the inverse) r = (shares of the fold).
    """
    said = np.array(values, np.float64)
    for fold in folds:
        said[fold] -= np.linalg.solve(inverse[np.ix_(fold, fold)], shares[fold])
    return said


def fit_vectors(kernel: Floats, values: Floats, cost: float) -> Linear:
    """Support vector regression (Drucker 1997; LIBSVM) of values brought to deviation 1. MissingExtraError."""
    try:
        from sklearn.svm import SVR  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("scikit-learn", "learn") from None
    mean, spread = float(values.mean()), float(values.std()) or 1.0
    made = SVR(kernel="precomputed", C=cost, epsilon=_TUBE, cache_size=500).fit(kernel, (values - mean) / spread)
    shares = np.zeros(len(values))
    shares[made.support_] = made.dual_coef_[0] * spread
    return Linear(shares, mean + float(made.intercept_[0]) * spread, cost)


def vectors_out_of_fold(kernel: Floats, values: Floats, folds: Folds) -> tuple[float, Floats]:
    """The cost of least error out of fold, and what it says (n,) of each molecule when its fold is left out."""
    tried = {cost: _left_out(kernel, values, folds, cost) for cost in _COSTS}
    best = min(_COSTS, key=lambda cost: float(((tried[cost] - values) ** 2).mean()))
    return best, tried[best]


def boost(table: Any, values: Floats, seed: int) -> Boosted:
    """Boosted trees (Friedman 2001; LightGBM, Ke 2017) by fixed settings, on one thread. Raises MissingExtraError."""
    try:
        import lightgbm  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("lightgbm", "learn") from None
    settings = {
        "objective": "l2",
        "boost_from_average": False,
        "learning_rate": _RATE,
        "num_leaves": 31,
        "min_data_in_leaf": 5,
        "feature_fraction": 0.15,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 1.0,
        "max_bin": 63,
        "seed": seed,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    mean = float(values.mean())
    rows = lightgbm.Dataset(np.asarray(table, np.float64), values - mean, params=settings)
    return Boosted(read_forest(lightgbm.train(settings, rows, _ROUNDS)), mean)


def _left_out(kernel: Floats, values: Floats, folds: Folds, cost: float) -> Floats:
    said = np.zeros(len(values))
    for fold in folds:
        rest = np.setdiff1d(np.arange(len(values)), fold)
        said[fold] = fit_vectors(kernel[np.ix_(rest, rest)], values[rest], cost).predict(kernel[np.ix_(fold, rest)])
    return said


def _inverse(kernel: Floats, lam: float) -> Floats:
    """Of kernel + lam, symmetric to the last bit."""
    try:
        from scipy.linalg import lapack  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("scipy", "drugs") from None
    raised = np.array(kernel, order="F")
    raised[np.diag_indices(len(raised))] += lam
    lower, wrong = lapack.dpotrf(raised, lower=1, clean=1, overwrite_a=1)
    if wrong:  # two molecules that are the same to this kernel, and lambda too small for rounding
        return np.asarray(np.linalg.pinv(kernel + lam * np.eye(len(kernel)), hermitian=True))
    half, _ = lapack.dpotri(lower, lower=1, overwrite_c=1)
    return np.asarray(np.tril(half) + np.tril(half, -1).T)
