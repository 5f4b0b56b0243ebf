"""Reads FHIR R4 bundles (Patient, Condition, Observation) into patients.

Specification: https://hl7.org/fhir/R4. What becomes of its fields:

- A Condition coded in OMIM, Orphanet or MONDO is a diagnosis unless refuted, unconfirmed, provisional or differential;
  one coded in HPO, or else SNOMED CT (`SNOMEDCT:...`, mapped to HPO elsewhere), is a feature: excluded when refuted,
  left out when differential. A resolved condition stays a feature.
- An Observation coded in HPO or SNOMED CT is a feature when it says present or absent (value, or else interpretation).
  One of SNOMED CT that holds a measurement is no finding. Where the question is "symptom" or "clinical finding", the
  coded answer is the feature.
- Resources entered in error count for nothing. A feature met several times stands once, with its earliest onset.
- Age is that at death, or else at `today` (of the living), or else at the latest date in the patient's resources.

Only codes, dates and sex are read; names, addresses and notes are not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from suwen.errors import FormatError
from suwen.formats.ages import DAYS_PER_YEAR, MAX_YEARS, day_number, years_between
from suwen.formats.document import Place, finish, root
from suwen.formats.fhir.charts import Chart, Resource, charts
from suwen.formats.fhir.terms.codings import Concept, answer, concept, is_finding_question, raw_codes
from suwen.subject import Code, Diagnosis, Feature, Patient, Sex

__all__ = ["FhirReading", "is_fhir", "read_fhir"]

_CLAIM = "FHIR document"
_SEXES = MappingProxyType({"female": Sex.FEMALE, "male": Sex.MALE, "other": Sex.OTHER, "unknown": Sex.UNKNOWN})
_UNSURE = frozenset({"unconfirmed", "provisional", "differential"})
_NO_RESULT = frozenset({"entered-in-error", "cancelled", "registered"})
_DAYS_PER_UNIT = MappingProxyType(
    {"a": DAYS_PER_YEAR, "mo": DAYS_PER_YEAR / 12, "wk": 7.0, "d": 1.0, "h": 1 / 24, "min": 1 / 1_440}
)
_DATES = ("onsetDateTime", "abatementDateTime", "recordedDate", "effectiveDateTime", "issued")


@dataclass(frozen=True, slots=True)
class FhirReading:
    """What was read: patients in document order, and how many codings or resources were left out, by reason.

    A reason is the address of a code system that is not understood, or a few words.
    """

    patients: tuple[Patient, ...]
    skipped: Mapping[str, int]


@dataclass(slots=True)
class _Patient:
    """One patient while the resources are gone through."""

    chart: Chart
    birth: float | None
    latest: float | None = None
    features: list[Feature] = field(default_factory=list)
    diagnoses: list[Diagnosis] = field(default_factory=list)


def is_fhir(document: object) -> bool:
    """Whether a parsed document says of itself that it is a FHIR resource."""
    return isinstance(document, Mapping) and isinstance(document.get("resourceType"), str)


def read_fhir(document: object, *, today: date | None = None) -> FhirReading:
    """Patients of a parsed Bundle, or of a single resource with what it contains.

    Raises:
        FormatError: with every structural problem of the document and the path where it stands.

    """
    place = root(document, _CLAIM)
    if not is_fhir(document):
        raise FormatError(f"not a {_CLAIM}: it has no resourceType", zh=f"不是 {_CLAIM}：缺少 resourceType")
    skipped: Counter[str] = Counter()
    patients = tuple(_read(chart, today, skipped) for chart in charts(place, skipped))
    finish(place, _CLAIM)
    return FhirReading(patients, MappingProxyType(dict(skipped.most_common())))


def _read(chart: Chart, today: date | None, skipped: Counter[str]) -> Patient:
    person = _Patient(chart, _date(chart.patient, "birthDate") if chart.patient else None)
    for resource in chart.resources:
        _read_resource(resource, person, skipped)
    return Patient(
        id=chart.id,
        features=_merged(person.features),
        sex=_sex(chart.patient) if chart.patient else Sex.UNKNOWN,
        age_years=_age(person, today),
        diagnoses=tuple(dict.fromkeys(person.diagnoses)),
    )


def _read_resource(resource: Resource, person: _Patient, skipped: Counter[str]) -> None:
    place = resource.place
    if "entered-in-error" in _status(place, "verificationStatus") | _status(place, "status"):
        skipped["entered in error"] += 1
        return
    dates = [day for name in _DATES if (day := _date(place, name)) is not None]
    person.latest = max([*dates, *([person.latest] if person.latest is not None else [])], default=None)
    if resource.kind == "Condition":
        _condition(place, person, skipped)
    else:
        _observation(place, person, skipped)


def _condition(place: Place, person: _Patient, skipped: Counter[str]) -> None:
    code = place.inner("code")
    meant = concept(code, skipped)
    status = _status(place, "verificationStatus")
    onset = _onset(place, person.birth)
    is_refuted = "refuted" in status
    if "differential" in status or (meant.diseases and not status.isdisjoint(_UNSURE)):
        skipped["condition not confirmed"] += 1
    elif meant.diseases:
        person.diagnoses.extend(Diagnosis(disease, onset) for disease in meant.diseases if not is_refuted)
    else:
        _add(person, meant.features, is_refuted, None if is_refuted else onset, place)


def _observation(place: Place, person: _Patient, skipped: Counter[str]) -> None:
    if not _status(place, "status").isdisjoint(_NO_RESULT) or place.has("focus"):
        skipped["observation without a result, or not about the patient"] += 1
        return
    _stated(place, person, skipped)
    for component in place.entries("component"):
        if component.has("valueBoolean") or component.has("valueCodeableConcept"):
            _stated(component, person, skipped)


def _stated(place: Place, person: _Patient, skipped: Counter[str]) -> None:
    """Take a feature that is answered by present or absent, or a question that is answered by a feature."""
    question = place.inner("code")
    meant = concept(question, skipped)
    value = place.inner("valueCodeableConcept")
    if is_finding_question(raw_codes(question)) and value is not None:
        found = concept(value, skipped)
        person.diagnoses.extend(Diagnosis(disease) for disease in found.diseases)
        if not found.diseases:
            _add(person, found.features, False, None, place, "valueCodeableConcept")
        return
    if not meant.features:
        return
    presence = _presence(place, meant, value)
    if presence is None:
        skipped["observation that says neither present nor absent"] += 1
    else:
        _add(person, meant.features, not presence, None, place)


def _presence(place: Place, meant: Concept, value: Place | None) -> bool | None:
    """Whether the thing an Observation is coded with is there; None where it does not say."""
    if place.has("valueBoolean"):
        return place.flag("valueBoolean")
    if place.has("dataAbsentReason"):
        return None
    if value is not None:
        return answer(raw_codes(value))
    if place.has("valueString"):
        return answer(frozenset({place.text("valueString").strip().lower()}))
    interpretations = frozenset[str]().union(*(raw_codes(entry) for entry in place.entries("interpretation")))
    if interpretations:
        return answer(interpretations, interpretation=True)
    is_measured = any(isinstance(name, str) and name.startswith("value") for name in place.value)
    return None if is_measured and not meant.phenotypes else True


def _add(
    person: _Patient, codes: Iterable[Code], excluded: bool, onset: float | None, place: Place, name: str = "code"
) -> None:
    person.features.extend(Feature(code, excluded, onset, place.where(name)) for code in codes)


def _merged(features: Iterable[Feature]) -> tuple[Feature, ...]:
    """Each code once as present and once as excluded at most, at its first place, with its earliest known onset."""
    kept: dict[tuple[str, bool], Feature] = {}
    for feature in features:
        key = (feature.code.value, feature.excluded)
        first = kept.setdefault(key, feature)
        onsets = [onset for onset in (first.onset_years, feature.onset_years) if onset is not None]
        kept[key] = Feature(first.code, first.excluded, min(onsets, default=None), first.where)
    return tuple(kept.values())


def _status(place: Place, name: str) -> frozenset[str]:
    """Codes of a status: a plain code, or a CodeableConcept."""
    value = place.get(name)
    if value is None:
        return frozenset()
    return frozenset({place.text(name).lower()}) if isinstance(value, str) else raw_codes(place.inner(name))


def _sex(patient: Place) -> Sex:
    text = patient.text("gender")
    if text and text.lower() not in _SEXES:
        patient.report("gender", "not a gender of FHIR", "use female, male, other or unknown")
    return _SEXES.get(text.lower(), Sex.UNKNOWN)


def _date(place: Place, name: str) -> float | None:
    text = place.text(name)
    if not text:
        return None
    day = day_number(text)
    if day is None:
        place.report(name, "not a FHIR date", "write it like YYYY, YYYY-MM, YYYY-MM-DD or with a time")
    return day


def _age(person: _Patient, today: date | None) -> float | None:
    patient = person.chart.patient
    if patient is None or person.birth is None:
        return None
    moment = _date(patient, "deceasedDateTime")
    if moment is None:  # who died at an unknown time has not grown older until today
        is_dead = patient.flag("deceasedBoolean")
        moment = person.latest if today is None or is_dead else float(today.toordinal())
    if moment is None or (moment == person.latest and moment < person.birth):
        return None  # resources older than the patient are reported where they stand, if their dates matter
    years = years_between(person.birth, moment)
    if years is None:
        patient.report("birthDate", "lies after the day on which age is taken, or more than 150 years before it")
    return years


def _onset(place: Place, birth: float | None) -> float | None:
    if place.has("onsetAge"):
        quantity = place.inner("onsetAge")
        return _quantity(quantity) if quantity else None
    if place.has("onsetRange"):
        span = place.inner("onsetRange")
        ends = [span.inner(name) for name in ("low", "high")] if span else []
        known = [years for end in ends if end and (years := _quantity(end)) is not None]
        return sum(known) / len(known) if known else None
    period = place.inner("onsetPeriod")
    owner, name = (period, "start") if period else (place, "onsetDateTime")
    day = _date(owner, name)
    if day is None or birth is None:
        return None
    years = years_between(birth, day)
    if years is None:
        owner.report(name, "lies before the pregnancy or more than 150 years after the birth date")
    return years


def _quantity(quantity: Place) -> float | None:
    value = quantity.number("value")
    unit = quantity.text("code") or quantity.text("unit")
    if value is None:
        return None
    days = _DAYS_PER_UNIT.get(_UNIT_NAMES.get(unit.lower(), unit))
    years = value * days / DAYS_PER_YEAR if days is not None else -1.0
    if not 0 <= years <= MAX_YEARS:
        quantity.report(
            "value", "not an age between 0 and 150 years in a unit of time", "use a UCUM unit: a, mo, wk, d"
        )
        return None
    return years


_UNIT_NAMES = MappingProxyType(
    {
        name: unit
        for unit, names in {
            "a": "y yr yrs year years",
            "mo": "m month months",
            "wk": "w week weeks",
            "d": "day days",
            "h": "hour hours",
            "min": "minute minutes",
        }.items()
        for name in names.split()
    }
)
