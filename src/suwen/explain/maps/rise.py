"""RISE: which voxels were shown when the score was high, over random smooth masks (Petsiuk et al. 2018)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from suwen.errors import InputError
from suwen.explain.maps.baseline import Baseline, replacement
from suwen.explain.maps.geometry import Geometry, place
from suwen.explain.maps.network import Score, prepared, scores
from suwen.explain.maps.nouns import FloatMap

__all__ = ["rise"]


def rise(  # noqa: PLR0913 - a setting each
    model: nn.Module,
    inputs: NDArray[Any],
    target: int,
    *,
    rng: np.random.Generator,
    masks: int = 1000,
    cells: int = 7,
    share: float = 0.5,
    baseline: Baseline | NDArray[Any] = Baseline.MEAN,
    score: Score = Score.PROBABILITY,
    batch: int = 64,
) -> FloatMap:
    """Signed map (*spatial) of one example (channels, *spatial): E[score | voxel shown] - E[score].

    Each mask is a grid of `cells` on each axis, a cell shown with chance `share`, interpolated linearly with a random
    shift of up to one cell. The paper's map is E[score | shown]; taking E[score] away changes no order but makes zero
    mean "no matter". For a linear score and masks of one voxel a cell the expectation is (1 - share) w (x - baseline).
    Which images are drawn depends on `rng` alone, not on `batch`.
    """
    if masks < 2 or cells < 1 or not 0 < share < 1 or batch < 1:
        raise InputError(
            f"RISE needs 2 masks, 1 cell, a share in (0, 1), not {masks}, {cells} and {share}",
            zh=f"RISE 需要 2 个掩膜、1 格、(0, 1) 内的比例，而非 {masks}、{cells} 和 {share}",
        )
    example = prepared(model, inputs, target)[0]
    shape = tuple(example.shape[1:])
    hidden = torch.from_numpy(replacement(inputs, baseline).copy()).to(example)
    grids, shifts = _drawn(rng, masks, cells, share, len(shape))
    shown, weighted, answers = np.zeros(shape), np.zeros(shape), []
    for first in range(0, masks, batch):
        group = np.stack(
            [_mask(g, s, shape) for g, s in zip(grids[first:][:batch], shifts[first:][:batch], strict=True)]
        )
        mask = torch.from_numpy(group)[:, None].to(example)
        found = scores(model, mask * example + (1 - mask) * hidden, target, score=score, batch=batch)
        weighted += np.tensordot(found, group.astype(np.float64), 1)
        shown += group.sum(0, dtype=np.float64)
        answers.append(found)
    found_map: FloatMap = (weighted / np.maximum(shown, 1e-9) - np.concatenate(answers).mean()).astype(np.float32)
    return found_map


def _drawn(
    rng: np.random.Generator, masks: int, cells: int, share: float, axes: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    # One cell more than fits on each axis: the shift then uncovers no empty edge.
    grids = (rng.random((masks, *(cells + 1,) * axes)) < share).astype(np.float32)
    return grids, rng.random((masks, axes))


def _mask(grid: NDArray[np.float32], shift: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """One mask (*shape) in 0..1: the grid interpolated to the image, shifted by whole voxels within a cell."""
    cells = grid.shape[0] - 1
    sides = [math.ceil(side / cells) for side in shape]
    wide = Geometry.of([side * (cells + 1) for side in sides]).resize(grid.shape)
    low = [int(part * side) for part, side in zip(shift, sides, strict=True)]
    full = place(grid, wide)
    return full[tuple(slice(a, a + side) for a, side in zip(low, shape, strict=True))]
