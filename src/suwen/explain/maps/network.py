"""Running a network for an explanation: at rest, in bounded batches, without touching its parameters' gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from suwen.errors import InputError

__all__ = ["Score", "at_rest", "channel_gradients", "prepared", "scored", "scores"]


class Score(Enum):
    """What of a network's answer is explained. A network with a single output means the class beside "not"."""

    LOGIT = "logit"  # the raw output; with one sigmoid a class it is the log-odds
    LOG_ODDS = "log_odds"  # ln p - ln (1 - p) of the softmax
    PROBABILITY = "probability"  # softmax, or the sigmoid of a single output
    SIGMOID = "sigmoid"  # for networks whose classes do not exclude each other


@contextmanager
def at_rest(model: nn.Module) -> Iterator[None]:
    """Evaluation mode for the time being; every module then goes back to the mode it was in."""
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training


def prepared(model: nn.Module, inputs: NDArray[Any], target: int) -> Tensor:
    """One example (channels, *spatial) as a batch of one, float32, where the model lies.

    Raises:
        InputError: if it is no image or volume, holds values that are not finite, the model does not answer
            (batch, classes), or `target` is none of its classes.

    """
    example = np.array(inputs, np.float32)
    if example.ndim not in (3, 4) or not example.size:
        raise InputError(
            f"an example is (channels, height, width) or (channels, depth, height, width), not {example.shape}",
            zh=f"样本须为（通道、高、宽）或（通道、深、高、宽），而非 {example.shape}",
        )
    if not np.isfinite(example).all():
        raise InputError(
            "the example holds values that are not finite; replace them before the model sees them",
            zh="样本含有非有限的数值；请先替换",
        )
    home = next(model.parameters(), torch.empty(0)).device
    batch = torch.from_numpy(example)[None].to(home)
    with at_rest(model), torch.no_grad():
        answer = _answer(model, batch)
    if not 0 <= target < answer.shape[1]:
        raise InputError(
            f"class {target} does not exist: the model answers {answer.shape[1]} classes, counted from 0",
            zh=f"没有类别 {target}：模型输出 {answer.shape[1]} 个类别，从 0 计",
        )
    return batch


def scored(logits: Tensor, target: int, score: Score) -> Tensor:
    """The score (batch,) of the target class from logits (batch, classes)."""
    logit = logits[:, target]
    if score is Score.LOGIT:
        return logit
    if score is Score.SIGMOID:
        return torch.sigmoid(logit)
    others = torch.cat([logits[:, :target], logits[:, target + 1 :]], 1)
    odds = logit - torch.logsumexp(others, 1) if others.shape[1] else logit
    return odds if score is Score.LOG_ODDS else torch.sigmoid(odds)


def scores(
    model: nn.Module, examples: Sequence[Tensor] | Iterator[Tensor] | Tensor, target: int, *, score: Score, batch: int
) -> NDArray[np.float64]:
    """The target's score of every example (channels, *spatial); never more than `batch` are held at once."""
    if batch < 1:
        raise InputError(f"a batch holds at least one example, not {batch}", zh=f"批量至少为 1，而非 {batch}")
    with at_rest(model), torch.no_grad():
        answers = (scored(_answer(model, group), target, score) for group in _grouped(examples, batch))
        found = [answer.double().cpu().numpy() for answer in answers]
    return np.concatenate(found) if found else np.empty(0)


def channel_gradients(model: nn.Module, examples: Tensor, target: int, *, score: Score) -> Tensor:
    """The gradient (n, channels, *spatial) of the target's score with respect to each example."""
    with at_rest(model), torch.enable_grad():
        watched = examples.detach().clone().requires_grad_(True)
        total = scored(_answer(model, watched), target, score).sum()
        # torch.autograd.grad, not backward: the parameters' own .grad stay as the caller left them.
        (gradient,) = torch.autograd.grad(total, watched)
    return gradient.detach()


def _answer(model: nn.Module, batch: Tensor) -> Tensor:
    logits = model(batch)
    if not isinstance(logits, Tensor) or logits.ndim != 2 or len(logits) != len(batch):
        what = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise InputError(
            f"the model must answer (batch, classes) logits, not {what}; wrap it so that it does",
            zh=f"模型须输出（批，类别）的 logits，而非 {what}；请加以包装",
        )
    return logits


def _grouped(examples: Sequence[Tensor] | Iterator[Tensor] | Tensor, batch: int) -> Iterator[Tensor]:
    if isinstance(examples, Tensor):
        yield from examples.split(batch)  # type: ignore[no-untyped-call]
        return
    group: list[Tensor] = []
    for example in examples:
        group.append(example)
        if len(group) == batch:
            yield torch.stack(group)
            group = []
    if group:
        yield torch.stack(group)
