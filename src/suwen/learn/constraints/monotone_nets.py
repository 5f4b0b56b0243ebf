"""Nets for tables that cannot break a direction: signed weights, or a bounded slope on top of a rising line."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from suwen.errors import InputError
from suwen.learn.constraints.monotone import Certificate, checked_directions

__all__ = ["MonotoneNet", "MonotoneResidual"]


class MonotoneNet(nn.Module):
    """Constrained monotonic network (Runje and Shankaranarayana 2023): inputs (n, features) to one logit (n,).

    Weights of a feature with a direction have its sign in the first layer, all later weights are positive (absolute
    values are taken), and the units rise: convex, concave and saturated in equal parts, without which positive weights
    could only answer convexly. Features with direction 0 enter through a small net of their own without constraints.
    Standardise the columns first; a positive factor changes no direction.
    """

    signs: Tensor
    bound: Tensor
    free: Tensor

    def __init__(self, directions: Sequence[int], *, widths: tuple[int, ...] = (24, 24)) -> None:
        super().__init__()
        self.directions = checked_directions(directions, len(directions))
        if not self.directions or not widths or min(widths) < 3:
            raise InputError(
                "a monotone net needs a feature and layers of at least three units (convex, concave, saturated)"
            )
        bound = [at for at, sign in enumerate(self.directions) if sign]
        free = [at for at, sign in enumerate(self.directions) if not sign]
        self.register_buffer("bound", torch.tensor(bound, dtype=torch.long))
        self.register_buffer("free", torch.tensor(free, dtype=torch.long))
        self.register_buffer("signs", torch.tensor([float(self.directions[at]) for at in bound]))
        first = widths[0]
        self.entrance = nn.Linear(max(len(bound), 1), first)
        self.beside = nn.Sequential(nn.Linear(len(free), first), nn.ELU(), nn.Linear(first, first)) if free else None
        sizes = zip(widths, (*widths[1:], 1), strict=True)
        self.layers = nn.ModuleList(nn.Linear(before, behind) for before, behind in sizes)
        with torch.no_grad():  # positive weights add up: keep the answers of a new net near zero
            for layer in self.layers:
                weight = layer.get_parameter("weight")
                weight.mul_(1 / math.sqrt(weight.shape[1]))

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (n,)."""
        hidden = self._entered(inputs)
        for layer in self.layers:
            weight = layer.get_parameter("weight").abs()
            hidden = functional.linear(_risen(hidden), weight, layer.get_parameter("bias"))
        return hidden[:, 0]

    def certificate(self) -> Certificate:
        """Holds as long as all weights are finite: signs are made, not learned."""
        finite = all(bool(torch.isfinite(weight).all()) for weight in self.parameters())
        return Certificate(
            self.directions, finite, "first weights carry the sign of the direction, later ones are positive"
        )

    def _entered(self, inputs: Tensor) -> Tensor:
        if inputs.ndim != 2 or inputs.shape[1] != len(self.directions):
            raise InputError(
                f"a net for {len(self.directions)} columns was given inputs of shape {tuple(inputs.shape)}"
            )
        if len(self.bound):
            weight = self.entrance.weight.abs() * self.signs
            hidden = functional.linear(inputs[:, self.bound], weight, self.entrance.bias)
        else:
            hidden = self.entrance.bias.expand(len(inputs), -1)
        return hidden if self.beside is None else hidden + self.beside(inputs[:, self.free])


class MonotoneResidual(nn.Module):
    """Lipschitz monotone net (Nolte, Kitouni and Williams 2023): g(x) plus slope times the directed sum of the columns.

    No slope of g by a column with a direction is steeper than `slope` (weights are divided by their norm where it is
    above its share, and units sort, which steepens nothing), so the line always wins. Columns with direction 0 are
    not held back in the first layer. Inputs (n, features), standardised; answers (n,).
    """

    signs: Tensor

    def __init__(self, directions: Sequence[int], *, widths: tuple[int, ...] = (24, 24), slope: float = 1.0) -> None:
        super().__init__()
        self.directions = checked_directions(directions, len(directions))
        if not self.directions or not widths or any(width % 2 for width in widths) or slope <= 0:
            raise InputError(
                "a monotone residual needs a feature, layers of an even number of units, and a slope above 0"
            )
        self.slope = slope
        self.register_buffer("signs", torch.tensor([float(sign) for sign in self.directions]))
        sizes = zip((len(self.directions), *widths), (*widths, 1), strict=True)
        self.layers = nn.ModuleList(nn.Linear(before, behind) for before, behind in sizes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (n,)."""
        if inputs.ndim != 2 or inputs.shape[1] != len(self.directions):
            raise InputError(
                f"a net for {len(self.directions)} columns was given inputs of shape {tuple(inputs.shape)}"
            )
        hidden = inputs
        for at, weight in enumerate(self._weights()):
            bias = self.layers[at].get_parameter("bias")
            hidden = functional.linear(hidden if at == 0 else _sorted_pairs(hidden), weight, bias)
        return hidden[:, 0] + self.slope * (inputs * self.signs).sum(1)

    def certificate(self) -> Certificate:
        """Holds where the product of the norms is at most the slope."""
        weights = self._weights()
        norms = [self._norm(at, weight) for at, weight in enumerate(weights)]
        steepest = float(torch.stack(norms).prod().detach())
        reason = f"no slope of the net is above {steepest:.6g}, and the line beside it rises by {self.slope:.6g}"
        return Certificate(self.directions, steepest <= self.slope, reason)

    def _weights(self) -> list[Tensor]:
        # A hair below its share, so that rounding cannot lift the product above the slope.
        share = (self.slope * (1 - 1e-5)) ** (1 / len(self.layers))
        weights = [layer.get_parameter("weight") for layer in self.layers]
        return [weight / (self._norm(at, weight) / share).clamp(min=1) for at, weight in enumerate(weights)]

    def _norm(self, at: int, weight: Tensor) -> Tensor:
        """Steepest slope of one layer: from single columns in the first, from the largest entry in the others."""
        if at:
            return weight.abs().sum(1).max()
        return (weight * self.signs.abs()).abs().max()


def _risen(hidden: Tensor) -> Tensor:
    """Units that rise: a third convex (ELU), a third concave, the rest saturated on both sides."""
    third = hidden.shape[1] // 3
    convex, concave, rest = torch.split(hidden, [third, third, hidden.shape[1] - 2 * third], dim=1)
    saturated = torch.where(rest < 0, functional.elu(rest + 1) - 1, 1 - functional.elu(1 - rest))
    return torch.cat([functional.elu(convex), -functional.elu(-concave), saturated], dim=1)


def _sorted_pairs(hidden: Tensor) -> Tensor:
    """Neighbours in order (GroupSort of two): no difference grows."""
    return hidden.reshape(len(hidden), -1, 2).sort(dim=2).values.flatten(1)
