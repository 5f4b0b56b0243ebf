"""JSON Patch (RFC 6902) on the tree of a resource, whose numbers keep their digits; pointers are those of RFC 6901.

Threat: a patch of few bytes that copies what it has copied grows without end, or so deep that nobody can read it back;
how much it may add in all, and how deep, is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

from suwen.errors import FormatError, InputError, Problem
from suwen.formats.fhir import Json
from suwen.formats.fhir.tree import MAX_DEPTH

__all__ = ["Operation", "patched", "read_patch"]

_MOST = 500  # operations of a patch
_NODES = 20_000  # that the operations of a patch may add in all
_TAKES = {"add": "value", "replace": "value", "test": "value", "move": "from", "copy": "from", "remove": ""}
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_ESCAPE = re.compile(r"~(?![01])")
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its name, the members of its path and of the one it takes from, its value; `at`: its place."""

    at: int
    name: str
    path: tuple[str, ...]
    source: tuple[str, ...] = ()
    value: Any = field(default=None, repr=False)


def read_patch(tree: Any) -> tuple[Operation, ...]:
    """The operations of a patch document. Raises FormatError with every problem."""
    if not isinstance(tree, list):
        raise FormatError("a patch is a list of operations (RFC 6902)")
    if len(tree) > _MOST:
        raise FormatError(f"a patch of more than {_MOST} operations is not taken; send the whole resource")
    problems: list[Problem] = []
    found = [_operation(at, one, problems) for at, one in enumerate(tree)]
    if problems:
        raise FormatError("the patch cannot be taken:", problems)
    return tuple(one for one in found if one is not None)


def _operation(at: int, said: Any, problems: list[Problem]) -> Operation | None:
    name = said.get("op") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(name, str) or name not in _TAKES:
        problems.append(Problem(f"[{at}]", f"is no operation of {', '.join(_TAKES)}"))
        return None
    path = _pointer(said.get("path"))
    needs = _TAKES[name]
    source = _pointer(said.get("from")) if needs == "from" else ()
    if path is None or source is None:
        problems.append(Problem(f"[{at}]", "has a path that is no JSON Pointer", "write /name/0/family"))
        return None
    if needs == "value" and "value" not in said:
        problems.append(Problem(f"[{at}]", "has no value"))
        return None
    return Operation(at, name, path, source, said.get("value"))


def _pointer(text: Any) -> tuple[str, ...] | None:
    if not isinstance(text, str) or (text and not text.startswith("/")) or _ESCAPE.search(text):
        return None
    return tuple(one.replace("~1", "/").replace("~0", "~") for one in text.split("/")[1:])


def patched(resource: Json, operations: Sequence[Operation]) -> Json:
    """The resource after all operations, none of them where one fails.

    Raises InputError that says which one failed and why, never with what stands in the resource.
    """
    tree: Any = deepcopy(resource)
    added = 0
    for one in operations:
        value = _value(tree, one)
        if one.name != "test":
            size, depth = _measured(value)
            added += size
            if added > _NODES or len(one.path) + depth > MAX_DEPTH:
                _fail(one, "makes the resource too large or too deep")
        tree = _done(tree, one, value)
    if not isinstance(tree, dict):
        raise InputError("nothing that is a resource is left after the patch")
    return tree


def _value(tree: Any, one: Operation) -> Any:
    if one.name not in {"move", "copy"}:
        return one.value
    if one.name == "move" and one.path[: len(one.source)] == one.source and one.path != one.source:
        _fail(one, "moves something into itself")
    found = _at(tree, one.source, one)
    return deepcopy(found) if one.name == "copy" else found


def _done(tree: Any, one: Operation, value: Any) -> Any:
    if one.name == "test":
        if not _same(_at(tree, one.path, one), value):
            _fail(one, "tests a value that is another")
        return tree
    if one.name in {"move", "remove"}:
        tree = _without(tree, one.source if one.name == "move" else one.path, one)
    if one.name == "replace":
        return _replaced(tree, one, value)
    return tree if one.name == "remove" else _with(tree, one, deepcopy(value))


def _at(tree: Any, path: Sequence[str], one: Operation) -> Any:
    for name in path:
        tree = _inside(tree, name)
        if tree is _MISSING:
            _fail(one, "has a path at which there is nothing")
    return tree


def _inside(node: Any, name: str) -> Any:
    if isinstance(node, dict):
        return node.get(name, _MISSING)
    if isinstance(node, list) and _INDEX.fullmatch(name) and int(name) < len(node):
        return node[int(name)]
    return _MISSING


def _without(tree: Any, path: Sequence[str], one: Operation) -> Any:
    if not path:
        _fail(one, "takes away the whole resource")
    _at(tree, path, one)
    parent = _at(tree, path[:-1], one)
    del parent[path[-1] if isinstance(parent, dict) else int(path[-1])]
    return tree


def _replaced(tree: Any, one: Operation, value: Any) -> Any:
    if not one.path:
        return deepcopy(value)
    _at(tree, one.path, one)
    parent = _at(tree, one.path[:-1], one)
    parent[one.path[-1] if isinstance(parent, dict) else int(one.path[-1])] = deepcopy(value)
    return tree


def _with(tree: Any, one: Operation, value: Any) -> Any:
    if not one.path:
        return value
    parent, name = _at(tree, one.path[:-1], one), one.path[-1]
    if isinstance(parent, dict):
        parent[name] = value
    elif isinstance(parent, list) and (name == "-" or (_INDEX.fullmatch(name) and int(name) <= len(parent))):
        parent.insert(len(parent) if name == "-" else int(name), value)
    else:
        _fail(one, "has a path at which nothing can be added")
    return tree


def _same(one: Any, other: Any) -> bool:
    """Equal as RFC 6902, 4.6, has it: numbers by their value, so 1.0 is 1; true is no number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | Decimal) and isinstance(other, int | Decimal):
        return one == other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and bool(one == other)


def _measured(tree: Any) -> tuple[int, int]:
    """How many values a tree holds, and how deep; without recursion."""
    level, size, depth = [tree], 0, 0
    while level:
        size, depth = size + len(level), depth + 1
        below: list[Any] = []
        for one in level:
            below.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
        level = below
    return size, depth


def _fail(one: Operation, what: str) -> NoReturn:
    raise InputError("the patch cannot be applied:", [Problem(f"[{one.at}]", what)])
