"""Ridge regression with a kernel of molecules: like molecules have like answers, exactly or through landmarks.

The kernel is the mean of three: shared counted pharmacophoric environments (Tanimoto of counts), and closeness of
descriptors and of language vectors (Gaussian). Of tables too large to be solved exactly, some molecules stand for all
(Williams & Seeger 2001); the ridge is chosen by the closed form of leaving one out (Allen 1974), or on rows set aside.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.admet.rows import Points
from suwen.errors import MissingExtraError

__all__ = ["EXACT", "RIDGES", "Line", "fit_exact", "fit_landmarks", "kernel"]

EXACT = 4000  # molecules up to which the table is solved exactly
RIDGES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
_COUNTED = 6
_HAIR = 1e-4
_STEPS = 30.0**2  # the square of one deviation in whole steps
_NARROW = 16.0  # dimensions that the language vectors fill: their mean squared length in deviations is as this

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Weights (landmarks,) of the kernel to each landmark, the mean, and the ridge that was chosen."""

    weights: Floats
    mean: float
    ridge: float
    left_out: Floats | None = None  # answers (n,) of each molecule by the others, where solved exactly

    def __call__(self, closeness: NDArray[np.floating]) -> Floats:
        """Answers (n,) from the kernel (n, landmarks)."""
        answers: Floats = closeness @ self.weights + self.mean
        return answers


def kernel(points: Points, landmarks: Points) -> NDArray[np.float32]:
    """Closeness (n, landmarks) in 0..1."""
    some, others = _view(points), _prepared(landmarks)
    found = _shared(some, others)
    found += _near(some.descriptors, others.descriptors, _STEPS * points.descriptors.shape[1])
    found += _near(some.language, others.language, _STEPS * _NARROW)
    found /= 3
    return found


def fit_exact(closeness: NDArray[np.float32], truth: Floats) -> Line:
    """From the kernel (n, n) of the molecules among themselves; ridge by least squares of answers without oneself."""
    mean = float(truth.mean())
    values, vectors = np.linalg.eigh(closeness.astype(np.float64))
    values = np.maximum(values, 0)
    turned = vectors.T @ (truth - mean)
    best = float("inf"), Line(turned, mean, 0.0)
    for ridge in RIDGES:
        own = (vectors**2) @ (values / (values + ridge))
        missed = (vectors @ (turned * ridge / (values + ridge))) / (1 - own)
        error = float((missed**2).mean())
        if error < best[0]:
            best = error, Line(vectors @ (turned / (values + ridge)), mean, ridge, truth - missed)
    return best[1]


def fit_landmarks(closeness: NDArray[np.float32], among: NDArray[np.float32], truth: Floats, *, ridge: float) -> Line:
    """From the kernel of molecules to landmarks (n, m) and of landmarks among themselves (m, m)."""
    try:
        from scipy.linalg import solve  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("scipy", "drugs") from None
    mean = float(truth.mean())
    square = (closeness.T @ closeness).astype(np.float64) + ridge * among
    # Landmarks are much alike: what tells them apart only by a hair is drawn to nought as well.
    square[np.diag_indices_from(square)] += _HAIR * len(square) ** 0.5
    weights = solve(square, closeness.T.astype(np.float64) @ (truth - mean), assume_a="pos")
    return Line(np.asarray(weights), mean, ridge)


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """Points as the products need them: counts as a ladder of ones, their sums, scaled numbers with their squares."""

    ladder: Any
    sums: NDArray[np.float32]
    descriptors: tuple[NDArray[np.float32], NDArray[np.float32]]
    language: tuple[NDArray[np.float32], NDArray[np.float32]]


@lru_cache(maxsize=2)
def _prepared(points: Points) -> _View:
    """The view of landmarks, which are asked for again and again."""
    return _view(points)


def _view(points: Points) -> _View:
    sums = points.features.sum(1, dtype=np.float32)
    return _View(_ladder(points.features), sums, _squared(points.descriptors), _squared(points.language))


def _squared(steps: NDArray[np.int8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    numbers = steps.astype(np.float32)
    return numbers, np.asarray((numbers * numbers).sum(1))


def _near(
    some: tuple[NDArray[np.float32], NDArray[np.float32]],
    others: tuple[NDArray[np.float32], NDArray[np.float32]],
    width: float,
) -> NDArray[np.float32]:
    apart = some[0] @ others[0].T
    apart *= -2
    apart += some[1][:, None]
    apart += others[1][None]
    np.maximum(apart, 0, out=apart)
    apart *= -1 / width
    return np.asarray(np.exp(apart, out=apart))


def _shared(some: _View, others: _View) -> NDArray[np.float32]:
    """Sum of the smaller of both counts by the sum of the larger ones."""
    both = np.asarray((some.ladder @ others.ladder.T).todense(), np.float32)
    whole = some.sums[:, None] + others.sums[None]
    whole -= both
    np.maximum(whole, 1e-9, out=whole)
    return np.asarray(np.divide(both, whole, out=both))


def _ladder(counts: NDArray[np.uint8]) -> Any:
    """Counts as ones and noughts, a column for each step reached: the product of two is their smaller count."""
    try:
        from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("scipy", "drugs") from None
    return hstack([csr_matrix((counts > step).astype(np.float32)) for step in range(_COUNTED)]).tocsr()
