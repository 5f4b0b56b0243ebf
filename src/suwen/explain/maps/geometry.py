"""Geometry: where the cells of a grid lie in the stored array, through crop, pad, resize, flip and turn, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError

__all__ = ["Box", "Geometry", "Outside", "place"]

Box = tuple[tuple[int, ...], tuple[int, ...]]  # low inclusive, high exclusive
_HAIR = 1e-6  # in cells: what rounding of floats may leave over


class Outside(Enum):
    """What stands where a grid does not reach: the nearest cell's value, or zero."""

    NEAREST = "nearest"
    ZERO = "zero"


@dataclass(frozen=True, slots=True)
class Geometry:
    """A grid of cells laid over a stored array, axis by axis.

    The cell with index i on axis a of the grid is centred at `start[a] + step[a] * i` on axis `axes[a]` of the stored
    array, in voxel indices, where 0 is the centre of the first voxel. A step of -1 is a flip. What a preprocessing did
    is written by `crop`, `pad`, `resize`, `flip` and `turn` in the order in which it was done.
    """

    stored: tuple[int, ...]
    shape: tuple[int, ...]
    start: tuple[float, ...]
    step: tuple[float, ...]
    axes: tuple[int, ...]

    @classmethod
    def of(cls, shape: Sequence[int]) -> Geometry:
        """The stored array itself, before anything was done to it."""
        size, n = tuple(int(side) for side in shape), len(shape)
        if not n or min(size) < 1:
            raise InputError(
                f"an image has at least one voxel on each axis, not {size}", zh=f"图像每轴至少一个体素，而非 {size}"
            )
        return cls(size, size, (0.0,) * n, (1.0,) * n, tuple(range(n)))

    def crop(self, low: Sequence[int], high: Sequence[int]) -> Geometry:
        """Keep the cells from `low` (inclusive) to `high` (exclusive)."""
        self._fits(low, high)
        if any(not 0 <= a < b <= n for a, b, n in zip(low, high, self.shape, strict=True)):
            raise InputError(
                f"a crop from {tuple(low)} to {tuple(high)} does not lie within {self.shape}",
                zh=f"从 {tuple(low)} 到 {tuple(high)} 的裁剪不在 {self.shape} 之内",
            )
        start = tuple(s + t * a for s, t, a in zip(self.start, self.step, low, strict=True))
        return replace(self, start=start, shape=tuple(b - a for a, b in zip(low, high, strict=True)))

    def pad(self, before: Sequence[int], after: Sequence[int]) -> Geometry:
        """Add cells before the first and after the last one of each axis."""
        self._fits(before, after)
        if min(*before, *after) < 0:
            raise InputError("padding cannot be negative; use crop", zh="填补不能为负；请用裁剪")
        start = tuple(s - t * a for s, t, a in zip(self.start, self.step, before, strict=True))
        shape = tuple(n + a + b for n, a, b in zip(self.shape, before, after, strict=True))
        return replace(self, start=start, shape=shape)

    def resize(self, shape: Sequence[int]) -> Geometry:
        """Lay `shape` cells over the same extent: the corners of the corner cells stay (align_corners=False)."""
        self._fits(shape)
        if min(shape) < 1:
            raise InputError(
                f"cannot resize to {tuple(shape)}: every side needs at least one cell",
                zh=f"无法缩放到 {tuple(shape)}：每边至少一格",
            )
        ratio = [old / new for old, new in zip(self.shape, shape, strict=True)]
        start = tuple(s + t * (r - 1) / 2 for s, t, r in zip(self.start, self.step, ratio, strict=True))
        step = tuple(t * r for t, r in zip(self.step, ratio, strict=True))
        return replace(self, start=start, step=step, shape=tuple(int(side) for side in shape))

    def flip(self, *axes: int) -> Geometry:
        """Reverse the order of the cells on these axes of the grid."""
        ends = [s + t * (n - 1) for s, t, n in zip(self.start, self.step, self.shape, strict=True)]
        start = tuple(ends[a] if a in axes else s for a, s in enumerate(self.start))
        return replace(self, start=start, step=tuple(-t if a in axes else t for a, t in enumerate(self.step)))

    def turn(self, axes: Sequence[int]) -> Geometry:
        """Reorder the axes as numpy.transpose does."""
        if sorted(axes) != list(range(len(self.shape))):
            raise InputError(
                f"{tuple(axes)} is no order of {len(self.shape)} axes",
                zh=f"{tuple(axes)} 不是 {len(self.shape)} 个轴的次序",
            )
        names = ("shape", "start", "step", "axes")
        return replace(self, **{name: tuple(getattr(self, name)[a] for a in axes) for name in names})

    def within(self, outer: Geometry) -> Geometry:
        """The same grid, seen from the stored array of `outer`, whose grid is this one's stored array."""
        if self.stored != outer.shape:
            raise InputError(
                f"a grid over {self.stored} does not lie in a grid of {outer.shape}",
                zh=f"{self.stored} 上的网格不在 {outer.shape} 的网格之内",
            )
        start = tuple(outer.start[a] + outer.step[a] * s for a, s in zip(self.axes, self.start, strict=True))
        step = tuple(outer.step[a] * t for a, t in zip(self.axes, self.step, strict=True))
        return Geometry(outer.stored, self.shape, start, step, tuple(outer.axes[a] for a in self.axes))

    def to_stored(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """Points (n, axes) in cells of the grid, in voxels of the stored array."""
        there = np.asarray(points, float) * self.step + self.start
        found = np.empty_like(there)
        found[..., list(self.axes)] = there
        return found

    def to_grid(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """Points (n, axes) in voxels of the stored array, in cells of the grid."""
        found: NDArray[np.float64] = (np.asarray(points, float)[..., list(self.axes)] - self.start) / self.step
        return found

    def box_to_stored(self, low: Sequence[int], high: Sequence[int]) -> Box | None:
        """The smallest box of stored voxels that holds a box of cells; None where it lies wholly in padding."""
        return _box(self.to_stored(np.array([low, high], float) - 0.5) + 0.5, self.stored)

    def box_to_grid(self, low: Sequence[int], high: Sequence[int]) -> Box | None:
        """The smallest box of cells that holds a box of stored voxels; None where it was cropped away."""
        return _box(self.to_grid(np.array([low, high], float) - 0.5) + 0.5, self.shape)

    def _fits(self, *given: Sequence[int]) -> None:
        if any(len(one) != len(self.shape) for one in given):
            raise InputError(
                f"{[tuple(one) for one in given]} does not have {len(self.shape)} axes",
                zh=f"{[tuple(one) for one in given]} 没有 {len(self.shape)} 个轴",
            )


def place(values: NDArray[Any], geometry: Geometry, *, outside: Outside = Outside.NEAREST) -> NDArray[np.float32]:
    """Values (*geometry.shape) interpolated linearly to the stored array (*geometry.stored), centre by centre.

    With a geometry made by `resize` this is torch's interpolate(mode="(bi|tri)linear", align_corners=False).
    """
    found = np.asarray(values, float)
    if found.shape != geometry.shape:
        raise InputError(
            f"values of shape {found.shape} do not fit a grid of {geometry.shape}",
            zh=f"形状为 {found.shape} 的数值与 {geometry.shape} 的网格不符",
        )
    for axis, (stored, start, step) in enumerate(zip(geometry.axes, geometry.start, geometry.step, strict=True)):
        weights = _weights(geometry.stored[stored], geometry.shape[axis], start, step, outside)
        found = np.moveaxis(np.tensordot(weights, found, (1, axis)), 0, axis)
    return np.moveaxis(found, range(found.ndim), geometry.axes).astype(np.float32)


def _weights(stored: int, cells: int, start: float, step: float, outside: Outside) -> NDArray[np.float64]:
    """Matrix (stored, cells): what each cell gives to each stored voxel."""
    at = (np.arange(stored) - start) / step
    held = np.clip(at, 0, cells - 1)
    lower = np.minimum(held.astype(int), max(cells - 2, 0))
    share = held - lower
    weights = np.zeros((stored, cells))
    rows = np.arange(stored)
    weights[rows, lower] = 1 - share
    weights[rows, np.minimum(lower + 1, cells - 1)] += share
    if outside is Outside.ZERO:
        weights[(at < -0.5 - _HAIR) | (at > cells - 0.5 + _HAIR)] = 0
    return weights


def _box(corners: NDArray[np.float64], shape: tuple[int, ...]) -> Box | None:
    # Outwards: a region named to a reader never leaves out a voxel that was measured.
    low = np.maximum(np.floor(corners.min(0) + _HAIR), 0).astype(int)
    high = np.minimum(np.ceil(corners.max(0) - _HAIR), shape).astype(int)
    return None if np.any(low >= high) else (tuple(low.tolist()), tuple(high.tolist()))
