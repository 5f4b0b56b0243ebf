"""Made rhythms for learning to tell fibrillation: two leads at 100 Hz with true beats, and where fibrillation is.

Episodes of fibrillation lie between other rhythms that are uneven too: premature beats of atria and ventricles,
bigeminy, breathing, Wenckebach, pauses, junctional rhythm without P, tachycardia; with noise, missed and false beats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["KINDS", "RATE", "Made", "made_rhythm"]

Floats = NDArray[np.float64]
RATE = 100.0
KINDS = (
    "sinus", "breathing", "atrial", "atrial_bigeminy", "ventricular", "ventricular_bigeminy", "wenckebach", "pauses",
    "junctional", "tachycardia",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A trace (leads, time) in mV at `RATE`, seconds of its beats, their kinds, and of each whether it fibrillates."""

    values: NDArray[np.float32]
    seconds: Floats
    kinds: tuple[str, ...]
    fibrillating: NDArray[np.bool_]


def made_rhythm(rng: np.random.Generator, *, parts: int = 4, kind: str | None = None, share: float = 0.5) -> Made:
    """Parts of 10 to 80 beats in a row, each with the chance `share` of fibrillation, the others of one kind or any."""
    rr: list[float] = []
    beats: list[tuple[str, float]] = []  # kind, and PR in seconds (0: no P)
    mine: list[bool] = []
    mean = float(rng.uniform(0.55, 1.15))
    fast = float(rng.uniform(0.42, 1.0)) * max(mean, 0.6)
    spread = float(rng.uniform(0.09, 0.26))
    pr = float(rng.uniform(0.12, 0.21))
    name = kind or str(rng.choice(KINDS))
    for _ in range(parts):
        count = int(rng.integers(10, 80))
        if rng.random() < share:
            count = int(rng.integers(6, 40)) if rng.random() < 0.5 else count
            part = [(max(0.28, fast * float(rng.lognormal(0, spread))), "N", 0.0) for _ in range(count)]
            mine += [True] * count
        else:
            part = _other(rng, name if rng.random() < 0.7 or kind else "sinus", count, mean, pr)
            mine += [False] * len(part)
        rr += [one[0] for one in part]
        beats += [one[1:] for one in part]
    seconds = np.cumsum(rr)
    values = _drawn(rng, seconds, beats, np.array(mine))
    kinds = tuple(one for one, _ in beats)
    return _spoilt(rng, Made(values, seconds, kinds, np.array(mine)))


def _other(rng: np.random.Generator, name: str, count: int, mean: float, pr: float) -> list[tuple[float, str, float]]:
    """Intervals before each beat, kinds and PR of a rhythm that is no fibrillation."""
    time = np.arange(count)
    breath = rng.uniform(0.06, 0.14) if name == "breathing" else rng.uniform(0.0, 0.04)
    swing = breath * np.sin(2 * np.pi * time / rng.uniform(3, 9) + rng.uniform(0, 6.28))
    drift = 0.05 * np.sin(2 * np.pi * time / rng.uniform(40, 200))
    rr = mean * (1 + swing + drift + rng.uniform(0.004, 0.02) * rng.standard_normal(count))
    kinds, lags = ["N"] * count, np.full(count, pr)
    if name in {"junctional", "tachycardia"}:
        lags[:] = 0.0
        rr = rr * (float(rng.uniform(0.3, 0.42)) / mean) if name == "tachycardia" else rr
    elif name == "wenckebach":
        cycle = int(rng.integers(3, 6))
        lags = pr + 0.05 * (time % cycle)
        rr = np.where(time % cycle == 0, 2 * rr - 0.05 * (cycle - 1), rr + 0.05)
    elif name == "pauses":
        rr = np.where(rng.random(count) < 0.08, rr * rng.uniform(1.6, 2.4, count), rr)
    elif name not in {"sinus", "breathing"}:
        _premature(rng, name, rr, kinds, lags)
    return list(zip(np.clip(rr, 0.28, 3.0).tolist(), kinds, lags.tolist(), strict=True))


def _premature(rng: np.random.Generator, name: str, rr: Floats, kinds: list[str], lags: Floats) -> None:
    """Premature beats among others, in place."""
    every = int(rng.integers(2, 4)) if name.endswith("bigeminy") else 0
    chance, early = rng.uniform(0.04, 0.4), rng.uniform(0.5, 0.8)
    at = 1
    while at < len(rr) - 1:
        if (every and at % every == 0) or (not every and rng.random() < chance):
            lost = rr[at] * (1 - early * (1 + 0.05 * rng.standard_normal()))
            rr[at] -= lost
            if name.startswith("ventricular"):
                rr[at + 1] += lost
                kinds[at], lags[at] = "V", 0.0
            else:
                rr[at + 1] += lost * rng.uniform(0, 0.6)
                kinds[at], lags[at] = "S", lags[at] + rng.uniform(-0.03, 0.05)
            at += 1 if every else int(rng.integers(1, 3))
        at += 1


def _drawn(
    rng: np.random.Generator, seconds: Floats, beats: list[tuple[str, float]], fibrillating: NDArray[np.bool_]
) -> NDArray[np.float32]:
    total = int((seconds[-1] + 0.8) * RATE)
    time = np.arange(total) / RATE
    values = np.zeros((2, total))
    height = rng.uniform(0.05, 0.2) * np.array([rng.uniform(0.4, 0.9), 1.0])
    waves = [(0.0, 0.012, rng.uniform(0.4, 1.4, 2)), (0.03, 0.012, -rng.uniform(0.05, 0.4, 2))]
    tall = rng.uniform(0.08, 0.4, 2)
    before = np.diff(seconds, prepend=seconds[0] - 0.8)
    for at, (kind, lag), interval in zip(seconds, beats, before, strict=True):
        if lag > 0:
            turn = rng.uniform(-0.5, 1.0, 2) if kind == "S" else 1.0
            _bell(values, time, at - lag, 0.02, height * turn)
        shown = [(0.0, 0.03, 1.3 * waves[0][2][::-1])] if kind == "V" else waves
        for middle, width, size in shown:
            _bell(values, time, at + middle, width, size)
        _bell(values, time, at + 0.27 * np.sqrt(np.clip(interval, 0.3, 1.2)), 0.045, -tall if kind == "V" else tall)
    active = np.interp(time, seconds, fibrillating.astype(float))
    wander = np.cumsum(rng.standard_normal(total)) * 0.25 / np.sqrt(RATE)
    wave = np.sin(2 * np.pi * (rng.uniform(4.5, 8) * time) + 6 * wander)
    values += rng.uniform(0.0, 0.1, 2)[:, None] * active * wave
    return np.asarray(values + _noise(rng, total, time), np.float32)


def _noise(rng: np.random.Generator, total: int, time: Floats) -> Floats:
    level = rng.choice([0.005, 0.01, 0.02, 0.04, 0.08], p=[0.2, 0.3, 0.25, 0.15, 0.1])
    rough = np.interp(time, np.arange(0, time[-1] + 6, 5), rng.gamma(2, 0.5, len(np.arange(0, time[-1] + 6, 5))))
    drift = 0.1 * np.sin(2 * np.pi * rng.uniform(0.1, 0.4) * time + rng.uniform(0, 6.28))
    return np.asarray(level * rough * rng.standard_normal((2, total)) + drift, np.float64)


def _bell(values: Floats, time: Floats, at: float, width: float, size: Floats) -> None:
    begin, end = max(0, int((at - 4 * width) * RATE)), int((at + 4 * width) * RATE) + 2
    values[:, begin:end] += size[:, None] * np.exp(-0.5 * ((time[begin:end] - at) / width) ** 2)


def _spoilt(rng: np.random.Generator, made: Made) -> Made:
    """In one trace of three, beats that are missed, and false ones: T waves or noise taken for QRS."""
    seconds, kinds, mine = made.seconds, np.array(made.kinds), made.fibrillating
    jitter = 0.004 * rng.standard_normal(len(seconds))
    if rng.random() < 0.33:
        kept = rng.random(len(seconds)) > rng.uniform(0, 0.05)
        kept[:2] = True
        false = np.flatnonzero(rng.random(len(seconds)) < rng.uniform(0, 0.03))
        extra = seconds[false] + rng.uniform(0.22, 0.35, len(false))
        seconds = np.concatenate([(seconds + jitter)[kept], extra])
        kinds, mine = np.concatenate([kinds[kept], ["N"] * len(false)]), np.concatenate([mine[kept], mine[false]])
        order = np.argsort(seconds)
        seconds, kinds, mine = seconds[order], kinds[order], mine[order]
        apart = np.concatenate([[True], np.diff(seconds) > 0.2])
        return Made(made.values, seconds[apart], tuple(kinds[apart].tolist()), mine[apart])
    return Made(made.values, seconds + jitter, made.kinds, mine)
