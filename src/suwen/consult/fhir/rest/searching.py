"""FHIR search over REST in pages: what matches, what goes along, and what comes after.

A page is kept as a list of ids, never of content or of what was asked: what follows is read, decided and named in the
audit log when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from suwen.consult.fhir.rest.asking import Asked, Shown
from suwen.consult.fhir.rest.derived import derived_kinds, derived_versions
from suwen.consult.fhir.rest.house import house_version
from suwen.consult.fhir.rest.including import included_in
from suwen.consult.fhir.rest.matching import Match, find_in
from suwen.consult.fhir.rest.names import Named
from suwen.consult.fhir.rest.nouns import Limits, Page, Version, Who
from suwen.consult.fhir.rest.pages import LASTS, Left
from suwen.consult.fhir.rest.room import Rest
from suwen.consult.fhir.rest.served import version_of
from suwen.consult.fhir.rest.wholes import Whole, Wholes, newest_of
from suwen.errors import AccessError, NotFoundError
from suwen.formats.fhir.searching.query import Query
from suwen.records.access import Act, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Work, patient_id
from suwen.records.noted import note_opened
from suwen.records.store.charts import Record

__all__ = ["everything", "page_in", "search_page", "search_resources", "versions_in"]

_NAMED = 500  # resources of the directory that one audit entry names


def search_resources(rest: Rest, who: Who, asked: Asked) -> Page:
    """The first page of a search over the charts that the actor may view.

    Where the search names patients it is over them, else over those in the actor's care (or with broken glass) and over
    the directory. Raises AccessError for a named patient who may not be viewed, InputError for a search over too many
    charts.
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


def _first(work: Work, rest: Rest, asked: Asked, found: Sequence[Match], limits: Limits) -> Page:
    total = len(found) if asked.counted or asked.query.only_count else None
    if asked.query.only_count:
        return Page((), (), total, shown=asked.shown)
    shown, later = found[: asked.size], found[asked.size :]
    _note(work, [one.record for one in shown if one.record is not None])
    _note_house(work, [one.name for one in shown if not one.name.patient])
    token = ""
    if later:
        until = rest.records.store.clock() + LASTS
        token = rest.pages.put(Left(work.actor.id, asked, tuple(one.name for one in later), total, until))
    matches = tuple(one.version for one in shown)
    along = included_in(work, rest.wholes, asked, matches, limits)
    return Page(matches, along, total, token, asked.shown)


def _next(work: Work, rest: Rest, left: Left, limits: Limits) -> Page:
    now, later = left.names[: left.asked.size], left.names[left.asked.size :]
    if limits.patient and any(one.patient.hex() not in {limits.patient, ""} for one in now):
        raise AccessError("the app was launched for another patient")
    matches = tuple(versions_in(work, rest.wholes, now))
    token = rest.pages.put(replace(left, names=later)) if later else ""
    along = included_in(work, rest.wholes, left.asked, matches, limits)
    return Page(matches, along, left.total, token, left.asked.shown)


def versions_in(work: Work, wholes: Wholes, names: Iterable[Named]) -> Iterator[Version]:
    """The newest versions of resources by their names, each chart decided, what is withdrawn meanwhile left out."""
    wanted = list(names)
    by_patient: dict[bytes, list[Named]] = {}
    for one in wanted:
        by_patient.setdefault(one.patient, []).append(one)
    found: dict[Named, Version] = dict(_of_the_house(work, wholes, by_patient.pop(b"", [])))
    for patient, those in by_patient.items():
        work.require(Act.VIEW, ResourceKind.PATIENT, patient=patient)
        whole = wholes.of(work, patient)
        for kind in dict.fromkeys(one.kind for one in those):
            found.update(
                (one.name, one.version) for one in _wanted(work, whole, [one for one in those if one.kind == kind])
            )
    yield from (found[one] for one in wanted if one in found)


def _of_the_house(work: Work, wholes: Wholes, names: Sequence[Named]) -> Iterator[tuple[Named, Version]]:
    known = wholes.elsewhere.of(work) if names else {}
    for one in names:
        try:
            yield one, house_version(work, known, one)
        except NotFoundError:  # gone meanwhile
            continue


def _wanted(work: Work, whole: Whole, those: Sequence[Named]) -> Iterator[Match]:
    kind = those[0].kind
    here = set(whole.served(kind))
    stored = [one.record for one in those if one.record in here]
    if kind == "Patient":
        stored = whole.who()
    opened = newest_of(work, whole, stored) if stored else []
    _note(work, opened)
    for one in opened:
        name = Named(kind, whole.patient, b"" if kind == "Patient" else one.id)
        yield Match(name, version_of(whole, name, one), one)
    if len(stored) < len(those) and kind in derived_kinds(whole):
        wanted = {one.id for one in those}
        for version in derived_versions(work, whole):
            if version.kind == kind and version.id in wanted:
                yield Match(Named(kind, whole.patient, bytes.fromhex(version.id[32:])), version)


def _note(work: Work, records: Iterable[Record]) -> None:
    by_patient: dict[bytes, list[Record]] = {}
    for one in records:
        by_patient.setdefault(one.patient, []).append(one)
    for patient, those in by_patient.items():
        note_opened(work, patient, those)


def _note_house(work: Work, names: Sequence[Named]) -> None:
    for low in range(0, len(names), _NAMED):
        detail = {"what": "directory", "records": [one.id for one in names[low : low + _NAMED]]}
        work.note(EventKind.QUERY, act=Act.VIEW.value, detail=detail)


def everything(
    rest: Rest, who: Who, patient: str, *, kinds: Sequence[str] = (), since: int = 0, size: int = 200, shown: Shown
) -> Page:
    """The first page of all resources of a patient, the Patient first; of some types, changed since a time (µs, UTC).

    Raises as a reading.
    """

    def act(work: Work) -> Page:
        raw = patient_id(patient)
        limits = who.limits
        if limits.patient and limits.patient != patient:
            raise AccessError("the app was launched for another patient")
        work.require(Act.VIEW, ResourceKind.PATIENT, patient=raw)
        whole = rest.wholes.of(work, raw)
        found = _names(work, whole, since)
        names = [one for one in found if (not kinds or one.kind in kinds) and limits.sees(one.kind)]
        detail = {"what": "FHIR everything", "found": len(names)}
        work.note(EventKind.QUERY, act=Act.VIEW.value, subject=patient, detail=detail)
        asked = Asked(Query("Patient"), size, shown=shown)
        left = Left(who.actor.id, asked, tuple(names), len(names), rest.records.store.clock() + LASTS)
        return _next(work, rest, left, who.limits)

    return rest.together.read(who.actor, who.purpose, act)


def _names(work: Work, whole: Whole, since: int) -> Iterator[Named]:
    if any(whole.newest[one].last >= since for one in whole.who()):
        yield Named("Patient", whole.patient)
    kinds = sorted({one.kind for one in whole.newest.values() if one.served and one.kind != "Patient"})
    for kind in kinds:
        records = (one for one in whole.served(kind) if whole.newest[one].last >= since)
        yield from (Named(kind, whole.patient, record) for record in records)
    for one in derived_versions(work, whole):
        if one.at >= since:
            yield Named(one.kind, whole.patient, bytes.fromhex(one.id[32:]))
