"""The median beat of every lead, large (50 mm/s, 20 mm/mV), with lines where its waves begin and end."""

from __future__ import annotations

import math

import numpy as np

from suwen.report.ecg_nouns import ReadEcg
from suwen.report.ecg_strings import say
from suwen.report.ecg_svg import frame, grid, line, text
from suwen.report.ecg_trace import number, trace_path
from suwen.report.strings import Language

__all__ = ["median_lines", "median_svg"]

_SPEED, _GAIN = 50.0, 20.0
_WIDE = 50.0  # mm of a cell: 1 s
_BEFORE, _AFTER = 0.38, 0.58  # s before and after R
_ACROSS, _MOST = 5, 16  # cells in a row, and leads in all
_LINES = (("p_on", "P"), ("qrs_on", "Q"), ("qrs_off", "J"), ("t_off", "T"))


def median_lines(read: ReadEcg) -> dict[str, float]:
    """Seconds from R at which P begins, QRS begins and ends and T ends, as medians over the beats that have them."""
    found, rate, lines = read.reading.fiducials, read.recording.rate, {}
    for name, _ in _LINES:
        away = (getattr(found, name) - found.beats) / rate
        there = away[np.isfinite(away)]
        if len(there) and len(there) >= 0.2 * len(away):
            lines[name] = float(np.median(there))
    return lines


def median_svg(read: ReadEcg, *, lang: Language = "en") -> str:
    """The drawing, 250 mm wide or narrower; "" where there is no median beat."""
    median, rate = read.reading.median, read.recording.rate
    if not median.size or not np.any(median):
        return ""
    names = read.recording.leads[:_MOST]
    centre = median.shape[1] // 2
    begin, end = max(0, centre - round(_BEFORE * rate)), min(median.shape[1], centre + round(_AFTER * rate) + 1)
    part = median[: len(names), begin:end].astype(np.float64) * _GAIN
    level = part[:, : max(1, round(0.05 * rate))].mean(axis=1)
    part -= level[:, None]
    up, down = (max(8.0, min(45.0, float(one))) for one in (part.max(), -part.min()))
    high, across = float(5 * math.ceil((up + down + 8) / 5)), min(_ACROSS, len(names))
    width, height = across * _WIDE, high * math.ceil(len(names) / across)
    parts = [grid(0, 0, width, height)]
    for at, name in enumerate(names):
        left, top = at % across * _WIDE, at // across * high
        parts += _cell(read, part[at], (begin - centre) / rate, (left, top, top + up + 6, high))
        parts.append(text(left + 1, top + 4, name, size=3.2, bold=True, halo=True))
    return frame(width, height, parts, title=say("ecg_median", lang))


def _cell(
    read: ReadEcg, beat: np.ndarray[tuple[int], np.dtype[np.float64]], first: float,
    box: tuple[float, float, float, float],
) -> list[str]:  # fmt: skip
    """One lead: lines of its fiducials below the trace; `first` is the time of the first sample from R."""
    left, top, y, high = box
    zero = left + 1 + _BEFORE * _SPEED
    parts = [line(f"M{number(left)} {number(top)}v{number(high)}", stroke="#b98d88", width=0.2)] if left else []
    lines = median_lines(read)
    for name, letter in _LINES:
        x = zero + lines.get(name, math.inf) * _SPEED
        if left < x < left + _WIDE:
            parts.append(
                line(f"M{number(x)} {number(top + 5)}v{number(high - 6)}", stroke="#0b4a99", width=0.2, dash=".8 .8")
            )
            parts.append(text(x, top + high - 0.8, letter, size=2.2, anchor="middle", fill="#0b4a99", halo=True))
    across = zero + (first + np.arange(len(beat)) / read.recording.rate) * _SPEED
    bounded = np.clip(y - beat, top + 0.5, top + high - 0.5)
    return [*parts, line(trace_path(across, bounded), width=0.3, name="trace")]
