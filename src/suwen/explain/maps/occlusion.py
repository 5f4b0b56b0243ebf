"""Occlusion: what the score loses where a window is covered, over one or several sizes (Zeiler & Fergus 2014)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.explain.maps.baseline import Baseline, replacement
from suwen.explain.maps.network import Score, prepared, scores
from suwen.explain.maps.nouns import FloatMap

__all__ = ["multi_scale_occlusion", "occlusion"]

Slices = tuple[slice, ...]


def occlusion(  # noqa: PLR0913 - a setting each
    model: nn.Module,
    inputs: NDArray[Any],
    target: int,
    *,
    window: int | Sequence[int] | None = None,
    stride: int | Sequence[int] | None = None,
    baseline: Baseline | NDArray[Any] = Baseline.MEAN,
    score: Score = Score.LOGIT,
    batch: int = 32,
) -> FloatMap:
    """Signed map (*spatial) of one example (channels, *spatial): the mean loss of the windows that cover a voxel.

    `window` is a side in voxels (an eighth of the shortest side), `stride` half of it. Windows are spread evenly and
    symmetrically from edge to edge and never cut: where the stride does not fit, it is a little smaller than asked.
    """
    example = prepared(model, inputs, target)[0]
    sides = _sides(window, example, default=max(min(example.shape[1:]) // 8, 1))
    steps = _sides(stride, example, default=max(min(sides) // 2, 1))
    places = list(_windows(tuple(example.shape[1:]), sides, steps))
    covered = torch.from_numpy(replacement(inputs, baseline).copy()).to(example)
    examples = (_cover(example, covered, place) for place in places)
    (whole,) = scores(model, example[None], target, score=score, batch=1)
    return _mean(whole - scores(model, examples, target, score=score, batch=batch), places, tuple(example.shape[1:]))


def multi_scale_occlusion(
    model: nn.Module,
    inputs: NDArray[Any],
    target: int,
    *,
    shares: Sequence[float] = (1 / 8, 1 / 4, 3 / 8),
    baseline: Baseline | NDArray[Any] = Baseline.MEAN,
    score: Score = Score.LOG_ODDS,
    batch: int = 32,
) -> FloatMap:
    """Mean of occlusion maps with windows of these shares of the shortest side, each scaled by its largest value.

    A small window finds where, a large one finds what only shows when the whole of a lesion is covered.
    """
    shape = np.shape(inputs)[1:]
    sides = [max(round(share * min(shape, default=1)), 1) for share in shares]
    dense = 4 if len(shape) == 2 else 2  # the number of windows grows with this to the power of the axes
    parts = [
        occlusion(
            model,
            inputs,
            target,
            window=side,
            stride=max(side // dense, 1),
            baseline=baseline,
            score=score,
            batch=batch,
        )
        for side in sides
    ]
    mean: FloatMap = np.mean([part / max(float(np.abs(part).max()), 1e-12) for part in parts], axis=0, dtype=np.float32)
    return mean


def _sides(given: int | Sequence[int] | None, example: Tensor, *, default: int) -> tuple[int, ...]:
    shape = tuple(example.shape[1:])
    sides = (default,) * len(shape) if given is None else (given,) * len(shape) if isinstance(given, int) else given
    if len(sides) != len(shape) or any(not 1 <= side <= size for side, size in zip(sides, shape, strict=True)):
        raise InputError(
            f"a window or stride of {tuple(sides)} does not fit an image of {shape}",
            zh=f"窗口或步幅 {tuple(sides)} 与图像 {shape} 不符",
        )
    return tuple(sides)


def _windows(shape: tuple[int, ...], sides: tuple[int, ...], steps: tuple[int, ...]) -> Iterator[Slices]:
    starts = [_starts(size - side, step) for size, side, step in zip(shape, sides, steps, strict=True)]
    for corner in product(*starts):
        yield tuple(slice(low, low + side) for low, side in zip(corner, sides, strict=True))


def _starts(room: int, step: int) -> list[int]:
    """Evenly from 0 to `room`, the second half the mirror of the first, so that no side is favoured."""
    count = math.ceil(room / step) + 1
    half = [math.floor(room * i / max(count - 1, 1)) for i in range((count + 1) // 2)]
    return sorted({*half, *(room - low for low in half)}) if count > 1 else [0]


def _cover(example: Tensor, covered: Tensor, place: Slices) -> Tensor:
    copy = example.clone()
    where = (slice(None), *place)
    copy[where] = covered[where]
    return copy


def _mean(losses: NDArray[np.float64], places: Sequence[Slices], shape: tuple[int, ...]) -> FloatMap:
    total, count = np.zeros(shape), np.zeros(shape)
    for loss, place in zip(losses, places, strict=True):
        total[place] += loss
        count[place] += 1
    return (total / np.maximum(count, 1)).astype(np.float32)
