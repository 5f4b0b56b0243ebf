"""What FHIR codings mean here: which terminology a system address names, and which answers say present or absent."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from suwen.formats.codes import DISEASE_SYSTEMS, curie
from suwen.formats.document import Place
from suwen.formats.fhir.terms.terminology import system_of
from suwen.subject import Code

__all__ = ["Concept", "answer", "concept", "is_finding_question", "raw_codes"]

_READ = frozenset({"HP", "MONDO", "OMIM", "ORPHA", "SNOMEDCT"})  # the terminologies that name features and diseases
_BARE = re.compile(r"#?[0-9]+")

# SNOMED CT qualifiers, LOINC answers, HL7 v2 and v3 codes, and words. What stands in neither table says nothing.
_PRESENT = frozenset(
    {
        *("52101004", "10828004", "260373001", "373066001"),  # SNOMED CT present, positive, detected, yes
        *("la9633-4", "la6576-8", "la33-6"),  # LOINC present, positive, yes
        *("y", "pos", "det", "present", "positive", "detected", "yes", "true"),
    }
)
_ABSENT = frozenset(
    {
        *("2667000", "260385009", "260415000", "373067005"),  # SNOMED CT absent, negative, not detected, no
        *("la9634-2", "la6577-6", "la32-8"),  # LOINC absent, negative, no
        *("n", "neg", "nd", "absent", "negative", "not detected", "not present", "no", "false"),
    }
)
_ABNORMAL = frozenset({"a", "aa", "h", "hh", "hu", "l", "ll", "lu", "h>", "l<"})  # meaningful as interpretation only
_SEVERITIES = frozenset({"hp:0012825", "hp:0012826", "hp:0012827", "hp:0012828", "hp:0012829"})  # a degree is presence

# Questions whose coded answer is a finding of the patient: symptom, clinical finding, diagnosis (LOINC); clinical
# finding, reported finding (SNOMED CT). Others (family history, smoking) answer something else with the same codes.
_FINDING_QUESTIONS = frozenset({"75325-1", "75321-0", "29308-4", "404684003", "418799008"})


@dataclass(frozen=True, slots=True)
class Concept:
    """The understood codings of one CodeableConcept: diseases, HPO terms, and SNOMED CT concepts.

    They are spellings of one thing, so the first kind that is there speaks for it, in this order.
    """

    diseases: tuple[Code, ...]
    phenotypes: tuple[Code, ...]
    snomed: tuple[Code, ...]

    @property
    def features(self) -> tuple[Code, ...]:
        """The codes under which this concept is a feature."""
        return self.phenotypes or self.snomed


def concept(place: Place | None, skipped: Counter[str]) -> Concept:
    """Codings of a CodeableConcept; those of other systems are counted in `skipped`, by the system's address."""
    codes: list[Code] = []
    for coding in place.entries("coding") if place is not None else []:
        system = coding.text("system")
        code = _code(coding, system)
        if code is not None:
            codes.append(code)
        elif coding.has("code") and _terminology(system) is None:
            skipped[system or "no system"] += 1
    return Concept(
        tuple(code for code in codes if code.system in DISEASE_SYSTEMS),
        tuple(code for code in codes if code.system == "HP"),
        tuple(code for code in codes if code.system == "SNOMEDCT"),
    )


def _terminology(system: str) -> str | None:
    found = system_of(system)
    return found.prefix if found is not None and found.prefix in _READ else None


def _code(coding: Place, system: str) -> Code | None:
    terminology = _terminology(system)
    text = coding.text("code").strip()
    if terminology is None or not text:
        return None
    value = curie(f"{terminology}:{text.lstrip('#')}" if _BARE.fullmatch(text) else text)
    if value is None or value.partition(":")[0] != terminology:
        coding.report("code", f"not a code of {terminology}, which its system names")
        return None
    return Code(value, coding.text("display"))


def raw_codes(place: Place | None) -> frozenset[str]:
    """Give the codes of a CodeableConcept of whatever system, or else its text, in lower case."""
    if place is None:
        return frozenset()
    codes = {coding.text("code").strip().lower() for coding in place.entries("coding")} - {""}
    return frozenset(codes or {place.text("text").strip().lower()} - {""})


def answer(codes: frozenset[str], *, interpretation: bool = False) -> bool | None:
    """Whether coded answers or words say present (True) or absent (False); None where they say neither, or both."""
    is_present = not codes.isdisjoint(_PRESENT | _SEVERITIES | (_ABNORMAL if interpretation else frozenset()))
    is_absent = not codes.isdisjoint(_ABSENT)
    return None if is_present == is_absent else is_present


def is_finding_question(codes: frozenset[str]) -> bool:
    """Whether an Observation with these codes asks which finding the patient has."""
    return not codes.isdisjoint(_FINDING_QUESTIONS)
