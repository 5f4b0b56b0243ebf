"""A note read whole: sections, sentences, concepts, values, and what is said of each."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files

from suwen.errors import InputError, NotFoundError
from suwen.knowledge import Knowledge, Ontology
from suwen.language.attributes import attributes
from suwen.language.chinese import ChineseMatcher
from suwen.language.corrections import Correction, apply_corrections, write_correction
from suwen.language.diseases import DiseaseMatcher
from suwen.language.english import EnglishMatcher
from suwen.language.normal import Normal, language_of, normalise
from suwen.language.nouns import Hit, Kind, Mention, Section, Status
from suwen.language.person import Person, person
from suwen.language.scope import PATIENT, judge
from suwen.language.sections import sections
from suwen.language.sentences import sentences
from suwen.language.value_meaning import meaning
from suwen.language.values import Value, values
from suwen.subject import Code, Measurement, Sex

__all__ = ["CorrectedReader", "NoteReader", "ReadNote", "Reader"]


_VERSION = "1"  # raised whenever the code reads a text otherwise with the same lists
_LANGUAGES = (None, "en", "zh")
_WORDS = re.compile(r"[\w\s,'/-]{1,40}")
_NORMAL = re.compile("正常|无异常|未见异常")  # what the grammar of symptoms reads as one, and is none
_VITALS = frozenset(
    {"8310-5", "8867-4", "9279-1", "8480-6", "8462-4", "59408-5", "2708-6", "8302-2", "29463-7", "39156-5"}
)


@dataclass(frozen=True, slots=True)
class ReadNote:
    """A text as it was given, its mentions in order of their place, and who it is about as far as it says."""

    text: str = field(repr=False)
    mentions: tuple[Mention, ...]
    person: Person


@dataclass(frozen=True, slots=True)
class _Part:
    """A section: where it begins, where its heading ends, and what it is."""

    start: int
    begins: int
    section: Section


@dataclass(frozen=True, slots=True)
class _Reading:
    """One text while it is read: as given and normalised, its sections and values, whose it is, how to label."""

    given: str = field(repr=False)
    normal: Normal = field(repr=False)
    parts: tuple[_Part, ...]
    values: tuple[Value, ...]
    who: Person
    lang: str | None
    shown: str

    def place(self, start: int, end: int) -> tuple[int, int, str]:
        """A span of the normalised text as it stands in the text that was given, with its words there."""
        low, high = self.normal.original(start, end)
        return low, high, self.given[low:high]

    def section(self, at: int) -> Section:
        """The section that a place of the normalised text lies in."""
        found = Section.NONE
        for part in self.parts:
            if part.start <= at:
                found = part.section
        return found


class NoteReader:
    """Reads notes with one state of knowledge; made once, it may be used by several threads."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._ontology = knowledge.ontology
        self._english = EnglishMatcher(knowledge.ontology)
        self._chinese = ChineseMatcher(knowledge.ontology)
        self._names = knowledge.diseases
        self._diseases = DiseaseMatcher(knowledge.diseases)

    def corrected_by(self, corrections: Sequence[Correction]) -> CorrectedReader:
        """A reader that applies what people put right."""
        return CorrectedReader(self, corrections)

    def read(
        self, text: str, *, lang: str | None = None, sex: Sex = Sex.UNKNOWN, age_years: float | None = None
    ) -> ReadNote:
        """Read a note in Chinese, English or both (`lang` None), or in one of them only.

        Labels are in `lang`, or else in the language that most of the text is in. Sex and age, which reference ranges
        depend on, are taken from the text where they are not given. Raises InputError for another language.
        """
        if lang not in _LANGUAGES:
            raise InputError(
                f"a note is read in 'en', 'zh' or both, not in {lang!r}",
                zh=f"文书按 'en'、'zh' 或两者读取，而非 {lang!r}",
            )
        normal = normalise(text)
        said = person(normal.text)
        who = Person(said.sex if sex is Sex.UNKNOWN else sex, said.age_years if age_years is None else age_years)
        parts = tuple(_Part(low, heading[1], section) for section, low, _, heading in sections(normal.text))
        shown = lang or language_of(normal.text)
        reading = _Reading(text, normal, parts, tuple(values(normal.text)), who, lang, shown)
        found = [*self._named(reading), *self._measured(reading)]
        found.sort(key=lambda one: (one.start, -one.end, one.code.value))
        return ReadNote(text, tuple(found), who)

    def _hits(self, reading: _Reading) -> Iterator[Hit]:
        """What is named, but for headings, values, and phenotypes inside the name of a disease."""
        text = reading.normal.text
        english = self._english.hits(text) if reading.lang != "zh" else []
        chinese = [one for one in self._chinese.hits(text) if one.code or not _NORMAL.search(text, one.start, one.end)]
        chinese = chinese if reading.lang != "en" else []
        phenotypes, diseases = [*english, *chinese], self._diseases.hits(text)
        taken = [(one.start, one.begins) for one in reading.parts] + [(one.start, one.end) for one in reading.values]
        same = {(one.start, one.end) for one in phenotypes}
        for one in phenotypes:
            if not any(_within(one, name) for name in diseases) and not _touches(one, taken):
                yield one
        yield from (one for one in diseases if (one.start, one.end) not in same and not _touches(one, taken))

    def _named(self, reading: _Reading) -> Iterator[Mention]:
        borders = sentences(reading.normal.text)
        starts = [low for low, _ in borders]
        groups: dict[int, list[Hit]] = {}
        for one in sorted(self._hits(reading), key=lambda one: (one.start, one.end)):
            groups.setdefault(max(0, bisect_right(starts, one.start) - 1), []).append(one)
        for at, hits in groups.items():
            first = hits[0].start
            headings = [part.begins for part in reading.parts if borders[at][0] <= part.start and part.begins <= first]
            low, high = max([borders[at][0], *headings]), max([borders[at][1], *(one.end for one in hits)])
            yield from self._judged(reading, low, high, hits)

    def _judged(self, reading: _Reading, low: int, high: int, hits: Sequence[Hit]) -> Iterator[Mention]:
        sentence, section = reading.normal.text[low:high], reading.section(hits[0].start)
        lang = language_of(sentence)
        spans = [(one.start - low, one.end - low) for one in hits]
        for one, span, said in zip(hits, spans, judge(sentence, spans, section=section, lang=lang), strict=True):
            more = attributes(sentence, span, lang)
            start, end, words = reading.place(one.start, one.end)
            yield Mention(
                start=start,
                end=end,
                text=words,
                code=self.code(Code(one.code), reading.shown),
                kind=Kind.DISEASE if one.how == "disease name" else Kind.PHENOTYPE,
                status=said.status,
                about=said.about,
                when=more.when,
                severity=more.severity and self.code(more.severity, reading.shown),
                laterality=more.laterality and self.code(more.laterality, reading.shown),
                section=section,
                rule="; ".join(filter(None, [one.how, _rule(said.rule)])),
                score=one.score,
            )

    @property
    def version(self) -> str:
        """What besides the text decides how it is read: rules, word lists, ontology."""
        return f"reader {_VERSION} {_lists_digest()[:12]}; HPO {self._ontology.release}"

    @property
    def ontology(self) -> Ontology:
        """The ontology whose concepts are recognised."""
        return self._ontology

    def code(self, code: Code, lang: str, *, strict: bool = False) -> Code:
        """A code with its label in a language; one that is not known stays as it is, or with `strict` NotFoundError."""
        value = self._ontology.retired.get(code.value, code.value) or code.value
        if value in self._ontology.number:
            return self._ontology.code(self._ontology.number[value], lang)
        if value in self._names.number:
            return self._names.code(self._names.number[value], lang)
        if strict:
            raise NotFoundError(
                f"{code.value} is neither a term of HPO {self._ontology.release} nor a known disease",
                zh=f"{code.value} 既不是 HPO {self._ontology.release} 的术语，也不是已知疾病",
            )
        return code

    def _measured(self, reading: _Reading) -> Iterator[Mention]:
        """Values: outside their range as what they mean, else under the code of what was measured."""
        for one in reading.values:
            said = meaning(one, sex=reading.who.sex, age_years=reading.who.age_years)
            start, end, words = reading.place(one.start, one.end)
            zh = reading.shown == "zh"
            names = (one.analyte.names_zh if zh else ()) or one.analyte.names
            analyte = Code(one.analyte.code.value, names[0])
            yield Mention(
                start=start,
                end=end,
                text=words,
                code=analyte if said.code is None else self.code(said.code, reading.shown),
                kind=Kind.VITAL if one.analyte.kind == "vital" else Kind.LAB,
                status=Status.PRESENT,
                about=PATIENT,
                section=reading.section(one.start),
                rule=said.reason_zh if zh else said.reason,
                measurement=Measurement(
                    analyte,
                    float(one.value if said.value is None else said.value),
                    one.unit if said.value is None else said.unit,
                ),
                question=said.question_zh if zh else said.question,
            )


@cache
def _lists_digest() -> str:
    """SHA-256 (hex) over every word list and rule table of this room."""
    whole = hashlib.sha256()
    room = files("suwen.language")
    for folder in (room, room.joinpath("lexicon_zh"), room.joinpath("rules")):
        for one in sorted(folder.iterdir(), key=lambda one: one.name):
            if one.name.endswith((".tsv", ".txt")):
                whole.update(one.read_bytes())
    return whole.hexdigest()


def _rule(name: str) -> str:
    """The name of a rule for a reader: what it does, and its cue where that is words and no pattern of words."""
    effect, _, cue = name.partition(":")
    return f"{effect}: {cue}" if cue and _WORDS.fullmatch(cue) else effect


def _within(hit: Hit, name: Hit) -> bool:
    """Whether a hit lies in a longer name."""
    return name.start <= hit.start and hit.end <= name.end and (name.start, name.end) != (hit.start, hit.end)


def _touches(hit: Hit, places: Sequence[tuple[int, int]]) -> bool:
    return any(low < hit.end and hit.start < high for low, high in places)


class CorrectedReader:
    """A reader that applies what people put right in the texts they saw; everything else is read as before."""

    def __init__(self, reader: NoteReader, corrections: Sequence[Correction]) -> None:
        self._reader, self._corrections = reader, tuple(corrections)

    def corrected_by(self, corrections: Sequence[Correction]) -> CorrectedReader:
        """A reader that applies these too."""
        return CorrectedReader(self._reader, [*self._corrections, *corrections])

    @property
    def ontology(self) -> Ontology:
        """The ontology whose concepts are recognised."""
        return self._reader.ontology

    @property
    def version(self) -> str:
        """That of the reader, and which corrections were applied."""
        said = "\n".join(write_correction(one) for one in self._corrections)
        return f"{self._reader.version}; corrections {hashlib.sha256(said.encode()).hexdigest()[:12]}"

    def read(
        self, text: str, *, lang: str | None = None, sex: Sex = Sex.UNKNOWN, age_years: float | None = None
    ) -> ReadNote:
        """As `NoteReader.read`, with the corrections of this very text."""
        note = self._reader.read(text, lang=lang, sex=sex, age_years=age_years)
        return replace(note, mentions=apply_corrections(text, note.mentions, self._corrections))


Reader = NoteReader | CorrectedReader  # what reads the texts of a record
