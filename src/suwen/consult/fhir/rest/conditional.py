"""Changes of what a search finds: update and delete where one resource answers, and a patch of what is there.

What is found is decided, found and changed in one transaction: nothing can come in between.
Specification: http://hl7.org/fhir/R4/http.html (conditional update and delete, patch).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from suwen.consult.fhir.rest.asking import Asked
from suwen.consult.fhir.rest.changing import (
    Place,
    create_in,
    current_in,
    existing_in,
    require_sound,
    update_in,
    withdraw_in,
)
from suwen.consult.fhir.rest.matching import find_in
from suwen.consult.fhir.rest.nouns import Change, Limits, Version, Who, Written
from suwen.consult.fhir.rest.patching import Operation, patched
from suwen.consult.fhir.rest.room import Rest
from suwen.consult.fhir.rest.wholes import Wholes
from suwen.errors import ConflictError, FormatError, InputError
from suwen.formats.fhir import Json
from suwen.records.gate import Work

__all__ = [
    "patch_resource",
    "patch_where",
    "require_selective",
    "update_where",
    "updated_in",
    "withdraw_where",
    "withdrawn_in",
]


def update_where(rest: Rest, who: Who, resource: Json, where: Asked, *, expected: str = "") -> Written:
    """Write the next version of the one resource that answers a search, or file it as new where none does.

    `expected` is the version it must be, "" for any. Raises as `update_resource` and `create_resource`; ConflictError
    where several answer, InputError where it says another id than the one that was found.
    """
    require_sound(resource)
    change = Change(str(resource["resourceType"]), str(resource.get("id", "")), resource, expected)
    with rest.records.acting(who.actor, who.purpose) as work:
        found = existing_in(work, rest.wholes, resource, require_selective(where), who.limits)
        return updated_in(work, rest.wholes, change, found, who.limits)


def updated_in(
    work: Work, wholes: Wholes, change: Change, found: Version | None, limits: Limits, *, place: Place | None = None
) -> Written:
    """As `update_where`, once it is known what answers, within a piece of work.

    `change` has the id and version that were said, "" for none; `place` is where it lies when it is new.
    """
    if found is None:
        if change.id or change.expected:
            raise InputError("nothing answers the condition, and ids are given by this server; leave the id out")
        return create_in(work, wholes, change.resource, unless=None, limits=limits, place=place)
    if change.id and change.id != found.id:
        raise InputError("the condition finds another resource than the one that the id names")
    resource = {"resourceType": found.kind, "id": found.id, **change.resource}
    after = replace(change, id=found.id, resource=resource, expected=change.expected or found.number)
    return update_in(work, wholes, after, limits)


def withdraw_where(rest: Rest, who: Who, where: Asked, *, expected: str = "") -> Version | None:
    """Withdraw the one resource that answers a search; None where none does. Raises ConflictError for several."""
    with rest.records.acting(who.actor, who.purpose) as work:
        return withdrawn_in(work, rest.wholes, where, expected=expected, limits=who.limits)


def withdrawn_in(work: Work, wholes: Wholes, where: Asked, *, expected: str, limits: Limits) -> Version | None:
    """As `withdraw_where`, within a piece of work."""
    found = _only(work, wholes, where, limits)
    if found is None:
        return None
    return withdraw_in(work, wholes, found.kind, found.id, expected=expected, limits=limits)


def _only(work: Work, wholes: Wholes, where: Asked, limits: Limits) -> Version | None:
    found = find_in(work, wholes, require_selective(where), limits)
    if len(found) > 1:
        raise ConflictError("several resources answer the condition; make it narrower")
    return found[0].version if found else None


def require_selective(where: Asked) -> Asked:
    """A condition that conditions something. Threat: an empty one is answered by whatever happens to be there."""
    if not (where.query.criteria or where.query.links):
        raise FormatError("the condition asks for nothing; say which resource is meant")
    return where


def patch_resource(
    rest: Rest, who: Who, kind: str, id_: str, operations: Sequence[Operation], *, expected: str
) -> Written:
    """Write the next version of a resource as its version `expected` with a patch. Raises as `update_resource`."""
    with rest.records.acting(who.actor, who.purpose) as work:
        return _patched(
            work, rest.wholes, current_in(work, rest.wholes, kind, id_, who.limits), operations, who, expected
        )


def patch_where(
    rest: Rest, who: Who, where: Asked, operations: Sequence[Operation], *, expected: str
) -> Written | None:
    """As `patch_resource`, of the one resource that answers a search; None where none does."""
    with rest.records.acting(who.actor, who.purpose) as work:
        found = _only(work, rest.wholes, where, who.limits)
        if found is None:
            return None
        now = current_in(work, rest.wholes, found.kind, found.id, who.limits)
        return _patched(work, rest.wholes, now, operations, who, expected or now.number)


def _patched(
    work: Work, wholes: Wholes, now: Version, operations: Sequence[Operation], who: Who, expected: str
) -> Written:
    """Threat: a patch that was made for one version changes something else in another; so the version counts first."""
    if now.number != expected:
        raise ConflictError(f"it is version {now.number} by now; read it again")
    if now.resource is None:
        raise InputError(f"this {now.kind} was withdrawn; there is nothing to patch")
    made = patched(now.resource, operations)
    if made.get("resourceType") != now.kind:
        raise InputError("a patch makes no other type of resource of it")
    require_sound(made)
    return update_in(work, wholes, Change(now.kind, now.id, made, expected), who.limits)
