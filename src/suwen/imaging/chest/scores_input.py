"""What the learned scores see of a radiograph: the lungs, laid upon each other, their grey values made alike by rank.

Nothing outside the lungs' own box is seen: no burnt-in letters, no edges of the cassette, not where the patient stood.
Ranks take away the tone curve and the small square the grain; both tell the maker and the year of a radiograph, and in
NIH ChestX-ray14 with them much of the label (see the card of `chest`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.imaging.chest.anatomy_input import Frame, resampled
from suwen.imaging.chest.anatomy_network import chances

__all__ = ["SIDE", "Box", "Lungs", "lay_lungs", "lungs_box", "ranked", "spread_back"]

Grey = NDArray[np.float32]

SIDE = 128  # samples of the square that the lungs fill
_STORED = 320  # pixels a side to which any image is brought first: as large as those learned from
_ABOVE, _BESIDE = 0.10, 0.07  # what is seen around the lungs, as shares of their height and width
_LEAST = (80, 100)  # rows and columns of _STORED that lungs fill at least
_USUAL = (40.0, 250.0, 40.0, 280.0)  # where lungs usually lie, for images in which no outline is found
_GRAIN = 0.5  # of 255 grey levels: what decides between samples of the same value


@dataclass(frozen=True, slots=True)
class Box:
    """Top, bottom, left and right of the lungs and a little around them, as shares of the image's sides."""

    top: float
    bottom: float
    left: float
    right: float


@dataclass(frozen=True, slots=True, eq=False)
class Lungs:
    """Ranks (SIDE, SIDE) of the grey values in `box`, 0 to 1, and how surely each sample is right or left lung."""

    rank: Grey
    right: Grey
    left: Grey
    box: Box


def lay_lungs(values: NDArray[np.generic]) -> Lungs:
    """A frontal radiograph (rows, columns) as the learned scores see it.

    Raises:
        InputError: the image is too small, shows nothing, or holds values that are not finite.
        MissingExtraError: PyTorch is not installed.

    """
    found, frame = chances(values)
    fields = np.stack([_squared(one, frame) for one in found[1:3]])
    grey = resampled(values, (_STORED, _STORED))
    low, high = float(grey.min()), float(grey.max())
    if not high > low:
        raise InputError("the image shows nothing: all its pixels have the same value", zh="图像无内容：所有像素值相同")
    box = lungs_box(fields.sum(0) > 0.5)
    right, left = (_cut(one, box) for one in fields)
    return Lungs(ranked(_cut((grey - low) * (255 / (high - low)), box)), right, left, box)


def lungs_box(inside: NDArray[np.bool_]) -> Box:
    """The box around lungs (rows, columns of the same square), without the outermost hundredth of their area."""
    top, bottom = _ends(inside.sum(1))
    left, right = _ends(inside.sum(0))
    if bottom - top < _LEAST[0] or right - left < _LEAST[1]:
        top, bottom, left, right = _USUAL
    down, across = _ABOVE * (bottom - top), _BESIDE * (right - left)
    side = float(_STORED)
    return Box((top - down) / side, (bottom + down) / side, (left - across) / side, (right + across) / side)


def ranked(grey: Grey) -> Grey:
    """Each sample's rank among all, 0 to 1; between equals a fixed pattern of grain decides."""
    grain = np.random.default_rng(0).random(grey.shape, np.float32) * np.float32(_GRAIN)
    order = np.argsort(grey + grain, axis=None, kind="stable")
    rank = np.empty(grey.size, np.float32)
    rank[order] = np.linspace(0, 1, grey.size, dtype=np.float32)
    return rank.reshape(grey.shape)


def spread_back(small: Grey, box: Box, shape: tuple[int, int]) -> Grey:
    """A map of the box (rows, columns, any size) on the grid of the image (bilinear), 0 outside the box."""
    rows = (np.arange(shape[0]) + 0.5) / shape[0]
    columns = (np.arange(shape[1]) + 0.5) / shape[1]
    down = (rows - box.top) / (box.bottom - box.top) * small.shape[0] - 0.5
    across = (columns - box.left) / (box.right - box.left) * small.shape[1] - 0.5
    found = _between(_between(small, down).T, across).T
    found[(down < -0.5) | (down > small.shape[0] - 0.5)] = 0
    found[:, (across < -0.5) | (across > small.shape[1] - 0.5)] = 0
    return np.ascontiguousarray(found, np.float32)


def _between(values: Grey, at: NDArray[np.float64]) -> Grey:
    """Rows of `values` at places between them."""
    held = np.clip(at, 0, len(values) - 1)
    low = np.minimum(held.astype(int), max(len(values) - 2, 0))
    share = (held - low)[:, None].astype(np.float32)
    return np.asarray(values[low] * (1 - share) + values[np.minimum(low + 1, len(values) - 1)] * share, np.float32)


def _squared(chance: Grey, frame: Frame) -> Grey:
    """Probabilities of the anatomy's square, on the image brought to _STORED a side."""
    inside = chance[frame.top : frame.top + frame.rows, frame.left : frame.left + frame.columns]
    return resampled(inside, (_STORED, _STORED))


def _cut(square: Grey, box: Box) -> Grey:
    """The box of a (_STORED, _STORED) square as (SIDE, SIDE): twice as fine by interpolation, then means of four."""
    fine = 2 * SIDE
    places = (np.arange(fine) + 0.5) / fine
    down = (box.top + places * (box.bottom - box.top)) * _STORED - 0.5
    across = (box.left + places * (box.right - box.left)) * _STORED - 0.5
    cut = _between(_between(square, down).T, across).T
    return np.ascontiguousarray(cut.reshape(SIDE, 2, SIDE, 2).mean((1, 3)), np.float32)


def _ends(counts: NDArray[np.int64]) -> tuple[float, float]:
    share = np.cumsum(counts) / max(int(counts.sum()), 1)
    return float(np.searchsorted(share, 0.01)), float(np.searchsorted(share, 0.99))
