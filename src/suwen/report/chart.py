"""Geometry of the bars: one axis common to all diseases, positions in percent of its width."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from suwen.report.wording import signed

__all__ = ["Axis", "Bar", "Tick", "evidence_axis"]

MOST_TICKS = 8  # more would touch each other on a telephone
_STEPS = (0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the axis: its place in percent of the width, and what is written there."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar from zero: left end and width in percent of the axis, and which way it points."""

    x: float
    width: float
    side: str  # "for", "against" or "zero": a CSS class


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear axis of log10 likelihood ratios from `low` (below zero) to `high` (above zero)."""

    low: float
    high: float
    step: float

    def at(self, weight: float) -> float:
        """Place of a weight in percent of the axis' width."""
        return round(100.0 * (weight - self.low) / (self.high - self.low), 4)

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Marks at every step."""
        digits = 1 if self.step < 1 else 0
        first, last = round(self.low / self.step), round(self.high / self.step)
        values = (number * self.step for number in range(first, last + 1))
        return tuple(Tick(self.at(value), signed(value, digits) if value else "0") for value in values)

    def bar(self, weight: float) -> Bar:
        """Place the bar of a weight: from zero to the right if it supports, to the left if it contradicts."""
        zero, end = self.at(0.0), self.at(weight)
        side = "zero" if signed(weight) == "0.00" else "for" if weight > 0 else "against"
        return Bar(min(zero, end), round(abs(end - zero), 4), side)


def evidence_axis(weights: Iterable[float]) -> Axis:
    """Choose the axis that holds all weights, with both sides of zero shown and at most eight round ticks."""
    shown = [0.0, *weights]
    step = next(step for step in _steps() if _span(shown, step)[1] - _span(shown, step)[0] < MOST_TICKS)
    first, last = _span(shown, step)
    return Axis(first * step, last * step, step)


def _span(weights: list[float], step: float) -> tuple[int, int]:
    """First and last tick, counted in steps from zero, with at least one on each side."""
    return min(-1, math.floor(min(weights) / step)), max(1, math.ceil(max(weights) / step))


def _steps() -> Iterable[float]:
    decade = 1.0
    while True:
        yield from (step * decade for step in _STEPS)
        decade *= 10.0
