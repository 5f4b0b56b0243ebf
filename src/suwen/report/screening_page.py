"""A screening as one HTML file: the funnel with counts and reasons, and the molecules that passed, both languages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from markupsafe import Markup

from suwen.drugs.screening.nouns import STAGE_NAMES, Column, Desired, Kept, Screened, StageCount
from suwen.drugs.screening.words import problem_text
from suwen.drugs.sources import source_text
from suwen.drugs.units import unit_text
from suwen.errors import InputError
from suwen.report.html import environment
from suwen.report.molecule_charts import meter
from suwen.report.molecule_pictures import small
from suwen.report.molecule_words import Sources, number_text
from suwen.report.screening_strings import say
from suwen.report.strings import Language

__all__ = ["MOST_SURVIVORS", "render_screening"]

MOST_SURVIVORS = 300
"""So many survivors are drawn at most, the best first; the exported table holds all."""

_MOST_FAILED = 100


@dataclass(frozen=True, slots=True)
class _StageView:
    """A stage of the funnel: counts in words, its drawing, and the reasons why molecules went with their bars."""

    name: str
    entered: str
    kept: str
    failed: str
    seconds: str
    picture: Markup
    reasons: list[tuple[str, str, Markup]]


@dataclass(frozen=True, slots=True)
class _SurvivorView:
    """A molecule that passed; `cells` are (text, what it is sorted by) in the order of the columns."""

    place: int
    row: str
    name: str
    smiles: str
    picture: Markup
    merit: str
    front: str
    parts: list[tuple[str, str, Markup]]
    cells: list[tuple[str, str]]


def render_screening(screened: Screened, *, lang: Language = "en", created: datetime) -> str:
    """Return a screening as one self-contained HTML document in English or Chinese; nothing is loaded.

    At most MOST_SURVIVORS survivors are drawn, which the page then says. The same input gives the same text; everything
    is escaped. Raises InputError for a language that the report does not speak, MissingExtraError without RDKit.
    """
    kept, sources = screened.kept[:MOST_SURVIVORS], Sources()
    columns = [one for one in screened.columns if any(one.key == key for row in kept for key, _ in row.values)]
    marks = [
        sources.number(say("scr_column_from", lang, name=one.name.said(lang), source=source_text(one.source, lang)))
        for one in columns
    ]
    heads = [
        (_head(one, lang), STAGE_NAMES[one.stage].said(lang), mark) for one, mark in zip(columns, marks, strict=True)
    ]
    return (
        environment()
        .get_template("screening.html")
        .render(
            say=partial(say, lang=lang),
            when=f"{created:%Y-%m-%d %H:%M %Z}".strip(),
            title=screened.title or say("scr_title", lang),
            library=screened.library,
            read=screened.stages[0].entered if screened.stages else 0,
            passed=len(screened.kept),
            stages=_stages(screened, lang),
            asked=[(STAGE_NAMES[one.stage].said(lang), one.asked.said(lang)) for one in screened.criteria],
            heads=heads,
            merit=any(one.merit is not None for one in kept),
            front=any(one.front is not None for one in kept),
            rows=[_survivor(one, columns, lang) for one in kept],
            failed=[
                (one.row, one.written, STAGE_NAMES[one.stage].said(lang), problem_text(one.problem, lang))
                for one in screened.failed[:_MOST_FAILED]
            ],
            failures=sum(one.failed for one in screened.stages),
            sources=sources.listed(lang),
        )
    )


def _stages(screened: Screened, lang: Language) -> list[_StageView]:
    most = max((one.entered for one in screened.stages), default=0)
    return [_stage(one, screened, most, lang) for one in screened.stages]


def _stage(one: StageCount, screened: Screened, most: int, lang: Language) -> _StageView:
    name = STAGE_NAMES[one.stage].said(lang)
    widest = max((count for _, count in one.dropped), default=1)
    kept, entered = f"{one.kept:,}", f"{one.entered:,}"
    return _StageView(
        name=name,
        entered=say("scr_entered", lang, count=entered),
        kept=kept,
        failed=f"{one.failed:,}" if one.failed else "",
        seconds=_seconds(one.seconds, lang),
        picture=_funnel(one.entered, one.kept, most, f"{name}{say('colon', lang)}{kept} / {entered}"),
        reasons=[
            (_asked(screened, key, lang), f"{count:,}", meter(count / widest, count / widest, f"{count:,}"))
            for key, count in one.dropped
        ],
    )


def _asked(screened: Screened, key: str, lang: Language) -> str:
    """What was asked, or the key itself where the table of criteria does not name it."""
    try:
        return screened.criterion(key).asked.said(lang)
    except InputError:
        return key


def _funnel(entered: int, kept: int, most: int, label: str) -> Markup:
    """One piece of the funnel: above as wide as what came in, below as what was kept, on a logarithmic scale."""
    whole = math.log10(most + 1) or 1.0
    above, below = (50 * math.log10(count + 1) / whole for count in (entered, kept))
    points = ((50 - above, 0), (50 + above, 0), (50 + below, 30), (50 - below, 30))
    return Markup(
        '<svg class="funnel" viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<polygon points="{}"/></svg>'
    ).format(label, " ".join(f"{x:.2f},{y}" for x, y in points))


def _seconds(seconds: float, lang: Language) -> str:
    if seconds < 120:
        return say("scr_seconds", lang, count=number_text(seconds, 2))
    return say("scr_minutes", lang, count=number_text(seconds / 60, 2))


def _head(column: Column, lang: Language) -> str:
    unit = unit_text(column.unit)
    return f"{column.name.said(lang)} ({unit})" if unit else column.name.said(lang)


def _survivor(one: Kept, columns: list[Column], lang: Language) -> _SurvivorView:
    values = dict(one.values)
    names = {column.key: column.name.said(lang) for column in columns}
    return _SurvivorView(
        place=one.place,
        row=say("scr_row", lang, row=one.row),
        name=one.molecule.name,
        smiles=one.molecule.smiles,
        picture=small(one.molecule.smiles, one.molecule.name),
        merit="" if one.merit is None else f"{one.merit:.2f}",
        front="" if one.front is None else str(one.front),
        parts=[_part(part, names.get(part.key, part.key), lang) for part in one.parts],
        cells=[
            (number_text(values[key], 3), f"{values[key]:.6g}") if key in values else ("", "")
            for key in (column.key for column in columns)
        ],
    )


def _part(part: Desired, name: str, lang: Language) -> tuple[str, str, Markup]:
    said = say(
        "scr_part",
        lang,
        name=name,
        value=number_text(part.value),
        desirability=f"{part.desirability:.2f}",
        weight=number_text(part.weight),
    )
    return said, name, meter(part.desirability, part.desirability, said)
