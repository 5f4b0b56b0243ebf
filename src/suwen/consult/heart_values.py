"""What a record measured of the heart's risk: the newest valid value of each factor, in the unit of the equations."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from suwen.consult.facts import (
    LIMIT_ONLY,
    NO_DATE_SAID,
    NO_RESULT,
    NOT_DONE,
    TOO_OLD,
    UNREADABLE,
    WRONG_UNIT,
    WRONG_VALUE,
    at,
    begun,
    statuses,
)
from suwen.consult.heart_codes import EGFR_OLDER, LASTING, MEASURES, SMOKING, SMOKING_STATUS
from suwen.formats.fhir.nouns import Json

if TYPE_CHECKING:
    from suwen.diagnosis.heart.nouns import Value

__all__ = ["YEAR", "YEARS", "Measured", "measured"]

YEARS = 5.0  # how long a measured value counts
YEAR = 365.25  # days
_LOINC = frozenset({"http://loinc.org", "urn:oid:2.16.840.1.113883.6.1"})
_UNDONE = frozenset({"registered", "cancelled"})
_ANNOTATION = re.compile(r"\{(?!1\.73)[^{}]*\}")  # UCUM: words in braces mean nothing, but for the area of the body
_WRITTEN = {"[in_i]": "inch", "[lb_av]": "lb"}  # as the risk equations read them
_MOST_DIGITS = 40


@dataclass(frozen=True, slots=True)
class Measured:
    """A value with the factor it is of, the day it was measured on, and the resource it is from."""

    key: str
    value: Value
    day: float
    resource: Json


def measured(resources: Iterable[Json], latest: float, left_out: Counter[str]) -> dict[str, Measured]:
    """The newest valid value by factor; what is older than `YEARS` before the day `latest` is left out and counted.

    Where two or more systolic pressures are known, their standard deviation is a factor too (as QRISK3 defines it).
    """
    found = list(_valid(resources, latest, left_out))
    newest = {one.key: one for one in sorted(found, key=lambda one: (one.day, str(one.resource.get("id", ""))))}
    smoking = [newest[key] for key in ("smoking", "smoker") if key in newest]
    if len(smoking) == 2:
        del newest[min(smoking, key=lambda one: one.day).key]
    older = newest.pop("egfr older", None)
    if older is not None and not {"creatinine", "egfr"} & set(newest):
        newest["egfr"] = older
    pressures = [float(one.value) for one in found if one.key == "sbp"]
    if len(pressures) > 1:
        spread = statistics.stdev(pressures)
        newest["sbp_sd"] = Measured("sbp_sd", min(spread, 60.0), newest["sbp"].day, newest["sbp"].resource)
    return newest


def _valid(resources: Iterable[Json], latest: float, left_out: Counter[str]) -> Iterator[Measured]:
    for one in resources:
        if one["resourceType"] != "Observation" or one.get("focus"):
            continue
        for key, holder in _asked(one):
            reason, value = _value(key, holder)
            day = begun(one)
            if statuses(one) & _UNDONE:
                reason = NOT_DONE
            elif day is None:
                reason = reason or NO_DATE_SAID
            elif latest - day > YEARS * YEAR and key not in LASTING:
                reason = reason or TOO_OLD
            if reason or value is None or day is None:
                left_out[reason or NO_RESULT] += 1
            else:
                yield Measured(value[0], value[1], day, one)


def _asked(resource: Json) -> Iterator[tuple[str, Json]]:
    """The factors that an Observation and its components are about, each with what holds the value."""
    components = resource.get("component")
    parts = [one for one in components if isinstance(one, dict)] if isinstance(components, list) else []
    for holder in (resource, *parts):
        loinc = {str(at(one, "code")) for one in _codings(holder) if str(at(one, "system")) in _LOINC}
        keys = {MEASURES[one] for one in loinc if one in MEASURES}
        keys |= {"egfr older" for one in loinc if one in EGFR_OLDER} | {"smoking" for _ in loinc & SMOKING_STATUS}
        yield from ((key, holder) for key in sorted(keys))


def _codings(holder: Json) -> list[Json]:
    codings = at(holder, "code.coding")
    return [one for one in codings if isinstance(one, dict)] if isinstance(codings, list) else []


def _value(key: str, holder: Json) -> tuple[str, tuple[str, Value] | None]:
    """Why a value cannot be used, or the factor with the value in its unit."""
    if key == "smoking":
        return _smoking(holder)
    quantity = holder.get("valueQuantity")
    if not isinstance(quantity, Mapping):
        return NO_RESULT, None
    number = quantity.get("value")
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal):
        return NO_RESULT, None
    if quantity.get("comparator"):
        return LIMIT_ONLY, None
    if len(str(number)) > _MOST_DIGITS:
        return WRONG_VALUE, None
    return _in_unit(key, number, str(quantity.get("code") or quantity.get("unit") or ""))


def _in_unit(key: str, number: int | float | Decimal, unit: str) -> tuple[str, tuple[str, Value] | None]:
    from suwen.diagnosis.heart.factors import FACTORS  # noqa: PLC0415 - numpy comes with it
    from suwen.diagnosis.heart.person import read_values  # noqa: PLC0415
    from suwen.errors import InputError  # noqa: PLC0415

    factor = key.partition(" ")[0]
    bare = _ANNOTATION.sub("", unit).strip()
    bare = _WRITTEN.get(bare, bare)
    if not bare and FACTORS[factor].unit != "1":
        return WRONG_UNIT, None
    try:
        value = read_values({factor: f"{number} {bare}".strip()})[factor]
    except InputError as error:
        said = " ".join(one.what for one in error.problems)
        return (WRONG_UNIT if "unit" in said else WRONG_VALUE if "outside" in said else UNREADABLE), None
    return "", (key, value)


def _smoking(holder: Json) -> tuple[str, tuple[str, Value] | None]:
    codings = at(holder, "valueCodeableConcept.coding")
    said = [SMOKING.get(str(at(one, "code"))) for one in codings] if isinstance(codings, list) else []
    known = [one for one in said if one is not None]
    return ("", known[0]) if known else (NO_RESULT, None)
