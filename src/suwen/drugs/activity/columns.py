"""Which column of an assay's table holds the activity, and in which unit: by its name and by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from suwen.drugs.activity.nouns import UNITS, Unit
from suwen.errors import InputError
from suwen.subject import Saying

__all__ = ["Found", "Reading", "find_column", "is_called_logarithm", "read_cell", "unit_of"]

_LOGS = re.compile(
    r"(?:^|[^a-z])p(?:ic|ec|ed|gi|ac|xc)_?50|(?:^|[^a-z])pk[idb](?:$|[^a-z])|pchembl|pactivity|pxc50|p活性"
)
_CONCENTRATIONS = re.compile(r"(?:^|[^a-z])(?:(?:ic|ec|ed|gi|ac|xc)_?50|k[id]|standard_value)(?:$|[^a-z])")
_OTHERS = (
    "activity",
    "activities",
    "active",
    "label",
    "class",
    "outcome",
    "potency",
    "value",
    "y",
    "活性",
    "类别",
    "标签",
)
_UNIT_IN_NAME = re.compile(r"[\[(_\s,/]((?:log)?[pnuµμm]?m)(?:ol/l)?[\])]?\s*$", re.IGNORECASE)
_UNITS: Mapping[str, Unit] = MappingProxyType(
    {"m": "M", "mm": "mM", "um": "uM", "µm": "uM", "μm": "uM", "nm": "nM", "pm": "pM"}
)
_LOGARITHM = re.compile(r"(?:^|[^a-z])-?log")  # log IC50 (nM): the unit is that of what stands below the logarithm
_WEIGHT = re.compile(r"[pnuµμm]?g[\s./·]", re.IGNORECASE)  # ug/ml, ug.mL-1: needs each molecule's weight
_UNIT_COLUMNS = ("standard_units", "units", "unit", "单位")
_RELATION_COLUMNS = ("standard_relation", "relation", "qualifier", "operator", "关系")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_WORDS = MappingProxyType(
    {
        **dict.fromkeys(("active", "true", "yes", "positive", "pos", "有活性", "活性", "阳性", "是"), "1"),
        **dict.fromkeys(("inactive", "false", "no", "negative", "neg", "无活性", "阴性", "否"), "0"),
    }
)
_SHARE = 0.5  # of the filled cells that have to be numbers


@dataclass(frozen=True, slots=True)
class Found:
    """The column of activity, how it was found, and those of units and of relations ("" where there is none)."""

    column: str
    whence: Saying
    units: str
    relations: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A cell: its number, or None; `relation` is "=", or "<", ">", "~" where the cell or the row says so."""

    number: float | None
    relation: str


def find_column(rows: Sequence[Mapping[str, str]], named: str = "") -> Found:
    """The column of activity of rows given as fields.

    A column that is named; else one called as a logarithm (pIC50, pKi, pChEMBL ...), then as a concentration (IC50, Ki
    ...), then activity or the like; else the only one that holds numbers. Raises InputError where none or several fit.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    units, relations = (
        next((one for one in columns if _plain(one) in names), "") for names in (_UNIT_COLUMNS, _RELATION_COLUMNS)
    )
    if named:
        chosen = next((one for one in columns if one == named), "") or next(
            (one for one in columns if _plain(one) == _plain(named)), ""
        )
        if not chosen:
            raise InputError(f"the table has no column {named!r:.60}; it has {', '.join(columns[:20]) or 'none'}")
        return Found(chosen, Saying("it was named", "由用户指定"), units, relations)
    numeric = [one for one in columns if one not in (units, relations) and _is_numeric(rows, one)]
    for fits in (
        lambda one: _LOGS.search(_plain(one)),
        lambda one: _CONCENTRATIONS.search(_plain(one)),
        lambda one: _plain(one) in _OTHERS,
    ):
        called = [one for one in numeric if fits(one)]
        if called:
            return Found(_only(called), Saying("its name says so", "由列名判断"), units, relations)
    if not numeric:
        raise InputError("no column of this table holds numbers: name the one with the activity")
    return Found(_only(numeric), Saying("it is the only one with numbers", "唯一的数值列"), units, relations)


def unit_of(found: Found, rows: Sequence[Mapping[str, str]], named: str = "") -> Unit:
    """The unit of the column: as named, as its name or the column of units says, else "as is" (logarithms, classes).

    Raises InputError for a unit that is none of UNITS, for several in one table, and for a concentration without one.
    """
    if named:
        unit = named if named in UNITS else _UNITS.get(named.strip().lower().removesuffix("ol/l"))
        if unit is None:
            raise InputError(f"{named!r:.40} is no unit of activity; use one of {', '.join(UNITS)}")
        return unit
    plain = _plain(found.column)
    if _LOGS.search(plain) or _LOGARITHM.search(plain):
        return "as is"
    called = _UNIT_IN_NAME.search(found.column.strip())
    if called:
        return _UNITS.get(called[1].lower(), "as is")
    told = {row[found.units].strip() for row in rows if row.get(found.units, "").strip()} if found.units else set()
    if len(told) > 1:
        raise InputError(f"the column {found.units} holds several units ({', '.join(sorted(told)[:5])}); keep one")
    if told:
        written = next(iter(told))
        if _WEIGHT.match(written):
            raise InputError(
                f"activities in {written:.20} are weights; turn them into nM, uM ... by the molecules' weights"
            )
        return _UNITS.get(written.lower().removesuffix("ol/l"), "as is")
    if _CONCENTRATIONS.search(plain) and _has_amounts(rows, found.column):
        raise InputError(f"the column {found.column!r:.60} is a concentration without a unit; name it: nM, uM ...")
    return "as is"


def is_called_logarithm(column: str) -> bool:
    """Whether the column's name says that it holds -log10 of mol/l (pIC50, pKi ...)."""
    return _LOGS.search(_plain(column)) is not None


def read_cell(cell: str, relation: str = "") -> Reading:
    """A cell as number and relation; words for active and inactive are 1 and 0."""
    text = _WORDS.get(cell.strip().lower(), cell.strip()).replace("≥", ">").replace("≤", "<").replace("＞", ">")
    text = text.replace("＜", "<").replace("≈", "~").replace("−", "-")
    mark = re.match(r"[<>=~]+", text)
    said = mark[0] if mark else relation.strip().strip("'\"")
    number = text[mark.end() :].strip() if mark else text
    kind = next((one for one in "<>~" if one in said), "=")
    if _THOUSANDS.fullmatch(number):
        number = number.replace(",", "")
    return Reading(float(number) if _NUMBER.fullmatch(number) else None, kind)


def _plain(text: str) -> str:
    return text.strip().lower().replace(" ", "_").replace("-", "_")


def _is_numeric(rows: Sequence[Mapping[str, str]], column: str) -> bool:
    filled = [row[column] for row in rows if row.get(column, "").strip()]
    return bool(filled) and sum(read_cell(one).number is not None for one in filled) >= _SHARE * len(filled)


def _has_amounts(rows: Sequence[Mapping[str, str]], column: str) -> bool:
    """Whether the column holds other numbers than 0 and 1."""
    return any(read_cell(row.get(column, "")).number not in (None, 0.0, 1.0) for row in rows)


def _only(columns: Sequence[str]) -> str:
    if len(columns) > 1:
        raise InputError(f"several columns could be the activity ({', '.join(columns[:8])}): name one")
    return columns[0]
