"""Measures of likeness on shared bits: Tversky's, of which Tanimoto and Dice are two, and the bounds that follow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from suwen.errors import InputError

__all__ = ["DICE", "TANIMOTO", "Measure"]


@dataclass(frozen=True, slots=True)
class Measure:
    """Tversky's index (1977): c / (c + alpha (a - c) + beta (b - c)), query of a bits, molecule of b, c shared.

    alpha = beta = 1 is Tanimoto, one half each is Dice; both are bit for bit what RDKit gives. Two fingerprints
    without a bit have likeness 0, as there. Raises InputError for weights below 0, or both 0.
    """

    alpha: float = 1.0
    beta: float = 1.0

    def __post_init__(self) -> None:
        good = all(math.isfinite(weight) and weight >= 0 for weight in (self.alpha, self.beta))
        if not good or self.alpha + self.beta <= 0:
            raise InputError(
                f"weights of Tversky's index are 0 or more and not both 0, not {self.alpha}, {self.beta}",
                zh=f"Tversky 指数的权重须不小于 0 且不同为 0，而非 {self.alpha}、{self.beta}",
            )

    def likeness(self, shared: ArrayLike, query: int, other: ArrayLike) -> NDArray[np.float64]:
        """Likeness for shared bits and bits of the other molecules (any shape, broadcast)."""
        c, b = np.asarray(shared, np.float64), np.asarray(other, np.float64)
        under = c + self.alpha * (query - c) + self.beta * (b - c)
        return np.asarray(c / np.where(under > 0, under, 1.0))  # nothing shared and nothing under: 0

    def needed(self, threshold: float, query: int, other: NDArray[np.int64]) -> NDArray[np.int64]:
        """Fewest shared bits that reach the threshold, for molecules of so many bits; min(a, b) + 1 where none do.

        What cannot be reached is the bound of Swamidass & Baldi (J Chem Inf Model 2007;47:302): c <= min(a, b).
        """
        most = np.minimum(query, other)
        scale = 1 - threshold + threshold * (self.alpha + self.beta)
        near = np.ceil(threshold * (self.alpha * query + self.beta * other) / max(scale, 1e-12) - 1e-6)
        least = np.clip(near.astype(np.int64), 0, most + 1)
        for _ in range(2):  # the formula is right to a bit or so; what counts is the likeness as it will be shown
            short = (least <= most) & (self.likeness(np.minimum(least, most), query, other) < threshold)
            if not short.any():
                break
            least += short
        return np.asarray(least, np.int64)


TANIMOTO = Measure(1.0, 1.0)
DICE = Measure(0.5, 0.5)
