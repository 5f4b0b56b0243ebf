"""The nouns of reading clinical text: what was found where, whether it is so, whom it is about, and what decided it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from suwen.subject import Code, Measurement

__all__ = ["Hit", "Kind", "Mention", "Section", "Status", "When"]


class Kind(Enum):
    """What kind of thing a mention names."""

    PHENOTYPE = "phenotype"
    DISEASE = "disease"
    LAB = "laboratory value"
    VITAL = "vital sign"


class Status(Enum):
    """What the text says of a thing it names."""

    PRESENT = "present"
    ABSENT = "absent"
    POSSIBLE = "possible"  # suspected, to be ruled out, cannot be excluded
    CONDITIONAL = "conditional"  # if it should occur; on exertion it would ...
    FAMILY = "family"  # of a relative, whatever is said of it there
    PAST = "past"  # was so and is over
    PLANNED = "planned"  # to be looked for


class Section(Enum):
    """The part of a note a sentence stands in; it changes what a mention means."""

    NONE = ""
    COMPLAINT = "chief complaint"
    PRESENT_HISTORY = "history of present illness"
    PAST_HISTORY = "past history"
    PERSONAL_HISTORY = "personal and social history"
    FAMILY_HISTORY = "family history"
    REVIEW = "review of systems"
    EXAMINATION = "physical examination"
    TESTS = "tests"
    MEDICATION = "medication"
    DIAGNOSIS = "diagnosis"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Hit:
    """A stretch of normalised text that names a concept: `start` inclusive, `end` exclusive; `how` it was recognised.

    `code` is a CURIE, "" for a span that is a symptom without a concept. `score` in 0..1, 1 for a literal match.
    """

    start: int
    end: int
    code: str
    how: str
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class When:
    """When something was: as written, and where it can be told in years of age, in days (a duration) or as a date."""

    text: str
    age_years: float | None = None
    duration_days: float | None = None
    date: str = ""  # ISO 8601, as precise as it was written


@dataclass(frozen=True, slots=True)
class Mention:
    """A thing named in a text: `start` and `end` in characters of the text as it was given.

    `about` is "patient", or the relative as written ("mother", "母亲"). `rule` names what decided: the matcher, then
    the rule of scope or the section. `question` says why a value is doubted; a doubted value is not used.
    """

    start: int
    end: int
    text: str
    code: Code
    kind: Kind
    status: Status
    about: str = "patient"
    when: When | None = None
    severity: Code | None = None
    laterality: Code | None = None
    section: Section = Section.NONE
    rule: str = ""
    score: float = 1.0
    measurement: Measurement | None = None
    question: str = field(default="")
