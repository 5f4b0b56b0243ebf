"""How far a measure varies when image and mask are disturbed a little: an interval and a coefficient of variation.

After Zwanenburg et al. (Sci Rep 2019;9:614): each repeat turns the image about the axis of its slices, moves it by a
part of a sample, adds noise, and moves the border of the mask in and out by a smooth random field, all at once. The
spread tells what delineation, position and noise alone would change; it is no confidence interval for disease.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from suwen.errors import InputError
from suwen.imaging.measure.frame import Frame, Mask, Numbers, frame_of, require_mask, require_values
from suwen.imaging.measure.nouns import Spread
from suwen.imaging.measure.region import measure
from suwen.subject.grid import Affine, Grid

__all__ = ["Disturbance", "perturbed"]

_ROOM = 9  # samples kept around the region: the normals of the margin need them
Describe = Callable[[Mask, Grid, Numbers | None], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Disturbance:
    """How much: `shift` (samples) and `turn` (degrees) are the most to each side; `border` (samples) and `noise`
    (intensity) are standard deviations. `noise` None: as much as the image itself has, judged by its finest detail.
    """

    shift: float = 0.5
    turn: float = 5.0
    border: float = 0.5
    noise: float | None = None


def perturbed(
    mask: NDArray[Any],
    grid: Grid,
    *,
    rng: np.random.Generator,
    values: NDArray[Any] | None = None,
    repeats: int = 30,
    by: Disturbance | None = None,
    describe: Describe | None = None,
) -> dict[str, Spread]:
    """Each measure with its interval; `value` is the measure undisturbed.

    `describe` says what is measured (mask, grid, values -> numbers by name); None: all numbers of `measure`. A measure
    that a repeat cannot give is left out of the spread of that repeat.

    Raises:
        InputError: as `measure`; or fewer than 2 repeats.

    """
    if repeats < 2:
        raise InputError("a spread needs at least 2 repeats", zh="离散度至少需要 2 次重复")
    region = require_mask(mask, grid)
    image = None if values is None else require_values(values, region)
    by, describe = by or Disturbance(), describe or _measured
    near = _near(region, grid, image)
    plain = describe(region, grid, image)
    rows = [dict(describe(*_once(near, by, rng))) for _ in range(repeats)]
    return {name: _spread(value, [row[name] for row in rows if name in row]) for name, value in plain.items()}


def _measured(mask: Mask, grid: Grid, values: Numbers | None) -> Mapping[str, float]:
    return measure(mask, grid, values=values).numbers()


@dataclass(frozen=True, slots=True, eq=False)
class _Near:
    """The box around a region: distance outside its border in samples, intensities, and the grid of the box."""

    distance: Numbers
    values: Numbers | None
    grid: Grid
    frame: Frame
    noise: float


def _near(region: Mask, grid: Grid, image: Numbers | None) -> _Near:
    used = [np.flatnonzero(region.any(axis=tuple(set(range(region.ndim)) - {axis}))) for axis in range(region.ndim)]
    low = [int(one[0]) - _ROOM for one in used]
    wide = [int(one[-1]) + 1 + _ROOM - first for one, first in zip(used, low, strict=True)]
    places = np.ix_(
        *(np.clip(np.arange(a, a + w), 0, side - 1) for a, w, side in zip(low, wide, region.shape, strict=True))
    )
    outside = [
        (np.arange(a, a + w) < 0) | (np.arange(a, a + w) >= side)
        for a, w, side in zip(low, wide, region.shape, strict=True)
    ]
    mask = region[places].copy()
    for axis, beyond in enumerate(outside):
        mask[(slice(None),) * axis + (beyond,)] = False  # what lies beyond the image is no part of the region
    values = None if image is None else image[places]
    if values is not None and not np.isfinite(values).all():
        raise InputError(
            "intensities beside the region are not finite numbers; mend the image before",
            zh="区域旁的强度不是有限数；请先修正图像",
        )
    frame = frame_of(grid)
    step = float(frame.cell ** (1 / region.ndim))
    sampling = frame.steps / step
    # Half a step: the border lies between the last sample inside and the first outside.
    inside, beyond_it = (ndimage.distance_transform_edt(one, sampling=sampling) for one in (mask, ~mask))
    distance = np.where(mask, 0.5 - inside, beyond_it - 0.5)
    return _Near(distance, values, _moved(grid, mask.shape, low), frame, _noise(values))


def _moved(grid: Grid, shape: tuple[int, ...], low: list[int]) -> Grid:
    affine: Affine | None = grid.affine
    if affine is not None:
        origin = grid.point(low)
        rows = [(*row[:3], place) for row, place in zip(affine[:3], origin, strict=True)]
        affine = (*rows, (0.0, 0.0, 0.0, 1.0))
    return Grid(shape, grid.spacing, grid.scale, affine)


def _noise(values: Numbers | None) -> float:
    """Standard deviation of noise, from second differences within slices (median, so that edges do not count)."""
    if values is None:
        return 0.0
    fine = np.diff(np.diff(values, n=2, axis=-1), n=2, axis=-2)
    return float(np.median(np.abs(fine)) / 0.6745 / 6) if fine.size else 0.0  # noise of 1 becomes 6: (1,-2,1) twice


def _once(near: _Near, by: Disturbance, rng: np.random.Generator) -> tuple[Mask, Grid, Numbers | None]:
    size = near.distance.ndim
    matrix = _turn(near.frame.vectors, np.deg2rad(rng.uniform(-by.turn, by.turn)))
    middle = (np.array(near.distance.shape) - 1) / 2
    offset = middle - matrix @ middle + rng.uniform(-by.shift, by.shift, size)
    how = {"matrix": matrix, "offset": offset, "order": 1, "mode": "nearest"}
    distance = ndimage.affine_transform(near.distance, **how) + _field(near.distance.shape, by.border, rng)
    mask = distance < 0
    if not mask.any():
        mask.flat[int(distance.argmin())] = True  # a region of one sample stays one
    if near.values is None:
        return mask, near.grid, None
    image = ndimage.affine_transform(near.values, **how)
    noise = near.noise if by.noise is None else by.noise
    return mask, near.grid, image + rng.normal(0.0, noise, image.shape)


def _turn(vectors: Numbers, angle: float) -> Numbers:
    """The turn in the plane of the slices, as a matrix of array indices."""
    if len(vectors) == 2:
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    else:
        axis = np.cross(vectors[1], vectors[2])
        x, y, z = axis / np.linalg.norm(axis)
        skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        turn = np.eye(3) + np.sin(angle) * skew + (1 - np.cos(angle)) * skew @ skew
    return np.asarray((vectors @ turn.T @ np.linalg.inv(vectors)).T, dtype=np.float64)


def _field(shape: tuple[int, ...], deviation: float, rng: np.random.Generator) -> Numbers:
    """A smooth random field: neighbours within about five samples move together, none by more than one sample."""
    field: Numbers = ndimage.gaussian_filter(rng.normal(size=shape), 3.0)
    return np.asarray(np.clip(field * (deviation / max(float(field.std()), 1e-12)), -1.0, 1.0))


def _spread(value: float, repeats: list[float]) -> Spread:
    known = np.array([one for one in repeats if np.isfinite(one)])
    if not len(known):
        return Spread(value, np.nan, np.nan, np.nan, np.nan, np.nan, 0)
    mean, deviation = float(known.mean()), float(known.std(ddof=1)) if len(known) > 1 else 0.0
    # A disturbed border is rougher and noise widens extremes: that bias is the method's own, so it is taken out.
    low, high = (value + float(one) - mean for one in np.percentile(known, (2.5, 97.5)))
    return Spread(value, mean, deviation, low, high, deviation / abs(mean) if mean else np.nan, len(known))
