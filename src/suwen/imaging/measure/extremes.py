"""The few border points of a mask that can be corners of its convex hull, so that hulls and diameters are quick."""

from __future__ import annotations

import numpy as np

from suwen.imaging.measure.frame import Mask, Numbers

__all__ = ["outermost"]


def outermost(mask: Mask, *, within: bool = False) -> Numbers:
    """Border points (midpoints between neighbours) that can be corners of the hull, in array indices.

    Of each line along an axis only both ends can, and of these no end that lies between or inside its two neighbours.
    `within`: corners of the hull of each slice, in the order of the slices. The mask has an empty border.
    """
    axes = range(1, mask.ndim) if within else range(mask.ndim)
    found = np.concatenate([_ends(mask, axis, within) for axis in axes])
    return found[np.argsort(found[:, 0], kind="stable")] if within else found


def _ends(mask: Mask, axis: int, within: bool) -> Numbers:
    lines = np.moveaxis(mask, axis, -1)
    used: Mask = np.asarray(lines.any(axis=-1))
    first = lines.argmax(axis=-1) - 0.5
    last = lines.shape[-1] - 0.5 - lines[..., ::-1].argmax(axis=-1)
    across = range(1, used.ndim) if within else range(used.ndim)
    found = []
    for ends, sign in ((first, 1), (last, -1)):
        kept = used.copy()
        for one in across:
            kept &= ~_between(ends * sign, used, one)
        found.append(np.insert(np.argwhere(kept).astype(np.float64), axis, ends[kept], axis=1))
    return np.concatenate(found)


def _between(ends: Numbers, used: Mask, axis: int) -> Mask:
    """Where an end lies on, or inside, the line between the ends beside it."""
    height, known = np.moveaxis(ends, axis, 0), np.moveaxis(used, axis, 0)
    found = np.zeros(height.shape, dtype=np.bool_)
    found[1:-1] = known[:-2] & known[2:] & (2 * height[1:-1] >= height[:-2] + height[2:])
    return np.moveaxis(found, 0, axis)
