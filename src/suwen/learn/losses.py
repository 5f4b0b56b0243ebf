"""What a training makes small: cross entropy, Dice, squared error, each for one kind of task."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from suwen.learn.nouns import Task

__all__ = ["Loss", "deep", "dice_and_entropy", "entropy", "loss_for", "soft_targets", "squared"]

Loss = Callable[
    [Tensor, Tensor, Tensor | None], Tensor
]  # outputs, targets, weights of the classes: mean over the batch


def soft_targets(labels: Tensor, classes: int, smoothing: float) -> Tensor:
    """(n,) classes as (n, classes) probabilities, `smoothing` of each spread evenly over all classes."""
    return functional.one_hot(labels.long(), classes).float() * (1 - smoothing) + smoothing / classes


def entropy(outputs: Tensor, targets: Tensor, weights: Tensor | None) -> Tensor:
    """Cross entropy of logits (n, classes) against probabilities (n, classes), each class weighed."""
    terms = -targets * functional.log_softmax(outputs.float(), dim=1)
    if weights is None:
        return terms.sum(1).mean()
    return (terms * weights).sum() / (targets * weights).sum()


def dice_and_entropy(outputs: Tensor, masks: Tensor, weights: Tensor | None) -> Tensor:
    """Cross entropy plus 1 - soft Dice of the classes after background over the batch (Isensee et al. 2021).

    `outputs` (n, classes, *spatial) logits, `masks` (n, *spatial) classes.
    """
    logits = outputs.float()
    crossed = functional.cross_entropy(logits, masks.long(), weight=weights)
    chance = torch.softmax(logits, dim=1)[:, 1:]
    truth = functional.one_hot(masks.long(), logits.shape[1]).movedim(-1, 1)[:, 1:].to(chance.dtype)
    axes = (0, *range(2, chance.ndim))
    overlap = (chance * truth).sum(axes)
    dice = (2 * overlap + 1) / (chance.sum(axes) + truth.sum(axes) + 1)
    return crossed + 1 - dice.mean()


def squared(outputs: Tensor, numbers: Tensor, weights: Tensor | None) -> Tensor:
    """Mean squared error of (n, 1) or (n,) against (n,)."""
    del weights
    return functional.mse_loss(outputs.float().reshape(numbers.shape), numbers.float())


def deep(outputs: Sequence[Tensor], masks: Tensor, weights: Tensor | None) -> Tensor:
    """`dice_and_entropy` at every resolution, each coarser one counting half of the next finer (deep supervision)."""
    total, shares = outputs[-1].new_zeros(()), 0.0
    for level, answer in enumerate(reversed(outputs)):
        share = 0.5**level
        small = functional.interpolate(masks[:, None].float(), size=answer.shape[2:], mode="nearest")[:, 0]
        total = total + share * dice_and_entropy(answer, small.long(), weights)
        shares += share
    return total / shares


def loss_for(task: Task) -> Loss:
    """The usual loss of a task."""
    return {Task.CLASSES: entropy, Task.MASKS: dice_and_entropy, Task.NUMBERS: squared}[task]
