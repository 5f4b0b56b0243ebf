"""A gated model made physically smaller: what shut gates cut off is taken out, and the answers stay the same."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.learn.constraints.gates import HardConcreteGates

__all__ = ["Chosen", "Scaled", "pruned"]

_WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
# Each channel for itself, and a channel of zeros stays zeros: what lies behind a shut gate cannot be told from nothing.
_SILENT = (
    nn.Identity, nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Tanh, nn.Flatten, nn.Dropout, nn.Dropout1d,
    nn.Dropout2d, nn.Dropout3d, nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d,
    nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d,
)  # fmt: skip
_CHANNELWISE = (*(kind for kind in _SILENT if kind is not nn.Flatten), *_NORMS, nn.Sigmoid, nn.Softplus)


class Chosen(nn.Module):
    """Some positions of axis 1, in order, each times its gate: the entrance of a pruned model."""

    index: Tensor
    scale: Tensor

    def __init__(self, index: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("index", index)
        self.register_buffer("scale", scale)

    def forward(self, inputs: Tensor) -> Tensor:
        """Inputs (n, features, ...) to (n, chosen, ...)."""
        return inputs.index_select(1, self.index) * self.scale.reshape(1, -1, *[1] * (inputs.ndim - 2))


class Scaled(nn.Module):
    """Axis 1 times fixed factors: the gates that stayed, without their randomness."""

    scale: Tensor

    def __init__(self, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale)

    def forward(self, inputs: Tensor) -> Tensor:
        """Inputs (n, features, ...) times (features,)."""
        return inputs * self.scale.reshape(1, -1, *[1] * (inputs.ndim - 2))


@torch.no_grad()
def pruned(model: nn.Sequential) -> nn.Sequential:
    """A copy for evaluation in which everything that shut gates make useless is cut away.

    The answers are those of `model.eval()`. Gates may stand first or behind a linear or convolution layer with only
    activations, pools, dropout and batch norm between, and need such a layer behind them, with only layers between that
    leave zeros alone. Raises InputError where a gate stands elsewhere, or where all gates of a layer are shut.
    """
    layers = [copy.deepcopy(layer) for layer in _flat(model)]
    for at, layer in enumerate(layers):
        if isinstance(layer, HardConcreteGates):
            layers[at] = _cut(layers, at, layer)
    return nn.Sequential(*layers).eval()


def _flat(model: nn.Module) -> Iterator[nn.Module]:
    if not isinstance(model, nn.Sequential):
        raise InputError("only a Sequential can be pruned: its order says what a gate shuts")
    for layer in model:
        yield from _flat(layer) if isinstance(layer, nn.Sequential) else (layer,)


def _cut(layers: list[nn.Module], at: int, gates: HardConcreteGates) -> nn.Module:
    """Narrow the layers before and behind the gates; returns what stands in their place."""
    index = torch.tensor(gates.open(), dtype=torch.long, device=gates.log_alpha.device)
    if not len(index):
        raise InputError("all gates of a layer are shut, nothing of the model is left: use a smaller strength")
    scale = gates.values().detach()[index]
    _narrow_inputs(_behind(layers, at), gates.features, index)
    before = _before(layers, at)
    if before is None:
        return Chosen(index, scale)
    for layer in before:
        _narrow_outputs(layer, index)
    return Scaled(scale)


def _behind(layers: list[nn.Module], at: int) -> nn.Module:
    for layer in layers[at + 1 :]:
        if isinstance(layer, _WEIGHTED):
            return layer
        if not isinstance(layer, _SILENT):
            break
    raise InputError(
        "behind the gates a linear or convolution layer must follow, with only layers between that keep zeros"
    )


def _before(layers: list[nn.Module], at: int) -> list[nn.Module] | None:
    """Norms and the weighted layer before the gates; None where the gates stand first."""
    if at == 0:
        return None
    found: list[nn.Module] = []
    for layer in reversed(layers[:at]):
        if isinstance(layer, _WEIGHTED):
            return [*found, layer]
        if not isinstance(layer, _CHANNELWISE):
            break
        if isinstance(layer, _NORMS):
            found.append(layer)
    raise InputError("before the gates a linear or convolution layer must stand, with only channelwise layers between")


def _narrow_inputs(layer: nn.Module, features: int, index: Tensor) -> None:
    weight = _parameter(layer, "weight")
    each, rest = divmod(weight.shape[1], features)  # more than one column a channel where it was flattened
    if rest or getattr(layer, "groups", 1) != 1:
        raise InputError(
            f"{features} gates do not fit a layer of {weight.shape[1]} inputs, or it has groups of channels"
        )
    columns = (index.unsqueeze(1) * each + torch.arange(each, device=index.device)).flatten()
    _put(layer, "weight", weight[:, columns])
    _count(layer, "in_features", "in_channels", to=len(columns))


def _narrow_outputs(layer: nn.Module, index: Tensor) -> None:
    if getattr(layer, "groups", 1) != 1:
        raise InputError("a convolution with groups of channels before gates cannot be narrowed")
    for name in ("weight", "bias"):
        if getattr(layer, name) is not None:
            _put(layer, name, _parameter(layer, name)[index])
    for name in ("running_mean", "running_var"):
        if getattr(layer, name, None) is not None:
            setattr(layer, name, getattr(layer, name)[index].clone())
    _count(layer, "out_features", "out_channels", "num_features", to=len(index))


def _parameter(layer: nn.Module, name: str) -> Tensor:
    return layer.get_parameter(name)


def _put(layer: nn.Module, name: str, values: Tensor) -> None:
    setattr(layer, name, nn.Parameter(values.clone()))


def _count(layer: nn.Module, *names: str, to: int) -> None:
    for name in names:
        if hasattr(layer, name):
            setattr(layer, name, to)
