"""Facts of a record as every projection reads them: who it is about, what is sound, when, codes, and why not.

What is left out is counted by reason; the reasons have their words in both languages here.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.tree import canonical
from suwen.records.demographics import Demographics

if TYPE_CHECKING:
    from suwen.diagnosis import Moment

__all__ = [
    "CONTAINED",
    "CONTRADICTS",
    "ELSEWHERE",
    "ERRONEOUS",
    "LIMIT_ONLY",
    "NOT_CONFIRMED",
    "NOT_DONE",
    "NO_DATE",
    "NO_DATE_SAID",
    "NO_RECORDING",
    "NO_RESULT",
    "NO_TERM",
    "NO_TEXT",
    "OF_PATIENT",
    "OTHERS",
    "RESOLVED",
    "TIMES",
    "TOO_OLD",
    "UNREADABLE",
    "WRONG_UNIT",
    "WRONG_VALUE",
    "age_years",
    "at",
    "begun",
    "digest",
    "from_register",
    "moment",
    "named",
    "reason_in",
    "sound_of",
    "statuses",
    "used_of",
    "who_of",
]

UNREADABLE = "cannot be read"
_REGISTER = "suwen:register"
ERRONEOUS = "entered in error"
NOT_DONE = "planned, cancelled or not done"
OTHERS = "subject is not a patient"
CONTAINED = "contained in another resource"
NO_DATE = "date that cannot be read"
NO_TERM = "code without a usable phenotype term"
NO_DATE_SAID = "value without a date"
NO_RESULT = "observation without a result"
TOO_OLD = "value older than five years"
LIMIT_ONLY = "value that is only a limit"
WRONG_UNIT = "value without a unit that suits it"
WRONG_VALUE = "value that no adult can have"
CONTRADICTS = "value that others contradict"
RESOLVED = "condition said to be resolved"
NOT_CONFIRMED = "condition not confirmed"
ELSEWHERE = "recording that is elsewhere, or too large to be read here"
NO_RECORDING = "recording that cannot be read"
NO_TEXT = "text that cannot be read, or is elsewhere"
OF_PATIENT = ("gender", "birthDate", "deceasedDateTime", "deceasedBoolean")

# Where a resource says when: the first pair of begin and end of which one is there. A recorded or ordered date begins
# nothing that could end before it.
_PERIOD = ("period.start", "period.end")
_EFFECTIVE = (("effectiveDateTime", ""), ("effectiveInstant", ""), ("effectivePeriod.start", "effectivePeriod.end"))
TIMES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
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
_BEGUN: Mapping[str, tuple[str, ...]] = MappingProxyType(  # of those that no chronicle holds
    {
        "DocumentReference": ("context.period.start", "date"),
        "FamilyMemberHistory": ("date",),
        "Media": ("createdDateTime", "createdPeriod.start", "issued"),
        "MedicationStatement": ("effectiveDateTime", "effectivePeriod.start", "dateAsserted"),
    }
)
_DATE_TIME = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?(Z|[+-]\d\d:\d\d)?)?)?)?"  # R4 date, dateTime
)
_YEAR = 365.25  # days
_OTHER_SUBJECT = re.compile(r"(?:.*/)?(?:Group|Device|Location)/")


def from_register(demographics: Demographics) -> Json:
    """Birth date and sex as the register has them, as the Patient that counts where the record states nothing else."""
    said = {"gender": demographics.sex.value, "birthDate": demographics.birth_date}
    return {
        "resourceType": "Patient",
        "meta": {"source": _REGISTER},
        **{name: one for name, one in said.items() if one},
    }


def reason_in(reason: str, lang: str) -> str:
    """A reason of `left_out` in a language ("en", "zh"); of the address of a code system, what its codes do not say."""
    if ":" in reason and reason.partition(":")[0] in {"http", "https", "urn"}:
        said = "{}编码，未注明是哪一表型" if lang == "zh" else "code of {} that states no phenotype"
        return said.format(_SYSTEM_NAMES.get(reason, reason))
    return _REASONS_ZH.get(reason, reason) if lang == "zh" else reason


def who_of(resources: Iterable[Json]) -> Json:
    """What the newest Patient resource says, and the register where it is silent; `used` names which of them."""
    stated, register = Json(), Json()
    for one in resources:
        if one["resourceType"] == "Patient" and "entered-in-error" not in statuses(one):
            if at(one, "meta.source") == _REGISTER:
                register = one
            else:
                stated = one
    said: Json = {name: stated[name] for name in OF_PATIENT if stated.get(name) not in (None, "")}
    filled: Json = {name: register[name] for name in ("gender", "birthDate") if name in register and name not in said}
    return {**said, **filled, "used": [*["Patient"] * bool(stated), *["Demographics"] * bool(filled)]}


def used_of(who: Json, read: Iterable[Json]) -> Mapping[str, int]:
    """How many resources of each type were used, with whoever said who the patient is."""
    return Counter(chain(who["used"], (one["resourceType"] for one in read)))


def sound_of(resources: Iterable[Json], left_out: Counter[str]) -> list[Json]:
    """The resources that say something about the patient, by type and id: their order in the record decides nothing."""
    found = []
    for one in resources:
        if one["resourceType"] == "Patient":
            continue
        inner = one.get("contained")
        left_out[CONTAINED] += len(inner) if isinstance(inner, list) else 0
        if "entered-in-error" in statuses(one):
            left_out[ERRONEOUS] += 1
        elif _OTHER_SUBJECT.match(str(at(one, "subject.reference"))):
            left_out[OTHERS] += 1
        else:
            found.append(one)
    return sorted(found, key=lambda one: (one["resourceType"], str(one.get("id", ""))))


def named(resource: Json) -> str:
    """Type and id, as a reader finds a resource again."""
    return f"{resource['resourceType']}/{resource.get('id') or '?'}"


def at(value: Any, path: str) -> Any:
    """The member at a dotted path, "" where there is none."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return "" if value is None else value


def statuses(resource: Json) -> set[str]:
    """Codes of `status` and `verificationStatus`, in lower case."""
    codings = at(resource, "verificationStatus.coding")
    inside = [at(one, "code") for one in codings] if isinstance(codings, list) else []
    said = [resource.get("status"), *inside]
    return {one.lower() for one in said if isinstance(one, str)}


def moment(text: str) -> Moment | None:
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


def begun(resource: Json) -> float | None:
    """The day (counted from 0001-01-01) on which what a resource states began or was seen; None where it is not said.

    Of a day or year that is said without more its begin counts.
    """
    kind = resource["resourceType"]
    paths = [begins for begins, _ in TIMES.get(kind, ())] or _BEGUN.get(kind, ())
    found = (moment(str(at(resource, path))) for path in paths if at(resource, path))
    return next((one.low for one in found if one is not None), None)


def age_years(who: Json, day: float | None) -> float | None:
    """Age on a day in whole months; None where birth or day are not known, or the day is before birth."""
    birth = moment(str(who.get("birthDate", "")))
    if birth is None or day is None or day < birth.low:
        return None
    return int((day - birth.low) / _YEAR * 12 + 1e-2) / 12  # a birthday is not to be missed by a leap day


def digest(noun: object) -> str:
    """SHA-256 (hex) of a noun: the same content, the same digest; arrays count by type, shape and every bit."""
    return hashlib.sha256(canonical(_plain(noun))).hexdigest()


def _plain(value: Any) -> Any:
    """A noun as JSON: the same noun, the same bytes."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if type(value).__name__ == "ndarray":
        return _array(value)
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _array(values: Any) -> Json:
    """An array by what decides what is computed from it; not a number is one value, whatever its bits."""
    import numpy as np  # noqa: PLC0415 - most projections need none

    kept = np.array(values, dtype=values.dtype.newbyteorder("<"), order="C")
    if kept.dtype.kind == "f":
        kept[np.isnan(kept)] = np.nan
        kept += 0.0  # minus nought is nought
    return {"type": kept.dtype.str, "shape": list(kept.shape), "sha256": hashlib.sha256(kept.tobytes()).hexdigest()}


_SYSTEM_NAMES = MappingProxyType(
    {
        "http://loinc.org": "LOINC",
        "http://snomed.info/sct": "SNOMED CT",
        "http://hl7.org/fhir/sid/icd-10": "ICD-10",
        "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
        "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    }
)
_REASONS_ZH = MappingProxyType(
    {
        UNREADABLE: "无法读取",
        ERRONEOUS: "录入有误",
        NOT_DONE: "仅为计划、已取消或未执行",
        OTHERS: "主体不是患者",
        CONTAINED: "包含于其他资料之内",
        NO_DATE: "日期无法读取",
        NO_TERM: "编码无可用的表型术语",
        NO_TEXT: "文本无法读取或存于别处",
        NO_DATE_SAID: "数值未注明日期",
        NO_RESULT: "观察无结果",
        TOO_OLD: "数值已逾五年",
        LIMIT_ONLY: "仅为上限或下限的数值",
        WRONG_UNIT: "数值缺少适用的单位",
        WRONG_VALUE: "成人不可能有的数值",
        CONTRADICTS: "与其他数值相矛盾的数值",
        RESOLVED: "病情记为已缓解",
        ELSEWHERE: "记录存于别处，或过大而不在此读取",
        NO_RECORDING: "无法读取的记录",
        NOT_CONFIRMED: "病情未确认",
        "observation without a result, or not about the patient": "观察无结果，或不涉及患者本人",
        "observation that says neither present nor absent": "观察未说明有无",
        "no system": "编码未注明体系",
    }
)
