"""How much every hundredth of a second looks like a QRS complex by its energy: rules alone, nothing learned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.filters import bandpass, bridged, checked, resampled, smoothed

__all__ = ["STEPS", "energy_score", "scale_over_time", "widest"]

Floats = NDArray[np.float32]
STEPS = 100.0  # scores a second
_RANK = 0.66  # of seven seconds, so many may hold no beat (a pause), and fewer a jolt
_AT_ONCE = 1 << 18  # steps between which the scale is drawn at once
_LOW, _HIGH = 6.0, 22.0  # Hz, where QRS stands out most from P, T, muscle and drift (Elgendi 2013; Thakor 1984)


def energy_score(values: Any, rate: float) -> Floats:
    """Score (leads, steps) of a trace (leads, time): about 1 at a usual QRS, near 0 between; 0 where nothing is.

    Raises:
        InputError: the trace is no array of leads and time.

    """
    trace = checked(values, rate)
    slow = resampled(trace, rate, STEPS)
    if slow.shape[1] < 3:
        return np.zeros_like(slow)
    filled, _gaps = bridged(bandpass(slow, STEPS, _LOW, _HIGH))
    power = np.sqrt(np.maximum(smoothed(filled**2, 9), 0))
    level = scale_over_time(power, share=0.96, rank=_RANK)
    score = np.clip(power / np.where(level > 0, level, np.inf), 0, 2)
    return np.asarray(score, np.float32)


def scale_over_time(sizes: Floats, *, share: float, rank: float = 0.5) -> Floats:
    """The size that `share` of a second stays under, as the quantile `rank` over seven seconds; the shape as given."""
    leads, steps = sizes.shape
    width = int(STEPS)
    blocks = max(1, round(steps / width))
    cuts = np.linspace(0, steps, blocks + 1).astype(int)
    if steps >= width:
        even = sizes[:, : blocks * (steps // blocks)].reshape(leads, blocks, -1)
        cuts = np.arange(blocks + 1) * (steps // blocks)
        high = np.quantile(even, share, axis=2)
    else:
        high = np.quantile(sizes, share, axis=1)[:, None]
    reach = np.pad(high, ((0, 0), (3, 3)), mode="reflect" if blocks > 3 else "edge")
    calm = np.quantile(np.lib.stride_tricks.sliding_window_view(reach, 7, axis=1), rank, axis=2)
    middle = (cuts[:-1] + cuts[1:]) / 2
    found = np.empty(sizes.shape, np.float32)
    for begin in range(0, steps, _AT_ONCE):
        places = np.arange(begin, min(begin + _AT_ONCE, steps))
        for lead, row in zip(calm, found, strict=True):
            row[begin : begin + _AT_ONCE] = np.interp(places, middle, lead)
    return found


def widest(score: Floats, reach: int) -> Floats:
    """The highest value within `reach` steps to either side, along the last axis."""
    found = score.copy()
    done = 0
    while done < reach:
        move = min(reach - done, max(1, done))
        shifted = found.copy()
        shifted[..., move:] = np.maximum(shifted[..., move:], found[..., :-move])
        shifted[..., :-move] = np.maximum(shifted[..., :-move], found[..., move:])
        found, done = shifted, done + move
    return found
