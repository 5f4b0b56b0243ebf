"""Writing over REST: a resource created, its next version, withdrawn; what may be written by whom is as everywhere."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from suwen.consult.fhir.held import digest, is_order, is_type, resource_in
from suwen.consult.fhir.patients import demographics_of
from suwen.consult.fhir.rest.asking import Asked
from suwen.consult.fhir.rest.matching import find_in
from suwen.consult.fhir.rest.names import Named, named, patient_of
from suwen.consult.fhir.rest.nouns import Change, Limits, Version, Who, Written
from suwen.consult.fhir.rest.reading import place_in, speaking
from suwen.consult.fhir.rest.room import Rest
from suwen.consult.fhir.rest.served import version_of
from suwen.consult.fhir.rest.unserved import local_references, without_version, written_back
from suwen.consult.fhir.rest.wholes import Whole, Wholes, newest_of
from suwen.consult.patients import amend, register
from suwen.errors import AccessError, ConflictError, FormatError, InputError, NotFoundError, Problem
from suwen.formats.fhir import Json, Stored, check
from suwen.formats.fhir.compartment import patient_references
from suwen.records.access import Act, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.demographics import KIND as DEMOGRAPHICS
from suwen.records.demographics import Demographics
from suwen.records.gate import Work
from suwen.records.noted import note_opened, seal_drafts
from suwen.records.store.charts import Draft, Record

__all__ = [
    "Place",
    "create_in",
    "create_resource",
    "current_in",
    "existing_in",
    "kept_apart",
    "place_for",
    "require_sound",
    "update_in",
    "update_resource",
    "who_is",
    "withdraw_in",
    "withdraw_resource",
]

# Of no patient, or no resource that is kept by itself.
_NOT_KEPT = frozenset({"Bundle", "Parameters", "OperationOutcome", "CapabilityStatement"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new resource will lie; for a Patient that exists already, or will."""

    name: Named
    known: Set[str] = field(default_factory=frozenset)  # what else comes in the same piece of work, as `Type/id`


def create_resource(rest: Rest, who: Who, resource: Json, *, unless: Asked | None = None) -> Written:
    """File a new resource with the patient it is about; a Patient is registered. `unless` something answers a search.

    Raises FormatError (not valid R4), InputError (about no one patient of here), AccessError, ConflictError where
    several answer `unless`.
    """
    require_sound(resource)
    with rest.records.acting(who.actor, who.purpose) as work:
        return create_in(work, rest.wholes, resource, unless=unless, limits=who.limits)


def create_in(
    work: Work, wholes: Wholes, resource: Json, *, unless: Asked | None, limits: Limits, place: Place | None = None
) -> Written:
    """As `create_resource`, within a piece of work; `place` where it was settled before."""
    if unless is not None and (found := existing_in(work, wholes, resource, unless, limits)) is not None:
        return Written(found, same=True)
    if resource["resourceType"] == "Patient":
        return _registered(work, wholes, resource, limits, place)
    place = place or place_for(resource, {})
    _require_within(limits, place.name)
    work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=place.name.patient)
    if is_order(resource):
        work.require(Act.ORDER, ResourceKind.PATIENT, patient=place.name.patient)
    whole = wholes.of(work, place.name.patient)
    detail = {"what": "held against what comes", "resources": len(whole.newest)}
    work.note(EventKind.QUERY, act=Act.ANNOTATE.value, subject=whole.patient.hex(), detail=detail)
    _require_known(resource, whole, place)
    stored = Stored(without_version({**resource, "id": place.name.id}))
    return Written(_sealed(work, wholes, place.name, stored, place.name.record, 0), fresh=True)


def existing_in(work: Work, wholes: Wholes, resource: Json, unless: Asked, limits: Limits) -> Version | None:
    """The one resource that answers a search already, None where none does. Raises ConflictError for several."""
    if resource["resourceType"] != "Patient":
        about = place_for(resource, {}).name.patient.hex()
        _require_within(limits, Named("Patient", bytes.fromhex(about)))
        limits = Limits(about, limits.sees)
    found = find_in(work, wholes, unless, limits)
    if len(found) > 1:
        raise ConflictError("several resources answer the condition; make it narrower")
    if not found:
        return None
    if (record := found[0].record) is not None:
        note_opened(work, found[0].name.patient, [record])  # it is told to whoever asked
    return found[0].version


def place_for(resource: Json, coming: Mapping[str, Named]) -> Place:
    """Where a new resource will lie: with the one patient it is about. Raises InputError.

    `coming` are resources of the same piece of work by the address they have in it.
    """
    kind = str(resource["resourceType"])
    found = {one for said in patient_references(resource) if (one := _about(said, coming))}
    if len(found) != 1:
        what = "is about several patients" if found else "names no patient of this server"
        raise InputError(f"this {kind} cannot be filed:", [Problem("", what, "refer to one as Patient/id")])
    name = Named(kind, bytes.fromhex(found.pop()), secrets.token_bytes(16))
    return Place(name, frozenset(one.local for one in coming.values()))


def _about(said: str, coming: Mapping[str, Named]) -> str:
    if said in coming:
        return coming[said].patient.hex()
    return patient_of(said)


def require_sound(resource: Json) -> None:
    """Refuse what is not valid R4, or is not kept here. Raises FormatError with every problem."""
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or kind in _NOT_KEPT or not is_type(kind):
        raise FormatError("this is no type of resource that is kept here")
    problems = check(resource).problems
    if problems:
        raise FormatError(f"the {kind} is not valid FHIR R4:", problems)


def kept_apart(kind: str) -> bool:
    """Whether a type of resource is not kept by itself."""
    return kind in _NOT_KEPT or not is_type(kind)


def _require_within(limits: Limits, name: Named) -> None:
    if limits.patient and limits.patient != name.patient.hex():
        raise AccessError("the app was launched for another patient")


def _require_known(resource: Json, whole: Whole, place: Place) -> None:
    """Refuse references into other charts, and to what is not in this one. Raises InputError."""
    problems = []
    for said in local_references(resource):
        kind, _, id_ = said.partition("/")
        name = named(kind, id_)
        if name is None or said in place.known or said == place.name.local:
            continue
        if not name.patient:
            missing = name not in whole.elsewhere.values()
            problems += [Problem("", f"a reference to a {kind} points at nothing in the directory")] if missing else []
        elif name.patient != whole.patient:
            problems.append(Problem("", f"a reference to a {kind} points into another chart"))
        elif kind != "Patient" and not _is_here(whole, name):
            problems.append(Problem("", f"a reference to a {kind} points at nothing in this chart"))
    if problems:
        raise InputError(f"this {resource['resourceType']} cannot be filed:", problems)


def _is_here(whole: Whole, name: Named) -> bool:
    seen = whole.newest.get(name.record)
    # What findings become has no record of its own; that it is one cannot be told without making them.
    return (seen is None and bool(whole.of_kind("Finding"))) or (seen is not None and seen.kind == name.kind)


def _registered(work: Work, wholes: Wholes, resource: Json, limits: Limits, place: Place | None) -> Written:
    if place is None:
        if limits.patient:
            raise AccessError("the app was launched for another patient")
        place = Place(Named("Patient", register(work, who_is(resource))))
    patient = place.name.patient
    work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=patient)
    stored = Stored(without_version({**resource, "id": patient.hex()}))
    return Written(_sealed(work, wholes, place.name, stored, secrets.token_bytes(16), 0), fresh=True)


def who_is(resource: Json) -> Demographics:
    """Who a Patient is, for the register. Raises InputError."""
    try:
        return demographics_of(resource)
    except InputError:
        problem = Problem("Patient", "has neither identifier nor name", "give at least one of them")
        raise InputError("this Patient cannot be registered:", [problem]) from None


def update_resource(rest: Rest, who: Who, change: Change) -> Written:
    """Write the next version of a resource; nothing where nothing changed.

    Raises as `create_resource`, NotFoundError, ConflictError where it is another version by now.
    """
    require_sound(change.resource)
    with rest.records.acting(who.actor, who.purpose) as work:
        return update_in(work, rest.wholes, change, who.limits)


def update_in(work: Work, wholes: Wholes, change: Change, limits: Limits) -> Written:
    """As `update_resource`, within a piece of work."""
    resource, kind = change.resource, change.kind
    if resource["resourceType"] != kind or resource.get("id") != change.id:
        raise InputError("type and id of the resource are not those of the address")
    name, whole, record = _to_change(work, wholes, kind, change.id, limits)
    before = version_of(whole, name, record)
    _require_version(before, change.expected)
    _require_same_patient(resource, before.resource or {}, name)
    _require_known(resource, whole, Place(name, change.known))
    was = resource_in(record)
    stored = written_back(whole, was, {**resource, "id": name.id})
    if was is not None and digest(without_version(was.resource)) == digest(stored.resource):
        return Written(before, same=True)
    if is_order(resource) or (was is not None and is_order(was.resource)):
        work.require(Act.ORDER, ResourceKind.PATIENT, patient=name.patient)
    if kind == "Patient":
        _amend(work, whole, resource)
    follows = record.kind == kind
    target = record.id if follows else secrets.token_bytes(16)
    return Written(_sealed(work, wholes, name, stored, target, record.version if follows else 0))


def current_in(work: Work, wholes: Wholes, kind: str, id_: str, limits: Limits) -> Version:
    """The newest version of what may be changed. Raises AccessError, NotFoundError."""
    name, whole, record = _to_change(work, wholes, kind, id_, limits)
    return version_of(whole, name, record)


def _to_change(work: Work, wholes: Wholes, kind: str, id_: str, limits: Limits) -> tuple[Named, Whole, Record]:
    name = place_in(work, kind, id_, limits)
    if not name.patient:
        raise NotFoundError(f"there is no {kind} with this id that can be changed; the directory is filed by import")
    work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=name.patient)
    whole = wholes.of(work, name.patient)
    if kind != "Patient" and name.record not in whole.newest and whole.of_kind("Finding"):
        raise NotFoundError(f"there is no {kind} with this id that can be changed; findings are judged in Suwen")
    (record,) = newest_of(work, whole, [speaking(whole, name)])
    note_opened(work, name.patient, [record])
    return name, whole, record


def _require_version(before: Version, expected: str) -> None:
    if before.number != expected:
        raise ConflictError(f"it is version {before.number} by now; read it again")


def _require_same_patient(resource: Json, before: Json, name: Named) -> None:
    """Threat: a resource of one patient that says it is about another misleads whoever treats either."""
    said, was = _patients(resource), _patients(before)
    if name.kind != "Patient" and (said - {name.patient.hex()} or (was and not said)):
        raise InputError("the resource is about another patient than before; withdraw it and create it there")


def _patients(resource: Json) -> set[str]:
    """The patients (hex) whom a resource says it is about; an Organization that came with one is about none."""
    return {patient for one in patient_references(resource) if (patient := patient_of(one))}


def _amend(work: Work, whole: Whole, resource: Json) -> None:
    register_ = whole.register()
    now = Demographics.from_bytes(newest_of(work, whole, [register_])[0].payload) if register_ is not None else None
    who = who_is(resource)
    if now is None or (who.identifiers, who.names, who.birth_date, who.sex) != (
        now.identifiers,
        now.names,
        now.birth_date,
        now.sex,
    ):
        amend(work, whole.patient, who)


def _sealed(work: Work, wholes: Wholes, name: Named, stored: Stored, record: bytes, base: int) -> Version:
    drafts = [Draft(name.kind, stored.to_bytes(), record, base)]
    (written,) = seal_drafts(work, Act.ANNOTATE, name.patient, drafts)
    return version_of(wholes.of(work, name.patient), name, written)


def withdraw_resource(rest: Rest, who: Who, kind: str, id_: str, *, expected: str = "") -> Version:
    """Withdraw a resource; its versions stay in the history. Raises as `update_resource`."""
    with rest.records.acting(who.actor, who.purpose) as work:
        return withdraw_in(work, rest.wholes, kind, id_, expected=expected, limits=who.limits)


def withdraw_in(work: Work, wholes: Wholes, kind: str, id_: str, *, expected: str, limits: Limits) -> Version:
    """As `withdraw_resource`, within a piece of work."""
    if kind in {"Patient", DEMOGRAPHICS}:
        raise InputError("a Patient is not withdrawn; the security officer erases records, by destroying their key")
    name, whole, record = _to_change(work, wholes, kind, id_, limits)
    before = version_of(whole, name, record)
    if expected:
        _require_version(before, expected)
    if record.withdrawn:
        return before
    was = resource_in(record)
    if was is not None and is_order(was.resource):
        work.require(Act.ORDER, ResourceKind.PATIENT, patient=name.patient)
    (gone,) = seal_drafts(
        work, Act.ANNOTATE, name.patient, [Draft(kind, b"", record.id, record.version, withdrawn=True)]
    )
    return version_of(whole, name, gone)
