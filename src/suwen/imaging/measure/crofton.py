"""Length of an outline and area of a surface by Crofton's formula: how often lines of a grid cross the border.

Unlike the surface of marching cubes, whose steps make it 5 to 10 % too large at any resolution, the estimate is right
on average over all directions. Lines in 13 (flat: 4) directions are weighed by the share of all directions that is
nearest to each (Lehmann and Legland, Insight Journal 2012), so spacing may differ by axis and the grid be sheared.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import SphericalVoronoi

from suwen.imaging.measure.frame import Mask, Numbers
from suwen.imaging.measure.tally import FLAT, SOLID, shifted

__all__ = ["perimeter", "surface"]


def perimeter(mask: Mask, plane: Numbers) -> float:
    """Length of the border of a flat mask with an empty rim."""
    steps = np.array(FLAT)[:, 1:] @ plane
    lengths = np.linalg.norm(steps, axis=1)
    turned = np.arctan2(steps[:, 1], steps[:, 0]) % np.pi
    order = np.argsort(turned)
    gaps = np.diff(np.append(turned[order], turned[order[0]] + np.pi))
    share = np.empty(len(steps))
    share[order] = (gaps + np.roll(gaps, 1)) / (2 * np.pi)
    crossings = _crossings(mask[None], FLAT)
    return float(np.pi / 2 * abs(np.linalg.det(plane)) * (share * crossings / lengths).sum())


def surface(mask: Mask, vectors: Numbers) -> float:
    """Area of the surface of a volume with an empty border."""
    steps = np.array(SOLID) @ vectors
    lengths = np.linalg.norm(steps, axis=1)
    points = np.concatenate([steps, -steps]) / np.tile(lengths, 2)[:, None]
    share = SphericalVoronoi(points).calculate_areas()[: len(steps)] / (2 * np.pi)
    return float(2 * abs(np.linalg.det(vectors)) * (share * _crossings(mask, SOLID) / lengths).sum())


def _crossings(mask: Mask, steps: tuple[tuple[int, int, int], ...]) -> Numbers:
    pairs = [shifted(mask, step) for step in steps]
    return np.array([np.count_nonzero(mask[here] != mask[there]) for here, there in pairs], dtype=np.float64)
