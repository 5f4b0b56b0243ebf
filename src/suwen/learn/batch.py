"""One batch of training, and what may be added to its loss or done after its step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

__all__ = ["Batch", "Penalty", "Proximal"]


@dataclass(frozen=True)
class Batch:
    """One batch: `inputs` (n, ...), `labels` (n, ...), `weights` (n,) or None, and further tensors by name.

    `extra` holds what only some penalties need, for the same n examples: organ masks (n, 1, *spatial), concepts (n, k)
    with NaN where unknown.
    """

    inputs: Tensor
    labels: Tensor
    weights: Tensor | None = None
    extra: dict[str, Tensor] = field(default_factory=dict)


class Penalty(Protocol):
    """Added to the loss of every batch: a scalar of torch that keeps its gradients, zero where nothing is wrong.

    `outputs` is what the model answered for `batch.inputs`; a penalty that needs the gradient by the inputs runs the
    model again on a detached copy of them.
    """

    @property
    def name(self) -> str:
        """A short name, used in the record of a training."""

    def __call__(self, model: nn.Module, batch: Batch, outputs: Tensor) -> Tensor:
        """The penalty, already times its strength."""


@runtime_checkable
class Proximal(Protocol):
    """A penalty that also wants a word after every step of the optimiser, so that weights become exactly zero."""

    def after_step(self, model: nn.Module, *, rate: float) -> None:
        """Change the weights in place; `rate` is the learning rate of the step just taken."""
