"""The smallest training loop that keeps the contract of penalties: for demonstrations and tests, not for use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import nn
from torch.nn import functional

from suwen.learn.batch import Batch, Penalty, Proximal
from suwen.learn.constraints.answers import one_logit

__all__ = ["trained"]

Model = TypeVar("Model", bound=nn.Module)


def trained(  # noqa: PLR0913
    model: Model,
    examples: Batch,
    penalties: Sequence[Penalty] = (),
    *,
    steps: int = 300,
    rate: float = 1e-2,
    size: int | None = None,
    seed: int = 0,
    decay: float = 0.0,
    adaptive: bool = True,
) -> Model:
    """The model after `steps` batches of `size` (None: all) by binary cross entropy plus penalties, for evaluation.

    Adam where `adaptive`, else plain gradient descent. There is no early stopping and no choice by any figure.
    """
    generator = torch.Generator().manual_seed(seed)
    optimiser = (torch.optim.Adam if adaptive else torch.optim.SGD)(model.parameters(), lr=rate, weight_decay=decay)
    model.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for _ in range(steps):
            batch = examples if size is None else _drawn(examples, size, generator)
            outputs = model(batch.inputs)
            loss = functional.binary_cross_entropy_with_logits(one_logit(outputs), batch.labels.to(outputs.dtype))
            for penalty in penalties:
                loss = loss + penalty(model, batch, outputs)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            for penalty in penalties:
                if isinstance(penalty, Proximal):
                    penalty.after_step(model, rate=rate)
    return model.eval()


def _drawn(examples: Batch, size: int, generator: torch.Generator) -> Batch:
    rows = torch.randint(len(examples.inputs), (size,), generator=generator)
    extra = {name: values[rows] for name, values in examples.extra.items()}
    return Batch(examples.inputs[rows], examples.labels[rows], extra=extra)
