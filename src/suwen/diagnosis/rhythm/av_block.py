"""Block between atria and ventricles: P waves that no QRS follows, counted and timed against those that are conducted.

Definitions of ACC/AHA/HRS 2018 (Kusumoto et al., bradycardia and conduction delay): Mobitz I, PR grows until one P is
not conducted; Mobitz II, PR is constant before and after it; 2:1, every second P; high grade, two or more P in a row
at a constant rate are not conducted while some are; third degree, no P is conducted. A P that comes early and is not
conducted is a premature atrial beat, no block; a long interval without a P is a sinus pause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.kinds import irregularity
from suwen.diagnosis.rhythm.nouns import Place, Seen
from suwen.diagnosis.rhythm.p_waves import p_waves

__all__ = ["Blocks", "av_blocks", "steady_block"]

Floats = NDArray[np.float64]
_LONG = 1.25  # times the usual RR, from which something is missing
_SLOW = 65.0  # beats a minute, under which every beat may be missing its neighbour
_EVEN = 0.15  # of PP by which P waves of one rate differ
_SAME_PR = 0.025  # s
_EARLY_P = 0.85  # of PP


@dataclass(frozen=True, slots=True)
class Blocks:
    """What was found: `steady` is "two_to_one", "high_grade" or "complete_block" where the whole trace is so, or "".

    `events` are the long intervals by the sign they mean ("mobitz_ii", "wenckebach", "high_grade", "blocked_pac").
    `atrial` is the rate of the P waves a minute, `ratio` P waves to each QRS, of a steady block.
    """

    steady: str = ""
    atrial: float = 0.0
    ratio: float = 0.0
    events: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)


def av_blocks(seen: Seen) -> Blocks:
    """What of the P waves is not conducted; nothing in fibrillation and flutter."""
    steady = steady_block(seen)
    long = [] if steady.steady else _long(seen)
    if len(seen.kinds) < 4 or _mostly(seen) or not long:
        return steady
    tops = p_waves(seen.trace, seen.rate, seen.beats, seen.kinds, seen.found)
    return Blocks(events=_events(seen, tops, long))


def steady_block(seen: Seen) -> Blocks:
    """Only the block that lasts through the whole trace, asked of slow ones."""
    rate = seen.measured.rate
    if len(seen.kinds) < 4 or rate is None or rate >= _SLOW or _mostly(seen):
        return Blocks()
    tops = p_waves(seen.trace, seen.rate, seen.beats, seen.kinds, seen.found)
    return _apart(seen, tops) or _ratio(seen, tops) or Blocks()


def _mostly(seen: Seen) -> bool:
    """Whether the atria fibrillate or flutter for half of the time."""
    spans = (*seen.atria.fibrillation, *seen.atria.flutter)
    return sum(end - begin for begin, end in spans) > 0.5 * (seen.whole.end - seen.whole.begin)


def _long(seen: Seen) -> list[int]:
    """Numbers of the beats before long intervals that no premature beat explains."""
    rr = seen.beats.intervals
    if len(rr) < 4:
        return []
    padded = np.pad(rr, 5, mode="reflect" if len(rr) > 5 else "edge")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, 11), axis=1)
    plain = np.array([kind == "N" for kind in seen.kinds])
    where = np.flatnonzero((rr > _LONG * usual) & (rr < 6 * usual) & plain[:-1] & plain[1:])
    spans = (*seen.atria.fibrillation, *seen.atria.flutter)
    at = seen.beats.seconds
    return [int(one) for one in where if not any(begin <= at[one] <= end for begin, end in spans)]


def _onsets(seen: Seen) -> Floats:
    """Seconds in which QRS begins."""
    on = seen.found.qrs_on / seen.rate
    return np.where(np.isfinite(on), on, seen.beats.seconds - 0.05)


def _cycle(tops: Floats) -> float:
    """Seconds from one P to the next, the gaps in which some are hidden left out; 0 of fewer than four."""
    gaps = np.diff(tops)
    if len(gaps) < 3:
        return 0.0
    return float(np.median(gaps[gaps <= 1.5 * np.quantile(gaps, 0.25)]))


def _apart(seen: Seen, tops: Floats) -> Blocks | None:
    """Third degree: P waves at an even rate faster than that of the ventricles, every distance from P to QRS there."""
    cycle, rr = _cycle(tops), float(np.median(seen.beats.intervals))
    if not cycle or cycle > 0.9 * rr or irregularity(seen.beats.seconds) > 0.08:
        return None
    steps = np.diff(tops) / cycle
    even = float((np.abs(steps - np.round(steps)) < _EVEN).mean())
    expected = (tops[-1] - tops[0]) / cycle + 1
    on = _onsets(seen)
    before = np.searchsorted(tops, on) - 1
    lag = on[before >= 0] - tops[before[before >= 0]]
    if even < 0.75 or len(tops) < 0.6 * expected or len(lag) < 4 or np.ptp(lag) < 0.1 or not _wanders(lag, cycle):
        return None
    return Blocks("complete_block", 60 / cycle, rr / cycle)


def _wanders(lag: Floats, cycle: float) -> bool:
    """Whether the distances from P to QRS go through the cycle of P, or move on steadily from beat to beat.

    Where the rates are nearly 2 to 1 a short trace shows only a part of the cycle, passed through evenly.
    """
    if np.abs(np.exp(2j * np.pi * lag / cycle).mean()) <= 0.75:
        return True
    moved = np.unwrap(2 * np.pi * lag / cycle) * cycle / (2 * np.pi)
    steps = np.arange(len(moved))
    if len(moved) < 6 or np.ptp(moved) < 0.1:
        return False
    return bool(abs(np.corrcoef(steps, moved)[0, 1]) > 0.95)


def _ratio(seen: Seen, tops: Floats) -> Blocks | None:
    """2:1 block and higher grades through the whole trace: so many evenly spaced P to each QRS, at a constant PR."""
    on = _onsets(seen)
    counts, lags = [], []
    for left, right in pairwise(on):
        inside = _between(tops, left, right)
        earlier = tops[: np.searchsorted(tops, left, "right")]
        if not len(inside) or not len(earlier):
            continue
        gaps = np.diff([earlier[-1], *inside])
        even = bool(np.abs(gaps / gaps.mean() - 1).max() < _EVEN) and bool(0.08 < right - inside[-1] < 0.4)
        counts.append(len(inside) if even else 0)
        lags.append(right - inside[-1])
    if len(counts) < 3 or float(np.median(np.abs(np.array(lags) - np.median(lags)))) > _SAME_PR:
        return None
    several = np.array(counts)
    if (several >= 2).mean() < 0.7:
        return None
    ratio = float(np.median(several[several >= 2]))
    key = "two_to_one" if ratio < 2.5 else "high_grade"
    return Blocks(key, 60 * ratio / float(np.median(seen.beats.intervals)), ratio)


def _events(seen: Seen, tops: Floats, long: list[int]) -> dict[str, tuple[Place, ...]]:
    found: dict[str, list[Place]] = {}
    on = _onsets(seen)
    for number in long:
        key = _event(tops, on, number)
        if key:
            at = seen.beats.seconds
            found.setdefault(key, []).append(Place(float(at[number]), float(at[number + 1])))
    return {key: tuple(places) for key, places in found.items()}


def _event(tops: Floats, on: Floats, number: int) -> str:
    """What a long interval after the beat of this number means; "" where no P was missed."""
    around = range(max(0, number - 4), number + 2)
    own = [_own(tops, on, one) for one in around]
    first, last = own[-2], own[-1]
    gaps = [b - a for a, b in pairwise(own[:-1]) if a is not None and b is not None]
    if first is None or last is None or len(gaps) < 2:
        return ""
    cycle = float(np.median(gaps))
    missed = _between(tops, on[number] + 0.15, last - 0.15)
    if not len(missed):
        return ""
    if missed[0] - first < _EARLY_P * cycle:
        return "blocked_pac" if len(missed) == 1 and last - missed[0] > _EARLY_P * cycle else ""
    if np.abs(np.diff([first, *missed, last]) / cycle - 1).max() > _EVEN:
        return ""
    return "high_grade" if len(missed) > 1 else _second_degree(on[list(around)], own)


def _second_degree(on: Floats, own: list[float | None]) -> str:
    """Mobitz I or II by PR of the beats before one P that is not conducted, and of the one after it."""
    pr = np.array([begin - top for begin, top in zip(on, own, strict=True) if top is not None])
    if len(pr) < 4:
        return ""
    before, after = pr[-4:-1], float(pr[-1])
    if before[-1] - after > _SAME_PR:
        return "wenckebach"
    constant = np.ptp(before) <= _SAME_PR and abs(after - float(np.median(before))) <= _SAME_PR
    return "mobitz_ii" if constant else ""


def _own(tops: Floats, on: Floats, number: int) -> float | None:
    """The P wave that belongs to a beat: the last one 80 to 400 ms before its QRS."""
    there = _between(tops, on[number] - 0.4, on[number] - 0.04)
    return float(there[-1]) if len(there) else None


def _between(tops: Floats, begin: float, end: float) -> Floats:
    return tops[np.searchsorted(tops, begin, "right") : np.searchsorted(tops, end)]
