"""Evidence on the trace: numbered tints where a sign is seen, beats with their kinds, and what is wrong with a lead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from suwen.diagnosis.rhythm.nouns import Place
from suwen.diagnosis.rhythm.quality import Flaw
from suwen.report.ecg_nouns import Mark, Paper, ReadEcg, Row, Sheet
from suwen.report.ecg_strings import say
from suwen.report.ecg_svg import INK, SOFT, label, label_width, line, quoted, text, tint
from suwen.report.ecg_trace import number, runs
from suwen.report.strings import Language

__all__ = ["beat_marks", "evidence_marks", "flaw_marks"]

_SLIVER = 0.4  # mm below which a place is a moment; what is cut so short at the edge of a cell is not drawn
_LONG = 40.0  # mm from which a span is tinted lightly and bracketed
_APART = 9.0  # mm between numbers of the same mark in a row
_NAME = 9.0  # mm at the begin of a cell that belong to the name of the lead
_SHOWN = (Flaw.MISSING, Flaw.FLAT, Flaw.SATURATED)


@dataclass(slots=True)
class _Lanes:
    """Where numbers may stand above a row: in lanes, none on another."""

    taken: list[list[tuple[float, float]]] = field(default_factory=list)

    def lane(self, begin: float, end: float) -> int:
        """The first lane that is free from `begin` to `end`; it is taken then."""
        for at, spans in enumerate(self.taken):
            if all(end <= one or begin >= other for one, other in spans):
                spans.append((begin, end))
                return at
        self.taken.append([(begin, end)])
        return len(self.taken) - 1


def evidence_marks(read: ReadEcg, sheet: Sheet, paper: Paper, x: float) -> tuple[str, str]:
    """Tints (below the trace) and numbers (above it) of the marks that are seen in parts of the recording.

    `x` is where the time of the sheet begins, in mm.
    """
    at_time = _Scale(sheet, paper, x)
    lanes = [_Lanes([[(at_time(cell.begin), at_time(cell.begin) + _NAME) for cell in row.cells]]) for row in sheet.rows]
    tints, labels = [], []
    for mark in (one for one in read.marks if one.partial):
        last = [-np.inf] * len(sheet.rows)
        for spot in _spots(mark, read, sheet):
            begin, end = at_time(spot.begin), at_time(spot.end)
            if spot.whole >= _SLIVER / paper.speed and end - begin < _SLIVER:
                continue
            row = sheet.rows[spot.row]
            tints.append(_tinted(mark, begin, end, row, spot.lead))
            if spot.named and begin - last[spot.row] >= _APART:
                wide = label_width(mark.number)
                left = min(max(begin, x), x + paper.speed * (sheet.end - sheet.begin) - wide)
                lane = min(lanes[spot.row].lane(left, left + wide), 2)
                labels.append(label(left, row.top + 0.4 + 3.2 * lane, mark.number))
                last[spot.row] = begin
    return "".join(tints), "".join(labels)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Millimetres across of a second of the recording."""

    sheet: Sheet
    paper: Paper
    x: float

    def __call__(self, second: float) -> float:
        return self.x + (second - self.sheet.begin) * self.paper.speed


@dataclass(frozen=True, slots=True)
class _Spot:
    """A piece of a place in one row; `named` says that the number stands there."""

    row: int
    begin: float
    end: float
    lead: str
    named: bool
    whole: float  # seconds of the place before it was cut


def _spots(mark: Mark, read: ReadEcg, sheet: Sheet) -> Iterator[_Spot]:
    for place in mark.places:
        if place.end < sheet.begin or place.begin > sheet.end:
            continue
        first = True
        for at, row in enumerate(sheet.rows):
            for spot in _in_row(place, at, row, read):
                yield replace(spot, named=first or bool(place.lead))
                first = False


def _in_row(place: Place, at: int, row: Row, read: ReadEcg) -> Iterator[_Spot]:
    for cell in row.cells:
        lead = read.recording.leads[cell.lead]
        if place.lead in {"", lead} and place.begin <= cell.end and place.end >= cell.begin:
            yield _Spot(
                at, max(place.begin, cell.begin), min(place.end, cell.end), lead, False, place.end - place.begin
            )


def _tinted(mark: Mark, begin: float, end: float, row: Row, lead: str) -> str:
    fill, ink = tint(mark.number)
    known = f'data-mark="{mark.number}" data-lead="{quoted(lead)}"'
    if end - begin < _SLIVER:
        middle = (begin + end) / 2
        down = f"M{number(middle)} {number(row.top)}V{number(row.bottom)}"
        return f'<path class="moment" {known} d="{down}" stroke="{ink}" stroke-width=".35" stroke-dasharray="1 .7"/>'
    light = ".1" if end - begin >= _LONG else ".26"
    edge = f"M{number(begin)} {number(row.top + 0.2)}H{number(end)}"
    return (
        f'<rect class="span" {known} x="{number(begin)}" y="{number(row.top)}" width="{number(end - begin)}" '
        f'height="{number(row.bottom - row.top)}" fill="{fill}" fill-opacity="{light}"/>'
        f'<path d="{edge}" stroke="{ink}" stroke-width=".4"/>'
    )


def beat_marks(read: ReadEcg, sheet: Sheet, paper: Paper, x: float) -> str:
    """Beats below the last row: a tick for each, V with a filled triangle and S with an open diamond beside it."""
    seconds = read.reading.beats.seconds
    first, last = np.searchsorted(seconds, [sheet.begin, sheet.end])
    at_time, y = _Scale(sheet, paper, x), sheet.rows[-1].bottom + 0.6
    ticks, others = [], []
    for at in range(int(first), int(last)):
        here, kind = at_time(float(seconds[at])), read.reading.kinds[at]
        ticks.append(f"M{number(here)} {number(y)}v1.8")
        if kind != "N":
            others.append(_kind(here, y + 1.8, kind))
    drawn = line("".join(ticks), stroke=INK, width=0.3, name="beats") if ticks else ""
    return drawn + "".join(others)


def _kind(x: float, y: float, kind: str) -> str:
    shape = f"M{number(x - 0.9)} {number(y + 1.6)}l.9 -1.6 .9 1.6z"
    if kind == "S":
        shape = f"M{number(x)} {number(y)}l.9 .8 -.9 .8 -.9 -.8z"
    fill = INK if kind == "V" else "#fff"
    drawn = f'<path class="beat-{quoted(kind)}" d="{shape}" fill="{fill}" stroke="{INK}" stroke-width=".2"/>'
    return drawn + text(x + 1.3, y + 1.7, kind, size=2.3, bold=True)


def flaw_marks(read: ReadEcg, sheet: Sheet, paper: Paper, x: float, lang: Language) -> str:
    """Dashed lines with a word below a lead where it is missing, flat or saturated."""
    at_time, quality = _Scale(sheet, paper, x), read.reading.quality
    parts = []
    for row in sheet.rows:
        for cell in row.cells:
            flaws = quality.flaws[cell.lead] if cell.lead < len(quality.flaws) else np.zeros(0, np.int64)
            for flaw in _SHOWN:
                for begin, end in runs(flaws & int(flaw) > 0):
                    left, right = max(float(begin), cell.begin), min(float(end), cell.end)
                    if right > left:
                        parts.append(_flawed(at_time(left), at_time(right), row, say(f"flaw_{flaw.name}", lang)))
    return "".join(parts)


def _flawed(begin: float, end: float, row: Row, word: str) -> str:
    y = row.bottom - 0.7
    drawn = line(f"M{number(begin)} {number(y)}H{number(end)}", stroke=SOFT, width=0.5, dash="1.2 .9", name="flaw")
    return drawn + text(begin + 0.5, y - 0.6, word, size=2.2, fill=SOFT, halo=True)
