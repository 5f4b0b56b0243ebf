"""A patient's chart as FHIR resources: which resource each record holds, in the order in which they came."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from suwen.consult.chart import ORDERS
from suwen.formats.fhir import Json, Stored, canonical
from suwen.formats.fhir.checking.r4 import UNCHECKED
from suwen.formats.fhir.checking.shapes import resource_shape
from suwen.records.gate import Work
from suwen.records.store.charts import Record, opened

__all__ = [
    "Held",
    "Known",
    "digest",
    "held_in",
    "is_order",
    "is_type",
    "known_in",
    "place_of",
    "resource_in",
    "versions_in",
]

_OVER = frozenset({"completed", "stopped", "cancelled", "revoked", "entered-in-error", "ended"})
_NO_ORDER = frozenset({"proposal", "plan", "option"})
_OURS = re.compile(rb'\{"format":(1,"fullUrl":|[2-9]|1\d)')  # else a description of images, filed under a FHIR type


@dataclass(frozen=True, slots=True)
class Held:
    """A resource of a chart: its record (16 bytes), its newest version, and when its first came (microseconds)."""

    record: bytes
    version: int
    first: int
    stored: Stored


@dataclass(slots=True)
class Known:
    """What an import needs to know of a record: its newest version, and the digests of all contents it ever had."""

    record: bytes
    version: int
    digest: bytes
    full_url: str
    order: bool
    withdrawn: bool = False
    before: set[bytes] = field(default_factory=set)


def digest(resource: Json) -> bytes:
    """16 bytes that are the same for two resources in which nothing but order and blanks differ."""
    return hashlib.sha256(canonical(resource)).digest()[:16]


def is_order(resource: Json) -> bool:
    """Whether something may be done to the patient on this resource; one that does not say counts as an order."""
    if resource.get("resourceType") not in ORDERS:
        return False
    return resource.get("status") not in _OVER and resource.get("intent") not in _NO_ORDER


def versions_in(work: Work, patient: bytes) -> Iterator[list[Record]]:
    """The versions of each record, oldest first, held against the chart; after `work.require`. Raises TamperError."""
    charts = work.store.charts
    state = charts.state(work.connection, patient)
    for _, rows in groupby(charts.rows(work.connection, state), key=lambda row: row.id):
        yield [opened(state.key, row) for row in rows]


def is_type(kind: str) -> bool:
    """Whether a kind of record is a type of FHIR R4; Suwen's own kinds (Demographics, Finding, Consult) are none."""
    return kind in UNCHECKED or resource_shape(kind) is not None


def resource_in(record: Record) -> Stored | None:
    """The resource in a record; None where it holds something else. Raises FormatError for that of a newer Suwen."""
    if record.withdrawn or not is_type(record.kind) or not _OURS.match(record.payload):
        return None
    stored = Stored.from_bytes(record.payload)
    return stored if stored.kind == record.kind else None


def held_in(versions: Iterator[list[Record]]) -> list[Held]:
    """The newest version of every resource that is not withdrawn, in the order in which they came."""
    found = []
    for history in versions:
        stored = resource_in(history[-1])
        if stored is not None:
            found.append(Held(history[-1].id, history[-1].version, history[0].at, stored))
    # Records of one transaction have one time; their ids were given in the order of the document.
    return sorted(found, key=lambda one: (one.first, one.record))


def known_in(versions: Iterator[list[Record]]) -> dict[str, Known]:
    """The records of a chart by what makes a resource the same when it comes again (`place_of`)."""
    found = {}
    for history in versions:
        contents = [stored for one in history if (stored := resource_in(one)) is not None]
        if contents:
            found[place_of(contents[-1])] = _known(history, contents)
    return found


def _known(history: Sequence[Record], contents: Sequence[Stored]) -> Known:
    last, newest = history[-1], contents[-1]
    digests = [digest(one.resource) for one in contents]
    order = is_order(newest.resource) and not last.withdrawn
    return Known(last.id, last.version, digests[-1], newest.full_url, order, last.withdrawn, set(digests[:-1]))


def place_of(stored: Stored) -> str:
    """What makes a resource the same when it comes again; its content where it has neither id nor address."""
    return f"{stored.kind} {stored.identity or digest(stored.resource).hex()}"
