"""A model's answer for one input: classes with their probabilities, which is called, and the finding made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from suwen.errors import InputError
from suwen.explain.opening.example import Example
from suwen.explain.opening.words import WORDS, class_name, said
from suwen.finding import Chance, Evidence, Finding, Maker
from suwen.learn.card import Card, Provenance
from suwen.learn.model import Model
from suwen.learn.nouns import Task
from suwen.subject import Code, Kind, Reference

__all__ = ["Answer", "answer_of", "calibration_text", "finding_of", "source_of_card"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The class that is explained, the scores of all by name, the class that is called, and the target's chance."""

    target: int
    name: str
    scores: Mapping[str, float]
    called: str
    chance: Chance


def answer_of(model: Model, inputs: Sequence[Any], target: int | None, lang: str) -> Answer:
    """The answer for one input. Raises InputError where the model is no classifier or knows no classes."""
    card = model.card
    if card.task != Task.CLASSES.value or len(card.classes) < 2:
        raise InputError(f"{card.name} answers {card.task}; only classes and outlines can be explained so far")
    found = model.chances(inputs)[0]
    if len(found) != len(card.classes):
        raise InputError(f"the card of {card.name} names {len(card.classes)} classes, but its network has {len(found)}")
    called = int(found.argmax())
    if len(found) == 2 and card.threshold is not None:
        called = int(found[1] >= card.threshold)
    if target is None:
        target = 1 if len(found) == 2 else int(found.argmax())
    names = [class_name(card, at, lang) for at in range(len(found))]
    chance = Chance(None)  # what is not calibrated is no probability
    if card.calibration:
        chance = Chance(float(np.clip(found[target], 0, 1)), calibration=calibration_text(card, lang))
    scores = {name: float(value) for name, value in zip(names, found, strict=True)}
    return Answer(target, names[target], scores, names[called], chance)


def calibration_text(card: Card, lang: str) -> str:
    """How and on which data, unseen in fitting the network, the card's probabilities were calibrated."""
    kind = str(card.calibration.get("kind", ""))
    known = f"kind_{kind}" if f"kind_{kind}" in WORDS else "kind_other"
    how = said(known, lang, kind=kind)
    held = [one for one in card.data if one.part in ("calibration", "validation")]
    held.sort(key=lambda one: one.part)  # a part held for calibration before one for choosing
    if not held:
        return said("calibration_nowhere", lang, kind=how)
    one = held[0]
    return said("calibration", lang, kind=how, data=one.name, part=said(f"part_{one.part}", lang), n=one.n)


def source_of_card(card: Card) -> str:
    """What every evidence cites: the model by name, version and weights."""
    digest = f", SHA-256 {card.weights_sha256[:16]}" if card.weights_sha256 else ""
    return f"{card.name} {card.version}{digest}"


def finding_of(card: Card, example: Example, answer: Answer, evidence: tuple[Evidence, ...]) -> Finding:
    """The finding: the input, the class as `model:class`, its chance, the evidence and the model with its data."""
    subject = Reference(Kind.PATIENT if example.kind == "row" else Kind.STUDY, example.name)
    code = Code(f"{card.name}:{card.classes[answer.target]}", answer.name)
    maker = Maker(card.name, card.version, _data_digest(card.data) or card.weights_sha256)
    return Finding(subject, code, answer.chance, evidence, maker)


def _data_digest(data: Sequence[Provenance]) -> str:
    return next((one.digest for one in data if one.part == "training"), "")
