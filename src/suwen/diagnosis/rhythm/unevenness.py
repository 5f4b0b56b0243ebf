"""What speaks for fibrillation around every beat: how uneven the intervals are, and how alike the places before QRS.

Every measure is taken over beats before, around and after, so that the begin and the end of an episode show as a
change from one side to the other. Intervals beside ventricular beats are left out. Of the intervals x = ln RR:

- `step`: mean of |x(i) - x(i-1)|, at most 0.3 each (Tateno & Glass 2001 look at the differences of intervals);
- `even`: share of all pairs of intervals in a window that agree to 5 %; `even2`: of all pairs of two successive
  intervals to 7 %, which is what sample entropy counts (Lake & Moorman 2011): bigeminy repeats itself, fibrillation
  does not;
- `alike`: mean correlation, weighed by size, of all pairs of the places before QRS in a window (P waves repeat);
- `bound`: share of all pairs of beats in a window that both have a P wave, at distances from QRS that agree to 20 ms;
- `faster`: by how much the intervals are shorter than is usual over some two minutes: paroxysms begin with a leap.

Shares and steps are given as logarithms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.delineation import Delineation
from suwen.diagnosis.rhythm.filters import bandpass, bridged, resampled

__all__ = ["MEASURES", "before_qrs", "running_median", "slowed", "unevenness", "until_qrs"]

Floats = NDArray[np.float64]
_STEPS = 100.0  # a second: more is not needed for P
_ENOUGH = 120.0
_LONG = 18  # steps before QRS that are looked at
_SHORTEST, _LONGEST = 0.2, 2.5  # s, of intervals; what lies beyond is a pause or no beat
_BIGGEST = 0.3  # of a step from interval to interval
# windows in beats relative to the beat, from and up to: before it, after it, around it
_STEP = {"before6": (-5, 1), "after6": (2, 8), "around8": (-3, 5), "around16": (-7, 9), "around32": (-15, 17)}
_PAIR = {"before8": (-7, 1), "after8": (1, 9), "around8": (-3, 5), "around16": (-7, 9), "around32": (-15, 17)}
_ALIKE = {"before5": (-4, 1), "after5": (0, 5), "around9": (-4, 5), "around19": (-9, 10)}
_BOUND = {"before6": (-5, 1), "after6": (0, 6), "around9": (-4, 5), "around19": (-9, 10)}
_FASTER = {"before4": (-3, 1), "after4": (1, 5)}
_MINUTES = 70  # beats to either side
MEASURES: tuple[str, ...] = (
    *(f"step.{name}" for name in _STEP),
    *(f"even.{name}" for name in _PAIR),
    *(f"even2.{name}" for name in _PAIR if name.startswith("around")),
    *(f"alike.{name}" for name in _ALIKE),
    *(f"bound.{name}" for name in _BOUND),
    *(f"faster.{name}" for name in _FASTER),
)


def unevenness(pieces: Floats, rate: float, kinds: Sequence[str], found: Delineation) -> Floats:
    """Measures (beats, `MEASURES`) of two or more beats that were delineated; `pieces` as `before_qrs` cuts them."""
    times = found.beats / rate
    rr = np.diff(times, prepend=2 * times[0] - times[1])
    x = np.log(np.clip(rr, _SHORTEST, _LONGEST))
    usual = np.array([kind != "V" for kind in kinds], bool)
    good = usual & np.concatenate([[True], usual[:-1]])
    good[0] = False  # its interval is a copy
    steps = np.minimum(np.abs(np.diff(x, prepend=x[0])), _BIGGEST)
    both = good & np.concatenate([[False], good[:-1]])
    columns = [np.log(_mean(steps, both, *window) + 0.01) for window in _STEP.values()]
    columns += [np.log(_pairs(x, good, window, 0.05) + 0.03) for window in _PAIR.values()]
    columns += [
        np.log(_pairs(x, good, window, 0.07, two=True) + 0.03)
        for name, window in _PAIR.items()
        if name.startswith("around")
    ]
    columns += [np.clip(_alike(pieces, usual, *window), -0.2, 1) for window in _ALIKE.values()]
    pr = (found.qrs_on - found.p_peak) / rate
    with_p = np.isfinite(pr) & usual
    columns += [_pairs(np.where(with_p, pr, 0), with_p, window, 0.02, of=usual) for window in _BOUND.values()]
    slow = running_median(x, _MINUTES)
    columns += [np.clip(slow - _mean(x, good, *window), -0.8, 0.8) for window in _FASTER.values()]
    return np.stack(columns, axis=1)


def running_median(values: Floats, half: int) -> Floats:
    """Median of up to `half` values to either side of each; over long series of every eighth, which tells as much."""
    step = max(1, min(8, len(values) // 200))
    places = np.arange(0, len(values), step)
    reach = half // step
    padded = np.pad(values[places], reach, constant_values=np.nan)
    found = np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), axis=1)
    return np.asarray(np.interp(np.arange(len(values)), places, found), np.float64)


def until_qrs(found: Delineation, rate: float) -> float:
    """Seconds from R back to just before QRS, at most 0.15."""
    before = (found.beats - found.qrs_on) / rate
    there = before[np.isfinite(before)]
    return float(np.clip(np.median(there) + 0.01, 0.04, 0.15)) if len(there) else 0.1


def slowed(trace: Any, rate: float) -> NDArray[np.float32]:
    """The trace (leads, time) at 100 Hz; fast ones are averaged to 120 Hz or more first, which moves them by 4 ms."""
    step = int(rate // _ENOUGH)
    values = np.atleast_2d(np.asarray(trace, np.float32))
    if step > 1 and values.shape[1] >= step:
        whole = values.shape[1] // step * step
        total = values[:, 0:whole:step].copy()
        for place in range(1, step):
            total += values[:, place:whole:step]
        values = total / np.float32(step)
        rate = rate / step
    return resampled(values, rate, _STEPS)


def before_qrs(trace: Any, rate: float, found: Delineation, *, fiducial_rate: float | None = None) -> Floats:
    """The 0.18 s before the QRS of each beat, all leads in a row (beats, steps), less level and slope.

    `fiducial_rate` is that of the delineation, where the trace has been resampled since.
    """
    own = fiducial_rate or rate
    seconds, until = found.beats / own, until_qrs(found, own)
    slow = slowed(trace, rate)
    if slow.shape[1] < 3:
        return np.zeros((len(seconds), 1))
    clean, _gaps = bridged(bandpass(slow, _STEPS, 1.0, 25.0))
    clean = np.where(np.isfinite(clean), clean, np.float32(0))
    last = max(1, round(until * _STEPS))
    at = np.round(seconds * _STEPS).astype(np.int64)
    window = np.clip(at[:, None] - np.arange(last + _LONG, last, -1), 0, clean.shape[1] - 1)
    pieces = np.asarray(clean[:, window].transpose(1, 0, 2), np.float64)
    slope = np.linspace(-1, 1, _LONG)
    pieces -= pieces.mean(axis=2, keepdims=True)
    pieces -= (pieces @ slope / (slope @ slope))[..., None] * slope
    pieces /= np.maximum(np.abs(clean).mean(axis=1), 1e-6)[None, :, None]  # a large lead counts as much as a small one
    rows = pieces.reshape(len(seconds), -1)
    size = np.linalg.norm(rows, axis=1)
    most = 2 * float(np.median(size)) if len(size) else 0.0  # a jolt must not outweigh its neighbours
    return np.asarray(rows * np.minimum(1, most / np.maximum(size, 1e-9))[:, None], np.float64)


def _sums(values: Floats, begin: int, end: int) -> Floats:
    """Sum over rows i + begin up to i + end, end excluded, of each row i; rows that are not there count as nothing."""
    count = len(values)
    whole = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    rows = np.arange(count)
    return np.asarray(whole[np.clip(rows + end, 0, count)] - whole[np.clip(rows + begin, 0, count)], np.float64)


def _mean(values: Floats, good: NDArray[np.bool_], begin: int, end: int) -> Floats:
    """Mean over the good ones of a window, drawn a little towards the mean over all where these are few."""
    usual = float(values[good].mean()) if good.any() else 0.0
    total, count = _sums(values * good, begin, end), _sums(good.astype(np.float64), begin, end)
    return (total + usual) / (count + 1)


def _pairs(
    x: Floats,
    good: NDArray[np.bool_],
    window: tuple[int, int],
    within: float,
    *,
    two: bool = False,
    of: NDArray[np.bool_] | None = None,
) -> Floats:
    """Share of the good pairs in a window, or of all pairs `of` some, that agree; `two`: with the next as well."""
    begin, end = window
    agreeing, all_of_them = np.zeros(len(x)), np.zeros(len(x))
    for lag in range(1, min(end - begin, len(x))):
        like = np.abs(x[lag:] - x[:-lag]) < within
        both = good[lag:] & good[:-lag]
        there = both if of is None else of[lag:] & of[:-lag]
        if two:
            like, both, there = (one[1:] & one[:-1] for one in (like, both, there))
        rest = np.zeros(len(x) - len(like))
        last = max(begin, end - lag - int(two))
        agreeing += _sums(np.concatenate([like & both, rest]), begin, last)
        all_of_them += _sums(np.concatenate([there, rest]), begin, last)
    return (agreeing + 0.5) / (all_of_them + 1)


def _alike(pieces: Floats, usual: NDArray[np.bool_], begin: int, end: int) -> Floats:
    """Mean product of the pairs in a window over their mean square: 1 where all are the same, 0 where unrelated."""
    kept = pieces * usual[:, None]
    square = (kept**2).sum(axis=1)
    total, squares = (_sums(kept, begin, end) ** 2).sum(axis=1), _sums(square, begin, end)
    count = _sums(usual.astype(np.float64), begin, end)
    return np.where(count > 1, (total - squares) / np.maximum((count - 1) * squares, 1e-9), 0.0)
