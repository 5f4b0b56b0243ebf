"""Stretches of unequal length side by side: what is computed of each alone, computed of all at once.

Stretches are the rows of an array, each from its left; what lies beyond the length of a row belongs to none of them,
and may hold anything. Figures of a row are those that its samples alone would give.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["first_where", "gathered", "last_where", "quantiles", "running_means", "slopes", "within"]

Floats = NDArray[np.float32]
Whole = NDArray[np.int64]
Marks = NDArray[np.bool_]


def gathered(trace: Floats, begins: Whole, lengths: Whole) -> Floats:
    """Stretches (leads, rows, time) of a trace (leads, time), as wide as the longest; beyond the trace its last."""
    places = begins[:, None] + np.arange(int(lengths.max(initial=1)))
    return np.asarray(trace[:, np.clip(places, 0, trace.shape[1] - 1)])


def within(lengths: Whole, width: int) -> Marks:
    """Which samples (rows, width) belong to the rows."""
    return np.asarray(np.arange(width) < lengths[:, None])


def slopes(values: Floats, lengths: Whole) -> Floats:
    """Change a sample along the last axis (leads, rows, time): central, at both ends of a row one-sided, as numpy's."""
    found = np.empty_like(values)
    found[..., 1:-1] = (values[..., 2:] - values[..., :-2]) / 2
    found[..., 0] = values[..., 1] - values[..., 0]
    found[..., -1] = 0
    rows, last = np.arange(len(lengths)), lengths - 1
    found[:, rows, last] = values[:, rows, last] - values[:, rows, last - 1]
    return found


def running_means(rows: Floats, lengths: Whole, width: int) -> Floats:
    """Running mean over `width` samples (made odd) of every row (rows, time), mirrored at its ends."""
    half = max(0, width // 2)
    if not half:
        return rows
    count, wide = rows.shape
    padded = np.zeros((count, wide + 2 * half + 1))  # a nought before the first sum
    padded[:, half + 1 : half + 1 + wide] = rows
    padded[:, 1 : half + 1] = rows[:, half:0:-1]
    number = np.arange(count)
    for step in range(1, half + 1):
        padded[number, half + lengths + step] = rows[number, np.maximum(lengths - 1 - step, 0)]
    sums = np.cumsum(padded, axis=1, out=padded)
    return np.asarray((sums[:, 2 * half + 1 :] - sums[:, : -2 * half - 1]) / (2 * half + 1), np.float32)


def quantiles(values: Floats, lengths: Whole, share: float) -> Floats:
    """The value that `share` of each row (..., rows, time) lies under, between two samples in proportion."""
    ordered = np.sort(np.where(within(lengths, values.shape[-1]), values, np.float32(np.inf)), axis=-1)
    place = np.maximum(lengths - 1, 0) * share
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(lengths - 1, 0))
    rows = np.arange(len(lengths))
    below, above = ordered[..., rows, low], ordered[..., rows, high]
    return np.asarray(below + (above - below) * (place - low), np.float32)


def first_where(marks: Marks, otherwise: Any) -> Whole:
    """The first marked sample of each row (rows, time), or what is given instead."""
    return np.asarray(np.where(marks.any(axis=1), np.argmax(marks, axis=1), otherwise), np.int64)


def last_where(marks: Marks, otherwise: Any) -> Whole:
    """The last marked sample of each row (rows, time), or what is given instead."""
    last = marks.shape[1] - 1 - np.argmax(marks[:, ::-1], axis=1)
    return np.asarray(np.where(marks.any(axis=1), last, otherwise), np.int64)
