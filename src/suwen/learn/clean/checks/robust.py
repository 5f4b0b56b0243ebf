"""How far a number lies from the others, told in a way that the strange ones among them cannot blunt."""

from __future__ import annotations

import numpy as np

from suwen.learn.clean.nouns import Array

__all__ = ["robust_z"]


def robust_z(values: Array, *, floor: float = 0.0) -> Array:
    """Distance from the median in units of 1.4826 times the median absolute deviation (n,), at least `floor`.

    The modified z-score of Iglewicz and Hoaglin 1993 ("How to detect and handle outliers"); 3.5 is their bound. Where
    half of the values are equal the deviation is 0; `floor` says which spread counts as ordinary then.
    """
    middle = np.median(values)
    spread = max(1.4826 * float(np.median(np.abs(values - middle))), floor)
    return np.asarray((values - middle) / spread if spread > 0 else np.zeros_like(values, dtype=float))
