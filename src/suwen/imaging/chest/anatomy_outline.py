"""From probabilities to outlines: one connected part each without holes, the patient's right on the left of the image.

An outline is kept as a margin: how far the probability of a structure is above that of every other. Margins may be
brought to any size by interpolation, and two of them are never above 0 at the same place, so masks never overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from suwen.imaging.chest.nouns import Mask

__all__ = ["Margins", "certainty", "margins"]

Margin = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Margins:
    """Margins (rows, columns) of each structure, above 0 inside; the heart counts only within the mediastinum."""

    right_lung: Margin
    left_lung: Margin
    mediastinum: Margin
    heart: Margin


def margins(chances: NDArray[np.float32]) -> Margins:
    """Outlines of probabilities (5, rows, columns): background, right lung, left lung, heart, upper mediastinum."""
    background, right, left, heart, upper = chances
    whole = heart + upper
    rest = [np.maximum.reduce(others) for others in ((background, left, whole), (background, right, whole))]
    middle = _one(whole - np.maximum.reduce([background, right, left]))
    return Margins(_one(right - rest[0]), _one(left - rest[1]), middle, _one(np.minimum(middle, heart - upper)))


def _one(margin: Margin) -> Margin:
    """The largest connected part, its holes filled."""
    inside = margin > 0
    parts, n = ndimage.label(inside)
    if not n:
        return margin
    largest: Mask = parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    filled: Mask = ndimage.binary_fill_holes(largest)
    found = np.where(inside & ~filled, -np.abs(margin), margin)
    return np.asarray(np.where(filled & ~largest, np.maximum(np.abs(margin), 0.05), found), np.float32)


def certainty(chances: NDArray[np.float32], lines: Margins) -> float:
    """Mean of the greatest probability within two pixels of the outlines; 1 where there is no outline."""
    near = np.zeros(chances.shape[1:], bool)
    for margin in (lines.right_lung, lines.left_lung, lines.mediastinum):
        inside = margin > 0
        near |= ndimage.binary_dilation(inside, iterations=2) & ~ndimage.binary_erosion(inside, iterations=2)
    return float(chances.max(0)[near].mean()) if near.any() else 1.0
