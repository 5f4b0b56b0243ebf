"""Regions of a heat map: its connected areas above a stated threshold, as boxes, the strongest first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from suwen.errors import InputError
from suwen.explain.maps.geometry import Box
from suwen.explain.maps.nouns import FloatMap

__all__ = ["Area", "areas"]


@dataclass(frozen=True, slots=True)
class Area:
    """One connected area: its box in voxels of the map, how many voxels it has, and the sum of their values."""

    box: Box
    voxels: int
    heat: float


def areas(values: FloatMap, *, threshold: float = 0.5, most: int = 3) -> tuple[Area, ...]:
    """At most `most` areas of at least `threshold` times the map's maximum, by heat; none where nothing is positive.

    Voxels hold together over faces, edges and corners.
    """
    if not 0 < threshold <= 1 or most < 1:
        raise InputError(
            f"a threshold lies in (0, 1] and at least one area is asked for, not {threshold} and {most}",
            zh=f"阈值在 (0, 1] 之内且至少一个区域，而非 {threshold} 和 {most}",
        )
    highest = float(values.max())
    if highest <= 0:
        return ()
    labels, count = ndimage.label(values >= threshold * highest, np.ones((3,) * values.ndim))
    found = [
        _area(values, labels == number, where)
        for number, where in zip(range(1, count + 1), ndimage.find_objects(labels), strict=True)
    ]
    return tuple(sorted(found, key=lambda area: -area.heat)[:most])


def _area(values: FloatMap, inside: np.ndarray, where: tuple[slice, ...]) -> Area:
    box = (tuple(int(side.start) for side in where), tuple(int(side.stop) for side in where))
    return Area(box, int(inside.sum()), float(values[inside].sum()))
