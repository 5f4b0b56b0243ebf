"""Table E.1-1 of DICOM PS3.15 with what the object definitions need, and the action each element gets by options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from suwen.formats.images.deidentifying.nouns import Dates, DeidentifyOptions

__all__ = ["TableRow", "action_of", "element_types", "is_safe_private", "profile_rows", "settled"]


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of the table: its action by the basic profile (D, Z, X, K, C, U or a compound) and by option.

    `read` is False where the columns of the options were not read from the standard but follow from the value
    representation and the name, because the source of the row carries the basic profile alone.
    """

    tag: str
    name: str
    basic: str
    options: Mapping[str, str]
    read: bool


@cache
def profile_rows() -> Mapping[str, TableRow]:
    """The rows of Table E.1-1 (2026c) by tag as 8 hexadecimal digits; repeating groups and `private` beside them."""
    header, *lines = _lines("table.tsv")
    names = header[3:-1]
    rows = (TableRow(one[0], one[1], one[2], _marked(names, one[3:-1]), one[-1] == "read") for one in lines)
    return MappingProxyType({row.tag: row for row in rows})


def _marked(names: list[str], cells: list[str]) -> Mapping[str, str]:
    return MappingProxyType({name: cell for name, cell in zip(names, cells, strict=True) if cell})


def _lines(name: str) -> list[list[str]]:
    text = files("suwen.formats.images.deidentifying").joinpath(name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if line]


def action_of(tag: int, options: DeidentifyOptions) -> str | None:
    """The action for one element with these options, not yet settled between its letters; None: not in the table."""
    row = profile_rows().get(f"{tag:08X}")
    if row is None:
        return None
    chosen = {row.options.get(name, "") for name in _columns(options)}
    return "K" if "K" in chosen else "C" if "C" in chosen else row.basic


@cache
def _columns(options: DeidentifyOptions) -> tuple[str, ...]:
    """The columns that count: those asked for, and the one of the dates."""
    named = ("uids", "device", "institution", "patient", "descriptors", "structured", "graphics")
    dates = {Dates.KEEP: ("full_dates",), Dates.SHIFT: ("modified_dates",), Dates.REMOVE: ()}[options.dates]
    return (*(name for name in named if getattr(options, name)), *dates)


def settled(action: str, needed: int | None) -> str:
    """One letter of a compound action such as X/Z/D, by the type of the element in its object (1, 2, 3; None: unknown).

    Type 1 must have a value, type 2 must be there, type 3 may go (PS3.15 E.1.1). Unknown counts as type 1: a dummy
    keeps an object valid anywhere. A plain X or Z yields to the type too, or the object would be invalid after it.
    """
    letters = action.rstrip("*").split("/")
    if "U" in letters and len(letters) > 1:
        return "U"
    if len(letters) == 1 and (needed is None or action not in {"X", "Z"}):
        return action
    order = "DZX"
    wanted = order.index({1: "D", 2: "Z", 3: "X"}[needed or 1])
    strong = [one for one in order if one in letters and order.index(one) <= wanted]
    if strong:
        return strong[-1]
    return order[wanted] if len(letters) == 1 or needed == 1 else letters[-1]


@cache
def element_types(sop_class: str) -> Mapping[str, int]:
    """Types (1, 2, 3; conditional ones count as required) at the top of an object, of those elements where it matters.

    A module that is optional counts as there, since an element of it is. Empty for a class that is not known.
    """
    return _by_class().get(sop_class, MappingProxyType({}))


@cache
def _by_class() -> Mapping[str, Mapping[str, int]]:
    found: dict[str, Mapping[str, int]] = {}
    for classes, *rest in _lines("types.tsv")[1:]:
        pairs = (one.split(":") for one in (rest[0] if rest else "").split())
        types = MappingProxyType({tag: int(kind) for tag, kind in pairs})
        found.update(dict.fromkeys(classes.split(), types))
    return found


@cache
def _safe() -> frozenset[tuple[str, str]]:
    return frozenset((creator, tag) for creator, tag, _ in _lines("private.tsv")[1:])


def is_safe_private(creator: str, tag: int) -> bool:
    """Whether a private element is among those held to be safe (a part of Table E.3.10-1); its block may be any."""
    return (creator.strip(), f"{tag >> 16:04X}xx{tag & 0xFF:02X}") in _safe()
