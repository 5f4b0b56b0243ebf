"""What the risk equations are given of a record: the newest valid value of each factor, and nothing that names anybody.

What is not stated stays unknown: that a diagnosis or a drug is not in a record says nothing. Units are read from UCUM,
and a value in a unit that does not suit is left out and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suwen.consult.facts import (
    CONTRADICTS,
    age_years,
    begun,
    digest,
    sound_of,
    used_of,
    who_of,
)
from suwen.consult.heart_codes import PRESSURE_DRUG
from suwen.consult.heart_stated import drugs, family, race, stated
from suwen.consult.heart_values import YEAR, Measured, measured
from suwen.consult.nouns import Given
from suwen.errors import Problem
from suwen.formats.fhir.nouns import Json
from suwen.subject import Saying

if TYPE_CHECKING:
    from suwen.diagnosis.heart.nouns import Value

__all__ = ["HEART_KINDS", "HeartFacts", "heart"]

HEART_KINDS = frozenset(
    {
        *("Patient", "Condition", "Observation", "Procedure", "Encounter"),
        *("MedicationRequest", "MedicationStatement", "FamilyMemberHistory"),
    }
)
_OLDEST = 110.0
_FROM_DRUGS = ("statin", "antiplatelet", "steroids", "antipsychotic")
_MADE_OF = {"bmi": ("height", "weight"), "cholesterol_ratio": ("total_cholesterol", "hdl")}


@dataclass(frozen=True, slots=True)
class HeartFacts:
    """What is known of a patient by key of the risk factors, in their units, sorted; what is not there is unknown.

    `old` names the values that were measured a whole year or more before the latest date of the record, with the years.
    `derived` says what was computed from the rest. Age is that at the latest date of the record, in whole months.
    """

    patient: str
    values: tuple[tuple[str, Value], ...]
    old: tuple[tuple[str, int], ...] = ()
    derived: tuple[Saying, ...] = ()
    died: bool = False


def heart(resources: Sequence[Json], patient: str) -> Given:
    """The risk factors of a patient (`HeartFacts`): values, diseases, drugs, relatives, age, sex."""
    left_out, who = Counter[str](), who_of(resources)
    sound = sound_of(resources, left_out)
    latest = max((day for day in map(begun, sound) if day is not None), default=0.0)
    found = measured(sound, latest, left_out)
    claims, claimed = stated(sound, left_out)
    taken, prescribed = drugs(sound)
    relatives = family(sound)
    values: dict[str, Value] = {**claims, **{key: 1.0 for key in _FROM_DRUGS if key in taken}}
    if PRESSURE_DRUG in taken and values.get("hypertension") == 1.0:
        values["treated"] = 1.0  # the same drugs are given to failing hearts and after infarctions
    values |= {"family_history": 1.0} if relatives else {}
    values |= {key: one.value for key, one in found.items()}
    values |= _person(who, resources, latest)
    complete, derived = _derived(values, left_out)
    used = _once([*(one.resource for key, one in found.items() if key in complete), *claimed, *prescribed, *relatives])
    noun = HeartFacts(
        patient,
        tuple(sorted(complete.items())),
        _old(found, latest),
        derived,
        died="deceasedDateTime" in who or who.get("deceasedBoolean") is True,
    )
    return Given(noun, digest(noun), used_of(who, used), +left_out)


def _person(who: Json, resources: Sequence[Json], latest: float) -> dict[str, Value]:
    """Age, sex and race, as far as they are known."""
    found: dict[str, Value] = {}
    sex = str(who.get("gender", ""))
    if sex in {"female", "male"}:
        found["sex"] = sex
    age = age_years(who, latest)
    if age is not None and age <= _OLDEST:
        found["age"] = age
    named = race(resources)
    return {**found, **({"race": named} if named else {})}


def _derived(values: dict[str, Value], left_out: Counter[str]) -> tuple[dict[str, Value], tuple[Saying, ...]]:
    """`values` with what follows from them; what the rest contradicts is left out and counted."""
    from suwen.diagnosis.heart.derived import derive  # noqa: PLC0415 - numpy comes with it

    for key, sources in _MADE_OF.items():  # both may be right, of different days
        if set(sources) <= set(values):
            values.pop(key, None)
    while True:
        problems: list[Problem] = []
        complete, said = derive(values, problems)
        wrong = [one.where for one in problems if one.where in values]
        if not wrong:
            return complete, said
        for key in wrong:
            del values[key]
            left_out[CONTRADICTS] += 1


def _old(found: Mapping[str, Measured], latest: float) -> tuple[tuple[str, int], ...]:
    years = {key: int((latest - one.day) / YEAR) for key, one in found.items() if key != "height"}
    return tuple(sorted((key, one) for key, one in years.items() if one))


def _once(resources: Sequence[Json]) -> list[Json]:
    return list({id(one): one for one in resources}.values())
