"""Reads GA4GH phenopackets (v2, v1, families and cohorts) into patients.

Schema: https://phenopacket-schema.readthedocs.io (v2.0, 2022). What becomes of its fields:

- `id` (or else `subject.id`) is the patient's id; `subject.timeAtLastEncounter` the age.
- An age range, and an HPO onset term (`HP:0003593` Infantile onset), stand as the middle of their interval; a
  gestational age, and any time before birth, as 0; a timestamp counts from `subject.dateOfBirth` and is unknown
  without it.
- `diseases` that are not excluded are the diagnoses. Without `diseases`, the diseases of interpretations that are
  SOLVED or COMPLETED are; an interpretation still in progress is an opinion and never becomes a diagnosis.
- The publication is the first PMID among `metaData.externalReferences`, or else the id's own `PMID_12345` beginning, or
  else the first DOI among the references.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from suwen.errors import FormatError, Problem
from suwen.formats.ages import ONSET_YEARS, day_number, duration_years, years_between
from suwen.formats.codes import curie
from suwen.formats.document import Place, finish, root
from suwen.subject import Code, Diagnosis, Feature, Patient, Sex

__all__ = ["is_phenopacket", "read_phenopackets"]

_CLAIM = "phenopacket"
_MARKS = frozenset({"subject", "phenotypicFeatures", "phenotypic_features", "proband", "members"})
_BAD_AGE = "not an ISO 8601 duration between 0 and 150 years"
_AGE_REMEDY = "write an age like P12Y6M"

_SEXES: Mapping[object, Sex] = MappingProxyType(
    {
        "FEMALE": Sex.FEMALE,
        "MALE": Sex.MALE,
        "OTHER_SEX": Sex.OTHER,
        "UNKNOWN_SEX": Sex.UNKNOWN,
        1: Sex.FEMALE,  # protobuf JSON allows an enum's number for its name
        2: Sex.MALE,
        3: Sex.OTHER,
        0: Sex.UNKNOWN,
    }
)
_ESTABLISHED = frozenset({"COMPLETED", "SOLVED", 2, 3})
_PMID = re.compile(r"PMID[:_ ]\s?([0-9]{1,9})\b", re.IGNORECASE)
_PUBMED = re.compile(r"https?://(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/([0-9]{1,9})/?")


def is_phenopacket(document: object) -> bool:
    """Whether a parsed document has the members by which a phenopacket, family or cohort is known."""
    if not isinstance(document, Mapping) or "resourceType" in document:
        return False
    has_metadata = "metaData" in document or "meta_data" in document
    return not _MARKS.isdisjoint(document) or (has_metadata and "id" in document)


def read_phenopackets(document: object) -> tuple[Patient, ...]:
    """Patients of a parsed phenopacket; of a family the proband and then the relatives; of a cohort its members.

    Raises:
        FormatError: with every structural problem of the document and the path where it stands.

    """
    place = root(document, _CLAIM)
    patients = tuple(_patient(packet) for packet in _packets(place))
    finish(place, _CLAIM)
    return patients


def _packets(place: Place) -> list[Place]:
    if place.has("proband"):
        proband = place.inner("proband")
        return [*([proband] if proband else []), *place.entries("relatives")]
    if place.has("members"):
        return place.entries("members")
    if not is_phenopacket(place.value):
        raise FormatError(
            "not a phenopacket",
            [
                Problem(
                    "",
                    "neither subject nor phenotypicFeatures nor proband nor members is there",
                    zh_what="没有 subject、phenotypicFeatures、proband 或 members 中的任何一项",
                )
            ],
            zh="不是 phenopacket",
        )
    return [place]


def _patient(packet: Place) -> Patient:
    subject = packet.inner("subject")
    identifier = packet.text("id")
    if not identifier.strip() and subject is not None:
        identifier = subject.text("id")
    if not identifier.strip():
        packet.report("id", "the phenopacket has no id, nor has its subject", "add an id that is not a name")
    birth = _birth(subject) if subject is not None else None
    return Patient(
        id=identifier,
        features=tuple(
            feature for entry in packet.entries("phenotypicFeatures") if (feature := _feature(entry, birth))
        ),
        sex=_sex(subject) if subject is not None else Sex.UNKNOWN,
        age_years=_age(subject, birth) if subject is not None else None,
        diagnoses=_diagnoses(packet, birth),
        publication=_publication(packet, identifier),
    )


def _feature(entry: Place, birth: float | None) -> Feature | None:
    kind = entry.inner("type")
    if kind is None:
        entry.report("type", "a phenotypic feature needs a type with an id")
        return None
    excluded = entry.flag("excluded") or entry.flag("negated")  # version 1 said negated
    onset = _onset(entry, birth)
    code = _code(kind)
    return Feature(code, excluded, onset, kind.where("id")) if code else None


def _code(place: Place) -> Code | None:
    """Read an OntologyClass; a label that only repeats the id is no label."""
    text = place.text("id")
    label = place.text("label")
    value = curie(text)
    if value is None:
        if text or not place.has("id"):
            place.report("id", "not an identifier of a terminology", "write it like HP:0001250 or OMIM:154700")
        return None
    return Code(value, "" if label == text else label)


def _sex(subject: Place) -> Sex:
    value = subject.get("sex")
    if value is None:
        return Sex.UNKNOWN
    key = value.upper() if isinstance(value, str) else value
    is_key = isinstance(key, str | int) and not isinstance(key, bool)
    if not is_key or key not in _SEXES:
        subject.report("sex", "not a sex of the schema", "use FEMALE, MALE, OTHER_SEX or UNKNOWN_SEX")
        return Sex.UNKNOWN
    return _SEXES[key]


def _birth(subject: Place) -> float | None:
    text = subject.text("dateOfBirth")
    if not text:
        return None
    day = day_number(text)
    if day is None:
        subject.report("dateOfBirth", "not a date", "write it like YYYY-MM-DD")
    return day


def _age(subject: Place, birth: float | None) -> float | None:
    for name in ("timeAtLastEncounter", "ageAtCollection", "ageRangeAtCollection"):
        if subject.has(name):
            return _time(subject, name, birth)
    return None


def _onset(entry: Place, birth: float | None) -> float | None:
    for name in ("onset", "ageOfOnset", "ageRangeOfOnset", "classOfOnset"):
        if entry.has(name):
            return _time(entry, name, birth)
    return None


def _time(owner: Place, name: str, birth: float | None) -> float | None:
    """Years of a TimeElement, or of version 1's bare Age, AgeRange or OntologyClass standing in its place."""
    element = owner.inner(name)
    if element is None:
        return None
    if element.has("ageRange"):
        inner = element.inner("ageRange")
        return _range(inner, birth) if inner else None
    if element.has("start") and element.has("end"):
        return _range(element, birth)
    if element.has("interval"):
        inner = element.inner("interval")
        return _range(inner, birth) if inner else None
    return _moment(element, birth)


def _moment(element: Place, birth: float | None) -> float | None:
    if element.has("gestationalAge"):
        return _gestation(element)
    if element.has("timestamp"):
        return _timestamp(element, "timestamp", birth)
    if element.has("ontologyClass") or element.has("id"):
        inner = element.inner("ontologyClass") if element.has("ontologyClass") else element
        return _onset_class(inner) if inner else None
    if isinstance(element.get("age"), Mapping):
        inner = element.inner("age")
        return _duration(inner, "iso8601duration") if inner else None
    return _duration(element, "iso8601duration" if element.has("iso8601duration") else "age")


def _duration(place: Place, name: str) -> float | None:
    text = place.text(name)
    if not text:
        return None
    years = duration_years(text)
    if years is None:
        place.report(name, _BAD_AGE, _AGE_REMEDY)
    return years


def _onset_class(place: Place) -> float | None:
    code = _code(place)
    return ONSET_YEARS.get(code.value) if code else None


def _gestation(element: Place) -> float | None:
    """Time before birth is age 0, whatever the week; its numbers are looked at only to find what is not a number."""
    inner = element.inner("gestationalAge")
    if inner is None:
        return None
    inner.number("weeks")
    inner.number("days")
    return 0.0


def _timestamp(place: Place, name: str, birth: float | None) -> float | None:
    text = place.text(name)
    if not text:
        return None
    day = day_number(text)
    if day is None:
        place.report(name, "not a date and time", "write it like YYYY-MM-DDThh:mm:ssZ")
        return None
    if birth is None:
        return None
    years = years_between(birth, day)
    if years is None:
        place.report(name, "lies before the pregnancy or more than 150 years after the date of birth")
    return years


def _range(place: Place, birth: float | None) -> float | None:
    ends = [_range_end(place, name, birth) for name in ("start", "end")]
    known = [end for end in ends if end is not None]
    if len(known) == 2 and known[0] > known[1]:
        place.report("", "the range starts after its end")
        return None
    return sum(known) / len(known) if known else None


def _range_end(place: Place, name: str, birth: float | None) -> float | None:
    if not isinstance(place.get(name), str):
        inner = place.inner(name)
        return _moment(inner, birth) if inner else None
    if place.text(name).upper().startswith("P"):
        return _duration(place, name)
    return _timestamp(place, name, birth)


def _diagnoses(packet: Place, birth: float | None) -> tuple[Diagnosis, ...]:
    found = [_disease(entry, birth) for entry in packet.entries("diseases")]
    interpreted = [_interpreted(entry) for entry in packet.entries("interpretations")]
    chosen = found or interpreted
    return tuple(diagnosis for diagnosis in chosen if diagnosis is not None)


def _disease(entry: Place, birth: float | None) -> Diagnosis | None:
    term = entry.inner("term")
    if term is None:
        entry.report("term", "a disease needs a term with an id")
        return None
    code = _code(term)
    onset = _onset(entry, birth)
    if entry.flag("excluded") or code is None:
        return None
    return Diagnosis(code, onset)


def _interpreted(entry: Place) -> Diagnosis | None:
    diagnosis = entry.inner("diagnosis")
    disease = diagnosis.inner("disease") if diagnosis is not None else None
    if disease is None:
        return None
    code = _code(disease)
    status = entry.get("progressStatus")
    is_established = isinstance(status, str | int) and not isinstance(status, bool) and status in _ESTABLISHED
    return Diagnosis(code) if code is not None and is_established else None


def _publication(packet: Place, identifier: str) -> str:
    metadata = packet.inner("metaData")
    references = metadata.entries("externalReferences") if metadata is not None else []
    texts = [(reference.text("id").strip(), reference.text("reference").strip()) for reference in references]
    for name, address in texts:
        if match := _PMID.fullmatch(name) or _PUBMED.fullmatch(address) or _PUBMED.fullmatch(name):
            return f"PMID:{match.group(1)}"
    if match := re.match(r"PMID[:_]([0-9]{1,9})(?![0-9])", identifier):
        return f"PMID:{match.group(1)}"
    return next((name for name, _ in texts if name.upper().startswith("DOI:")), "")
