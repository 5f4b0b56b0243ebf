"""The map of one answer, the evidence measured on its areas, and whether the map can be believed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from suwen.explain.maps import (
    Baseline,
    Box,
    HeatMap,
    Outside,
    Score,
    Verdict,
    card_lines,
    evidence,
    parameter_randomisation,
    place,
    replacement,
)
from suwen.explain.maps.network import scores
from suwen.explain.opening.answer import Answer, source_of_card
from suwen.explain.opening.answering import Answering, chosen_baseline, mapped
from suwen.explain.opening.card_checks import verdicts_on
from suwen.explain.opening.example import Example
from suwen.explain.opening.tracing import Traced
from suwen.explain.opening.words import class_name, said
from suwen.finding import Bearing, Evidence
from suwen.learn.model import Model
from suwen.subject import Region

__all__ = ["Asked", "Explained", "explained", "weighed"]

_FLAT = 0.05  # log10, as in the evidence of areas
_SEED = 0


@dataclass(frozen=True)
class Asked:
    """What is opened, on which input, and how it is to be explained."""

    model: Model
    example: Example
    seen: Traced
    method: str
    check: bool
    rng: np.random.Generator
    lang: str


@dataclass(frozen=True, slots=True)
class Explained:
    """A map in the places of the stored input, evidence, and what is to be thought of both."""

    heat: HeatMap
    baseline: Baseline
    evidence: tuple[Evidence, ...]
    verdicts: tuple[Verdict, ...]
    checks: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Made:
    """A map on the network's own input, and what it was made with."""

    network: Answering
    inputs: NDArray[Any]
    heat: HeatMap
    baseline: Baseline


def explained(asked: Asked, network: Answering, answer: Answer) -> Explained:
    """Explain the answer for its target class: the map, the evidence of its areas, verdicts, warnings, notes."""
    inputs = asked.model.prepared([asked.seen.inputs])[0].numpy()
    baseline, share = chosen_baseline(network, inputs, answer.target)
    values = mapped(network, inputs, answer.target, method=asked.method, baseline=baseline, rng=asked.rng)
    made = _Made(network, inputs, _heat(asked, answer.target, values), baseline)
    fields = {"filler": said(f"filler_{baseline.value}", asked.lang), "name": answer.name, "share": f"{share:.2g}"}
    verdicts, warnings, notes = _believed(asked, made)
    if share >= (asked.model.card.threshold or 0.5):
        warnings += (said("baseline_speaks", asked.lang, **fields),)
    members = len(getattr(asked.model.network, "members", ()))
    more = (said("members", asked.lang, n=members),) if members > 1 else ()
    return Explained(
        _heat(asked, answer.target, place(values, asked.seen.geometry, outside=Outside.ZERO)),
        baseline,
        _evidence(asked, made),
        verdicts,
        card_lines(verdicts, lang=asked.lang),
        warnings,
        (said("baseline", asked.lang, **fields), *more, *notes),
    )


def _heat(asked: Asked, target: int, values: NDArray[Any]) -> HeatMap:
    placed = "interpolated linearly from the network's input to the stored array; 0 where the network saw nothing"
    return HeatMap(np.asarray(values, np.float32), asked.method, target, asked.model.card.name, placed)


def _evidence(asked: Asked, made: _Made) -> tuple[Evidence, ...]:
    card = asked.model.card
    found = evidence(
        made.heat,
        model=made.network,
        inputs=made.inputs,
        image=asked.example.name,
        classes=[class_name(card, at, asked.lang) for at in range(len(card.classes))],
        source=source_of_card(card),
        lang=asked.lang,
        geometry=asked.seen.geometry,
        baseline=made.baseline,
    )
    return found or (_whole(asked, made),)


def _whole(asked: Asked, made: _Made) -> Evidence:
    """Where no area is hot, what the whole input is worth against its replacement: no finding without evidence."""
    stored, cells = asked.seen.stored.shape, made.inputs.shape[1:]
    whole = ((0,) * len(cells), tuple(cells)), ((0,) * len(stored), tuple(stored))
    return weighed(asked, made.network, made.heat.target, made.baseline, boxes=whole, words="whole")


def weighed(
    asked: Asked, network: Answering, target: int, baseline: Baseline, *, boxes: tuple[Box, Box], words: str
) -> Evidence:
    """What the model's log-odds lose where a box is replaced; `boxes` are it in the network's input and as stored."""
    inputs = asked.model.prepared([asked.seen.inputs])[0].numpy()
    (low, high), stored = boxes
    where = (slice(None), *(slice(a, b) for a, b in zip(low, high, strict=True)))
    changed = inputs.copy()
    changed[where] = replacement(inputs, baseline)[where]
    pair = torch.from_numpy(np.stack([inputs, changed]).astype(np.float32))
    odds = scores(network, pair, target, score=Score.LOG_ODDS, batch=1)
    weight = float(odds[0] - odds[1]) / math.log(10)
    bearing = Bearing.NEUTRAL if abs(weight) < _FLAT else Bearing.SUPPORTS if weight > 0 else Bearing.AGAINST
    sentence = said(
        f"{words}_{bearing.value}",
        asked.lang,
        name=class_name(asked.model.card, target, asked.lang),
        filler=said(f"filler_{baseline.value}", asked.lang),
        share=f"{10**-weight:.2g}",
    )
    return Evidence(bearing, Region(asked.example.name, *stored), weight, sentence, source_of_card(asked.model.card))


def _believed(asked: Asked, made: _Made) -> tuple[tuple[Verdict, ...], tuple[str, ...], tuple[str, ...]]:
    """The card's verdicts or, on request, one made now; warnings; notes."""

    def again(changed: Any, one: NDArray[Any], target: int, /) -> NDArray[Any]:
        rng = np.random.default_rng(_SEED)  # maps that are compared must not differ by what was drawn
        return mapped(changed, one, target, method=asked.method, baseline=made.baseline, rng=rng)

    found = verdicts_on(asked.model.card, asked.method)
    notes: tuple[str, ...] = ()
    if asked.check:
        targets, several = [made.heat.target], made.inputs[None]
        found = (parameter_randomisation(again, made.network, several, targets, rng=asked.rng, name=asked.method),)
        notes = (said("check_here", asked.lang),)
    if any(one.passes is False for one in found):
        return found, (said("check_failed", asked.lang, method=asked.method),), notes
    if not any(one.passes for one in found):
        return found, (), (*notes, said("check_unknown", asked.lang, method=asked.method))
    return found, (), notes
