"""From a lesson and examples to a model with its card: train every seed, calibrate, choose a threshold, measure."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from suwen.errors import InputError
from suwen.learn.card import Card, Figure, Provenance
from suwen.learn.fit import Progress, Trained, train
from suwen.learn.lesson import Lesson
from suwen.learn.measure import accuracy, auc, bootstrap, choose_threshold, fit_temperature, mask_scores
from suwen.learn.measure.intervals import Estimate
from suwen.learn.measure.thresholds import Rule
from suwen.learn.measure.values import mean
from suwen.learn.model import Model
from suwen.learn.nets.catalogue import build, completed
from suwen.learn.nets.ensemble import Ensemble
from suwen.learn.nouns import Examples, Task
from suwen.learn.source import Source, source_of

__all__ = ["Taught", "figures_of_classes", "figures_of_masks", "teach"]


@dataclass(frozen=True)
class Taught:
    """A model made, and how the training of each seed went."""

    model: Model
    trainings: tuple[Trained, ...]


def teach(
    lesson: Lesson,
    training: Examples,
    validation: Examples,
    *,
    device: str = "cpu",
    folder: Path | None = None,
    notify: Callable[[int, Progress], None] = lambda _seed, _progress: None,
) -> Taught:
    """Train a network for each seed of the lesson and put them together into one model with a card.

    With a `folder`, an interrupted call goes on where it stood. `notify` hears the seed and its progress.

    Raises:
        InputError: the lesson or the examples cannot be used.

    """
    if training.task is not validation.task or training.classes != validation.classes:
        raise InputError("training and validation examples answer different questions")
    begin = time.perf_counter()
    parts = source_of(training, lesson.prepare), source_of(validation, lesson.prepare)
    trainings = [_trained(lesson, seed, parts, device, folder, notify) for seed in lesson.seeds]
    members = [one.model for one in trainings]
    network = members[0] if len(members) == 1 else Ensemble(members).eval()
    card = _card(lesson, training, validation, trainings, time.perf_counter() - begin)
    return Taught(_measured(Model(network, card), members, validation, lesson), tuple(trainings))


def _trained(
    lesson: Lesson,
    seed: int,
    parts: tuple[Source, Source],
    device: str,
    folder: Path | None,
    notify: Callable[[int, Progress], None],
) -> Trained:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build(lesson.network["kind"], lesson.network["settings"])
    there = torch.device(device)
    training, validation = (part.to(there) if there.type == "cuda" else part for part in parts)
    return train(
        network,
        training,
        validation,
        replace(lesson.plan, seed=seed),
        augment=lesson.augmentations(),
        device=device,
        folder=None if folder is None else folder / f"seed-{seed}",
        notify=lambda progress: notify(seed, progress),
    )


def _card(
    lesson: Lesson, training: Examples, validation: Examples, trainings: Sequence[Trained], seconds: float
) -> Card:
    seen = {"training": training, "validation": validation}
    data = [
        Provenance(part.source or lesson.name, part.source, part.licence, part.digest(), len(part), name)
        for name, part in seen.items()
    ]
    kept = {
        **lesson.values(),
        **_stored(training),
        "best_epochs": [one.best for one in trainings],
        "seconds": round(seconds, 1),
        "device": trainings[0].device,
        "threads": torch.get_num_threads(),
        "notices": sorted({notice.english for one in trainings for notice in one.notices}),
        "packages": {name: version(name) for name in ("torch", "numpy")} | {"python": platform.python_version()},
    }
    kind = lesson.network["kind"]
    network = {"kind": kind, "settings": completed(kind, lesson.network["settings"]), "members": len(trainings)}
    return Card(
        lesson.name,
        lesson.version,
        lesson.purpose,
        training.task.value,
        training.classes,
        network,
        lesson.prepare.values(),
        tuple(data),
        {},
        lesson.limits,
        lesson.licence,
        flips=lesson.flips,
        training=kept,
    )


def _stored(training: Examples) -> dict[str, Any]:
    """Sides and spacing of the inputs it learned from, where they all have the same."""
    sides = {one.shape[1:] for one in training.inputs}
    found: dict[str, Any] = {"spacing_mm": list(training.spacing)} if training.spacing else {}
    if len(sides) == 1 and len(next(iter(sides))):
        found["shape"] = list(next(iter(sides)))
    return found


def _measured(model: Model, members: Sequence[nn.Module], validation: Examples, lesson: Lesson) -> Model:
    if validation.task is Task.MASKS:
        return replace(model, card=replace(model.card, figures=figures_of_masks(model, validation)))
    if validation.task is not Task.CLASSES:
        return model
    logits = model.logits(validation.inputs)
    calibration = fit_temperature(validation.labels, logits).to_json()
    model = replace(model, card=replace(model.card, calibration=calibration))
    if len(validation.classes) == 2:
        chances = model.calibrated(logits)[:, 1]
        threshold = choose_threshold(validation.labels, chances, rule=Rule(lesson.rule)).value
        model = replace(model, card=replace(model.card, threshold=float(threshold)))
    figures = figures_of_classes(model, validation)
    each = [figures_of_classes(Model(member, replace(model.card, calibration={})), validation) for member in members]
    if len(each) > 1:
        for name in ("auc", "accuracy"):
            values = [one[name].value for one in each if name in one]
            figures[f"{name} of single networks"] = Figure(
                float(np.mean(values)), float(min(values)), float(max(values)), len(validation)
            )
    return replace(model, card=replace(model.card, figures=figures))


def figures_of_classes(model: Model, examples: Examples, *, part: str = "validation") -> dict[str, Figure]:
    """AUC and accuracy with 95 % intervals over the groups of the examples; accuracy at the card's threshold."""
    chances = model.chances(examples.inputs)
    rng, groups = np.random.default_rng(0), examples.groups or None
    column = chances[:, 1] if chances.shape[1] == 2 else chances
    at = model.card.threshold
    called = chances.argmax(1) if at is None or chances.shape[1] != 2 else (chances[:, 1] >= at).astype(int)
    found = {
        "auc": bootstrap(auc, examples.labels, column, groups=groups, rng=rng),
        "accuracy": bootstrap(accuracy, examples.labels, called, groups=groups, rng=rng),
    }
    return {name: _figure(one, len(examples), part) for name, one in found.items()}


def figures_of_masks(model: Model, examples: Examples, *, part: str = "validation") -> dict[str, Figure]:
    """Mean Dice, 95 % Hausdorff distance (mm) and volume error (mL) of each class over the examples, with intervals."""
    classes = examples.classes
    rows: dict[str, list[float]] = {}
    for inputs, truth in zip(examples.inputs, examples.labels, strict=True):
        scores = mask_scores(truth, model.labels(inputs), spacing=examples.spacing, classes=classes)
        for name, one in scores.items():
            for kind, value in (
                ("dice", one.dice),
                ("hd95_mm", one.hausdorff95),
                ("volume_error_ml", one.volume_error),
            ):
                rows.setdefault(f"{kind}.{name}", []).append(float(value))
    rng = np.random.default_rng(0)
    return {
        name: _figure(bootstrap(mean, np.array(values), rng=rng), len(examples), part) for name, values in rows.items()
    }


def _figure(estimate: Estimate, n: int, part: str) -> Figure:
    return Figure(float(estimate.value), estimate.low, estimate.high, n, part)
