"""How sure a forecast is: intervals from errors out of fold, wider where members disagree or nothing alike was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from suwen.drugs.activity.kernels import Floats
from suwen.learn.measure.calibrate import fit_platt
from suwen.learn.measure.calibrators import Platt
from suwen.learn.measure.conformal import ConformalSets, conformal_quantile, fit_conformal_sets

__all__ = ["COVERAGE", "Band", "Chances", "Domain", "fit_band", "fit_chances", "fit_domain", "tanimoto"]

COVERAGE = 0.9
_OUTSIDE = 0.05  # of the molecules learned from are as lonely as one outside the domain
_WIDEST = 2.5  # times the middle one, how much wider or narrower an interval gets
_SMALL = 1e-6


@dataclass(frozen=True, slots=True)
class Band:
    """Half width = `quantile` * scale; log scale = level + spread * log(disagreement) + lonely * (1 - similarity)."""

    level: float
    spread: float
    lonely: float
    middle: float
    quantile: float

    def half(self, disagreement: Floats, similarity: Floats) -> Floats:
        """Half the width (n,) of the interval that holds the truth in COVERAGE of the cases."""
        return self.quantile * self.scale(disagreement, similarity)

    def scale(self, disagreement: Floats, similarity: Floats) -> Floats:
        """The error (n,) to expect, up to a factor."""
        logs = self.level + self.spread * np.log(np.maximum(disagreement, _SMALL)) + self.lonely * (1 - similarity)
        return np.clip(np.exp(logs), self.middle / _WIDEST, self.middle * _WIDEST)


@dataclass(frozen=True, slots=True)
class Chances:
    """From the value of a stack on 0 and 1 to a chance, and the answers that cannot be excluded."""

    curve: Platt
    sets: ConformalSets


@dataclass(frozen=True, slots=True)
class Domain:
    """Molecules at least `least` alike to the nearest one learned from: among such the intervals were measured."""

    least: float


def fit_band(errors: Floats, disagreement: Floats, similarity: Floats) -> Band:
    """The band from errors (n,) out of fold (split conformal with a scale: Lei 2018; the promise is an average one).

    The scale never falls with disagreement or with loneliness.
    """
    sizes = np.log(np.abs(errors) + 0.05 * float(np.abs(errors).mean()) + 1e-12)
    told = np.stack([np.ones(len(errors)), np.log(np.maximum(disagreement, _SMALL)), 1 - similarity], axis=1)
    level, spread, lonely = np.linalg.lstsq(told, sizes, rcond=None)[0].tolist()
    spread, lonely = max(spread, 0.0), max(lonely, 0.0)
    level = float((sizes - told[:, 1:] @ np.array([spread, lonely])).mean())
    middle = float(np.exp(np.median(told @ np.array([level, spread, lonely]))))
    made = Band(level, spread, lonely, middle, 1.0)
    strange = np.abs(errors) / made.scale(disagreement, similarity)
    return Band(level, spread, lonely, middle, conformal_quantile(strange, 1 - COVERAGE))


def fit_chances(truth: Floats, values: Floats) -> Chances:
    """A logistic curve through values (n,) out of fold, and conformal sets that hold for each class by itself."""
    classes = truth.astype(np.int64)
    curve = fit_platt(classes, values)
    if not isinstance(curve, Platt):
        raise TypeError("two classes have one curve")
    return Chances(curve, fit_conformal_sets(classes, curve(values), alpha=1 - COVERAGE, mondrian=True))


def fit_domain(nearest: Floats) -> Domain:
    """The domain of molecules (n,) by the likeness of each to the nearest other one."""
    return Domain(float(np.quantile(nearest, _OUTSIDE)))


def tanimoto(first: Any, second: Any) -> Floats:
    """Tanimoto likeness (len(first), len(second)) of bits, given as rows of counts."""
    left, right = (np.asarray(one) > 0 for one in (first, second))
    common = (left.astype(np.float32) @ right.astype(np.float32).T).astype(np.float64)
    sums = left.sum(1)[:, None] + right.sum(1)[None] - common
    return np.where(sums > 0, common / np.maximum(sums, 1.0), 1.0)
