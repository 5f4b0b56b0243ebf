"""Grad-CAM: a layer's channels weighted by their mean gradient (Selvaraju et al. 2017)."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from suwen.explain.maps.geometry import place
from suwen.explain.maps.layers import Seen, opened, see
from suwen.explain.maps.network import Score
from suwen.explain.maps.nouns import FloatMap

__all__ = ["grad_cam"]


def grad_cam(
    model: nn.Module, inputs: NDArray[Any], target: int, *, layer: str | None = None, score: Score = Score.LOGIT
) -> FloatMap:
    """Map (*spatial) of one example (channels, *spatial): ReLU of the channels' weighted sum, never negative.

    `layer` is a module's name; without one, the last layer with spatial output. The cells are interpolated linearly
    from where they truly lie in the input.
    """
    batch, layers = opened(model, inputs, target, [layer] if layer else None)
    (seen,) = see(model, batch, target, layers=layers, score=score)
    return place(torch.relu(_weighted(seen)).cpu().numpy(), seen.layer.geometry)


def _weighted(seen: Seen) -> Tensor:
    weights = seen.gradient.flatten(1).mean(1)
    return torch.tensordot(weights, seen.activation, 1)  # type: ignore[no-any-return]
