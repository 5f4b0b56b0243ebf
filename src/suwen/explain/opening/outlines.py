"""A model of outlines opened on one image or volume: the label map, volumes in mL, and what one outline goes by."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from suwen.explain.opening.answer import Answer, finding_of, source_of_card
from suwen.explain.opening.answering import Outlined
from suwen.explain.opening.example import Example
from suwen.explain.opening.explaining import Asked, Explained, explained, weighed
from suwen.explain.opening.opened import Opened, Outline, Picture
from suwen.explain.opening.words import class_name, said
from suwen.finding import Bearing, Chance, Evidence
from suwen.subject import Code, Measurement, Region

__all__ = ["open_outlines"]

_UNKNOWN = Chance(None)  # outlines come without a probability


def open_outlines(asked: Asked, target: int | None) -> Opened:
    """Outlines of every class; the finding is about the target's, by default the largest one's."""
    model, card, lang = asked.model, asked.model.card, asked.lang
    labels = model.labels(asked.seen.inputs)
    counts = np.bincount(labels.ravel(), minlength=len(card.classes))
    if target is None:
        target = int(counts[1:].argmax()) + 1 if len(counts) > 1 else 0
    answer = Answer(target, class_name(card, target, lang), {}, "", _UNKNOWN)
    inside = torch.from_numpy(model.logits([asked.seen.inputs], batch=1)[0].argmax(0) == target)
    found: Explained | None = None
    boxed: tuple[Evidence, ...] = ()
    if bool(inside.any()):
        network = Outlined(model.network, inside, card.flips).eval()
        found = explained(asked, network, answer)
        boxed = _boxed(asked, network, target, found)
    measured = _measured(asked, answer, int(counts[target]), labels)
    example = asked.example
    said_of_it = (
        said("outline_explained", lang, name=answer.name, n=int(inside.sum()))
        if found
        else said("outline_empty", lang, name=answer.name)
    )
    finding = finding_of(card, example, answer, (measured, *boxed, *(found.evidence if found else ())))
    regions = [one.seen for one in boxed if isinstance(one.seen, Region)]
    return Opened(
        replace(finding, region=regions[0] if regions else None),
        card,
        example.name,
        target,
        answer.name,
        asked.method,
        {},
        "",
        Picture(asked.seen.stored, found.heat if found else None, labels, example.spacing, example.affine),
        tuple(_outline(asked, at, int(counts[at])) for at in range(1, len(card.classes))),
        verdicts=found.verdicts if found else (),
        checks=found.checks if found else (),
        warnings=found.warnings if found else (),
        notes=(*asked.seen.notes, said("no_chance", lang), said_of_it, *(found.notes if found else ())),
    )


def _boxed(asked: Asked, network: Outlined, target: int, found: Explained) -> tuple[Evidence, ...]:
    """What the place of the outline itself is worth to it; none where it lies wholly in padding."""
    places = np.argwhere(network.inside.numpy())
    box = tuple(places.min(0).tolist()), tuple((places.max(0) + 1).tolist())
    stored = asked.seen.geometry.box_to_stored(*box)
    if stored is None:
        return ()
    return (weighed(asked, network, target, found.baseline, boxes=(box, stored), words="box"),)


def _outline(asked: Asked, at: int, places: int) -> Outline:
    return Outline(class_name(asked.model.card, at, asked.lang), places, _millilitres(places, asked.example))


def _millilitres(places: int, example: Example) -> float | None:
    return places * math.prod(example.spacing) / 1000 if len(example.spacing) == 3 else None


def _measured(asked: Asked, answer: Answer, places: int, labels: NDArray[np.uint8]) -> Evidence:
    """The size of an outline: what was measured, which by itself speaks neither for nor against anything."""
    card, volume = asked.model.card, _millilitres(places, asked.example)
    code = Code(f"{card.name}:{card.classes[answer.target]}", answer.name)
    if volume is None:
        sentence = said("outline_voxels", asked.lang, name=answer.name, n=places, every=labels.size)
        seen = Measurement(code, float(places), "1")
    else:
        each, ml = f"{math.prod(asked.example.spacing):.3g}", f"{volume:.2f}"
        sentence = said("outline_ml", asked.lang, name=answer.name, ml=ml, n=places, each=each)
        seen = Measurement(code, volume, "mL")
    return Evidence(Bearing.NEUTRAL, seen, 0.0, sentence, source_of_card(card))
