"""The nouns of a FHIR search: its criteria, what it asks of resources that are pointed at or point here, the query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from suwen.formats.fhir.searching.table import Parameter
from suwen.formats.fhir.searching.values import Value

__all__ = ["Chain", "Criterion", "Has", "Query", "kinds_of"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter with a modifier ("" for none) and the values of which one must be answered.

    `missing` is set for :missing alone: whether the element must be absent.
    """

    parameter: Parameter
    modifier: str
    values: tuple[Value, ...] = field(repr=False)
    missing: bool | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """Points, by a parameter, at a resource that answers a query; `there` holds one for each type it may be of.

    https://hl7.org/fhir/R4/search.html#chaining.
    """

    parameter: Parameter
    there: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Has:
    """A resource that answers a query points here by a parameter of its own (`_has`).

    https://hl7.org/fhir/R4/search.html#has.
    """

    parameter: Parameter
    there: Query


@dataclass(frozen=True, slots=True)
class Query:
    """A search for resources of a type: all criteria and links must hold.

    `sort` are parameters with whether they fall. `count` None for all; `only_count` asks for the total alone.
    """

    kind: str
    criteria: tuple[Criterion, ...] = ()
    sort: tuple[tuple[Parameter, bool], ...] = ()
    count: int | None = None
    offset: int = 0
    only_count: bool = False
    zone: tzinfo = UTC
    links: tuple[Chain | Has, ...] = ()


def kinds_of(query: Query) -> tuple[str, ...]:
    """The types whose resources are needed to answer a query: its own first, then those of its links."""
    return tuple(dict.fromkeys((query.kind, *_linked(query))))


def _linked(query: Query) -> Iterator[str]:
    for link in query.links:
        for there in link.there if isinstance(link, Chain) else (link.there,):
            yield there.kind
            yield from _linked(there)
