"""The nouns of a consult: what an area answered, a finding as filed, and what a person said of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from suwen.finding import Finding
from suwen.formats.fhir.nouns import Json
from suwen.language.corrections import Correction
from suwen.records.demographics import Demographics

__all__ = [
    "Area",
    "AreaReport",
    "Consultation",
    "Filed",
    "Filing",
    "Given",
    "Review",
    "Status",
    "Verdict",
    "Weighed",
    "Words",
]

Words = Mapping[str, str]  # the same text by language: "en", "zh"


class Verdict(Enum):
    """What a person says of a finding."""

    CONFIRMED = "confirmed"
    AMENDED = "amended"  # true in part: the finding was put right
    REJECTED = "rejected"  # kept as a label for learning


class Status(Enum):
    """How an area fared with a patient."""

    DONE = "done"
    NOTHING = "nothing"  # the record holds nothing that the area could weigh
    UNAVAILABLE = "unavailable"  # something that the area needs is not installed
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Review:
    """A person's verdict on one version of a finding: `by` is the account's id, `at` in microseconds UTC.

    `made_with` and `inputs` are those of the version that was judged: a later answer of the area changes the finding's.
    """

    verdict: Verdict
    reason: str = field(repr=False)
    by: str
    name: str  # of the person, as the account had it then
    at: int
    version: int
    made_with: str = ""
    inputs: str = ""


@dataclass(frozen=True, slots=True)
class Filed:
    """A finding as it lies in the record.

    `area` made it ("" where it was filed by hand) and `claim` is the code it made it with: they stay the same when
    numbers change or a person amends the code. `words` holds the finding in other languages. `standing` is False when
    the area's latest run no longer makes the claim. `urgency`: 3 at once, 2 today, 1 soon, 0 for consideration.
    `found` is what the area says by language ("en" the first), also where a person amended it; `made_with` is the
    area's version (model, knowledge, settings), `inputs` the SHA-256 (hex) of what it was given then.
    """

    record: str
    version: int
    at: int
    area: str
    claim: str
    finding: Finding
    words: Mapping[str, Finding] = field(default_factory=dict)
    reviews: tuple[Review, ...] = ()
    standing: bool = True
    urgency: int = 0
    found: Mapping[str, Finding] = field(default_factory=dict)
    made_with: str = ""
    inputs: str = ""

    def worded(self, lang: str) -> Finding:
        """The finding in a language; in English where it was not worded in that one."""
        return self.words.get(lang, self.finding)

    @property
    def verdict(self) -> Verdict | None:
        """The latest verdict, None before anybody has given one."""
        return self.reviews[-1].verdict if self.reviews else None


@dataclass(frozen=True, slots=True)
class AreaReport:
    """What one area did with a patient.

    `version` names model and knowledge, `inputs` is the SHA-256 (hex) of what it was given: with both unchanged
    nothing is run again (`rerun` False). `used` counts the resources read by type, `left_out` what was seen and could
    not be used, by reason. `reason` says why there is no answer, `limits` what the answer does not cover. `remarks` are
    in English, `remarks_in` holds them in other languages.
    """

    area: str
    title: Words
    status: Status
    version: str
    inputs: str
    rerun: bool
    at: int
    reason: Words = field(default_factory=dict)
    used: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    limits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    remarks_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def remarked(self, lang: str) -> tuple[str, ...]:
        """The remarks in a language; in English where there are none in that one."""
        return self.remarks_in.get(lang, self.remarks)


@dataclass(frozen=True, slots=True)
class Consultation:
    """Everything all areas say about one patient: `findings` in the order of what matters most.

    `available` counts the resources of the record by type, whether an area read them or not.
    """

    patient: str
    demographics: Demographics
    at: int
    areas: tuple[AreaReport, ...]
    findings: tuple[Filed, ...]
    available: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Given:
    """What an area was given: a noun that holds what it needs and nothing more, and the noun's SHA-256 (hex).

    `used` counts the resources that went into the noun by type, `left_out` what was seen and did not, by reason.
    """

    noun: Any = field(repr=False)
    digest: str
    used: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filing:
    """A finding that an area wants filed: in English, and in other languages in `words`."""

    finding: Finding
    words: Mapping[str, Finding] = field(default_factory=dict)
    urgency: int = 0


@dataclass(frozen=True, slots=True)
class Weighed:
    """What an area answers, most important first; with status NOTHING `reason` says why there is no answer."""

    findings: tuple[Filing, ...] = ()
    sources: tuple[str, ...] = ()
    limits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    remarks_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    status: Status = Status.DONE
    reason: Words = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Area:
    """One field of medicine in a consult: which types of resources it may see, and its two pure functions.

    `prepare(resources, patient)` takes the resources of `kinds`, oldest first, and the patient's id (hex); where
    "Patient" is among the kinds the first of them may be made from the register (birth date and sex). `weigh(noun)`
    answers. `version` names all that besides the noun decides the answer: model, knowledge, settings. `missing` says
    what is not installed, {} where nothing is. `corrected` makes the same area with what people put right in the texts
    of the patient, None where it reads none.
    """

    name: str
    title: Words
    kinds: frozenset[str]
    version: str
    prepare: Callable[[Sequence[Json], str], Given] = field(repr=False)
    weigh: Callable[[Any], Weighed] = field(repr=False)
    missing: Words = field(default_factory=dict)
    corrected: Callable[[Sequence[Correction]], Area] | None = field(default=None, repr=False)
