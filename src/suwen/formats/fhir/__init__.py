"""FHIR R4 at the border: resources checked, read into nouns, and written again with nothing lost."""

from suwen.formats.fhir.nouns import Entry, Json
from suwen.formats.fhir.patients import FhirReading, is_fhir, read_fhir
from suwen.formats.fhir.stored import Stored
from suwen.formats.fhir.summary import Summary, summarise
from suwen.formats.fhir.tree import canonical, parse_tree, render

__all__ = [
    "Entry",
    "FhirReading",
    "Json",
    "Stored",
    "Summary",
    "canonical",
    "is_fhir",
    "parse_tree",
    "read_fhir",
    "render",
    "summarise",
]
