"""The waves of each lead in the median beat: how high P, Q, R, S and T are, and where the ST segment lies.

Heights are measured from the level at the begin of QRS, as the Fourth Universal Definition of Myocardial Infarction
(2018) asks for ST. A wave of QRS counts as IEC 60601-2-51:2003, clause GG.5, says: two opposite slopes with a turning
point between them, at least 30 uV away from the level for 6 ms, and 12 ms from foot to foot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.delineation import Delineation
from suwen.diagnosis.rhythm.filters import smoothed
from suwen.diagnosis.rhythm.nouns import LeadWaves

__all__ = ["Limits", "lead_waves", "limits", "qrs_waves", "usual"]

Line = NDArray[np.float64]
_LEAST, _STAYS, _WIDE = 0.03, 0.006, 0.012  # mV, and s above it, and s from foot to foot (IEC 60601-2-51, GG.5)
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Limits:
    """Fiducials in samples of a median beat (medians over the beats), not a number where there is none."""

    centre: int
    on: float
    off: float
    p_on: float
    p_off: float
    t_peak: float
    t_off: float
    rr: float


def limits(found: Delineation, samples: int) -> Limits | None:
    """Where P, QRS and T lie in a median beat of so many samples, R in its middle; None where QRS was not found."""
    centre = samples // 2
    on, off = _median(found.qrs_on - found.beats), _median(found.qrs_off - found.beats)
    if not (np.isfinite(on) and np.isfinite(off)) or off - on < 3:
        return None
    rest = (_median(getattr(found, name) - found.beats) for name in ("p_on", "p_off", "t_peak", "t_off"))
    p_on, p_off, t_peak, t_off = (centre + one for one in rest)
    rr = float(np.median(np.diff(found.beats))) if len(found.beats) > 1 else _NAN
    return Limits(centre, centre + on, centre + off, p_on, p_off, t_peak, t_off, rr)


def usual(found: Delineation, kinds: Sequence[str]) -> Delineation:
    """The fiducials of the beats that are not premature ("N"); of all, where fewer than three are."""
    kept = np.array([kind == "N" for kind in kinds], bool)
    if kept.sum() < 3 or len(kept) != len(found.beats):
        return found
    return Delineation(*(getattr(found, one.name)[kept] for one in fields(Delineation)))


def _median(values: Any) -> float:
    """Median of what is there; not a number where fewer than one in five is."""
    there = np.asarray(values)[np.isfinite(values)]
    return float(np.median(there)) if len(there) and len(there) >= 0.2 * len(values) else _NAN


def lead_waves(median: Any, rate: float, names: Sequence[str], found: Delineation) -> Mapping[str, LeadWaves]:
    """Waves by lead of a median beat (leads, time) in mV with R in its middle; empty where QRS was not found.

    A complex that only goes down (QS) is a `q` without an `r`.
    """
    beat = np.asarray(median, np.float64)
    where = limits(found, beat.shape[1])
    if where is None or not np.isfinite(beat).all() or where.on < 1 or where.off >= beat.shape[1] - 1:
        return {}
    return {name: _lead(line, rate, where) for name, line in zip(names, beat, strict=False)}


def _lead(line: Line, rate: float, where: Limits) -> LeadWaves:
    # a few ms earlier than QRS was found to begin: a small Q may stand there in few leads only
    calm, begin = round(where.on - 0.02 * rate), max(0, round(where.on - 0.006 * rate))
    level = line - np.mean(line[max(0, calm) : begin + 1])
    made = qrs_waves(level[begin : round(where.off) + 1], rate)
    return LeadWaves(
        p=_peak(level, where.p_on, where.p_off),
        j=_height(level, where.off, rate, 0.0),
        st60=_height(level, where.off, rate, 0.06),
        st80=_height(level, where.off, rate, 0.08),
        t=_t(level, rate, where),
        noise=_noise(level, rate, where),
        **made,
    )


def qrs_waves(part: Line, rate: float) -> dict[str, float]:
    """Q, R, S and R' of one lead (time,) from the begin to the end of QRS, in mV from its begin.

    Stretches on one side of the level are waves when they turn back, are high and long enough. What goes down first is
    Q, up R, down again S, up again R'; of several the largest.
    """
    made: dict[str, float] = {}
    name = ""
    for begin, end in _stretches(part, rate):
        piece = part[begin:end]
        top = float(piece[np.argmax(np.abs(piece))])
        name = _following(name, top)
        if abs(top) > abs(made.get(name, 0.0)):
            first = begin if made else _foot(part, begin, end)
            last = end if end < len(part) else begin + _settled(piece)
            made[name] = top
            if name in ("q", "r"):
                made[f"{name}_ms"] = (last - first) * 1000 / rate
    return made


def _following(name: str, top: float) -> str:
    """What a wave is called after another: up after none or Q is R, down after R is S, up after S is R'."""
    if top > 0:
        return "r" if name in ("", "q", "r") else "r2"
    return "q" if name in ("", "q") else "s"


def _stretches(part: Line, rate: float) -> list[tuple[int, int]]:
    """Begin and end of the stretches on one side of the level that are waves, in order."""
    sign = np.sign(part)
    cuts = [0, *(np.flatnonzero(np.diff(sign) != 0) + 1).tolist(), len(part)]
    kept = []
    for begin, end in pairwise(cuts):
        size = np.abs(part[begin:end])
        high = int((size >= _LEAST).sum())
        if high >= max(1.0, _STAYS * rate) and end - begin >= _WIDE * rate - 1 and _turns(size, end == len(part)):
            kept.append((begin, end))
    return kept


def _turns(size: Line, last: bool) -> bool:
    """Whether it comes back from its top by 30 uV or a third; to the level it always does, but at the end of QRS."""
    top = float(size.max())
    return not last or float(top - size[int(np.argmax(size)) :].min()) >= max(_LEAST, 0.1 * top)


def _foot(part: Line, begin: int, end: int) -> int:
    """Where the first wave leaves the level: before, it is an isoelectric part of QRS (IEC 60601-2-51)."""
    size = np.abs(part[begin:end])
    top = int(np.argmax(size))
    low = np.flatnonzero(size[: top + 1] < max(0.02, 0.05 * float(size[top])))
    return begin + (int(low[-1]) if len(low) else 0)


def _settled(piece: Line) -> int:
    """Samples until the last wave has come down to where it stays, which may be a raised ST segment."""
    top = int(np.argmax(np.abs(piece)))
    near = np.abs(piece[top:] - piece[-1]) < max(_LEAST, 0.1 * abs(float(piece[top])))
    return top + int(np.argmax(near)) + 1


def _height(level: Line, off: float, rate: float, later: float) -> float:
    """Mean over 8 ms, so many seconds after the end of QRS."""
    begin = round(off + later * rate)
    piece = level[begin : begin + max(1, round(0.008 * rate))]
    return float(piece.mean()) if len(piece) else 0.0


def _peak(level: Line, begin: float, end: float) -> float:
    if not (np.isfinite(begin) and np.isfinite(end)):
        return 0.0
    piece = level[max(0, round(begin)) : round(end) + 1]
    return float(piece[np.argmax(np.abs(piece))]) if len(piece) else 0.0


def _t(level: Line, rate: float, where: Limits) -> float:
    """The largest of what rises or falls between 80 ms after QRS and the end of T (where it is known, or usual)."""
    usual = where.rr if np.isfinite(where.rr) else rate
    end = where.t_off if np.isfinite(where.t_off) else where.on + 0.4 * rate * (usual / rate) ** (1 / 3)
    begin = where.off + 0.08 * rate
    if np.isfinite(where.t_peak):
        begin = max(where.off + 0.04 * rate, min(begin, where.t_peak - 0.02 * rate), where.t_peak - 0.14 * rate)
    calm = smoothed(level, round(0.02 * rate))[0].astype(np.float64)
    piece = calm[round(begin) : round(min(end + 0.01 * rate, len(level)))]
    if len(piece) < 3:
        return 0.0
    return float(_turning(piece))


def _turning(piece: Line) -> float:
    """The highest or lowest turning point, whichever is further from the level; else the middle."""
    inner = piece[1:-1]
    tops = inner[(inner >= piece[:-2]) & (inner >= piece[2:])]
    lows = inner[(inner <= piece[:-2]) & (inner <= piece[2:])]
    some = [float(tops.max())] if len(tops) else []
    some += [float(lows.min())] if len(lows) else []
    return max(some, key=abs) if some else float(piece[len(piece) // 2])


def _noise(level: Line, rate: float, where: Limits) -> float:
    """Standard deviation over 80 ms after T or before P, a straight line taken off; the quieter, as a beat may come."""
    after = where.t_off if np.isfinite(where.t_off) else where.off + 0.4 * rate
    before = where.p_on if np.isfinite(where.p_on) else where.on - 0.04 * rate
    found = [_unrest(level, after + 0.02 * rate, rate), _unrest(level, before - 0.1 * rate, rate)]
    return min(found)


def _unrest(level: Line, begin: float, rate: float) -> float:
    piece = level[max(0, round(begin)) : max(0, round(begin + 0.08 * rate))]
    if len(piece) < 5:
        return float(np.median(np.abs(np.diff(level, 2))) / (0.6745 * np.sqrt(6)))
    place = np.arange(len(piece))
    return float(np.std(piece - np.polyval(np.polyfit(place, piece, 1), place)))
