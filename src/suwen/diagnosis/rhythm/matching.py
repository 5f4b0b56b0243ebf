"""How well found beats fit annotated ones: pairs within a tolerance, sensitivity, predictive value, F1 (AAMI EC57)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Match", "matched", "together"]


@dataclass(frozen=True, slots=True)
class Match:
    """Counts of pairs, of annotated beats without a found one, and of found ones without an annotation."""

    right: int
    missed: int
    extra: int

    @property
    def sensitivity(self) -> float:
        """Share of annotated beats that were found; 1 where there was none."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def predictive(self) -> float:
        """Share of found beats that were annotated; 1 where none was found."""
        return self.right / (self.right + self.extra) if self.right + self.extra else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        whole = 2 * self.right + self.missed + self.extra
        return 2 * self.right / whole if whole else 1.0


def matched(truth: Any, found: Any, tolerance: float) -> Match:
    """Pair beats, each at most once, nearest in order; all three in the same unit (samples or seconds)."""
    left, right = np.sort(np.asarray(truth, float)), np.sort(np.asarray(found, float))
    one = other = pairs = 0
    while one < len(left) and other < len(right):
        apart = right[other] - left[one]
        if abs(apart) <= tolerance:
            pairs, one, other = pairs + 1, one + 1, other + 1
        elif apart < 0:
            other += 1
        else:
            one += 1
    return Match(pairs, len(left) - pairs, len(right) - pairs)


def together(matches: Iterable[Match]) -> Match:
    """Counts added up."""
    all_of_them = list(matches)
    return Match(
        sum(one.right for one in all_of_them),
        sum(one.missed for one in all_of_them),
        sum(one.extra for one in all_of_them),
    )
