"""Optimisers, and their memory as plain tensors, so that a training can be taken up again without a pickle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Optimizer

from suwen.learn.plan import Plan

__all__ = ["memory", "optimiser", "remember"]


def optimiser(model: nn.Module, plan: Plan) -> Optimizer:
    """The plan's optimiser; weight decay acts on weights, not on offsets and normalisation."""
    decayed = [one for one in model.parameters() if one.requires_grad and one.ndim > 1]
    plain = [one for one in model.parameters() if one.requires_grad and one.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": plan.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    if plan.optimiser == "sgd":
        return SGD(groups, lr=plan.rate, momentum=0.9, nesterov=True)
    return AdamW(groups, lr=plan.rate)


def memory(optimiser: Optimizer) -> dict[str, Tensor]:
    """What the optimiser remembers of each parameter, as "position.name" to tensor."""
    state: dict[int, dict[str, Any]] = optimiser.state_dict()["state"]
    return {
        f"{position}.{name}": torch.as_tensor(value)
        for position, kept in state.items()
        for name, value in kept.items()
        if value is not None
    }


def remember(optimiser: Optimizer, kept: Mapping[str, Tensor]) -> None:
    """Give an optimiser back what `memory` took from it."""
    whole = optimiser.state_dict()
    state: dict[int, dict[str, Tensor]] = {}
    for place, value in kept.items():
        position, _, name = place.partition(".")
        state.setdefault(int(position), {})[name] = value
    whole["state"] = state
    optimiser.load_state_dict(whole)
