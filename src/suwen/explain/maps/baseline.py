"""What stands where something was taken away from an image: its mean, a blurred copy, zero, or another image."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from suwen.errors import InputError

__all__ = ["Baseline", "replacement"]

_BLUR = 1 / 8  # of the shortest side: an opacity of that size is gone, the body's outline stays


class Baseline(Enum):
    """No replacement is neutral: a black patch is itself a shape. So it is named with every figure."""

    MEAN = "mean"  # each channel's mean over the image
    BLUR = "blur"  # Gaussian, its standard deviation an eighth of the shortest side
    ZERO = "zero"


def replacement(example: NDArray[Any], baseline: Baseline | NDArray[Any]) -> NDArray[np.float32]:
    """The image (channels, *spatial) that stands for "nothing to see here"; same shape as the example."""
    example = np.asarray(example, np.float32)
    if not isinstance(baseline, Baseline):
        given = np.asarray(baseline, np.float32)
        if given.shape != example.shape:
            raise InputError(
                f"a baseline of shape {given.shape} does not fit an example of {example.shape}",
                zh=f"形状为 {given.shape} 的基线与形状为 {example.shape} 的样本不符",
            )
        return given
    if baseline is Baseline.ZERO:
        return np.zeros_like(example)
    if baseline is Baseline.MEAN:
        mean = example.mean(tuple(range(1, example.ndim)), keepdims=True)
        return np.broadcast_to(mean, example.shape).astype(np.float32)
    width = _BLUR * min(example.shape[1:])
    return np.stack([ndimage.gaussian_filter(channel, width, mode="nearest") for channel in example])
