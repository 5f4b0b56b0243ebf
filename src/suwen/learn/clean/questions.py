"""The questions that labels answer: one for all classes, or one for each finding where an example may have several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suwen.learn.clean.nouns import Array, Measured

__all__ = ["LEAST", "NOTHING", "Question", "questions_of"]

LEAST = 20  # examples of a class, before anything can be learned about it
NOTHING = frozenset({"no finding", "normal", "none"})  # labels that say that there is no other
MOST = 50  # classes; more different labels are numbers or names


@dataclass(frozen=True, slots=True)
class Question:
    """`labels` (n,) are integers into `classes`, -1 where unknown, of a rare class, or of an unreadable example.

    `finding` is "" where the classes exclude each other, else the finding whose absence and presence are the classes.
    """

    finding: str
    labels: Array
    classes: tuple[str, ...]


def questions_of(measured: Sequence[Measured], *, several: bool) -> list[Question]:
    """What can be learned from these labels; nothing where there are too few examples or too many classes."""
    given = [one.sample.label if one.readable else None for one in measured]
    return _findings(given) if several else _classes(given)


def _classes(given: Sequence[str | None]) -> list[Question]:
    counts = Counter(label for label in given if label is not None)
    classes = tuple(sorted(label for label, many in counts.items() if many >= LEAST))
    if not len(classes) >= 2 or len(counts) > MOST:
        return []
    place = {label: at for at, label in enumerate(classes)}
    return [Question("", np.array([-1 if one is None else place.get(one, -1) for one in given]), classes)]


def _findings(given: Sequence[str | None]) -> list[Question]:
    sets = [None if one is None else set(one.split("|")) for one in given]
    known = sum(one is not None for one in sets)
    counts = Counter(finding for one in sets if one is not None for finding in one if finding)
    found = []
    for finding, many in sorted(counts.items()):
        if LEAST <= many <= known - LEAST and finding.lower() not in NOTHING:
            labels = np.array([-1 if one is None else int(finding in one) for one in sets])
            found.append(Question(finding, labels, ("-", finding)))
    return found
