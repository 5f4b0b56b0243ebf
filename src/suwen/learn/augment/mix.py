"""Mixup: convex mixtures of examples and of their labels (Zhang et al. 2018, ICLR)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Mixup"]


@dataclass(frozen=True, slots=True)
class Mixup:
    """Each example is mixed with another of its batch by a share from Beta(alpha, alpha)."""

    alpha: float = 0.2

    def __call__(self, inputs: Tensor, targets: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Mix inputs (n, ...) and soft targets (n, classes)."""
        n = len(inputs)
        order = torch.randperm(n, generator=generator)
        share = _beta(self.alpha, n, generator).to(inputs.dtype)
        share = torch.maximum(share, 1 - share)
        at = share.view(n, *[1] * (inputs.ndim - 1)).to(inputs.device)
        mixed = at * inputs + (1 - at) * inputs[order.to(inputs.device)]
        at = share.view(n, *[1] * (targets.ndim - 1)).to(targets.device, targets.dtype)
        return mixed, at * targets + (1 - at) * targets[order.to(targets.device)]


def _beta(alpha: float, n: int, generator: torch.Generator) -> Tensor:
    """Beta(alpha, alpha) by two gamma draws, which torch offers with a generator."""
    first = torch._standard_gamma(torch.full((n,), alpha), generator=generator)
    second = torch._standard_gamma(torch.full((n,), alpha), generator=generator)
    return first / (first + second).clamp_min(1e-12)
