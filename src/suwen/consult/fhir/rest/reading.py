"""Reading a resource, one version of it, and all of them; each decided, and named in the audit log."""

from __future__ import annotations

from collections.abc import Sequence

from suwen.consult.fhir.rest.derived import derived_kinds, derived_versions
from suwen.consult.fhir.rest.house import house_version
from suwen.consult.fhir.rest.names import Named, named
from suwen.consult.fhir.rest.nouns import Limits, Version, Who
from suwen.consult.fhir.rest.room import Rest
from suwen.consult.fhir.rest.served import version_of
from suwen.consult.fhir.rest.wholes import Whole, Wholes, newest_of
from suwen.errors import AccessError, NotFoundError
from suwen.records.access import Act, ResourceKind
from suwen.records.gate import Work
from suwen.records.noted import note_opened
from suwen.records.store.charts import Record

__all__ = ["history_of", "place_in", "read_in", "read_resource", "read_version", "resource_history", "speaking"]


def read_resource(rest: Rest, who: Who, kind: str, id_: str) -> Version:
    """The newest version of a resource; one without content where it was withdrawn.

    Raises AccessError (the same for patients of others and for unknown ones), NotFoundError, TamperError.
    """
    return rest.together.read(who.actor, who.purpose, lambda work: read_in(work, rest.wholes, kind, id_, who.limits))


def read_version(rest: Rest, who: Who, kind: str, id_: str, number: str) -> Version:
    """One version of a resource by its number. Raises as `read_resource`."""
    found = resource_history(rest, who, kind, id_)
    for one in found:
        if one.number == number:
            return one
    raise NotFoundError(f"there is no such version of this {kind}")


def resource_history(rest: Rest, who: Who, kind: str, id_: str) -> list[Version]:
    """Every version of a resource, the newest first. Raises as `read_resource`."""
    return rest.together.read(who.actor, who.purpose, lambda work: history_of(work, rest.wholes, kind, id_, who.limits))


def place_in(work: Work, kind: str, id_: str, limits: Limits) -> Named:
    """Where a resource lies, once the actor may view the chart; the directory is decided where it is opened.

    Raises AccessError, NotFoundError.
    """
    name = named(kind, id_)
    if name is None:
        raise NotFoundError(f"there is no {kind[:40] if kind.isalpha() else 'resource'} with this id")
    if not name.patient:
        return name
    if limits.patient and limits.patient != name.patient.hex():
        raise AccessError("the app was launched for another patient")
    work.require(Act.VIEW, ResourceKind.PATIENT, patient=name.patient)
    return name


def speaking(whole: Whole, name: Named) -> bytes:
    """The record that holds what a name stands for. Raises NotFoundError."""
    if name.kind == "Patient":
        record = whole.speaker() or whole.register()
    else:
        seen = whole.newest.get(name.record)
        record = (
            name.record if seen is not None and seen.kind == name.kind and _holds(seen.served, seen.withdrawn) else None
        )
    if record is None:
        raise NotFoundError(f"there is no {name.kind} with this id")
    return record


def _holds(served: bool, withdrawn: bool) -> bool:
    return served or withdrawn


def read_in(work: Work, wholes: Wholes, kind: str, id_: str, limits: Limits) -> Version:
    """As `read_resource`, within a piece of work."""
    name = place_in(work, kind, id_, limits)
    if not name.patient:
        return house_version(work, wholes.elsewhere.of(work), name)
    whole = wholes.of(work, name.patient)
    if kind in derived_kinds(whole) and name.record not in whole.newest:
        return _derived(work, whole, name)
    (record,) = newest_of(work, whole, [speaking(whole, name)])
    note_opened(work, name.patient, [record])
    return version_of(whole, name, record)


def _derived(work: Work, whole: Whole, name: Named) -> Version:
    for one in derived_versions(work, whole):
        if one.local == name.local:
            return one
    raise NotFoundError(f"there is no {name.kind} with this id")


def history_of(work: Work, wholes: Wholes, kind: str, id_: str, limits: Limits) -> list[Version]:
    """As `resource_history`, within a piece of work."""
    name = place_in(work, kind, id_, limits)
    if not name.patient:
        return [house_version(work, wholes.elsewhere.of(work), name)]
    whole = wholes.of(work, name.patient)
    if kind in derived_kinds(whole) and name.record not in whole.newest:
        return [_derived(work, whole, name)]
    records = _all(work, whole, _records(whole, name))
    note_opened(work, name.patient, records)
    return [version_of(whole, name, one) for one in reversed(records)]


def _records(whole: Whole, name: Named) -> Sequence[bytes]:
    """Who a patient is was first in the register, and since somebody brought a Patient resource it is in that."""
    if name.kind != "Patient":
        return [speaking(whole, name)]
    register, speaker = whole.register(), whole.speaker()
    return [one for one in (register, speaker) if one is not None]


def _all(work: Work, whole: Whole, ids: Sequence[bytes]) -> list[Record]:
    charts = work.store.charts
    return [one for id_ in ids for one in charts.history(work.connection, whole.state, id_)]
