"""Networks for signals over time: dilated temporal convolution, and a transformer encoder."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.learn.nets.blocks import activation, normalisation, pooled

__all__ = ["Temporal", "TemporalSettings", "Transformer", "TransformerSettings"]


@dataclass(frozen=True, slots=True)
class TemporalSettings:
    """Shape of a temporal convolution: `depth` residual blocks of `width` channels, dilated 1, 2, 4 ... steps.

    `causal` looks only back, so that the answer of a step does not change when later steps come (streams); `steps`
    answers every step, (n, outputs, time), instead of the whole, (n, outputs).
    """

    channels: int = 1
    outputs: int = 2
    width: int = 64
    depth: int = 6
    kernel: int = 5
    activation: str = "relu"
    norm: str = "batch"
    drop: float = 0.1
    causal: bool = False
    steps: bool = False


class _Dilated(nn.Module):
    def __init__(self, dilation: int, settings: TemporalSettings) -> None:
        super().__init__()
        reach = (settings.kernel - 1) * dilation
        self.pad = nn.ConstantPad1d((reach, 0) if settings.causal else (reach // 2, reach - reach // 2), 0.0)
        width = settings.width
        self.body = nn.Sequential(
            self.pad,
            nn.Conv1d(width, width, settings.kernel, dilation=dilation, bias=False),
            normalisation(settings.norm, 1, width),
            activation(settings.activation),
            nn.Dropout(settings.drop),
            nn.Conv1d(width, width, 1, bias=False),
            normalisation(settings.norm, 1, width),
        )
        self.active = activation(settings.activation)

    def forward(self, features: Tensor) -> Tensor:
        """(n, width, time) to the same."""
        return cast(Tensor, self.active(features + self.body(features)))


class Temporal(nn.Module):
    """Temporal convolutional network (Bai et al. 2018) with residual dilated blocks."""

    def __init__(self, settings: TemporalSettings) -> None:
        super().__init__()
        if settings.causal and settings.norm != "batch":
            raise InputError(
                f"a causal network cannot normalise by {settings.norm}: that looks ahead in time; use batch"
            )
        self.steps = settings.steps
        self.stem = nn.Conv1d(settings.channels, settings.width, 1)
        self.blocks = nn.Sequential(*(_Dilated(2**level, settings) for level in range(settings.depth)))
        self.head = nn.Linear(settings.width, settings.outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, channels, time) to logits (n, outputs), or (n, outputs, time) where every step is answered."""
        features = self.blocks(self.stem(inputs))
        if self.steps:
            return cast(Tensor, self.head(features.movedim(1, 2))).movedim(2, 1)
        return cast(Tensor, self.head(pooled(features)))


@dataclass(frozen=True, slots=True)
class TransformerSettings:
    """Shape of a transformer encoder: patches of `patch` steps, `depth` layers of `width` with `heads` heads."""

    channels: int = 1
    outputs: int = 2
    patch: int = 8
    width: int = 64
    depth: int = 4
    heads: int = 4
    drop: float = 0.1


class Transformer(nn.Module):
    """Transformer encoder over patches of a signal (Vaswani et al. 2017; Nie et al. 2023), mean over the patches."""

    def __init__(self, settings: TransformerSettings) -> None:
        super().__init__()
        self.patch = nn.Conv1d(settings.channels, settings.width, settings.patch, settings.patch)
        layer = nn.TransformerEncoderLayer(
            settings.width, settings.heads, 4 * settings.width, settings.drop, "gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, settings.depth, enable_nested_tensor=False)
        self.head = nn.Sequential(nn.LayerNorm(settings.width), nn.Linear(settings.width, settings.outputs))

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, channels, time) to logits (n, outputs); time is at least one patch, a rest shorter than one is unread."""
        patches = self.patch(inputs).movedim(1, 2)
        features = self.encoder(patches + _places(patches.shape[1], patches.shape[2]).to(patches))
        return cast(Tensor, self.head(features.mean(1)))


def _places(steps: int, width: int) -> Tensor:
    """Sines and cosines of the position, (steps, width): any length is understood (Vaswani et al. 2017)."""
    place = torch.arange(steps, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * (-math.log(10000.0) / width))
    waves = torch.cat([torch.sin(place * rate), torch.cos(place * rate)], dim=1)
    return waves[:, :width]
