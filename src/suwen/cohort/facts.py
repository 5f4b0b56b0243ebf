"""A record cut down to what criteria and columns may ask: coded facts, results, documents and verdicts, with days."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from suwen.errors import FormatError
from suwen.formats.fhir import Json, Stored
from suwen.formats.fhir.attachments import texts_of
from suwen.formats.fhir.terms.codings import answer, is_finding_question
from suwen.formats.fhir.terms.terminology import code_of
from suwen.records.demographics import KIND as DEMOGRAPHICS
from suwen.records.demographics import Demographics
from suwen.records.store.charts import Record

__all__ = ["ALWAYS", "FINDING", "Coded", "Facts", "Judged", "Measured", "Written", "codes_of", "facts_of"]

FINDING = "Finding"
ALWAYS = frozenset({DEMOGRAPHICS, "Patient"})
_VOID = frozenset({"entered-in-error", "refuted", "unconfirmed", "provisional", "differential"})
_UNDONE = frozenset({"entered-in-error", "cancelled", "registered", "not-done", "preparation", "draft", "proposed"})
_DAYS = (
    *("onsetDateTime", "onsetPeriod.start", "effectiveDateTime", "effectivePeriod.start", "effectiveInstant"),
    *("performedDateTime", "performedPeriod.start", "occurrenceDateTime", "authoredOn", "date", "period.start"),
    *("recordedDate", "issued", "dateTime"),
)
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:T|$)")
_CODED = {"MedicationRequest": "medicationCodeableConcept", "MedicationStatement": "medicationCodeableConcept"}
_CODED |= {"MedicationAdministration": "medicationCodeableConcept", "Immunization": "vaccineCode"}
_PAPERS = frozenset({"DocumentReference", "DiagnosticReport"})
_OTHER_SUBJECT = re.compile(r"(?:.*/)?(?:Group|Device|Location)/")


@dataclass(frozen=True, slots=True)
class Coded:
    """Something stated of the patient: the kind of resource, its codes (`SNOMEDCT:44054006`, `system|code`), a day."""

    kind: str
    codes: frozenset[str]
    day: date | None


@dataclass(frozen=True, slots=True)
class Measured:
    """A result: its codes, its value and unit (UCUM)."""

    codes: frozenset[str]
    day: date | None
    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Written:
    """A document or report: the codes of its type, and its texts."""

    codes: frozenset[str]
    day: date | None
    texts: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding that a person judged: what was claimed, the verdict, what is so ("" where it was rejected)."""

    claim: str
    verdict: str
    code: str
    day: date | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a record says. `birth` is "" or an ISO date, perhaps partial; `identifying` what must not go out."""

    sex: str
    birth: str = field(repr=False)
    coded: tuple[Coded, ...]
    measured: tuple[Measured, ...]
    written: tuple[Written, ...]
    judged: tuple[Judged, ...]
    consented: bool
    filed: int  # when the newest record was written, microseconds UTC
    identifying: frozenset[str] = field(repr=False)


def facts_of(found: Iterable[Record]) -> Facts:
    """Sort the records of one patient. What cannot be read as a resource states nothing."""
    records = list(found)
    who = [Demographics.from_bytes(one.payload) for one in records if one.kind == DEMOGRAPHICS]
    resources = [_resource(one) for one in records if one.kind not in (DEMOGRAPHICS, FINDING)]
    stated = [one for one in resources if one.get("resourceType") == "Patient" and "entered-in-error" not in _said(one)]
    sound = [one for one in resources if one.get("resourceType") != "Patient" and _is_sound(one)]
    register = who[-1] if who else None
    return Facts(
        sex=_first(stated, "gender") or (register.sex.value if register else "unknown"),
        birth=_first(stated, "birthDate") or (register.birth_date if register else ""),
        coded=tuple(one for each in sound for one in _coded(each)),
        measured=tuple(one for each in sound for one in _measured(each)),
        written=tuple(_written(each) for each in sound if each["resourceType"] in _PAPERS),
        judged=tuple(one for each in records if each.kind == FINDING for one in _judged(each)),
        consented=_consented(sound),
        filed=max((one.at for one in records), default=0),
        identifying=frozenset(_identifying(who, stated)),
    )


def _resource(record: Record) -> Json:
    try:
        resource = Stored.from_bytes(record.payload).resource
    except FormatError:
        return {}
    return resource if isinstance(resource, dict) and resource.get("resourceType") == record.kind else {}


def _first(stated: list[Json], name: str) -> str:
    """The newest Patient resource counts, as in a consult."""
    return next((str(one[name]) for one in reversed(stated) if one.get(name)), "")


def _said(resource: Json) -> set[str]:
    codings = _at(resource, "verificationStatus.coding") or []
    said = [resource.get("status"), *(_at(one, "code") for one in codings)]
    return {one.lower() for one in said if isinstance(one, str)}


def _is_sound(resource: Json) -> bool:
    if not resource or _said(resource) & (_VOID | _UNDONE):
        return False
    return not _OTHER_SUBJECT.match(str(_at(resource, "subject.reference") or ""))


def codes_of(concept: Any) -> frozenset[str]:
    """The codes of a CodeableConcept: with our prefix where the system is known, else `system|code`."""
    found = set[str]()
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    for one in codings if isinstance(codings, list) else []:
        if isinstance(one, dict):
            known = code_of(one)
            if known is not None:
                found.add(known.value)
            elif isinstance(one.get("code"), str):
                found.add(f"{one.get('system') or ''}|{one['code']}")
    return frozenset(found)


def _coded(resource: Json) -> Iterator[Coded]:
    kind, day = resource["resourceType"], _day(resource)
    if kind == "Observation":
        codes = _present(resource)
        if codes:
            yield Coded("Condition", codes, day)
        return
    concept = resource.get(_CODED.get(kind, "code"))
    codes = codes_of(concept)
    if codes:
        yield Coded(kind, codes, day)


def _present(resource: Json) -> frozenset[str]:
    """The codes under which an observation states that the patient has something; none where it does not."""
    if resource.get("focus") or resource.get("dataAbsentReason"):
        return frozenset()
    concept = resource.get("valueCodeableConcept")
    codes, raw = codes_of(resource.get("code")), _raw(resource.get("code"))
    if is_finding_question(raw):
        return codes_of(concept)
    said = resource.get("valueBoolean")
    if said is None and concept is not None:
        said = answer(_raw(concept))
    return codes if said is True else frozenset()


def _raw(concept: Any) -> frozenset[str]:
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    found = (_at(one, "code") for one in (codings if isinstance(codings, list) else []))
    return frozenset(one.strip().lower() for one in found if isinstance(one, str))


def _measured(resource: Json) -> Iterator[Measured]:
    if resource["resourceType"] != "Observation" or resource.get("focus"):
        return
    day, parts = _day(resource), resource.get("component")
    for one in (resource, *(parts if isinstance(parts, list) else ())):
        value, unit = _at(one, "valueQuantity.value"), _at(one, "valueQuantity.code")
        compared = _at(one, "valueQuantity.comparator")
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and not compared:
            yield Measured(codes_of(one.get("code")), day, Decimal(value), str(unit or ""))


def _written(resource: Json) -> Written:
    concept = resource.get("type" if resource["resourceType"] == "DocumentReference" else "code")
    texts = tuple(one.text for one in texts_of(resource) if not one.problem and one.text.strip())
    return Written(codes_of(concept), _day(resource), texts)


def _judged(record: Record) -> Iterator[Judged]:
    """The latest verdict on a finding (format 2 of `suwen.consult.findings`); one nobody judged is no label."""
    try:
        content = json.loads(record.payload)
        latest = content["reviews"][-1]
        said = content["amended"] or content["found"]
        verdict = str(latest["verdict"])
        code = "" if verdict == "rejected" else str(said["en"]["code"]["value"])
        day = datetime.fromtimestamp(latest["at"] / 1_000_000, UTC).date()
        yield Judged(str(content["claim"]), verdict, code, day)
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
        return


def _consented(resources: Iterable[Json]) -> bool:
    """Whether the newest Consent to research (FHIR R4, scope `research`) permits it."""
    found = []
    for one in resources:
        scopes = _raw(one.get("scope"))
        if one["resourceType"] == "Consent" and "research" in scopes:
            permitted = one.get("status") == "active" and _at(one, "provision.type") != "deny"
            found.append((str(one.get("dateTime", "")), permitted))
    return max(found)[1] if found else False


def _identifying(who: list[Demographics], stated: list[Json]) -> Iterator[str]:
    """Every text by which the record knows the patient: names, numbers, addresses, telephones, birth date."""
    for register in who:
        yield from (*register.names, *register.parts, *register.addresses, register.birth_date)
        for identifier in register.identifiers:
            yield from (identifier, identifier.rpartition("|")[2])
    for one in stated:
        for name in ("identifier", "name", "telecom", "address", "contact", "birthDate", "id"):
            yield from _leaves(one.get(name))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            if name not in {"use", "system", "type", "coding", "gender", "relationship", "rank", "period", "extension"}:
                yield from _leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)


def _day(resource: Json) -> date | None:
    """The first day that a resource's time may mean; the local day, as it was written."""
    for path in _DAYS:
        found = _DATE.match(str(_at(resource, path) or ""))
        if found:
            year, month, day = (int(one) if one else 1 for one in found.groups())
            try:
                return date(year, month, day)
            except ValueError:
                return None
    return None


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
