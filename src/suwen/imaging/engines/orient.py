"""Axes turned to the order a network was trained on, and back: swapped and flipped whole, nothing is resampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.subject import Grid

__all__ = ["Order", "order_to", "radiological"]

_T = TypeVar("_T", bound=np.generic)
_TOWARDS = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}  # of LPS


@dataclass(frozen=True, slots=True)
class Order:
    """Axis `axes[i]` of what was stored becomes axis i, flipped where `flipped[i]`."""

    axes: tuple[int, ...]
    flipped: tuple[bool, ...]

    def apply(self, values: NDArray[_T]) -> NDArray[_T]:
        """A view of an array (slices, rows, columns) with its axes in this order."""
        turned = values.transpose(self.axes)
        return turned[tuple(slice(None, None, -1) if one else slice(None) for one in self.flipped)]

    def undo(self, values: NDArray[_T]) -> NDArray[_T]:
        """The axes as they were stored."""
        back = values[tuple(slice(None, None, -1) if one else slice(None) for one in self.flipped)]
        return np.ascontiguousarray(back.transpose(np.argsort(self.axes)))

    def grid(self, grid: Grid) -> Grid:
        """The grid with its axes in this order: every sample keeps its place in the patient."""
        spacing = None if grid.spacing is None else self.spacing(grid.spacing)
        shape = tuple(grid.shape[axis] for axis in self.axes)
        if grid.affine is None:
            return Grid(shape, spacing, grid.scale)
        turn = np.zeros((4, 4))
        for at, (axis, flipped) in enumerate(zip(self.axes, self.flipped, strict=True)):
            turn[axis, at] = -1.0 if flipped else 1.0
            turn[axis, 3] = grid.shape[axis] - 1 if flipped else 0.0
        turn[3, 3] = 1.0
        affine = np.array(grid.affine) @ turn
        rows = tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in affine)
        return Grid(shape, spacing, grid.scale, rows)

    def index(self, index: Sequence[float], shape: Sequence[int]) -> tuple[float, ...]:
        """Where the sample of an array of `shape` lies after `apply`."""
        moved = (
            (shape[axis] - 1 - index[axis]) if flipped else index[axis]
            for axis, flipped in zip(self.axes, self.flipped, strict=True)
        )
        return tuple(float(one) for one in moved)

    def spacing(self, spacing: tuple[float, ...]) -> tuple[float, ...]:
        """The spacing (mm) of the axes in this order."""
        return tuple(spacing[axis] for axis in self.axes)


def order_to(grid: Grid, codes: str) -> Order:
    """How to turn a volume so that its axes run towards `codes`, as closely as whole axes allow.

    `codes` such as `SAR`: the first axis towards the head, the second to the front, the third to the right (of the
    patient). Each axis of the volume goes to the direction that it is nearest to, the most decided axis first.
    Raises InputError for a volume that is not placed in the patient, and for codes that are no orientation.
    """
    if len(codes) != 3 or {_TOWARDS[one][0] for one in codes if one in _TOWARDS} != {0, 1, 2}:
        raise InputError(
            f"{codes!r} is no orientation; write three of L R, P A, S I, such as SAR",
            zh=f"{codes!r} 不是方位；请写 L R、P A、S I 中的三个，例如 SAR",
        )
    if grid.affine is None or len(grid.shape) != 3:
        raise InputError(
            "this image is not placed in the patient, so that it cannot be turned to a known orientation",
            zh="该图像未在患者体内定位，因此无法转到已知方位",
        )
    matrix = np.array(grid.affine)[:3, :3]
    cosines = matrix / np.linalg.norm(matrix, axis=0)
    nearest = _assigned(np.abs(cosines))
    axes, flipped = [], []
    for code in codes:
        direction, sign = _TOWARDS[code]
        axis = nearest[direction]
        axes.append(axis)
        flipped.append(bool(cosines[direction, axis] * sign < 0))
    return Order(tuple(axes), tuple(flipped))


# Slices towards the head, the left, the back: rows and columns as films are hung, the patient's right on the left
_HUNG = {2: "SPL", 0: "LIP", 1: "PIL"}


def radiological(grid: Grid) -> Order:
    """How to turn a volume as radiologists hang it: its slices stay slices; axial ones have the front above.

    A volume without a place in the patient stays as it is.
    """
    if grid.affine is None or len(grid.shape) != 3:
        return Order(tuple(range(len(grid.shape))), (False,) * len(grid.shape))
    matrix = np.array(grid.affine)[:3, :3]
    nearest = _assigned(np.abs(matrix / np.linalg.norm(matrix, axis=0)))
    across = next(direction for direction, axis in nearest.items() if axis == 0)
    return order_to(grid, _HUNG[across])


def _assigned(cosines: NDArray[np.float64]) -> dict[int, int]:
    """Axis of the array for each direction of the patient; the greatest cosine left decides."""
    left, found = cosines.copy(), {}
    for _ in range(3):
        direction, axis = divmod(int(left.argmax()), 3)
        found[direction] = axis
        left[direction], left[:, axis] = -1, -1
    return found
