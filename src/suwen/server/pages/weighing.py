"""The differential of an opened record, worked out anew whenever something in it was put right or answered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from suwen.consult import BEDSIDE, Given, Record, differential_given, resource_of
from suwen.diagnosis import Prior, assess
from suwen.errors import DataError
from suwen.report import DifferentialPage, differential_page
from suwen.report.chart import Axis
from suwen.report.strings import Language
from suwen.report.view import EvidenceRow, Section, page_axis, sections
from suwen.report.wording import chance_text, interval_text, percent
from suwen.server.house import House
from suwen.server.pages.patient_frame import Head
from suwen.subject import Feature

__all__ = ["Answered", "Ranked", "Weighed", "entered_in", "tongue_of", "weigh"]

_READ_AS = re.compile(r"(?:features\[\d+\]: )?(\S+) was read as (HP:\d+) (.+)")
_HPO = "http://human-phenotype-ontology.org"


@dataclass(frozen=True, slots=True)
class Ranked:
    """A disease (or "none of these") on the page: its section, and its evidence divided for "why" and "why not"."""

    section: Section
    chance: str
    interval: str
    value: float
    low: float | None
    high: float | None
    why: tuple[EvidenceRow, ...]
    against: tuple[EvidenceRow, ...]
    neutral: tuple[EvidenceRow, ...]
    missing: tuple[tuple[str, str, str], ...]  # typical features not seen: name, how often ("" unknown), state

    @property
    def word(self) -> str:
        """The anchor of its section."""
        return self.section.anchor


@dataclass(frozen=True, slots=True)
class Answered:
    """A feature that was entered by hand here, with its record: it can be taken back."""

    record: str
    version: int
    code: str
    present: bool


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the page shows; `page` is None where there is nothing to weigh, and `problem` says why: a key of words."""

    given: Given | None
    page: DifferentialPage | None = None
    axis: Axis | None = None
    ranked: tuple[Ranked, ...] = ()
    answered: tuple[Answered, ...] = ()
    problem: str = ""
    left_out: tuple[tuple[str, int], ...] = field(default=())
    read: tuple[tuple[str, str, str], ...] = ()  # codes that were read as terms: code, term, its name
    notes: tuple[str, ...] = ()  # what else is to be said of the features

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features that were weighed, worded."""
        return self.page.patient.features if self.page else ()


def weigh(house: House, head: Head, lang: str, *, top: int = 10) -> Weighed:
    """Weigh what the record holds now. Texts are read with the corrections in it.

    Where the knowledge is still being opened, or not installed, or the record holds no feature, `problem` says so.
    """
    if not house.science.ready:
        return Weighed(None, problem="opening")
    try:
        engine, reader = house.science.engine(), house.science.reader()
    except DataError:
        return Weighed(None, problem="no_knowledge")
    given = differential_given(head.look.records, head.id, reader)
    left_out = tuple(sorted(given.left_out.items()))
    answered = tuple(entered_in(head.look.records))
    if not given.noun.features:
        return Weighed(given, problem="no_features", answered=answered, left_out=left_out)
    assessment = assess(given.noun, knowledge=engine, prior=Prior(setting="rare"), lenient=True)
    if not assessment.features.observed and not assessment.features.excluded:
        return Weighed(given, problem="no_features", answered=answered, left_out=left_out)
    tongue = tongue_of(lang)
    page = differential_page(assessment, top=top, lang=tongue)
    ranked = tuple(map(partial(_ranked, lang=tongue), sections(page, tongue)))
    labels = {one.code.value: one.code.label or one.code.value for one in page.patient.features}
    read, notes = _read_as(page.notes, labels)
    return Weighed(given, page, page_axis(page), ranked, answered, "", left_out, read, notes)


def _read_as(
    notes: Iterable[str], labels: Mapping[str, str]
) -> tuple[tuple[tuple[str, str, str], ...], tuple[str, ...]]:
    """Of the notes on features those that say as which term a code was read, as fields; and the others as they are."""
    read, others = [], []
    for note in dict.fromkeys(notes):
        found = _READ_AS.fullmatch(note)
        if found:
            code, term, name = found.groups()
            read.append((code, term, labels.get(term, name)))
        else:
            others.append(note)
    return tuple(read), tuple(others)


def tongue_of(lang: str) -> Language:
    """A visitor's language as the reports know it."""
    return "zh" if lang == "zh" else "en"


def _ranked(section: Section, *, lang: Language) -> Ranked:
    chance = section.finding.chance
    low, high = ((None if one is None else round(100 * one, 4)) for one in (chance.low, chance.high))
    missing = (
        (one.code.label or one.code.value, percent(one.frequency, lang) if one.frequency is not None else "", one.state)
        for one in section.typical
        if one.state != "present"
    )
    return Ranked(
        section=section,
        chance=chance_text(chance.value, lang),
        interval=interval_text(chance.low, chance.high, lang),
        value=round(100 * (chance.value or 0.0), 4),
        low=low,
        high=high,
        why=tuple(one for one in section.rows if one.bar.side == "for"),
        against=tuple(reversed([one for one in section.rows if one.bar.side == "against"])),
        neutral=tuple(one for one in section.rows if one.bar.side == "zero"),
        missing=tuple(missing),
    )


def entered_in(records: Sequence[Record]) -> list[Answered]:
    """The features entered by hand here, the latest last; what came from elsewhere is not taken back on this page."""
    found = []
    for one in records:
        resource = resource_of(one) if one.kind == "Observation" else None
        if resource is None or not isinstance(resource.get("valueBoolean"), bool):
            continue
        if (resource.get("meta") or {}).get("source") != BEDSIDE:
            continue
        concept = resource.get("code")
        codings = concept.get("coding") if isinstance(concept, dict) else None
        first = codings[0] if isinstance(codings, list) and codings and isinstance(codings[0], dict) else {}
        if first.get("system") == _HPO and isinstance(first.get("code"), str):
            found.append(Answered(one.id, one.version, first["code"], resource["valueBoolean"]))
    return found
