"""Volumes brought to another number of samples: linear or cubic, whole extents kept, thick slices treated apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from suwen.errors import MissingExtraError

__all__ = ["ANISOTROPIC", "called", "new_shape", "resampled"]

ANISOTROPIC = 3.0  # spacings further apart than this: slices are resampled in plane, and the nearest is taken across
Floats = NDArray[np.float32]


def new_shape(shape: Sequence[int], spacing: Sequence[float], wanted: Sequence[float]) -> tuple[int, ...]:
    """Samples an axis after resampling from one spacing (mm) to another; at least one."""
    return tuple(max(1, round(n * a / b)) for n, a, b in zip(shape, spacing, wanted, strict=True))


def resampled(
    values: Floats, shape: Sequence[int], spacings: Sequence[Sequence[float]], *, order: int, across: int = 0
) -> Floats:
    """Bring each channel of `values` (channels, slices, rows, columns) to `shape`: extents stay, borders are repeated.

    `spacings` are those before and after (mm). Where one of them is anisotropic (more than three to one) along one
    axis, planes are resampled with a spline of `order`, and along that axis with `across` (0 nearest, 1 linear).
    This is how nnU-Net resamples (Isensee 2021, Nature Methods 18:203, supplementary note 2).
    """
    if tuple(values.shape[1:]) == tuple(shape):
        return values
    axis = _thick(spacings)
    return np.stack([_one(channel, tuple(shape), order, axis, across) for channel in values])


def called(
    answers: Floats,
    shape: Sequence[int],
    spacings: Sequence[Sequence[float]],
    regions: Sequence[int] = (),
    *,
    order: int = 1,
    across: int = 0,
) -> NDArray[np.uint16]:
    """Labels of the size `shape` from raw answers (outputs, *spatial), one output brought to that size at a time.

    Without `regions` the greatest output counts, its number being the label; with them each output above 0 (a sigmoid
    above one half) writes its label over what earlier ones wrote.
    """
    found, best = np.zeros(tuple(shape), np.uint16), np.full(tuple(shape), -np.inf, np.float32)
    for at in range(len(answers)):
        one = resampled(answers[at : at + 1], shape, spacings, order=order, across=across)[0]
        if regions:
            found[one > 0] = regions[at]
            continue
        better = one > best
        found[better] = at
        np.maximum(best, one, out=best)
    return found


def _thick(spacings: Sequence[Sequence[float]]) -> int | None:
    """The axis with thick slices, where exactly one is."""
    for spacing in spacings:
        if max(spacing) / min(spacing) > ANISOTROPIC:
            widest = [axis for axis, one in enumerate(spacing) if one == max(spacing)]
            return widest[0] if len(widest) == 1 else None
    return None


def _one(values: Floats, shape: tuple[int, ...], order: int, axis: int | None, across: int) -> Floats:
    if axis is None:
        return _zoomed(values, shape, order)
    plane = tuple(n for at, n in enumerate(shape) if at != axis)
    planes = [_zoomed(one, plane, order) for one in np.moveaxis(values, axis, 0)]
    stacked = np.moveaxis(np.stack(planes), 0, axis)
    return stacked if stacked.shape == shape else _zoomed(stacked, shape, across)


def _zoomed(values: Floats, shape: tuple[int, ...], order: int) -> Floats:
    try:
        from scipy.ndimage import zoom  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("scipy", "imaging") from error
    if values.shape == shape:
        return values
    factors = [after / before for after, before in zip(shape, values.shape, strict=True)]
    found = zoom(values.astype(np.float64), factors, order=order, mode="nearest", grid_mode=True)
    if order > 1:  # a spline overshoots; what was not there is not added
        np.clip(found, values.min(), values.max(), out=found)
    single: Floats = found.astype(np.float32)
    return single
