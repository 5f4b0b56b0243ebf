"""Which column of a table holds structures and which names: by what it is called, else by what stands in it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from suwen.errors import FormatError, InputError, Problem
from suwen.formats.molecules.notices import notice
from suwen.formats.molecules.structure import mol_of

__all__ = ["Columns", "columns_in", "separator_of"]

_STRUCTURES = (
    "smiles", "canonical_smiles", "isomeric_smiles", "cxsmiles", "smiles_string", "structure", "mol", "molecule",
    "inchi", "compound_smiles", "结构", "结构式", "分子结构", "分子",
)  # fmt: skip
_NAMES = (
    "name", "id", "molecule_name", "compound", "compound_name", "compound_id", "molecule_id", "title", "drug",
    "drug_name", "molecule_chembl_id", "chembl_id", "zinc_id", "identifier", "cas", "名称", "编号", "化合物",
    "化合物名称", "药物", "药名",
)  # fmt: skip
_NAMING = frozenset(("name", "id", "title", "identifier", "code", "number", "no", "nr", "key", "cas"))
_SORTING = frozenset(("target", "assay", "class", "label", "group", "cluster", "activity", "protein", "gene", "series"))
_MOST_TRIED = 20  # rows tried for what a column holds
_SHARE = 0.6  # of its cells that have to be structures


@dataclass(frozen=True, slots=True)
class Columns:
    """Where structures and names stand (`names` is -1 for none), what all are called, and how that was found."""

    structures: int
    names: int
    called: tuple[str, ...]
    headed: bool
    how: str

    def told(self) -> Problem:
        """The remark that says which columns were taken."""
        column = self.called[self.structures]
        if self.names < 0:
            return notice("column_only", column=column, how=self.how)
        return notice("column", column=column, names=self.called[self.names], how=self.how)


def separator_of(lines: Sequence[str]) -> str:
    """The separator that cuts the first lines into most cells."""
    head = lines[0] if lines else ""
    return max((",", "\t", ";", "|"), key=lambda mark: _cells(head, mark))


def _cells(line: str, mark: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=mark), []))
    except csv.Error:  # a cell longer than csv takes
        return 0


def columns_in(rows: Sequence[Sequence[str]], column: str, name_column: str) -> Columns:
    """The columns of a table that begins with these rows; a name or a number from 1 may be stated for each.

    Raises:
        FormatError: no column is called or filled so that it could hold structures.
        InputError: a column that was stated is not there.

    """
    if not rows:
        raise FormatError("the table is empty", zh="表格为空")
    head = [cell.strip() for cell in rows[0]]
    known = {_plain(cell) for cell in head}
    stated = {_plain(one) for one in (column, name_column) if one}
    headed = bool(known & {*_STRUCTURES, *_NAMES, *stated}) or not any(_is_structure(cell) for cell in head)
    called = tuple(head) if headed else tuple(str(at + 1) for at in range(len(head)))
    body = rows[1 : _MOST_TRIED + 1] if headed else rows[:_MOST_TRIED]
    if column:
        at, how = _stated(called, column), "stated"
    else:
        at, how = _found(called, body)
    names = _stated(called, name_column) if name_column else _names(called, at, body, headed=headed)
    return Columns(at, names, called, headed, how)


def _plain(cell: str) -> str:
    return cell.strip().lower().replace(" ", "_").replace("-", "_")


def _stated(called: Sequence[str], column: str) -> int:
    plain = [_plain(one) for one in called]
    if _plain(column) in plain:
        return plain.index(_plain(column))
    if column.isascii() and column.isdigit() and 1 <= int(column[:9]) <= len(called):
        return int(column) - 1
    raise InputError(
        f"the table has no column {column!r}; it has {', '.join(called[:20])}",
        zh=f"表格没有列 {column!r}；有 {'、'.join(called[:20])}",
    )


def _found(called: Sequence[str], body: Sequence[Sequence[str]]) -> tuple[int, str]:
    plain = [_plain(one) for one in called]
    for name in _STRUCTURES:
        if name in plain:
            return plain.index(name), "its name says"
    named = [at for at, one in enumerate(plain) if "smiles" in one]
    if named:
        return named[0], "its name says"
    shares = [_share([row[at] for row in body if at < len(row)]) for at in range(len(called))]
    best = max(range(len(shares)), key=lambda at: shares[at], default=-1)
    if best < 0 or shares[best] < _SHARE:
        raise FormatError(
            "no column of this table holds structures; name the column of the SMILES",
            zh="表格中没有任何一列是结构；请指定 SMILES 所在的列",
        )
    return best, "its cells are structures"


def _share(cells: Sequence[str]) -> float:
    """The share of cells that are structures of more than one atom, longer ones first among equals."""
    filled = [cell for cell in cells if cell.strip()]
    if not filled:
        return 0.0
    share = sum(_is_structure(cell) for cell in filled) / len(filled)
    return share + min(sum(map(len, filled)) / len(filled), 999) / 1e6 if share else 0.0


def _is_structure(cell: str) -> bool:
    """Whether a cell is a structure and not a number, a word or one letter that could be read as one."""
    if len(cell.strip()) < 2 or cell.strip().isdigit():
        return False
    try:
        mol, _noticed = mol_of(cell)
    except FormatError:
        return False
    return bool(mol.GetNumAtoms() > 1)


def _names(called: Sequence[str], structures: int, body: Sequence[Sequence[str]], *, headed: bool) -> int:
    """The column of names: by its title; of two columns without titles the second, as in a list of SMILES."""
    plain = [_plain(one) for one in called]
    for name in _NAMES:
        if name in plain and plain.index(name) != structures:
            return plain.index(name)
    if len(called) != 2 or structures != 0:
        return -1
    # A second column of words may be a class ("active") that is to be learned; only its title can tell.
    return 1 if (_is_name(plain[1]) if headed else not _numeric(body)) else -1


def _is_name(title: str) -> bool:
    """Whether a title's words say that its cells name molecules, and not their class or target."""
    words = set(title.split("_"))
    return (bool(words & _NAMING) and not words & _SORTING) or any(one in title for one in ("名", "编号"))


def _numeric(body: Sequence[Sequence[str]]) -> bool:
    """Whether the second of two columns holds measurements, which are no names."""
    cells = [row[1].strip() for row in body if len(row) > 1]
    return all(
        cell.replace(".", "", 1).replace("e", "", 1).lstrip("+-").replace("-", "", 1).isdigit() for cell in cells
    )
