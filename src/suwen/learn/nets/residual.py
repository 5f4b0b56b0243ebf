"""A residual classifier for small images, volumes and signals, subsampling without aliasing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from suwen.learn.nets.blocks import BlurPool, SqueezeExcite, activation, convolution, normalisation, pooled

__all__ = ["Residual", "ResidualSettings"]


@dataclass(frozen=True, slots=True)
class ResidualSettings:
    """Shape of a residual classifier.

    `axes` 1, 2 or 3 spatial axes; `widths` channels of each stage, every stage after the first halves the resolution;
    `depth` blocks a stage; `stem` how often the resolution is halved before the first stage (0 for 28-pixel images);
    `drop` dropout before the last layer; `excite` squeeze-and-excitation; `outputs` one logit a class.
    """

    axes: int = 2
    channels: int = 1
    outputs: int = 2
    widths: tuple[int, ...] = (32, 64, 128)
    depth: int = 2
    stem: int = 0
    activation: str = "relu"
    norm: str = "batch"
    drop: float = 0.2
    excite: bool = True


class _Block(nn.Module):
    def __init__(self, before: int, after: int, *, halves: bool, settings: ResidualSettings) -> None:
        super().__init__()
        axes = settings.axes
        self.one = nn.Sequential(
            convolution(axes, before, after), normalisation(settings.norm, axes, after), activation(settings.activation)
        )
        self.pool = BlurPool(axes, after) if halves else nn.Identity()
        self.two = nn.Sequential(convolution(axes, after, after), normalisation(settings.norm, axes, after))
        self.excite = SqueezeExcite(after) if settings.excite else nn.Identity()
        short: list[nn.Module] = [BlurPool(axes, before)] if halves else []
        if before != after:
            short += [convolution(axes, before, after, kernel=1), normalisation(settings.norm, axes, after)]
        self.short = nn.Sequential(*short)
        self.active = activation(settings.activation)

    def forward(self, features: Tensor) -> Tensor:
        """(n, before, *spatial) to (n, after, *spatial), the resolution halved where the block halves."""
        changed = self.excite(self.two(self.pool(self.one(features))))
        return cast(Tensor, self.active(changed + self.short(features)))


class Residual(nn.Module):
    """ResNet-style classifier (He et al. 2016), blur pooling (Zhang 2019), squeeze-excitation (Hu et al. 2018)."""

    def __init__(self, settings: ResidualSettings) -> None:
        super().__init__()
        first = settings.widths[0]
        stem: list[nn.Module] = []
        before = settings.channels
        for _ in range(max(1, settings.stem)):
            stem += [convolution(settings.axes, before, first), normalisation(settings.norm, settings.axes, first)]
            stem += [activation(settings.activation)]
            stem += [BlurPool(settings.axes, first)] if settings.stem else []
            before = first
        self.stem = nn.Sequential(*stem)
        blocks: list[nn.Module] = []
        for stage, width in enumerate(settings.widths):
            for depth in range(settings.depth):
                blocks.append(_Block(before, width, halves=stage > 0 and depth == 0, settings=settings))
                before = width
        self.blocks = nn.Sequential(*blocks)
        self.drop = nn.Dropout(settings.drop)
        self.head = nn.Linear(before, settings.outputs)

    def embedded(self, inputs: Tensor) -> Tensor:
        """(n, channels, *spatial) to the (n, last width) features that the last layer sees."""
        return pooled(cast(Tensor, self.blocks(self.stem(inputs))))

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, channels, *spatial) to logits (n, outputs)."""
        return cast(Tensor, self.head(self.drop(self.embedded(inputs))))
