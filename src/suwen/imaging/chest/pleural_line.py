"""Looks for a pneumothorax: a thin bright line along the chest wall with a dark band without vessels outside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.imaging.chest.nouns import Mask, Side
from suwen.imaging.chest.plane import LungPlane, Plane, Values

__all__ = ["PleuralLine", "pleural_line"]

_ROWS, _ACROSS = 96, 96
_FROM, _TO = 0.45, 0.97  # lung coordinate u in which the line is sought
_DOWN = 0.65  # and v: in an upright patient air gathers above
_GAP = 4  # cells on each side of the line that belong to it
_STEP = 2  # cells the line may move sideways a row


@dataclass(frozen=True, slots=True, eq=False)
class PleuralLine:
    """The likeliest line of one lung: how it stands out, and what lies outside of it.

    `ridge`: mean brightness over both neighbours, in deviations of the same lung. `texture`: vessels outside over
    inside. `darker`: how much darker outside, on the scale of the plane. `width`: of the band, over the lung's width.
    """

    side: Side
    ridge: float
    texture: float
    darker: float
    width: float
    band: Mask

    @property
    def score(self) -> float:
        """One number that is high only where all three speak for it: the geometric mean of the parts above nothing."""
        calm = max(0.0, 1.0 - self.texture)
        parts = (max(0.0, self.ridge), calm, max(0.0, self.darker))
        return float(np.cbrt(np.prod(parts)))


def pleural_line(plane: Plane, lung: LungPlane, above: Values) -> PleuralLine:
    """Straighten the lung, follow the best line down its outer half, and compare both sides of it.

    `above`: density above that of clear lungs at the same place, since the outer lung is denser in everybody.
    """
    where = _places(lung)
    straight = _read(plane.density, where)
    over = _read(np.nan_to_num(above), where)
    ridge = _ridges(straight)
    path = _path(ridge[:, int(_FROM * _ACROSS) : int(_TO * _ACROSS)]) + int(_FROM * _ACROSS)
    rows = np.arange(len(path))
    cells = np.arange(_ACROSS)[None]
    # Clear of the line and of the chest wall, whose edges are texture too.
    outside = (cells > path[:, None] + _GAP) & (cells < 0.96 * _ACROSS)
    inside = (cells < path[:, None] - _GAP) & (cells >= path[:, None] - _GAP - 20)
    texture = np.abs(straight - _smooth(straight, 1.5))
    if outside.sum() < 40 or inside.sum() < 40:
        outside = cells > path[:, None]
        inside = ~outside
    spread = float(ridge.std()) or 1.0
    band = np.zeros(plane.density.shape, bool)
    at = np.rint(where).astype(int)
    band[at[0][outside], at[1][outside]] = True
    return PleuralLine(
        lung.side,
        float(ridge[rows, path].mean() / spread),
        float(np.median(texture[outside]) / max(float(np.median(texture[inside])), 1e-6)),
        float(np.median(over[inside]) - np.median(over[outside])),
        float(1 - path.mean() / _ACROSS),
        band,
    )


def _places(lung: LungPlane) -> NDArray[np.float64]:
    """Places (2, v, u) on the plane: the upper part of the lung, straightened."""
    last = int(lung.top + _DOWN * lung.height)
    rows = np.linspace(lung.top + 0.04 * lung.height, last, _ROWS)
    held = lung.field[np.rint(rows).astype(int)]
    first, end = held.argmax(axis=1), held.shape[1] - 1 - held[:, ::-1].argmax(axis=1)
    medial, lateral = (end, first) if lung.side is Side.RIGHT else (first, end)
    along = np.linspace(0, 1, _ACROSS)[None]
    across = medial[:, None] + along * (lateral - medial)[:, None]
    return np.stack([np.repeat(rows[:, None], _ACROSS, axis=1), across])


def _read(values: Values, where: NDArray[np.float64]) -> Values:
    from scipy.ndimage import map_coordinates  # noqa: PLC0415

    return np.asarray(map_coordinates(values, where, order=1, mode="nearest"), np.float32)


def _smooth(values: Values, sigma: float) -> Values:
    from scipy.ndimage import gaussian_filter  # noqa: PLC0415

    return np.asarray(gaussian_filter(values, sigma), np.float32)


def _ridges(straight: Values) -> Values:
    """Brighter than both sides across, evened out along: a line that runs down, not a rib that runs across."""
    from scipy.ndimage import gaussian_filter  # noqa: PLC0415

    return np.asarray(-gaussian_filter(straight, (5.0, 1.2), order=(0, 2)), np.float32)


def _path(ridge: Values) -> NDArray[np.intp]:
    """The way down of the greatest sum that moves at most `_STEP` cells a row (dynamic programming)."""
    total = ridge[0].astype(float)
    came = np.zeros(ridge.shape, np.intp)
    wide = ridge.shape[1]
    for row in range(1, len(ridge)):
        padded = np.pad(total, _STEP, constant_values=-np.inf)
        choices = np.stack([padded[shift : shift + wide] for shift in range(2 * _STEP + 1)])
        best = choices.argmax(axis=0)
        came[row] = np.arange(wide) + best - _STEP
        total = choices.max(axis=0) + ridge[row]
    path = np.empty(len(ridge), np.intp)
    path[-1] = int(total.argmax())
    for row in range(len(ridge) - 1, 0, -1):
        path[row - 1] = came[row, path[row]]
    return path
