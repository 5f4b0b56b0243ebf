"""Findings out as FHIR R4 resources that any system can show, and back in unchanged."""

from suwen.formats.fhir.findings.addresses import read_definitions
from suwen.formats.fhir.findings.claims import VERDICTS, Claim, FindingReport, ReviewSaid
from suwen.formats.fhir.findings.reading import read_findings
from suwen.formats.fhir.findings.writing import KINDS, kind_of, write_findings

__all__ = [
    "KINDS",
    "VERDICTS",
    "Claim",
    "FindingReport",
    "ReviewSaid",
    "kind_of",
    "read_definitions",
    "read_findings",
    "write_findings",
]
