"""Consensus: the mean of Grad-CAM and smoothed integrated gradients, each scaled by its largest value."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from torch import nn

from suwen.explain.maps.baseline import Baseline
from suwen.explain.maps.grad_cam import grad_cam
from suwen.explain.maps.integrated_gradients import integrated_gradients
from suwen.explain.maps.network import Score
from suwen.explain.maps.nouns import FloatMap

__all__ = ["consensus"]

_SMOOTH = 1 / 14  # of the shortest side: single voxels of a gradient are noise, a lesion is larger


def consensus(
    model: nn.Module,
    inputs: NDArray[Any],
    target: int,
    *,
    layer: str | None = None,
    baseline: Baseline | NDArray[Any] = Baseline.MEAN,
    score: Score = Score.LOG_ODDS,
    batch: int = 32,
) -> FloatMap:
    """Signed map (*spatial) of one example (channels, *spatial), in -1..1: two views that err differently.

    Grad-CAM knows the neighbourhood but is coarse; integrated gradients know the voxel but are noisy. A place that both
    name is less often one method's artefact: benchmark heat-maps, where adding occlusion brought nothing but time. Give
    a `baseline` which the model holds to be without the class (the mean of the other class's training images).
    """
    local = integrated_gradients(model, inputs, target, baseline=baseline, score=score, batch=batch)
    smooth: FloatMap = ndimage.gaussian_filter(local, _SMOOTH * min(local.shape), mode="nearest")
    coarse = grad_cam(model, inputs, target, layer=layer, score=score)
    mean: FloatMap = np.mean([_scaled(coarse), _scaled(smooth)], axis=0, dtype=np.float32)
    return mean


def _scaled(values: FloatMap) -> FloatMap:
    return (values / max(float(np.abs(values).max()), 1e-12)).astype(np.float32)
