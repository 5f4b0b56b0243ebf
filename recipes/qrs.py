"""Trains the network that finds QRS complexes in one lead; cross-validates it on CPSC2019; writes weights and card.

Data in, from heart/ecg of SUWEN_DATA: CPSC2021 (two leads, annotated beats), CinC2021 (twelve leads; its beats are
those that the rules find over all leads together), CPSC2019 (strips that were hard for devices, annotated), and made
ECGs of every rhythm. Noise is made, and some is real: what lies between the beats of one trace is laid over another.

First the network learns without CPSC2019. Then, for every fold of recordings of CPSC2019, a copy learns on from the
other folds and is judged on the strips it never saw (leads of one recording stay together); the figures of the card
are of these copies. At last one learns on from all strips: that is shipped. Record 100 of MIT-BIH is never learned
from, and nothing was chosen by it. Out: src/suwen/learn/shipped/qrs.*. Eight minutes on one busy core.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _shipping import _pin
from numpy.typing import NDArray
from torch import nn

from suwen import datasets
from suwen.bench.qrs import judged_strip
from suwen.bench.qrs_traces import FOLDER, Annotated, mitdb, pairs_of_twelve, strips, with_rhythms
from suwen.bench.setting import digest
from suwen.diagnosis.rhythm.beats import find_beats, located
from suwen.diagnosis.rhythm.filters import resampled
from suwen.diagnosis.rhythm.matching import Match, matched, together
from suwen.diagnosis.rhythm.network import FOLD, NAME, folded, network_input, score_of
from suwen.diagnosis.rhythm.synthetic import NOISES, RHYTHMS, noise, synthetic_ecg
from suwen.learn.card import Card, Figure, Provenance
from suwen.learn.nets.catalogue import build
from suwen.learn.weights import SHIPPED, save_model

Floats = NDArray[np.float32]
SETTINGS = {
    "channels": FOLD, "outputs": FOLD, "width": 40, "depth": 6, "kernel": 5, "activation": "relu", "norm": "batch",
    "drop": 0.1, "causal": False, "steps": True,
}  # fmt: skip
LENGTH = 1000  # steps of 10 ms in an example
BATCH, FOLDS = 24, 7
FIRST, THEN = 600, 120  # batches without and with the strips
RATE = 3e-3


@dataclass(frozen=True, eq=False)
class Piece:
    """One lead at 100 Hz and the steps of its beats."""

    values: Floats
    beats: NDArray[np.floating[Any]]


def main() -> None:
    """Learn, judge, learn from everything, write."""
    parser = argparse.ArgumentParser(description="Trains qrs; writes weights and card")
    parser.add_argument("--into", type=Path, default=SHIPPED)
    parser.add_argument("--threads", type=int, default=1, help="the same number gives the same weights")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    begin = time.monotonic()
    folder = datasets.folder()
    general, hard = _general(folder), strips(folder)
    print(f"{sum(len(one.values) for one in general) / 360_000:.1f} h to learn from, {len(hard)} strips", flush=True)
    network = build("temporal", SETTINGS)
    _learn(network, general, (), FIRST, np.random.default_rng(0))
    plain = together(_judge(network, one) for one in hard)
    print(f"without the strips: F1 {plain.f1:.4f}, {time.monotonic() - begin:.0f} s", flush=True)
    matches = _crossed(network, general, hard)
    _learn(network, general, [_piece(one) for one in hard], THEN, np.random.default_rng(1))
    record = mitdb(folder)
    whole = _match_record(network, record)
    figures = _figures(hard, matches, plain, whole)
    for name, figure in figures.items():
        print(f"{name}: {figure.value:.4f} ({figure.low:.4f} to {figure.high:.4f})")
    card = save_model(network, _card(folder, figures, general, len(hard), time.monotonic() - begin), options.into)
    _pin(card, options.into)


def _general(folder: Path) -> list[Piece]:
    """Everything but CPSC2019: recorded traces with annotated and with found beats, and made ones."""
    found = []
    for record in with_rhythms(folder):
        found += [_piece(record, lead) for lead in range(len(record.values))]
    for name, values, rate, _names in pairs_of_twelve(folder):
        beats = find_beats(values, rate, method="rules").samples
        record = Annotated(name, values, rate, beats, name)
        found += [_piece(record, lead) for lead in range(len(values))]
    rng = np.random.default_rng(7)
    for turn in range(240):
        made = synthetic_ecg(
            rng,
            seconds=14,
            rate=100,
            rhythm=RHYTHMS[turn % len(RHYTHMS)],
            bpm=float(rng.uniform(40, 150)),
            names=(str(rng.choice(["I", "II", "III", "aVL", "V1", "V2", "V3", "V5"])),),
            axis=float(rng.uniform(-60, 120)),
        )
        found.append(Piece(made.values[0], made.beats))
    return found


def _piece(record: Annotated, lead: int = 0) -> Piece:
    return Piece(resampled(record.values[lead], record.rate, 100.0)[0], record.beats * (100.0 / record.rate))


def _learn(
    network: nn.Module, general: Sequence[Piece], hard: Sequence[Piece], steps: int, rng: np.random.Generator
) -> None:
    """So many batches with one cycle of the learning rate; half of a batch are strips where there are any."""
    network.train()
    top = RATE if not hard else RATE / 3
    optimiser = torch.optim.AdamW(network.parameters(), lr=top, weight_decay=0.02)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimiser, top, total_steps=steps, pct_start=0.2)
    share = np.sqrt([len(one.values) for one in general])
    share /= share.sum()
    spoilers = [*hard, *general[:24]]
    begin, total = time.monotonic(), 0.0
    for step in range(1, steps + 1):
        chosen = [general[int(at)] for at in rng.choice(len(general), BATCH, p=share)]
        if hard:
            chosen[: BATCH // 2] = [hard[int(at)] for at in rng.integers(0, len(hard), BATCH // 2)]
        inputs, targets = zip(*(_example(one, spoilers, rng) for one in chosen), strict=True)
        logits = network(torch.from_numpy(np.stack(inputs)))
        loss = nn.functional.binary_cross_entropy_with_logits(
            logits, torch.from_numpy(np.stack(targets)), pos_weight=torch.tensor(2.0)
        )
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        cycle.step()
        total += float(loss.detach())
        if step % 50 == 0:
            print(f"  {step}/{steps} loss {total / 50:.4f} {time.monotonic() - begin:.0f} s", flush=True)
            total = 0.0
    network.eval()


def _example(piece: Piece, spoilers: Sequence[Piece], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """A stretch, slowed or hurried, turned over or not, with noise; and where its beats are, blurred."""
    speed = float(np.exp(rng.uniform(-0.25, 0.25)))
    span = min(int(LENGTH * speed) + 2, len(piece.values))
    begin = int(rng.integers(0, len(piece.values) - span + 1))
    places = begin + np.arange(LENGTH) * speed
    values = np.interp(places, np.arange(len(piece.values)), piece.values).astype(np.float32)
    inside = (piece.beats - begin) / speed
    end = min(LENGTH, int((len(piece.values) - begin) / speed))
    values[end:] = 0
    if rng.random() < 0.85:
        values = values + _noise(values, spoilers, rng)
    if rng.random() < 0.5:
        values = -values
    if rng.random() < 0.1:
        start = int(rng.integers(0, LENGTH - 150))
        values[start : start + int(rng.integers(10, 150))] = values[start]
    target = np.zeros(LENGTH, np.float32)
    for beat in inside[(inside >= 0) & (inside < end)]:
        near = np.arange(max(0, int(beat) - 7), min(LENGTH, int(beat) + 9))
        target[near] = np.maximum(target[near], np.exp(-0.5 * ((near - beat) / 2.2) ** 2))
    return folded(network_input(values, 100.0)[0]), folded(target)


def _noise(values: Floats, spoilers: Sequence[Piece], rng: np.random.Generator) -> Floats:
    """Noise of several kinds, as multiples of how far the trace swings; now and then what lies between other beats."""
    swing = float(np.quantile(np.abs(values - np.median(values)), 0.98)) + 1e-4
    found = np.zeros(LENGTH, np.float32)
    for kind in rng.choice([one for one in NOISES if one != "mains"], int(rng.integers(1, 4)), replace=False):
        size = rng.exponential(0.22 if kind != "baseline" else 1.0)
        found += np.float32(size * swing) * noise(rng, str(kind), LENGTH, 100.0)[0]
    if rng.random() < 0.4:
        found += np.float32(rng.uniform(0.1, 0.8) * swing) * _between_beats(
            spoilers[int(rng.integers(len(spoilers)))], rng
        )
    if rng.random() < 0.15:
        found[rng.integers(0, LENGTH, int(rng.integers(1, 4)))] += np.float32(swing * rng.uniform(3, 30))
    return found


def _between_beats(piece: Piece, rng: np.random.Generator) -> Floats:
    """A real trace with its QRS complexes cut out and bridged, as multiples of its swing: T waves, noise, drift."""
    begin = int(rng.integers(0, max(1, len(piece.values) - LENGTH)))
    values = piece.values[begin : begin + LENGTH].astype(np.float32)
    values = np.pad(values, (0, LENGTH - len(values)), mode="edge")
    steps = np.arange(LENGTH)
    keep = np.ones(LENGTH, bool)
    for beat in piece.beats - begin:
        keep &= np.abs(steps - beat) > 8
    if keep.sum() < 100:
        return np.zeros(LENGTH, np.float32)
    values = np.interp(steps, steps[keep], values[keep]).astype(np.float32)
    swing = float(np.quantile(np.abs(values - np.median(values)), 0.98)) + 1e-4
    return np.asarray(np.clip((values - np.median(values)) / swing, -3, 3), np.float32)


def _found(network: nn.Module, record: Annotated) -> NDArray[np.int64]:
    score = score_of(network, network_input(record.values, record.rate))
    return located(record.values, record.rate, score, learned=True)[0]


def _judge(network: nn.Module, record: Annotated) -> Match:
    return judged_strip(record, _found(network, record))


def _match_record(network: nn.Module, record: Annotated) -> Match:
    return matched(record.beats, _found(network, record), 0.15 * record.rate)


def _crossed(network: nn.Module, general: Sequence[Piece], hard: Sequence[Annotated]) -> list[Match]:
    """What copies that learned from the other recordings find in each strip."""
    recordings = sorted({one.recording for one in hard})
    order = np.random.default_rng(3).permutation(len(recordings))
    fold = {recordings[int(at)]: place % FOLDS for place, at in enumerate(order)}
    found: dict[str, Match] = {}
    for number in range(FOLDS):
        torch.manual_seed(number)
        own = copy.deepcopy(network)
        others = [_piece(one) for one in hard if fold[one.recording] != number]
        _learn(own, general, others, THEN, np.random.default_rng(100 + number))
        for one in hard:
            if fold[one.recording] == number:
                found[one.name] = _judge(own, one)
                print(f"  fold {number} {one.name} {found[one.name]}", flush=True)
    return [found[one.name] for one in hard]


def _figures(hard: Sequence[Annotated], crossed: Sequence[Match], plain: Match, record: Match) -> dict[str, Figure]:
    """Of strips with an interval by recording; of one record with that of its beats (Wilson)."""
    measures: dict[str, Callable[[Match], float]] = {
        "f1": lambda one: one.f1, "se": lambda one: one.sensitivity, "ppv": lambda one: one.predictive
    }  # fmt: skip
    groups = [
        [m for m, one in zip(crossed, hard, strict=True) if one.recording == name]
        for name in sorted({h.recording for h in hard})
    ]
    rng = np.random.default_rng(0)
    figures = {}
    for name, measure in measures.items():
        draws = [
            measure(together(m for at in rng.integers(0, len(groups), len(groups)) for m in groups[at]))
            for _ in range(1000)
        ]
        low, high = np.quantile(draws, (0.025, 0.975))
        figures[f"cpsc2019.{name}"] = Figure(
            measure(together(crossed)), float(low), float(high), len(hard), "cross-validation"
        )
    figures["mitdb100.f1"] = _of_beats(record, "never learned from")
    figures["cpsc2019.without.f1"] = _of_beats(plain, "before learning from strips")
    return figures


def _of_beats(match: Match, part: str) -> Figure:
    n, share = match.right + match.missed + match.extra, match.f1
    middle, spread = share + 1.92 / n, 1.96 * np.sqrt(share * (1 - share) / n + 0.96 / n**2)
    low, high = (middle - spread) / (1 + 3.84 / n), (middle + spread) / (1 + 3.84 / n)
    return Figure(share, float(low), min(1.0, float(high)), n, part)


def _card(folder: Path, figures: dict[str, Figure], general: Sequence[Piece], n: int, seconds: float) -> Card:
    def seen(name: str, source: str, pattern: str, count: int) -> Provenance:
        files = sorted((folder / FOLDER).glob(pattern))
        judged = name.startswith("MIT-BIH")
        licence, part = ("ODC-By 1.0", "validation") if judged else ("CC BY 4.0", "training")
        return Provenance(name, source, licence, digest(*files), count, part)

    return Card(
        name=NAME,
        version="1.0.0",
        purpose={
            "en": "Chance of the top of a QRS complex at every hundredth of a second of one ECG lead.",
            "zh": "单导联心电图每百分之一秒为 QRS 波群顶点的概率。",
        },
        task="masks",
        classes=("between beats", "QRS"),
        network={"kind": "temporal", "settings": SETTINGS},
        prepare={"scale": "none"},
        data=(
            seen("CPSC2021", "The 4th China Physiological Signal Challenge 2021, PhysioNet", "cpsc2021/*", 12),
            seen("CinC2021", "PhysioNet/CinC Challenge 2021; beats found by rules over twelve leads", "cinc2021/*", 24),
            seen("CPSC2019", "The 2nd China Physiological Signal Challenge 2019", "cpsc2019/*/*.mat", n),
            seen("MIT-BIH 100", "MIT-BIH Arrhythmia Database, PhysioNet", "mitdb/*", 1),
        ),
        figures=figures,
        limits={
            "en": (
                "Learned from few people: 21 hard strips, a dozen ambulatory records, two dozen twelve-lead ECGs.",
                "Finds ventricular beats as such; it does not tell their kind, and no paced or fetal trace was seen.",
                "On traces that are noise only it may say beats; ask the quality of the trace as well.",
                "For research and teaching; no medical device.",
            ),
            "zh": (
                "训练来源人数少：21 段困难片段、12 份动态记录、24 份十二导联心电图。",
                "只检出心室搏动，不区分类型；未见过起搏或胎儿心电图。",
                "纯噪声记录可能误报心搏；请同时查看信号质量。",
                "仅供研究与教学；不是医疗器械。",
            ),
        },
        licence="MIT; data CC BY 4.0 (CPSC2019, CPSC2021, CinC2021)",
        training={
            "batches": [FIRST, THEN],
            "batch": BATCH,
            "folds": FOLDS,
            "pieces": len(general),
            "seconds": round(seconds),
        },
    )


if __name__ == "__main__":
    main()
