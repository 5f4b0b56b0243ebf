"""What the ECG page shows of a reading: the paper, the signs with the places to go to, and the tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from suwen.diagnosis.rhythm.findings import finding_of, record_text
from suwen.errors import InputError
from suwen.finding import Finding
from suwen.report import ecg_tables as tables
from suwen.report.ecg_layout import is_long, layout_of, sheets, undrawn
from suwen.report.ecg_median import median_svg
from suwen.report.ecg_nouns import Mark, Paper, ReadEcg
from suwen.report.ecg_page import limits, notices
from suwen.report.ecg_paper import legend, sheet_svg
from suwen.report.ecg_strings import say
from suwen.report.ecg_trend import trend_svg
from suwen.report.ecg_words import SaidMark, caption, clock, said_marks, scale_text
from suwen.report.strings import Language
from suwen.report.wording import chance_text, interval_text
from suwen.server.pages.heart_forms import Fields
from suwen.subject import Kind, Reference, Stretch

__all__ = ["Drawing", "Seen", "drawings_of", "paper_of", "reading_content"]

_MOST_PLACES = 6


@dataclass(frozen=True, slots=True)
class Drawing:
    """A sheet of paper with what stands above it."""

    caption: str
    svg: Markup


@dataclass(frozen=True, slots=True)
class Seen:
    """A sign in words, the places on the trace to go to (words, seconds), and how often its rule is right."""

    said: SaidMark
    places: list[tuple[str, str]]
    more: int
    record: str
    chance: str
    interval: str
    basis: str
    source: str
    meanings: list[tuple[str, str]]


def paper_of(fields: Fields) -> Paper:
    """The paper asked for; what is left out is usual. Raises InputError."""

    def one(name: str, otherwise: str) -> str:
        return (fields.get(name) or (otherwise,))[0].strip() or otherwise

    try:
        begin = one("begin", "")
        return Paper(
            layout=one("layout", "auto"),
            speed=float(one("speed", "25")),
            gain=float(one("gain", "10")),
            begin=float(begin) if begin else None,
            level=one("level", "") == "yes",
        )
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError("speed, gain and second are numbers", zh="走纸速度、增益和起始秒数均须为数字") from None


def drawings_of(read: ReadEcg, paper: Paper, lang: Language) -> dict[str, Any]:
    """The sheets, the scale in words, and what the marks mean."""
    # Markup: drawings escape what the recording says of itself when they are made.
    made = [
        Drawing(caption(read, one, lang), Markup(sheet_svg(read, one, paper, lang=lang)))  # noqa: S704
        for one in sheets(read, paper)
    ]
    absent = undrawn(read.recording.leads, paper)
    remarks = [say("ecg_undrawn", lang, leads=", ".join(absent[:40]))] if absent else []
    return {
        "drawings": made,
        "scale": scale_text(paper, lang),
        "remarks": remarks + legend("".join(one.svg for one in made), lang),
    }


def reading_content(read: ReadEcg, lang: Language) -> dict[str, Any]:
    """Everything of a reading but the paper, as the template takes it."""
    signs = {mark.number: mark for mark in read.marks}
    long = is_long(read, Paper())
    return {
        "read": read,
        "facts": tables.facts(read, lang),
        "technical": tables.technical(read, lang),
        "noticed": notices(read, lang),
        "seen": [_seen(one, signs[one.number], read, lang) for one in said_marks(read, lang)],
        "trend": Markup(trend_svg(read, lang=lang)) if long else "",  # noqa: S704
        "median": Markup(median_svg(read, lang=lang)),  # noqa: S704
        "quality": tables.quality_rows(read, lang),
        "intervals": tables.interval_rows(read, lang),
        "waves": tables.wave_rows(read),
        "variability": tables.variability_rows(read, lang),
        "variability_note": tables.variability_note(read, lang),
        "limits": limits(read, lang),
        "layouts": _layouts(read),
    }


def _layouts(read: ReadEcg) -> list[str]:
    twelve = layout_of(read.recording.leads, Paper()) == "3x4"
    return ["3x4", "6x2", "12x1", "strips"] if twelve else ["strips"]


def _seen(said: SaidMark, mark: Mark, read: ReadEcg, lang: Language) -> Seen:
    found = finding_of(mark.sign, lang, subject=Reference(Kind.PATIENT, ""))
    starts = dict.fromkeys(max(0.0, one.begin) for one in mark.places) if mark.partial else {}
    rule, *others = found.evidence
    meanings = [(one.sentence, one.source) for one in others if not isinstance(one.seen, Stretch)]
    return Seen(
        said,
        [(clock(one), f"{_from(one, read):g}") for one in list(starts)[:_MOST_PLACES]],
        max(0, len(starts) - _MOST_PLACES),
        record_text(mark.sign, lang),
        *_chance(found, lang),
        rule.source.removeprefix(mark.sign.source).removeprefix("; "),
        meanings,
    )


def _from(second: float, read: ReadEcg) -> float:
    """Where a sheet begins that shows a place: some seconds before it, all of a short recording from its begin."""
    row = Paper().row
    if read.recording.seconds <= row:
        return 0.0
    return float(int(min(max(0.0, second - 0.3 * row), max(0.0, read.recording.seconds - row))))


def _chance(found: Finding, lang: Language) -> tuple[str, str, str]:
    one = found.chance
    return chance_text(one.value, lang), interval_text(one.low, one.high, lang), one.calibration
