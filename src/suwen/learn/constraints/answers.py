"""What a model answers, brought into one shape for the penalties: one logit, or logits of all classes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from suwen.errors import InputError

__all__ = ["class_logits", "layer_named", "one_logit"]


def one_logit(outputs: Tensor) -> Tensor:
    """Logits (n,) of yes against no, from outputs (n,), (n, 1) or (n, 2). Raises InputError for other shapes."""
    if outputs.ndim == 1:
        return outputs
    if outputs.ndim == 2 and outputs.shape[1] == 1:
        return outputs[:, 0]
    if outputs.ndim == 2 and outputs.shape[1] == 2:
        return outputs[:, 1] - outputs[:, 0]
    raise InputError(
        f"outputs of shape {tuple(outputs.shape)} are not one yes or no an example: give (n,), (n, 1), (n, 2)"
    )


def class_logits(outputs: Tensor) -> Tensor:
    """Logits (n, classes) from outputs (n,), (n, 1) or (n, classes); one logit becomes (0, logit)."""
    if outputs.ndim == 2 and outputs.shape[1] > 1:
        return outputs
    logit = one_logit(outputs)
    return torch.stack([torch.zeros_like(logit), logit], dim=1)


def layer_named(model: nn.Module, name: str) -> nn.Module:
    """The layer of that name ("" is the model itself). Raises InputError where there is none."""
    layers: dict[str, nn.Module] = dict(model.named_modules())
    if name not in layers:
        raise InputError(
            f"the model has no layer {name!r}: it has {', '.join(filter(None, layers)) or 'none with a name'}"
        )
    return layers[name]
