"""Files of molecules read one by one: SMILES lists, tables, SDF and mol files, also gzip; a bad row stops nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from suwen.errors import FormatError, InputError
from suwen.formats.molecules.lines import LIMIT, LineTooLongError, Source, check_text, lines_of
from suwen.formats.molecules.naming import naming
from suwen.formats.molecules.nouns import Molecule, Refused
from suwen.formats.molecules.records import read_records
from suwen.formats.molecules.rows import made_of, numbered, problem_of
from suwen.formats.molecules.table import read_table

__all__ = ["read_molecules"]

_HEADERS = frozenset(("smiles", "canonical_smiles", "isomeric_smiles", "structure", "mol", "结构", "结构式"))
_LISTS = (".smi", ".smiles", ".ism", ".can", ".txt")
_TABLES = (".csv", ".tsv")
_RECORDS = (".sdf", ".sd", ".mol")


def read_molecules(
    path: Path | str, *, column: str = "", name_column: str = "", limit: int = LIMIT
) -> Iterator[Molecule | Refused]:
    """Every molecule of a file in its order, standardised, or the reason why a row is none.

    The kind is told by the suffix (.smi, .smiles, .ism, .can, .txt; .csv, .tsv; .sdf, .sd, .mol), behind which .gz may
    stand; a list or table may be in UTF-8, UTF-16 (with its mark) or GB 18030. One row is in memory at a time.

    Args:
        path: the file: SMILES and name in each line; or a table; or records of V2000 or V3000.
        column: the column of structures by name or number from 1; found by name or content where "".
        name_column: the column of names; of an SDF the field that holds the name, else its first line. A table of two
            columns whose line of titles does not call the second one a name has no names.
        limit: most bytes read, once unpacked.

    Yields:
        A Molecule with the other columns as `fields`, the first with the remark which columns were taken; or a
        Refused with its row from 1 (of an SDF the record). Once begun nothing is raised: where a file cannot be read
        further, the last thing is a Refused that says so.

    Raises:
        NotFoundError: nothing is at this path.
        FormatError: it is no plain file, no text, of another suffix, or a table without a column of structures.
        InputError: a stated column is not there, as in a list of SMILES, or none of the first records of an SDF has
            the stated field.
        MissingExtraError: RDKit is not installed.

    """
    path = Path(path)
    with naming(path):
        yield from _read(path, column, name_column, limit)


def _read(path: Path, column: str, name_column: str, limit: int) -> Iterator[Molecule | Refused]:
    name = path.name.lower().removesuffix(".gz")
    if path.exists() and not name.endswith((*_LISTS, *_TABLES, *_RECORDS)) and not path.is_dir():
        raise FormatError(
            f"molecules are read from {', '.join((*_LISTS, *_TABLES, *_RECORDS))}; the suffix is another",
            zh=f"分子可从 {'、'.join((*_LISTS, *_TABLES, *_RECORDS))} 读取；扩展名不在其中",
        )
    _check_stated(name, column, name_column)
    with Source(path, limit) as source:
        check_text(source)
        lines = lines_of(source)
        if name.endswith(_RECORDS):
            yield from read_records(lines, name_column)
        elif name.endswith(_TABLES):
            yield from read_table(lines, column, name_column)
        else:
            yield from _list(lines)


def _check_stated(name: str, column: str, name_column: str) -> None:
    """Refuse a stated column where there are none, which would pass unheard."""
    if name.endswith(_LISTS) and (column or name_column):
        raise InputError(
            f"a list of SMILES has no columns, and {column or name_column!r:.60} is asked for; columns are stated of "
            f"{' and '.join(_TABLES)}",
            zh=f"SMILES 列表没有列，而要求的列为 {column or name_column!r:.60}；只有 {'、'.join(_TABLES)} 可指定列",
        )
    if name.endswith(_RECORDS) and column:
        raise InputError(
            f"its records hold one structure each, and no column {column!r:.60} of structures",
            zh=f"其记录各含一个结构，没有结构列 {column!r:.60}",
        )


def _list(lines: Iterator[str | LineTooLongError]) -> Iterator[Molecule | Refused]:
    """SMILES, blank, name: each line one molecule; empty lines, comments and a line of titles are passed over."""
    for row, line in numbered(lines):
        if not isinstance(line, str):
            yield Refused(row, "", problem_of(line))
            continue
        structure, name = _parted(line)
        if structure and not structure.startswith("#") and not (row == 1 and structure.lower() in _HEADERS):
            yield made_of(row, structure, name, ())


def _parted(line: str) -> tuple[str, str]:
    """The structure with its CXSMILES extension, and the name behind it."""
    structure, *rest = line.strip().split(None, 1) or [""]
    name = rest[0].strip() if rest else ""
    if name.startswith("|") and "|" in name[1:]:
        extension, _bar, name = name[1:].partition("|")
        structure = f"{structure} |{extension}|"
    return structure, name.strip()
