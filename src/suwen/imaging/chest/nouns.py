"""What is read from a chest radiograph: anatomy, quality of the image, learned scores, shadows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from suwen.finding import Chance, Maker

__all__ = ["Anatomy", "Mask", "Score", "Side"]

Mask = NDArray[np.bool_]


class Side(Enum):
    """Side of the patient: the patient's right is on the left of a frontal image as it is hung."""

    RIGHT = "right"
    LEFT = "left"
    MIDLINE = "midline"


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """Masks (rows, columns) on the grid of the image, from the patient's side; `mediastinum` holds the heart too.

    `certainty` in 0..1 is the network's mean certainty at the outlines; `by` is who drew them.
    """

    right_lung: Mask
    left_lung: Mask
    heart: Mask
    mediastinum: Mask
    certainty: float
    by: Maker

    @property
    def lungs(self) -> Mask:
        """Both lungs (rows, columns)."""
        both: Mask = self.right_lung | self.left_lung
        return both


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """A learned score of the whole image for one abnormality, and where it comes from.

    `heat` (rows, columns) on the grid of the image, 0..1: how much each place speaks for it. `chance` is calibrated
    on data not used to fit; its `calibration` says which, and that it holds at the share of sick people there.
    `lift` is the log10 likelihood ratio of the score (chance against the share in the calibration data).
    """

    name: str  # "pneumonia", "opacity"
    chance: Chance
    lift: float
    heat: NDArray[np.float32]
    by: Maker
