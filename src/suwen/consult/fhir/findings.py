"""The findings filed with a patient as FHIR resources, for whoever the record is handed to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from suwen.consult.consultation import read_consultation
from suwen.consult.nouns import Consultation, Filed, Review
from suwen.formats.fhir.findings import Claim, FindingReport, ReviewSaid, write_findings
from suwen.formats.fhir.nouns import Json
from suwen.records.access import Purpose
from suwen.records.gate import Records
from suwen.records.people import Actor

__all__ = ["fhir_findings", "finding_report", "report_of"]

_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_TITLE = {"en": "Findings of Suwen", "zh": "素问的发现"}


def fhir_findings(
    actor: Actor,
    records: Records,
    patient: str,
    *,
    reference: str = "",
    purpose: Purpose = Purpose.TREATMENT,
    lang: str = "en",
) -> list[Json]:
    """The findings of a patient with their evidence, makers and reviews as FHIR resources; [] where there are none.

    `reference` is how the document they go into points at the patient; by default `Patient/` and the patient's id.
    What a reader sees (`text`) is in `lang`. Raises as `read_consultation`.
    """
    found = read_consultation(actor, records, patient, purpose=purpose)
    if not found.findings:
        return []
    return write_findings(finding_report(found, reference or f"Patient/{found.patient}"), lang=lang)


def finding_report(found: Consultation, reference: str) -> FindingReport:
    """A consultation's findings as they go out: in the order of what matters."""
    at = max([found.at, *(one.at for one in found.findings)])
    return report_of(found.findings, at, reference)


def report_of(findings: Sequence[Filed], at: int, reference: str) -> FindingReport:
    """Findings in the order of what matters as they go out; `at` in microseconds UTC."""
    return FindingReport(reference, _moment(at), tuple(map(_claim, findings)), _TITLE)


def _claim(one: Filed) -> Claim:
    return Claim(
        id=one.record,
        finding=one.finding,
        words=one.words,
        verdict=one.verdict.value if one.verdict else "",
        reviews=tuple(map(_said, one.reviews)),
        urgency=one.urgency,
        area=one.area,
        standing=one.standing,
        at=_moment(one.at),
    )


def _said(one: Review) -> ReviewSaid:
    return ReviewSaid(one.verdict.value, one.reason, one.name, one.by, _moment(one.at))


def _moment(microseconds: int) -> datetime:
    return _1970 + timedelta(microseconds=microseconds)
