"""The learned combination: how much each measure counts, and how a score becomes a calibrated probability.

File format 1 (`weights/differential.json`): an object with `format` 1, `name`, `version`, `trained_on`, `calibration`,
`with_cases` and `alone` (without a case library). Each of the two holds `folds` (weights fitted without the
publications of that fold), `whole` (fitted on all), and `bins` (held-out reliability: lower edge, upper edge, cases,
true). To change a meaning, raise the number and keep reading 1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.components import NAMES, Components
from suwen.errors import FormatError

__all__ = [
    "FOLDS",
    "Combination",
    "Model",
    "Weights",
    "fold_of",
    "load_model",
    "none_logit",
    "probabilities",
    "scale",
    "total",
]

FORMAT = 1
_SPREAD_AT, _LEAST_SPREAD = 51, 0.5
FOLDS = 5
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weights:
    """One fitted combination.

    `measure` weighs each measure of `components.NAMES` (nats per unit). A score S over n present features becomes a
    logit slope * S / (n ** power * spread ** spread_power), where spread is the gap between the best score and the
    fiftieth best: a patient whom few diseases fit much better than the rest is judged with more reserve. "None of
    these" has logit none_level + none_slope * ln(n). The set that promises 90 % coverage is filled, most probable
    first, until `set_mass` of probability is in it.
    """

    measure: tuple[float, ...]
    slope: float
    power: float
    spread_power: float
    none_level: float
    none_slope: float
    set_mass: float


@dataclass(frozen=True, slots=True)
class Combination:
    """Weights per fold of publications, weights fitted on all, and held-out reliability bins."""

    folds: tuple[Weights, ...]
    whole: Weights
    bins: tuple[tuple[float, float, int, int], ...]


@dataclass(frozen=True, slots=True)
class Model:
    """The shipped model: one combination for use with a case library, one without."""

    name: str
    version: str
    calibration: str
    with_cases: Combination
    alone: Combination

    def weights(self, *, library: bool, publication: str = "") -> Weights:
        """Weights to use; for a published case those whose fitting never saw its publication."""
        combination = self.with_cases if library else self.alone
        return combination.folds[fold_of(publication)] if publication else combination.whole


def fold_of(publication: str) -> int:
    """Fold (0..4) of a publication: SHA-256 of its identifier modulo FOLDS, the same everywhere for ever."""
    return int(hashlib.sha256(publication.encode()).hexdigest(), 16) % FOLDS


@cache
def load_model() -> Model:
    """Read the shipped weights. Raises FormatError when the file is of a newer format."""
    text = resources.files("suwen.diagnosis").joinpath("weights/differential.json").read_text("utf-8")
    return parse_model(json.loads(text))


def parse_model(document: Mapping[str, Any]) -> Model:
    """Build a Model from its JSON object."""
    if document.get("format") != FORMAT:
        raise FormatError(
            f"weights of format {document.get('format')} need a newer Suwen, which reads format {FORMAT}",
            zh=f"格式 {document.get('format')} 的权重需要更新版本的 Suwen；本版本读取格式 {FORMAT}",
        )
    return Model(
        name=document["name"],
        version=document["version"],
        calibration=document["calibration"],
        with_cases=_combination(document["with_cases"]),
        alone=_combination(document["alone"]),
    )


def total(components: Components, weights: Weights) -> Array:
    """Score of every disease, in nats before calibration."""
    return sum(  # type: ignore[return-value]
        weight * components.values[name] for name, weight in zip(NAMES, weights.measure, strict=True)
    )


def scale(score: Array, n: int, weights: Weights) -> float:
    """What a unit of score adds to the logit, from the scores of the diseases in scope and the number of features."""
    reach = min(_SPREAD_AT, len(score))
    spread = float(score.max() - np.partition(score, -reach)[-reach]) if reach else 0.0
    return float(weights.slope / (n**weights.power * max(spread, _LEAST_SPREAD) ** weights.spread_power))


def none_logit(n: int, weights: Weights) -> float:
    """Logit of "none of these" for a patient with `n` present features."""
    return weights.none_level + weights.none_slope * float(np.log(n))


def probabilities(scores: Array, none: float) -> tuple[Array, float]:
    """Softmax over the diseases and "none of these"."""
    top = max(float(scores.max()), none)
    share, rest = np.exp(scores - top), float(np.exp(none - top))
    whole = float(share.sum()) + rest
    return share / whole, rest / whole


def _combination(document: Mapping[str, Any]) -> Combination:
    return Combination(
        folds=tuple(_weights(one) for one in document["folds"]),
        whole=_weights(document["whole"]),
        bins=tuple((low, high, int(cases), int(true)) for low, high, cases, true in document["bins"]),
    )


def _weights(document: Mapping[str, Any]) -> Weights:
    return Weights(
        measure=tuple(float(document["measure"][name]) for name in NAMES),
        slope=float(document["slope"]),
        power=float(document["power"]),
        spread_power=float(document["spread_power"]),
        none_level=float(document["none_level"]),
        none_slope=float(document["none_slope"]),
        set_mass=float(document["set_mass"]),
    )
