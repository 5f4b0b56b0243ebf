"""Where P, QRS and T begin, peak and end: in every beat, and in the median beat, over all leads together.

QRS begins and ends where the speed of all leads together stays small (derivative method, after Laguna et al. 1994). P
and T are the highest bumps before and after it, in the direction in which the leads move most there; they begin and
end where the tangent at the steepest flank meets the level at its foot (Lepeschkin & Surawicz 1952). What lies
outside the limits of a living heart is not reported: PR 80 to 440 ms, QRS 40 to 260 ms, T ending 0.2 to 0.7 s after
R.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.filters import bandpass, bridged, checked, smoothed

__all__ = ["Delineation", "delineate", "median_beat"]

Floats = NDArray[np.float32]
_NAN = float("nan")
_BEFORE, _AFTER = 0.44, 0.72  # s around R that a beat is looked for in
_P_LEAST, _T_LEAST = 6.0, 4.0  # heights of a wave over the noise of the curve, and over 15 uV
_LEAST = 0.015  # mV


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
    rows = [dict.fromkeys(_NAMES, _NAN) for _ in places]
    if len(places) and trace.shape[1] >= 0.4 * rate:
        clean, _gaps = bridged(bandpass(trace, rate, 0.5, 40.0))
        clean = np.where(np.isfinite(clean), clean, np.float32(0))
        for number, place in enumerate(places):
            before = places[number - 1] if number else -np.inf
            after = places[number + 1] if number + 1 < len(places) else np.inf
            rows[number] = _one(clean, rate, place, before, after)
    return Delineation(places, *(np.array([row[name] for row in rows], np.float64) for name in _NAMES))


def median_beat(values: Any, rate: float, beats: Any, *, alike: float = 0.8) -> tuple[Floats, int]:
    """The median of the beats that look like most others (leads, time), R in its middle, and how many they were.

    Beats whose correlation with the first median is under `alike` (ventricular ones, noise) are left out. With no whole
    beat: zeros, and 0. Raises InputError as `delineate` does.
    """
    trace = checked(values, rate)
    half = round(0.75 * rate)
    places = np.round(np.asarray(beats, np.float64).ravel()).astype(int)
    places = places[(places >= half) & (places + half < trace.shape[1])]
    if not len(places):
        return np.zeros((len(trace), 2 * half + 1), np.float32), 0
    clean, _gaps = bridged(bandpass(trace, rate, 0.3, 100.0))
    clean = np.where(np.isfinite(clean), clean, np.float32(0))
    stack = np.stack([clean[:, place - half : place + half + 1] for place in places])
    first = np.median(stack, axis=0)
    around = slice(half - round(0.1 * rate), half + round(0.1 * rate) + 1)
    likeness = np.array([_likeness(one[:, around], first[:, around]) for one in stack])
    kept = likeness >= min(alike, float(np.median(likeness)))
    return np.asarray(np.median(stack[kept], axis=0), np.float32), int(kept.sum())


_NAMES = tuple(one.name for one in fields(Delineation) if one.name != "beats")


def _likeness(one: Floats, other: Floats) -> float:
    left, right = one - one.mean(axis=1, keepdims=True), other - other.mean(axis=1, keepdims=True)
    size = float(np.sqrt((left**2).sum() * (right**2).sum()))
    return float((left * right).sum()) / size if size > 0 else 0.0


def _one(clean: Floats, rate: float, place: float, before: float, after: float) -> dict[str, float]:
    """Fiducials of one beat in samples of the whole trace."""
    times = dict.fromkeys(_NAMES, _NAN)
    start = int(max(0, place - _BEFORE * rate, (before + 0.3 * rate) if np.isfinite(before) else 0))
    end = int(min(clean.shape[1], place + _AFTER * rate, after - 0.12 * rate if np.isfinite(after) else np.inf))
    centre = round(place) - start
    part = clean[:, start:end]
    if not 0 <= centre < part.shape[1] or part.shape[1] < 0.15 * rate:
        return times
    found = _qrs(part, rate, centre)
    if found is None:
        return times
    on, off = found
    times |= {"qrs_on": start + on, "qrs_off": start + off}
    level = np.median(part[:, max(0, int(on) - max(2, round(0.02 * rate))) : int(on) + 1], axis=1, keepdims=True)
    times |= {name: start + at for name, at in _p(part, rate, on).items()}
    times |= {name: start + at for name, at in _t(part - level, rate, off, centre).items()}
    return times


def _qrs(part: Floats, rate: float, centre: int) -> tuple[float, float] | None:
    """Begin and end of QRS by the speed of the vector, from its fastest moment outwards; None where it is no QRS."""
    speed = np.sqrt((np.gradient(part, axis=1) ** 2).mean(axis=0))
    speed = smoothed(speed, round(0.012 * rate))[0]
    near = round(0.09 * rate)
    begin, end = max(0, centre - near), min(len(speed), centre + near + 1)
    top = float(speed[begin:end].max(initial=0.0))
    calm = float(np.quantile(speed, 0.25))
    limit = max(0.055 * top, 1.6 * calm)
    if not top > 4 * calm or top <= 0:
        return None
    still = max(2, round(0.02 * rate))
    on = _calm_from(speed, int(begin + np.argmax(speed[begin : centre + 1] > 0.4 * top)), -1, limit, still)
    last = int(end - 1 - np.argmax(speed[centre:end][::-1] > 0.25 * top))
    off = _calm_from(speed, last, 1, limit, still)
    width = (off - on) / rate
    return (float(on), float(off)) if 0.04 <= width <= 0.26 else None


def _calm_from(speed: Floats, start: int, step: int, limit: float, still: int) -> int:
    """Going from `start`, the first place from which on `still` samples are slower than `limit`; else the end."""
    line = speed[start::step] if step > 0 else speed[start::-1]
    slow = line < limit
    run = np.convolve(slow, np.ones(still, int), "valid") == still
    first = int(np.argmax(run)) if run.any() else len(line) - 1
    return start + step * first


def _p(part: Floats, rate: float, on: float) -> dict[str, float]:
    """P: the highest bump of the vector from 0.4 s before QRS to its begin, over the straight line below it."""
    begin, end = max(0, int(on - 0.34 * rate)), int(on - 0.015 * rate)
    if end - begin < 0.09 * rate:
        return {}
    piece = part[:, begin:end]
    level = np.median(piece, axis=1, keepdims=True)
    bend, rough = _bump(piece, level, rate)
    peak = int(np.argmax(bend))
    if not _stands(bend, peak, rate, _P_LEAST * rough):
        return {}
    edges = (_tangent(bend, peak, -1, rate), _tangent(bend, peak, 1, rate))
    times = {"p_on": begin + edges[0], "p_peak": float(begin + peak), "p_off": begin + edges[1]}
    pr, width = (on - times["p_on"]) / rate, (edges[1] - edges[0]) / rate
    return times if 0.08 <= pr <= 0.44 and 0.03 <= width <= 0.2 else {}


def _t(part: Floats, rate: float, off: float, centre: int) -> dict[str, float]:
    """T: the highest bump after QRS, its end by the tangent."""
    begin = int(off + 0.04 * rate)
    piece = part[:, begin:]
    if piece.shape[1] < 0.12 * rate:
        return {}
    tail = max(2, round(0.06 * rate))
    bend, rough = _bump(piece, np.median(piece[:, -tail:], axis=1, keepdims=True), rate)
    peak = int(np.argmax(bend[: max(1, round(0.5 * rate))]))
    if peak < 0.02 * rate or not _stands(bend, peak, rate, _T_LEAST * rough):
        return {}
    last = _tangent(bend, peak, 1, rate)
    times = {"t_peak": float(begin + peak), "t_off": begin + last}
    return times if last < len(bend) and 0.2 <= (times["t_off"] - centre) / rate <= 0.7 else {}


def _bump(piece: Floats, level: Floats, rate: float) -> tuple[Floats, float]:
    """The signed distance from the level along the direction in which the leads move most there, and its noise."""
    moved = piece - level
    size = np.sqrt((moved**2).mean(axis=0))
    peak = int(np.argmax(smoothed(size, round(0.04 * rate))[0]))
    direction = moved[:, peak] / max(float(np.linalg.norm(moved[:, peak])), 1e-9)
    along = (direction @ moved) / np.sqrt(len(piece))
    calm = smoothed(along, round(0.02 * rate))[0]
    return calm, float(np.median(np.abs(along - calm))) / 0.6745


def _stands(bend: Floats, peak: int, rate: float, least: float) -> bool:
    """Whether the top stands out from the noise of the curve and from what lies beside it."""
    if peak < 0.01 * rate or peak >= len(bend) - 0.01 * rate:
        return False
    beside = float(np.quantile(bend, 0.35))
    return float(bend[peak]) - beside > max(_LEAST, least)


def _tangent(bend: Floats, peak: int, step: int, rate: float) -> float:
    """Where the tangent at the steepest flank beside the top meets the level at the foot of that flank."""
    reach = min(len(bend) - 1 - peak if step > 0 else peak, round(0.2 * rate))
    line = bend[peak : peak + reach + 1] if step > 0 else bend[peak - reach : peak + 1][::-1]
    if len(line) < 3:
        return float(peak + step * (len(line) - 1))
    slope = np.diff(line)
    steepest = int(np.argmin(slope))
    rising = np.flatnonzero(slope[steepest:] >= 0)
    foot = steepest + int(rising[0]) if len(rising) else len(line) - 1
    fall = -float(slope[steepest])
    if fall <= 0:
        return float(peak + step * foot)
    height = float(line[steepest] + line[steepest + 1]) / 2 - float(min(line[foot], 0.1 * line[0]))
    return float(peak + step * min(steepest + 0.5 + height / fall, len(line) - 1))
