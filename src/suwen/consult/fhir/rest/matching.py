"""What answers a search over REST: whose charts may, whether the directory may, and what of them matches.

A search decides each chart that it opens. What it follows into (chained parameters, `_has`) is opened in the same
charts and in the directory alone, and only where whoever asks may see resources of that type.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from suwen.consult.fhir.rest.asking import Asked
from suwen.consult.fhir.rest.derived import derived_kinds, derived_versions
from suwen.consult.fhir.rest.house import holds_kind, house_versions
from suwen.consult.fhir.rest.names import Named
from suwen.consult.fhir.rest.narrowing import indexed, names_directory, patients_named
from suwen.consult.fhir.rest.nouns import Limits, Version
from suwen.consult.fhir.rest.served import version_of
from suwen.consult.fhir.rest.wholes import Whole, Wholes, newest_of
from suwen.errors import AccessError, InputError, NotFoundError
from suwen.formats.fhir import Stored
from suwen.formats.fhir.searching.query import kinds_of
from suwen.formats.fhir.searching.search import search
from suwen.formats.fhir.searching.table import ABOUT_PATIENTS
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Work
from suwen.records.relations import break_glass_uses, caring
from suwen.records.store.charts import Record

__all__ = ["Match", "find_in", "matches_in"]

_CHARTS = 2000  # opened by one search


@dataclass(frozen=True, slots=True)
class Match:
    """A resource that may answer: where it lies, as it is served, and its record where it is one of a chart."""

    name: Named
    version: Version
    record: Record | None = None


def find_in(work: Work, wholes: Wholes, asked: Asked, limits: Limits) -> list[Match]:
    """Everything that matches, in the order asked for, within a piece of work; noted as asked, not yet as shown.

    Raises AccessError, InputError for a search over too many charts.
    """
    kinds = kinds_of(asked.query)
    if not all(limits.sees(kind) for kind in kinds[1:]):
        raise AccessError("the scopes of this app do not let it search by resources of that type")
    given = [one for whole in _charts(work, wholes, asked, limits) for one in matches_in(work, whole, kinds)]
    given += _of_the_house(work, wholes, asked, limits, treats=bool(given))
    by_id = {id(one.version.resource): one for one in given}
    resources = [Stored(one.version.resource) for one in given if one.version.resource is not None]
    now = datetime.fromtimestamp(work.at / 1e6, UTC)
    found = search(resources, replace(asked.query, only_count=False), now=now)
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
    if fields := indexed(asked.query):
        return set(work.store.charts.find(work.connection, fields))
    if work.purpose is Purpose.EMERGENCY:
        uses = break_glass_uses(work.store, work.connection, who=work.actor.id)
        return {bytes.fromhex(one.patient) for one in uses if one.active(work.at)}
    mine = caring(work.store, work.connection, who=work.actor.id)
    return {bytes.fromhex(care.patient) for care in mine if care.active(work.at)}


def matches_in(work: Work, whole: Whole, kinds: Sequence[str]) -> Iterator[Match]:
    """The resources of some types in a chart: those that were brought, and those that findings become."""
    for kind in kinds:
        ids = whole.who() if kind == "Patient" else whole.served(kind)
        for record in newest_of(work, whole, ids) if ids else ():
            name = Named(kind, whole.patient, b"" if kind == "Patient" else record.id)
            yield Match(name, version_of(whole, name, record), record)
    if derived_kinds(whole) & set(kinds):
        for one in derived_versions(work, whole):
            if one.kind in kinds:
                yield Match(Named(one.kind, whole.patient, bytes.fromhex(one.id[32:])), one)


def _of_the_house(work: Work, wholes: Wholes, asked: Asked, limits: Limits, *, treats: bool) -> list[Match]:
    """What of the directory may answer, or is followed into.

    Who may see the directory is decided like everything else; whoever may not is told so, where nothing else answers.
    An app that was launched for one patient finds there what it names by id, not who else works in the house.
    """
    first, *linked = kinds_of(asked.query)
    asks = names_directory(asked) or (patients_named(asked) is None and not limits.patient)
    kinds = [kind for kind in ((first,) if asks else ()) if holds_kind(work, kind)]
    kinds += [kind for kind in linked if kind != "Patient" and holds_kind(work, kind)]
    if not kinds:
        return []
    if first in kinds and first not in ABOUT_PATIENTS and not treats:
        work.require(Act.VIEW, ResourceKind.DIRECTORY)
    elif not work.allows(Act.VIEW, ResourceKind.DIRECTORY):
        return []
    known = wholes.elsewhere.of(work)
    return [Match(name, version) for kind in kinds for name, version in house_versions(work, known, kind)]
