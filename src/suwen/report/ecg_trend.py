"""The heart rate over a whole recording, with the places of every sign below it, on one strip as wide as the paper."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from suwen.report.ecg_nouns import WIDTH, Mark, ReadEcg
from suwen.report.ecg_strings import say
from suwen.report.ecg_svg import INK, SOFT, frame, label, line, text, tint
from suwen.report.ecg_trace import number, runs
from suwen.report.ecg_words import clock
from suwen.report.strings import Language

__all__ = ["trend_drawing", "trend_svg"]

_LEFT = 10.0
_TOP, _HIGH = 6.0, 34.0  # mm: where the curve begins, and its height
_LANE = 4.2  # mm of a lane of a sign
_MOST_LANES = 10
_COLUMN = 0.25  # mm
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400)
Floats = NDArray[np.float64]


def trend_svg(read: ReadEcg, *, lang: Language = "en") -> str:
    """The trend as an SVG of its own, 260 mm wide."""
    parts, height = trend_drawing(read, lang)
    return frame(_LEFT + WIDTH, height, parts, title=say("ecg_trend", lang))


def trend_drawing(read: ReadEcg, lang: Language) -> tuple[list[str], float]:
    """Its parts from the upper left corner, and its height in mm."""
    lanes = [mark for mark in read.marks if mark.partial][:_MOST_LANES]
    height = math.ceil(_TOP + _HIGH + 3 + _LANE * len(lanes) + 6)
    parts = [
        f'<rect width="{number(_LEFT + WIDTH)}" height="{height}" fill="#fff" stroke="#d8d0d0" stroke-width=".2"/>',
        text(_LEFT, _TOP - 2, say("ecg_trend_axis", lang), size=2.6, fill=SOFT),
    ]
    parts += _curve(read)
    for at, mark in enumerate(lanes):
        parts += _lane(mark, read.recording.seconds, _TOP + _HIGH + 3 + at * _LANE)
    parts += _times(read.recording.seconds, height)
    return parts, float(height)


def _curve(read: ReadEcg) -> list[str]:
    beats = read.reading.beats.seconds
    rr = np.diff(beats)
    kept = (rr >= 0.2) & (rr <= 6)
    rates, times = 60 / rr[kept], beats[1:][kept]
    low, high = (40.0, 120.0) if not len(rates) else _range(rates)
    parts = []
    for level in np.arange(low, high + 1, 20 if high - low <= 140 else 50):
        y = _TOP + _HIGH * (high - level) / (high - low)
        parts.append(line(f"M{number(_LEFT)} {number(y)}h{number(WIDTH)}", stroke="#e2dada", width=0.15))
        parts.append(text(_LEFT - 1, y + 0.8, f"{level:g}", size=2.1, anchor="end", fill=SOFT))
    if not len(rates):
        return parts
    column = np.minimum((times / read.recording.seconds * WIDTH / _COLUMN).astype(int), int(WIDTH / _COLUMN) - 1)
    edges = np.flatnonzero(np.diff(column)) + 1
    groups = [(int(column[part[0]]), rates[part]) for part in np.split(np.arange(len(rates)), edges)]
    x = np.array([_LEFT + (at + 0.5) * _COLUMN for at, _ in groups])
    spread = np.array([(float(one.max()), float(np.median(one)), float(one.min())) for _, one in groups])
    y = _TOP + _HIGH * (high - np.clip(spread, low, high)) / (high - low)
    # A column spans from lowest to highest; a gap of a hundredth of the width is no heart rate but none found.
    bars = "".join(f"M{number(a)} {number(t)}V{number(b)}" for a, (t, _, b) in zip(x, y, strict=True) if b - t > 0.01)
    parts += [line(bars, stroke="#9db9d6", width=_COLUMN)] if bars else []
    breaks = [0, *(np.flatnonzero(np.diff(x) > WIDTH / 100) + 1).tolist(), len(x)]
    for begin, end in pairwise(breaks):
        points = " ".join(f"{number(a)} {number(b[1])}" for a, b in zip(x[begin:end], y[begin:end], strict=True))
        parts.append(line(f"M{points}" + ("" if end - begin > 1 else "h.1"), stroke=INK, width=0.3, name="rate"))
    return parts


def _range(rates: Floats) -> tuple[float, float]:
    """Limits of the axis: all but one rate in a thousand, in twenties."""
    low, high = np.quantile(rates, [0.001, 0.999])
    return max(0.0, 20 * math.floor(low / 20)), min(300.0, 20 * max(math.ceil(high / 20), math.floor(low / 20) + 2))


def _lane(mark: Mark, seconds: float, y: float) -> list[str]:
    """Where a sign is seen, as bars in its own lane with its number at the left."""
    columns = int(WIDTH / _COLUMN)
    seen = np.zeros(columns, bool)
    begin = np.clip([one.begin / seconds * columns for one in mark.places], 0, columns - 1).astype(int)
    end = np.clip([one.end / seconds * columns for one in mark.places], 0, columns - 1).astype(int)
    for one, other in zip(begin, end, strict=True):
        seen[one : other + 1] = True
    fill, ink = tint(mark.number)
    bars = "".join(
        f"M{number(_LEFT + one * _COLUMN)} {number(y + 0.6)}h{number((other - one) * _COLUMN)}v2.4"
        f"h-{number((other - one) * _COLUMN)}z"
        for one, other in runs(seen)
    )
    return [
        line(f"M{number(_LEFT)} {number(y + 1.8)}h{number(WIDTH)}", stroke="#e2dada", width=0.15),
        f'<path class="lane" data-mark="{mark.number}" d="{bars}" fill="{fill}" stroke="{ink}" stroke-width=".15"/>',
        label(_LEFT - 5.5, y + 0.3, mark.number),
    ]


def _times(seconds: float, height: float) -> list[str]:
    """Times below, not more than twelve of them."""
    step = next((one for one in _STEPS if seconds / one <= 12), _STEPS[-1])
    parts = []
    for at in range(int(seconds / step) + 1):
        x = _LEFT + at * step / seconds * WIDTH
        anchor = "start" if not at else "end" if x > _LEFT + WIDTH - 5 else "middle"
        parts.append(line(f"M{number(x)} {number(height - 5.5)}v1.2", stroke=SOFT, width=0.2))
        parts.append(text(x, height - 1.6, clock(at * step), size=2.2, anchor=anchor, fill=SOFT))
    return parts
