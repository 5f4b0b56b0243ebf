"""What an area is given of a record: the few facts it needs as a noun, without name, identifier, address or calendar.

A resource is cut down to the members that are read before anything reads it; what is left out is counted by reason.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from suwen.consult.facts import (
    NO_DATE,
    NO_TERM,
    NO_TEXT,
    NOT_DONE,
    OF_PATIENT,
    TIMES,
    UNREADABLE,
    at,
    digest,
    from_register,
    moment,
    named,
    reason_in,
    sound_of,
    statuses,
    used_of,
    who_of,
)
from suwen.consult.nouns import Given
from suwen.errors import FormatError
from suwen.formats.fhir.attachments import texts_of
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.patients import read_fhir
from suwen.formats.fhir.tree import canonical
from suwen.language.features import to_features
from suwen.subject import Code, Feature, Patient, Sex

if TYPE_CHECKING:
    from suwen.diagnosis import Chronicle, Dated, Moment
    from suwen.language.reader import Reader

__all__ = [
    "CHRONICLE_KINDS",
    "NO_TERM",
    "PATIENT_KINDS",
    "TEXT_KINDS",
    "UNREADABLE",
    "chronicle",
    "features",
    "from_register",
    "reason_in",
]

PATIENT_KINDS = frozenset({"Patient", "Condition", "Observation"})
TEXT_KINDS = frozenset({"DocumentReference", "DiagnosticReport", "Condition", "Observation"})
_OF_FACT = (
    *("resourceType", "status", "verificationStatus", "code", "valueBoolean", "valueCodeableConcept", "valueString"),
    *("interpretation", "dataAbsentReason", "component", "focus", "onsetDateTime", "onsetAge", "onsetRange"),
    *("onsetPeriod", "abatementDateTime", "recordedDate", "effectiveDateTime", "issued"),
)

_TRACING = "11524-6"  # LOINC: EKG study
_CODED = MappingProxyType({"Encounter": "type", "Immunization": "vaccineCode"})  # else "code"
_SYSTEMS = MappingProxyType({"http://loinc.org": "LOINC", "http://snomed.info/sct": "SNOMEDCT"})
_OF_VALUE = frozenset({"component", "bodySite", "method", "focus"})  # the left eye and the right are not the same
_UNDONE = frozenset({"planned", "cancelled", "not-done", "draft", "registered"})
CHRONICLE_KINDS = frozenset({"Patient", *TIMES})
_ENTRY = re.compile(r"entry\[(\d+)\]\.resource(?:\.(\w+))?")


def features(resources: Sequence[Json], patient: str, *, reader: Reader | None = None) -> Given:
    """Features, sex and age of a patient (a `Patient` with this id): all that a differential needs.

    The newest Patient resource counts, and the register where it is silent. Age is that at the latest date of what was
    read (or at death): in days below two years, in whole months above. With a `reader` texts are read too: a feature
    that they alone state has the words as its span; what is coded counts more than what is written. What cannot be read
    is left out and counted.
    """
    left_out, who = Counter[str](), who_of(resources)
    facts = [one for one in sound_of(resources, left_out) if one["resourceType"] in PATIENT_KINDS]
    found, read = _read(facts, who, patient, left_out)
    years = found.age_years
    if years is not None and years >= 2:
        years = int(years * 12 + 1e-9) / 12
    coded = [Feature(Code(one.code.value), one.excluded) for one in found.features]
    written, texts = _written(resources, reader, found.sex, years, left_out) if reader is not None else ([], [])
    known = {one.code.value for one in coded}
    said = sorted(
        [*coded, *(one for one in written if one.code.value not in known)],
        key=lambda one: (one.code.value, one.excluded),
    )
    noun = Patient(patient, tuple(said), found.sex, years)
    return Given(noun, digest(noun), used_of(who, [*read, *texts]), +left_out)


def _written(
    resources: Sequence[Json], reader: Reader, sex: Sex, years: float | None, left_out: Counter[str]
) -> tuple[list[Feature], list[Json]]:
    """What the texts of a record say, the latest first where they disagree, and the resources that had a text."""
    found: dict[str, Feature] = {}
    read: list[Json] = []
    sound = sound_of(resources, Counter())
    bearing = (one for one in sound if one["resourceType"] in TEXT_KINDS and not _is_tracing(one))
    for one in sorted(bearing, key=_written_at, reverse=True):
        texts = list(texts_of(one))
        left_out[NO_TEXT] += sum(bool(text.problem) for text in texts)
        for text in (text for text in texts if not text.problem):
            mentions = reader.read(text.text, sex=sex, age_years=years).mentions
            for feature in to_features(mentions, f"{named(one)}#{text.where}").features:
                found.setdefault(feature.code.value, feature)
        if any(not text.problem for text in texts):
            read.append(one)
    present = [reader.ontology.number[one.code.value] for one in found.values() if not one.excluded]
    implied = {int(term) for of in present for term in reader.ontology.ancestors(of)}
    kept = [one for one in found.values() if not (one.excluded and reader.ontology.number[one.code.value] in implied)]
    return [Feature(Code(one.code.value), one.excluded, span=one.span) for one in kept], read


def _is_tracing(resource: Json) -> bool:
    """Whether a document is an electrocardiogram: its file is read by another area, and holds no text."""
    codings = at(resource, "type.coding")
    return isinstance(codings, list) and any(at(one, "code") == _TRACING for one in codings)


def _written_at(resource: Json) -> str:
    return max((str(resource.get(name, "")) for name in ("date", "effectiveDateTime", "issued")), default="")


def chronicle(resources: Sequence[Json], patient: str, *, reader: Reader | None = None) -> Given:
    """What is stated and when, as a `Chronicle`; days count from birth, or from the earliest day that is known.

    With a `reader` what texts state stands beside what is coded, so that the two can be held against each other.
    """
    from suwen.diagnosis import Chronicle, Stated  # noqa: PLC0415 - numpy comes with it

    left_out, who = Counter[str](), who_of(resources)
    sound = sound_of(resources, left_out)
    skipped = Counter[str]()  # of codings that are no features: what they code is dated all the same
    found, _ = _read([one for one in sound if one["resourceType"] in PATIENT_KINDS], who, patient, skipped)
    left_out[UNREADABLE] += skipped[UNREADABLE]
    done = [one for one in sound if not statuses(one) & _UNDONE]
    left_out[NOT_DONE] += len(sound) - len(done)
    stated = [Stated(one.code, one.excluded, one.where) for one in found.features]
    if reader is not None:
        written, _ = _written(resources, reader, found.sex, found.age_years, left_out)
        stated += [Stated(one.code, one.excluded, one.span.document) for one in written if one.span is not None]
    events = (_dated(one, left_out) for one in done if one["resourceType"] in TIMES)
    birth, death = (moment(str(who.get(name, ""))) for name in ("birthDate", "deceasedDateTime"))
    noun = Chronicle(patient, birth, death, tuple(stated), tuple(events))
    noun = _counted_from_birth(noun)
    return Given(noun, digest(noun), used_of(who, done), +left_out)


def _read(facts: list[Json], who: Json, patient: str, left_out: Counter[str]) -> tuple[Patient, list[Json]]:
    """The patient in these Conditions and Observations, and which of them could be read.

    One that is not as FHIR says is left out and counted, and the others stand; so is a member of the Patient.
    """
    said = {name: who[name] for name in OF_PATIENT if name in who}
    while True:
        entries = [{"resourceType": "Patient", "id": patient, **said}, *(_cut_down(one, patient) for one in facts)]
        try:
            reading = read_fhir({"resourceType": "Bundle", "entry": [{"resource": one} for one in entries]})
        except FormatError as error:
            wrong = {(int(place[1]), place[2]) for one in error.problems if (place := _ENTRY.match(one.where))}
            if not wrong:
                raise
            left_out[UNREADABLE] += len({number for number, _ in wrong})
            facts = [one for number, one in enumerate(facts, start=1) if number not in {at for at, _ in wrong}]
            said = {name: one for name, one in said.items() if (0, name) not in wrong}
            continue
        left_out.update(reading.skipped)
        (found,) = reading.patients
        return replace(found, features=tuple(_placed(one, facts) for one in found.features)), facts


def _placed(feature: Feature, facts: Sequence[Json]) -> Feature:
    place = _ENTRY.match(feature.where)
    return replace(feature, where=named(facts[int(place[1]) - 1]) if place else "")


def _cut_down(resource: Json, patient: str) -> Json:
    """Only the members that are read, about this patient."""
    kept: Json = {name: resource[name] for name in _OF_FACT if name in resource}
    return {**kept, "subject": {"reference": f"Patient/{patient}"}}


def _dated(resource: Json, left_out: Counter[str]) -> Dated:
    from suwen.diagnosis import Dated  # noqa: PLC0415

    kind = resource["resourceType"]
    start, end = None, None
    for begins, ends in TIMES[kind]:
        texts = [str(at(resource, path)) if path else "" for path in (begins, ends)]
        if any(texts):
            start, end = (moment(text) for text in texts)
            left_out[NO_DATE] += sum(bool(text) and moment(text) is None for text in texts)
            break
    return Dated(kind, tuple(_codes(resource)), start, end, named(resource), _value(resource))


def _codes(resource: Json) -> Iterator[Code]:
    concepts = resource.get(_CODED.get(resource["resourceType"], "code"))
    for concept in concepts if isinstance(concepts, list) else [concepts]:
        for coding in at(concept, "coding") or ():
            code, system = at(coding, "code"), _SYSTEMS.get(at(coding, "system"))
            if code:
                yield Code(f"{system}:{code}" if system else str(code), str(at(coding, "display")))


def _value(resource: Json) -> str:
    """What a result says, as a digest: it is compared and never shown."""
    if not any(name.startswith("value") or name == "component" for name in resource):
        return ""
    said = {name: one for name, one in resource.items() if name.startswith("value") or name in _OF_VALUE}
    return hashlib.sha256(canonical(said)).hexdigest()


def _counted_from_birth(noun: Chronicle) -> Chronicle:
    dated = (one for event in noun.events for one in (event.start, event.end) if one is not None)
    first = noun.birth.low if noun.birth else min((one.low for one in dated), default=0.0)
    back = -float(int(first))

    def moved(one: Moment | None) -> Moment | None:
        return None if one is None else one.later(back)

    events = (replace(one, start=moved(one.start), end=moved(one.end)) for one in noun.events)
    return replace(noun, birth=moved(noun.birth), death=moved(noun.death), events=tuple(events))
