"""FHIR R4 search over resources in memory: resources matched, what they point at and what points at them followed.

Specification: https://hl7.org/fhir/R4/search.html. Commas mean or, repeated parameters mean and. Dates without a time
zone, in query and resource alike, count in `Query.zone`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.searching.match import Setting, answers, elements, meant, order_key
from suwen.formats.fhir.searching.query import Chain, Criterion, Has, Query
from suwen.formats.fhir.searching.table import Kind, Parameter
from suwen.formats.fhir.stored import Stored

__all__ = ["Found", "matches", "search"]


@dataclass(frozen=True, slots=True)
class Found:
    """The page of a search, in its order, and how many match in all."""

    stored: tuple[Stored, ...]
    total: int


def matches(
    resource: Json,
    query: Query,
    *,
    now: datetime | None = None,
    addresses: Mapping[str, str] = MappingProxyType({}),
) -> bool:
    """Whether a resource answers the criteria of a query; its links need the other resources (`search`).

    `now` widens approximate dates (`ap`); `addresses` say what `urn:uuid:...` stands for, as type and id.
    """
    return resource.get("resourceType") == query.kind and _holds(resource, query, _setting(query, now, addresses))


def _setting(query: Query, now: datetime | None, addresses: Mapping[str, str]) -> Setting:
    since = (
        None if now is None else (now.astimezone(UTC) - datetime.min.replace(tzinfo=UTC)) // timedelta(microseconds=1)
    )
    return Setting(query.zone, since, addresses)


def _holds(resource: Json, query: Query, setting: Setting) -> bool:
    return all(_answered(resource, criterion, setting) for criterion in query.criteria)


def _answered(resource: Json, criterion: Criterion, setting: Setting) -> bool:
    parameter, modifier = criterion.parameter, criterion.modifier
    if criterion.missing is not None:
        return criterion.missing is not _is_present(resource, parameter)
    plain_modifier = "" if modifier == "not" else modifier
    is_answered = any(answers(resource, parameter, value, plain_modifier, setting) for value in criterion.values)
    return is_answered is not (modifier == "not")


def _is_present(resource: Json, parameter: Parameter) -> bool:
    if parameter.kind is not Kind.COMPOSITE:
        return any(elements(resource, path) for path in parameter.paths)
    return any(
        all(any(elements(one, part) for part in piece.paths) for piece in parameter.parts)
        for path in parameter.paths
        for one in elements(resource, path)
        if isinstance(one, dict)
    )


def search(resources: Iterable[Stored], query: Query, *, now: datetime | None = None) -> Found:
    """Find the resources that answer a query among those given; the references of their own bundles are followed.

    Sorted as the query says, ties and everything else in the order given; resources without a value come last.
    """
    given = list(resources)
    setting = _setting(query, now, _addresses(given))
    found = _answering(given, query, setting)
    total = len(found)
    if query.only_count or query.count == 0:
        return Found((), total)
    for parameter, falls in reversed(query.sort):
        found = _sorted(found, parameter, setting, falls=falls)
    end = None if query.count is None else query.offset + query.count
    return Found(tuple(found[query.offset : end]), total)


def _answering(given: Sequence[Stored], query: Query, setting: Setting) -> list[Stored]:
    """Those of a query's type for which its criteria and links hold, in the order given."""
    found = [one for one in given if one.kind == query.kind and _holds(one.resource, query, setting)]
    for link in query.links:
        if not found:
            break
        if isinstance(link, Chain):
            there = {local for one in link.there for local in map(_local, _answering(given, one, setting))}
            found = [one for one in found if not there.isdisjoint(_pointed(one, link.parameter, setting))]
        else:
            here = _pointed_at(given, link, setting)
            found = [one for one in found if _local(one) in here]
    return found


def _pointed_at(given: Sequence[Stored], link: Has, setting: Setting) -> set[str]:
    pointing = _answering(given, link.there, setting)
    return {local for one in pointing for local in _pointed(one, link.parameter, setting)}


def _local(one: Stored) -> str:
    return f"{one.kind}/{one.resource.get('id', '')}"


def _pointed(one: Stored, parameter: Parameter, setting: Setting) -> Iterator[str]:
    """What a resource points at by a parameter, as `Type/id`."""
    nodes: Iterable[Any] = (node for path in parameter.paths for node in elements(one.resource, path))
    for node in nodes:
        said = node.get("reference") if isinstance(node, dict) else None
        if isinstance(said, str):
            yield meant(said, setting)


def _sorted(found: list[Stored], parameter: Parameter, setting: Setting, *, falls: bool) -> list[Stored]:
    keyed = [(order_key(one.resource, parameter, setting, last=falls), one) for one in found]
    known = sorted((pair for pair in keyed if pair[0] is not None), key=itemgetter(0), reverse=falls)
    return [one for _, one in known] + [one for key, one in keyed if key is None]


def _addresses(given: list[Stored]) -> dict[str, str]:
    """Type and id of each resource by its address in its bundle and at its source."""
    found: dict[str, str] = {}
    for one in given:
        id_ = one.resource.get("id")
        if isinstance(id_, str) and id_:
            local = f"{one.kind}/{id_}"
            found |= {one.full_url: local} if one.full_url else {}
            found |= {f"{one.source.rstrip('/')}/{local}": local} if one.source else {}
    return found
