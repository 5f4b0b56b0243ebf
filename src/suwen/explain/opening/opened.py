"""What comes out when a model is opened on one input: the finding, and what a reader needs to judge it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.explain.maps import HeatMap, Verdict
from suwen.finding import Finding
from suwen.learn.card import Card

__all__ = ["Opened", "Outline", "Picture"]


@dataclass(frozen=True, slots=True)
class Picture:
    """The stored input (*spatial), its heat map in the same places (None for an empty outline), and its label map.

    `spacing` in mm (empty where unknown); `affine` (4, 4) of a NIfTI file.
    """

    stored: NDArray[Any]
    heat: HeatMap | None
    labels: NDArray[np.uint8] | None = None
    spacing: tuple[float, ...] = ()
    affine: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """One class of a label map: its name, how many places it has, and its volume in mL (None where unknown)."""

    name: str
    places: int
    millilitres: float | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A model opened on one input, in one language.

    `scores` are the probabilities of all classes by name as the card answers them (calibrated where it has a
    calibration), empty for outlines; `called` is the class that is called: by the card's threshold for two classes,
    else the one of the highest score. `warnings` are reasons not to believe the explanation, `notes` say how it was
    made. `surrogate` are sentences of a tree that imitates the model.
    """

    finding: Finding
    card: Card
    input: str
    target: int
    name: str
    method: str
    scores: Mapping[str, float]
    called: str
    picture: Picture | None = None
    outlines: tuple[Outline, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    checks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    surrogate: tuple[str, ...] = ()
