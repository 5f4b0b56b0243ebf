"""How early a ranked list finds the actives: BEDROC, robust initial enhancement and enrichment factors."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from suwen.errors import InputError

__all__ = ["bedroc", "enrichment_factor", "robust_initial_enhancement"]


def bedroc(truth: ArrayLike, scores: ArrayLike, *, alpha: float = 20.0) -> float:
    """Boltzmann-enhanced discrimination of ROC, 0 to 1 (Truchon & Bayly, J Chem Inf Model 2007;47:488, eq. 36).

    `truth` (n,) is true for actives, a higher score (n,) ranks first. With alpha 20, four fifths of the value come from
    the first 8 % of the list. Molecules of one score share what their ranks are worth, so that an order by chance
    neither helps nor harms. Raises InputError without an active, without another molecule, or for scores not finite.
    """
    active, _ = _checked(truth, scores)
    share = active.mean()
    lowest = (1 - np.exp(alpha * share)) / (share * (1 - np.exp(alpha)))  # all actives last
    highest = (1 - np.exp(-alpha * share)) / (share * (1 - np.exp(-alpha)))  # all actives first
    found = robust_initial_enhancement(truth, scores, alpha=alpha)
    return float(np.clip((found - lowest) / (highest - lowest), 0.0, 1.0))


def robust_initial_enhancement(truth: ArrayLike, scores: ArrayLike, *, alpha: float = 20.0) -> float:
    """Mean of exp(-alpha rank / n) over the actives, relative to a random order (Sheridan 2001; Truchon eq. 18)."""
    active, values = _checked(truth, scores)
    total = len(active)
    worth = np.exp(-alpha * np.arange(1, total + 1) / total)
    return float((_shared(worth, values) * active).sum() / active.sum() / worth.mean())


def enrichment_factor(truth: ArrayLike, scores: ArrayLike, *, share: float = 0.01) -> float:
    """Actives among the first `share` of the list (at least one molecule), relative to a random order; ties shared."""
    active, values = _checked(truth, scores)
    first = max(1, round(share * len(active)))
    inside = (np.arange(len(active)) < first).astype(np.float64)
    return float((_shared(inside, values) * active).sum() / first / active.mean())


def _shared(worth: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each molecule's rank is worth, the mean over the ranks of all molecules of its score."""
    _, place, heights = np.unique(-values, return_inverse=True, return_counts=True)
    sums = np.add.reduceat(worth, np.cumsum(heights) - heights)
    found: NDArray[np.float64] = (sums / heights)[place]
    return found


def _checked(truth: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    active, values = np.asarray(truth, np.bool_), np.asarray(scores, np.float64)
    if active.ndim != 1 or active.shape != values.shape or not np.isfinite(values).all():
        raise InputError(
            "enrichment needs one finite score for each molecule", zh="富集计算须为每个分子给出一个有限的得分"
        )
    if not active.any() or active.all():
        raise InputError(
            "enrichment needs at least one active and one molecule that is none",
            zh="富集计算至少需要一个活性分子和一个非活性分子",
        )
    return active, values
