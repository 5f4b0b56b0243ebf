"""What the rhythm is, with the evidence on the trace: rate, pauses, premature beats, fibrillation, blocks.

Rules with their source; every sign carries the numbers it rests on and the seconds where it is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.beats import Beats, Method, find_beats
from suwen.diagnosis.rhythm.delineation import Delineation, delineate, median_beat
from suwen.diagnosis.rhythm.filters import bandpass, bridged, checked
from suwen.diagnosis.rhythm.intervals import Intervals, intervals

__all__ = ["SIGNS", "Reading", "Sign", "beat_kinds", "irregularity", "p_consistency", "read_rhythm"]

Floats = NDArray[np.float64]
SIGNS: Mapping[str, tuple[str, str]] = {
    "no_beats": ("no heartbeat could be found", "未能检出心搏"),
    "unclear": ("the rhythm cannot be named", "心律无法判定"),
    "sinus": ("sinus rhythm", "窦性心律"),
    "sinus_bradycardia": ("sinus bradycardia", "窦性心动过缓"),
    "sinus_tachycardia": ("sinus tachycardia", "窦性心动过速"),
    "bradycardia": ("slow ventricular rate", "心室率缓慢"),
    "tachycardia": ("fast ventricular rate", "心室率快"),
    "af": ("atrial fibrillation likely", "提示心房颤动"),
    "pause": ("pause", "长间歇"),
    "pvc": ("premature ventricular beats", "室性早搏"),
    "pac": ("premature atrial beats", "房性早搏"),
    "first_degree": ("first-degree AV block", "一度房室传导阻滞"),
    "wenckebach": ("second-degree AV block, Mobitz I (Wenckebach)", "二度 I 型房室传导阻滞（文氏型）"),
    "complete_block": (
        "third-degree AV block possible: P waves and QRS go apart",
        "可疑三度房室传导阻滞：P 波与 QRS 波无关",
    ),
    "rbbb": ("complete right bundle-branch block", "完全性右束支传导阻滞"),
    "lbbb": ("complete left bundle-branch block", "完全性左束支传导阻滞"),
    "wide_qrs": ("wide QRS", "QRS 波群增宽"),
}


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of `SIGNS`: the figures it rests on, the seconds where it is seen, and the source of the rule."""

    key: str
    figures: Mapping[str, float] = field(default_factory=dict)
    seconds: tuple[float, ...] = ()
    source: str = ""

    def said(self, lang: str = "en") -> str:
        """What it is called, "en" or "zh"."""
        return SIGNS[self.key][1 if lang == "zh" else 0]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """All that was found in a trace: beats and their kinds ("N", "V", "S"), fiducials, intervals, signs."""

    beats: Beats
    kinds: tuple[str, ...]
    fiducials: Delineation
    intervals: Intervals
    signs: tuple[Sign, ...]


def read_rhythm(values: Any, rate: float, names: Sequence[str] = (), *, method: Method = "auto") -> Reading:
    """Beats, intervals and signs of a trace (leads, time) in mV; `names` are its leads ("I", "II", "V1" ...).

    Raises:
        InputError: the trace is no array of leads and time.

    """
    trace = checked(values, rate)
    beats = find_beats(trace, rate, method=method)
    found = delineate(trace, rate, beats.samples)
    median, _alike = median_beat(trace, rate, beats.samples)
    measured = intervals(found, beats.samples, rate, names=names, median=median)
    kinds = beat_kinds(trace, rate, beats.samples)
    signs = tuple(_signs(trace, rate, names, _Seen(beats, kinds, found, measured, median))) or (Sign("unclear"),)
    return Reading(beats, kinds, found, measured, signs)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    beats: Beats
    kinds: tuple[str, ...]
    found: Delineation
    measured: Intervals
    median: Any


def irregularity(seconds: Any, *, leave: Any = None) -> float:
    """How irregular the intervals are: median step from one to the next over their median; 0 of fewer than five.

    `leave` marks beats whose intervals before and after are left out (premature ones). The median lets a few premature
    beats pass; in atrial fibrillation it exceeds a tenth (Tateno & Glass 2001 find a coefficient of variation of about
    .24; the median step of such intervals is about .2).
    """
    rr = np.diff(np.asarray(seconds, np.float64))
    if leave is not None and len(rr):
        marked = np.asarray(leave, bool)
        rr = rr[~(marked[1:] | marked[:-1])]
    if len(rr) < 5:
        return 0.0
    return float(np.median(np.abs(np.diff(rr))) / np.median(rr))


def p_consistency(values: Any, rate: float, samples: Any, *, until: float = 0.05) -> float:
    """How alike the 0.24 s are that end `until` seconds before R, 0 to 1: median correlation of each with the others.

    Sinus rhythm repeats its P wave at the same place; fibrillation does not. 0 with fewer than four beats.
    """
    clean, _gaps = bridged(bandpass(checked(values, rate), rate, 1.0, 30.0))
    clean = np.where(np.isfinite(clean), clean, np.float32(0))
    reach, skip = round((0.24 + until) * rate), round(until * rate)
    places = np.asarray(samples, np.int64)
    places = places[(places >= reach) & (places < clean.shape[1])]
    if len(places) < 4:
        return 0.0
    pieces = clean[:, places[:, None] - np.arange(reach, skip, -1)].transpose(1, 0, 2)
    pieces = (pieces - pieces.mean(axis=2, keepdims=True)).reshape(len(places), -1)
    whole = pieces.sum(axis=0)
    others = whole - pieces
    size = np.linalg.norm(pieces, axis=1) * np.linalg.norm(others, axis=1)
    return float(np.clip(np.median((pieces * others).sum(axis=1) / np.maximum(size, 1e-9)), 0, 1))


def beat_kinds(values: Any, rate: float, samples: Any) -> tuple[str, ...]:
    """Of each beat "V", premature and of another shape; "S", premature and of the usual shape; or "N".

    Premature: by an eighth earlier than the median of eleven intervals around. Another shape: the correlation of 240 ms
    of QRS with that of the median beat is under 0.75.
    """
    trace, places = checked(values, rate), np.asarray(samples, np.int64)
    if len(places) < 4:
        return ("N",) * len(places)
    rr = np.diff(places) / rate
    usual = np.array([np.median(rr[max(0, at - 5) : at + 6]) for at in range(len(rr))])
    early = np.concatenate([[False], rr < 0.875 * usual])
    likeness = _likeness(trace, rate, places)
    atrial = irregularity(places / rate, leave=early) < 0.08  # where every interval differs, none is premature
    return tuple(
        "V" if soon and alike < 0.75 else "S" if soon and atrial else "N"
        for soon, alike in zip(early, likeness, strict=True)
    )


def _likeness(trace: Any, rate: float, places: NDArray[np.int64]) -> Floats:
    clean, _gaps = bridged(bandpass(trace, rate, 1.0, 30.0))
    clean = np.where(np.isfinite(clean), clean, np.float32(0))
    reach = round(0.12 * rate)
    window = np.clip(places[:, None] + np.arange(-reach, reach + 1), 0, clean.shape[1] - 1)
    pieces = clean[:, window].transpose(1, 0, 2)
    pieces = (pieces - pieces.mean(axis=2, keepdims=True)).reshape(len(places), -1)
    usual = np.median(pieces, axis=0)
    size = np.linalg.norm(pieces, axis=1) * np.linalg.norm(usual)
    return np.asarray((pieces @ usual) / np.maximum(size, 1e-9), np.float64)


def _signs(trace: Any, rate: float, names: Sequence[str], seen: _Seen) -> Iterator[Sign]:
    if len(seen.beats.samples) < 2:
        yield Sign("no_beats")
        return
    ventricular = np.array([kind == "V" for kind in seen.kinds])
    usual = seen.beats.samples[np.array([kind == "N" for kind in seen.kinds])]
    uneven = irregularity(seen.beats.seconds, leave=ventricular)
    alike = p_consistency(trace, rate, usual, until=_until(seen))
    dropped = _dropped(seen)
    fibrillating = len(usual) >= 7 and uneven > 0.1 and alike < 0.6 and not dropped
    apart = not fibrillating and _apart(seen)
    if dropped:
        yield Sign(
            "wenckebach", {"count": float(len(dropped))}, dropped, "ACC/AHA/HRS 2018: PR grows until a beat is dropped"
        )
    if fibrillating:
        yield Sign("af", {"irregularity": uneven, "p_consistency": alike}, _span(seen), "ESC 2024: irregular RR, no P")
    if apart:
        yield Sign("complete_block", {"rate": seen.measured.rate or 0.0}, _span(seen), "ACC/AHA/HRS 2018")
    yield from _rate(seen, sinus=not fibrillating and not apart and (alike >= 0.5 or bool(dropped)))
    yield from _pauses(seen)
    yield from _premature(seen)
    pr = seen.measured.pr
    if pr is not None and pr > 200 and alike >= 0.5 and not apart and not dropped:
        yield Sign("first_degree", {"pr": pr}, (), "ACC/AHA/HRS 2018: PR above 200 ms")
    yield from _bundle(names, rate, seen)


def _rate(seen: _Seen, *, sinus: bool) -> Iterator[Sign]:
    rate = seen.measured.rate
    if rate is None:
        return
    figures, source = {"rate": rate}, "ACC/AHA/HRS 2018: below 50 a minute; above 100"
    if rate < 50:
        yield Sign("sinus_bradycardia" if sinus else "bradycardia", figures, (), source)
    elif rate > 100:
        yield Sign("sinus_tachycardia" if sinus else "tachycardia", figures, (), source)
    elif sinus:
        yield Sign("sinus", figures)


def _pauses(seen: _Seen, longest: float = 2.5) -> Iterator[Sign]:
    """Intervals of 2.5 s and more that are longer than one and a half of the usual."""
    rr, usual = seen.beats.intervals, (seen.measured.rr or 0.0) / 1000
    where = np.flatnonzero((rr >= longest) & (rr > 1.5 * usual))
    if len(where):
        begins = tuple(float(seen.beats.seconds[at]) for at in where)
        yield Sign("pause", {"longest": float(rr.max()), "count": float(len(where))}, begins, "over 2.5 s")


def _premature(seen: _Seen) -> Iterator[Sign]:
    for kind, key in (("V", "pvc"), ("S", "pac")):
        where = [at for at, one in enumerate(seen.kinds) if one == kind]
        if where:
            share = 100 * len(where) / len(seen.kinds)
            times = tuple(float(seen.beats.seconds[at]) for at in where)
            yield Sign(key, {"count": float(len(where)), "percent": share}, times)


def _until(seen: _Seen) -> float:
    """Seconds from R back to just before QRS, at most 0.15."""
    before = (seen.found.beats - seen.found.qrs_on) / seen.beats.rate
    there = before[np.isfinite(before)]
    return float(np.clip(np.median(there) + 0.01, 0.04, 0.15)) if len(there) else 0.1


def _dropped(seen: _Seen) -> tuple[float, ...]:
    """Begins of long intervals that PR is longer before than after, each time by about the same (Mobitz I, 1924).

    A long interval after a premature beat is its pause, and no beat was dropped.
    """
    rr = seen.beats.intervals
    pr = (seen.found.qrs_on - seen.found.p_peak) / seen.beats.rate
    if len(rr) < 5:
        return ()
    regular = np.array([kind == "N" for kind in seen.kinds[:-1]])
    long = np.flatnonzero((rr > 1.25 * np.median(rr)) & (rr < 2.2 * np.median(rr)) & regular)
    fall = pr[long] - pr[long + 1]
    there = np.isfinite(fall)
    fitting = there & (fall > 0.03) & (fall < 0.3)
    if fitting.sum() < 2 or fitting.sum() < 0.8 * len(long) or np.std(fall[fitting]) > 0.03:
        return ()
    return tuple(float(seen.beats.seconds[at]) for at in long[fitting])


def _apart(seen: _Seen) -> bool:
    """A slow and even rhythm: before some of its beats stand P waves, at changing distances, before others none."""
    pr = (seen.found.qrs_on - seen.found.p_peak) / seen.beats.rate
    pr = pr[np.isfinite(pr)]
    slow = seen.measured.rate is not None and seen.measured.rate < 50
    even = irregularity(seen.beats.seconds) < 0.05
    return bool(slow and even and 3 <= len(pr) <= 0.8 * len(seen.kinds) and np.ptp(pr) > 0.06)


def _bundle(names: Sequence[str], rate: float, seen: _Seen) -> Iterator[Sign]:
    """Bundle-branch block by the criteria of AHA/ACCF/HRS 2009 (Surawicz et al.), on the median beat.

    Right: QRS from 120 ms, its last part upwards in V1 and downwards in I or V6. Left: from 120 ms (130 in women and
    140 in men by Strauss 2011), QRS downwards in V1 and upwards in its last part in I or V6.
    """
    qrs = seen.measured.qrs
    if qrs is None or qrs < 120:
        return
    source, key = "AHA/ACCF/HRS 2009: QRS from 120 ms", "wide_qrs"
    late = _late(names, rate, seen)
    side = [late[name] for name in ("I", "V6") if name in late]
    if "V1" in late and side and seen.kinds.count("V") * 2 < len(seen.kinds):
        last, net = late["V1"]
        if last > 0.1 and min(one for one, _ in side) < -0.02:
            key = "rbbb"
        elif net < 0 and last <= 0.1 and max(one for one, _ in side) > 0.02:
            key = "lbbb"
    yield Sign(key, {"qrs": qrs}, (), source)


def _late(names: Sequence[str], rate: float, seen: _Seen) -> dict[str, tuple[float, float]]:
    """Mean height in mV of the last third of QRS, and net area, by lead."""
    before = np.nanmedian(seen.found.beats - seen.found.qrs_on)  # QRS was measured, or nobody would ask
    after = np.nanmedian(seen.found.qrs_off - seen.found.beats)
    centre = seen.median.shape[1] // 2
    begin, end = max(0, int(centre - before)), int(centre + after)
    third = max(1, (end - begin) // 3)
    level = seen.median[:, max(0, begin - max(1, round(0.01 * rate))) : begin + 1].mean(axis=1, keepdims=True)
    part = seen.median[:, begin:end] - level
    rows = zip(part[:, -third:].mean(axis=1), part.sum(axis=1), strict=True)
    return {name: (float(last), float(net)) for name, (last, net) in zip(names, rows, strict=False)}


def _span(seen: _Seen) -> tuple[float, ...]:
    return (float(seen.beats.seconds[0]), float(seen.beats.seconds[-1]))
