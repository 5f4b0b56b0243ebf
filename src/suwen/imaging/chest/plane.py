"""The plane a chest radiograph is read on: lungs 224 samples high, density from clear lung to heart, lung coordinates.

Everything measured for shadows is measured here, so that it means the same at every resolution, and costs the same.
Lung coordinates of a place in a lung: v from the apex (0) to the base (1), u from the medial (0) to the lateral border
(1) of its row; so both lungs, and the lungs of different people, lie upon each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from suwen.imaging.chest.nouns import Anatomy, Mask, Side
from suwen.subject import Grid

__all__ = ["HEIGHT", "LungPlane", "Plane", "Values", "lay", "level", "spread"]

HEIGHT = 224  # samples from the highest apex to the lowest base: about a millimetre each in an adult
_MARGIN = 0.08  # around the lungs, as a share of their height
_LEAST = 24  # pixels of height below which lungs cannot be read

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class LungPlane:
    """One lung on the plane. `field` is its mask with the notches that dense shadows leave in it filled.

    `u`, `v` (rows, columns) are lung coordinates, NaN outside `field`. `height`, `width` in samples.
    """

    side: Side
    mask: Mask
    field: Mask
    u: Values
    v: Values
    top: int
    bottom: int

    @property
    def height(self) -> int:
        """Rows from apex to base."""
        return self.bottom - self.top + 1


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """The plane (rows, columns) over the lungs of one image. Empty `lungs` where there are none to read.

    `density`: 0 the clearest tenth of the lungs, 1 the heart of the same image. `origin` and `step` (rows, columns)
    take a place here to pixels of the image: origin + step * index is the centre of the sample, in pixels. `mm` is the
    size of a sample, or None. `pixels_high` is the height of the lungs in pixels of the image.
    """

    density: Values
    lungs: tuple[LungPlane, ...]
    heart: Mask
    mediastinum: Mask
    origin: tuple[float, float]
    step: tuple[float, float]
    mm: tuple[float, float] | None
    shape: tuple[int, int]
    pixels_high: int

    @property
    def lung_height(self) -> int:
        """Height (samples) of the higher lung."""
        return max((one.height for one in self.lungs), default=HEIGHT)

    def lung(self, side: Side) -> LungPlane | None:
        """The lung of a side, or None where it was not found."""
        return next((one for one in self.lungs if one.side is side), None)

    def full(self, mask: Mask) -> Mask:
        """A mask of the plane on the grid of the image (nearest sample)."""
        found = np.zeros(self.shape, bool)
        rows, across = (self._back(axis) for axis in (0, 1))
        where = np.ix_(rows[1], across[1])
        found[where] = mask[np.ix_(rows[0], across[0])]
        return found

    def _back(self, axis: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Sample nearest to each pixel along an axis, and those pixels."""
        pixels = np.arange(self.shape[axis])
        nearest = np.rint((pixels - self.origin[axis]) / self.step[axis]).astype(np.intp)
        inside = (nearest >= 0) & (nearest < self.density.shape[axis])
        return nearest[inside], pixels[inside].astype(np.intp)

    def box(self, mask: Mask) -> tuple[tuple[int, int], tuple[int, int]]:
        """Smallest box (low inclusive, high exclusive) of pixels of the image around a mask of the plane."""
        low, high = [], []
        for axis in (0, 1):
            held = np.flatnonzero(mask.any(axis=1 - axis))
            first = self.origin[axis] + self.step[axis] * (held[0] - 0.5)
            last = self.origin[axis] + self.step[axis] * (held[-1] + 0.5)
            low.append(max(0, int(np.ceil(first))))
            high.append(min(self.shape[axis], max(low[-1] + 1, int(np.floor(last)) + 1)))
        return (low[0], low[1]), (high[0], high[1])


def lay(values: Values, grid: Grid, anatomy: Anatomy) -> Plane:
    """Lay the plane over the lungs of a radiograph. `values` (rows, columns): greater is brighter."""
    masks = (anatomy.right_lung, anatomy.left_lung)
    held = anatomy.lungs
    rows, across = np.flatnonzero(held.any(axis=1)), np.flatnonzero(held.any(axis=0))
    shape = cast("tuple[int, int]", values.shape)
    if not len(rows) or rows[-1] - rows[0] < _LEAST or across[-1] - across[0] < _LEAST:
        return _nothing(shape)
    high = int(rows[-1] - rows[0] + 1)
    pad = round(_MARGIN * high)
    box = [
        (max(0, int(one[0]) - pad), min(end, int(one[-1]) + pad + 1))
        for one, end in zip((rows, across), shape, strict=True)
    ]
    step, size = _steps(high, box, grid)
    index = [
        np.clip(start + (np.arange(count) + 0.5) * by - 0.5, 0, end - 1)
        for (start, _), by, count, end in zip(box, step, size, shape, strict=True)
    ]
    small = _reduced(values, box, step, index)
    near = np.ix_(*(np.rint(one).astype(np.intp) for one in index))
    lungs = tuple(
        one
        for side, mask in zip((Side.RIGHT, Side.LEFT), masks, strict=True)
        if (one := _lung(side, mask[near], anatomy.mediastinum[near])) is not None
    )
    heart, mediastinum = anatomy.heart[near], anatomy.mediastinum[near]
    density = _density(small, lungs, heart, mediastinum)
    mm = None if grid.spacing is None else (grid.spacing[-2] * step[0], grid.spacing[-1] * step[1])
    origin = (float(box[0][0] + 0.5 * step[0] - 0.5), float(box[1][0] + 0.5 * step[1] - 0.5))
    return Plane(density, lungs, heart, mediastinum, origin, step, mm, shape, high)


def _nothing(shape: tuple[int, int]) -> Plane:
    empty = np.zeros((1, 1), bool)
    return Plane(np.zeros((1, 1), np.float32), (), empty, empty, (0.0, 0.0), (1.0, 1.0), None, shape, 0)


def _steps(high: int, box: list[tuple[int, int]], grid: Grid) -> tuple[tuple[float, float], tuple[int, int]]:
    """Pixels a sample, rows and columns; samples are square in millimetres where pixels are not."""
    by = high / HEIGHT
    across = by if grid.spacing is None else by * grid.spacing[-2] / grid.spacing[-1]
    size = [max(1, round((end - start) / one)) for (start, end), one in zip(box, (by, across), strict=True)]
    return (by, across), (size[0], size[1])


def _reduced(
    values: Values, box: list[tuple[int, int]], step: tuple[float, float], index: list[NDArray[np.float64]]
) -> Values:
    """Means over whole blocks first, so that no pixel is left out, then linear in between."""
    from scipy.ndimage import map_coordinates  # noqa: PLC0415

    (top, bottom), (left, right) = box
    down, over = (max(1, int(one)) for one in step)
    high, wide = (bottom - top) // down * down, (right - left) // over * over
    cut = values[top : top + high, left : left + wide]
    blocks = cut.reshape(high // down, down, wide // over, over).mean(axis=(1, 3), dtype=np.float32)
    rows = (index[0] - top + 0.5) / down - 0.5
    across = (index[1] - left + 0.5) / over - 0.5
    where = np.meshgrid(rows, across, indexing="ij")
    return np.asarray(map_coordinates(blocks, where, order=1, mode="nearest"), np.float32)


def _lung(side: Side, mask: Mask, mediastinum: Mask) -> LungPlane | None:
    rows = np.flatnonzero(mask.any(axis=1))
    if len(rows) < _LEAST or mask.sum() < _LEAST**2:
        return None
    field = _hull(mask) & ~mediastinum | mask
    top, bottom = int(rows[0]), int(rows[-1])
    high, wide = mask.shape
    across = np.arange(wide)
    held = field.any(axis=1)
    first, last = field.argmax(axis=1), wide - 1 - field[:, ::-1].argmax(axis=1)
    medial, lateral = (last, first) if side is Side.RIGHT else (first, last)
    span = np.where(held, lateral - medial, 1)
    span = np.where(span == 0, 1, span)
    u = ((across[None, :] - medial[:, None]) / span[:, None]).astype(np.float32)
    v = np.repeat(((np.arange(high) - top) / max(1, bottom - top)).astype(np.float32)[:, None], wide, axis=1)
    return LungPlane(side, mask, field, np.where(field, u, np.nan), np.where(field, v, np.nan), top, bottom)


def _hull(mask: Mask) -> Mask:
    """Convex hull of a mask, row by row between its outermost edges."""
    from scipy.spatial import ConvexHull  # noqa: PLC0415

    rows = np.flatnonzero(mask.any(axis=1))
    first, last = mask[rows].argmax(axis=1), mask.shape[1] - 1 - mask[rows, ::-1].argmax(axis=1)
    points = np.concatenate([np.stack([rows, first], 1), np.stack([rows, last], 1)]).astype(float)
    if np.ptp(points[:, 1]) < 1:
        return mask
    sides = ConvexHull(points).equations
    high, wide = np.indices(mask.shape, dtype=np.float32)
    inside = np.ones(mask.shape, bool)
    for down, over, away in sides:
        inside &= down * high + over * wide + away <= 1e-3
    return inside


def _density(small: Values, lungs: tuple[LungPlane, ...], heart: Mask, mediastinum: Mask) -> Values:
    """Grey values with the clearest tenth of the lungs at 0 and the heart (else the mediastinum) at 1."""
    inside = np.any([one.mask for one in lungs], axis=0) if lungs else np.ones(small.shape, bool)
    lung = small[inside]
    dense = heart if heart.sum() > _LEAST else mediastinum
    white = float(np.median(small[dense])) if dense.sum() > _LEAST else float(np.quantile(small, 0.9))
    clear = float(np.quantile(lung, 0.1)) if lung.size else 0.0
    if white <= clear:
        # A heart no brighter than the lungs is no reference; the brightest of the image is.
        white = max(float(np.quantile(small, 0.98)), clear + 1e-6)
    return np.asarray((small - clear) / (white - clear), np.float32)


def level(density: Values, inside: Mask, sigma: float) -> Values:
    """Mean density around each place (Gaussian, sigma in samples), counting only what lies `inside`."""
    from scipy.ndimage import gaussian_filter  # noqa: PLC0415

    weight = gaussian_filter(inside.astype(np.float32), sigma, truncate=3.0)
    total = gaussian_filter(np.where(inside, density, 0).astype(np.float32), sigma, truncate=3.0)
    return np.asarray(total / np.maximum(weight, 1e-3), np.float32)


def spread(table: Values, lung: LungPlane) -> Values:
    """A table over lung coordinates (v, u) spread over the plane, linear in between; NaN outside the field."""
    from scipy.ndimage import map_coordinates  # noqa: PLC0415

    rows, across = table.shape
    found = np.full(lung.field.shape, np.nan, np.float32)
    where = [lung.v[lung.field] * rows - 0.5, lung.u[lung.field] * across - 0.5]
    found[lung.field] = map_coordinates(table, where, order=1, mode="nearest")
    return found
