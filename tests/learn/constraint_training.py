"""A short way for the tests of constraints to train a small net: tensors in, the trained net out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

from suwen.learn.batch import Batch, Penalty
from suwen.learn.constraints import plain

torch.set_num_threads(1)  # tests run side by side, and threads that wait for each other cost minutes
Model = TypeVar("Model", bound=nn.Module)


def trained(
    model: Model,
    inputs: Tensor,
    labels: Tensor,
    penalties: Sequence[Penalty] = (),
    *,
    extra: dict[str, Tensor] | None = None,
    steps: int = 300,
    rate: float = 1e-2,
    size: int | None = None,
    decay: float = 0.0,
    plain_descent: bool = False,
) -> Model:
    """The model after `steps` batches of binary cross entropy plus penalties."""
    examples = Batch(inputs, labels, extra=extra or {})
    return plain.trained(
        model, examples, penalties, steps=steps, rate=rate, size=size, decay=decay, adaptive=not plain_descent
    )
