"""The table of analytes and vital signs (labs.tsv): names, units, plausible limits, reference ranges, meanings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib import resources

from suwen.errors import FormatError
from suwen.language.units import convert_unit
from suwen.subject import Code, Sex

__all__ = ["Analyte", "Degree", "Name", "Range", "analytes", "names", "sources"]

_SEXES = {"F": Sex.FEMALE, "M": Sex.MALE, "*": None}
_RANGE = re.compile(r"([*FM]) ([\d.]+)-([\d.]+) (-?[\d.]*?)\.\.(<?)(-?[\d.]+)?(?:\?([\d.]+))? ([\w.-]+)")
_DEGREE = re.compile(r"(?:([\d.]+)(xULN)? )?(HP:\d{7})")
_SHORT = 3
_COLUMNS = 12


@dataclass(frozen=True, slots=True)
class Range:
    """A reference range for a sex (None for both) from an age in years, included, to another, not included.

    Below `low` is low. Above `high` is high, at it too where `high_open`; with `sure_high` only from there on, and
    between the two nobody can say. `source` is a key of `sources()`.
    """

    sex: Sex | None
    from_age: float
    to_age: float
    low: Decimal | None
    high: Decimal | None
    high_open: bool
    sure_high: Decimal | None
    source: str

    def holds_for(self, sex: Sex, age_years: float | None) -> bool:
        """Whether it may apply: an unknown sex or age excludes nothing."""
        either = self.sex is None or sex not in {Sex.FEMALE, Sex.MALE} or sex is self.sex
        return either and (age_years is None or self.from_age <= age_years < self.to_age)

    def verdict(self, value: Decimal) -> str:
        """`low`, `normal`, `high`, or `unknown` where the source leaves it open."""
        if self.low is not None and value < self.low:
            return "low"
        if self.high is None or value < self.high or (value == self.high and not self.high_open):
            return "normal"
        return "unknown" if self.sure_high is not None and value < self.sure_high else "high"


@dataclass(frozen=True, slots=True)
class Degree:
    """The HPO term from a `limit` on (None: at once); with `times` it is a multiple of the upper limit of the range."""

    code: str
    limit: Decimal | None = None
    times: bool = False


@dataclass(frozen=True, slots=True)
class Analyte:
    """One row of labs.tsv. `unit` is UCUM, `others` are further units in use, `low` and `high` the plausible limits."""

    code: Code
    kind: str
    specimen: str
    names: tuple[str, ...]
    names_zh: tuple[str, ...]
    unit: str
    others: tuple[str, ...]
    factors: Mapping[str, tuple[Decimal, Decimal]] = field(hash=False)
    molar: Decimal | None
    low: Decimal
    high: Decimal
    high_codes: tuple[Degree, ...]
    low_codes: tuple[Degree, ...]
    ranges: tuple[Range, ...]

    @property
    def is_ordinal(self) -> bool:
        """Whether it is read in plus signs (dipstick)."""
        return self.unit == "{plus}"

    def in_unit(self, value: Decimal, unit: str) -> Decimal | None:
        """The value, given in `unit`, in the unit of the table; None where no way leads there."""
        return convert_unit(value, unit, self.unit, molar=self.molar, factors=self.factors)

    def plausible(self, value: Decimal) -> bool:
        """Whether a value in the unit of the table can be true at all."""
        return self.low <= value <= self.high

    def units_for(self, number: Decimal) -> tuple[str, ...]:
        """The units in use in which a bare number would be plausible, those that mean the same counted once."""
        seen: dict[Decimal, str] = {}
        for unit in (self.unit, *self.others):
            value = self.in_unit(number, unit)
            if value is not None and self.plausible(value):
                seen.setdefault(value.normalize(), unit)
        return tuple(seen.values())


@dataclass(frozen=True, slots=True)
class Name:
    """A name of an analyte; `context`: only once its specimen was named, `risky`: only with more than a number."""

    text: str
    analyte: Analyte
    context: bool
    risky: bool


@cache
def analytes() -> tuple[Analyte, ...]:
    """All rows of the table. Raises FormatError: a row is damaged."""
    return tuple(_analyte(cells) for cells in _rows())


@cache
def sources() -> Mapping[str, tuple[str, str]]:
    """Key of a source of reference ranges to its citation in English and in Chinese."""
    lines = (line.removeprefix("# source ").partition(": ") for line in _lines() if line.startswith("# source "))
    both = ((key, citation.partition(" | ")) for key, _, citation in lines)
    return {key: (english, chinese) for key, (english, _, chinese) in both}


@cache
def names() -> Mapping[str, tuple[Name, ...]]:
    """Every name, longest first, to what it may mean; names of more than three letters are in lower case."""
    found: dict[str, list[Name]] = {}
    for analyte in analytes():
        for text in (*analyte.names, *analyte.names_zh):
            plain = text.strip("~!")
            key = plain if plain.isascii() and len(plain) <= _SHORT else plain.lower()
            risky = text.endswith("!") or (len(plain) == 1 and not plain.isascii())
            found.setdefault(key, []).append(Name(plain, analyte, text.startswith("~"), risky))
    return {key: tuple(found[key]) for key in sorted(found, key=lambda name: (-len(name), name))}


def _lines() -> list[str]:
    return resources.files("suwen.language").joinpath("labs.tsv").read_text(encoding="utf-8").splitlines()


def _rows() -> Iterator[list[str]]:
    for line in _lines():
        cells = line.split("\t")
        if line and not line.startswith("#") and cells[0] != "loinc":
            if len(cells) != _COLUMNS:
                raise FormatError(
                    f"labs.tsv: the row of {cells[0]} has {len(cells)} columns instead of {_COLUMNS}",
                    zh=f"labs.tsv：{cells[0]} 一行有 {len(cells)} 列，应为 {_COLUMNS} 列",
                )
            yield cells


def _analyte(cells: list[str]) -> Analyte:
    loinc, kind, specimen, english, chinese, unit, units, molar, limits, high, low, ranges = cells
    parsed = [_unit(entry) for entry in _entries(units)]
    lowest, _, highest = limits.partition("..")
    shown = _entries(english)
    return Analyte(
        code=Code(f"LOINC:{loinc}", shown[0].strip("~!")),
        kind=kind,
        specimen=specimen,
        names=shown,
        names_zh=_entries(chinese),
        unit=unit,
        others=tuple(code for code, _ in parsed),
        factors={code: factor for code, factor in parsed if factor is not None},
        molar=Decimal(molar) if molar else None,
        low=Decimal(lowest),
        high=Decimal(highest),
        high_codes=_degrees(loinc, high),
        low_codes=_degrees(loinc, low),
        ranges=tuple(_range(loinc, entry) for entry in _entries(ranges)),
    )


def _entries(cell: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in cell.split("; ") if entry.strip())


def _unit(entry: str) -> tuple[str, tuple[Decimal, Decimal] | None]:
    code, equals, factor = entry.partition("=")
    if not equals:
        return code, None
    by, _, offset = factor.partition("+")
    return code, (Decimal(by), Decimal(offset or 0))


def _degrees(loinc: str, cell: str) -> tuple[Degree, ...]:
    found = [_DEGREE.fullmatch(entry) for entry in _entries(cell)]
    if not all(found):
        raise FormatError(
            f"labs.tsv: the row of {loinc} has a meaning that is not 'limit HP:...': {cell}",
            zh=f"labs.tsv：{loinc} 一行的含义不是 'limit HP:...'：{cell}",
        )
    return tuple(
        Degree(match.group(3), Decimal(match.group(1)) if match.group(1) else None, bool(match.group(2)))
        for match in found
        if match
    )


def _range(loinc: str, entry: str) -> Range:
    match = _RANGE.fullmatch(entry)
    if match is None:
        raise FormatError(
            f"labs.tsv: the row of {loinc} has a range that is not 'sex from-to low..high source': {entry}",
            zh=f"labs.tsv：{loinc} 一行的范围不是 'sex from-to low..high source'：{entry}",
        )
    sex, start, end, low, opened, high, sure, source = match.groups()
    return Range(
        sex=_SEXES[sex],
        from_age=float(start),
        to_age=float(end),
        low=Decimal(low) if low else None,
        high=Decimal(high) if high else None,
        high_open=bool(opened),
        sure_high=Decimal(sure) if sure else None,
        source=source,
    )
