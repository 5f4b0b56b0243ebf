"""An assay's table read and made ready: one number a molecule, repeats merged, contradictions and bounds set aside."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from suwen.drugs.activity.cliffs import steepness
from suwen.drugs.activity.columns import Found, find_column, is_called_logarithm, read_cell, unit_of
from suwen.drugs.activity.nouns import Assay, Kind, LeftOut, Measured, Unit
from suwen.errors import InputError
from suwen.formats.molecules import read_molecules
from suwen.formats.molecules.naming import naming
from suwen.formats.molecules.notices import notice_text
from suwen.formats.molecules.nouns import Molecule, Refused
from suwen.subject import Saying

__all__ = ["assay_of", "read_assay"]

_SHOWN = 80
_NAMES = re.compile(r"^column: .*, names from (.*), as ")
_POSSIBLE = (-2.0, 16.0)  # -log10 of mol/l: 100 mol/l is more than pure water, 0.1 fmol/l less than any assay sees
_POWERS = MappingProxyType({"M": 0.0, "mM": -3.0, "uM": -6.0, "nM": -9.0, "pM": -12.0})
_EMPTY = Saying("no value", "没有数值")
_NO_NUMBER = Saying("its value is not a number", "其值不是数字")
_BOUND = Saying(
    "its value is only a bound (< or >): how active it is was not measured", "其值只是界限（< 或 >）：实际活性未测得"
)
_NOT_POSITIVE = Saying("a concentration is above 0", "浓度必须大于 0")


@dataclass(frozen=True, slots=True)
class _Row:
    molecule: Molecule
    value: float


def read_assay(
    path: Path | str, *, activity: str = "", unit: str = "", column: str = "", name_column: str = ""
) -> Assay:
    """The assay in a file of molecules (CSV, TSV, SDF ...).

    Args:
        path: the file, read by `read_molecules`.
        activity: the column or SDF field of the activity; found by its name where "".
        unit: one of UNITS; told by the column's name or a column of units where "".
        column: that of the structures, found where "".
        name_column: that of the names.

    Raises:
        NotFoundError, FormatError, MissingExtraError: as `read_molecules`.
        InputError: no or several columns could be the activity, its unit is unclear, or no row has a value.

    """
    with naming(Path(path)):
        return assay_of(read_molecules(path, column=column, name_column=name_column), activity=activity, unit=unit)


def assay_of(given: Iterable[Molecule | Refused], *, activity: str = "", unit: str = "") -> Assay:
    """The assay of molecules whose fields hold the activity, each standardised, under the InChIKey of its parent.

    Concentrations become -log10 of mol/l. A value that is only a bound is left out (its number would be learned as if
    measured); "~" counts as measured. Molecules measured several times get the median; where the measurements differ
    over ten times (classes: at all) the molecule is left out as contradictory. Raises InputError.
    """
    rows = _unnamed(list(given))
    fields = [dict(one.fields) for one in rows if isinstance(one, Molecule)]
    if not fields:
        raise InputError("no row of this table is a molecule: check the column of structures")
    found = find_column(fields, activity)
    taken = unit_of(found, fields, unit)
    kept: list[_Row] = []
    left: list[LeftOut] = []
    for place, one in enumerate(rows, start=1):
        why = _refusal(one) if isinstance(one, Refused) else _added(kept, one, found.column, found.relations, taken)
        if why is not None:
            left.append(LeftOut(place, one.written[:_SHOWN], why))
    if not kept:
        above = "" if taken == "as is" else " above 0"
        raise InputError(f"no molecule has a number{above} in the column {found.column!r:.60}")
    if taken != "as is" or (is_called_logarithm(found.column) and not unit):
        _check_possible(kept, found.column, taken)
    kind: Kind = "classes" if taken == "as is" and {one.value for one in kept} <= {0.0, 1.0} else "amount"
    merged, contradictory = _merged(kept, kind, taken)
    noticed = next((one.noticed[:1] for one in rows if isinstance(one, Molecule)), ())
    whence = _whence(found, unit)
    return Assay(merged, found.column, taken, kind, len(rows), tuple(left), contradictory, noticed, whence)


def _whence(found: Found, unit: str) -> Saying:
    """How column and unit were found: a unit that the user stated may be another than the column's name says."""
    if not unit:
        return found.whence
    return Saying(f"{found.whence.en}; the unit was stated", f"{found.whence.zh}；单位由用户指定")


def _check_possible(kept: Sequence[_Row], column: str, unit: Unit) -> None:
    """Raise InputError where the unit must be wrong, as nothing has such an activity."""
    impossible = [one.value for one in kept if not _POSSIBLE[0] <= one.value <= _POSSIBLE[1]]
    if impossible:
        what = "taken as -log10 of mol/l" if unit == "as is" else f"taken in {unit}"
        raise InputError(
            f"{len(impossible)} values of the column {column!r:.60}, {what}, are no activity a molecule can have "
            f"(-log10 of mol/l would be {impossible[0]:.4g}); state the unit with --unit, or mend the rows"
        )


def _unnamed(rows: list[Molecule | Refused]) -> list[Molecule | Refused]:
    """Of a table of two columns, where the second was taken for names, as it holds ">10" or "active", the activity."""
    molecules = [one for one in rows if isinstance(one, Molecule)]
    told = [_NAMES.search(notice.what) for one in molecules[:1] for notice in one.noticed[:1]]
    if not told or told[0] is None or any(one.fields for one in molecules):
        return rows
    column = told[0][1]
    return [replace(one, name="", fields=((column, one.name),)) if isinstance(one, Molecule) else one for one in rows]


def _refusal(one: Refused) -> Saying:
    return Saying(notice_text(one.problem, "en"), notice_text(one.problem, "zh"))


def _added(kept: list[_Row], one: Molecule, column: str, relations: str, unit: Unit) -> Saying | None:
    """Keep a row, or say why not."""
    fields = dict(one.fields)
    cell = fields.get(column, "")
    if not cell.strip() or cell.strip().lower() in ("nan", "na", "n/a", "none", "null", "-"):
        return _EMPTY
    read = read_cell(cell, fields.get(relations, "") if relations else "")
    if read.number is None or not math.isfinite(read.number):
        return _NO_NUMBER
    if read.relation in "<>":
        return _BOUND
    if unit == "as is":
        kept.append(_Row(one, read.number))
        return None
    if read.number <= 0:
        return _NOT_POSITIVE
    kept.append(_Row(one, -(math.log10(read.number) + _POWERS[unit])))
    return None


def _merged(rows: Sequence[_Row], kind: Kind, unit: Unit) -> tuple[tuple[Measured, ...], tuple[Measured, ...]]:
    """One entry a molecule, in the order they were met: those that agree, and those that contradict themselves."""
    groups: dict[str, list[_Row]] = {}
    for row in rows:
        groups.setdefault(row.molecule.key or row.molecule.smiles, []).append(row)
    limit = steepness(np.array([row.value for row in rows]), kind, unit)
    agreeing: list[Measured] = []
    contradictory: list[Measured] = []
    for group in groups.values():
        values = np.array([row.value for row in group])
        first = next((row.molecule for row in group if row.molecule.name), group[0].molecule)
        spread = float(np.ptp(values))
        one = Measured(first.smiles, first.key, first.name, float(np.median(values)), len(group), spread)
        (contradictory if spread > limit else agreeing).append(one)
    return tuple(agreeing), tuple(contradictory)
