"""Which part of which lead lies where on the paper: the usual layouts of twelve leads, and strips around evidence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.formats.waveforms import TWELVE
from suwen.report.ecg_nouns import Cell, Mark, Paper, ReadEcg, Row, Sheet

__all__ = [
    "FLAG",
    "FOOT",
    "MOST_ROWS",
    "MOST_SHEETS",
    "first_of",
    "is_long",
    "layout_of",
    "samples_of",
    "sheets",
    "undrawn",
]

MOST_SHEETS = 8  # pieces of a long recording that are drawn
MOST_ASKED = 60  # sheets of a part that was asked for
MOST_ROWS = 16  # leads under each other
FLAG = 4.0  # mm kept free for names and numbers above a row
FOOT = 9.0  # mm below the last row: beats and seconds
_HIGHEST = 155.0  # mm of all rows together, so that a sheet fits on A4 beside its heading
_LEAST = ((4, 18.0), (7, 14.0), (12, 12.0), (MOST_ROWS, 9.0))  # rows, and mm between their baselines at least
_MANY = 7  # rows above which the outer ones do not get all the room they need,
_OUTER = (17.0, 12.0)  # but so many mm above the first and below the last at most
_MOST = 60.0  # mm that a row reaches above or below its baseline
_AROUND = 8.0  # s on either side that the baseline is told from
_GROUPS = {
    "3x4": (("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6"), ("II",)),
    "6x2": tuple(zip(TWELVE[:6], TWELVE[6:], strict=True)),
    "12x1": tuple((name,) for name in TWELVE),
}


def layout_of(names: Sequence[str], paper: Paper) -> str:
    """The layout that is drawn; InputError where one of twelve leads was asked for and they are not there."""
    twelve = set(TWELVE) <= set(names)
    if paper.layout == "auto":
        return "3x4" if twelve else "strips"
    if paper.layout != "strips" and not twelve:
        absent = ", ".join(name for name in TWELVE if name not in names)
        raise InputError(
            f"the layout {paper.layout} is for 12 leads and {absent} were not recorded; take strips",
            zh=f"布局 {paper.layout} 用于 12 导联，而 {absent} 未记录；请改用条图",
        )
    return paper.layout


def is_long(read: ReadEcg, paper: Paper) -> bool:
    """Whether only pieces of the recording are drawn, and so an overview is needed."""
    seconds, rows = read.recording.seconds, len(read.recording.leads)
    return seconds > paper.row * (1.05 if rows > 3 else 6.0)


def undrawn(names: Sequence[str], paper: Paper) -> tuple[str, ...]:
    """Leads for which the layout has no place."""
    layout = layout_of(names, paper)
    if layout == "strips":
        return tuple(names[MOST_ROWS:])
    return tuple(name for name in names if name not in TWELVE)


def sheets(read: ReadEcg, paper: Paper) -> tuple[Sheet, ...]:
    """The sheets of a recording: all of it where it is short, else the part asked for or strips around evidence.

    Raises:
        InputError: the part asked for is not in the recording or too long, or the layout needs other leads.

    """
    groups = _groups(read.recording.leads, layout_of(read.recording.leads, paper))
    return tuple(_sheet(read, paper, groups, begin, end) for begin, end in _windows(read, paper))


def _groups(names: Sequence[str], layout: str) -> list[list[int]]:
    """The rows of a layout as numbers of leads."""
    if layout == "strips":
        return [[at] for at in range(min(len(names), MOST_ROWS))]
    return [[names.index(name) for name in row] for row in _GROUPS[layout]]


def _windows(read: ReadEcg, paper: Paper) -> list[tuple[float, float]]:
    """Begin and end of each sheet in seconds."""
    whole, row = read.recording.seconds, paper.row
    if paper.begin is not None or paper.seconds is not None:
        return _asked(whole, paper)
    if not is_long(read, paper):
        count = max(1, math.ceil(whole / row - 0.05))
        return [(at * row, min((at + 1) * row, whole)) for at in range(count)]
    begins = _around_evidence(read.marks, whole, row) or [0.0]
    return [(begin, min(begin + row, whole)) for begin in begins]


def _asked(whole: float, paper: Paper) -> list[tuple[float, float]]:
    begin = paper.begin or 0.0
    if begin >= whole:
        raise InputError(
            f"the recording ends after {whole:.1f} s; a drawing cannot begin at {begin:g} s",
            zh=f"记录在 {whole:.1f} 秒后结束；图不能从 {begin:g} 秒开始",
        )
    end = min(whole, begin + (paper.seconds or paper.row))
    count = math.ceil((end - begin) / paper.row - 1e-9)
    if count > MOST_ASKED:
        raise InputError(
            f"at most {MOST_ASKED * paper.row:g} s are drawn at once; ask for fewer with --seconds",
            zh=f"一次最多绘制 {MOST_ASKED * paper.row:g} 秒；请减少秒数",
        )
    return [(begin + at * paper.row, min(begin + (at + 1) * paper.row, end)) for at in range(count)]


def _around_evidence(marks: Sequence[Mark], whole: float, row: float) -> list[float]:
    """Begins of strips around pieces of evidence: one for each sign, the most urgent first, then further ones."""
    begins: list[float] = []
    for turn in range(3):
        for mark in marks:
            shown = sum(1 for one in begins if _shows(mark, one, row))
            if not mark.partial or shown > turn:
                continue
            begin = next(_unseen(mark, begins, whole, row), None)
            if begin is not None:
                begins.append(begin)
            if len(begins) == MOST_SHEETS:
                return begins
    return begins


def _shows(mark: Mark, begin: float, row: float) -> bool:
    return any(_within(one.begin, begin, row) for one in mark.places)


def _within(moment: float, begin: float, row: float) -> bool:
    return begin + 0.02 * row <= moment <= begin + 0.98 * row


def _unseen(mark: Mark, begins: Sequence[float], whole: float, row: float) -> Iterator[float]:
    """Begins of strips around the places of a mark that no strip shows yet; whole seconds."""
    for place in mark.places:
        if any(_within(place.begin, one, row) for one in begins):
            continue
        short = place.end - place.begin < 0.8 * row
        before = (row - (place.end - place.begin)) / 2 if short else 0.3 * row
        begin = float(math.floor(min(max(0.0, place.begin - before), max(0.0, whole - row))))
        if all(abs(begin - one) >= 0.5 * row for one in begins):
            yield begin


def _sheet(read: ReadEcg, paper: Paper, groups: list[list[int]], begin: float, end: float) -> Sheet:
    rows = _stacked(list(_rows(paper, groups, begin, end)), read, paper)
    return Sheet(begin, end, rows, math.ceil(rows[-1].bottom + FOOT))


def _rows(paper: Paper, groups: list[list[int]], begin: float, end: float) -> Iterator[tuple[Cell, ...]]:
    """Cells of each row: its leads one after the other in time, so that all rows show the same time at one place."""
    for group in groups:
        width = paper.row / len(group)
        spans = [(begin + at * width, min(begin + (at + 1) * width, end)) for at in range(len(group))]
        cells = tuple(Cell(lead, one, other) for lead, (one, other) in zip(group, spans, strict=True) if other > one)
        if cells:
            yield cells


def _stacked(cells: list[tuple[Cell, ...]], read: ReadEcg, paper: Paper) -> tuple[Row, ...]:
    """Rows under each other, as far apart as the traces need and the height of the paper allows."""
    reach = [_reach(row, read, paper) for row in cells]
    most = _OUTER if len(cells) > _MANY else (_MOST, _MOST)
    first = math.ceil(max(9.0, min(most[0], reach[0][0] + FLAG + 1)))
    last = max(7.0, min(most[1], reach[-1][1] + 2))
    steps = _steps(reach, _HIGHEST - first - last)
    heights = np.cumsum([first, *steps]).tolist()
    edges = [0.0]
    for at, step in enumerate(steps):
        down, up = reach[at][1] + 1, reach[at + 1][0] + FLAG + 1
        edges.append(round(heights[at] + step * down / (down + up), 1))
    edges.append(float(math.ceil(heights[-1] + last)))
    return tuple(Row(row, heights[at], edges[at], edges[at + 1]) for at, row in enumerate(cells))


def _steps(reach: list[tuple[float, float]], room: float) -> list[float]:
    """Distances of baselines: what the traces need, or where that is more than there is room for, a share of it."""
    least = next(mm for count, mm in _LEAST if len(reach) <= count)
    wanted = [max(least, above[1] + below[0] + FLAG) for above, below in pairwise(reach)]
    extra, spare = sum(wanted) - least * len(wanted), max(0.0, room - least * len(wanted))
    share = min(1.0, spare / extra) if extra > 0 else 1.0
    return [float(math.floor(least + share * (one - least))) for one in wanted]


def _reach(cells: tuple[Cell, ...], read: ReadEcg, paper: Paper) -> tuple[float, float]:
    """How far the traces of a row go above and below their middle, in mm."""
    up, down = 3.0, 3.0
    for cell in cells:
        values = samples_of(cell, read, paper)
        values = values[np.isfinite(values)]
        if len(values):
            middle = float(np.median(values))
            up = max(up, (float(values.max()) - middle) * paper.gain)
            down = max(down, (middle - float(values.min())) * paper.gain)
    return min(up, _MOST), min(down, _MOST)


def samples_of(cell: Cell, read: ReadEcg, paper: Paper) -> NDArray[np.float32]:
    """The samples of a cell in mV, shape (time,), the first not before its begin, one more than it holds."""
    rate, lead = read.recording.rate, read.recording.samples[cell.lead]
    first, last = first_of(cell, rate), math.ceil(cell.end * rate - 1e-6) + 1
    if not paper.level:
        return np.asarray(lead[first:last])
    from suwen.diagnosis.rhythm.filters import without_baseline  # noqa: PLC0415

    before = max(0, first - round(_AROUND * rate))
    around = without_baseline(lead[before : last + round(_AROUND * rate)], rate)[0]
    return np.asarray(around[first - before : last - before])


def first_of(cell: Cell, rate: float) -> int:
    """The number of the first sample of a cell."""
    return math.ceil(cell.begin * rate - 1e-6)
