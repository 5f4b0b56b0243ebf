"""The drawings of the page about an activity model: forecasts against measurements, errors with intervals; SVG."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from suwen.learn.measure.intervals import Estimate
from suwen.report.chart import Tick
from suwen.report.molecule_charts import Scale, scale_of

__all__ = ["class_chart", "estimate_bar", "scatter"]

_SIDE, _LEFT, _FOOT = 460, 52, 46  # pixels of the field, and of the margins
_BINS = 20


def scatter(
    measured: Sequence[float], forecast: Sequence[float], cliffs: frozenset[int], words: tuple[str, str], *, log: bool
) -> Markup:
    """Forecasts (up) against measurements (across) on one axis, with the diagonal; `log`: lines of tenfold errors too.

    `cliffs` are the places of molecules that stand on a cliff; `words` name the axes: measured, forecast.
    """
    axis = scale_of([*measured, *forecast])
    places = [(_x(axis, one), _y(axis, two)) for one, two in zip(measured, forecast, strict=True)]
    dots = " ".join(f"M{x:.1f} {y:.1f}h0" for at, (x, y) in enumerate(places) if at not in cliffs)
    steep = " ".join(
        f"M{x:.1f} {y - 4.5:.1f}l4.5 4.5-4.5 4.5-4.5-4.5z" for at, (x, y) in enumerate(places) if at in cliffs
    )
    parts = [_frame(axis, words)]
    parts.append(_diagonal(axis, 0.0, "same"))
    if log:
        parts += [_diagonal(axis, shift, "tenfold") for shift in (-1.0, 1.0)]
    parts.append(Markup('<path class="points" d="{}"/><path class="steep" d="{}"/>').format(dots, steep))
    return Markup("").join([*parts, Markup("</svg>")])


def _x(axis: Scale, value: float) -> float:
    return _LEFT + _SIDE * axis.at(value) / 100


def _y(axis: Scale, value: float) -> float:
    return 8 + _SIDE * (1 - axis.at(value) / 100)


def _frame(axis: Scale, words: tuple[str, str]) -> Markup:
    width, height = _LEFT + _SIDE + 12, 8 + _SIDE + _FOOT
    start = Markup('<svg class="scatter" viewBox="0 0 {} {}" role="img" aria-label="{} / {}">').format(
        width, height, words[1], words[0]
    )
    grid = Markup("").join(_gridded(one) for one in axis.ticks)
    names = Markup(
        '<text x="{}" y="{}" text-anchor="middle">{}</text>'
        '<text transform="translate(14 {}) rotate(-90)" text-anchor="middle">{}</text>'
    ).format(_LEFT + _SIDE / 2, height - 8, words[0], 8 + _SIDE / 2, words[1])
    return start + grid + names


def _gridded(tick: Tick) -> Markup:
    along, up = _LEFT + _SIDE * tick.x / 100, 8 + _SIDE * (1 - tick.x / 100)
    return Markup(
        '<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="8" y2="{1}"/>'
        '<line class="grid" x1="{2}" x2="{3}" y1="{4:.1f}" y2="{4:.1f}"/>'
        '<text x="{0:.1f}" y="{5}" text-anchor="middle">{6}</text>'
        '<text x="{7}" y="{8:.1f}" text-anchor="end">{6}</text>'
    ).format(along, 8 + _SIDE, _LEFT, _LEFT + _SIDE, up, 8 + _SIDE + 17, tick.text, _LEFT - 6, up + 4)


def _diagonal(axis: Scale, shift: float, kind: str) -> Markup:
    """The line forecast = measured + shift, as far as it lies in the field."""
    low, high = max(axis.low, axis.low - shift), min(axis.high, axis.high - shift)
    if low >= high:
        return Markup("")
    return Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(
        kind, _x(axis, low), _y(axis, low + shift), _x(axis, high), _y(axis, high + shift)
    )


def class_chart(chances: Sequence[float], label: str) -> Markup:
    """How often each chance was forecast for the molecules of one class: twenty columns from 0 to 1."""
    counts = [0] * _BINS
    for one in chances:
        counts[min(_BINS - 1, max(0, int(one * _BINS)))] += 1
    most = max(counts) or 1
    columns = Markup("").join(
        Markup('<rect x="{:.2f}%" width="{:.2f}%" y="{:.1f}" height="{:.1f}"><title>{}</title></rect>').format(
            100 * at / _BINS + 0.3, 100 / _BINS - 0.6, 80 - 78 * count / most, 78 * count / most, count
        )
        for at, count in enumerate(counts)
    )
    return Markup('<svg class="histogram" role="img" aria-label="{}">{}</svg>').format(label, columns)


def estimate_bar(estimate: Estimate, axis: Scale, label: str, *, plain: bool = False) -> Markup:
    """A figure on its axis: a dot with a bar for its interval; `plain` where it is only to compare with."""
    grid = Markup("").join(
        Markup('<line class="grid" x1="{0}%" x2="{0}%" y1="0" y2="100%"/>').format(one.x) for one in axis.ticks
    )
    bar = Markup("")
    if estimate.low is not None and estimate.high is not None:
        left = axis.at(estimate.low)
        bar = Markup('<rect class="span" x="{}%" y="6" width="{}%" height="10" rx="3"/>').format(
            left, max(round(axis.at(estimate.high) - left, 2), 0.6)
        )
    dot = Markup('<circle class="dot" cx="{}%" cy="11" r="5.5"/>').format(axis.at(estimate.value))
    return Markup('<svg class="interval{}" role="img" aria-label="{}">{}</svg>').format(
        " plain-figure" if plain else "", label, grid + bar + dot
    )
