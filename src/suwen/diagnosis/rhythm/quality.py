"""How good each second of each lead is, what is wrong with it, and whether beats can be seen, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.energy import energy_score
from suwen.diagnosis.rhythm.filters import bridged, checked, lowpass, notch, without_baseline

__all__ = ["WORDS", "Flaw", "Quality", "signal_quality"]

Floats = NDArray[np.float32]


class Flaw(IntFlag):
    """What can be wrong with a second of a lead; several at once are added."""

    NONE = 0
    MISSING = 1
    FLAT = 2
    SATURATED = 4
    MUSCLE = 8
    BASELINE = 16
    MAINS = 32
    NO_QRS = 64


WORDS: Mapping[Flaw, tuple[str, str]] = {
    Flaw.MISSING: ("missing samples", "信号缺失"),
    Flaw.FLAT: ("flat line", "平线"),
    Flaw.SATURATED: ("saturated: cut off at its highest or lowest value", "信号饱和：在最高或最低值处被截断"),
    Flaw.MUSCLE: ("high-frequency noise (muscle)", "高频噪声（肌电）"),
    Flaw.BASELINE: ("wandering baseline", "基线漂移"),
    Flaw.MAINS: ("mains hum", "工频干扰"),
    Flaw.NO_QRS: ("no QRS complex visible", "未见 QRS 波群"),
}
# what a second is still worth with one flaw
_WORTH = {
    Flaw.MISSING: 0.0, Flaw.FLAT: 0.0, Flaw.SATURATED: 0.2, Flaw.MUSCLE: 0.5, Flaw.BASELINE: 0.8, Flaw.MAINS: 0.7,
    Flaw.NO_QRS: 0.6,
}  # fmt: skip
_FLAT = 0.005  # mV of swing in a second, below the resolution of a diagnostic recorder (IEC 60601-2-25: 5 uV)
_DRIFT = 0.5  # mV of swing of the baseline within a second
_HUM = 0.025  # mV, amplitude
_OF_SINE = 0.6745 * np.sqrt(2)  # amplitude of a sine whose absolute values have a median of 0.6745
_MUSCLE = 0.05  # mV, standard deviation above 40 Hz outside QRS, or an eighth of QRS
_BLOCK, _MARGIN = 600, 20  # seconds read at once, and beyond both ends
_PAUSE = 3  # seconds without a QRS are a flaw of the signal (or a pause: seen in the other leads then)


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """Per lead and second: `index` (leads, seconds) from 0, useless, to 1; `flaws` (leads, seconds) of `Flaw`."""

    index: Floats
    flaws: NDArray[np.int64]
    names: tuple[str, ...]

    @property
    def leads(self) -> Floats:
        """Mean index of each lead; 0 where there is no second."""
        return np.asarray(self.index.mean(axis=1) if self.index.shape[1] else np.zeros(len(self.index)), np.float32)

    def said(self, lang: str = "en") -> tuple[str, ...]:
        """One sentence for every lead and flaw, with the seconds that have it; "zh" or "en"."""
        chosen = 1 if lang == "zh" else 0
        found = []
        for name, row in zip(self.names, self.flaws, strict=True):
            for flaw, words in WORDS.items():
                seconds = int((row & int(flaw) > 0).sum())
                if seconds:
                    found.append(_sentence(name, words[chosen], seconds, len(row), lang))
        return tuple(found)


def signal_quality(values: Any, rate: float, names: tuple[str, ...] = (), *, mains: float = 50.0) -> Quality:
    """Quality of a trace (leads, time) in mV; a last second that is not full is judged with what is there.

    Raises:
        InputError: the trace is no array of leads and time.

    """
    trace = checked(values, rate)
    called = names if len(names) == len(trace) else tuple(str(number + 1) for number in range(len(trace)))
    seconds = int(np.ceil(trace.shape[1] / rate))
    if not seconds:
        return Quality(np.zeros((len(trace), 0), np.float32), np.zeros((len(trace), 0), np.int64), called)
    flaws = _flaws(trace, rate, seconds, mains)
    gone = flaws & int(Flaw.MISSING | Flaw.FLAT) > 0
    flaws = np.where(gone, flaws & int(Flaw.MISSING | Flaw.FLAT), flaws)  # of nothing, nothing else is said
    index = np.ones(flaws.shape, np.float32)
    for flaw, worth in _WORTH.items():
        index[flaws & int(flaw) > 0] *= worth
    return Quality(index, flaws, called)


def _flaws(trace: Floats, rate: float, seconds: int, mains: float) -> NDArray[np.int64]:
    """Flaws of every second: long traces in blocks, each read a little beyond its ends, so that memory is bounded."""
    limits = _limits(trace)
    step = 1 if seconds <= _BLOCK else -(-seconds // _BLOCK)
    edges = np.minimum(np.round(np.arange(seconds + 1) * rate).astype(np.int64), trace.shape[1])
    found, noises, sizes = [], [], []
    for first in range(0, seconds, _BLOCK):
        last = min(seconds, first + _BLOCK)
        before, after = max(0, first - _MARGIN), min(seconds, last + _MARGIN)
        own = slice(first - before, last - before)
        start = edges[before]
        block = _Block(trace[:, start : edges[after]], rate, edges[before : after + 1] - start, mains, limits)
        found.append(block.flaws[:, own])
        noises.append(block.noise[:, own])
        sizes.append(np.abs(block.still[:, edges[first] - start : edges[last] - start : step]))
    noise = np.concatenate(noises, axis=1)
    height = np.maximum(np.quantile(np.concatenate(sizes, axis=1), 0.99, axis=1), 1e-6)[:, None]
    muscle = (noise > _MUSCLE) | ((noise > 0.125 * height) & (noise > 0.015))
    return np.concatenate(found, axis=1) | np.where(muscle, int(Flaw.MUSCLE), 0)


def _limits(trace: Floats) -> tuple[Floats, Floats]:
    """Lowest and highest value of each lead; nought where it has none."""
    there = np.isfinite(trace)
    low = np.min(trace, axis=1, where=there, initial=np.inf)
    high = np.max(trace, axis=1, where=there, initial=-np.inf)
    none = ~there.any(axis=1)
    return np.where(none, 0, low)[:, None].astype(np.float32), np.where(none, 0, high)[:, None].astype(np.float32)


class _Block:
    """A stretch of the trace: the flaws of its seconds, less those that the whole trace must be known for.

    `noise` (leads, seconds) is how strong muscle is, `still` (leads, time) the trace without drift.
    """

    def __init__(
        self, part: Floats, rate: float, edges: NDArray[np.int64], mains: float, limits: tuple[Floats, Floats]
    ) -> None:
        filled, gaps = bridged(part)
        cuts = _Cuts(edges)
        self.still = without_baseline(filled, rate, 0.67)
        fast = self.still - lowpass(self.still, rate, 40.0)
        heard = mains + 2 < 0.45 * rate
        hum = self.still - notch(self.still, rate, mains) if heard else np.zeros_like(filled)
        self.noise = cuts.quiet(fast - hum)
        self.flaws = np.zeros(self.noise.shape, np.int64)
        for flaw, where in (
            (Flaw.MISSING, cuts.share(gaps) > 0.1),
            (Flaw.FLAT, cuts.swing(filled) < _FLAT),
            (Flaw.SATURATED, cuts.share(_cut_off(filled, rate, limits)) > 0.02),
            (Flaw.BASELINE, cuts.swing(lowpass(filled, rate, 0.67)) > _DRIFT),
            (Flaw.MAINS, _OF_SINE * cuts.quiet(hum) > np.maximum(_HUM, 0.1 * self.noise)),
            (Flaw.NO_QRS, _without_qrs(energy_score(filled, rate), len(edges) - 1)),
        ):
            self.flaws |= np.where(where, int(flaw), 0)


class _Cuts:
    """Figures of every second of every lead."""

    def __init__(self, edges: NDArray[np.int64]) -> None:
        self.begins, self.ends = np.maximum(0, np.minimum(edges[:-1], edges[1:] - 1)), edges[1:]

    def share(self, marks: NDArray[np.bool_]) -> NDArray[np.float64]:
        return _each(marks, self.begins, self.ends, lambda parts: parts.mean(axis=2))

    def swing(self, values: Floats) -> NDArray[np.float64]:
        return _each(values, self.begins, self.ends, lambda parts: np.ptp(parts, axis=2))

    def quiet(self, values: Floats) -> NDArray[np.float64]:
        """Standard deviation of what is not QRS, by the median of the absolute values."""
        return _each(values, self.begins, self.ends, lambda parts: np.median(np.abs(parts), axis=2) / 0.6745)


def _each(
    values: NDArray[Any], begins: NDArray[np.int64], ends: NDArray[np.int64], figure: Callable[[Any], Any]
) -> NDArray[np.float64]:
    """A figure (leads, parts) of parts of the trace (leads, time); all parts of one length are computed at once."""
    lengths = ends - begins
    found = np.zeros((len(values), len(begins)))
    for length in np.unique(lengths).tolist():
        own = lengths == length
        found[:, own] = figure(values[:, begins[own][:, None] + np.arange(length)])
    return found


def _cut_off(filled: Floats, rate: float, limits: tuple[Floats, Floats]) -> NDArray[np.bool_]:
    """Samples that stay at the highest or lowest value of their lead for 20 ms or longer."""
    low, high = limits
    near = 1e-4 * np.maximum(high - low, 1e-9)
    run = max(3, round(0.02 * rate))
    found = np.zeros(filled.shape, bool)
    for stuck in (filled >= high - near, filled <= low + near):
        if filled.shape[1] >= run and stuck.any():
            sums = np.cumsum(np.pad(stuck, ((0, 0), (1, 0))), axis=1)
            full = sums[:, run:] - sums[:, :-run] == run
            for move in range(run):
                found[:, move : move + full.shape[1]] |= full
    return found


def _without_qrs(score: Floats, seconds: int) -> NDArray[np.bool_]:
    """Seconds in the middle of `_PAUSE` without a top that stands out from what lies around it."""
    found = np.ones((len(score), seconds), bool)
    number = np.arange(seconds)
    begins = np.maximum(0, (number - _PAUSE // 2) * 100)
    ends = np.minimum(score.shape[1], (number + 1 + _PAUSE // 2) * 100)
    asked = ends - begins > 10
    begins, ends = begins[asked], ends[asked]
    top = _each(score, begins, ends, lambda parts: parts.max(axis=2))
    middle = _each(score, begins, ends, lambda parts: np.quantile(parts, 0.5, axis=2))
    found[:, asked] = top < np.maximum(2.0 * middle, 0.25)
    return found


def _sentence(name: str, words: str, seconds: int, total: int, lang: str) -> str:
    if lang == "zh":
        return f"{name} 导联：{words}（{total} 秒中 {seconds} 秒）"
    return f"lead {name}: {words} ({seconds} of {total} s)"
