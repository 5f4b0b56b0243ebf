"""Several networks that answer together."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["Ensemble"]


class Ensemble(nn.Module):
    """Logits whose softmax is the mean of the members' probabilities (Lakshminarayanan et al. 2017)."""

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, inputs: Tensor) -> Tensor:
        """Inputs (n, ...) to log probabilities (n, classes, ...)."""
        chances = [torch.softmax(member(inputs), dim=1) for member in self.members]
        return torch.log(torch.stack(chances).mean(0).clamp_min(1e-12))
