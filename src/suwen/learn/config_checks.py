"""Reads values out of a section of a config, gathering what is wrong with each instead of stopping at the first."""

from __future__ import annotations

import math
import re
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any, Union, get_args, get_origin, get_type_hints

from suwen.errors import InputError, Problem

__all__ = ["Section"]

_SCIENTIFIC = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+")
_KINDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class Section:
    """The values under `path`; what is wrong with them is added to `problems`, which all sections of a file share."""

    path: str
    values: Mapping[str, Any]
    problems: list[Problem]

    def problem(self, name: str, what: str, remedy: str = "") -> None:
        """Add what is wrong with the value `name`."""
        self.problems.append(Problem(".".join(part for part in (self.path, name) if part), what, remedy))

    def names(self, known: Sequence[str]) -> None:
        """Every name that is not known is a problem, with the nearest known one."""
        for name in self.values:
            if name not in known:
                near = get_close_matches(str(name), known, 1, 0.5)
                remedy = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
                self.problem(f"{name!s:.60}", "is not known here", remedy)

    def section(self, name: str, *, required: bool = False) -> Section:
        """The values under `name`; none where there are none."""
        value = self.values.get(name)
        inner = Section(".".join(part for part in (self.path, name) if part), {}, self.problems)
        if value is None:
            if required:
                self.problem(name, "is missing")
            return inner
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            self.problem(name, "has names with values below it, not a single value")
            return inner
        return Section(inner.path, value, self.problems)

    def text(self, name: str, default: str = "", *, required: bool = False) -> str:
        """The text under `name`."""
        value = self.values.get(name)
        if value is None:
            if required and not self._absent():
                self.problem(name, "is missing")
            return default
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.problem(name, "is text")
            return default
        return str(value)

    def _absent(self) -> bool:
        """Whether the whole section is missing and was told as such."""
        return any(one.where == self.path and one.what == "is missing" for one in self.problems)

    def choice(self, name: str, known: Sequence[str], default: str = "", *, required: bool = False) -> str:
        """One of the known words."""
        value = self.text(name, default, required=required)
        if value and value not in known:
            near = get_close_matches(value, known, 1, 0.5)
            remedy = f"did you mean {near[0]}?" if near else ""
            self.problem(name, f"{value!r:.40} is none of {', '.join(known)}", remedy)
        return value

    def number(self, name: str) -> float:
        """A finite number."""
        value, right = _fitting(self.values.get(name), float)
        if not right:
            self.problem(name, "is a number")
            return math.nan
        return float(value)

    def listed(self, name: str) -> list[Any]:
        """A list, or a single value as one."""
        value = self.values.get(name)
        return [] if value is None else list(value) if isinstance(value, list) else [value]

    def texts(self, name: str) -> list[str]:
        """A list of texts."""
        values = self.listed(name)
        if any(isinstance(one, bool | dict | list) or one is None or not str(one).strip() for one in values):
            self.problem(name, "is a list of texts")
            return []
        return [str(one) for one in values]

    def numbers(self, name: str, *, whole: bool, least: float, most: float) -> list[Any]:
        """A list of numbers within bounds."""
        found = [_fitting(one, int if whole else float) for one in self.listed(name)]
        if not all(right and least <= value <= most for value, right in found):
            self.problem(name, f"is a list of {'whole ' if whole else ''}numbers from {least:g} to {most:g}")
            return []
        return [value for value, _ in found]

    def record(self, name: str, kind: type[Any]) -> Any | None:
        """The values under `name` as a dataclass whose fields all have defaults; None where they are none."""
        section, before = self.section(name), len(self.problems)
        section.names([one.name for one in fields(kind)])
        hints = get_type_hints(kind)
        made: dict[str, Any] = {}
        for key in (key for key in section.values if key in hints):
            made[key], right = _fitting(section.values[key], hints[key])
            if not right:
                section.problem(key, f"is {_said(hints[key])}, not {section.values[key]!r:.40}")
        if len(self.problems) > before:
            return None
        try:
            return kind(**made)
        except InputError as error:
            self.problems.extend(_moved(error, section.path))
        return None


def _moved(error: InputError, path: str) -> Iterator[Problem]:
    if not error.problems:
        yield Problem(path, str(error))
    for one in error.problems:
        yield Problem(f"{path}.{one.where}", one.what, one.remedy)


def _fitting(value: Any, hint: Any) -> tuple[Any, bool]:
    """The value as the hint wants it, and whether it fits."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        tried = [_fitting(value, one) for one in inner if one is not type(None)]
        return (None, True) if value is None else next((one for one in tried if one[1]), (value, False))
    if origin is tuple:
        return _fitting_list(value, inner)
    if hint is float:
        return _fitting_number(value)
    right = type(value) is hint if hint in {int, bool, str} else False
    return value, right


def _fitting_list(value: Any, inner: tuple[Any, ...]) -> tuple[Any, bool]:
    if not isinstance(value, list) or not value:
        return value, value == []
    hints = [inner[0]] * len(value) if inner[-1] is Ellipsis else list(inner)
    if len(hints) != len(value):
        return value, False
    found = [_fitting(one, hint) for one, hint in zip(value, hints, strict=True)]
    return tuple(one for one, _ in found), all(right for _, right in found)


def _fitting_number(value: Any) -> tuple[Any, bool]:
    if isinstance(value, str) and _SCIENTIFIC.fullmatch(value):  # 1e-3 is text to YAML 1.1, which wants 1.0e-3
        value = float(value)
    right = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value, right


def _said(hint: Any) -> str:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return f"{' or '.join(_said(one) for one in inner if one is not type(None))} or null"
    if origin is tuple and inner[-1] is Ellipsis:
        return f"a list, each {_said(inner[0])}"
    if origin is tuple:
        return f"a list of {len(inner)}, each {_said(inner[0])}"
    return _KINDS.get(hint, "another kind of value")
