"""Pieces of networks for signals, images and volumes: convolution, normalisation, anti-aliased pooling."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from suwen.errors import InputError

__all__ = ["ACTIVATIONS", "BlurPool", "SqueezeExcite", "activation", "convolution", "normalisation", "pooled"]

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "gelu": nn.GELU,
    "leaky": nn.LeakyReLU,
    "relu": nn.ReLU,
    "silu": nn.SiLU,
}
_CONVOLUTION = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_BATCH = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
_INSTANCE = {1: nn.InstanceNorm1d, 2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}
_FUNCTION = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}


def convolution(axes: int, before: int, after: int, *, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Module:
    """A convolution over `axes` spatial axes that keeps the size (divided by the stride), without bias."""
    return _CONVOLUTION[axes](before, after, kernel, stride, kernel // 2, groups=groups, bias=False)


def normalisation(kind: str, axes: int, channels: int) -> nn.Module:
    """Normalisation by `batch`, by `instance`, or by `group` of channels, with learned scale and offset."""
    if kind == "batch":
        return _BATCH[axes](channels)
    if kind == "instance":
        return _INSTANCE[axes](channels, affine=True)
    if kind == "group":
        return nn.GroupNorm(next(n for n in (8, 4, 2, 1) if channels % n == 0), channels)
    raise InputError(f"no normalisation is called {kind}; there are batch, instance and group")


def activation(name: str) -> nn.Module:
    """A new activation by its name in `ACTIVATIONS`."""
    if name not in ACTIVATIONS:
        raise InputError(f"no activation is called {name}; there are {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]()


def pooled(features: Tensor) -> Tensor:
    """Mean over all spatial axes: (n, channels, *spatial) to (n, channels)."""
    return features.flatten(2).mean(2)


class BlurPool(nn.Module):
    """Low-pass filter before subsampling by 2, so that a shift by one pixel does not change the answer (Zhang 2019)."""

    def __init__(self, axes: int, channels: int) -> None:
        super().__init__()
        row = torch.tensor([0.25, 0.5, 0.25])
        kernel = row
        for _ in range(axes - 1):
            kernel = kernel[..., None] * row
        self.axes, self.channels = axes, channels
        self.register_buffer("kernel", kernel.expand(channels, 1, *kernel.shape).clone(), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """(n, channels, *spatial) to (n, channels, *ceil(spatial / 2))."""
        padded = functional.pad(features, [1, 1] * self.axes, mode="replicate")
        return _FUNCTION[self.axes](padded, cast(Tensor, self.kernel), stride=2, groups=self.channels)


class SqueezeExcite(nn.Module):
    """Channels weighed by what all of them show together (Hu et al. 2018)."""

    def __init__(self, channels: int, *, share: int = 8) -> None:
        super().__init__()
        inner = max(4, channels // share)
        self.weigh = nn.Sequential(nn.Linear(channels, inner), nn.ReLU(), nn.Linear(inner, channels), nn.Sigmoid())

    def forward(self, features: Tensor) -> Tensor:
        """(n, channels, *spatial), each channel times a factor in 0..1."""
        factor = cast(Tensor, self.weigh(pooled(features)))
        return features * factor.view(*factor.shape, *[1] * (features.ndim - 2))
