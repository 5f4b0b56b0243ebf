"""Learns to tell fibrillation from the measures of beats: made rhythms, and records of patients where there are any.

Plain gradient descent (Adam, Kingma & Ba 2015) on one hidden layer; equal seeds give equal weights.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suwen.bench.rhythm_made import KINDS, RATE, made_rhythm
from suwen.diagnosis.rhythm.delineation import delineate
from suwen.diagnosis.rhythm.odds import Weights
from suwen.diagnosis.rhythm.unevenness import MEASURES, before_qrs, unevenness

__all__ = ["Lesson", "fitted", "made_lessons", "write_weights"]

Floats = NDArray[np.float64]
_HIDDEN, _ROUNDS, _BATCH, _EPOCH, _RATE, _DECAY = 12, 30, 256, 60_000, 0.004, 3e-4


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Measures (beats, `MEASURES`) of one trace, whether each beat fibrillates, and of whom ("" where made)."""

    measures: Floats
    fibrillating: NDArray[np.bool_]
    patient: str = ""


@cache
def made_lessons(count: int = 1000, seed: int = 0) -> tuple[Lesson, ...]:
    """Made rhythms of every kind; one in three is short as a ten-second strip, one in three has one lead."""
    rng = np.random.default_rng(seed)
    lessons = []
    for number in range(count):
        kind = None if number % 2 else KINDS[(number // 2) % len(KINDS)]
        short = rng.random() < 0.33
        share = float(rng.choice([0.0, 0.4, 1.0], p=[0.35, 0.45, 0.2]))
        made = made_rhythm(rng, parts=1 if short else int(rng.integers(1, 6)), kind=kind, share=share)
        beats = slice(0, int(rng.integers(8, 18)) if short else None)
        leads = slice(int(rng.integers(0, 2)), None) if rng.random() < 0.66 else slice(0, 1)
        found = delineate(made.values[leads], RATE, made.seconds[beats] * RATE)
        seen = unevenness(before_qrs(made.values[leads], RATE, found), RATE, made.kinds[beats], found)
        lessons.append(Lesson(seen, made.fibrillating[beats]))
    return tuple(lessons)


def fitted(recorded: Sequence[Lesson], *, made: Sequence[Lesson] | None = None, seed: int = 0) -> Weights:
    """Weights learned from made rhythms and, weighing as much together, recorded ones, each patient alike."""
    invented = made_lessons() if made is None else made
    every = [*invented, *recorded]
    x = np.concatenate([one.measures for one in every])
    y = np.concatenate([one.fibrillating for one in every]).astype(np.float64)
    beats: dict[str, int] = {}
    for one in every:
        beats[one.patient] = beats.get(one.patient, 0) + len(one.fibrillating)
    share = {name: 1.0 if not name else 1.0 / (len(beats) - 1) for name in beats}
    chance = np.concatenate([np.full(len(one.fibrillating), share[one.patient] / beats[one.patient]) for one in every])
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    names = tuple(sorted(name for name in beats if name))
    source = f"{len(invented)} made rhythms; records of CPSC2021 of {len(names)} patients"
    empty = Weights(mean, spread, np.zeros((0, 0)), np.zeros(0), np.zeros(0), 0.0, names, source)
    scaled = np.clip((x - mean) / spread, -4, 4)
    return _learned(scaled, y, chance / chance.sum(), empty, np.random.default_rng(seed))


def _learned(x: Floats, y: Floats, chance: Floats, frame: Weights, rng: np.random.Generator) -> Weights:
    inner = rng.standard_normal((x.shape[1], _HIDDEN)) / np.sqrt(x.shape[1])
    values = [inner, np.zeros(_HIDDEN), rng.standard_normal(_HIDDEN) * 0.3, np.zeros(1)]
    first, second = [np.zeros_like(one) for one in values], [np.zeros_like(one) for one in values]
    steps = _ROUNDS * _EPOCH // _BATCH
    order = rng.choice(len(y), steps * _BATCH, p=chance)
    for step in range(1, steps + 1):
        chosen = order[(step - 1) * _BATCH : step * _BATCH]
        slopes = _slopes(x[chosen], y[chosen], values)
        pace = _RATE * (1 - step / (steps + 1))
        for at, slope in enumerate(slopes):
            first[at] = 0.9 * first[at] + 0.1 * slope
            second[at] = 0.999 * second[at] + 0.001 * slope**2
            move = first[at] / (1 - 0.9**step) / (np.sqrt(second[at] / (1 - 0.999**step)) + 1e-8)
            values[at] = values[at] - pace * move
    inner, offsets, outer, bias = values
    return replace(frame, inner=inner, offsets=offsets, outer=outer, bias=float(bias[0]))


def _slopes(x: Floats, y: Floats, values: list[Floats]) -> tuple[Floats, ...]:
    """Gradients of the cross entropy, with decay of the weights."""
    inner, offsets, outer, bias = values
    hidden = np.tanh(x @ inner + offsets)
    miss = (1 / (1 + np.exp(-np.clip(hidden @ outer + bias, -30, 30))) - y) / len(y)
    back = miss[:, None] * outer * (1 - hidden**2)
    return x.T @ back + _DECAY * inner, back.sum(axis=0), hidden.T @ miss + _DECAY * outer, miss.sum(keepdims=True)


def write_weights(weights: Weights, file: Path) -> None:
    """Write them as they ship: six decimals, as the JSON that `shipped_weights` reads."""
    names = ("mean", "spread", "inner", "offsets", "outer")
    found = {"source": weights.source, "patients": list(weights.patients), "measures": list(MEASURES)}
    rows = {name: np.round(getattr(weights, name), 6).tolist() for name in names}
    text = json.dumps(found | rows | {"bias": round(weights.bias, 6)}, indent=None, ensure_ascii=False)
    file.write_text(text.replace('], "', '],\n"') + "\n", "utf-8")
