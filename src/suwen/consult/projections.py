"""What an area is given of a record: the few facts it needs as a noun, without name, identifier, address or calendar.

A resource is cut down to the members that are read before anything reads it; what is left out is counted by reason.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from suwen.consult.nouns import Given
from suwen.errors import FormatError
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.patients import FhirReading, read_fhir
from suwen.formats.fhir.tree import canonical
from suwen.records.demographics import Demographics
from suwen.subject import Code, Feature, Patient

if TYPE_CHECKING:
    from suwen.diagnosis import Chronicle, Dated, Moment, Stated

__all__ = ["CHRONICLE_KINDS", "PATIENT_KINDS", "UNREADABLE", "chronicle", "features", "from_register", "reason_in"]

UNREADABLE = "cannot be read"
_REGISTER = "suwen:register"
_ERRONEOUS = "entered in error"
_NOT_DONE = "planned, cancelled or not done"
_OTHERS = "subject is not a patient"
_CONTAINED = "contained in another resource"
PATIENT_KINDS = frozenset({"Patient", "Condition", "Observation"})
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
_CODES = MappingProxyType({"Encounter": "type", "Immunization": "vaccineCode"})  # else "code"
_UNDONE = frozenset({"planned", "cancelled", "not-done", "draft", "registered"})
CHRONICLE_KINDS = frozenset({"Patient", *_TIMES})
_DATE_TIME = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?"  # R4 date, dateTime
)


def from_register(demographics: Demographics) -> Json:
    """Birth date and sex as the register has them, as the Patient that counts where the record states nothing else."""
    said = {"gender": demographics.sex.value, "birthDate": demographics.birth_date}
    return {"resourceType": "Patient", "meta": {"source": _REGISTER}, **{name: one for name, one in said.items() if one}}


def reason_in(reason: str, lang: str) -> str:
    """A reason of `left_out` in a language ("en", "zh"); an address of a code system is the same in all."""
    return _REASONS_ZH.get(reason, reason) if lang == "zh" else reason


def features(resources: Sequence[Json], patient: str) -> Given:
    """Features, sex and age of a patient (a `Patient` with this id): all that a differential needs.

    The newest Patient resource counts, and the register where it is silent. Age is that at the latest date of what was
    read (or at death): in days below two years, in whole months above. What cannot be read is left out and counted.
    """
    reading, used, left_out, _ = _read(resources, patient)
    found = _found(reading, patient)
    years = found.age_years
    if years is not None and years >= 2:
        years = int(years * 12 + 1e-9) / 12
    said = sorted(found.features, key=lambda one: (one.code.value, one.excluded))
    noun = Patient(patient, tuple(Feature(Code(one.code.value), one.excluded) for one in said), found.sex, years)
    return Given(noun, _digest(noun), used, left_out)


def chronicle(resources: Sequence[Json], patient: str) -> Given:
    """What is stated and when, as a `Chronicle`; days count from birth, or from the earliest day that is known."""
    from suwen.diagnosis import Chronicle, Stated  # noqa: PLC0415 - numpy comes with it

    reading, _, left_out, places = _read(resources, patient)
    who = _person(resources, Counter())
    sound = [one for one in resources if one["resourceType"] != "Patient" and not _excluded(one, Counter(left_out))]
    events, used = [], Counter[str]()
    for one in sound:
        if _status(one) & _UNDONE:
            left_out[_NOT_DONE] += 1
            continue
        events.append(_dated(one, left_out))
        used[one["resourceType"]] += 1
    said = (
        Stated(Code(one.code.value, one.code.label), one.excluded, places[one.where.partition(".resource")[0]])
        for one in _found(reading, patient).features
    )
    birth, death = (_moment(str(who.get(name, ""))) for name in ("birthDate", "deceasedDateTime"))
    noun = _counted_from_birth(Chronicle(patient, birth, death, tuple(said), tuple(events)))
    return Given(noun, _digest(noun), used, left_out)
