"""Several learners in one: each told apart on molecules that it had not seen, and weighed by what they say there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.activity.kernels import Floats
from suwen.drugs.activity.learners import (
    Boosted,
    Folds,
    Linear,
    boost,
    fit_ridge,
    fit_vectors,
    ridge_out_of_fold,
    vectors_out_of_fold,
)
from suwen.drugs.activity.nouns import MEMBERS, Member
from suwen.drugs.activity.views import KERNELS, Kernels
from suwen.errors import MissingExtraError

__all__ = ["FOLDS", "Stack", "fit_stack", "folds_of", "some"]

FOLDS = 5
_PULL = 0.5  # towards equal weights, in shares of the members' squared error: members are alike, and weights else jump


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Members with weights that are not below 0; value = mean + sum of weight * (what the member says - mean)."""

    members: Mapping[Member, Linear | Boosted]
    weights: Floats
    mean: float

    def each(self, kernels: Kernels, table: Any) -> Floats:
        """What each member says (n, members), from the kernels with the molecules learned from and the trees' table."""
        said = [_said(name, made, kernels, table) for name, made in self.members.items()]
        return np.stack(said, axis=1)

    def whole(self, each: Floats) -> Floats:
        """The value (n,) from what each member says (n, members)."""
        return np.asarray(((each - self.mean) * self.weights).sum(axis=1) + self.mean)


def folds_of(count: int, rng: np.random.Generator, number: int = FOLDS) -> Folds:
    """Places 0..count - 1 in `number` random folds of like size, each ascending."""
    order = rng.permutation(count)
    return [np.sort(order[at::number]) for at in range(number)]


def some(kernels: Kernels, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Kernels:
    """Those rows and columns of each kernel."""
    return {name: kernel[np.ix_(rows, columns)] for name, kernel in kernels.items()}


def fit_stack(kernels: Kernels, table: Any, values: Floats, rng: np.random.Generator) -> tuple[Stack, Floats, Floats]:
    """The stack of square `kernels` (n, n) and trees' `table` (n, columns) for `values` (n,).

    Also what each member (n, members), and the whole (n,), said of each molecule when its fold was left out. Weights
    have the least squared error there, none below 0 (Breiman 1996), drawn a little towards equal ones; for the whole
    they are found anew without each fold.
    """
    folds, seed = folds_of(len(values), rng), int(rng.integers(2**31))
    members: dict[Member, Linear | Boosted] = {}
    said: dict[Member, Floats] = {}
    for name in KERNELS:
        ridge, inverse = fit_ridge(kernels[name], values)
        members[name], said[name] = ridge, ridge_out_of_fold(ridge.shares, inverse, values, folds)
    cost, said["vectors"] = vectors_out_of_fold(kernels["joint"], values, folds)
    members["vectors"] = fit_vectors(kernels["joint"], values, cost)
    said["boosted"] = _boosted_out_of_fold(table, values, folds, seed)
    members["boosted"] = boost(table, values, seed)
    each = np.stack([said[name] for name in MEMBERS], axis=1)
    mean = float(values.mean())
    stack = Stack({name: members[name] for name in MEMBERS}, _weights(each, values), mean)
    whole = np.empty(len(values))
    for fold in folds:
        rest = np.setdiff1d(np.arange(len(values)), fold)
        whole[fold] = Stack({}, _weights(each[rest], values[rest]), mean).whole(each[fold])
    return stack, each, whole


def _said(name: Member, made: Linear | Boosted, kernels: Kernels, table: Any) -> Floats:
    if isinstance(made, Boosted) or name == "boosted":
        return made.predict(table)
    return made.predict(kernels["joint" if name == "vectors" else name])


def _boosted_out_of_fold(table: Any, values: Floats, folds: Folds, seed: int) -> Floats:
    said = np.zeros(len(values))
    for fold in folds:
        rest = np.setdiff1d(np.arange(len(values)), fold)
        said[fold] = boost(table[rest], values[rest], seed).predict(table[fold])
    return said


def _weights(each: Floats, values: Floats) -> Floats:
    try:
        from scipy.optimize import nnls  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("scipy", "drugs") from None
    count = each.shape[1]
    pull = np.sqrt(_PULL * len(values) * float(((each - values[:, None]) ** 2).mean()))
    left = np.vstack([each - values.mean(), pull * np.eye(count)])
    found, _ = nnls(left, np.concatenate([values - values.mean(), np.full(count, pull / count)]))
    return np.asarray(found, np.float64)
