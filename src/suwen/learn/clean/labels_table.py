"""Read a CSV table that a stranger wrote, and find out which column names, labels, groups and splits its rows."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from suwen.errors import DataError, FormatError, InputError

__all__ = ["Columns", "Table", "chosen_column", "read_table"]

LARGEST = 512 * 1024 * 1024  # bytes; a longer table is not for cleaning in memory

_LABELS = ("label", "labels", "class", "target", "finding labels", "finding label", "diagnosis", "outcome", "y")
_GROUPS = ("group", "patient", "patient id", "patient_id", "patientid", "subject", "subject_id", "subject id", "person")
_SPLITS = ("split", "fold", "set", "subset", "partition")
_UNKNOWN = frozenset({"", "na", "n/a", "nan", "null", "?"})


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns a person named; "" is found by its usual names."""

    label: str = ""
    group: str = ""
    split: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows of the same length; an unknown value is None. `bad` are the lines that had another length."""

    header: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    bad: tuple[int, ...] = ()

    def column(self, name: str) -> tuple[str | None, ...]:
        """The values of one column."""
        at = self.header.index(name)
        return tuple(row[at] for row in self.rows)


def read_table(file: Path) -> Table:
    """Read a CSV table with a header (comma, semicolon or tab; UTF-8 or GB 18030). Raises DataError, FormatError."""
    text = _text(file)
    try:
        rows = list(csv.reader(text.splitlines(), _dialect(text)))
    except csv.Error:
        raise FormatError(f"{file.name} is not a CSV table; write one row a line, with a header") from None
    if len([row for row in rows if row]) < 2:
        raise FormatError(f"{file.name} has no rows below a header")
    if all(_number(cell) for cell in rows[0]):
        raise FormatError(f"{file.name} begins with numbers; its first line must name the columns")
    header = _header([cell.strip() for cell in rows[0]], rows[1:])
    whole = [(number, row) for number, row in enumerate(rows[1:], start=2) if any(cell.strip() for cell in row)]
    bad = tuple(number for number, row in whole if len(row) != len(header))
    kept = (row for _, row in whole if len(row) == len(header))
    return Table(header, tuple(tuple(_cell(cell) for cell in row) for row in kept), bad)


def chosen_column(table: Table, named: str, what: str, *, required: bool = False) -> str:
    """The column a person named, or the one with a usual name for `what` (label, group, split); "" for none.

    Raises InputError.
    """
    if named:
        if named not in table.header:
            raise InputError(f"there is no column {named!r}; there are {', '.join(table.header)}")
        return named
    usual = {"label": _LABELS, "group": _GROUPS, "split": _SPLITS}[what]
    folded = {name.lower(): name for name in table.header}
    found = next((folded[name] for name in usual if name in folded), "")
    if not found and required:
        raise InputError(f"say which column is the {what}: --{what} COLUMN, one of {', '.join(table.header)}")
    return found


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST:
            raise FormatError(f"{file.name} has more than {LARGEST // 2**20} MiB; clean a part of it")
        data = file.read_bytes()
    except OSError as reason:
        raise DataError(f"cannot read {file.name}: {reason.strerror}") from None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise FormatError(f"{file.name} is not text in UTF-8 or GB 18030")


def _dialect(text: str) -> type[csv.Dialect]:
    first = text.split("\n", 1)[0]
    comma = max(",;\t", key=first.count)

    class Found(csv.excel):
        delimiter = comma

    return Found


def _header(names: Sequence[str], rows: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Names without doubles; where most rows are longer than the header, the columns without a name are numbered."""
    width = Counter(len(row) for row in rows if row).most_common(1)[0][0]
    full = [*names, *("" for _ in range(width - len(names)))]
    seen: dict[str, int] = {}
    found = []
    for number, name in enumerate(full, start=1):
        base = name or f"column {number}"
        seen[base] = seen.get(base, 0) + 1
        found.append(base if seen[base] == 1 else f"{base} {seen[base]}")
    return tuple(found)


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _cell(text: str) -> str | None:
    stripped = text.strip()
    return None if stripped.lower() in _UNKNOWN else stripped
