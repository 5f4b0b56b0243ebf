"""What an area is given of a record: the few facts it needs as a noun, without name, identifier, address or calendar.

A resource is cut down to the members that are read before anything reads it; what is left out is counted by reason.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date
from enum import Enum
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from suwen.consult.nouns import Given
from suwen.errors import FormatError
from suwen.formats.fhir.attachments import texts_of
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.patients import read_fhir
from suwen.formats.fhir.tree import canonical
from suwen.language.features import to_features
from suwen.records.demographics import Demographics
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

UNREADABLE = "cannot be read"
_REGISTER = "suwen:register"
_ERRONEOUS = "entered in error"
_NOT_DONE = "planned, cancelled or not done"
_OTHERS = "subject is not a patient"
_CONTAINED = "contained in another resource"
_NO_DATE = "date that cannot be read"
NO_TERM = "code without a usable phenotype term"
_NO_TEXT = "text that cannot be read, or is elsewhere"
PATIENT_KINDS = frozenset({"Patient", "Condition", "Observation"})
TEXT_KINDS = frozenset({"DocumentReference", "DiagnosticReport", "Condition", "Observation"})
_OF_PATIENT = ("gender", "birthDate", "deceasedDateTime", "deceasedBoolean")
_OF_FACT = (
    *("resourceType", "status", "verificationStatus", "code", "valueBoolean", "valueCodeableConcept", "valueString"),
    *("interpretation", "dataAbsentReason", "component", "focus", "onsetDateTime", "onsetAge", "onsetRange"),
    *("onsetPeriod", "abatementDateTime", "recordedDate", "effectiveDateTime", "issued"),
)

# Where a resource says when: the first pair of begin and end of which one is there. A recorded or ordered date begins
# nothing that could end before it.
_PERIOD = ("period.start", "period.end")
_EFFECTIVE = (("effectiveDateTime", ""), ("effectiveInstant", ""), ("effectivePeriod.start", "effectivePeriod.end"))
_TIMES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "AllergyIntolerance": (("onsetDateTime", ""), ("recordedDate", "")),
        "CarePlan": (_PERIOD,),
        "Condition": (
            ("onsetDateTime", "abatementDateTime"),
            ("onsetPeriod.start", "onsetPeriod.end"),
            ("recordedDate", ""),
        ),
        "DiagnosticReport": (*_EFFECTIVE, ("issued", "")),
        "Encounter": (_PERIOD,),
        "ImagingStudy": (("started", ""),),
        "Immunization": (("occurrenceDateTime", ""),),
        "MedicationAdministration": _EFFECTIVE,
        "MedicationRequest": (("authoredOn", ""),),
        "Observation": (*_EFFECTIVE, ("issued", "")),
        "Procedure": (("performedDateTime", ""), ("performedPeriod.start", "performedPeriod.end")),
        "ServiceRequest": (("authoredOn", ""),),
    }
)
_CODED = MappingProxyType({"Encounter": "type", "Immunization": "vaccineCode"})  # else "code"
_SYSTEMS = MappingProxyType({"http://loinc.org": "LOINC", "http://snomed.info/sct": "SNOMEDCT"})
_OF_VALUE = frozenset({"component", "bodySite", "method", "focus"})  # the left eye and the right are not the same
_UNDONE = frozenset({"planned", "cancelled", "not-done", "draft", "registered"})
CHRONICLE_KINDS = frozenset({"Patient", *_TIMES})
_DATE_TIME = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?(Z|[+-]\d\d:\d\d)?)?)?)?"  # R4 date, dateTime
)
_OTHER_SUBJECT = re.compile(r"(?:.*/)?(?:Group|Device|Location)/")
_ENTRY = re.compile(r"entry\[(\d+)\]\.resource(?:\.(\w+))?")


def from_register(demographics: Demographics) -> Json:
    """Birth date and sex as the register has them, as the Patient that counts where the record states nothing else."""
    said = {"gender": demographics.sex.value, "birthDate": demographics.birth_date}
    return {
        "resourceType": "Patient",
        "meta": {"source": _REGISTER},
        **{name: one for name, one in said.items() if one},
    }


def reason_in(reason: str, lang: str) -> str:
    """A reason of `left_out` in a language ("en", "zh"); an address of a code system is the same in all."""
    return _REASONS_ZH.get(reason, reason) if lang == "zh" else reason


def features(resources: Sequence[Json], patient: str, *, reader: Reader | None = None) -> Given:
    """Features, sex and age of a patient (a `Patient` with this id): all that a differential needs.

    The newest Patient resource counts, and the register where it is silent. Age is that at the latest date of what was
    read (or at death): in days below two years, in whole months above. With a `reader` texts are read too: a feature
    that they alone state has the words as its span; what is coded counts more than what is written. What cannot be read
    is left out and counted.
    """
    left_out, who = Counter[str](), _who(resources)
    facts = [one for one in _sound(resources, left_out) if one["resourceType"] in PATIENT_KINDS]
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
    return Given(noun, _digest(noun), _used(who, [*read, *texts]), +left_out)


def _written(
    resources: Sequence[Json], reader: Reader, sex: Sex, years: float | None, left_out: Counter[str]
) -> tuple[list[Feature], list[Json]]:
    """What the texts of a record say, the latest first where they disagree, and the resources that had a text."""
    found: dict[str, Feature] = {}
    read: list[Json] = []
    bearing = (one for one in _sound(resources, Counter()) if one["resourceType"] in TEXT_KINDS)
    for one in sorted(bearing, key=_written_at, reverse=True):
        texts = list(texts_of(one))
        left_out[_NO_TEXT] += sum(bool(text.problem) for text in texts)
        for text in (text for text in texts if not text.problem):
            mentions = reader.read(text.text, sex=sex, age_years=years).mentions
            for feature in to_features(mentions, f"{_named(one)}#{text.where}").features:
                found.setdefault(feature.code.value, feature)
        if any(not text.problem for text in texts):
            read.append(one)
    present = [reader.ontology.number[one.code.value] for one in found.values() if not one.excluded]
    implied = {int(term) for of in present for term in reader.ontology.ancestors(of)}
    kept = [one for one in found.values() if not (one.excluded and reader.ontology.number[one.code.value] in implied)]
    return [Feature(Code(one.code.value), one.excluded, span=one.span) for one in kept], read


def _written_at(resource: Json) -> str:
    return max((str(resource.get(name, "")) for name in ("date", "effectiveDateTime", "issued")), default="")


def chronicle(resources: Sequence[Json], patient: str, *, reader: Reader | None = None) -> Given:
    """What is stated and when, as a `Chronicle`; days count from birth, or from the earliest day that is known.

    With a `reader` what texts state stands beside what is coded, so that the two can be held against each other.
    """
    from suwen.diagnosis import Chronicle, Stated  # noqa: PLC0415 - numpy comes with it

    left_out, who = Counter[str](), _who(resources)
    sound = _sound(resources, left_out)
    skipped = Counter[str]()  # of codings that are no features: what they code is dated all the same
    found, _ = _read([one for one in sound if one["resourceType"] in PATIENT_KINDS], who, patient, skipped)
    left_out[UNREADABLE] += skipped[UNREADABLE]
    done = [one for one in sound if not _statuses(one) & _UNDONE]
    left_out[_NOT_DONE] += len(sound) - len(done)
    stated = [Stated(one.code, one.excluded, one.where) for one in found.features]
    if reader is not None:
        written, _ = _written(resources, reader, found.sex, found.age_years, left_out)
        stated += [Stated(one.code, one.excluded, one.span.document) for one in written if one.span is not None]
    events = (_dated(one, left_out) for one in done if one["resourceType"] in _TIMES)
    birth, death = (_moment(str(who.get(name, ""))) for name in ("birthDate", "deceasedDateTime"))
    noun = Chronicle(patient, birth, death, tuple(stated), tuple(events))
    noun = _counted_from_birth(noun)
    return Given(noun, _digest(noun), _used(who, done), +left_out)


def _who(resources: Iterable[Json]) -> Json:
    """What the newest Patient resource says, and the register where it is silent; `used` names which of them."""
    stated, register = Json(), Json()
    for one in resources:
        if one["resourceType"] == "Patient" and "entered-in-error" not in _statuses(one):
            if _at(one, "meta.source") == _REGISTER:
                register = one
            else:
                stated = one
    said: Json = {name: stated[name] for name in _OF_PATIENT if stated.get(name) not in (None, "")}
    filled: Json = {name: register[name] for name in ("gender", "birthDate") if name in register and name not in said}
    return {**said, **filled, "used": [*["Patient"] * bool(stated), *["Demographics"] * bool(filled)]}


def _used(who: Json, read: Iterable[Json]) -> Mapping[str, int]:
    return Counter(chain(who["used"], (one["resourceType"] for one in read)))


def _sound(resources: Iterable[Json], left_out: Counter[str]) -> list[Json]:
    """The resources that say something about the patient, by type and id: their order in the record decides nothing."""
    found = []
    for one in resources:
        if one["resourceType"] == "Patient":
            continue
        left_out[_CONTAINED] += len(one.get("contained") or ())
        if "entered-in-error" in _statuses(one):
            left_out[_ERRONEOUS] += 1
        elif _OTHER_SUBJECT.match(str(_at(one, "subject.reference"))):
            left_out[_OTHERS] += 1
        else:
            found.append(one)
    return sorted(found, key=lambda one: (one["resourceType"], str(one.get("id", ""))))


def _read(facts: list[Json], who: Json, patient: str, left_out: Counter[str]) -> tuple[Patient, list[Json]]:
    """The patient in these Conditions and Observations, and which of them could be read.

    One that is not as FHIR says is left out and counted, and the others stand; so is a member of the Patient.
    """
    said = {name: who[name] for name in _OF_PATIENT if name in who}
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
    return replace(feature, where=_named(facts[int(place[1]) - 1]) if place else "")


def _cut_down(resource: Json, patient: str) -> Json:
    """Only the members that are read, about this patient."""
    kept: Json = {name: resource[name] for name in _OF_FACT if name in resource}
    return {**kept, "subject": {"reference": f"Patient/{patient}"}}


def _dated(resource: Json, left_out: Counter[str]) -> Dated:
    from suwen.diagnosis import Dated  # noqa: PLC0415

    kind = resource["resourceType"]
    start, end = None, None
    for begins, ends in _TIMES[kind]:
        texts = [str(_at(resource, path)) if path else "" for path in (begins, ends)]
        if any(texts):
            start, end = (_moment(text) for text in texts)
            left_out[_NO_DATE] += sum(bool(text) and _moment(text) is None for text in texts)
            break
    return Dated(kind, tuple(_codes(resource)), start, end, _named(resource), _value(resource))


def _codes(resource: Json) -> Iterator[Code]:
    concepts = resource.get(_CODED.get(resource["resourceType"], "code"))
    for concept in concepts if isinstance(concepts, list) else [concepts]:
        for coding in _at(concept, "coding") or ():
            code, system = _at(coding, "code"), _SYSTEMS.get(_at(coding, "system"))
            if code:
                yield Code(f"{system}:{code}" if system else str(code), str(_at(coding, "display")))


def _value(resource: Json) -> str:
    """What a result says, as a digest: it is compared and never shown."""
    if not any(name.startswith("value") or name == "component" for name in resource):
        return ""
    said = {name: one for name, one in resource.items() if name.startswith("value") or name in _OF_VALUE}
    return hashlib.sha256(canonical(said)).hexdigest()


def _named(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource.get('id') or '?'}"


def _at(value: Any, path: str) -> Any:
    """The member at a dotted path, "" where there is none."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return "" if value is None else value


def _statuses(resource: Json) -> set[str]:
    """Codes of `status` and `verificationStatus`, in lower case."""
    codings = _at(resource, "verificationStatus.coding")
    said = [resource.get("status"), *(_at(one, "code") for one in codings or ())]
    return {one.lower() for one in said if isinstance(one, str)}


def _moment(text: str) -> Moment | None:
    """The days that a FHIR date or dateTime may mean, from 0001-01-01 (day 1); None where it is neither."""
    from suwen.diagnosis import Moment  # noqa: PLC0415

    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute = (int(part) if part else None for part in match.groups()[:5])
    try:
        first = date(year or 0, month or 1, day or 1).toordinal()
        if day is None:
            after = date(year or 0, month + 1, 1) if month and month < 12 else date((year or 0) + 1, 1, 1)
            return Moment(first, after.toordinal())
    except ValueError:
        return None
    if hour is None:
        return Moment(first, first + 1)
    local = first + (hour * 3600 + (minute or 0) * 60 + float(match[6] or 0)) / 86_400
    return Moment(local, local, local - _offset(match[7]) if match[7] else None)


def _offset(zone: str) -> float:
    """Days by which local time is ahead of UTC."""
    if zone == "Z":
        return 0.0
    return (1 if zone[0] == "+" else -1) * (int(zone[1:3]) * 60 + int(zone[4:])) / 1_440


def _counted_from_birth(noun: Chronicle) -> Chronicle:
    dated = (one for event in noun.events for one in (event.start, event.end) if one is not None)
    first = noun.birth.low if noun.birth else min((one.low for one in dated), default=0.0)
    back = -float(int(first))

    def moved(one: Moment | None) -> Moment | None:
        return None if one is None else one.later(back)

    events = (replace(one, start=moved(one.start), end=moved(one.end)) for one in noun.events)
    return replace(noun, birth=moved(noun.birth), death=moved(noun.death), events=tuple(events))


def _digest(noun: object) -> str:
    return hashlib.sha256(canonical(_plain(noun))).hexdigest()


def _plain(value: Any) -> Any:
    """A noun as JSON: the same noun, the same bytes."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


_REASONS_ZH = MappingProxyType(
    {
        UNREADABLE: "无法读取",
        _ERRONEOUS: "录入有误",
        _NOT_DONE: "仅为计划、已取消或未执行",
        _OTHERS: "主体不是患者",
        _CONTAINED: "包含于其他资料之内",
        _NO_DATE: "日期无法读取",
        NO_TERM: "编码无可用的表型术语",
        _NO_TEXT: "文本无法读取或存于别处",
        "condition not confirmed": "病情未确认",
        "observation without a result, or not about the patient": "观察无结果，或不涉及患者本人",
        "observation that says neither present nor absent": "观察未说明有无",
        "no system": "编码未注明体系",
    }
)
