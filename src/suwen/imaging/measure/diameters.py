"""Diameters as a radiologist draws them: the longest in a slice, the longest chord across it, the longest of all.

A diameter runs from border to border, and the border of a mask lies half a step outside the centres of its samples, so
a row of n samples is n steps long. RECIST 1.1 (Eisenhauer, Eur J Cancer 2009;45:228) measures the longest diameter in
the plane of the slices and the short axis at a right angle to it; Lung-RADS 2022 takes the mean of both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from suwen.imaging.measure.extremes import outermost
from suwen.imaging.measure.frame import Mask, Numbers
from suwen.imaging.measure.mesh import outline
from suwen.imaging.measure.shape import farthest

__all__ = ["Line", "across", "longest_in_slice", "plane_of", "widest"]

Line = tuple[float, Numbers, Numbers]  # length, and its two ends in array indices
_LINES = 256  # lines tried in one go when the longest chord is searched
_EQUALS = 8  # equally long diameters that are looked at: a disc has many
_MOST = 2000  # corners tried; an outline with more is ragged, and its chord then right to a small part of a sample


def plane_of(vectors: Numbers) -> Numbers:
    """Two axes of a slice (rows, columns) in true lengths within its own plane: a 2 by 2 matrix."""
    if vectors.shape == (2, 2):
        return vectors
    down, along = vectors[1], vectors[2]
    unit = along / np.linalg.norm(along)
    rest = down - (down @ unit) * unit
    return np.array([[down @ unit, np.linalg.norm(rest)], [np.linalg.norm(along), 0.0]])


def longest_in_slice(mask: Mask, plane: Numbers) -> tuple[int, Line, Line]:
    """The slice with the longest diameter of a volume with an empty border, that diameter, and the chord across it.

    Of slices with equally long diameters the one with the greatest area, of equally long diameters of a slice the one
    with the longest chord across is taken: no turn of the array changes the choice.
    """
    points = outermost(mask, within=True)
    slices, first = np.unique(points[:, 0].astype(np.int64), return_index=True)
    parts = np.split(points[:, 1:], first[1:])
    most = _at_most(points[:, 1:] @ plane, first)
    best: tuple[float, int, int, list[Line]] = (0.0, 0, -1, [])
    for number in np.argsort(-most, kind="stable"):
        if most[number] < best[0]:
            break
        lines = _longest(ConvexHull(parts[number]), plane)
        found = (round(lines[0][0], 9), int(np.count_nonzero(mask[slices[number]])), int(slices[number]), lines)
        if found[:2] > best[:2]:
            best = found
    pairs = [(line, across(mask[best[2]], line, plane)) for line in best[3]]
    long, short = max(pairs, key=lambda pair: round(pair[1][0], 9))
    return best[2], long, short


def _longest(hull: ConvexHull, plane: Numbers) -> list[Line]:
    """The longest lines between two corners of a flat hull, at most `_EQUALS` of equal length."""
    corners = hull.points[hull.vertices]
    true = corners @ plane
    far = np.triu(np.linalg.norm(true[:, None] - true[None, :], axis=2))
    pairs = np.argwhere(far >= far.max() * (1 - 1e-12))[:_EQUALS]
    return [(float(far[one, other]), corners[one], corners[other]) for one, other in pairs]


def _at_most(points: Numbers, first: NDArray[np.int64]) -> Numbers:
    """A bound of the diameter of each group of points: it lies within a 16th of a half turn of one of 8 widths."""
    angles = np.arange(8) * np.pi / 8
    along = points @ np.array([np.cos(angles), np.sin(angles)])
    widths = np.maximum.reduceat(along, first) - np.minimum.reduceat(along, first)
    return np.asarray(widths.max(axis=1) / np.cos(np.pi / 16) * (1 + 1e-9))


def widest(hull: ConvexHull, vectors: Numbers) -> Line:
    """The longest line between two corners of a hull given in array indices: an affine map keeps its corners."""
    corners = hull.points[hull.vertices]
    length, one, other = farthest(corners @ vectors)
    return length, corners[one], corners[other]


def across(mask: Mask, line: Line, plane: Numbers) -> Line:
    """The longest chord of a flat mask at a right angle to `line` that runs inside the region all its way."""
    pieces = outline(mask) @ plane
    along = (line[2] - line[1]) @ plane
    along /= np.linalg.norm(along)
    turn = np.stack([along, [-along[1], along[0]]], axis=1)
    pieces = pieces @ turn  # first coordinate along the line, second across
    corners = np.unique(pieces[:, :, 0].round(9))
    corners = corners[:: -(-len(corners) // _MOST)]
    gap = 1e-9 * max(1e-12, float(np.ptp(corners)))
    # The length of a chord changes evenly between corners, so its greatest value lies beside one.
    best = max((_chord(pieces, tries) for tries in _blocks(corners, gap)), key=lambda one: one[0])
    ends = np.array([[best[3], best[1]], [best[3], best[2]]]) @ turn.T @ np.linalg.inv(plane)
    return best[0], ends[0], ends[1]


def _blocks(corners: Numbers, gap: float) -> list[Numbers]:
    tries = np.concatenate([corners + gap, corners - gap])
    return np.array_split(tries, max(1, len(tries) // _LINES))


def _chord(pieces: Numbers, tries: Numbers) -> tuple[float, float, float, float]:
    """Length, both ends and place of the longest chord on the lines `tries`; -1 where none meets the region."""
    before, after = pieces[:, 0, 0], pieces[:, 1, 0]
    meets = (before[None, :] - tries[:, None]) * (after[None, :] - tries[:, None]) < 0
    row, piece = np.nonzero(meets)
    if not len(row):
        return -1.0, 0.0, 0.0, 0.0
    share = (tries[row] - before[piece]) / (after[piece] - before[piece])
    height = pieces[piece, 0, 1] + share * (pieces[piece, 1, 1] - pieces[piece, 0, 1])
    order = np.lexsort((height, row))
    row, height = row[order], height[order]
    length = height[1::2] - height[::2]  # a closed outline is met an even number of times by each line
    place = int(length.argmax())
    return float(length[place]), float(height[2 * place]), float(height[2 * place + 1]), float(tries[row[2 * place]])
