"""Borders: documents of the outside world parsed into nouns, and nouns written out again."""

from suwen.formats.decode import MAX_BYTES
from suwen.formats.fhir import FhirReading, read_fhir
from suwen.formats.phenopacket import read_phenopackets
from suwen.formats.phenopacket_writer import write_phenopacket
from suwen.formats.reading import iter_cases, read, read_bytes, read_text
from suwen.formats.terms import read_terms

__all__ = [
    "MAX_BYTES",
    "FhirReading",
    "iter_cases",
    "read",
    "read_bytes",
    "read_fhir",
    "read_phenopackets",
    "read_terms",
    "read_text",
    "write_phenopacket",
]
