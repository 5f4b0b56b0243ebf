"""FHIR R4 at the border: resources checked, read into nouns, searched, and written again with nothing lost."""

from suwen.formats.fhir.checking.validate import Checked, check
from suwen.formats.fhir.documents import Document, read_document, write_bundle
from suwen.formats.fhir.findings import Claim, FindingReport, read_definitions, read_findings, write_findings
from suwen.formats.fhir.ndjson import Line, open_lines, read_lines
from suwen.formats.fhir.nouns import Entry, Json
from suwen.formats.fhir.patients import FhirReading, is_fhir, read_fhir
from suwen.formats.fhir.searching.parsing import parse_query
from suwen.formats.fhir.searching.search import search
from suwen.formats.fhir.stored import Stored
from suwen.formats.fhir.summary import Summary, summarise
from suwen.formats.fhir.tree import canonical, parse_tree, render

__all__ = [
    "Checked",
    "Claim",
    "Document",
    "Entry",
    "FhirReading",
    "FindingReport",
    "Json",
    "Line",
    "Stored",
    "Summary",
    "canonical",
    "check",
    "is_fhir",
    "open_lines",
    "parse_query",
    "parse_tree",
    "read_definitions",
    "read_document",
    "read_fhir",
    "read_findings",
    "read_lines",
    "render",
    "search",
    "summarise",
    "write_bundle",
    "write_findings",
]
