"""From a note that was read to the patient the differential weighs; what it says both ways is settled and said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from suwen.knowledge import Ontology
from suwen.language.features import to_features
from suwen.language.nouns import Mention
from suwen.language.person import Person
from suwen.subject import Feature, Patient, Sex

__all__ = ["NotePatient", "is_prose", "note_patient", "without_contradictions"]

_LONG = 60  # characters of a line that is a sentence rather than the name of a term; the longest name has 120
_CODED = re.compile(
    r"^\s*[-!]?\s*(?:HPO?\s?[:_]\s?\d|(?:id|sex|age|编号|性别|年龄)\s*[:=：])", re.IGNORECASE | re.MULTILINE
)
_SENTENCE = re.compile(r"[。；]|[a-z]{3,}[.;]\s+[A-Z]|[，,][^\n]{1,40}[，,]")


@dataclass(frozen=True, slots=True)
class NotePatient:
    """A patient read from a note, and remarks on what was settled, by language."""

    patient: Patient
    remarks: dict[str, tuple[str, ...]]


def is_prose(text: str) -> bool:
    """Whether a text is a note rather than a list of terms: it has sentences, and no line that is coded."""
    if _CODED.search(text):
        return False
    return bool(_SENTENCE.search(text)) or any(len(line.strip()) > _LONG for line in text.splitlines())


def note_patient(
    mentions: Iterable[Mention],
    person: Person,
    ontology: Ontology,
    *,
    name: str,
) -> NotePatient:
    """The features that count, with sex and age as the note says; `name` is the patient's id and that of the text."""
    read = to_features(mentions, name)
    known = tuple(one for one in read.features if _is_known(one, ontology))
    kept, remarks = without_contradictions(known, ontology)
    said = {lang: (*(_both(code, ontology, lang) for code in read.both), *remarks[lang]) for lang in remarks}
    sex = person.sex if isinstance(person.sex, Sex) else Sex.UNKNOWN
    return NotePatient(Patient(name, kept, sex, person.age_years), said)


def without_contradictions(
    features: Iterable[Feature], ontology: Ontology
) -> tuple[tuple[Feature, ...], dict[str, tuple[str, ...]]]:
    """Drop what is said to be absent although something present implies it, and say so in each language.

    In a note that is a figure of speech ("no heart defect but a small VSD") rather than a contradiction: the more
    special statement counts.
    """
    every = tuple(features)
    present = [ontology.number[one.code.value] for one in every if not one.excluded]
    implied = {int(term): of for of in present for term in ontology.ancestors(of)}
    dropped = [one for one in every if one.excluded and ontology.number[one.code.value] in implied]
    remarks: dict[str, tuple[str, ...]] = {"en": (), "zh": ()}
    for lang in remarks:
        remarks[lang] = tuple(_implied(one, implied, ontology, lang) for one in dropped)
    return tuple(one for one in every if one not in dropped), remarks


def _is_known(feature: Feature, ontology: Ontology) -> bool:
    number = ontology.number.get(feature.code.value)
    return number is not None and ontology.in_branch(number)


def _both(code: str, ontology: Ontology, lang: str) -> str:
    label = ontology.label(ontology.number[code], lang) if code in ontology.number else code
    if lang == "zh":
        return f"文中既称有“{label}”（{code}），又称无；按有计"
    return f"the text says of {label} ({code}) that it is present and that it is absent; it counts as present"


def _implied(feature: Feature, implied: dict[int, int], ontology: Ontology, lang: str) -> str:
    term = ontology.number[feature.code.value]
    general, special = ontology.label(term, lang), ontology.label(implied[term], lang)
    if lang == "zh":
        return f"文中称无“{general}”，但有“{special}”，后者蕴含前者；按有计"
    return f"the text denies {general} and states {special}, which implies it; the statement counts"
