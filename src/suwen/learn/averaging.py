"""Averages of weights over a training, which answer better than the last weights: exponential, or over late epochs."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from suwen.learn.plan import Plan

__all__ = ["Average"]


class Average:
    """A running average of a model's weights and buffers.

    `ema`: after every step, average <- d average + (1 - d) weights, where d grows to the plan's decay so that the first
    steps are forgotten (Tarvainen & Valpola 2017). `swa`: the plain mean over the epochs after the plan's share
    (Izmailov et al. 2018). Whole-number buffers are taken as they are.
    """

    def __init__(self, model: nn.Module, plan: Plan) -> None:
        self.plan = plan
        self.count = 0
        self.weights = {name: value.detach().clone() for name, value in model.state_dict().items()}

    def after_step(self, model: nn.Module) -> None:
        """Take in the weights after an optimiser step."""
        if self.plan.average == "ema":
            self.count += 1
            self._take(model, 1 - min(self.plan.decay, self.count / (self.count + 10)))

    def after_epoch(self, model: nn.Module, epoch: int) -> None:
        """Take in the weights after an epoch (counted from 0)."""
        if self.plan.average == "none":
            self._take(model, 1.0)
        elif self.plan.average == "swa":
            late = epoch >= int(self.plan.average_from * self.plan.epochs)
            self.count = self.count + 1 if late else 0
            self._take(model, 1 / self.count if late else 1.0)

    def _take(self, model: nn.Module, share: float) -> None:
        now = model.state_dict()
        floats = [name for name, value in now.items() if value.is_floating_point()]
        with torch.no_grad():  # all in one call: on a GPU every small operation costs a launch
            torch._foreach_lerp_([self.weights[name] for name in floats], [now[name] for name in floats], share)
            for name in now.keys() - set(floats):
                self.weights[name].copy_(now[name])

    def restore(self, weights: Mapping[str, Tensor], count: int) -> None:
        """Go on from an average kept in a checkpoint."""
        self.count = count
        for name, value in weights.items():
            self.weights[name].copy_(value)
