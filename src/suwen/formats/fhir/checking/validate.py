"""Checks a resource against FHIR R4 and says everything that is wrong with it, each at its path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from suwen.errors import Problem
from suwen.formats.document import MAX_PROBLEMS
from suwen.formats.fhir.checking.bindings import code_flaw, concept_flaw
from suwen.formats.fhir.checking.bundle_rules import BUNDLE_RULES
from suwen.formats.fhir.checking.members import has, objects, text
from suwen.formats.fhir.checking.primitives import MAX_STRING, flaw, json_kind, remark
from suwen.formats.fhir.checking.r4 import NOT_IN_R4, TYPES, UNCHECKED
from suwen.formats.fhir.checking.rules import rules
from suwen.formats.fhir.checking.shapes import Element, Shape, resource_shape, shape
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.tree import MAX_DEPTH

__all__ = ["MAX_RESOURCE_DEPTH", "Checked", "check"]

MAX_RESOURCE_DEPTH = MAX_DEPTH - 10  # so that it can be written again within a Bundle, or within a record
_ENTRY_DEPTH = 2  # of the entries of a Bundle in the Bundle
_BESIDE = "FHIRPrimitiveExtension"  # what stands beside a primitive under its name with _
_ADDRESSES = frozenset({"canonical", "uri", "url"})

Path = tuple[Any, str | int] | str  # a member of what stands at another path; put into words only where it is needed


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: `problems` break R4; `remarks` are unknown elements (kept) and what R4 only advises against.

    Of each at most 1,000 are listed.
    """

    problems: tuple[Problem, ...]
    remarks: tuple[Problem, ...]


def check(resource: Json, where: str = "") -> Checked:
    """Hold a resource against R4: elements, types, required codes and invariants; `where` begins every path.

    Value sets that are open or large, and profiles, are not checked. What a Bundle contains is checked as well.
    """
    walk = _Walk()
    walk.resource(resource, where, 1)
    return Checked(tuple(walk.problems), tuple(walk.remarks))


def _spelt(path: Path) -> str:
    """A path in words: `entry[3].resource.status`."""
    parts: list[str] = []
    while not isinstance(path, str):
        path, step = path
        parts.append(f"[{step}]" if isinstance(step, int) else f".{step}")
    return (path + "".join(reversed(parts))).removeprefix(".")


@dataclass(slots=True)
class _Inside:
    """What holds within one resource that is not contained: what it contains, and its local references."""

    contained: frozenset[str]
    used: set[str]  # ids that local references (`#id`) ask for; "" is the resource itself
    local: list[tuple[Path, str]]  # Reference elements that are local, with the id they ask for


class _Walk:
    """Goes through a resource once, gathering as it goes."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.remarks: list[Problem] = []
        self._inside = _Inside(frozenset(), set(), [])

    def report(self, path: Path, what: str, remedy: str = "") -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(_spelt(path), what, remedy))

    def note(self, path: Path, what: str) -> None:
        if len(self.remarks) < MAX_PROBLEMS:
            self.remarks.append(Problem(_spelt(path), what))

    def resource(self, value: Any, path: Path, depth: int, *, is_contained: bool = False) -> None:
        """Check a resource of whatever type it says it is."""
        if not isinstance(value, dict):
            self.report(path, f"an object is expected, not {json_kind(value)}")
            return
        if not is_contained:
            outer, self._inside = self._inside, _Inside(_contained_ids(value), set(), [])
        kind = value.get("resourceType")
        found = resource_shape(kind) if isinstance(kind, str) else None
        if found is not None:
            self._object(value, found, path, depth)
        else:
            self._other(value, path, depth)
        if not is_contained:
            self._links(value, path)
            self._inside = outer

    def _other(self, value: Json, path: Path, depth: int) -> None:
        """A resource whose type cannot be checked, or is none."""
        kind = value.get("resourceType")
        at = (path, "resourceType")
        if not isinstance(kind, str) or not kind:
            self.report(at, "a resource says of what type it is", 'such as "resourceType": "Observation"')
        elif kind in UNCHECKED:
            self.note(at, "a type of R4 that Suwen keeps without checking its elements")
            self._plain(value, path, depth)
        elif kind in NOT_IN_R4:
            self.report(at, "a type of a later release, which R4 does not have", "send R4")
        else:
            self.report(at, "no resource type of FHIR R4")

    def _object(self, value: Any, of: Shape, path: Path, depth: int) -> None:
        if not isinstance(value, dict):
            self.report(path, f"an object is expected, not {json_kind(value)}")
            return
        if depth > MAX_RESOURCE_DEPTH:
            self.report(path, f"is nested deeper than {MAX_RESOURCE_DEPTH} levels")
            return
        if not value.keys() - ({"id"} if of.name != _BESIDE else {}):
            self.report(path, "is empty; FHIR has no empty objects, so leave it out")
            return
        for name, member in value.items():
            element = of.elements.get(name)
            if element is not None:
                self._member(value, member, element, of, (path, name), depth)
            elif name.startswith("_"):
                self._sibling(value, name, of, path, depth)
            elif name != "resourceType" or resource_shape(of.name) is None:
                self._unknown(member, name, of, path, depth)
        self._occurrence(value, of, path)
        self._rules(value, of, path)

    def _unknown(self, member: Any, name: str, of: Shape, path: Path, depth: int) -> None:
        for choice, names in of.choices.items():
            if name.startswith(choice) and name.removeprefix(choice) in TYPES:
                kinds = ", ".join(one.removeprefix(choice) for one in names[:12])
                more = " ..." if len(names) > 12 else ""
                self.report((path, name), "a type that R4 does not have here", f"{choice}[x] is one of {kinds}{more}")
                return
        self.note((path, _clean(name)), "an element that FHIR R4 does not know here; it is kept as it is")
        self._depth(member, (path, _clean(name)), depth)

    def _member(self, owner: Json, member: Any, element: Element, of: Shape, path: Path, depth: int) -> None:
        if not element.many:
            if isinstance(member, list):
                self.report(path, "a single value is expected, not a list")
            else:
                self._value(member, element, of, path, depth)
            return
        if not isinstance(member, list):
            self.report(path, f"a list is expected, not {json_kind(member)}")
        elif not member:
            self.report(path, "is empty; FHIR has no empty lists, so leave it out")
        else:
            beside = owner.get(f"_{element.name}") if element.is_primitive else None
            for number, one in enumerate(member):
                if (
                    one is None
                    and isinstance(beside, list)
                    and number < len(beside)
                    and isinstance(beside[number], dict)
                ):
                    continue  # a value that is given by its extension alone
                self._value(one, element, of, (path, number), depth)

    def _value(self, value: Any, element: Element, of: Shape, path: Path, depth: int) -> None:
        if value is None:
            self.report(path, "is null; leave out what is not known")
        elif element.is_primitive:
            self._primitive(value, element, of, path)
        elif element.kind == "Resource":
            self._nested(value, element, path, depth)
        else:
            self._object(value, shape(element.kind), path, depth + 1)
            what = concept_flaw(value, f"{of.name}.{element.name}")
            if what:
                self.report(path, what)

    def _nested(self, value: Any, element: Element, path: Path, depth: int) -> None:
        is_contained = element.name == "contained"
        if is_contained and isinstance(value, dict):
            self._contained(value, path)
        is_entry = depth <= _ENTRY_DEPTH and not is_contained  # its depth counts from its own top
        self.resource(value, path, 1 if is_entry else depth + 1, is_contained=is_contained)

    def _contained(self, value: Json, path: Path) -> None:
        """Rules dom-2, dom-4 and dom-5 of http://hl7.org/fhir/R4/domainresource.html."""
        if "contained" in value:
            self.report((path, "contained"), "a contained resource contains no others (dom-2)")
        if not text(value, "id"):
            self.report((path, "id"), "a contained resource needs an id to be referred to")
        meta = value.get("meta")
        for name, key in (("versionId", "dom-4"), ("lastUpdated", "dom-4"), ("security", "dom-5")):
            if isinstance(meta, dict) and name in meta:
                self.report(((path, "meta"), name), f"a contained resource has none ({key})")

    def _primitive(self, value: Any, element: Element, of: Shape, path: Path) -> None:
        what = flaw(value, element.kind)
        if not what and element.kind == "code":
            what = code_flaw(value, f"{of.name}.{element.name}")
        if what:
            self.report(path, what)
            return
        advice = remark(value) if element.kind in {"string", "markdown"} else ""
        if advice:
            self.note(path, advice)
        if isinstance(value, str) and value.startswith("#"):
            self._local(value, element, of, path)

    def _local(self, value: str, element: Element, of: Shape, path: Path) -> None:
        is_reference = of.name == "Reference" and element.name == "reference"
        if is_reference or element.kind in _ADDRESSES:
            self._inside.used.add(value[1:])
        if is_reference:
            self._inside.local.append((path, value[1:]))

    def _sibling(self, owner: Json, name: str, of: Shape, path: Path, depth: int) -> None:
        """The id and extensions of a primitive: http://hl7.org/fhir/R4/json.html#primitive."""
        element = of.elements.get(name[1:])
        member, at = owner[name], (path, _clean(name))
        if element is None or not element.is_primitive:
            self._unknown(member, name, of, path, depth)
        elif not element.many:
            self._extension(member, owner.get(name[1:]), at, depth)
        elif not isinstance(member, list) or not member:
            self.report(at, "a list with entries is expected, one for each value")
        else:
            values = owner.get(name[1:])
            values = values if isinstance(values, list) else []
            for number, one in enumerate(member):
                value = values[number] if number < len(values) else None
                if one is not None or value is None:
                    self._extension(one, value, (at, number), depth)

    def _extension(self, member: Any, value: Any, path: Path, depth: int) -> None:
        self._object(member, shape(_BESIDE), path, depth + 1)
        if isinstance(member, dict) and value is None and not member.get("extension"):
            self.report(path, "stands for a value that is not there, and so needs an extension")

    def _occurrence(self, value: Json, of: Shape, path: Path) -> None:
        for element in of.required:
            if element.name not in value and not _is_explained(value, element):
                self.report((path, element.name), "is required")
        for choice, names in of.choices.items():
            found = [name for name in dict.fromkeys(one.removeprefix("_") for one in value) if name in names]
            if len(found) > 1:
                self.report((path, found[1]), f"{choice}[x] is there more than once: {', '.join(found)}", "keep one")
            elif not found and choice in of.required_choices:
                remedy = f"one of {', '.join(names[:12])}{' ...' if len(names) > 12 else ''}"
                self.report((path, f"{choice}[x]"), "is required", remedy)

    def _rules(self, value: Json, of: Shape, path: Path) -> None:
        for rule in rules(of.name):
            if not rule.holds(value):
                tell: Callable[[Path, str], None] = self.note if rule.is_warning else self.report
                tell((path, rule.member) if rule.member else path, f"{rule.what} ({rule.key})")
        if of.name == "Bundle":
            for key, what, broken in BUNDLE_RULES:
                for member in broken(value):
                    self.report((path, member), f"{what} ({key})")

    def _links(self, value: Json, path: Path) -> None:
        """Rules ref-1 and dom-3, and ids that contained resources share."""
        inside = self._inside
        for at, id_ in inside.local:
            if id_ and id_ not in inside.contained:
                self.report(at, "points at a contained resource that is not there (ref-1)")
        seen: set[str] = set()
        for number, one in enumerate(objects(value, "contained")):
            id_, at = text(one, "id"), ((path, "contained"), number)
            if id_ in seen:
                self.report((at, "id"), "another contained resource has the same id")
            elif id_ and id_ not in inside.used and not _points_out(one):
                self.report(at, "is referred to by nothing in its resource (dom-3)", "refer to it, or leave it out")
            seen.add(id_)

    def _plain(self, value: Json, path: Path, depth: int) -> None:
        """What holds for all JSON of FHIR: nothing empty, no text too long."""
        todo: list[tuple[Any, Path]] = [(value, path)]
        while todo:
            node, at = todo.pop()
            if isinstance(node, dict | list | str) and not node:
                self.report(at, "is empty; leave it out")
            elif isinstance(node, str) and len(node) > MAX_STRING:
                self.report(at, f"is longer than the {MAX_STRING:,} characters that FHIR allows")
            elif isinstance(node, dict):
                todo.extend((one, (at, name)) for name, one in node.items())
            elif isinstance(node, list):
                todo.extend((one, (at, number)) for number, one in enumerate(node))
        self._depth(value, path, depth)

    def _depth(self, value: Any, path: Path, depth: int) -> None:
        level = [value]
        while level:
            if depth > MAX_RESOURCE_DEPTH:
                self.report(path, f"is nested deeper than {MAX_RESOURCE_DEPTH} levels")
                return
            inner = [one for one in level if isinstance(one, dict | list)]
            level = [below for one in inner for below in (one.values() if isinstance(one, dict) else one)]
            depth += 1


def _contained_ids(value: Json) -> frozenset[str]:
    return frozenset(text(one, "id") for one in objects(value, "contained"))


def _points_out(contained: Json) -> bool:
    """Whether a contained resource refers to the one that contains it."""
    todo: list[Any] = [contained]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            if node.get("reference") == "#":
                return True
            todo.extend(node.values())
        elif isinstance(node, list):
            todo.extend(node)
    return False


def _is_explained(value: Json, element: Element) -> bool:
    """Whether an extension stands in for a required primitive."""
    return element.is_primitive and has(value, element.name)


def _clean(name: str) -> str:
    """A name as it may stand in a message: what a document calls an element can be as long or strange as it likes."""
    return name if name.isidentifier() and name.isascii() and len(name) <= 64 else "(a name that FHIR does not have)"
