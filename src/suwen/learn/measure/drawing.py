"""A line chart as SVG that stands alone: axes, grid, bands, lines told apart without colour, and a legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

__all__ = ["Chart", "Language", "Line", "draw"]

Language = Literal["zh", "en"]
Points = Sequence[tuple[float, float]]
_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _FOOT = 640.0, 420.0, 66.0, 44.0, 18.0, 56.0
_LEGEND = 20.0
_EDGE = 4.0  # marks on the frame stay whole
_FRAME = (
    f"{_LEFT - _EDGE:g} {_TOP - _EDGE:g} {_WIDTH - _LEFT - _RIGHT + 2 * _EDGE:g} {_HEIGHT - _FOOT - _TOP + 2 * _EDGE:g}"
)
_WINDOW = '<svg x="{}" y="{}" width="{}" height="{}" viewBox="{all}">'.format(*_FRAME.split(), all=_FRAME)
# Okabe & Ito 2008: told apart by the colour-blind, and with the dashes also in print without colour.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
_DASHES = ("", "7 4", "2 3", "9 3 2 3", "12 4", "1 4")
_GREY = "#767676"


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points (x, y), its name, and perhaps a band of (x, low, high) and marks on the points."""

    name: str
    points: Points
    band: Sequence[tuple[float, float, float]] = ()
    grey: bool = False
    marks: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn: title, names of the axes, their ranges, and the lines; `note` is read out and stands below."""

    title: str
    across: str
    up: str
    x: tuple[float, float]
    y: tuple[float, float]
    lines: Sequence[Line]
    note: str = ""


def draw(chart: Chart, lang: Language) -> str:
    """Draw the chart as an SVG document; everything that comes from outside is escaped."""
    height = _HEIGHT + _LEGEND * len(chart.lines) + (_LEGEND if chart.note else 0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {height:g}" role="img" '
        f'lang="{"zh-Hans" if lang == "zh" else "en"}" font-family="system-ui, \'Noto Sans CJK SC\', sans-serif" '
        'font-size="13">',
        f"<title>{escape(chart.title)}</title>",
        f"<desc>{escape(chart.note or chart.title)}</desc>",
        f'<rect width="{_WIDTH:g}" height="{height:g}" fill="#ffffff"/>',
        _text(_LEFT, 24, chart.title, size=16, more=' font-weight="600"'),
        *_axes(chart),
        _WINDOW,  # a nested svg cuts off what leaves the frame, and needs no id that could clash on a page
        *(_drawn(chart, line, place) for place, line in enumerate(chart.lines)),
        "</svg>",
        *(_named(line, place) for place, line in enumerate(chart.lines)),
    ]
    if chart.note:
        parts.append(_text(_LEFT, height - 6, chart.note, size=11, more=' fill="#444444"'))
    return "\n".join([*parts, "</svg>", ""])


def _axes(chart: Chart) -> list[str]:
    parts = [_rule(x, chart.y[0], x, chart.y[1], chart) for x in _ticks(*chart.x)]
    parts += [_rule(chart.x[0], y, chart.x[1], y, chart) for y in _ticks(*chart.y)]
    parts += [_text(_x(chart, x), _HEIGHT - _FOOT + 18, f"{x:g}", anchor="middle") for x in _ticks(*chart.x)]
    parts += [_text(_LEFT - 8, _y(chart, y) + 4, f"{y:g}", anchor="end") for y in _ticks(*chart.y)]
    middle = (_TOP + _HEIGHT - _FOOT) / 2
    parts.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - _FOOT + 38, chart.across, anchor="middle"))
    turned = f' transform="rotate(-90 16 {middle:g})"'
    parts.append(_text(16, middle, chart.up, anchor="middle", more=turned))
    return parts


def _drawn(chart: Chart, line: Line, place: int) -> str:
    colour, dash = _look(line, place)
    parts = []
    if line.band:
        edge = [(x, low) for x, low, _ in line.band] + [(x, high) for x, _, high in reversed(line.band)]
        parts.append(f'<polygon points="{_path(chart, edge)}" fill="{colour}" fill-opacity="0.16"/>')
    stroke = f'stroke="{colour}" stroke-width="2"{dash}'
    parts.append(f'<polyline points="{_path(chart, line.points)}" fill="none" {stroke}/>')
    if line.marks:
        spots = [(_x(chart, x), _y(chart, y)) for x, y in line.points]
        parts += [f'<circle cx="{x:.2f}" cy="{y:.2f}" r="3.5" fill="{colour}"/>' for x, y in spots]
    return "\n".join(parts)


def _named(line: Line, place: int) -> str:
    colour, dash = _look(line, place)
    y = _HEIGHT + _LEGEND * place
    ends = f'x1="{_LEFT:g}" y1="{y - 4:g}" x2="{_LEFT + 34:g}" y2="{y - 4:g}"'
    return f'<line {ends} stroke="{colour}" stroke-width="2"{dash}/>' + _text(_LEFT + 42, y, line.name)


def _look(line: Line, place: int) -> tuple[str, str]:
    """Colour, and the attribute of the dashes."""
    dash = _DASHES[place % len(_DASHES)]
    return _GREY if line.grey else _COLOURS[place % len(_COLOURS)], f' stroke-dasharray="{dash}"' if dash else ""


def _rule(x1: float, y1: float, x2: float, y2: float, chart: Chart) -> str:
    return (
        f'<line x1="{_x(chart, x1):.2f}" y1="{_y(chart, y1):.2f}" x2="{_x(chart, x2):.2f}" y2="{_y(chart, y2):.2f}" '
        'stroke="#dddddd"/>'
    )


def _text(x: float, y: float, text: str, *, size: int = 13, anchor: str = "start", more: str = "") -> str:
    place = f'x="{x:.2f}" y="{y:.2f}" font-size="{size}" text-anchor="{anchor}"'
    return f"<text {place}{more}>{escape(text)}</text>"


def _path(chart: Chart, points: Points) -> str:
    return " ".join(f"{_x(chart, x):.2f},{_y(chart, y):.2f}" for x, y in points)


def _x(chart: Chart, value: float) -> float:
    return _LEFT + (value - chart.x[0]) / (chart.x[1] - chart.x[0]) * (_WIDTH - _LEFT - _RIGHT)


def _y(chart: Chart, value: float) -> float:
    return _HEIGHT - _FOOT - (value - chart.y[0]) / (chart.y[1] - chart.y[0]) * (_HEIGHT - _FOOT - _TOP)


def _ticks(low: float, high: float) -> list[float]:
    """Round marks, at most about seven."""
    rough = (high - low) / 6
    decade = 10.0 ** math.floor(math.log10(rough))
    step = next(step * decade for step in (1, 2, 5, 10) if step * decade >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]
