"""The 25 features of a grey level co-occurrence matrix (IBSI 1 manual, section 3.6)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suwen.imaging.measure.frame import Numbers
from suwen.imaging.measure.tally import Describe

__all__ = ["describe_pairs"]

Whole = NDArray[np.int64]


def describe_pairs(levels: int) -> Describe:
    """A function that describes counted pairs of neighbours, in the order of the IBSI table; both orders count."""

    def describe(row: Whole, column: Whole, number: Whole, _voxels: float) -> Numbers:
        if not len(row):
            return np.full(25, np.nan)
        i, j = np.concatenate([row, column]), np.concatenate([column, row])
        share = np.concatenate([number, number]) / (2 * number.sum())
        key, place = np.unique(i * (levels + 1) + j, return_inverse=True)
        whole = np.bincount(place, weights=share).astype(np.float64)
        return _features(key // (levels + 1), key % (levels + 1), whole, levels)

    return describe


def _over(place: Whole, share: Numbers) -> Numbers:
    return np.bincount(place, weights=share).astype(np.float64)


def _entropy(share: Numbers) -> float:
    used = share[share > 0]
    return float(-(used * np.log2(used)).sum())


def _spread(share: Numbers) -> tuple[float, float, float]:
    """Mean, variance and entropy of a histogram whose places are its values."""
    places = np.arange(len(share))
    mean = float((share * places).sum())
    return mean, float((share * (places - mean) ** 2).sum()), _entropy(share)


def _features(row: Whole, column: Whole, share: Numbers, levels: int) -> Numbers:
    i, j = row.astype(np.float64), column.astype(np.float64)
    gap = np.abs(i - j)
    side = _over(row, share)
    mean, variance, entropy = _spread(side)
    joint = _entropy(share)
    about = i + j - 2 * mean
    cross = float(-(share * np.log2(side[row] * side[column])).sum())
    apart = gap > 0
    inverse_variance = float((share[apart] / gap[apart] ** 2).sum())
    product = float((share * i * j).sum())
    correlation = (product - mean**2) / variance if variance > 1e-12 else 1.0
    return np.array(
        [
            share.max(),
            mean,
            variance,
            joint,
            *_spread(_over(np.abs(row - column), share)),
            *_spread(_over(row + column, share)),
            (share**2).sum(),
            (share * gap**2).sum(),
            (share * gap).sum(),
            (share / (1 + gap)).sum(),
            (share / (1 + gap / levels)).sum(),
            (share / (1 + gap**2)).sum(),
            (share / (1 + gap**2 / levels**2)).sum(),
            inverse_variance,
            correlation,
            product,
            (share * about**2).sum(),
            (share * about**3).sum(),
            (share * about**4).sum(),
            (joint - cross) / entropy if entropy else 0.0,
            np.sqrt(max(0.0, 1 - np.exp(-2 * (2 * entropy - joint)))),
        ]
    )
