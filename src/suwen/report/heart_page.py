"""The risk of a person as one HTML file that opens anywhere: no script, no request, both languages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from suwen.diagnosis.heart.answer import Answer
from suwen.diagnosis.heart.china_2019 import Stratum, at_its_cuts, lipid_table, stratum_2019
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.findings import said_value
from suwen.diagnosis.heart.outcomes import labels
from suwen.report.heart_charts import PERSON, step
from suwen.report.heart_strings import say
from suwen.report.heart_view import groups, part, refused, turned
from suwen.report.html import environment
from suwen.report.strings import Language

__all__ = ["heart_html"]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A stratum of a guideline in words: its band, the reasons, and the boxes on the way with their answers."""

    band: str
    lifetime: str
    reasons: list[str]
    path: list[tuple[str, str]]
    unverified: str
    source: str


def heart_html(answer: Answer, *, lang: Language = "en", created: datetime) -> str:
    """Return the page as one self-contained HTML document in English or Chinese.

    The same answer, language and time give the same text, byte for byte; everything is escaped. Raises InputError for a
    language that the report does not speak.
    """
    person = answer.read.person
    return (
        environment()
        .get_template("heart.html")
        .render(
            say=partial(say, lang=lang),
            when=f"{created:%Y-%m-%d %H:%M %Z}".strip(),
            asked=len(answer.answers),
            person_symbol=PERSON,
            arrow=step("→"),
            inputs=[(FACTORS[key].name.said(lang), said_value(key, value, lang)) for key, value in _ordered(answer)],
            derived=[one.said(lang) for one in answer.read.derived],
            groups=groups(answer, lang),
            parts=[part(one, answer, lang) for one in answer.risks],
            guideline=_placed(stratum_2019(person), lang),
            lipids=_placed(lipid_table(person), lang),
            cuts=_cuts(answer, lang),
            turns=[turned(one, lang) for one in answer.changes],
            changed=_changed(answer, lang),
            followed=list(dict.fromkeys(said.said(lang) for one in answer.changes for said in one.followed)),
            refused=refused(answer.refused, lang),
        )
    )


def _ordered(answer: Answer) -> list[tuple[str, float | str]]:
    """The known values in the order of the table of factors."""
    values = answer.read.person.values
    return [(key, values[key]) for key in FACTORS if key in values]


def _placed(found: Stratum, lang: Language) -> _Placed:
    return _Placed(
        band=say("heart_cannot", lang) if found.band is None else found.band.said(lang),
        lifetime="" if found.lifetime is None else found.lifetime.said(lang),
        reasons=[one.said(lang) for one in found.reasons],
        path=[(one.asks.said(lang), "" if one.answer is None else one.answer.said(lang)) for one in found.path],
        unverified="" if found.unverified is None or found.band is None else found.unverified.said(lang),
        source=found.source,
    )


def _cuts(answer: Answer, lang: Language) -> list[tuple[str, str]]:
    """How many of the 10-year equations stand in each stratum, and which."""
    found = at_its_cuts(answer.risks)
    if len(found) < 2:
        return []
    named = labels(one for one in answer.risks if one.equation in found)
    names: dict[str, list[str]] = {}
    for key, band in found.items():
        names.setdefault(say("heart_crosses", lang) if band is None else band.said(lang), []).append(
            named[key].said(lang)
        )
    return [
        (
            say("heart_cuts_count", lang, band=band, count=len(ones), all=len(found)),
            say("heart_semicolon", lang).join(ones),
        )
        for band, ones in names.items()
    ]


def _changed(answer: Answer, lang: Language) -> str:
    """What the what-if changes, with the values before."""
    said = []
    for key, value in (answer.changed or {}).items():
        before = answer.read.person.values.get(key)
        shown = said_value(key, value, lang)
        if before is not None:
            shown = say("heart_to", lang, one=said_value(key, before, lang), other=shown)
        said.append(f"{FACTORS[key].name.said(lang)} {shown}")
    return say("heart_semicolon", lang).join(said)
