"""Masks read from NIfTI or DICOM SEG, and laid on the grid of an image where they belong to it sample by sample."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError, InputError
from suwen.formats.images.budget import LIMIT, Budget
from suwen.formats.images.nifti import open_nifti
from suwen.formats.images.nifti_names import label_names
from suwen.formats.images.nouns import Image
from suwen.formats.images.segments import read_segmentation
from suwen.formats.images.stored import Stored, kind_of, stored_in
from suwen.subject import Grid, Saying

__all__ = ["Mask", "laid_on", "mask_on", "read_labels", "read_mask"]

Labels = NDArray[Any]

_OFF = 1e-2  # of a sample: how far the corners of a mask may lie from samples of the image
_LENGTH = 1e-3  # share by which spacings of grids without a place may differ


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """Whole numbers on a grid, 0 for the background, and the name of each label where the file gives one."""

    labels: Labels
    grid: Grid
    names: tuple[tuple[int, str], ...] = ()


def read_mask(path: Path | str, *, limit: int = LIMIT) -> tuple[Labels, Grid]:
    """Labels and grid of a mask; errors as of `read_labels`."""
    found = read_labels(path, limit=limit)
    return found.labels, found.grid


def read_labels(path: Path | str, *, limit: int = LIMIT) -> Mask:
    """Read a mask from NIfTI (whole numbers, one volume) or DICOM SEG, with the names of its segments.

    Raises:
        NotFoundError: nothing is at this path.
        FormatError: it is neither, damaged, or its samples are no labels.
        InputError: segments overlap, which one number a sample cannot say; or it is larger than `limit` bytes.

    """
    found = list(itertools.islice(stored_in(Path(path), limit), 2))
    if len(found) != 1:
        raise InputError("a mask is one file; give the file itself", zh="掩膜须为单个文件；请给出文件本身")
    stored, budget = found[0], Budget(limit)
    kind = kind_of(stored.head())
    if kind in ("nifti", "gzip"):
        return _from_nifti(stored, budget)
    if kind == "dicom":
        labels, grid, names = read_segmentation(stored, budget)
        return _mask(labels, grid, names)
    raise FormatError(
        "a mask is a NIfTI file or a DICOM segmentation, and this is neither",
        zh="掩膜须为 NIfTI 文件或 DICOM 分割，而此文件两者皆非",
    )


def _from_nifti(stored: Stored, budget: Budget) -> Mask:
    values, grid, _ = open_nifti(stored, budget)
    if len(values) != 1:
        raise FormatError(
            f"a mask is one volume, this file has {len(values)}",
            zh=f"掩膜须为一个容积数据，而该文件有 {len(values)} 个",
        )
    labels = values[0]
    if labels.dtype.kind == "f":
        whole = np.rint(labels)
        if not np.array_equal(whole, labels) or np.abs(whole).max(initial=0) > 2**31 - 1:
            raise FormatError(
                "the samples of this file are no whole numbers, so it is no mask of labels",
                zh="该文件的采样值不是整数，因此不是标签掩膜",
            )
        labels = whole.astype(np.int32)
    return _mask(labels, grid, label_names(stored))


def _mask(labels: Labels, grid: Grid, names: Sequence[tuple[int, str]]) -> Mask:
    labels.flags.writeable = False
    return Mask(labels, grid, tuple(names))


def mask_on(image: Image, path: Path | str, *, limit: int = LIMIT) -> Labels:
    """The labels of a mask at the samples of an image, shape as `image.values`; 0 where the mask has none.

    The mask may count its axes in another order or direction, or cover a part of the image; its samples must lie on
    those of the image. Nothing is resampled.

    Raises:
        InputError: the grids differ; the message gives both. Others as of `read_labels`.

    """
    found = read_labels(path, limit=limit)
    return laid_on(image.grid, found.labels, found.grid)


def laid_on(grid: Grid, labels: Labels, own: Grid) -> Labels:
    """Labels of the grid `own` at the samples of `grid`; InputError where these are not the same places."""
    if grid.affine is None or own.affine is None:
        if len(grid.shape) == 2 and len(own.shape) == 3 and own.shape[0] == 1:  # one slice is a flat image
            spacing = None if own.spacing is None else own.spacing[1:]
            return laid_on(grid, labels[0], Grid(own.shape[1:], spacing, own.scale))
        if grid.shape == own.shape and _same_lengths(grid, own):
            return labels
        raise _differ(
            grid,
            own,
            Saying(
                "they cannot be compared, as one of them has no place in the patient",
                "其中之一未在患者体内定位，无法比较",
            ),
        )
    flat = len(grid.shape) == 2
    shape = (1, *grid.shape) if flat else grid.shape
    cube = labels.reshape((1, *own.shape)) if len(own.shape) == 2 else labels
    step = np.linalg.inv(np.array(grid.affine)) @ np.array(own.affine)
    turn = np.rint(step[:3, :3])
    if not _is_turn(turn) or not _close(step, turn, cube.shape):
        raise _differ(grid, own, Saying("their samples do not lie on one another", "两者的采样点不重合"))
    placed = _placed(cube, turn.astype(int), np.rint(step[:3, 3]).astype(int), shape)
    if placed is None:
        raise _differ(grid, own, Saying("the mask reaches beyond the image", "掩膜超出图像"))
    return placed.reshape(grid.shape)


def _is_turn(turn: NDArray[np.float64]) -> bool:
    size = np.abs(turn)
    return bool((size.sum(axis=0) == 1).all() and (size.sum(axis=1) == 1).all())


def _close(step: NDArray[np.float64], turn: NDArray[np.float64], shape: Sequence[int]) -> bool:
    """Whether every corner of the mask lies on a sample of the image."""
    corners = np.array(list(itertools.product(*((0, one - 1) for one in shape))), np.float64)
    at = corners @ step[:3, :3].T + step[:3, 3]
    exact = corners @ turn.T + np.rint(step[:3, 3])
    return bool(np.abs(at - exact).max() <= _OFF)


def _placed(cube: Labels, turn: NDArray[np.int64], origin: NDArray[np.int64], shape: tuple[int, ...]) -> Labels | None:
    """The cube, its axes put in the order and direction of the image, in an image of zeros; None if it sticks out."""
    order = np.abs(turn).argmax(axis=1)
    signs = turn[np.arange(3), order]
    turned = np.transpose(cube, order)
    starts = [int(origin[axis]) - (turned.shape[axis] - 1 if signs[axis] < 0 else 0) for axis in range(3)]
    turned = np.flip(turned, tuple(axis for axis in range(3) if signs[axis] < 0))
    ends = [start + size for start, size in zip(starts, turned.shape, strict=True)]
    if min(starts) < 0 or any(end > most for end, most in zip(ends, shape, strict=True)):
        return None
    if turned.shape == tuple(shape):
        return np.ascontiguousarray(turned)
    whole = np.zeros(shape, cube.dtype)
    whole[tuple(slice(start, end) for start, end in zip(starts, ends, strict=True))] = turned
    return whole


def _same_lengths(one: Grid, other: Grid) -> bool:
    if one.spacing is None or other.spacing is None:
        return True
    return all(abs(a - b) <= _LENGTH * max(a, b) for a, b in zip(one.spacing, other.spacing, strict=True))


def _differ(grid: Grid, own: Grid, why: Saying) -> InputError:
    return InputError(
        f"the mask does not fit the image: {why.en}; image: {_shown(grid)}; mask: {_shown(own)}",
        zh=f"掩膜与图像不符：{why.zh}；图像：{_shown(grid)}；掩膜：{_shown(own)}",
    )


def _shown(grid: Grid) -> str:
    spacing = "no spacing" if grid.spacing is None else " × ".join(f"{one:.5g}" for one in grid.spacing) + " mm"
    first = "no place"
    if grid.affine is not None:
        rows = "; ".join(" ".join(f"{one:.5g}" for one in row) for row in grid.affine[:3])
        first = f"affine [{rows}]"
    return f"shape {' × '.join(map(str, grid.shape))}, {spacing}, {first}"
