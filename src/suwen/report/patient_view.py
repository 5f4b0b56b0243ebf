"""What a report on a patient says, worded in one language, before any page is laid out: HTML and PDF show the same."""

from __future__ import annotations

from dataclasses import dataclass

from suwen.report.chart import Axis
from suwen.report.strings import Language
from suwen.report.view import EvidenceRow

__all__ = [
    "AreaView",
    "ChanceView",
    "Fact",
    "FindingView",
    "GapsView",
    "Head",
    "PatientView",
    "ProvenanceView",
    "ReviewView",
]


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what stands beside it, one line for each text."""

    label: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """Who the report is about and when it was made; `label` names the patient on every page."""

    title: str
    label: str
    created: str
    facts: tuple[Fact, ...]
    lead: str
    gaps: str  # areas without an answer in one sentence; "" where there are none


@dataclass(frozen=True, slots=True)
class ChanceView:
    """A chance in words ("likely, 72.0%"), its interval in words, and all three numbers in percent for a bar."""

    text: str
    interval: str
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A verdict as it was given; `kind` is the enum's value, `before` says that the finding has changed since."""

    number: int
    finding: str
    kind: str
    verdict: str
    reason: str
    name: str
    by: str  # name and time
    when: str
    version: str
    before: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding: `rows` is all its evidence, `paper` what is printed of it, `more` says how much is not.

    `total` and `ratio` are the sum of the weights, "" where the finding has no probability. `notes` are sentences about
    the finding itself: no longer standing, amended, not worded in this language.
    """

    anchor: str
    number: int
    name: str
    code: str
    area: str
    urgency: str
    urgency_level: int
    chance: ChanceView
    verdict: str
    verdict_kind: str  # "confirmed", "amended", "rejected" or "none"
    review: ReviewView | None
    standing: bool
    open: bool
    notes: tuple[str, ...]
    rows: tuple[EvidenceRow, ...]
    paper: tuple[EvidenceRow, ...]
    more: str
    total: str
    ratio: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class AreaView:
    """What one area did; `kind` is the status's value."""

    anchor: str
    title: str
    kind: str
    status: str
    reason: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class GapsView:
    """What the report could not say: areas without an answer, data that no area read, data that could not be used."""

    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class ProvenanceView:
    """Who made the findings, how their probabilities were calibrated, how to read them, and their limits."""

    facts: tuple[Fact, ...]
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PatientView:
    """The whole report in one language, in the order of its pages."""

    lang: Language
    head: Head
    axis: Axis
    findings: tuple[FindingView, ...]
    areas: tuple[AreaView, ...]
    gaps: GapsView
    provenance: ProvenanceView
    reviews: tuple[ReviewView, ...]
