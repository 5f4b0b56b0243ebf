"""Addresses of what Suwen adds to FHIR R4 (extensions, codes, identifiers), and the files that define it.

No web domain is Suwen's own, so they are OIDs under an arc that a UUID gives to whoever drew it (ITU-T X.667 | ISO/IEC
9834-8, arc 2.25), written as `urn:oid:` (RFC 3061). They stay the same for ever; a new meaning gets a new number.
"""

from __future__ import annotations

from enum import Enum
from importlib import resources

from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.tree import parse_tree

__all__ = ["ROOT", "TRANSLATION", "Codes", "Extensions", "Identifiers", "ValueSets", "read_definitions"]

ROOT = "urn:oid:2.25.149591884341724486910286315380053513269"
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"


class Extensions(Enum):
    """Extensions, each defined by a StructureDefinition."""

    CLAIM = f"{ROOT}.1.1"  # what makes a resource a claim of Suwen's: rank, subject, area, standing, verdict, maker
    CHANCE = f"{ROOT}.1.2"
    EVIDENCE = f"{ROOT}.1.3"
    REVIEW = f"{ROOT}.1.4"
    MEASUREMENT = f"{ROOT}.1.5"
    REGION = f"{ROOT}.1.6"
    ATOMS = f"{ROOT}.1.7"
    SPAN = f"{ROOT}.1.8"
    FINDING = f"{ROOT}.1.9"  # a claim of a DiagnosticReport, whatever kind of resource it is
    WRITTEN = f"{ROOT}.1.10"  # a code that FHIR's type `code` cannot spell
    UNSAID = f"{ROOT}.1.11"  # a language in which a text is not there, though it is in another
    STRETCH = f"{ROOT}.1.12"


class Codes(Enum):
    """Code systems; a ValueSet of the same number under `.3` holds all of each."""

    BEARING = f"{ROOT}.2.1"
    VERDICT = f"{ROOT}.2.2"
    SUWEN = f"{ROOT}.2.3"  # the prefix `suwen`
    ISSUE = f"{ROOT}.2.4"  # the prefix `suwen-issue`
    SUBJECT = f"{ROOT}.2.5"
    DOCUMENT = f"{ROOT}.2.6"


class ValueSets(Enum):
    """Value sets that the extensions are bound to."""

    BEARING = f"{ROOT}.3.1"
    VERDICT = f"{ROOT}.3.2"
    ISSUE = f"{ROOT}.3.4"
    SUBJECT = f"{ROOT}.3.5"


class Identifiers(Enum):
    """Systems of identifiers."""

    CLAIM = f"{ROOT}.4.1"
    DATA_DIGEST = f"{ROOT}.4.2"  # of the data that a model answers from
    ACCOUNT = f"{ROOT}.4.3"  # of a person in Suwen


def read_definitions() -> list[Json]:
    """The StructureDefinitions, CodeSystems and ValueSets behind these addresses, for a server that wants them."""
    folder = resources.files("suwen.formats.fhir").joinpath("definitions")
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".json")), key=lambda one: one.name)
    return [parse_tree(one.read_text(encoding="utf-8")) for one in files]
