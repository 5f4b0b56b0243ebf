"""The electrocardiogram drawn on standard paper as SVG in real millimetres: 25 mm/s, 10 mm/mV, evidence marked.

A millimetre on the page is a millimetre of the paper: one second is 25 mm, one millivolt 10 mm (AHA/ACC/HRS 2007,
Kligfield et al., Circulation 2007;115:1306), unless other paper is asked for. The same reading gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from suwen.report.ecg_layout import FLAG, first_of, is_long, samples_of, sheets, undrawn
from suwen.report.ecg_marks import beat_marks, evidence_marks, flaw_marks
from suwen.report.ecg_nouns import WIDTH, Cell, Paper, ReadEcg, Row, Sheet
from suwen.report.ecg_strings import say
from suwen.report.ecg_svg import INK, SOFT, frame, grid, line, text, wrapped
from suwen.report.ecg_trace import number, runs, trace_path
from suwen.report.ecg_trend import trend_drawing
from suwen.report.ecg_words import SaidMark, caption, clock, rule_text, said_marks, scale_text
from suwen.report.strings import Language

__all__ = ["PAPER_WIDTH", "ecg_svg", "legend", "sheet_drawing", "sheet_svg"]

_LEFT = 10.0  # mm before the trace, for the pulse of calibration
PAPER_WIDTH = _LEFT + WIDTH
_PULSE = 0.2  # s
_MARGIN = 8.0  # mm around the whole drawing
_EDGE = 0.3  # mm from the upper edge of the paper, where a trace is cut off
_MOST_CUTS = 50  # arrows of a cell


def sheet_svg(read: ReadEcg, sheet: Sheet, paper: Paper, *, lang: Language = "en") -> str:
    """One sheet as an SVG of its own, `PAPER_WIDTH` mm wide and as high as the sheet."""
    leads = dict.fromkeys(read.recording.leads[cell.lead] for row in sheet.rows for cell in row.cells)
    said = say("ecg_sheet", lang, begin=clock(sheet.begin), end=clock(sheet.end), leads=", ".join(leads))
    return frame(PAPER_WIDTH, sheet.height, sheet_drawing(read, sheet, paper, lang=lang), title=said)


def sheet_drawing(read: ReadEcg, sheet: Sheet, paper: Paper, *, lang: Language = "en") -> list[str]:
    """The parts of a sheet from its upper left corner: paper, evidence, traces, names, pulses, beats and seconds."""
    tints, labels = evidence_marks(read, sheet, paper, _LEFT)
    parts = [grid(0, 0, PAPER_WIDTH, sheet.height), tints]
    for row in sheet.rows:
        parts.append(line(_pulse(row, paper), name="pulse"))
        for at, cell in enumerate(row.cells):
            parts.append(_trace(cell, row, sheet, read, paper))
            x = _LEFT + (cell.begin - sheet.begin) * paper.speed
            if at:
                parts.append(line(f"M{number(x)} {number(row.y - 2)}v4", width=0.3, name="change"))
            named = read.recording.leads[cell.lead]
            parts.append(text(x + 0.8, row.top + FLAG - 0.6, named, size=3.2, bold=True, halo=True))
    parts += [flaw_marks(read, sheet, paper, _LEFT, lang), beat_marks(read, sheet, paper, _LEFT), labels]
    return [*parts, *_foot(sheet, paper)]


def _pulse(row: Row, paper: Paper) -> str:
    """One millivolt for a fifth of a second, at the height of the row's middle."""
    wide = _PULSE * paper.speed
    edge = (_LEFT - 1 - wide) / 2
    high, foot = number(paper.gain), number(edge)
    return f"M.5 {number(row.y)}h{foot}v-{high}h{number(wide)}v{high}h{foot}"


def _trace(cell: Cell, row: Row, sheet: Sheet, read: ReadEcg, paper: Paper) -> str:
    values = samples_of(cell, read, paper).astype(np.float64)
    there = values[np.isfinite(values)]
    if not len(there):
        return ""
    rate = read.recording.rate
    seconds = (first_of(cell, rate) + np.arange(len(values))) / rate
    inside = seconds <= cell.end + 1e-9
    x = _LEFT + (seconds[inside] - sheet.begin) * paper.speed
    y = row.y - (values[inside] - np.median(there)) * paper.gain
    low, high = _EDGE, sheet.rows[-1].bottom
    drawn = line(trace_path(x, np.clip(y, low, high)), name="trace", width=0.25)
    gone = [x[(begin + end) // 2] for begin, end in runs((y < low) | (y > high))]
    at = [low if y[np.searchsorted(x, one)] < row.y else high for one in gone]
    return drawn + "".join(_cut(one, edge, edge == low) for one, edge in zip(gone[:_MOST_CUTS], at, strict=False))


def _cut(x: float, y: float, upwards: bool) -> str:
    """An arrow where a trace leaves the paper."""
    way = 1 if upwards else -1
    d = f"M{number(x)} {number(y)}l.8 {number(1.4 * way)}h-1.6z"
    return f'<path class="cut" d="{d}" fill="{INK}"/>'


def _foot(sheet: Sheet, paper: Paper) -> list[str]:
    """Seconds below the rows."""
    y = sheet.height - 1.2
    step = 1.0 if paper.speed <= 25 else 0.5
    first = int(np.ceil(sheet.begin / step - 1e-9))
    parts = []
    for at in range(first, int(sheet.end / step + 1e-9) + 1):
        x = _LEFT + (at * step - sheet.begin) * paper.speed
        anchor = "end" if x > PAPER_WIDTH - 5 else "middle" if x > _LEFT + 1 else "start"
        parts.append(line(f"M{number(x)} {number(y - 3.4)}v.8", width=0.2, stroke=SOFT))
        parts.append(text(x, y, clock(at * step), size=2.1, anchor=anchor, fill=SOFT))
    return parts


def ecg_svg(read: ReadEcg, paper: Paper | None = None, *, lang: Language = "en") -> str:
    """The whole drawing as one SVG: heading, overview of a long recording, sheets, and the evidence listed.

    Raises:
        InputError: see `suwen.report.ecg_layout.sheets`, or the language is not spoken.

    """
    asked = paper or Paper()
    parts: list[str] = []
    y = _heading(read, asked, lang, parts)
    if is_long(read, asked):
        parts.append(text(_MARGIN, y + 2.6, say("ecg_overview", lang), size=2.8, bold=True))
        y = _placed(parts, *trend_drawing(read, lang), y + 4)
    for sheet in sheets(read, asked):
        parts.append(text(_MARGIN, y + 2.6, caption(read, sheet, lang), size=2.8, bold=True))
        y = _placed(parts, sheet_drawing(read, sheet, asked, lang=lang), sheet.height, y + 4)
    for words in legend("".join(parts), lang):
        parts.append(text(_MARGIN, y + 2, words, size=2.6, fill=SOFT))
        y += 3.6
    y = _listed(said_marks(read, lang), parts, y + 4, lang)
    width, height = PAPER_WIDTH + 2 * _MARGIN, float(np.ceil(y + _MARGIN))
    sheet_of = f'<rect width="{number(width)}" height="{number(height)}" fill="#fff"/>'
    return frame(width, height, [sheet_of, *parts], title=say("ecg_title", lang)) + "\n"


def legend(drawn: str, lang: Language) -> list[str]:
    """What the marks of drawings mean, as far as they are there."""
    found = [say("ecg_legend", lang)] if 'class="beats"' in drawn else []
    return [*found, say("ecg_cut", lang)] if 'class="cut"' in drawn else found


def _placed(parts: list[str], drawing: Sequence[str], height: float, y: float) -> float:
    parts.append(f'<g transform="translate({number(_MARGIN)} {number(y)})">{"".join(drawing)}</g>')
    return y + height + 5


def _heading(read: ReadEcg, paper: Paper, lang: Language, parts: list[str]) -> float:
    """Title, scale and what is not drawn; the height where the paper may begin."""
    parts.append(text(_MARGIN, _MARGIN + 4, say("ecg_title", lang), size=5, bold=True))
    identity = say("ecg_recording", lang, id=read.recording.id[:12])
    parts.append(text(_MARGIN + PAPER_WIDTH, _MARGIN + 4, identity, size=2.6, anchor="end", fill=SOFT))
    lines = [scale_text(paper, lang)]
    absent = undrawn(read.recording.leads, paper)
    if absent:
        lines.append(say("ecg_undrawn", lang, leads=", ".join(absent[:40])))
    lines.append(say("ecg_caution", lang))
    y = _MARGIN + 9
    for words in lines:
        for one in wrapped(words, 2.8, PAPER_WIDTH):
            parts.append(text(_MARGIN, y, one, size=2.8, fill=INK))
            y += 4
    return y


def _listed(marks: Sequence[SaidMark], parts: list[str], y: float, lang: Language) -> float:
    """The signs by number below the paper."""
    parts.append(text(_MARGIN, y + 2, say("ecg_signs", lang), size=3.6, bold=True))
    y += 7
    for mark in marks:
        parts.append(text(_MARGIN + 5, y, f"{mark.number}", size=3, anchor="end", bold=True))
        name = f"{mark.name} · {mark.urgency}" if mark.level else mark.name
        parts.append(text(_MARGIN + 8, y, name, size=3, bold=True))
        y += 4
        seen = " · ".join(one for one in (mark.figures, mark.detail, mark.where) if one)
        for said in (seen, rule_text(mark, lang)):
            for words in wrapped(said, 2.6, PAPER_WIDTH - 8) if said else ():
                parts.append(text(_MARGIN + 8, y, words, size=2.6, fill=SOFT))
                y += 3.6
        y += 1
    return y
