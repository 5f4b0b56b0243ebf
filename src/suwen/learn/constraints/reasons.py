"""Right for the right reasons: what speaks from outside the organ is punished, in gradients or in attention."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from suwen.errors import InputError
from suwen.learn.batch import Batch
from suwen.learn.constraints.answers import class_logits, layer_named

__all__ = ["AttentionInside", "RightReasons", "attention", "attention_outside", "gradient_outside"]


@dataclass(frozen=True)
class RightReasons:
    """Input gradients outside the mask (Ross, Hughes and Doshi-Velez 2017, equation 1), as a mean over the batch.

    Strength times the mean of the summed squares of the gradient of the summed log chances of all classes, where
    `batch.extra[mask]` (n or 1, 1 or channels, *spatial) is 0: there the model has no right to look. Works in any
    number of axes. Strength: the right one makes the penalty about as large as the loss; try powers of ten.
    """

    strength: float
    mask: str = "mask"
    name: str = "right_reasons"

    def __call__(self, model: nn.Module, batch: Batch, outputs: Tensor) -> Tensor:  # noqa: ARG002
        """The penalty; runs the model once more. Raises InputError without a mask that fits."""
        outside = 1 - _mask(batch, self.mask)
        inputs = batch.inputs.detach().clone().requires_grad_()
        answers = functional.log_softmax(class_logits(model(inputs)), dim=1).sum()
        (slopes,) = torch.autograd.grad(answers, inputs, create_graph=True)
        return self.strength * (outside * slopes).square().flatten(1).sum(1).mean()


@dataclass(frozen=True)
class AttentionInside:
    """Attention outside the mask: strength times the mean share of the Grad-CAM of `layer` that lies outside it.

    The map is that of the labelled class, as in Selvaraju et al. 2017, in 2-D or 3-D; the mask is brought to its size
    by averaging. A share is between 0 and 1. An example with an empty map counts 0, so a net may escape by looking
    nowhere: watch the accuracy. A coarse map cannot see a small marker beside the organ; gradients can.
    """

    strength: float
    layer: str
    mask: str = "mask"
    name: str = "attention_inside"

    def __call__(self, model: nn.Module, batch: Batch, outputs: Tensor) -> Tensor:  # noqa: ARG002
        """The penalty; runs the model once more. Raises InputError without a mask that fits."""
        maps = attention(model, self.layer, batch.inputs.detach(), batch.labels)
        return self.strength * _share_outside(maps, _mask(batch, self.mask)).mean()


def attention(model: nn.Module, layer: str, inputs: Tensor, labels: Tensor) -> Tensor:
    """Grad-CAM (Selvaraju et al. 2017) of the labelled class: (n, 1, *spatial of the layer), with gradients.

    Raises InputError where the layer does not exist or has no spatial axes.
    """
    with torch.enable_grad(), _kept(layer_named(model, layer)) as kept:
        logits = class_logits(model(inputs.detach().clone().requires_grad_()))
        score = logits.gather(1, labels.long().reshape(-1, 1)).sum() - (logits.sum() if logits.shape[1] == 2 else 0) / 2
        seen = kept[-1] if kept else None
        if seen is None or seen.ndim < 3:
            raise InputError(f"the layer {layer!r} answers no maps (n, channels, *spatial): name a convolution")
        (slopes,) = torch.autograd.grad(score, seen, create_graph=True)
    weights = slopes.flatten(2).mean(2).reshape(*slopes.shape[:2], *[1] * (slopes.ndim - 2))
    return torch.relu((weights * seen).sum(1, keepdim=True))


def attention_outside(model: nn.Module, layer: str, inputs: Tensor, labels: Tensor, mask: Tensor) -> float:
    """Share (0..1) of the Grad-CAM of the labelled class outside the mask, mean over examples with a map."""
    maps = attention(model, layer, inputs, labels).detach()
    shown = maps.flatten(1).sum(1) > 0
    return float(_share_outside(maps, mask)[shown].mean()) if bool(shown.any()) else 0.0


def gradient_outside(model: Callable[[Tensor], Tensor], inputs: Tensor, mask: Tensor) -> float:
    """Share (0..1) of the absolute input gradients that lies outside the mask, mean over examples with a gradient."""
    points = inputs.detach().clone().requires_grad_()
    with torch.enable_grad():
        answers = functional.log_softmax(class_logits(model(points)), dim=1).sum()
        (slopes,) = torch.autograd.grad(answers, points)
    sizes = slopes.abs().flatten(1)
    outside = (slopes.abs() * (1 - mask)).flatten(1).sum(1)
    shown = sizes.sum(1) > 0
    return float((outside[shown] / sizes[shown].sum(1)).mean()) if bool(shown.any()) else 0.0


@contextmanager
def _kept(layer: nn.Module) -> Iterator[list[Tensor]]:
    kept: list[Tensor] = []
    handle = layer.register_forward_hook(lambda _layer, _inputs, outputs: kept.append(outputs))
    try:
        yield kept
    finally:
        handle.remove()


def _share_outside(maps: Tensor, mask: Tensor) -> Tensor:
    """For each map (n, 1, *spatial) its share outside; 0 for empty maps."""
    coarse = functional.interpolate(mask.to(maps.dtype), size=maps.shape[2:], mode="area")
    whole = maps.flatten(1).sum(1)
    outside = (maps * (1 - coarse)).flatten(1).sum(1)
    return outside / whole.clamp(min=torch.finfo(maps.dtype).eps)


def _mask(batch: Batch, name: str) -> Tensor:
    mask = batch.extra.get(name)
    if mask is None:
        raise InputError(f"the batch has no {name!r}: give masks (1 where the model may look) as extra of the examples")
    if mask.ndim != batch.inputs.ndim or mask.shape[2:] != batch.inputs.shape[2:]:
        raise InputError(
            f"a mask of shape {tuple(mask.shape)} does not fit inputs of shape {tuple(batch.inputs.shape)}"
        )
    return mask.to(batch.inputs.dtype)
