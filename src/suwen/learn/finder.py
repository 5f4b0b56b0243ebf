"""The learning-rate finder: a short training whose rate rises step by step shows which rates learn (Smith 2017)."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.learn.batch import Batch
from suwen.learn.fit import Augmentation
from suwen.learn.losses import Loss, deep, loss_for, soft_targets
from suwen.learn.measure.drawing import Chart, Line, draw
from suwen.learn.nouns import Task
from suwen.learn.optimise import optimiser
from suwen.learn.plan import Plan
from suwen.learn.source import Source

__all__ = ["Found", "find_rate"]

_BETA = 0.9  # of the running mean of the loss, corrected for its start
_WILD = 4.0  # a smoothed loss this many times the lowest has diverged
_WORDS = {
    "en": ("Which learning rate", "learning rate, power of ten", "loss, running mean", "suggested: {:.1e}"),
    "zh": ("学习率选择", "学习率（10 的幂）", "损失（滑动平均）", "建议：{:.1e}"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """What the finder saw: rate and smoothed loss of each step.

    `steepest` is the rate at which the loss falls most steeply over the logarithm of the rate; `diverged` the first
    rate at which the loss was above four times its lowest or no number, None where that did not happen; `suggested` the
    smaller of `steepest` and a tenth of `diverged`. `fell` tells whether the loss fell at all: else nothing is to be
    believed.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    steepest: float
    diverged: float | None
    suggested: float
    fell: bool

    def svg(self, lang: Literal["zh", "en"] = "en") -> str:
        """Loss over rate with the suggestion, as an SVG document that stands alone."""
        title, across, up, words = _WORDS[lang]
        points = [(math.log10(rate), loss) for rate, loss in zip(self.rates, self.losses, strict=True)]
        low, high = min(self.losses), max(self.losses[0], *self.losses[: len(self.losses) // 2 + 1])
        edge = 0.05 * max(high - low, 1e-6)
        frame = (low - edge, high + 4 * edge)
        mark = math.log10(self.suggested)
        lines = [Line(up, points), Line(words.format(self.suggested), [(mark, frame[0]), (mark, frame[1])], grey=True)]
        return draw(Chart(title, across, up, (points[0][0], points[-1][0]), frame, lines), lang)


def find_rate(
    model: nn.Module,
    training: Source,
    plan: Plan,
    *,
    low: float = 1e-6,
    high: float = 1.0,
    steps: int = 100,
    augment: Sequence[Augmentation] = (),
) -> Found:
    """Train a copy of `model` for `steps` steps on the CPU while the rate rises exponentially from `low` to `high`.

    Batch, optimiser, weight decay, smoothing, balance of the loss and seed are the plan's; its rate, schedule and mixup
    are not used. `model` and torch's random numbers stay as they are. It ends early where the loss diverges.

    Raises:
        InputError: the range or the number of steps cannot be used, or the loss is no number from the start.

    """
    if not 0 < low < high or steps < 10:
        raise InputError(f"the rate rises over at least 10 steps from above 0, not from {low} to {high} in {steps}")
    rates = [low * (high / low) ** (step / (steps - 1)) for step in range(steps)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        losses = _smoothed(list(_losses(copy.deepcopy(model).cpu().train(), training, plan, rates, augment)))
    if len(losses) < 5:
        raise InputError(
            "the loss is no number after a few steps at the lowest rate; look at the inputs, or begin lower"
        )
    return _read(rates[: len(losses)], losses, None if len(losses) == steps else rates[len(losses)])


def _losses(
    model: nn.Module, training: Source, plan: Plan, rates: Sequence[float], augment: Sequence[Augmentation]
) -> Iterator[float]:
    """Loss of each step until it is no number or far above where it began and fell to."""
    steps, lowest, mean = optimiser(model, plan), math.inf, 0.0
    loss, weights = loss_for(training.task), _weights(training, plan)
    for step, (rate, batch) in enumerate(zip(rates, _batches(training, plan, augment), strict=False)):
        for group in steps.param_groups:
            group["lr"] = rate
        now = _loss(model, batch, training, plan, loss, weights)
        steps.zero_grad()
        now.backward()  # type: ignore[no-untyped-call]
        if plan.clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), plan.clip)
        steps.step()
        mean = _BETA * mean + (1 - _BETA) * float(now.detach())
        smooth = mean / (1 - _BETA ** (step + 1))
        lowest = min(lowest, smooth)
        if not math.isfinite(smooth) or (step > 5 and smooth > _WILD * max(lowest, 1e-9)):
            return
        yield float(now.detach())


def _batches(training: Source, plan: Plan, augment: Sequence[Augmentation]) -> Iterator[Batch]:
    """Batches without end, each pass in a new order."""
    generator = torch.Generator().manual_seed(plan.seed)
    cpu = torch.device("cpu")
    while True:
        order = torch.randperm(len(training), generator=generator)
        for part in torch.split(order, plan.batch):
            if len(part) == 1 and len(training) > 1:
                continue  # batch normalisation has no spread of one
            batch = training.batch(part.to(training.inputs.device), cpu)
            masks = batch.labels if training.task is Task.MASKS else None
            inputs = batch.inputs
            for change in augment:
                inputs, masks = change(inputs, masks, generator)
            yield replace(batch, inputs=inputs, labels=batch.labels if masks is None else masks)


def _loss(model: nn.Module, batch: Batch, training: Source, plan: Plan, loss: Loss, weights: Tensor | None) -> Tensor:
    if training.task is Task.MASKS and getattr(model, "answers", None) is not None:
        levels: list[Tensor] = model.answers(batch.inputs)  # type: ignore[operator]
        return deep(levels, batch.labels, weights)
    targets = batch.labels
    if training.task is Task.CLASSES:
        targets = soft_targets(targets, training.classes, plan.smoothing)
    return loss(model(batch.inputs), targets, weights)


def _weights(training: Source, plan: Plan) -> Tensor | None:
    if plan.balance != "loss" or training.task is Task.NUMBERS:
        return None
    counts = torch.bincount(training.labels.flatten().cpu().long(), minlength=training.classes).float()
    return counts.sum() / (len(counts) * counts.clamp_min(1))


def _smoothed(losses: Sequence[float]) -> list[float]:
    mean, found = 0.0, []
    for step, loss in enumerate(losses, 1):
        mean = _BETA * mean + (1 - _BETA) * loss
        found.append(mean / (1 - _BETA**step))
    return found


def _read(rates: Sequence[float], losses: Sequence[float], diverged: float | None) -> Found:
    """The steepest fall, over windows of an eighth of all steps: single steps are noise."""
    width = max(3, len(losses) // 8)
    slopes = [losses[place + width] - losses[place] for place in range(len(losses) - width)]
    place = min(range(len(slopes)), key=slopes.__getitem__) + width // 2
    steepest = rates[place]
    suggested = steepest if diverged is None else min(steepest, diverged / 10)
    return Found(tuple(rates), tuple(losses), steepest, diverged, suggested, min(losses) < 0.95 * losses[0])
