"""One trainer for classifiers, segmenters and sequence models: seeded, resumable, keeping the best epoch."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.learn.augment.mix import Mixup
from suwen.learn.averaging import Average
from suwen.learn.batch import Batch, Penalty, Proximal
from suwen.learn.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from suwen.learn.figures import figures, score
from suwen.learn.history import Epoch, Notice, notices
from suwen.learn.losses import Loss, deep, loss_for, soft_targets
from suwen.learn.nouns import Task
from suwen.learn.optimise import memory, optimiser, remember
from suwen.learn.plan import Plan
from suwen.learn.predict import answers
from suwen.learn.schedule import rate_at, rate_on_plateau
from suwen.learn.source import Source

__all__ = ["Augmentation", "Progress", "Trained", "train"]


class Augmentation(Protocol):
    """A random change of a batch; masks (n, *spatial) move with the inputs."""

    def __call__(
        self, inputs: Tensor, masks: Tensor | None, generator: torch.Generator
    ) -> tuple[Tensor, Tensor | None]:
        """Changed inputs and masks."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands: epoch from 1, step from 1 of it, mean loss so far.

    `figures` and `validation_loss` are those of the epoch before (none in the first).
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    figures: Mapping[str, float]
    validation_loss: float | None = None


@dataclass(frozen=True)
class Trained:
    """A training's outcome: the model with the weights of its best epoch, in evaluation mode on the CPU."""

    model: nn.Module
    plan: Plan
    history: tuple[Epoch, ...]
    best: int  # number of the epoch whose weights were kept
    notices: tuple[Notice, ...]
    seconds: float  # of all epochs, those before an interruption too
    device: str


def train(  # noqa: PLR0913  # a training has this many parts, each with a default that does nothing
    model: nn.Module,
    training: Source,
    validation: Source,
    plan: Plan,
    *,
    augment: Sequence[Augmentation] = (),
    penalties: Sequence[Penalty] = (),
    loss: Loss | None = None,
    device: str = "cpu",
    folder: Path | None = None,
    notify: Callable[[Progress], None] = lambda _progress: None,
) -> Trained:
    """Train `model` in place and give it back with its best weights.

    With a `folder`, the state after each epoch is kept in `checkpoint.safetensors` there; the same call goes on from
    it, and ends with the same weights as if it had never been interrupted (on the CPU with the same number of threads).
    A random choice is drawn from the plan's seed, the epoch and the step alone.

    Raises:
        InputError: the loss stopped being a number; the folder holds another training; or mixup is asked for where
            penalties need masks or concepts, which a mixture of two examples does not have.
        FormatError: the checkpoint in the folder is damaged.

    """
    run = _Run(model, training, validation, plan, augment, penalties, loss or loss_for(training.task), device)
    path = None if folder is None else folder / "checkpoint.safetensors"
    if path is not None and path.exists():
        run.resume(read_checkpoint(path, run.fingerprint))
    with torch.random.fork_rng(devices=[torch.device(device)] if device.startswith("cuda") else []):
        while not run.finished():
            run.epoch(notify)
            if path is not None:
                write_checkpoint(path, run.checkpoint())
    model.load_state_dict(run.kept)
    model.to("cpu").eval()
    history = tuple(run.history)
    seconds = sum(epoch.seconds for epoch in history)
    return Trained(model, plan, history, run.best, notices(history, run.best), seconds, device)


class _Run:
    """A training under way."""

    def __init__(  # noqa: PLR0913, PLR0917  # all of `train`, handed on once
        self,
        model: nn.Module,
        training: Source,
        validation: Source,
        plan: Plan,
        augment: Sequence[Augmentation],
        penalties: Sequence[Penalty],
        loss: Loss,
        device: str,
    ) -> None:
        self.device = torch.device(device)
        self.model, self.plan = model.to(self.device), plan
        self.training, self.validation = training, validation
        self.augment, self.penalties, self.loss = augment, penalties, loss
        self.optimiser = optimiser(self.model, plan)
        self.average = Average(self.model, plan)
        self.kept = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        self.history: list[Epoch] = []
        self.scores: list[float] = []
        self.best = 0
        if plan.mixup > 0 and training.extra:
            raise InputError("mixup blends examples, and their masks or concepts would no longer fit: set mixup to 0")
        self.mixup = Mixup(plan.mixup) if plan.mixup > 0 else None
        self.weights = self._class_weights()
        self.fingerprint = _fingerprint(model, training, plan)

    @property
    def steps(self) -> int:
        return math.ceil(len(self.training) / self.plan.batch)

    def finished(self) -> bool:
        done = len(self.history)
        patience = self.plan.patience
        return done >= self.plan.epochs or (patience is not None and done - self.best >= patience and done > 0)

    def epoch(self, notify: Callable[[Progress], None]) -> None:
        number, begin = len(self.history), time.perf_counter()
        order = self._order(number)
        self.model.train()
        self.optimiser.zero_grad()
        total, before = 0.0, self.history[-1] if self.history else None
        last = {} if before is None else before.figures
        held = None if before is None else before.validation_loss
        rate = self.plan.rate
        for step in range(self.steps):
            rate = self._set_rate(number, step)
            total += self._step(order[step * self.plan.batch : (step + 1) * self.plan.batch], number, step)
            notify(Progress(number + 1, self.plan.epochs, step + 1, self.steps, total / (step + 1), last, held))
        self.average.after_epoch(self.model, number)
        if self.plan.average == "swa":
            self._refresh_norms(order)
        measured, loss = self._measured()
        self.scores.append(score(self.plan.watch, measured, loss))
        seconds = time.perf_counter() - begin
        self.history.append(Epoch(number + 1, rate, total / self.steps, loss, measured, seconds))
        if self.plan.watch == "last" or self.scores[-1] > max(self.scores[:-1], default=-math.inf):
            self.best = number + 1
            self.kept = {name: value.clone() for name, value in self.average.weights.items()}

    def _order(self, epoch: int) -> Tensor:
        generator = _generator(self.plan.seed, epoch, 0)
        n = len(self.training)
        if self.plan.balance != "sampling":
            return torch.randperm(n, generator=generator)
        labels = self.training.labels.cpu().long()
        chances = 1.0 / torch.bincount(labels).clamp_min(1)[labels].float()
        return torch.multinomial(chances, n, replacement=True, generator=generator)

    def _set_rate(self, epoch: int, step: int) -> float:
        plan = self.plan
        if plan.schedule == "plateau":
            rate = rate_on_plateau(plan, self.scores)
        else:
            rate = rate_at(plan, epoch * self.steps + step, plan.epochs * self.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        return rate

    def _step(self, index: Tensor, epoch: int, step: int) -> float:
        generator = _generator(self.plan.seed, epoch, step + 1)
        torch.manual_seed(generator.initial_seed())  # dropout draws from torch's own generator
        batch = self.training.batch(index.to(self.training.inputs.device), self.device)
        batch, targets = self._changed(batch, generator)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.plan.mixed and self.device.type == "cuda"):
            loss, outputs = self._loss(batch.inputs, targets)
        for penalty in self.penalties:
            loss = loss + penalty(self.model, batch, outputs)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise InputError(
                f"the loss is {value} in epoch {epoch + 1}: the learning rate {self.plan.rate} is too high for this "
                "network, or an input is wild; lower the rate, or clip the inputs"
            )
        (loss / self.plan.accumulate).backward()  # type: ignore[no-untyped-call]
        if (step + 1) % self.plan.accumulate == 0 or step + 1 == self.steps:
            if self.plan.clip is not None:
                nn.utils.clip_grad_norm_(self.model.parameters(), self.plan.clip)
            self.optimiser.step()
            for penalty in self.penalties:
                if isinstance(penalty, Proximal):
                    penalty.after_step(self.model, rate=self._pace())
            self.optimiser.zero_grad()
            self.average.after_step(self.model)
        return value

    def _pace(self) -> float:
        """How far a steady pull moves a weight in a step: momentum of 0.9 adds up to ten times the rate."""
        rate = float(self.optimiser.param_groups[0]["lr"])
        return rate / (1 - float(self.optimiser.param_groups[0].get("momentum", 0.0)))

    def _changed(self, batch: Batch, generator: torch.Generator) -> tuple[Batch, Tensor]:
        """The batch augmented, masks moved with the inputs, and what its outputs are compared with."""
        inputs, labels, extra = batch.inputs, batch.labels, dict(batch.extra)
        outlines = self.training.task is Task.MASKS
        masks = labels if outlines else extra["mask"][:, 0] if "mask" in extra else None
        for change in self.augment:
            inputs, masks = change(inputs, masks, generator)
        if masks is not None and outlines:
            labels = masks
        elif masks is not None:
            extra["mask"] = masks[:, None]
        targets = labels
        if self.training.task is Task.CLASSES:
            targets = soft_targets(labels, self.training.classes, self.plan.smoothing)
            if self.mixup is not None:
                inputs, targets = self.mixup(inputs, targets, generator)
        return Batch(inputs, labels, batch.weights, extra), targets

    def _loss(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of a batch, and the outputs it was worked out from."""
        if self.training.task is Task.MASKS and getattr(self.model, "answers", None) is not None:
            levels: list[Tensor] = self.model.answers(inputs)  # type: ignore[operator]
            return deep(levels, targets, self.weights), levels[-1]
        outputs: Tensor = self.model(inputs)
        return self.loss(outputs, targets, self.weights), outputs

    def _class_weights(self) -> Tensor | None:
        if self.plan.balance != "loss" or self.training.task is Task.NUMBERS:
            return None
        counts = torch.bincount(self.training.labels.flatten().cpu().long(), minlength=self.training.classes).float()
        return (counts.sum() / (len(counts) * counts.clamp_min(1))).to(self.device)

    def _refresh_norms(self, order: Tensor) -> None:
        """Averaged weights need the statistics of their own activations (Izmailov et al. 2018)."""
        layers = [one for one in self.model.modules() if isinstance(one, nn.modules.batchnorm._BatchNorm)]
        if not layers or self.average.count < 2:
            return
        own = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.model.load_state_dict(self.average.weights)
        self.model.train()
        momenta = [layer.momentum for layer in layers]
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = None
        with torch.inference_mode():
            for start in range(0, len(order), self.plan.batch):
                part = order[start : start + self.plan.batch].to(self.training.inputs.device)
                self.model(self.training.batch(part, self.device).inputs)
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
        self.average.restore(self.model.state_dict(), self.average.count)
        self.model.load_state_dict(own)

    def _measured(self) -> tuple[dict[str, float], float]:
        """Figures and loss of the averaged weights on the validation part."""
        own = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.model.load_state_dict(self.average.weights)
        found = answers(self.model, self.validation.inputs, batch=self.plan.batch, device=self.device)
        self.model.load_state_dict(own)
        labels = self.validation.labels.cpu()
        targets = soft_targets(labels, self.validation.classes, 0) if self.validation.task is Task.CLASSES else labels
        loss = float(self.loss(found, targets, None if self.weights is None else self.weights.cpu()))
        return figures(found, labels, self.validation.task), loss

    def checkpoint(self) -> Checkpoint:
        record: dict[str, Any] = {
            "count": self.average.count,
            "best": self.best,
            "scores": self.scores,
            "history": [epoch.values() for epoch in self.history],
        }
        tensors = {
            "model": dict(self.model.state_dict()),
            "average": self.average.weights,
            "best": self.kept,
            "optimiser": memory(self.optimiser),
        }
        return Checkpoint(self.fingerprint, record, tensors)

    def resume(self, checkpoint: Checkpoint) -> None:
        record, tensors = checkpoint.record, checkpoint.tensors
        self.model.load_state_dict(tensors["model"])
        self.average.restore(tensors["average"], record["count"])
        self.kept = {name: value.to(self.device) for name, value in tensors["best"].items()}
        remember(self.optimiser, tensors["optimiser"])
        self.best, self.scores = record["best"], list(record["scores"])
        self.history = [Epoch(**epoch) for epoch in record["history"]]


def _generator(seed: int, epoch: int, step: int) -> torch.Generator:
    """A generator of its own for every step, so that going on needs no memory of the steps before."""
    digest = hashlib.sha256(f"{seed} {epoch} {step}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


def _fingerprint(model: nn.Module, training: Source, plan: Plan) -> str:
    """What makes a training this one: plan, shapes and names of the weights, and the examples."""
    hashed = hashlib.sha256(plan.to_json().encode())
    for name, value in model.state_dict().items():
        hashed.update(f"{name}{tuple(value.shape)}".encode())
    for tensor in (training.inputs, training.labels):
        hashed.update(f"{tuple(tensor.shape)}".encode())
        hashed.update(tensor.cpu().contiguous().numpy().tobytes())
    return hashed.hexdigest()
