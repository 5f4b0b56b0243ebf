"""Prepared examples as tensors, handed out batch by batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from suwen.errors import InputError
from suwen.learn.batch import Batch
from suwen.learn.nouns import Array, Examples, Task
from suwen.learn.prepare import Prepare

__all__ = ["Source", "source_of"]


@dataclass(frozen=True)
class Source:
    """All examples of one part: `inputs` (n, ...) float32, `labels` (n, ...), and what penalties need of each."""

    inputs: Tensor
    labels: Tensor
    task: Task
    classes: int
    extra: Mapping[str, Tensor] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.inputs)

    def batch(self, index: Tensor, device: torch.device) -> Batch:
        """The examples at `index` on `device`."""
        extra = {name: values[index].to(device) for name, values in self.extra.items()}
        return Batch(self.inputs[index].to(device), self.labels[index].to(device), extra=extra)

    def to(self, device: torch.device) -> Source:
        """The same with everything on `device`, where it fits."""
        extra = {name: values.to(device) for name, values in self.extra.items()}
        return Source(self.inputs.to(device), self.labels.to(device), self.task, self.classes, extra)


def source_of(
    examples: Examples, prepare: Prepare | None = None, *, extra: Mapping[str, Array] | None = None
) -> Source:
    """Examples prepared one by one and stacked.

    Raises:
        InputError: there is no example, an input is not finite, a label is none of the classes, or inputs have several
            shapes and `prepare` gives them none.

    """
    if not len(examples):
        raise InputError("there are no examples to learn from")
    prepare = prepare or Prepare(scale="none")
    rows = [prepare(one) for one in examples.inputs]
    if len({row.shape for row in rows}) > 1:
        raise InputError("the inputs have several shapes: let the preparation name one shape")
    kind = np.float32 if examples.task is Task.NUMBERS else np.int64
    masks = examples.task is Task.MASKS
    labels = np.stack([prepare.mask(one) for one in examples.labels]) if masks else np.asarray(examples.labels)
    classes = _classes(examples, labels)
    return Source(
        torch.from_numpy(np.stack(rows)),
        torch.from_numpy(labels.astype(kind)),
        examples.task,
        classes,
        {name: torch.from_numpy(np.asarray(values, np.float32)) for name, values in (extra or {}).items()},
    )


def _classes(examples: Examples, labels: Array) -> int:
    if examples.task is Task.NUMBERS:
        return 1
    classes = len(examples.classes) or int(labels.max()) + 1
    if labels.min() < 0 or labels.max() >= classes:
        raise InputError(f"labels run from {labels.min()} to {labels.max()}, but there are {classes} classes")
    return classes
