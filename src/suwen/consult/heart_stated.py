"""What a record states of the heart's risk: diseases there or denied, drugs being taken, relatives, and race."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from suwen.consult.facts import NOT_CONFIRMED, NOT_DONE, RESOLVED, at, begun, statuses
from suwen.consult.heart_codes import (
    ATC,
    CONDITIONS,
    CORONARY,
    EXCLUDED,
    HISTORY,
    ICD_10,
    INGREDIENTS,
    RACES,
    RELATIVES,
)
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.terms.codings import answer

if TYPE_CHECKING:
    from suwen.diagnosis.heart.nouns import Value

__all__ = ["drugs", "family", "race", "stated"]

_ICD_10 = re.compile(r"http://hl7\.org/fhir/sid/icd-10.*|urn:oid:2\.16\.840\.1\.113883\.6\.(3|90)")
_ATC = frozenset({"http://www.whocc.no/atc", "urn:oid:2.16.840.1.113883.6.73"})
_UNSURE = frozenset({"unconfirmed", "provisional", "differential"})
_OVER = frozenset({"resolved", "inactive", "remission"})
_TAKEN = frozenset({"active"})
_ON_SKIN = re.compile(
    r"\b(topical|ophthalmic|otic|gel|cream|ointment|eye|patch)\b|外用|滴眼|乳膏|凝胶|软膏", re.IGNORECASE
)
_ORAL = re.compile(r"oral|tablet|capsule|pill|片|胶囊|口服", re.IGNORECASE)
_RACE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
_ETHNICITY = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity"
_HISPANIC = "2135-2"

# Diseases


def stated(resources: Iterable[Json], left_out: Counter[str]) -> tuple[dict[str, Value], list[Json]]:
    """Factors that Conditions, Procedures and answered Observations state or deny, and the resources that do.

    What is said last counts; of what a person once had (a stroke, an infarction) that it was ever said.
    """
    said: dict[str, list[tuple[float, Value, Json]]] = {}
    for one in resources:
        for key, value in _of(one, left_out):
            said.setdefault(key, []).append((_day(one), value, one))
    found: dict[str, Value] = {}
    used = []
    for key, claims in said.items():
        there = [one for one in claims if one[1] != 0.0]
        counting = there if key in HISTORY and there else claims
        _, found[key], resource = max(counting, key=lambda one: (one[0], one[1] != 0.0, str(one[1])))
        used.append(resource)
    types = {value for _, value, _ in said.get("diabetes_type", ())}
    if types:  # a type says more than that there is none or some; two types say only that it is there
        found["diabetes"] = 1.0
        if len(types) > 1:
            del found["diabetes_type"]
    return found, used


def _day(resource: Json) -> float:
    day = begun(resource)
    return day if day is not None else float("-inf")


def _of(resource: Json, left_out: Counter[str]) -> Iterator[tuple[str, Value]]:
    """What one resource says of the factors."""
    kind = resource["resourceType"]
    if kind not in {"Condition", "Observation", "Procedure"}:
        return
    codes = list(_condition_codes(resource.get("code")))
    present = {pair for code in codes for pair in _meant(code)}
    if not present and not any(code in EXCLUDED for code in codes):
        return
    is_there, reason = _is_there(resource, kind)
    if reason:
        left_out[reason] += 1
    elif is_there is False:
        yield from ((key, 0.0) for code in codes for key in EXCLUDED.get(code, ()))
    elif is_there:
        over = kind == "Condition" and bool(_codes_at(resource, "clinicalStatus.coding") & _OVER)
        kept = [pair for pair in sorted(present, key=str) if not over or pair[0] in HISTORY]
        left_out[RESOLVED] += bool(len(kept) < len(present))
        yield from kept


def _is_there(resource: Json, kind: str) -> tuple[bool | None, str]:
    """Whether what is coded is said to be there (None: nothing is said), and why it does not count."""
    said = statuses(resource)
    if kind == "Condition":
        return ("refuted" not in said), (NOT_CONFIRMED if said & _UNSURE else "")
    if kind == "Procedure":
        return "completed" in said, ("" if "completed" in said else NOT_DONE)
    if said & {"registered", "cancelled"}:
        return None, NOT_DONE
    value = resource.get("valueBoolean")
    if isinstance(value, bool):
        return value, ""
    return answer(frozenset(one.lower() for one in _codes_at(resource, "valueCodeableConcept.coding"))), ""


def _meant(code: str) -> tuple[tuple[str, Value], ...]:
    if code in CONDITIONS:
        return CONDITIONS[code]
    bare = code.partition("ICD10:")[2]
    return next((ICD_10[bare[:size]] for size in range(len(bare), 2, -1) if bare[:size] in ICD_10), ())


def _condition_codes(concept: Any) -> Iterator[str]:
    """Codes as the tables have them: of SNOMED CT and HPO bare, of ICD-10 without point behind ICD10:."""
    for one in _list(at(concept, "coding")):
        code, system = str(at(one, "code")).strip(), str(at(one, "system"))
        if _ICD_10.fullmatch(system):
            yield "ICD10:" + code.upper().replace(".", "")
        elif code:
            yield code


def _codes_at(resource: Json, path: str) -> set[str]:
    return {str(at(one, "code")) for one in _list(at(resource, path))}


def _list(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


# Drugs


def drugs(resources: Iterable[Json]) -> tuple[set[str], list[Json]]:
    """What the drugs being taken are: "statin", "antiplatelet", PRESSURE_DRUG ...; and the resources that say so.

    A drug is known by its ATC code, or by the ingredients in the name that goes with another code. What is on no list
    of drugs is unknown, not absent.
    """
    found: set[str] = set()
    used = []
    for one in resources:
        if one["resourceType"] in {"MedicationRequest", "MedicationStatement"} and statuses(one) & _TAKEN:
            kinds = set(_kinds_of(one))
            found |= kinds
            used += [one] * bool(kinds)
    return found, used


def _kinds_of(resource: Json) -> Iterator[str]:
    concept = resource.get("medicationCodeableConcept")
    if not isinstance(concept, dict):
        wanted = str(at(resource, "medicationReference.reference")).removeprefix("#")
        inside = [one for one in _list(resource.get("contained")) if one.get("id") == wanted and wanted]
        concept = inside[0].get("code") if inside else None
    codings = _list(at(concept, "coding"))
    for one in codings:
        if str(at(one, "system")) in _ATC:
            code = str(at(one, "code")).upper()
            yield from (ATC[code[:size]] for size in range(len(code), 2, -1) if code[:size] in ATC)
    words = " ".join([str(at(concept, "text")), *(str(at(one, "display")) for one in codings)])
    if _ON_SKIN.search(words):
        return
    for kind, pattern in INGREDIENTS.items():
        if pattern.search(words) and (kind != "steroids" or _ORAL.search(words)):
            yield kind


# Relatives and race


def family(resources: Iterable[Json]) -> list[Json]:
    """The resources by which a first-degree relative has or had coronary disease."""
    return [one for one in resources if one["resourceType"] == "FamilyMemberHistory" and _is_coronary(one)]


def _is_coronary(resource: Json) -> bool:
    if not {str(at(one, "code")) for one in _list(at(resource, "relationship.coding"))} & RELATIVES:
        return False
    codes = {code for one in _list(resource.get("condition")) for code in _condition_codes(one.get("code"))}
    return any(code in CORONARY or code.removeprefix("ICD10:")[:3] in CORONARY for code in codes)


def race(patients: Iterable[Json]) -> str:
    """The race that the newest Patient states (US Core), as the equations name it; "" where none or another."""
    found = ""
    for one in patients:
        if one["resourceType"] == "Patient":
            said = {_category(each) for each in _list(one.get("extension"))} - {""}
            found = (
                "hispanic"
                if _HISPANIC in said
                else next((RACES[each] for each in sorted(said) if each in RACES), found)
            )
    return found


def _category(extension: Json) -> str:
    if str(extension.get("url")) not in {_RACE, _ETHNICITY}:
        return ""
    parts = [one for one in _list(extension.get("extension")) if one.get("url") == "ombCategory"]
    return str(at(parts[0], "valueCoding.code")) if len(parts) == 1 else ""
