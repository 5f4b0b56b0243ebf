"""Brightness, contrast, gamma, noise, blur and slow shading of a batch of images or volumes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from suwen.errors import InputError
from suwen.learn.augment.draws import between, drawn, noise

__all__ = ["Intensity"]

_MODE = {1: "linear", 2: "bicubic", 3: "trilinear"}
_CONVOLVE = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}


@dataclass(frozen=True, slots=True)
class Intensity:
    """Random change of values after normalisation (about zero mean and unit spread); each example draws its own.

    `brightness` is the largest offset, `contrast` and `gamma` the largest departure of a factor and of an exponent from
    1 on a log scale, `noise` the largest standard deviation of Gaussian noise, `blur` the largest one of a Gaussian
    filter in pixels, `shading` the largest log factor of a smooth field (the bias field of MRI). Each kind of change
    happens with `probability`, shading always.
    """

    brightness: float = 0.1
    contrast: float = 0.15
    gamma: float = 0.0
    noise: float = 0.05
    blur: float = 0.0
    shading: float = 0.0
    probability: float = 0.5

    def __call__(
        self, inputs: Tensor, masks: Tensor | None, generator: torch.Generator
    ) -> tuple[Tensor, Tensor | None]:
        """Change (n, channels, *spatial); masks stay as they are."""
        if inputs.ndim - 2 not in _MODE:
            raise InputError(f"values are changed of signals, images or volumes, not of {inputs.ndim} dimensions")
        out = inputs
        if self.shading > 0:
            out = out * torch.exp(self._field(out, generator))
        if self.gamma > 0:
            out = self._bent(out, generator)
        if self.contrast > 0:
            mean = out.mean(dim=tuple(range(2, out.ndim)), keepdim=True)
            out = (out - mean) * torch.exp(self._drawn(out, math.log1p(self.contrast), generator)) + mean
        if self.brightness > 0:
            out = out + self._drawn(out, self.brightness, generator)
        if self.blur > 0:
            out = _blurred(out, self._drawn(out, self.blur, generator).abs(), radius=max(3, math.ceil(3 * self.blur)))
        if self.noise > 0:
            spread = self._drawn(out, self.noise, generator).abs()
            out = out + spread * noise(out, generator)
        return out, masks

    def _drawn(self, like: Tensor, most: float, generator: torch.Generator) -> Tensor:
        return drawn(like, most, self.probability, generator)

    def _field(self, like: Tensor, generator: torch.Generator) -> Tensor:
        axes = like.ndim - 2
        knots = between((len(like), 1, *[3] * axes), generator) * self.shading
        there = knots.to(like.device, like.dtype)
        return functional.interpolate(there, size=list(like.shape[2:]), mode=_MODE[axes], align_corners=True)

    def _bent(self, inputs: Tensor, generator: torch.Generator) -> Tensor:
        """Gamma on the example's own range, which it keeps."""
        axes = tuple(range(1, inputs.ndim))
        low, high = inputs.amin(axes, keepdim=True), inputs.amax(axes, keepdim=True)
        width = (high - low).clamp_min(1e-6)
        exponent = torch.exp(self._drawn(inputs, math.log1p(self.gamma), generator))
        return ((inputs - low) / width).clamp(0, 1) ** exponent * width + low


def _blurred(inputs: Tensor, sigma: Tensor, *, radius: int) -> Tensor:
    """A Gaussian filter of each example's own width along every spatial axis, separately (grouped convolution)."""
    n, channels = len(inputs), inputs.shape[1]
    places = torch.arange(-radius, radius + 1, device=inputs.device, dtype=inputs.dtype)
    width = sigma.view(n, 1).clamp_min(1e-3)
    kernel = torch.exp(-0.5 * (places / width) ** 2)
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(channels, 0)
    axes = inputs.ndim - 2
    out = inputs.reshape(1, n * channels, *inputs.shape[2:])
    for axis in range(axes):
        shape = [n * channels, 1, *[1] * axes]
        shape[2 + axis] = 2 * radius + 1
        pad = [0, 0] * axes
        pad[2 * (axes - 1 - axis)] = pad[2 * (axes - 1 - axis) + 1] = radius
        out = _CONVOLVE[axes](functional.pad(out, pad, mode="replicate"), kernel.view(shape), groups=n * channels)
    return out.reshape(inputs.shape)
