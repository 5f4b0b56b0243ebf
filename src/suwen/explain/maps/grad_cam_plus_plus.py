"""Grad-CAM++: gradients weighted by their second and third order, so that several lesions count (2018)."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from suwen.explain.maps.geometry import place
from suwen.explain.maps.layers import Seen, opened, see
from suwen.explain.maps.network import Score
from suwen.explain.maps.nouns import FloatMap

__all__ = ["grad_cam_plus_plus"]


def grad_cam_plus_plus(
    model: nn.Module, inputs: NDArray[Any], target: int, *, layer: str | None = None, score: Score = Score.LOGIT
) -> FloatMap:
    """Map (*spatial) of one example (channels, *spatial), never negative (Chattopadhay et al. 2018, equation 19)."""
    batch, layers = opened(model, inputs, target, [layer] if layer else None)
    (seen,) = see(model, batch, target, layers=layers, score=score)
    return place(torch.relu(_weighted(seen)).cpu().numpy(), seen.layer.geometry)


def _weighted(seen: Seen) -> Tensor:
    gradient, activation = seen.gradient, seen.activation
    square = gradient.square()
    cells = tuple(range(1, gradient.ndim))
    below = 2 * square + activation.sum(cells, keepdim=True) * gradient**3
    # Where the gradient is zero the weight is zero; a denominator may vanish elsewhere too, and then says nothing.
    alpha = torch.where(below != 0, square / torch.where(below != 0, below, 1), 0)
    weights = (alpha * torch.relu(gradient)).sum(cells)
    return torch.tensordot(weights, activation, 1)  # type: ignore[no-any-return]
