"""Preparing a region as IBSI 1 asks: interpolation, rounding, re-segmentation, discretisation (manual, chapter 2)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from suwen.errors import InputError
from suwen.imaging.measure.frame import Mask, Numbers
from suwen.imaging.measure.nouns import Bins, Settings

__all__ = ["Prepared", "levels_of", "prepare"]

MOST_LEVELS = 4096  # texture of more grey levels than this says nothing and fills the memory
PEAK_REACH = 8.0  # mm kept around the region: the sphere of the local peak has a radius of 6.2 mm


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A region ready for features: arrays of one box (slice, row, column) with one empty sample around `shape`.

    `shape` is the morphological mask, `part` the intensity mask (re-segmented), `image` marks the samples that lie in
    the image, `vectors` the axes in mm.
    """

    values: Numbers
    shape: Mask
    part: Mask
    image: Mask
    vectors: Numbers


def prepare(values: Numbers, mask: Mask, vectors: Numbers, settings: Settings) -> Prepared:
    """Interpolate, round and re-segment.

    Raises InputError where nothing of the region is left, or where intensities beside it are not numbers.
    """
    box = _box(mask, vectors, settings)
    near, region = values[box], mask[box]
    if not np.isfinite(near).all():
        raise InputError(
            "intensities near the region are not finite numbers; fill or crop them before",
            zh="区域附近的强度不是有限数；请先填补或裁剪",
        )
    if settings.spacing is not None:
        near, region, vectors = _resampled(near, region, vectors, box, mask.shape, settings)
    if settings.rounded:
        near = np.floor(near + 0.5)
    if not region.any():
        raise InputError(
            "the region vanished by interpolation; choose a smaller spacing", zh="区域在插值后消失；请选较小的间距"
        )
    part = _resegmented(near, region, settings)
    if not part.any():
        raise InputError(
            "no sample of the region has an intensity within the range of the settings",
            zh="区域内没有采样点的强度在设定范围之内",
        )
    image = np.pad(np.ones(near.shape, dtype=np.bool_), 1)
    return Prepared(np.pad(near, 1), np.pad(region, 1), np.pad(part, 1), image, vectors)


def _box(mask: Mask, vectors: Numbers, settings: Settings) -> tuple[slice, ...]:
    box = []
    rim = 13 if settings.cubic else 3
    for axis, step in enumerate(np.linalg.norm(vectors, axis=1)):
        used = np.flatnonzero(mask.any(axis=tuple(set(range(3)) - {axis})))
        reach = math.ceil(PEAK_REACH / step) + rim
        box.append(slice(max(0, int(used[0]) - reach), min(mask.shape[axis], int(used[-1]) + 1 + reach)))
    return tuple(box)


def _resampled(
    near: Numbers, region: Mask, vectors: Numbers, box: tuple[slice, ...], whole: tuple[int, ...], settings: Settings
) -> tuple[Numbers, Mask, Numbers]:
    """On the new grid, its centre laid on the centre of the old one (IBSI 1 manual 2.4: grid aligned by centre)."""
    steps, starts, sides = [], [], []
    spacing = np.linalg.norm(vectors, axis=1)
    for axis, wanted in enumerate(settings.spacing or ()):
        step = 1.0 if wanted is None else wanted / spacing[axis]
        count = math.ceil(round(whole[axis] / step, 4))
        start = ((whole[axis] - 1) - (count - 1) * step) / 2
        first = 0 if box[axis].start == 0 else math.ceil((box[axis].start - start) / step)
        last = count - 1 if box[axis].stop == whole[axis] else math.floor((box[axis].stop - 1 - start) / step)
        steps.append(step)
        starts.append(start + first * step - box[axis].start)
        sides.append(max(1, last - first + 1))
    order = 3 if settings.cubic else 1
    kept = {"offset": starts, "output_shape": tuple(sides), "mode": "nearest"}
    image = ndimage.affine_transform(near, np.array(steps), order=order, **kept)
    share = ndimage.affine_transform(region.astype(np.float64), np.array(steps), order=1, **kept)
    return image, share >= 0.5 - 1e-9, vectors * np.array(steps)[:, None]


def _resegmented(values: Numbers, region: Mask, settings: Settings) -> Mask:
    part = region.copy()
    if settings.limits is not None:
        part &= (values >= settings.limits[0]) & (values <= settings.limits[1])
    if settings.outliers is not None and part.any():
        inside = values[part]
        reach = settings.outliers * inside.std()
        part &= np.abs(values - inside.mean()) <= reach
    return part


def levels_of(inside: Numbers, bins: Bins, lowest: float | None) -> NDArray[np.int64]:
    """Grey levels from 1: a fixed number of bins between the extremes, or bins of a fixed width from `lowest` on.

    `lowest` is the lower limit of the re-segmentation; None: the least intensity (IBSI 1 manual 2.7).
    """
    least, most = float(inside.min()), float(inside.max())
    if bins.count is not None:
        if most == least:
            return np.ones(inside.shape, dtype=np.int64)
        share = (inside - least) / (most - least)
        return np.minimum(np.floor(bins.count * share).astype(np.int64) + 1, bins.count)
    width = bins.width or 1.0
    levels = np.floor((inside - (least if lowest is None else lowest)) / width).astype(np.int64) + 1
    if levels.max() > MOST_LEVELS:
        raise InputError(
            f"bins of {width} make {levels.max()} grey levels; choose wider bins, at most {MOST_LEVELS}",
            zh=f"宽度 {width} 的分箱产生 {levels.max()} 个灰度级；请加宽，最多 {MOST_LEVELS} 级",
        )
    return levels
