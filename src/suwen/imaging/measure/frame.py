"""The true lengths of a grid: its axes as vectors, and a mask cut to its own box with one empty sample around."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.subject.grid import Grid

__all__ = ["Frame", "Mask", "Numbers", "Piece", "cut", "frame_of", "require_mask", "require_values"]

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One vector an axis of the array (rows of `vectors`), in `unit`: "mm", or "px" where the image has no scale."""

    vectors: Numbers
    unit: str

    @property
    def cell(self) -> float:
        """Area or volume of one sample; a sheared grid counts its true volume."""
        return float(abs(np.linalg.det(self.vectors)))

    @property
    def steps(self) -> Numbers:
        """Distance between neighbours along each axis of the array."""
        return np.asarray(np.linalg.norm(self.vectors, axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The box of a mask with one empty sample on each side; `corner` is the array index of its first sample."""

    mask: Mask
    corner: NDArray[np.int64]


def frame_of(grid: Grid) -> Frame:
    """The vectors of a grid: of its affine for a volume placed in the patient, else its spacing, else pixels."""
    size = len(grid.shape)
    if grid.spacing is None:
        return Frame(np.eye(size), "px")
    if grid.affine is not None and size == 3:
        return Frame(np.array(grid.affine, dtype=np.float64)[:3, :3].T, "mm")
    return Frame(np.diag(np.array(grid.spacing, dtype=np.float64)), "mm")


def require_mask(mask: NDArray[Any], grid: Grid) -> Mask:
    """The mask as bool. Raises InputError where it has another shape than the grid, other values, or is empty."""
    if mask.shape != grid.shape:
        raise InputError(
            f"the mask has the shape {mask.shape} and its grid {grid.shape}; give both of one image",
            zh=f"掩膜的形状为 {mask.shape}，其网格为 {grid.shape}；请给出同一图像的两者",
        )
    if mask.dtype != np.bool_:
        if not np.isin(mask, (0, 1)).all():
            raise InputError(
                "a mask holds True and False (or 1 and 0) only; choose one label first",
                zh="掩膜只含 True 和 False（或 1 和 0）；请先选定一个标签",
            )
        mask = mask.astype(np.bool_)
    if not mask.any():
        raise InputError("the mask is empty: there is no region to measure", zh="掩膜为空：没有可测量的区域")
    return mask


def require_values(values: NDArray[Any], mask: Mask) -> Numbers:
    """Intensities as float64. Raises InputError for another shape or intensities of the region that are not numbers."""
    if values.shape != mask.shape:
        raise InputError(
            f"the intensities have the shape {values.shape} and the mask {mask.shape}; give one image",
            zh=f"强度的形状为 {values.shape}，掩膜为 {mask.shape}；请给出同一图像",
        )
    if not np.isfinite(values[mask]).all():
        raise InputError(
            "the region holds intensities that are not finite numbers; mend the image or the mask",
            zh="区域内有非有限的强度；请修正图像或掩膜",
        )
    return values.astype(np.float64, copy=False)


def cut(mask: Mask) -> Piece:
    """The part of a mask that is not empty, with a border of one empty sample."""
    sides = [np.flatnonzero(mask.any(axis=tuple(set(range(mask.ndim)) - {axis}))) for axis in range(mask.ndim)]
    box = tuple(slice(int(side[0]), int(side[-1]) + 1) for side in sides)
    corner = np.array([side[0] - 1 for side in sides], dtype=np.int64)
    return Piece(np.pad(mask[box], 1), corner)
