"""The drawings of numbers on the pages about molecules: usual ranges, intervals on an axis, shares; inline SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from suwen.report.chart import Tick
from suwen.report.molecule_words import number_text

__all__ = ["Marks", "Scale", "interval", "meter", "ramp", "scale_of", "share_bar", "usual_band"]

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_TICKS = 5
_APART = 14.0  # percent of the width that two marks need
_ROOM = 0.06  # of the span stays free at each end


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `low` to `high` (of their logarithms where `log`), with the ticks on it in percent of its width."""

    low: float
    high: float
    log: bool
    ticks: tuple[Tick, ...]

    def at(self, value: float) -> float:
        """Place of a number in percent of the width; what lies outside is put at the end."""
        number = math.log10(max(value, 1e-300)) if self.log else value
        return round(min(100.0, max(0.0, 100 * (number - self.low) / (self.high - self.low))), 2)


@dataclass(frozen=True, slots=True)
class Marks:
    """What lies on an axis: the forecast, its interval, levels, and what was measured of similar molecules."""

    value: float
    low: float | None = None
    high: float | None = None
    levels: Sequence[float] = ()
    measured: Sequence[float] = ()
    sure: bool = True


def scale_of(numbers: Iterable[float], *, log: bool = False, chance: bool = False) -> Scale:
    """An axis that holds all numbers; of chances from 0 to 1 with ticks in percent; logarithms need numbers above 0."""
    if chance:
        return Scale(0.0, 1.0, log=False, ticks=tuple(Tick(25.0 * at, f"{25 * at}%") for at in range(5)))
    shown = [one for one in numbers if math.isfinite(one) and (one > 0 or not log)]
    log = log and bool(shown)
    placed = [math.log10(one) for one in shown] if log else shown or [0.0]
    low, high = min(placed), max(placed)
    room = _ROOM * (high - low) or max(0.5, 0.1 * abs(high))
    axis = Scale(low - room, high + room, log, ())
    return Scale(axis.low, axis.high, log, tuple(_decades(axis) if log else _rounds(axis)))


def _rounds(axis: Scale) -> list[Tick]:
    rough = (axis.high - axis.low) / _TICKS
    decade = 10.0 ** math.floor(math.log10(rough))
    step = next(one * decade for one in _STEPS if one * decade >= rough)
    first, last = math.ceil(axis.low / step), math.floor(axis.high / step)
    return [Tick(axis.at(at * step), number_text(at * step)) for at in range(first, last + 1)]


def _decades(axis: Scale) -> list[Tick]:
    first, last = math.floor(axis.low), math.ceil(axis.high)
    wanted = [10.0**at for at in range(first, last + 1)]
    if axis.high - axis.low < 2.5:
        wanted += [part * 10.0**at for at in range(first, last + 1) for part in (2.0, 5.0)]
    ticks: list[Tick] = []
    for number in wanted:
        inside = axis.low <= math.log10(number) <= axis.high
        if inside and all(abs(axis.at(number) - one.x) >= _APART for one in ticks):
            ticks.append(Tick(axis.at(number), number_text(number)))
    return sorted(ticks, key=lambda one: one.x)


def interval(marks: Marks, axis: Scale, label: str) -> Markup:
    """A forecast on its axis: a dot, a bar from `low` to `high`, dashed levels, ticks of similar molecules below."""
    lines = Markup("").join(
        Markup('<line class="grid" x1="{0}%" x2="{0}%" y1="0" y2="26"/>').format(one.x) for one in axis.ticks
    )
    levels = Markup("").join(
        Markup('<line class="level" x1="{0}%" x2="{0}%" y1="0" y2="26"/>').format(axis.at(one)) for one in marks.levels
    )
    near = Markup("").join(
        Markup('<line class="near" x1="{0}%" x2="{0}%" y1="19" y2="26"/>').format(axis.at(one))
        for one in marks.measured
    )
    bar = Markup("")
    if marks.low is not None and marks.high is not None:
        left, width = axis.at(marks.low), max(round(axis.at(marks.high) - axis.at(marks.low), 2), 0.6)
        bar = Markup('<rect class="{}" x="{}%" y="6" width="{}%" height="10" rx="3"/>').format(
            "span" if marks.sure else "span unsure", left, width
        )
    dot = Markup('<circle class="{}" cx="{}%" cy="11" r="5.5"/>').format(
        "dot" if marks.sure else "dot unsure", axis.at(marks.value)
    )
    start = Markup('<svg class="interval" role="img" aria-label="{}">').format(label)
    return start + lines + bar + levels + near + dot + Markup("</svg>")


def usual_band(value: float, low: float | None, high: float | None, label: str) -> Markup:
    """A number against its usual range: the band, and a dot within it or a diamond outside it."""
    known = [one for one in (low, high) if one is not None]
    bottom = low if low is not None else min(0.0, *known)
    top = high if high is not None else max(known)
    room = 0.6 * (top - bottom) or 1.0
    least = min(bottom - (room if low is not None else 0.0), value)
    most = max(top + room, value)
    axis = Scale(least - 0.03 * (most - least), most + 0.03 * (most - least), log=False, ticks=())
    left = 0.0 if low is None else axis.at(low)
    right = 100.0 if high is None else axis.at(high)
    inside = (low is None or value >= low) and (high is None or value <= high)
    place = axis.at(value)
    mark = (
        Markup('<circle class="dot" cx="{}%" cy="9" r="5.5"/>').format(place)
        if inside
        else Markup('<svg x="{}%" y="9" overflow="visible"><path class="odd" d="M0-7 7 0 0 7-7 0z"/></svg>').format(
            place
        )
    )
    return (
        Markup(
            '<svg class="usual" role="img" aria-label="{}">'
            '<rect class="rail" y="6" width="100%" height="6" rx="3"/>'
        ).format(label)
        + Markup('<rect class="band" x="{}%" y="3" width="{}%" height="12" rx="2"/>').format(
            left, round(right - left, 2)
        )
        + mark
        + Markup("</svg>")
    )  # fmt: skip


def meter(low: float, high: float, label: str) -> Markup:
    """A share of 1 as a bar, its open part paler."""
    return Markup(
        '<svg class="meter thin" role="img" aria-label="{}"><rect class="rail" width="100%" height="100%" rx="3"/>'
        '<rect class="may" width="{}%" height="100%" rx="3"/>'
        '<rect class="fill" width="{}%" height="100%" rx="3"/></svg>'
    ).format(label, round(100 * high, 1), round(100 * low, 1))


def share_bar(share: float, most: float, label: str) -> Markup:
    """A share from the middle: to the right and red where it raises, to the left and blue where it lowers."""
    width = round(50 * min(1.0, abs(share) / most), 2) if most else 0.0
    return Markup(
        '<svg class="share" role="img" aria-label="{}"><line class="zero" x1="50%" x2="50%" y1="0" y2="100%"/>'
        '<rect class="{}" x="{}%" y="2" width="{}%" height="10" rx="2"/></svg>'
    ).format(label, "rises" if share > 0 else "falls", 50.0 if share > 0 else round(50 - width, 2), width)


def ramp(most: float, lowers: str, raises: str) -> Markup:
    """The legend of the halos: from blue over white to red, with the numbers at its ends."""
    text = number_text(most, 2)
    return Markup(
        '<span class="ramp"><span>{} −{}</span><span class="colours" aria-hidden="true"></span>'
        "<span>+{} {}</span></span>"
    ).format(lowers, text, text, raises)
