"""Pacemakers: pulses of a few milliseconds before QRS or P, looked for in the trace as it was recorded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.citations import OWN, TECHNOLOGY
from suwen.diagnosis.rhythm.nouns import Place, Seen, Sign
from suwen.subject import Saying

__all__ = ["paced", "pacing", "spikes"]

Floats = NDArray[np.float64]
_RULE = Saying(
    "a pulse shorter than 6 ms at an even distance before QRS, in three beats of ten or more",
    "QRS 波前固定距离处有短于 6 ms 的脉冲，见于 30% 以上的心搏",
)
_LEAST_RATE = 200.0  # Hz, under which a pulse of 2 ms leaves no trace
_BEFORE, _UNTIL = 0.28, 0.012  # s before R in which a pulse to the atria or the ventricles stands
_SIZE = 0.2  # mV that the tip stands over what is 4 ms to either side; q waves reach 0.2 in one lead, not in two
_SEVERAL = 3  # leads
_SHARP = 0.6  # of what it stands over the sides 12 ms away, it does over those 4 ms away: R and q rise slower
_OVER = 3.0  # times what nine in ten of the tips before the beat stay under: a pulse is alone, hum is not
_SHARE = 0.3  # of the beats that are led by a pulse, from which the rhythm is called paced
_MANY = 300  # beats that are looked at to say whether a rhythm is paced


def pacing(seen: Seen) -> Iterator[Sign]:
    """A rhythm whose beats are led by pulses of a pacemaker, each pulse where it is.

    The AHA asks for a band up to 500 Hz and more to show pulses as they are (Kligfield et al. 2007); in a trace of 250
    or 500 samples a second many leave nothing, and no pulse seen does not mean no pacemaker.
    """
    if not spikes(seen, most=_MANY)[1].any():
        return
    times, led = spikes(seen)
    count = int(led.sum())
    if count >= 2 and count >= _SHARE * len(led):
        figures = {"rate": seen.measured.rate or 0.0, "count": float(count), "percent": 100 * count / len(led)}
        places = tuple(Place(max(0.0, float(at) - 0.005), float(at) + 0.005) for at in times)
        yield Sign("pacing", figures, places, f"{OWN}; {TECHNOLOGY}", _RULE)


def paced(seen: Seen) -> bool:
    """Whether the rhythm is paced, judged from at most 300 beats."""
    _times, led = spikes(seen, most=_MANY)
    return bool(led.sum() >= 2 and led.mean() >= _SHARE)


def spikes(seen: Seen, most: int | None = None) -> tuple[Floats, NDArray[np.bool_]]:
    """Seconds of the pulses, and which beats (all, or `most` evenly spread) have one before them; from 200 Hz."""
    places = seen.beats.samples[seen.beats.samples >= round(_BEFORE * seen.rate) + 4]
    if most is not None and len(places) > most:
        places = places[np.linspace(0, len(places) - 1, most).astype(np.int64)]
    if seen.rate < _LEAST_RATE or len(places) < 3:
        return np.zeros(0), np.zeros(len(places), bool)
    begin, end = -round(_BEFORE * seen.rate), -round(_UNTIL * seen.rate)
    parts = np.array_split(places, len(places) // 2000 + 1)
    at = np.concatenate([_highest(_tips(seen.trace, seen.rate, part, begin, end)) for part in parts])
    led = (at >= 0) & _agreeing(at, seen.rate)
    return np.sort((places[led] + begin + at[led]) / seen.rate), led


def _highest(tips: Floats) -> NDArray[np.int64]:
    """Of each beat the step of the highest tip, where it is that of a pulse; else -1."""
    best = np.argmax(tips, axis=1)
    top = tips[np.arange(len(tips)), best]
    return np.asarray(np.where((top > _SIZE) & (top > _OVER * np.quantile(tips, 0.9, axis=1)), best, -1), np.int64)


def _tips(trace: NDArray[np.float32], rate: float, places: NDArray[np.int64], begin: int, end: int) -> Floats:
    """How far each sample stands out from both sides, 4 ms away, both sides being level.

    Of three leads or more the second largest: a pulse shows in several, the jolt of an electrode in one.
    """
    near, far = max(1, round(0.004 * rate)), max(2, round(0.012 * rate))
    window = np.clip(places[:, None] + np.arange(begin, end), far, trace.shape[1] - 1 - far)
    first, second = np.zeros(window.shape), np.zeros(window.shape)
    for lead in trace:
        tip, level = _over(lead, window, near)
        foot, _level = _over(lead, window, far)
        sharp = (level < 0.5 * tip) & (tip >= _SHARP * foot)
        tip = np.where(sharp & np.isfinite(tip), tip, 0.0)
        second = np.maximum(second, np.minimum(first, tip))
        first = np.maximum(first, tip)
    return second if len(trace) >= _SEVERAL else first


def _over(lead: NDArray[np.float32], window: NDArray[np.int64], away: int) -> tuple[Floats, Floats]:
    """How far samples stand out from both sides so many samples away, and how much the sides differ."""
    left, here, right = lead[window - away], lead[window], lead[window + away]
    rise, fall = here - left, here - right
    tip = np.where(rise * fall > 0, np.minimum(np.abs(rise), np.abs(fall)), 0.0)
    return tip, np.abs(left - right)


def _agreeing(at: NDArray[np.int64], rate: float) -> NDArray[np.bool_]:
    """Pulses stand at a few even distances (atrium, ventricle) before R: a fifth of the beats, and three, share one."""
    there = at >= 0
    if not there.any():
        return there
    reach = max(1, round(0.008 * rate))
    counts = np.convolve(np.bincount(at[there]), np.ones(2 * reach + 1), "full")[reach:]
    return np.asarray(there & (counts[np.maximum(at, 0).clip(max=len(counts) - 1)] >= max(3, 0.2 * len(at))))
