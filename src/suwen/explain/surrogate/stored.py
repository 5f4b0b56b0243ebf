"""A surrogate as JSON and back: plain numbers and words, nothing callable, with a number for its format.

Format 1. To change it: raise FORMAT, keep the old reader beside the new one, and keep its golden file in the tests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

from suwen.errors import FormatError, InputError
from suwen.explain.surrogate.nouns import Fidelity, Floor, Surrogate
from suwen.explain.tables.columns import Column
from suwen.explain.tables.trees import Node, Tree

__all__ = ["FORMAT", "from_json", "to_json"]

FORMAT = 1
_KIND = "suwen surrogate"
_MOST_NODES = 4096
Noun = TypeVar("Noun", Node, Column, Fidelity, Floor)


def to_json(surrogate: Surrogate) -> str:
    """The document, with keys in a fixed order; equal surrogates give equal text."""
    document = {"kind": _KIND, "format": FORMAT, **asdict(surrogate)}
    document["tree"] = [asdict(node) for node in surrogate.tree.nodes]
    document["chosen"] = dict(sorted(surrogate.chosen.items()))
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def from_json(text: str) -> Surrogate:
    """Read a document of `to_json`. Raises FormatError where it is not one, is damaged, or of a later format."""
    try:
        said = json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise FormatError("a surrogate is a JSON document; this is not one") from None
    if not isinstance(said, dict) or said.get("kind") != _KIND:
        raise FormatError(f"the document is not a surrogate: its kind must be {_KIND!r}")
    if said.get("format") != FORMAT:
        raise FormatError(f"surrogates of format {FORMAT} can be read, not of format {said.get('format')!r}")
    try:
        return _read(said)
    except (InputError, KeyError, TypeError, ValueError, AttributeError) as reason:
        raise FormatError(f"the surrogate is damaged: {type(reason).__name__} in its fields") from None


def _read(said: Mapping[str, Any]) -> Surrogate:
    if not 0 < len(said["tree"]) <= _MOST_NODES:
        raise FormatError(f"a tree has 1 to {_MOST_NODES} nodes, not {len(said['tree'])}")
    return Surrogate(
        tree=Tree(tuple(_noun(Node, one) for one in said["tree"])),
        columns=tuple(_column(one) for one in said["columns"]),
        fidelity=_noun(Fidelity, said["fidelity"]),
        by_depth=tuple((int(depth), _noun(Fidelity, one)) for depth, one in said["by_depth"]),
        floor=_noun(Floor, said["floor"]),
        threshold=float(said["threshold"]),
        positive=_pair(said["positive"]),
        negative=_pair(said["negative"]),
        source=str(said["source"]),
        chosen={str(key): str(value) for key, value in said["chosen"].items()},
    )


def _column(said: Mapping[str, Any]) -> Column:
    choices = tuple((value, str(english), str(chinese)) for value, english, chinese in said["choices"])
    for value, _, _ in choices:
        _check("a choice", "float", value)
    return _noun(Column, {**said, "choices": choices})


def _noun(noun: type[Noun], said: Mapping[str, Any]) -> Noun:
    """Build a noun whose fields are exactly those said, each of the type of its annotation."""
    if {one.name for one in fields(noun)} != set(said):
        raise FormatError(f"a {noun.__name__} has other fields than those given")
    for one in fields(noun):
        _check(one.name, str(one.type), said[one.name])
    return noun(**said)


_KINDS: Mapping[str, tuple[type, ...]] = {"float": (float, int), "int": (int,), "str": (str,), "bool": (bool,)}


def _check(name: str, kind: str, value: object) -> None:
    wanted = kind.removesuffix(" | None")
    if value is None and wanted != kind:
        return
    allowed = _KINDS.get(wanted, (object,))
    if not isinstance(value, allowed) or (isinstance(value, bool) and wanted in ("float", "int")):
        raise FormatError(f"{name} must be a {wanted}")


def _pair(said: Any) -> tuple[str, str]:
    english, chinese = said
    return str(english), str(chinese)


def _refused(constant: str) -> float:
    raise ValueError(constant)
