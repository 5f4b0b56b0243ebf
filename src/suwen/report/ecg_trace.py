"""Samples made into the line of an SVG path, in millimetres: every peak stays, and gaps stay gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["number", "runs", "trace_path", "visible"]

Floats = NDArray[np.float64]
_COLUMN = 0.1  # mm in which the lowest and the highest sample are kept, and those at its ends
_NEAR = 0.04  # mm that a point may lie off the line that is drawn instead of it; the line is 0.25 mm thick


def number(value: float) -> str:
    """A length in mm as short as it can be written, to a hundredth."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    if text in {"-0", ""}:
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def trace_path(x: Floats, y: Floats) -> str:
    """The path through points (mm), one line for each run of finite ones; `x` rises; "" where there are none."""
    parts = []
    for begin, end in runs(np.isfinite(y)):
        kept = visible(x[begin:end], y[begin:end])
        parts.append(_line(x[begin:end][kept], y[begin:end][kept]))
    return "".join(parts)


def runs(flags: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Begin and end of each run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def visible(x: Floats, y: Floats) -> NDArray[np.int64]:
    """Which points are needed so that the line looks the same: extremes of each column, less those on a line."""
    column = np.floor((x - x[0]) / _COLUMN + 1e-6).astype(np.int64)
    crowded = len(x) > 4 * (column[-1] + 1)
    picked = _extremes(column, y) if crowded else np.arange(len(x))
    return picked[_bent(x[picked], y[picked])]


def _extremes(column: NDArray[np.int64], y: Floats) -> NDArray[np.int64]:
    """First, lowest, highest and last point of each column."""
    edges = np.flatnonzero(np.diff(column)) + 1
    first, last = np.concatenate(([0], edges)), np.concatenate((edges, [len(column)])) - 1
    order = np.lexsort((y, column))
    return np.unique(np.concatenate((first, last, order[first], order[last])))


def _bent(x: Floats, y: Floats) -> list[int]:
    """Points at which the line bends: from each the line goes on as long as all between lie within `_NEAR` of it."""
    xs, ys = x.tolist(), y.tolist()
    kept, start = [0], 0
    low, high = -np.inf, np.inf
    for at in range(1, len(xs)):
        run = xs[at] - xs[start]
        if run > 0 and at > start:
            slope = (ys[at] - ys[start]) / run
            if low <= slope <= high:
                low, high = max(low, slope - _NEAR / run), min(high, slope + _NEAR / run)
                continue
        if at - 1 > start:
            start = at - 1
            kept.append(start)
        low, high = _cone(xs, ys, start, at)
    if kept[-1] != len(xs) - 1:
        kept.append(len(xs) - 1)
    return kept


def _cone(xs: Sequence[float], ys: Sequence[float], start: int, at: int) -> tuple[float, float]:
    """Slopes from `start` that pass within `_NEAR` of the point `at`."""
    run = xs[at] - xs[start]
    if run <= 0:
        return -np.inf, np.inf
    slope = (ys[at] - ys[start]) / run
    return slope - _NEAR / run, slope + _NEAR / run


def _line(x: Floats, y: Floats) -> str:
    """Moves in hundredths of a mm, each from the rounded place of the one before, so that nothing adds up."""
    across, down = np.rint(100 * x).astype(np.int64), np.rint(100 * y).astype(np.int64)
    start = f"M{number(across[0] / 100)} {number(down[0] / 100)}"
    moves = zip(np.diff(across).tolist(), np.diff(down).tolist(), strict=True)
    said = [_joined(number(dx / 100), number(dy / 100)) for dx, dy in moves if dx or dy]
    return start + ("l" + " ".join(said) if said else "h0")


def _joined(first: str, second: str) -> str:
    return first + second if second.startswith("-") else f"{first} {second}"
