"""What the network of the anatomy sees of a radiograph: a small square, its grey values made alike for any exposure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError, MissingExtraError

__all__ = ["DARK", "Frame", "normalised", "resampled", "squared"]

Grey = NDArray[np.float32]

DARK = -1.75  # about the darkest value after normalisation: what lies outside the image
_CENTRE, _SPREAD = 0.5, 0.28  # of grey values spread evenly over 0..1, so that the network sees mean 0 and spread 1
_LEAST = 64  # pixels a side below which a thorax shows nothing that could be outlined


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the image lies in the square: its upper left corner and its size there, and its size in pixels."""

    top: int
    left: int
    rows: int
    columns: int
    shape: tuple[int, int]


def normalised(values: NDArray[np.generic]) -> Grey:
    """Grey values (rows, columns) half by rank and half by amount between their 1st and 99th percentile.

    Rank alone turns empty borders into contrast, amount alone keeps the exposure; the mean of both does neither much.

    Raises:
        InputError: all pixels have the same value, or one is not a finite number.

    """
    grey = np.asarray(values, np.float32)
    if not np.isfinite(grey).all():
        raise InputError("the image holds values that are not finite numbers", zh="图像含有非有限的数值")
    low, high = np.percentile(grey, (1, 99))
    if not high > low:
        raise InputError(
            "the image shows nothing: nearly all its pixels have the same value", zh="图像无内容：几乎所有像素值相同"
        )
    amount = np.clip((grey - low) / (high - low), 0, 1)
    steps = np.unique(np.quantile(grey, np.linspace(0, 1, 65)))
    rank = np.interp(grey, steps, np.linspace(0, 1, len(steps)))
    return np.asarray(((amount + rank) / 2 - _CENTRE) / _SPREAD, np.float32)


def resampled(values: NDArray[np.generic], shape: tuple[int, int]) -> Grey:
    """(rows, columns) brought to another shape, bilinear, smoothed first where it becomes smaller.

    Raises:
        MissingExtraError: PyTorch is not installed.

    """
    try:
        import torch  # noqa: PLC0415
        from torch.nn import functional  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("torch", "learn") from error
    grey = torch.from_numpy(np.array(values, np.float32))[None, None]
    with torch.inference_mode():
        found = functional.interpolate(grey, size=shape, mode="bilinear", align_corners=False, antialias=True)
    return np.asarray(found[0, 0].numpy(), np.float32)


def squared(values: NDArray[np.generic], side: int) -> tuple[Grey, Frame]:
    """A radiograph (rows, columns) as the network takes it, (side, side), its aspect kept, and where it lies there.

    Raises:
        InputError: fewer than 64 pixels a side, or nothing to see.

    """
    rows, columns = values.shape
    if min(rows, columns) < _LEAST:
        raise InputError(
            f"an image of {rows} by {columns} pixels is too small: {_LEAST} a side are needed",
            zh=f"图像 {rows}×{columns} 像素过小：每边至少需要 {_LEAST}",
        )
    if max(rows, columns) > 4 * min(rows, columns):
        raise InputError(
            f"an image of {rows} by {columns} pixels is too narrow for a frontal chest radiograph",
            zh=f"图像 {rows}×{columns} 像素过窄，不像正位胸片",
        )
    scale = side / max(rows, columns)
    high, wide = max(1, round(rows * scale)), max(1, round(columns * scale))
    frame = Frame((side - high) // 2, (side - wide) // 2, high, wide, (rows, columns))
    square = np.full((side, side), DARK, np.float32)
    square[frame.top : frame.top + high, frame.left : frame.left + wide] = normalised(resampled(values, (high, wide)))
    return square, frame
