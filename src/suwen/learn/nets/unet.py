"""A U-Net with a residual encoder for images and volumes: a class for every pixel or voxel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from suwen.errors import InputError
from suwen.learn.nets.blocks import activation, convolution, normalisation

__all__ = ["UNet", "UNetSettings"]


@dataclass(frozen=True, slots=True)
class UNetSettings:
    """Shape of a U-Net: `widths` channels of each resolution, the finest first; `depth` residual blocks of each.

    The input's sides must be multiples of 2 ** (len(widths) - 1); `deep` adds an answer at each coarser resolution,
    which is only used in training (deep supervision).
    """

    axes: int = 3
    channels: int = 1
    outputs: int = 3
    widths: tuple[int, ...] = (16, 32, 64, 96)
    depth: int = 1
    activation: str = "leaky"
    norm: str = "instance"
    drop: float = 0.0
    deep: bool = True


class _Block(nn.Module):
    def __init__(self, before: int, after: int, *, stride: int, settings: UNetSettings) -> None:
        super().__init__()
        axes = settings.axes
        self.body = nn.Sequential(
            convolution(axes, before, after, stride=stride),
            normalisation(settings.norm, axes, after),
            activation(settings.activation),
            convolution(axes, after, after),
            normalisation(settings.norm, axes, after),
        )
        same = before == after and stride == 1
        short = convolution(axes, before, after, kernel=1, stride=stride)
        self.short = nn.Identity() if same else nn.Sequential(short, normalisation(settings.norm, axes, after))
        self.active = activation(settings.activation)

    def forward(self, features: Tensor) -> Tensor:
        """(n, before, *spatial) to (n, after, *spatial / stride)."""
        return cast(Tensor, self.active(self.body(features) + self.short(features)))


class UNet(nn.Module):
    """U-Net (Ronneberger et al. 2015; Çiçek et al. 2016) with the residual encoder of Isensee et al. (2024)."""

    def __init__(self, settings: UNetSettings) -> None:
        super().__init__()
        self.mode = "bilinear" if settings.axes == 2 else "trilinear"
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        before = settings.channels
        for level, width in enumerate(settings.widths):
            blocks = [
                _Block(before if n == 0 else width, width, stride=2 if level and n == 0 else 1, settings=settings)
                for n in range(settings.depth)
            ]
            self.down.append(nn.Sequential(*blocks))
            before = width
        for width in settings.widths[-2::-1]:
            self.up.append(_Block(before + width, width, stride=1, settings=settings))
            before = width
        head = nn.Conv2d if settings.axes == 2 else nn.Conv3d
        kept = settings.widths[-2::-1] if settings.deep else settings.widths[:1]
        self.heads = nn.ModuleList(head(width, settings.outputs, 1) for width in kept)
        self.drop = nn.Dropout(settings.drop)

    def levels(self, inputs: Tensor) -> list[Tensor]:
        """Features of the decoder, the coarsest first.

        Raises:
            InputError: a side is too small for as many halvings.

        """
        least = 2 ** len(self.up) * 2
        if min(inputs.shape[2:]) < least:
            raise InputError(f"this network needs at least {least} voxels a side, not {min(inputs.shape[2:])}")
        seen: list[Tensor] = []
        features = inputs
        for block in self.down:
            features = block(features)
            seen.append(features)
        features, found = self.drop(features), []
        for block, skip in zip(self.up, seen[-2::-1], strict=True):
            wider = functional.interpolate(features, size=skip.shape[2:], mode=self.mode, align_corners=False)
            features = block(torch.cat([wider, skip], dim=1))
            found.append(features)
        return found

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, channels, *spatial) to logits (n, outputs, *spatial)."""
        return cast(Tensor, self.heads[-1](self.levels(inputs)[-1]))

    def answers(self, inputs: Tensor) -> list[Tensor]:
        """Logits at every resolution that has a head, the coarsest first: what deep supervision compares."""
        found = self.levels(inputs)[-len(self.heads) :]
        return [head(features) for head, features in zip(self.heads, found, strict=True)]
