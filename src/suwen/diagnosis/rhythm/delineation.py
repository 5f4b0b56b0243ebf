"""Where P, QRS and T begin, peak and end: in every beat, and in the median beat, over all leads together.

QRS begins and ends where the speed of all leads together stays small (derivative method, after Laguna et al. 1994),
between two samples in proportion, so that how long it lasts does not depend on the rate. P and T are the highest bumps
before and after it, in the direction in which the leads move most there; they begin and end where the tangent at the
steepest flank meets the level at its foot (Lepeschkin & Surawicz 1952). What lies outside the limits of a living heart
is not reported: PR 80 to 440 ms, QRS 40 to 260 ms, T ending 0.2 to 0.7 s after R. Beats are looked at side by side,
some thousands at once.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.filters import bandpass, bridged, checked
from suwen.diagnosis.rhythm.stretches import (
    first_where,
    gathered,
    last_where,
    quantiles,
    running_means,
    slopes,
    within,
)

__all__ = ["Delineation", "delineate", "median_beat"]

Floats = NDArray[np.float32]
Samples = NDArray[np.float64]
Whole = NDArray[np.int64]
Marks = NDArray[np.bool_]
Times = dict[str, NDArray[np.float64]]  # samples a beat by name, not a number where it has none
_NAN = float("nan")
_BEFORE, _AFTER = 0.44, 0.72  # s around R that a beat is looked for in
_P_LEAST, _T_LEAST = 6.0, 4.0  # heights of a wave over the noise of the curve, and over 15 uV
_LEAST = 0.015  # mV
_ENOUGH = 1000  # beats for a median
_GAP = 30.0  # s between beats that are wanted, from which what lies between is not filtered
_AT_ONCE = 600_000  # samples of all leads looked at side by side: 2,000 beats of one lead at 250 Hz


@dataclass(frozen=True, slots=True, eq=False)
class Delineation:
    """Fiducials in samples, one a beat, not a number where the beat has none: `beats` are the R peaks asked about."""

    beats: NDArray[np.float64]
    p_on: NDArray[np.float64]
    p_peak: NDArray[np.float64]
    p_off: NDArray[np.float64]
    qrs_on: NDArray[np.float64]
    qrs_off: NDArray[np.float64]
    t_peak: NDArray[np.float64]
    t_off: NDArray[np.float64]


def delineate(values: Any, rate: float, beats: Any) -> Delineation:
    """Fiducials of every beat of a trace (leads, time) in mV; `beats` are samples of R, in order.

    Raises:
        InputError: the trace is no array of leads and time.

    """
    trace = checked(values, rate)
    places = np.sort(np.asarray(beats, np.float64).ravel())
    times = {name: np.full(len(places), _NAN) for name in _NAMES}
    if len(places) and trace.shape[1] >= 0.4 * rate:
        clean, _gaps = bridged(bandpass(trace, rate, 0.5, 40.0), copy=False)
        around = np.concatenate([[-np.inf], places, [np.inf]])
        many = max(1, int(_AT_ONCE / (len(trace) * (_BEFORE + _AFTER) * rate)))
        for begin in range(0, len(places), many):
            part = slice(begin, begin + many)
            found = _batch(clean, rate, places[part], (around[:-2][part], around[2:][part]))
            for name, row in times.items():
                row[part] = found[name]
    return Delineation(places, *(times[name] for name in _NAMES))


def median_beat(values: Any, rate: float, beats: Any, *, alike: float = 0.8) -> tuple[Floats, int]:
    """The median of the beats that look like most others (leads, time), R in its middle, and how many they were.

    Beats whose correlation with the first median is under `alike` (ventricular ones, noise) are left out. Drift within
    a beat is taken off by its level before QRS in this and the neighbouring beats. Of more than 1,000 beats twenty
    stretches of fifty are taken. With no whole beat: zeros, and 0. Raises InputError as `delineate` does.
    """
    trace = checked(values, rate)
    half = round(0.75 * rate)
    places = np.round(np.asarray(beats, np.float64).ravel()).astype(int)
    places = _some(places[(places >= half) & (places + half < trace.shape[1])])
    if not len(places):
        return np.zeros((len(trace), 2 * half + 1), np.float32), 0
    stack = np.concatenate([_whole_beats(trace, rate, part, half) for part in _together(places, rate)])
    around = slice(half - round(0.1 * rate), half + round(0.1 * rate) + 1)
    first = np.median(stack, axis=0)
    likeness = np.array([_likeness(one[:, around], first[:, around]) for one in stack])
    kept = likeness >= min(alike, float(np.median(likeness)))
    calm = stack[kept] - _wander(stack[kept], rate, places[kept], half)
    return np.asarray(np.median(calm, axis=0), np.float32), int(kept.sum())


def _some(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """All, or twenty stretches of fifty spread evenly."""
    if len(places) <= _ENOUGH:
        return places
    starts = np.linspace(0, len(places) - 50, 20).astype(int)
    return places[np.unique(starts[:, None] + np.arange(50))]


def _together(places: NDArray[np.int64], rate: float) -> list[NDArray[np.int64]]:
    """The places in groups between which the trace need not be looked at."""
    return np.split(places, np.flatnonzero(np.diff(places) > _GAP * rate) + 1)


def _whole_beats(trace: Floats, rate: float, places: NDArray[np.int64], half: int) -> Floats:
    """Beats (beats, leads, time), so many samples before R as after it, of a stretch of the trace that is filtered."""
    margin = round(_GAP * rate / 2)
    begin, end = max(0, int(places[0]) - margin), int(places[-1]) + margin + 1
    clean, _gaps = bridged(bandpass(trace[:, begin:end], rate, 0.3, 100.0), copy=False)
    return clean[:, (places - begin)[:, None] + np.arange(-half, half + 1)].transpose(1, 0, 2)


def _wander(stack: Floats, rate: float, places: NDArray[np.int64], half: int) -> Floats:
    """Drift (beats, leads, time) of beats with R in the middle: how the level 80 ms before it differs between them.

    It moves no ST segment: what all beats have in common at that place is not part of it.
    """
    levels = stack[:, :, half - round(0.1 * rate) : half - round(0.06 * rate) + 1].mean(axis=2).T
    levels = levels - np.median(levels, axis=1, keepdims=True)
    knots, window = places - 0.08 * rate, places[:, None] + np.arange(-half, half + 1)
    return np.stack([_curve(window, knots, level) for level in levels], axis=1)


def _curve(time: Any, knots: Any, level: Any) -> Floats:
    """A cubic through the knots whose slope at each is that between its neighbours; beyond the ends it stays level."""
    if len(knots) < 3:
        return np.asarray(np.interp(time, knots, level), np.float32)
    slope = np.gradient(level, knots)
    at = np.clip(np.searchsorted(knots, time) - 1, 0, len(knots) - 2)
    wide = np.diff(knots)[at]
    u = np.clip((time - knots[at]) / wide, 0, 1)
    curve = level[at] * (1 + 2 * u) * (1 - u) ** 2 + slope[at] * wide * u * (1 - u) ** 2
    curve += level[at + 1] * u**2 * (3 - 2 * u) + slope[at + 1] * wide * u**2 * (u - 1)
    return np.asarray(curve, np.float32)


_NAMES = tuple(one.name for one in fields(Delineation) if one.name != "beats")


def _likeness(one: Floats, other: Floats) -> float:
    left, right = one - one.mean(axis=1, keepdims=True), other - other.mean(axis=1, keepdims=True)
    size = float(np.sqrt((left**2).sum() * (right**2).sum()))
    return float((left * right).sum()) / size if size > 0 else 0.0


def _batch(clean: Floats, rate: float, places: NDArray[np.float64], around: tuple[Any, Any]) -> Times:
    """Fiducials of some beats in samples of the whole trace; `around` are the beats before and after each of them."""
    times = {name: np.full(len(places), _NAN) for name in _NAMES}
    before, after = around
    starts = np.maximum(0, np.maximum(places - _BEFORE * rate, before + 0.3 * rate)).astype(np.int64)
    ends = np.minimum(clean.shape[1], np.minimum(places + _AFTER * rate, after - 0.12 * rate)).astype(np.int64)
    centres = np.round(places).astype(np.int64) - starts
    asked = np.flatnonzero((centres >= 0) & (centres < ends - starts) & (ends - starts >= 0.15 * rate))
    if not len(asked):
        return times
    starts, lengths, centres = starts[asked], (ends - starts)[asked], centres[asked]
    on, off = _qrs(gathered(clean, starts, lengths), lengths, rate, centres)
    seen = np.isfinite(on)
    asked, starts, lengths = asked[seen], starts[seen], lengths[seen]
    if not len(asked):
        return times
    times["qrs_on"][asked], times["qrs_off"][asked] = starts + on[seen], starts + off[seen]
    for found in (
        _p(clean, rate, starts, on[seen]),
        _t(clean, rate, (starts, starts + lengths), off[seen], centres[seen]),
    ):
        for name, at in found.items():
            times[name][asked] = at
    return times


def _qrs(parts: Floats, lengths: Whole, rate: float, centres: Whole) -> tuple[Samples, Samples]:
    """Begin and end of QRS by the speed of the vector, from its fastest moment outwards; nan where it is no QRS."""
    speed = np.sqrt((slopes(parts, lengths) ** 2).mean(axis=0))
    speed = running_means(speed, lengths, round(0.012 * rate))
    near, steps = round(0.09 * rate), np.arange(speed.shape[1])
    close = (steps >= centres[:, None] - near) & (steps <= centres[:, None] + near) & within(lengths, len(steps))
    top = np.where(close, speed, np.float32(0)).max(axis=1)
    calm = quantiles(speed, lengths, 0.25)
    limit = np.maximum(0.055 * top, 1.6 * calm)
    still = max(2, round(0.02 * rate))
    slow = (speed < limit[:, None]) & within(lengths, len(steps))
    fast = close & (steps <= centres[:, None]) & (speed > 0.4 * top[:, None])
    on = _calm_before(slow, first_where(fast, np.maximum(0, centres - near)), still)
    fast = close & (steps >= centres[:, None]) & (speed > 0.25 * top[:, None])
    off = _calm_after(slow, last_where(fast, np.minimum(lengths, centres + near + 1) - 1), still, lengths)
    begin, end = _crossed(speed, on, 1, limit), _crossed(speed, off, -1, limit)
    width = (end - begin) / rate
    there = (top > 4 * calm) & (top > 0) & (width >= 0.04) & (width <= 0.26)
    return np.where(there, begin, _NAN), np.where(there, end, _NAN)


def _calm_before(slow: Marks, begins: Whole, still: int) -> Whole:
    """Going back from `begins`, the first place before which `still` samples with it are slow; else the first."""
    run = _runs(slow, still)
    return last_where(run & (np.arange(run.shape[1]) <= begins[:, None] - still + 1), 1 - still) + still - 1


def _calm_after(slow: Marks, begins: Whole, still: int, lengths: Whole) -> Whole:
    """Going on from `begins`, the first place from which on `still` samples are slow; else the last."""
    run = _runs(slow, still)
    return first_where(run & (np.arange(run.shape[1]) >= begins[:, None]), lengths - 1)


def _crossed(speed: Floats, at: Whole, step: int, limit: Floats) -> Samples:
    """Where between a slow sample and the fast one beside it the limit is crossed: at 250 Hz 4 ms lie between them."""
    rows = np.arange(len(at))
    here, beside = speed[rows, at], speed[rows, np.clip(at + step, 0, speed.shape[1] - 1)]
    between = (here < limit) & (limit <= beside)
    share = np.where(between, (limit - here) / np.where(between, beside - here, 1), 0)
    return np.asarray(at + step * share, np.float64)


def _runs(marks: Marks, still: int) -> Marks:
    """Where `still` marks in a row begin."""
    found = marks.copy()
    for step in range(1, still):
        found[:, : marks.shape[1] - step] &= marks[:, step:]
        found[:, max(0, marks.shape[1] - step) :] = False
    return found


def _p(clean: Floats, rate: float, starts: Whole, on: Samples) -> Times:
    """P: the highest bump of the vector from 0.34 s before QRS to its begin, over the straight line below it."""
    first = np.maximum(0, on - 0.34 * rate).astype(np.int64)
    lengths = (on - 0.015 * rate).astype(np.int64) - first
    asked = np.flatnonzero(lengths >= 0.09 * rate)
    times = {name: np.full(len(on), _NAN) for name in ("p_on", "p_peak", "p_off")}
    if not len(asked):
        return times
    begins, lengths = (starts + first)[asked], lengths[asked]
    pieces = gathered(clean, begins, lengths)
    bend, rough = _bumps(pieces, quantiles(pieces, lengths, 0.5), lengths, rate)
    peak = _highest(bend, lengths)
    left, right = _tangents(bend, peak, lengths, -1, rate), _tangents(bend, peak, lengths, 1, rate)
    pr, width = ((starts + on)[asked] - begins - left) / rate, (right - left) / rate
    there = _stand(bend, peak, lengths, rate, _P_LEAST * rough)
    there &= (pr >= 0.08) & (pr <= 0.44) & (width >= 0.03) & (width <= 0.2)
    for name, at in (("p_on", left), ("p_peak", peak), ("p_off", right)):
        times[name][asked] = np.where(there, begins + at, _NAN)
    return times


def _t(clean: Floats, rate: float, span: tuple[Whole, Whole], off: Samples, centres: Whole) -> Times:
    """T: the highest bump after QRS, its end by the tangent; `span` are begins and ends of what is looked at."""
    starts, ends = span
    first = (off + 0.04 * rate).astype(np.int64)
    lengths = ends - starts - first
    asked = np.flatnonzero(lengths >= 0.12 * rate)
    times = {name: np.full(len(off), _NAN) for name in ("t_peak", "t_off")}
    if not len(asked):
        return times
    begins, lengths = (starts + first)[asked], lengths[asked]
    pieces, tail = gathered(clean, begins, lengths), max(2, round(0.06 * rate))
    foot = np.median(gathered(clean, begins + lengths - tail, np.full(len(asked), tail)), axis=2)
    bend, rough = _bumps(pieces, foot, lengths, rate)
    peak = _highest(bend, np.minimum(lengths, max(1, round(0.5 * rate))))
    last = _tangents(bend, peak, lengths, 1, rate)
    after = (first[asked] + last - centres[asked]) / rate
    there = (peak >= 0.02 * rate) & _stand(bend, peak, lengths, rate, _T_LEAST * rough)
    there &= (after >= 0.2) & (after <= 0.7)
    times["t_peak"][asked] = np.where(there, begins + peak, _NAN)
    times["t_off"][asked] = np.where(there, begins + last, _NAN)
    return times


def _bumps(pieces: Floats, level: Floats, lengths: Whole, rate: float) -> tuple[Floats, Floats]:
    """The signed distance from the level along the direction in which the leads move most there, and its noise."""
    moved = pieces - level[..., None]
    size = running_means(np.sqrt((moved**2).mean(axis=0)), lengths, round(0.04 * rate))
    top = moved[:, np.arange(len(lengths)), _highest(size, lengths)]
    direction = top / np.maximum(np.sqrt((top**2).sum(axis=0)), np.float32(1e-9))
    along = (direction[..., None] * moved).sum(axis=0) / np.float32(np.sqrt(len(pieces)))
    calm = running_means(along, lengths, round(0.02 * rate))
    return calm, quantiles(np.abs(along - calm), lengths, 0.5) / np.float32(0.6745)


def _highest(rows: Floats, lengths: Whole) -> Whole:
    return np.asarray(np.argmax(np.where(within(lengths, rows.shape[1]), rows, -np.inf), axis=1), np.int64)


def _stand(bend: Floats, peak: Whole, lengths: Whole, rate: float, least: Floats) -> Marks:
    """Whether the top stands out from the noise of the curve and from what lies beside it."""
    beside = quantiles(bend, lengths, 0.35)
    high = bend[np.arange(len(peak)), peak] - beside > np.maximum(_LEAST, least)
    return np.asarray(high & (peak >= 0.01 * rate) & (peak < lengths - 0.01 * rate))


def _tangents(bend: Floats, peak: Whole, lengths: Whole, step: int, rate: float) -> Samples:
    """Where the tangent at the steepest flank beside the top meets the level at the foot of that flank."""
    far = np.minimum(lengths - 1 - peak if step > 0 else peak, round(0.2 * rate))
    steps, rows = np.arange(int(far.max(initial=0)) + 2), np.arange(len(peak))
    line = bend[rows[:, None], np.clip(peak[:, None] + step * steps, 0, bend.shape[1] - 1)]
    slope = np.where(steps[:-1] < far[:, None], np.diff(line, axis=1), np.inf)
    steepest = np.argmin(slope, axis=1)
    rising = (slope >= 0) & (steps[:-1] >= steepest[:, None]) & (steps[:-1] < far[:, None])
    foot = first_where(rising, far)
    fall = -slope[rows, steepest].astype(np.float64)
    low = np.minimum(line[rows, foot], np.float32(0.1) * line[:, 0])
    height = (line[rows, steepest] + line[rows, steepest + 1]) / 2 - low
    steep = fall > 0
    met = np.where(steep, np.minimum(steepest + 0.5 + height / np.where(steep, fall, 1), far), foot)
    return np.asarray(peak + step * np.where(far < 2, far, met), np.float64)
