"""Kinds of beats, and how even and alike they are: what tells premature beats and fibrillation apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.filters import bandpass, bridged, checked
from suwen.diagnosis.rhythm.shapes import beat_shapes, unexpected

__all__ = ["beat_kinds", "irregularity", "p_consistency"]

Floats = NDArray[np.float64]
_EARLY = 0.875  # of the usual interval
_AT_ONCE = 0.85  # of the interval before, that a premature beat comes in
_WIDE = 1.2  # times the usual width
_MANY = 6  # leads, from which the width of a complex is trusted to tell a ventricular one
_NOISE = 2.5  # times the usual width, from which it is no QRS complex that was measured
_LED, _FAR = 0.6, 0.6  # likeness of what stands before QRS, and of QRS itself, to the usual
_ASKED = 500  # beats at most of which P is asked; that so many were conducted with aberration is not likely
_P_THERE = 2.4  # times the usual difference: something stands before QRS that belongs to no T wave
_AROUND, _UNEVEN = 10, 0.08  # intervals to both sides, and their median step over their length


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
    """Of each beat "V", from the ventricles; "S", premature from above them; or "N".

    Premature: by an eighth earlier than usual around it. V is of another shape than usual (correlation of QRS under
    0.75) and wider by a fifth, and either premature or without the usual P wave before it. Other premature beats are
    S: of the usual shape, or of another but narrow, or wide after a P wave on the T wave before (aberrant conduction);
    where no two intervals are alike, as in fibrillation, none of these is premature.
    """
    trace, places = checked(values, rate), np.asarray(samples, np.int64)
    if len(places) < 4:
        return ("N",) * len(places)
    shapes = beat_shapes(trace, rate, places)
    rr = np.diff(places) / rate
    early = np.concatenate([[False], rr < _EARLY * _usual(rr)])
    soon = _at_once(rr, np.concatenate([[False], rr < _EARLY * _middle(rr)])) & _even_around(rr, early)
    other = ~shapes.usual
    wide = (shapes.breadth >= (_WIDE if len(trace) >= _MANY else 1.0)) & (shapes.breadth < 2 * _NOISE)
    alone = (shapes.led < _LED) & (shapes.like < _FAR) & (shapes.breadth >= _WIDE) & (shapes.breadth < _NOISE)
    whole = (places >= 0.12 * rate) & (places + 0.12 * rate < trace.shape[1])  # of a cut beat the shape is not known
    ventricular = other & ((early & wide) | (alone & whole))
    asked = np.flatnonzero(ventricular & early).tolist()
    for number in asked if len(asked) <= _ASKED else ():
        if not ventricular[number - 1] and unexpected(shapes, rate, places, number) > _P_THERE:
            ventricular[number] = False
            soon[number] = True
    return tuple("V" if ven else "S" if atrial else "N" for ven, atrial in zip(ventricular, soon, strict=True))


def _at_once(rr: Floats, soon: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Those that come early at once and are followed by a longer interval: breathing shortens RR by degrees."""
    before = np.concatenate([[np.inf, np.inf], rr[:-1]])  # the interval before that which ends at each beat
    own = np.concatenate([[np.inf], rr])
    after = np.concatenate([rr, [np.inf]])
    begins = own < _AT_ONCE * before
    ends = after > own / _AT_ONCE
    kept = soon.copy()
    for number in np.flatnonzero(soon).tolist():
        kept[number] = begins[number] or kept[number - 1]
    for number in np.flatnonzero(soon)[::-1].tolist():
        kept[number] &= ends[number] or (number + 1 < len(kept) and kept[number + 1])
    return np.asarray(kept)


def _middle(rr: Floats) -> Floats:
    """Median of eleven intervals around each."""
    padded = np.pad(rr, 5, mode="reflect" if len(rr) > 5 else "edge")
    return np.asarray(np.median(sliding_window_view(padded, 11), axis=1))


def _usual(rr: Floats) -> Floats:
    """The larger of median and mean of eleven intervals: of short and long ones by turns (bigeminy), their mean."""
    padded = np.pad(rr, 5, mode="reflect" if len(rr) > 5 else "edge")
    around = sliding_window_view(padded, 11)
    middle = np.median(around, axis=1)
    return np.asarray(np.clip(around.mean(axis=1), middle, 1.7 * middle))


def _even_around(rr: Floats, early: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of each beat, whether the intervals around (none beside premature beats) are alike, or too few to say."""
    steps = np.abs(np.diff(rr)) / np.maximum(rr[1:], 1e-6)
    odd = early[1:] | early[:-1]
    steps[odd[1:] | odd[:-1]] = np.nan
    padded = np.pad(steps, (_AROUND, _AROUND + 2), constant_values=np.nan)
    around = sliding_window_view(padded, 2 * _AROUND + 1)
    there = np.isfinite(around).sum(axis=1)
    ordered = np.sort(around, axis=1)  # what is not a number comes last
    middle = ordered[np.arange(len(ordered)), np.maximum(there - 1, 0) // 2]
    return np.asarray((there < 3) | (middle < _UNEVEN))
