"""Gates that learn to shut: hard-concrete gates on features or channels, and their expected number as a penalty."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.learn.batch import Batch

__all__ = ["GatePenalty", "HardConcreteGates"]


class HardConcreteGates(nn.Module):
    """One gate for each position of axis 1: inputs (n, features, ...) times gates in 0..1, often exactly 0 or 1.

    In training the gates are drawn (from torch's generator, as dropout does), at evaluation they are the deterministic
    gates of Louizos, Welling and Kingma 2018. `opened` is the chance with which each is open at the start;
    `temperature` and `stretch` are the paper's beta and (gamma, zeta).
    """

    def __init__(
        self,
        features: int,
        *,
        opened: float = 0.9,
        temperature: float = 2 / 3,
        stretch: tuple[float, float] = (-0.1, 1.1),
    ) -> None:
        super().__init__()
        low, high = stretch
        if features < 1 or not 0 < opened < 1 or temperature <= 0 or low >= 0 or high <= 1:
            raise InputError(
                "gates need a feature, a chance between 0 and 1, a temperature above 0, and a stretch past 0..1"
            )
        self.features, self.temperature, self.stretch = features, temperature, stretch
        shift = temperature * math.log(-low / high)
        self.log_alpha = nn.Parameter(torch.full((features,), math.log(opened / (1 - opened)) + shift))

    def forward(self, inputs: Tensor) -> Tensor:
        """Inputs (n, features, ...) times the gates."""
        if inputs.ndim < 2 or inputs.shape[1] != self.features:
            raise InputError(f"{self.features} gates cannot open on inputs of shape {tuple(inputs.shape)}")
        values = self._drawn(len(inputs)) if self.training else self.values().unsqueeze(0)
        return inputs * values.reshape(*values.shape, *[1] * (inputs.ndim - 2))

    def values(self) -> Tensor:
        """The gates (features,) used at evaluation."""
        return self._stretched(torch.sigmoid(self.log_alpha))

    def chances(self) -> Tensor:
        """The chance (features,) with which each gate is not exactly zero: the expected L0 of the paper."""
        low, high = self.stretch
        return torch.sigmoid(self.log_alpha - self.temperature * math.log(-low / high))

    def open(self) -> tuple[int, ...]:
        """Positions whose gate is not exactly zero at evaluation."""
        return tuple(torch.nonzero(self.values().detach() > 0).flatten().tolist())

    def _drawn(self, n: int) -> Tensor:
        tiny = torch.finfo(self.log_alpha.dtype).eps
        uniform = torch.rand(n, self.features, dtype=self.log_alpha.dtype, device=self.log_alpha.device)
        noise = torch.logit(uniform.clamp(tiny, 1 - tiny))
        return self._stretched(torch.sigmoid((noise + self.log_alpha) / self.temperature))

    def _stretched(self, values: Tensor) -> Tensor:
        low, high = self.stretch
        return (values * (high - low) + low).clamp(0, 1)


@dataclass(frozen=True)
class GatePenalty:
    """Strength times the expected number of open gates of all gate layers in the model (L0 in expectation)."""

    strength: float
    name: str = "gates"

    def __call__(self, model: nn.Module, batch: Batch, outputs: Tensor) -> Tensor:  # noqa: ARG002
        """The penalty. Raises InputError for a model without gates."""
        gates = [layer.chances().sum() for layer in model.modules() if isinstance(layer, HardConcreteGates)]
        if not gates:
            raise InputError("the model has no gates: put a HardConcreteGates layer where features or channels may go")
        return self.strength * torch.stack(gates).sum()
