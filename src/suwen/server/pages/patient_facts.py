"""What a record says at a glance: active problems, medication, allergies, the latest value of each quantity."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from suwen.consult import Record, resource_of
from suwen.formats.fhir import Json
from suwen.server.pages.patient_said import Names, said_of

__all__ = ["GROUPS", "FactsSeen", "Line", "Lines", "facts_in", "stated_in"]

_OVER = frozenset(
    {
        *("inactive", "remission", "resolved", "completed", "stopped", "cancelled", "entered-in-error", "refuted"),
        *("not-taken", "draft", "ended", "registered"),
    }
)
GROUPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "problems": frozenset({"Condition"}),
        "signs": frozenset(),  # Observations that say yes or no
        "medication": frozenset({"MedicationRequest", "MedicationStatement"}),
        "allergies": frozenset({"AllergyIntolerance"}),
        "values": frozenset({"Observation"}),
    }
)
_MOST = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what it is, its value, the day it speaks of ("" unknown), the record that holds it.

    `state` is "present" or "absent" where the record says yes or no instead of a value, "" elsewhere. `over` is what is
    resolved, stopped or refuted: it hides what was said of the same thing before.
    """

    what: str
    value: str
    day: str
    record: str
    state: str = ""
    over: bool = False


@dataclass(frozen=True, slots=True)
class Lines:
    """The first lines of a group and how many there are in all."""

    shown: tuple[Line, ...]
    total: int


def facts_in(records: Sequence[Record], lang: str = "en", names: Names | None = None) -> dict[str, Lines]:
    """The lines of each group, the latest first; of what is said several times the latest counts."""
    found: dict[str, dict[str, Line]] = {name: {} for name in GROUPS}
    for record in records:
        group = next((name for name, kinds in GROUPS.items() if record.kind in kinds), "")
        resource = resource_of(record) if group else None
        line = _line(resource, record, lang, names) if resource is not None else None
        if resource is None or line is None or (group == "values" and not (line.value or line.state)):
            continue
        lines = found["signs" if line.state else group]
        key = _key(resource) or line.what
        if key not in lines or lines[key].day <= line.day:
            lines[key] = line
    return {name: _first(one for one in lines.values() if not one.over) for name, lines in found.items()}


class FactsSeen:
    """The facts of records that were looked at lately, by their versions: reading a chart takes longer than opening it.

    Whoever asks has opened the records already; nothing is given to anybody who holds other versions or none.
    """

    def __init__(self, most: int = 256) -> None:
        self._most, self._lock = most, threading.Lock()
        self._held: OrderedDict[tuple[object, ...], dict[str, Lines]] = OrderedDict()

    def of(self, records: Sequence[Record], lang: str = "en", names: Names | None = None) -> dict[str, Lines]:
        """As `facts_in`."""
        versions = (lang, names is None, *((one.id, one.version) for one in records))
        with self._lock:
            if versions in self._held:
                self._held.move_to_end(versions)
                return self._held[versions]
        found = facts_in(records, lang, names)
        with self._lock:
            self._held[versions] = found
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return found


def stated_in(record: Record) -> str:
    """What a record says by yes or no: present or absent; "" where it says something else."""
    stated = (resource_of(record) or {}).get("valueBoolean")
    return ("present" if stated else "absent") if isinstance(stated, bool) else ""


def _line(resource: Json, record: Record, lang: str, names: Names | None) -> Line | None:
    said = said_of(resource, lang, names)
    if not said.what or said.status == "entered-in-error":
        return None
    stated = resource.get("valueBoolean")
    if isinstance(stated, bool):
        return Line(said.what, "", said.when[:10], record.id, "present" if stated else "absent")
    over = record.kind != "Observation" and _is_over(resource)
    return Line(said.what, said.value, said.when[:10], record.id, over=over)


def _is_over(resource: Json) -> bool:
    said = {
        str(resource.get("status", "")),
        *_codes(resource, "clinicalStatus"),
        *_codes(resource, "verificationStatus"),
    }
    return bool(said & _OVER) or bool(resource.get("abatementDateTime"))


def _codes(resource: Json, name: str) -> Iterator[str]:
    concept = resource.get(name)
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for one in codings if isinstance(codings, list) else ():
        if isinstance(one, dict):
            yield str(one.get("code", ""))


def _key(resource: Json) -> str:
    """The first coding: the same quantity under the same code, whatever it was called that day."""
    concept = resource.get("code") or resource.get("medicationCodeableConcept")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    first = codings[0] if isinstance(codings, list) and codings and isinstance(codings[0], dict) else {}
    return f"{first.get('system', '')}|{first['code']}" if first.get("code") else ""


def _first(lines: Iterable[Line]) -> Lines:
    ordered = sorted(lines, key=lambda one: one.day, reverse=True)
    return Lines(tuple(ordered[:_MOST]), len(ordered))
