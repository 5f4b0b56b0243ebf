"""Whether the heat maps of a classifier depend on what it learned, tested once and written on its card."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from suwen.explain.maps import BEST, Baseline, sanity_checks
from suwen.explain.opening.answering import Answering, mapped, temperature_of
from suwen.explain.opening.card_checks import for_card
from suwen.learn.fit import train
from suwen.learn.lesson import Lesson
from suwen.learn.model import Model
from suwen.learn.nets.catalogue import build
from suwen.learn.nouns import Examples, Task
from suwen.learn.source import source_of

__all__ = ["with_checks"]

_ONE_AXIS = 3  # (n, channels, time) or fewer: no image


def with_checks(
    model: Model,
    lesson: Lesson,
    training: Examples,
    validation: Examples,
    *,
    method: str = BEST,
    count: int = 4,
    epochs: int = 4,
) -> Model:
    """The same model, its card saying whether its maps pass the randomisation checks (Adebayo et al. 2018).

    Looked at are the first network and `count` examples of the validation part. The network taught with shuffled
    labels sees the training part for `epochs` epochs without augmentation. Of models of outlines, signals and tables,
    which have no such maps, the card says nothing.
    """
    if model.card.task != Task.CLASSES.value or validation.inputs[0].ndim < _ONE_AXIS:
        return model
    members = getattr(model.network, "members", None)
    network = Answering(model.network if members is None else members[0], (), temperature_of(model) or 1.0).eval()
    inputs = model.prepared(validation.inputs[:count]).numpy()
    with torch.inference_mode():
        targets = network(torch.from_numpy(inputs)).argmax(1).tolist()
    source = source_of(training, lesson.prepare)
    plan = replace(lesson.plan, epochs=epochs, average="none", watch="last", mixup=0.0, seed=lesson.seeds[0])

    def refit(labels: NDArray[np.int64]) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed)
            fresh = build(lesson.network["kind"], lesson.network["settings"])
        shuffled = replace(source, labels=torch.from_numpy(np.asarray(labels, np.int64)))
        return Answering(train(fresh, shuffled, shuffled, plan).model).eval()

    verdicts = sanity_checks(
        lambda one, image, target: _map(one, image, target, method),
        network,
        inputs,
        targets,
        rng=np.random.default_rng(0),
        labels=training.labels,
        refit=refit,
        name=method,
    )
    return replace(model, card=replace(model.card, checks={**model.card.checks, **for_card(verdicts)}))


def _map(network: nn.Module, image: Any, target: int, method: str) -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    return mapped(network, image, target, method=method, baseline=Baseline.MEAN, rng=rng)
