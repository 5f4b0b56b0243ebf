"""Sparse models: L1 and group lasso, with the proximal step that makes weights exactly zero, and what was removed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.learn.batch import Batch
from suwen.learn.constraints.answers import layer_named

__all__ = ["L1", "GroupLasso", "Selection"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which groups still have weight: positions and, where names were given, names."""

    kept: tuple[int, ...]
    removed: tuple[int, ...]
    kept_names: tuple[str, ...] = ()
    removed_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class L1:
    """The lasso on weights (Tibshirani 1996): strength times the sum of their absolute values; biases are free.

    `layers` names the layers it holds for, all with a weight of two or more axes where empty. With `exact`, the loss is
    left alone and `after_step` soft-thresholds, which is what makes weights zero; the trainer must then call it.
    """

    strength: float
    layers: tuple[str, ...] = ()
    exact: bool = False
    name: str = "l1"

    def __post_init__(self) -> None:
        _checked(self.strength)

    def __call__(self, model: nn.Module, batch: Batch, outputs: Tensor) -> Tensor:  # noqa: ARG002
        """The penalty; zero with `exact`."""
        if self.exact:
            return outputs.new_zeros(())
        return self.strength * torch.stack([weight.abs().sum() for weight in self._weights(model)]).sum()

    @torch.no_grad()
    def after_step(self, model: nn.Module, *, rate: float) -> None:
        """Soft thresholding by rate times strength (Daubechies et al. 2004); nothing without `exact`."""
        for weight in self._weights(model) if self.exact else ():
            weight.copy_(weight.sign() * (weight.abs() - rate * self.strength).clamp(min=0))

    def _weights(self, model: nn.Module) -> list[Tensor]:
        if self.layers:
            return [_weight(model, layer) for layer in self.layers]
        return [weight for weight in model.parameters() if weight.ndim > 1]


@dataclass(frozen=True)
class GroupLasso:
    """Group lasso (Yuan and Lin 2006): strength times the sum of sqrt(size) times the Euclidean norm of each group.

    A group is all weights that leave one input feature of `layer` (`by="inputs"`) or all that enter one of its outputs,
    with its bias (`by="outputs"`: neurons, channels). `groups` joins positions that belong together, such as the
    columns of one variable; empty: each for itself. With `exact`, the loss is left alone and `after_step` shrinks each
    group as the proximal operator does, so whole groups become exactly zero; the trainer must call it. Train with
    plain gradient descent, for which the step is the proximal gradient method: Adam moves every weight alike, and the
    step then shrinks all groups alike too and selects badly. Hold later layers by weight decay, or they grow instead.
    """

    strength: float
    layer: str
    by: Literal["inputs", "outputs"] = "inputs"
    groups: tuple[tuple[int, ...], ...] = ()
    exact: bool = True
    name: str = "group_lasso"

    def __post_init__(self) -> None:
        _checked(self.strength)

    def __call__(self, model: nn.Module, batch: Batch, outputs: Tensor) -> Tensor:  # noqa: ARG002
        """The penalty; zero with `exact`."""
        if self.exact:
            return outputs.new_zeros(())
        squares, sizes, _ = self._groups(model)
        # The gradient of a norm at zero is not a number: groups that are gone stay out of it.
        norms = torch.where(
            squares > 0, squares.clamp(min=torch.finfo(squares.dtype).tiny), squares.new_ones(())
        ).sqrt()
        return self.strength * (norms * sizes.sqrt() * (squares > 0)).sum()

    @torch.no_grad()
    def after_step(self, model: nn.Module, *, rate: float) -> None:
        """Shrink every group towards zero, and to zero where its norm is below the threshold (Parikh and Boyd 2014)."""
        if not self.exact:
            return
        squares, sizes, which = self._groups(model)
        norms = squares.sqrt().clamp(min=torch.finfo(squares.dtype).tiny)
        factors = (1 - rate * self.strength * sizes.sqrt() / norms).clamp(min=0)[which]
        for rows in self._rows(model):
            rows.mul_(factors.reshape(-1, *[1] * (rows.ndim - 1)))

    def selection(self, model: nn.Module, *, names: Sequence[str] = (), least: float = 0.0) -> Selection:
        """Groups whose norm is above `least`, and those that are gone. `names`: one for each group."""
        norms = self._groups(model)[0].sqrt().tolist()
        if names and len(names) != len(norms):
            raise InputError(f"{len(norms)} groups have {len(names)} names: give one for each")
        kept = tuple(at for at, norm in enumerate(norms) if norm > least)
        removed = tuple(at for at, norm in enumerate(norms) if norm <= least)
        named = tuple(tuple(names[at] for at in part) if names else () for part in (kept, removed))
        return Selection(kept, removed, *named)

    def _rows(self, model: nn.Module) -> list[Tensor]:
        weight = _weight(model, self.layer)
        if self.by == "inputs":
            return [weight.movedim(1, 0)]
        bias = getattr(layer_named(model, self.layer), "bias", None)
        return [weight, bias] if isinstance(bias, Tensor) else [weight]

    def _groups(self, model: nn.Module) -> tuple[Tensor, Tensor, Tensor]:
        """Sum of squares and number of weights of each group, and the group of each position."""
        rows = self._rows(model)
        which = _membership(self.groups, len(rows[0])).to(rows[0].device)
        count = int(which.max()) + 1
        squares = torch.stack([row.reshape(len(row), -1).square().sum(1) for row in rows]).sum(0)
        each = float(sum(math.prod(row.shape[1:]) for row in rows))
        zeros = squares.new_zeros(count)
        return zeros.index_add(0, which, squares), zeros.index_add(0, which, torch.full_like(squares, each)), which


def _membership(groups: tuple[tuple[int, ...], ...], positions: int) -> Tensor:
    if not groups:
        return torch.arange(positions)
    if sorted(at for group in groups for at in group) != list(range(positions)):
        raise InputError(f"the groups must hold each of the positions 0..{positions - 1} exactly once")
    which = torch.empty(positions, dtype=torch.long)
    for number, group in enumerate(groups):
        which[list(group)] = number
    return which


def _weight(model: nn.Module, layer: str) -> Tensor:
    weight = getattr(layer_named(model, layer), "weight", None)
    if not isinstance(weight, Tensor) or weight.ndim < 2:
        raise InputError(
            f"the layer {layer!r} has no weight with inputs and outputs: name a linear or convolution layer"
        )
    return weight


def _checked(strength: float) -> None:
    if not 0 <= strength < math.inf:
        raise InputError(f"a strength of {strength} is not possible: give a finite number from 0 up")
