"""A note with every mention marked: as a page, in the terminal, and as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from suwen.language.features import to_features
from suwen.language.nouns import Mention, Status
from suwen.report.html import environment
from suwen.report.strings import Language, phrase
from suwen.report.wording import age_text, plain
from suwen.subject import Sex

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["NotePage", "NoteView", "Piece", "Row", "mention_json", "note_html", "note_json", "note_view", "print_note"]

FORMAT = 1
_SIGNS = {
    Status.PRESENT: "+",
    Status.ABSENT: "−",
    Status.POSSIBLE: "?",
    Status.CONDITIONAL: "~",
    Status.FAMILY: "⌂",
    Status.PAST: "↶",
    Status.PLANNED: "→",
}
_STYLES = {Status.PRESENT: "bold blue", Status.ABSENT: "dark_orange3", Status.PAST: "blue"}


@dataclass(frozen=True, slots=True)
class NotePage:
    """A text as it was given, its mentions in order, and who it is about as far as it says."""

    name: str
    text: str
    mentions: tuple[Mention, ...]
    sex: Sex = Sex.UNKNOWN
    age_years: float | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text and the mentions it belongs to by their numbers from 1, the shortest first."""

    text: str
    mentions: tuple[int, ...]
    status: str
    sign: str
    opens: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    number: int
    words: str
    code: str
    label: str
    status: str
    status_text: str
    sign: str
    details: str
    rule: str


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note worded in one language: its pieces and rows, who it is about, how many features count."""

    pieces: tuple[Piece, ...]
    rows: tuple[Row, ...]
    person: str
    present: int
    absent: int


def note_view(page: NotePage, lang: Language) -> NoteView:
    """Word a note for any page. Raises InputError for a language that the report does not speak."""
    read = to_features(page.mentions, page.name)
    return NoteView(
        pieces=tuple(_pieces(page)),
        rows=tuple(_row(number, one, lang) for number, one in enumerate(page.mentions, start=1)),
        person=_person(page, lang),
        present=sum(not one.excluded for one in read.features),
        absent=sum(one.excluded for one in read.features),
    )


def note_html(page: NotePage, *, lang: Language = "en", created: datetime) -> str:
    """Return the note as one self-contained HTML document; everything of the note is escaped.

    Raises InputError for a language that the report does not speak.
    """
    view = note_view(page, lang)
    return (
        environment()
        .get_template("note.html")
        .render(
            page=page,
            say=partial(phrase, lang=lang),
            when=f"{created:%Y-%m-%d %H:%M %Z}".strip(),
            pieces=view.pieces,
            rows=view.rows,
            person=view.person,
            present=view.present,
            absent=view.absent,
        )
    )


def print_note(page: NotePage, console: Console, lang: Language = "en") -> None:
    """Print the text with its mentions marked, and the mentions one by one."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    marked = Text()
    for piece in _pieces(page):
        shown = "\n".join(plain(line) for line in piece.text.split("\n"))
        if piece.opens:
            marked.append(f"[{piece.mentions[0]}{piece.sign}]", "dim")
        marked.append(shown, _STYLES.get(Status(piece.status), "magenta") if piece.status else "")
    console.print(marked)
    console.print()
    if not page.mentions:
        console.print(phrase("note_none", lang))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for key in ("number", "note_words", "note_concept", "note_status", "note_details"):
        table.add_column(phrase(key, lang))
    for row in (_row(number, one, lang) for number, one in enumerate(page.mentions, start=1)):
        concept = f"{row.label} {row.code}".strip() or phrase("note_uncoded", lang)
        cells = (str(row.number), row.words, concept, f"{row.sign} {row.status_text}", row.details)
        table.add_row(*(Text(plain(cell)) for cell in cells))
    console.print(table)
    console.print(Text(phrase("note_limits", lang), "bold"))


def note_json(page: NotePage) -> dict[str, Any]:
    """Return the note's mentions as JSON-ready dicts, format 1."""
    return {
        "format": FORMAT,
        "name": page.name,
        "sex": page.sex.value,
        "age_years": page.age_years,
        "mentions": [mention_json(one) for one in page.mentions],
    }


def mention_json(one: Mention) -> dict[str, Any]:
    """Return one mention as a JSON-ready dict; positions count characters."""
    when = one.when
    measured = one.measurement
    return {
        "start": one.start,
        "end": one.end,
        "words": one.text,
        "code": one.code.value,
        "label": one.code.label,
        "kind": one.kind.value,
        "status": one.status.value,
        "about": one.about,
        "section": one.section.value,
        "when": None
        if when is None
        else {
            "text": when.text,
            "age_years": when.age_years,
            "duration_days": when.duration_days,
            "date": when.date,
        },
        "severity": None if one.severity is None else one.severity.value,
        "laterality": None if one.laterality is None else one.laterality.value,
        "measurement": None
        if measured is None
        else {
            "code": measured.code.value,
            "label": measured.code.label,
            "value": measured.value,
            "unit": measured.unit,
        },
        "question": one.question,
        "rule": one.rule,
        "score": round(one.score, 4),
    }


def _pieces(page: NotePage) -> list[Piece]:
    """The text cut at every border of a mention; where mentions lie in each other the shortest gives the colour."""
    borders = sorted({0, len(page.text), *(at for one in page.mentions for at in (one.start, one.end))})
    found = []
    for low, high in pairwise(borders):
        inside = [
            (one.end - one.start, number)
            for number, one in enumerate(page.mentions, start=1)
            if one.start <= low and high <= one.end
        ]
        numbers = tuple(number for _, number in sorted(inside))
        first = page.mentions[numbers[0] - 1] if numbers else None
        found.append(
            Piece(
                page.text[low:high],
                numbers,
                first.status.value if first else "",
                _SIGNS[first.status] if first else "",
                first is not None and first.start == low,
            )
        )
    return found


def _row(number: int, one: Mention, lang: Language) -> Row:
    return Row(
        number=number,
        words=one.text,
        code=one.code.value,
        label=one.code.label,
        status=one.status.value,
        status_text=phrase(f"note_status_{one.status.value}", lang),
        sign=_SIGNS[one.status],
        details=_details(one, lang),
        rule=one.rule,
    )


def _details(one: Mention, lang: Language) -> str:
    parts: Sequence[str] = (
        phrase("note_about", lang, who=one.about) if one.about != "patient" else "",
        one.severity.label if one.severity else "",
        one.laterality.label if one.laterality else "",
        phrase("note_when", lang, text=one.when.text) if one.when else "",
        f"{one.measurement.value:g} {one.measurement.unit}".strip() if one.measurement else "",
        phrase("note_question", lang, text=one.question) if one.question else "",
    )
    return phrase("list_semicolon", lang).join(part for part in parts if part)


def _person(page: NotePage, lang: Language) -> str:
    age = phrase("unknown", lang) if page.age_years is None else age_text(page.age_years, lang)
    return phrase("note_person", lang, sex=phrase(f"sex_{page.sex.value}", lang), age=age)
