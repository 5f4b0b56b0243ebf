"""The drawings of the page about risk: a hundred people, spans of risk, bars of what factors add; inline SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

from suwen.report.chart import Tick

__all__ = ["PERSON", "Axis", "Bar", "added_axis", "people", "risk_axis", "span", "step"]

# One person of the hundred; drawn once on the page and used by every picture.
PERSON = Markup(
    '<svg width="0" height="0" aria-hidden="true" class="unseen"><symbol id="person" viewBox="0 0 20 22">'
    '<circle cx="10" cy="5.5" r="3.6"/><path d="M3.5 20.5v-4.8a6.5 5.6 0 0 1 13 0v4.8z"/></symbol></svg>'
)
_CELL = (20, 22)
# Ends of an axis of risk, with the steps on it
_ROUND = ((0.01, 5), (0.02, 4), (0.05, 5), (0.1, 5), (0.2, 4), (0.3, 3), (0.5, 5), (0.8, 4), (1.0, 5))
_RATIOS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.1, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_APART = 18.0  # percent of the width that two ticks need


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar from zero: left end and width in percent of the axis, and where it points: "up", "down" or "flat"."""

    x: float
    width: float
    side: str


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear axis from `low` to `high` with the ticks on it, in percent of its width."""

    low: float
    high: float
    ticks: tuple[Tick, ...] = ()

    def at(self, number: float) -> float:
        """Place of a number in percent of the width."""
        return round(100 * (number - self.low) / (self.high - self.low), 3)

    def bar(self, number: float) -> Bar:
        """The bar of a number, from zero."""
        zero, end = self.at(0.0), self.at(number)
        side = "flat" if abs(end - zero) < 0.2 else "up" if number > 0 else "down"
        return Bar(min(zero, end), round(abs(end - zero), 3), side)


def risk_axis(risks: Iterable[float]) -> Axis:
    """An axis from 0 to a round risk that holds all `risks`."""
    most = max(risks, default=0.0)
    high, steps = next((one for one in _ROUND if one[0] >= most), _ROUND[-1])
    ticks = (Tick(100 * at / steps, f"{100 * high * at / steps:g}%") for at in range(steps + 1))
    return Axis(0.0, high, tuple(ticks))


def added_axis(numbers: Iterable[float], *, counts: bool) -> Axis:
    """The axis of what factors add: points, or log10 of what they multiply odds by, marked with the factor itself."""
    shown = list(numbers)
    low, high = min([0.0, *shown]), max([0.0, *shown])
    room = 0.06 * (high - low) or 1.0
    axis = Axis(low - (room if low < 0 else 0.15 * (high - low) or room), high + room)
    wanted = _whole(low, high) if counts else [(math.log10(one), f"×{one:g}") for one in _RATIOS]
    ticks: list[Tick] = [Tick(axis.at(0.0), "0" if counts else "×1")]
    for number, text in sorted(wanted, key=lambda one: abs(one[0])):
        place = axis.at(number)
        if 0 <= place <= 100 and all(abs(place - one.x) >= _APART for one in ticks):
            ticks.append(Tick(place, text))
    return Axis(axis.low, axis.high, tuple(sorted(ticks, key=lambda one: one.x)))


def _whole(low: float, high: float) -> list[tuple[float, str]]:
    each = max(1, math.ceil((high - low) / 6))
    first, last = math.floor(low / each), math.ceil(high / each)
    return [(float(one * each), f"{one * each:+d}".replace("-", "−")) for one in range(first, last + 1) if one]


def people(low: float, high: float, label: str) -> Markup:
    """A hundred people: `low` of them (0..1) expected ill, those up to `high` open, the rest well."""
    ill, may = round(100 * low), round(100 * high)
    parts = [
        Markup('<svg class="people" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
            10 * _CELL[0], 10 * _CELL[1], label
        )
    ]
    for kind, first, last in (("ill", 0, ill), ("may", ill, may), ("well", may, 100)):
        if last > first:
            parts.append(Markup('<g class="{}">').format(kind))
            parts += [_person(number) for number in range(first, last)]
            parts.append(Markup("</g>"))
    return Markup("").join([*parts, Markup("</svg>")])


def _person(number: int) -> Markup:
    row, column = divmod(number, 10)
    x, y = column * _CELL[0], row * _CELL[1]
    return Markup('<use href="#person" x="{}" y="{}" width="20" height="22"/>').format(x, y)


def span(low: float, high: float, value: float | None, axis: Axis, label: str) -> Markup:
    """A risk on its axis: a dot where it is known, a bar from `low` to `high` where it is open."""
    grid = Markup("").join(
        Markup('<line class="grid" x1="{0}%" x2="{0}%" y1="0" y2="100%"/>').format(one.x) for one in axis.ticks
    )
    start = Markup('<svg class="span" role="img" aria-label="{}">').format(label)
    if value is not None:
        mark = Markup(
            '<rect class="stem" x="0" y="7" width="{0}%" height="4"/><circle class="dot" cx="{0}%" cy="9" r="6"/>'
        ).format(axis.at(value))
    else:
        left, width = axis.at(low), max(round(axis.at(high) - axis.at(low), 3), 0.6)
        mark = Markup('<rect class="open" x="{}%" y="3" width="{}%" height="12" rx="3"/>').format(left, width)
    return start + grid + mark + Markup("</svg>")


def step(label: str) -> Markup:
    """An arrow between two boxes of a path."""
    return Markup(
        '<svg class="arrow" viewBox="0 0 24 24" role="img" aria-label="{}">'
        '<path d="M3 12h15m-6-6 6 6-6 6" fill="none" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>'
        "</svg>"
    ).format(escape(label))
