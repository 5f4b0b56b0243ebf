"""Kinds of beats, and how even and alike they are: what tells premature beats and fibrillation apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.filters import bandpass, bridged, checked

__all__ = ["beat_kinds", "irregularity", "p_consistency"]

Floats = NDArray[np.float64]


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
