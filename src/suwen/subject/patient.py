"""The patient as Suwen sees one: who, how old, and which phenotypic features are known to be present or absent."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from suwen.subject.code import Code
from suwen.subject.seen import Span


class Sex(Enum):
    """Sex as recorded at birth or phenotypically; unknown stays unknown."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Feature:
    """A phenotypic feature that was looked for: present, or `excluded` (looked for and not there).

    `onset_years` is the age at which it began, in years, when known. `where` is its place in the document it was
    read from, so that a problem can point back to it; `span` are the words of a note that say so.
    """

    code: Code
    excluded: bool = False
    onset_years: float | None = None
    where: str = field(default="", compare=False)
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A diagnosis already made for a patient (used for solved cases), with its age of onset in years when known."""

    code: Code
    onset_years: float | None = None


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient with phenotypic features; `age_years` is the age at the last encounter.

    `diagnoses` are those already established; a differential never looks at them. `publication` is the source of a
    published case (`PMID:...`), which lets evidence from the same publication be left out.
    """

    id: str
    features: tuple[Feature, ...] = ()
    sex: Sex = Sex.UNKNOWN
    age_years: float | None = None
    diagnoses: tuple[Diagnosis, ...] = ()
    publication: str = ""

    @property
    def observed(self) -> tuple[Feature, ...]:
        """Features that are present."""
        return tuple(feature for feature in self.features if not feature.excluded)

    @property
    def excluded(self) -> tuple[Feature, ...]:
        """Features that were looked for and are absent."""
        return tuple(feature for feature in self.features if feature.excluded)
