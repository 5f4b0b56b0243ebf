"""FHIR search over REST: whose charts may answer, what of them matches, what goes along, and pages of it.

A page is kept as a list of ids, never of content or of what was asked: what follows is read, decided and named in the
audit log when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from suwen.consult.fhir.rest.asking import Asked, patients_named
from suwen.consult.fhir.rest.derived import derived_kinds, derived_versions
from suwen.consult.fhir.rest.including import included_in
from suwen.consult.fhir.rest.names import Named
from suwen.consult.fhir.rest.nouns import Limits, Page, Version, Who
from suwen.consult.fhir.rest.pages import LASTS, Left
from suwen.consult.fhir.rest.room import Rest
from suwen.consult.fhir.rest.served import version_of
from suwen.consult.fhir.rest.wholes import Whole, Wholes, newest_of
from suwen.errors import AccessError, InputError, NotFoundError
from suwen.formats.fhir import Stored
from suwen.formats.fhir.searching.patient import patient_part
from suwen.formats.fhir.searching.search import Query, search
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Work, patient_id
from suwen.records.noted import note_opened
from suwen.records.relations import break_glass_uses, caring
from suwen.records.store.charts import Record

__all__ = ["everything", "find_in", "page_in", "search_page", "search_resources", "versions_in"]

_CHARTS = 2000  # opened by one search


@dataclass(frozen=True, slots=True)
class _Match:
    name: Named
    version: Version
    record: Record | None = None


def search_resources(rest: Rest, who: Who, asked: Asked) -> Page:
    """The first page of a search over the charts that the actor may view.

    Where the search names patients it is over them, else over those in the actor's care (or with broken glass). Raises
    AccessError for a named patient who may not be viewed, InputError for a search over too many charts.
    """
    return rest.together.read(who.actor, who.purpose, lambda work: page_in(work, rest, asked, who.limits))


def page_in(work: Work, rest: Rest, asked: Asked, limits: Limits) -> Page:
    """As `search_resources`, within a piece of work."""
    return _first(work, rest, asked, find_in(work, rest.wholes, asked, limits), limits)


def search_page(rest: Rest, who: Who, token: str) -> Page:
    """A later page of a search. Raises NotFoundError where it is over, AccessError where a patient left one's care."""
    left = rest.pages.get(token, who.actor.id, rest.records.store.clock())

    def act(work: Work) -> Page:
        return _next(work, rest, left, who.limits)

    return rest.together.read(who.actor, who.purpose, act)


def find_in(work: Work, wholes: Wholes, asked: Asked, limits: Limits) -> list[_Match]:
    """Everything that matches, in the order asked for, within a piece of work; noted as asked, not yet as shown."""
    matches = [one for whole in _charts(work, wholes, asked, limits) for one in _of(work, whole, asked.query.kind)]
    by_id = {id(one.version.resource): one for one in matches}
    given = [Stored(one.version.resource) for one in matches if one.version.resource is not None]
    now = datetime.fromtimestamp(work.at / 1e6, UTC)
    found = search(given, replace(asked.query, only_count=False), now=now)
    detail = {"what": "FHIR search", "type": asked.query.kind, "fields": list(asked.names), "found": found.total}
    work.note(EventKind.QUERY, act=Act.VIEW.value, detail=detail)
    return [by_id[id(one.resource)] for one in found.stored]


def _charts(work: Work, wholes: Wholes, asked: Asked, limits: Limits) -> Iterator[Whole]:
    named = patients_named(asked)
    if limits.patient:
        if named is not None and named - {limits.patient}:
            raise AccessError("the app was launched for another patient")
        named = {limits.patient}
    if named is not None:
        for patient in sorted(named):
            work.require(Act.VIEW, ResourceKind.PATIENT, patient=bytes.fromhex(patient))
            yield wholes.of(work, bytes.fromhex(patient))
        return
    candidates = sorted(_candidates(work, asked))
    if len(candidates) > _CHARTS:
        raise InputError(f"the search would open more than {_CHARTS} charts; name the patient")
    for raw in candidates:
        if work.allows(Act.VIEW, ResourceKind.PATIENT, patient=raw):
            try:
                yield wholes.of(work, raw)
            except NotFoundError:  # erased
                continue


def _candidates(work: Work, asked: Asked) -> set[bytes]:
    """Whom the blind index gives where it can answer, else all whom the actor treats."""
    if asked.query.kind == "Patient" and (fields := patient_part(asked.query).fields):
        return set(work.store.charts.find(work.connection, fields))
    if work.purpose is Purpose.EMERGENCY:
        uses = break_glass_uses(work.store, work.connection, who=work.actor.id)
        return {bytes.fromhex(one.patient) for one in uses if one.active(work.at)}
    mine = caring(work.store, work.connection, who=work.actor.id)
    return {bytes.fromhex(care.patient) for care in mine if care.active(work.at)}


def _of(work: Work, whole: Whole, kind: str) -> Iterator[_Match]:
    """The resources of a type in a chart: those that were brought, and those that findings become."""
    ids = whole.who() if kind == "Patient" else whole.served(kind)
    for record in newest_of(work, whole, ids) if ids else ():
        name = Named(kind, whole.patient, b"" if kind == "Patient" else record.id)
        yield _Match(name, version_of(whole, name, record), record)
    if kind in derived_kinds(whole):
        for one in derived_versions(work, whole):
            if one.kind == kind:
                yield _Match(Named(kind, whole.patient, bytes.fromhex(one.id[32:])), one)


def _first(work: Work, rest: Rest, asked: Asked, found: Sequence[_Match], limits: Limits) -> Page:
    if asked.query.only_count:
        return Page((), (), len(found))
    shown, later = found[: asked.size], found[asked.size :]
    _note(work, [one.record for one in shown if one.record is not None])
    token = ""
    if later:
        until = rest.records.store.clock() + LASTS
        token = rest.pages.put(Left(work.actor.id, asked, tuple(one.name for one in later), len(found), until))
    matches = tuple(one.version for one in shown)
    along = included_in(work, rest.wholes, asked, matches, limits)
    return Page(matches, along, len(found), token, asked.elements)


def _next(work: Work, rest: Rest, left: Left, limits: Limits) -> Page:
    now, later = left.names[: left.asked.size], left.names[left.asked.size :]
    if limits.patient and any(one.patient.hex() != limits.patient for one in now):
        raise AccessError("the app was launched for another patient")
    matches = tuple(versions_in(work, rest.wholes, now))
    token = rest.pages.put(replace(left, names=later)) if later else ""
    along = included_in(work, rest.wholes, left.asked, matches, limits)
    return Page(matches, along, left.total, token, left.asked.elements)


def versions_in(work: Work, wholes: Wholes, names: Iterable[Named]) -> Iterator[Version]:
    """The newest versions of resources by their names, each chart decided, what is withdrawn meanwhile left out."""
    by_patient: dict[bytes, list[Named]] = {}
    for one in names:
        by_patient.setdefault(one.patient, []).append(one)
    found: dict[Named, Version] = {}
    for patient, those in by_patient.items():
        work.require(Act.VIEW, ResourceKind.PATIENT, patient=patient)
        whole = wholes.of(work, patient)
        for kind in dict.fromkeys(one.kind for one in those):
            found.update(
                (one.name, one.version) for one in _wanted(work, whole, [one for one in those if one.kind == kind])
            )
    yield from (found[one] for one in names if one in found)


def _wanted(work: Work, whole: Whole, those: Sequence[Named]) -> Iterator[_Match]:
    kind = those[0].kind
    here = set(whole.served(kind))
    stored = [one.record for one in those if one.record in here]
    if kind == "Patient":
        stored = whole.who()
    opened = newest_of(work, whole, stored) if stored else []
    _note(work, opened)
    for one in opened:
        name = Named(kind, whole.patient, b"" if kind == "Patient" else one.id)
        yield _Match(name, version_of(whole, name, one), one)
    if len(stored) < len(those) and kind in derived_kinds(whole):
        wanted = {one.id for one in those}
        for version in derived_versions(work, whole):
            if version.kind == kind and version.id in wanted:
                yield _Match(Named(kind, whole.patient, bytes.fromhex(version.id[32:])), version)


def _note(work: Work, records: Iterable[Record]) -> None:
    by_patient: dict[bytes, list[Record]] = {}
    for one in records:
        by_patient.setdefault(one.patient, []).append(one)
    for patient, those in by_patient.items():
        note_opened(work, patient, those)


def everything(rest: Rest, who: Who, patient: str, *, kinds: Sequence[str] = (), size: int = 200) -> Page:
    """The first page of all resources of a patient (of some types only), the Patient first. Raises as a reading."""

    def act(work: Work) -> Page:
        raw = patient_id(patient)
        limits = who.limits
        if limits.patient and limits.patient != patient:
            raise AccessError("the app was launched for another patient")
        work.require(Act.VIEW, ResourceKind.PATIENT, patient=raw)
        whole = rest.wholes.of(work, raw)
        names = [one for one in _names(work, whole) if (not kinds or one.kind in kinds) and limits.sees(one.kind)]
        detail = {"what": "FHIR everything", "found": len(names)}
        work.note(EventKind.QUERY, act=Act.VIEW.value, subject=patient, detail=detail)
        asked = Asked(Query("Patient"), size)
        left = Left(who.actor.id, asked, tuple(names), len(names), rest.records.store.clock() + LASTS)
        return _next(work, rest, left, who.limits)

    return rest.together.read(who.actor, who.purpose, act)


def _names(work: Work, whole: Whole) -> Iterator[Named]:
    yield Named("Patient", whole.patient)
    kinds = sorted({one.kind for one in whole.newest.values() if one.served and one.kind != "Patient"})
    for kind in kinds:
        yield from (Named(kind, whole.patient, record) for record in whole.served(kind))
    for one in derived_versions(work, whole):
        yield Named(one.kind, whole.patient, bytes.fromhex(one.id[32:]))
