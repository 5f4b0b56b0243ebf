"""What a page shows of each finding, computed before the template sees it."""

from __future__ import annotations

from dataclasses import dataclass

from suwen.finding import Evidence, Finding
from suwen.report.chart import Axis, Bar, evidence_axis
from suwen.report.nouns import NONE_OF_THESE, DifferentialPage
from suwen.report.strings import Language, phrase
from suwen.report.wording import disease_name, evidence_sum, seen_text, signed
from suwen.subject import Code

__all__ = ["EvidenceRow", "Section", "TypicalRow", "evidence_rows", "page_axis", "sections"]

OPEN_AT_MOST = 3  # sections open on screen from the start; print opens all


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One bar with its words."""

    name: str
    code: str
    bearing: str
    sentence: str
    source: str
    weight: float
    text: str
    bar: Bar


@dataclass(frozen=True, slots=True)
class TypicalRow:
    """A typical feature of a disease and whether this patient has it (`present`, `excluded` or `unknown`)."""

    code: Code
    frequency: float | None
    state: str


@dataclass(frozen=True, slots=True)
class Section:
    """One ranked finding. `rank` counts diseases only and is 0 for "none of these", which is not a disease."""

    anchor: str
    rank: int
    name: str
    finding: Finding
    in_set: bool
    is_none: bool
    open: bool
    rows: tuple[EvidenceRow, ...]
    total: float
    total_text: str
    typical: tuple[TypicalRow, ...]


def page_axis(page: DifferentialPage) -> Axis:
    """Choose the one axis that all diseases of a page share, so that bars can be compared between them."""
    return evidence_axis(evidence.weight for finding in page.findings for evidence in finding.evidence)


def sections(page: DifferentialPage, lang: Language) -> tuple[Section, ...]:
    """Prepare every ranked finding for the page, in rank order."""
    axis = page_axis(page)
    rank, found = 0, []
    for place, finding in enumerate(page.findings):
        is_none = finding.code.value == NONE_OF_THESE
        rank += not is_none
        total = evidence_sum(finding)
        found.append(
            Section(
                anchor=f"disease-{place + 1}",
                rank=0 if is_none else rank,
                name=disease_name(finding.code, lang),
                finding=finding,
                in_set=place < page.shortlist,
                is_none=is_none,
                open=place < min(max(page.shortlist, 1), OPEN_AT_MOST),
                rows=evidence_rows(finding, axis, lang),
                total=total,
                total_text=signed(total),
                typical=_typical(page, finding),
            )
        )
    return tuple(found)


def evidence_rows(finding: Finding, axis: Axis, lang: Language) -> tuple[EvidenceRow, ...]:
    """Sort strongest support first and strongest contradiction last, so that the bars read as one slope."""
    ordered = sorted(finding.evidence, key=lambda evidence: -evidence.weight)
    return tuple(_row(evidence, axis, lang) for evidence in ordered)


def _row(evidence: Evidence, axis: Axis, lang: Language) -> EvidenceRow:
    return EvidenceRow(
        name=seen_text(evidence, lang),
        code=evidence.seen.value if isinstance(evidence.seen, Code) else "",
        bearing=phrase(f"bearing_{evidence.bearing.value}", lang),
        sentence=evidence.sentence,
        source=evidence.source,
        weight=evidence.weight,
        text=signed(evidence.weight),
        bar=axis.bar(evidence.weight),
    )


def _typical(page: DifferentialPage, finding: Finding) -> tuple[TypicalRow, ...]:
    present = {feature.code for feature in page.patient.observed}
    excluded = {feature.code for feature in page.patient.excluded}
    return tuple(
        TypicalRow(code, frequency, "present" if code in present else "excluded" if code in excluded else "unknown")
        for code, frequency in page.typical.get(finding.code.value, ())
    )
