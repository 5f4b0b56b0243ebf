"""How well flipped labels are found again: labels are flipped on purpose, and the suspicions counted against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from suwen.errors import InputError
from suwen.learn.clean.checks.label_noise import find_label_noise
from suwen.learn.clean.features import features_of
from suwen.learn.clean.measure import measure_all
from suwen.learn.clean.nouns import Array, Form, Holding, Measured
from suwen.learn.clean.questions import questions_of

__all__ = ["Recovered", "flip_labels", "measure_flips", "recover_flips"]


@dataclass(frozen=True, slots=True)
class Recovered:
    """Flips made, labels suspected, and flips among those. Labels that were wrong before count against precision."""

    flipped: int
    suspected: int
    both: int

    @property
    def recall(self) -> float:
        """Share of the flips that was found."""
        return self.both / self.flipped if self.flipped else 0.0

    @property
    def precision(self) -> float:
        """Share of the suspected labels that was flipped."""
        return self.both / self.suspected if self.suspected else 0.0


def flip_labels(labels: Array, share: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Labels (n,) with a share of them changed to another class, each other class alike, and the mask of the changed.

    Raises InputError where there are no two classes or the share is not within 0..1.
    """
    classes = np.unique(labels)
    if len(classes) < 2 or not 0 <= share <= 1:
        raise InputError(f"labels of {len(classes)} class(es) cannot be flipped at a share of {share}")
    flipped = np.zeros(len(labels), bool)
    flipped[rng.choice(len(labels), round(share * len(labels)), replace=False)] = True
    place = np.searchsorted(classes, labels)
    step = rng.integers(1, len(classes), len(labels))
    return np.where(flipped, classes[(place + step) % len(classes)], labels), flipped


def measure_flips(holding: Holding, *, share: float = 0.2, seeds: Sequence[int] = (0, 1, 2)) -> list[Recovered]:
    """One measurement a seed, over all examples of a holding with one label each. The data are read once."""
    measured, _ = measure_all(holding)
    return recover_flips([one for one in measured if one.readable], holding.form, share=share, seeds=seeds)


def recover_flips(
    measured: Sequence[Measured], form: Form, *, share: float = 0.2, seeds: Sequence[int] = (0, 1, 2)
) -> list[Recovered]:
    """As `measure_flips`, of examples that were measured before. Raises InputError where labels cannot be judged."""
    asked = questions_of(measured, several=False)
    if not asked:
        raise InputError("these examples have no two classes of enough examples; nothing can be flipped")
    rows = features_of(measured, form)
    groups = np.array([one.sample.group or f"\0{at}" for at, one in enumerate(measured)])
    _, groups = np.unique(groups, return_inverse=True)
    found = []
    for seed in seeds:
        labels, flipped = flip_labels(asked[0].labels, share, np.random.default_rng(seed))
        question = replace(asked[0], labels=labels)
        suspicions, _ = find_label_noise(measured, rows, groups, question, form, seed=seed)
        names = {name for one in suspicions for name in one.where}
        suspected = np.array([one.sample.name in names for one in measured])
        found.append(Recovered(int(flipped.sum()), int(suspected.sum()), int((suspected & flipped).sum())))
    return found
