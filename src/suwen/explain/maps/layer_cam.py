"""LayerCAM: each cell weighted by its own gradient, over layers from coarse to fine (Jiang et al. 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from suwen.explain.maps.geometry import place
from suwen.explain.maps.layers import Seen, opened, see, stages
from suwen.explain.maps.network import Score
from suwen.explain.maps.nouns import FloatMap

__all__ = ["layer_cam"]


def layer_cam(
    model: nn.Module,
    inputs: NDArray[Any],
    target: int,
    *,
    layers: Sequence[str] | None = None,
    score: Score = Score.LOGIT,
) -> FloatMap:
    """Map (*spatial) of one example (channels, *spatial), in 0..1: the mean over layers, each scaled by its maximum.

    `layers` are modules' names; without them, the last layer of each resolution. A fine layer gives the outline, a
    coarse one says that it is the class's and not just an edge.
    """
    batch, chosen = opened(model, inputs, target, layers)
    if not layers:
        chosen = stages(model, batch)
    parts = [_scaled(_map(one)) for one in see(model, batch, target, layers=chosen, score=score)]
    mean: FloatMap = np.mean(parts, axis=0, dtype=np.float32)
    return mean


def _map(seen: Seen) -> FloatMap:
    cells = torch.relu((torch.relu(seen.gradient) * seen.activation).sum(0))
    return place(cells.cpu().numpy(), seen.layer.geometry)


def _scaled(values: FloatMap) -> FloatMap:
    highest = float(values.max())
    return values / np.float32(highest) if highest > 0 else values
