"""Random numbers of an augmentation: one for each example, drawn on the CPU so that every device sees the same."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["between", "drawn", "noise"]


def between(shape: int | tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Uniform in -1..1."""
    return torch.rand(shape, generator=generator) * 2 - 1


def drawn(like: Tensor, most: float, probability: float, generator: torch.Generator) -> Tensor:
    """(n, 1, ...): for each example uniform in -most..most, 0 where it is left alone."""
    n = len(like)
    values = between(n, generator) * most
    values = values * (torch.rand(n, generator=generator) < probability)
    return values.view(n, *[1] * (like.ndim - 1)).to(like.device, like.dtype)


def noise(like: Tensor, generator: torch.Generator) -> Tensor:
    """Normal numbers drawn where they are needed, from a seed of the generator: many are slow to draw and to move."""
    seed = int(torch.randint(2**62, (1,), generator=generator))
    own = torch.Generator(like.device).manual_seed(seed)
    return torch.randn(like.shape, generator=own, device=like.device, dtype=like.dtype)
