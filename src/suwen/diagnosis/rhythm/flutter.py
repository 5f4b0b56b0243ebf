"""Atrial flutter: waves of one shape that follow each other at 240 to 340 a minute, and fast regular narrow rhythms.

QRS is bridged and masked, not subtracted: where conduction is fixed, flutter waves stand at one place of the beat, and
a median beat that is subtracted takes them along. What is left, from 3 to 15 Hz, is compared with itself later by one
wave and by two (autocorrelation over the samples that are not masked, ten seconds at a time). Flutter repeats itself at
both and not halfway; T and P waves do not, for nothing stands between them. Only where every second wave is conducted,
P and T of a sinus tachycardia can look the same: there the intervals must not vary as breathing makes them vary.
Rates: ESC 2019 on supraventricular tachycardia (typical flutter 250 to 330 a minute; slower under drugs).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.beats import Beats
from suwen.diagnosis.rhythm.citations import SUPRAVENTRICULAR
from suwen.diagnosis.rhythm.delineation import Delineation
from suwen.diagnosis.rhythm.filters import bridged, lowpass, without_baseline
from suwen.diagnosis.rhythm.kinds import irregularity
from suwen.diagnosis.rhythm.nouns import Place, Seen, Sign, Span
from suwen.diagnosis.rhythm.unevenness import slowed
from suwen.subject import Saying

__all__ = ["Fluttering", "flutter", "flutter_signs", "p_stands_out", "repeated", "without_p"]

Floats = NDArray[np.float64]
_FLUTTER = Saying(
    "waves of one shape that follow each other without a level line at 240 to 340 a minute",
    "形态一致的波以 240–340 次/分连续出现，其间无等电位线",
)
_NARROW = Saying(
    "even, above 130 beats a minute, QRS up to 120 ms, no P before it",
    "规则、高于 130 次/分、QRS 波 ≤120 ms，其前未见 P 波",
)
_STEPS = 100.0
_FASTEST, _SLOWEST = 340.0, 240.0  # waves a minute
_WINDOW = 10.0  # s; windows overlap by half
_LONG = 60  # windows, from which they stand side by side
_LEAST = 0.7  # correlation of the trace with itself
_STILL = 0.015  # of RR by which its length differs then, at most: breathing moves that of a sinus tachycardia by more
_HOPE = 0.25  # the same at a first glance, in which what QRS hides counts as unlike
_LEADS = 2  # that must show it, where there are two
_EVEN = 0.02  # of RR, its median step: a sinus tachycardia is less even
_P_HEIGHT = 0.02  # mV that P is high at least
_FAST = 130.0  # beats a minute, of a narrow-complex tachycardia of adults


@dataclass(frozen=True, slots=True)
class Fluttering:
    """Spans of flutter in seconds, waves a minute (median over them), and how like the waves are, 0..1."""

    spans: tuple[Span, ...] = ()
    atrial_rate: float = 0.0
    alike: float = 0.0


def flutter(trace: Any, rate: float, beats: Beats, kinds: Sequence[str], found: Delineation) -> Fluttering:
    """Flutter in a trace (leads, time) in mV; windows of ten seconds that overlap are one span.

    `rate` is that of the trace, which may have been resampled: beats and fiducials count by that of the beats.
    """
    slow = slowed(trace, rate)
    if slow.shape[1] < 4 * _STEPS or len(beats.samples) < 4:
        return Fluttering()
    parts = _prepared(slow, beats, kinds, found)
    wide = int(_WINDOW * _STEPS)
    move = wide if slow.shape[1] > _LONG * wide else wide // 2
    begins: Sequence[int] = range(0, max(1, slow.shape[1] - wide + 1), move)
    if move == wide:
        begins = _hopeful(parts, np.array(begins))
    seen = [(begin, *_seen_at(parts, beats, slice(begin, begin + wide))) for begin in begins]
    there = [(begin / _STEPS, lag, like) for begin, lag, like in seen if like >= _LEAST]
    if not there:
        return Fluttering()
    end = slow.shape[1] / _STEPS
    spans = _joined(
        [(begin, end if begin + _WINDOW + move / _STEPS > end else begin + _WINDOW) for begin, _, _ in there]
    )
    lag = float(np.median([one for _, one, _ in there]))
    return Fluttering(spans, 60 / lag, float(np.median([like for _, _, like in there])))


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """The trace without QRS, from 1 and from 3 to 15 Hz, and what lies outside QRS."""

    whole: NDArray[np.float32]
    fast: NDArray[np.float32]
    outside_qrs: NDArray[np.bool_]


def _prepared(slow: NDArray[np.float32], beats: Beats, kinds: Sequence[str], found: Delineation) -> _Parts:
    free = _outside_qrs(slow.shape[1], beats, kinds, found)
    filled, _gaps = bridged(np.where(free, without_baseline(slow, _STEPS, 1.0), np.float32(np.nan)))
    whole = lowpass(np.where(np.isfinite(filled), filled, np.float32(0)), _STEPS, 15.0)
    return _Parts(whole, without_baseline(whole, _STEPS, 3.0), free)


def _hopeful(parts: _Parts, begins: NDArray[np.int64]) -> list[int]:
    """Of windows side by side, those worth a closer look: what follows one wave later is not unlike, in some lead."""
    values = parts.fast * parts.outside_qrs
    energy = np.maximum(np.add.reduceat(values**2, begins, axis=1), 1e-9)
    likest = np.zeros(len(begins))
    for lag in range(int(60 / _FASTEST * _STEPS), int(60 / _SLOWEST * _STEPS) + 1, 2):
        later = np.add.reduceat(values[:, :-lag] * values[:, lag:], begins, axis=1)
        likest = np.maximum(likest, (later / energy).max(axis=0))
    return [int(one) for one in begins[likest >= _HOPE]]


def _seen_at(parts: _Parts, beats: Beats, where: slice) -> tuple[float, float]:
    """Seconds of a wave and how alike the waves are in one window."""
    lag, like = repeated(parts.fast[:, where], parts.outside_qrs[where])
    if like >= _LEAST and _by_two(beats, where.start / _STEPS, lag):
        # slow T waves are kept: in a sinus tachycardia they are larger than P
        lag, like = repeated(parts.whole[:, where], parts.outside_qrs[where])
        like = like if _still(beats, where.start / _STEPS) else 0.0
    return lag, like


def _intervals(beats: Beats, begin: float, around: float = 0.0) -> Floats:
    inside = (beats.seconds[:-1] >= begin - around) & (beats.seconds[:-1] < begin + _WINDOW + around)
    return beats.intervals[inside]


def _still(beats: Beats, begin: float) -> bool:
    """Whether the intervals hardly differ in length, those of the windows before and after too: chance stills one."""
    rr = _intervals(beats, begin, _WINDOW)
    middle = float(np.median(rr))
    return 1.48 * float(np.median(np.abs(rr - middle))) <= max(_STILL * middle, 0.6 / beats.rate)


def _by_two(beats: Beats, begin: float, lag: float) -> bool:
    """Whether most intervals are twice the wave: then P and T of a sinus tachycardia, by turns, look like waves."""
    rr = _intervals(beats, begin)
    return bool(len(rr)) and bool((np.abs(rr / lag - 2) < 0.15).mean() > 0.6)


def repeated(clean: Any, open_: NDArray[np.bool_]) -> tuple[float, float]:
    """Seconds of one wave and how much it repeats itself, -1..1, in a stretch (leads, time) at 100 Hz.

    `open_` says which samples lie outside QRS. Of several leads the second best counts: one may deceive.
    """
    values = np.asarray(clean, np.float64) * open_
    low, high = 60 / _FASTEST * _STEPS, 60 / _SLOWEST * _STEPS
    last = int(2 * high) + 3
    count, length = values.shape
    if length < 3 * last:
        return 0.0, -1.0
    size = 1 << int(np.ceil(np.log2(length + last)))
    like = _lagged(values, size, last)
    squares, mask = np.fft.rfft(values**2, size), np.fft.rfft(open_.astype(float), size)
    forth = np.fft.irfft(squares.conj() * mask, size)[:, : last + 1]
    back = np.fft.irfft(mask.conj() * squares, size)[:, : last + 1]
    ratio = like / np.sqrt(np.maximum(forth, 1e-12) * np.maximum(back, 1e-12))
    lags = np.arange(low, high + 0.25, 0.25)
    places = np.arange(last + 1)
    at = {share: np.stack([np.interp(share * lags, places, lead) for lead in ratio]) for share in (0.5, 1.0, 1.5, 2.0)}
    halfway = np.maximum(np.maximum(at[0.5], at[1.5]), 0)
    score = np.minimum(at[1.0], at[2.0]) - halfway
    score = np.where(squares[:, :1].real > 1e-9, score, -1.0)
    chosen = np.sort(score, axis=0)[-min(_LEADS, count)]
    best = int(np.argmax(chosen))
    return float(lags[best] / _STEPS), float(chosen[best])


def _lagged(values: Floats, size: int, last: int) -> Floats:
    spectrum = np.fft.rfft(values, size)
    return np.asarray(np.fft.irfft(np.abs(spectrum) ** 2, size)[:, : last + 1], np.float64)


def _outside_qrs(length: int, beats: Beats, kinds: Sequence[str], found: Delineation) -> NDArray[np.bool_]:
    """Which samples at 100 Hz lie outside QRS; of ventricular beats also outside the time to their T wave."""
    before, after = (found.beats - found.qrs_on) / beats.rate, (found.qrs_off - found.beats) / beats.rate
    usual = [float(np.nanmedian(one)) if np.isfinite(one).any() else 0.05 for one in (before, after)]
    ventricular = np.array([kind == "V" for kind in kinds])
    first = beats.seconds - np.where(ventricular, 0.12, min(usual[0], 0.08) + 0.01)
    last = beats.seconds + np.where(ventricular, 0.4, min(usual[1], 0.08) + 0.01)
    change = np.zeros(length + 1)
    np.add.at(change, np.clip(np.floor(first * _STEPS), 0, length).astype(int), 1)
    np.add.at(change, np.clip(np.ceil(last * _STEPS), 0, length).astype(int), -1)
    return np.asarray(np.cumsum(change)[:length] < 0.5)


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for begin, end in spans:
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return tuple(found)


def flutter_signs(seen: Seen) -> Iterator[Sign]:
    """Flutter with its rate and conduction, or a fast, regular, narrow rhythm in which no P wave is seen."""
    if seen.atria.flutter:
        waves = flutter(seen.trace, seen.rate, seen.beats, seen.kinds, seen.found)
        rr = _median_rr(seen.beats, seen.atria.flutter)
        figures = {"atrial_rate": waves.atrial_rate}
        if rr:
            figures["ratio"] = waves.atrial_rate * rr / 60
        yield Sign("flutter", figures, tuple(Place(*one) for one in seen.atria.flutter), SUPRAVENTRICULAR, _FLUTTER)
    elif _narrow_and_fast(seen):
        figures = {"rate": seen.measured.rate or 0.0}
        if seen.measured.qrs is not None:
            figures["qrs"] = seen.measured.qrs
        yield Sign("svt", figures, (seen.whole,), SUPRAVENTRICULAR, _NARROW)


def _median_rr(beats: Beats, spans: Sequence[Span]) -> float:
    inside = [rr for at, rr in zip(beats.seconds, beats.intervals, strict=False) if _within(float(at), spans)]
    return float(np.median(inside)) if inside else 0.0


def _within(at: float, spans: Sequence[Span]) -> bool:
    return any(begin <= at <= end for begin, end in spans)


def without_p(beats: Beats, found: Delineation, over: float) -> bool:
    """A rhythm over so many beats a minute, even as a clock, before fewer than one beat in five a P wave."""
    rr = beats.intervals
    if len(rr) < 5 or not 0 < float(np.median(rr)) < 60 / over:
        return False
    return irregularity(beats.seconds) < _EVEN and float(np.isfinite(found.p_peak).mean()) < 0.2


def p_stands_out(trace: Any, rate: float, beats: Beats, found: Delineation) -> bool:
    """Whether on the mean of all beats a wave stands between T and QRS, by 0.02 mV over both its sides, in two leads.

    Delineation finds it in no single beat where it rides on the end of T. `trace` (leads, time) in mV, at `rate`.
    """
    slow = slowed(trace, rate)
    places = np.round(beats.seconds * _STEPS).astype(np.int64)
    reach, until = (
        round(_STEPS * min(0.3, 0.75 * float(np.median(beats.intervals)))),
        round(_STEPS * _near(found, beats)),
    )
    places = places[(places >= reach) & (places < slow.shape[1])]
    if not len(places) or reach - until < 4:
        return False
    mean = np.nanmedian(slow[:, places[:, None] - np.arange(reach, until, -1)], axis=1)
    return bool(sum(_bump(lead) for lead in mean) >= min(_LEADS, len(mean)))


def _near(found: Delineation, beats: Beats) -> float:
    """Seconds from R back to the begin of QRS, or 0.05."""
    before = (found.beats - found.qrs_on) / beats.rate
    return float(np.nanmedian(before)) if np.isfinite(before).any() else 0.05


def _bump(line: Floats) -> bool:
    """Whether after a top (of T) another one follows, each so high over the valley as a P wave is at least."""
    tops = [at for at in range(1, len(line) - 1) if line[at] >= line[at - 1] and line[at] > line[at + 1]]
    for first, second in combinations(tops, 2):
        valley, after = float(line[first:second].min()), float(line[second:].min())
        if min(line[first] - valley, line[second] - valley, line[second] - after) >= _P_HEIGHT:
            return True
    return False


def _narrow_and_fast(seen: Seen) -> bool:
    """Over 130 a minute in an adult, even, of narrow QRS, without P before it, nor anything like P that repeats."""
    qrs, adult = seen.measured.qrs, seen.age is None or seen.age >= 16
    if not adult or qrs is None or qrs > 120 or seen.atria.fibrillation or seen.atria.sinus:
        return False
    return without_p(seen.beats, seen.found, _FAST)
