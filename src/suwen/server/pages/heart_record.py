"""What a patient's record says of the heart's risk: the factors known, and the courses of pressure and lipids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from suwen.consult.facts import at, begun, from_register, sound_of, statuses
from suwen.consult.projections_heart import HEART_KINDS, HeartFacts, heart
from suwen.errors import FormatError
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.stored import Stored
from suwen.server.pages.patient_frame import Head
from suwen.subject import Saying

if TYPE_CHECKING:
    from suwen.diagnosis.heart.nouns import Person

__all__ = ["COURSES", "Course", "Courses", "HeartRecord", "courses_of", "read_heart", "resources_of"]

_UNDONE = frozenset({"registered", "cancelled", "entered-in-error"})
_CHOLESTEROL, _TRIGLYCERIDES = 38.67, 88.57  # mg/dL of 1 mmol/L (NIST, as the ATP III report rounds them)
_MOST_POINTS = 2_000  # of one course, the newest


@dataclass(frozen=True, slots=True)
class Course:
    """A quantity drawn over time: its LOINC codes, name and unit, and other units with their factor."""

    key: str
    name: Saying
    unit: str
    codes: tuple[str, ...]
    others: Mapping[str, float]


def _lipid(key: str, en: str, zh: str, codes: tuple[str, ...], per: float = _CHOLESTEROL) -> Course:
    return Course(key, Saying(en, zh), "mmol/L", codes, {"mg/dL": 1 / per})


COURSES: Mapping[str, tuple[Course, ...]] = MappingProxyType(
    {
        "pressure": (
            Course("sbp", Saying("systolic", "收缩压"), "mmHg", ("8480-6", "8459-0", "76534-7"), {}),
            Course("dbp", Saying("diastolic", "舒张压"), "mmHg", ("8462-4", "8453-3", "76535-4"), {}),
        ),
        "lipids": (
            _lipid("total", "total cholesterol", "总胆固醇", ("2093-3", "14647-2")),
            _lipid("ldl", "LDL cholesterol", "低密度脂蛋白", ("2089-1", "18262-6", "13457-7", "22748-8", "39469-2")),
            _lipid("hdl", "HDL cholesterol", "高密度脂蛋白", ("2085-9", "14646-4")),
            _lipid("triglycerides", "triglycerides", "甘油三酯", ("2571-8", "14927-8"), _TRIGLYCERIDES),
        ),
    }
)
Courses = Mapping[str, Mapping[str, tuple[tuple[float, float], ...]]]
_UNIX = date(1970, 1, 1).toordinal()
_DAY = 86_400
_SAME = {"mm[Hg]": "mmHg"}


@dataclass(frozen=True, slots=True)
class HeartRecord:
    """The factors known of a patient, what of the record was left out by reason, and the courses."""

    facts: HeartFacts
    left_out: Mapping[str, int]
    courses: Courses

    @property
    def person(self) -> Person:
        """The factors, as the equations take them."""
        from suwen.diagnosis.heart.nouns import Person  # noqa: PLC0415 - numpy comes with it

        return Person(dict(self.facts.values))


def read_heart(head: Head) -> HeartRecord:
    """What the risk equations may see of a patient; the head was opened with HEART_KINDS. Raises FormatError."""
    resources = resources_of(head, HEART_KINDS)
    given = heart(resources, head.id)
    facts = given.noun
    if not isinstance(facts, HeartFacts):
        raise FormatError(
            "the record cannot be read for the risk of the heart", zh="无法从病历中读取心血管风险所需的数据"
        )
    return HeartRecord(facts, given.left_out, courses_of(resources))


def resources_of(head: Head, kinds: Iterable[str]) -> list[Json]:
    """What the register says of the patient, and the resources of these kinds that the head was opened with.

    A payload that is no resource is not there.
    """
    found: list[Json] = [from_register(head.demographics)]
    wanted = set(kinds)
    for one in head.look.records:
        if one.kind not in wanted:
            continue
        try:
            resource = Stored.from_bytes(one.payload).resource
        except FormatError:
            continue
        if isinstance(resource, dict) and resource.get("resourceType") == one.kind:
            found.append(resource)
    return found


def courses_of(resources: Iterable[Json]) -> Courses:
    """By group and quantity the values with their times (seconds from 1970), in order of time."""
    sound = [one for one in sound_of(resources, Counter()) if one["resourceType"] == "Observation"]
    found = {group: {one.key: _points(one, sound) for one in courses} for group, courses in COURSES.items()}
    return {group: {key: points for key, points in courses.items() if points} for group, courses in found.items()}


def _points(course: Course, observations: Iterable[Json]) -> tuple[tuple[float, float], ...]:
    points = {point for one in observations for point in _of(course, one)}
    return tuple(sorted(points)[-_MOST_POINTS:])


def _of(course: Course, observation: Json) -> Iterator[tuple[float, float]]:
    day = begun(observation)
    if day is None or statuses(observation) & _UNDONE:
        return
    parts = observation.get("component")
    for holder in (observation, *(parts if isinstance(parts, list) else ())):
        if isinstance(holder, dict) and _codes(holder) & set(course.codes):
            value = _value(course, holder.get("valueQuantity"))
            if value is not None:
                yield (day - _UNIX) * _DAY, value


def _codes(holder: Json) -> set[str]:
    codings = at(holder, "code.coding")
    return {str(at(one, "code")) for one in codings if isinstance(one, dict)} if isinstance(codings, list) else set()


def _value(course: Course, quantity: object) -> float | None:
    """The number in the unit of the course; a limit, or a number in a unit that does not suit, is none."""
    if not isinstance(quantity, dict) or quantity.get("comparator"):
        return None
    number = quantity.get("value")
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal):
        return None
    unit = str(quantity.get("code") or quantity.get("unit") or "")
    unit = _SAME.get(unit, unit)
    factor = 1.0 if unit == course.unit else course.others.get(unit)
    return None if factor is None else round(float(number) * factor, 3)
