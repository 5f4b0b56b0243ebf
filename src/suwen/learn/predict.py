"""Answers of a network for many inputs, in batches and without gradients."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["answers", "probabilities"]


def answers(
    model: nn.Module, inputs: Tensor, *, batch: int = 64, device: torch.device | str = "cpu", flips: Sequence[int] = ()
) -> Tensor:
    """Raw outputs of the model in evaluation mode, on the CPU as float32.

    `inputs` (n, ...); `flips` are spatial axes (0 is the first after the channels) along which a mirrored copy is
    answered too, the mean counting: only where the label keeps its meaning in the mirror.
    """
    was = model.training
    model.eval()
    found = []
    try:
        with torch.inference_mode():
            for start in range(0, len(inputs), batch):
                part = inputs[start : start + batch].to(device)
                found.append(_mirrored(model, part, flips).float().cpu())
    finally:
        model.train(was)
    return torch.cat(found).clone()


def _mirrored(model: nn.Module, inputs: Tensor, flips: Sequence[int]) -> Tensor:
    total: Tensor = model(inputs)
    for axis in flips:
        answer: Tensor = model(inputs.flip(axis + 2))
        total = total + (answer.flip(axis + 2) if answer.ndim == inputs.ndim else answer)
    return total / (1 + len(flips))


def probabilities(
    model: nn.Module, inputs: Tensor, *, batch: int = 64, device: torch.device | str = "cpu", flips: Sequence[int] = ()
) -> Tensor:
    """Softmax of `answers` over the classes, (n, classes) or (n, classes, *spatial); not calibrated."""
    return torch.softmax(answers(model, inputs, batch=batch, device=device, flips=flips), dim=1)
