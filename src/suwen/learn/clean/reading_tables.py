"""Read one CSV table with a label column: a row is an example, numbers stay numbers, words become codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from suwen.errors import InputError
from suwen.learn.clean.labels_table import Columns, Table, chosen_column, read_table
from suwen.learn.clean.nouns import Array, Form, Holding, Loaded, Remark, Sample, Severity, Sign, Suggestion, Suspicion

__all__ = ["read_table_file"]

_NAMES = ("id", "name", "case", "row id", "record", "study id")
MOST_WORDS = 20  # different words of a column that still is a category


def read_table_file(file: Path, columns: Columns) -> Holding:
    """Read a table. Raises FormatError, DataError, InputError (no label column)."""
    table = read_table(file)
    label = chosen_column(table, columns.label, "label", required=True)
    group = chosen_column(table, columns.group, "group")
    split = chosen_column(table, columns.split, "split")
    names = _names(table)
    features = [name for name in table.header if name not in {label, group, split, names}]
    if not features:
        raise InputError(f"{file.name} has no column besides its label; there is nothing to compare it with")
    encoded, kept, left = _encoded(table, features)
    samples = _samples(table, names, (label, group, split), features)
    found = [
        Suspicion(Sign.NO_LABEL, (one.name,), Severity.GRAVE, Suggestion.LABEL, 1.0)
        for one in samples
        if one.label is None
    ]
    remarks = [Remark("columns", {"label": label, "group": group or "-", "split": split or "-"})]
    if table.bad:
        remarks.append(Remark("bad_rows", {"n": len(table.bad), "lines": ", ".join(map(str, table.bad[:10]))}))
    if left:
        remarks.append(Remark("columns_left", {"columns": ", ".join(left)}))
    return Holding(
        Form.TABLES,
        file.name,
        samples,
        lambda at: Loaded(encoded[at]),
        tuple(found),
        tuple(kept),
        remarks=tuple(remarks),
    )


def _names(table: Table) -> str:
    """The column that names rows: of a usual name, all different and none unknown."""
    for name in table.header:
        cells = table.column(name)
        if name.lower() in _NAMES and None not in cells and len(set(cells)) == len(cells):
            return name
    return ""


def _samples(table: Table, names: str, roles: tuple[str, str, str], features: list[str]) -> tuple[Sample, ...]:
    label, group, split = roles
    width = len(str(len(table.rows)))
    found = []
    for number, row in enumerate(table.rows, start=1):
        cells = dict(zip(table.header, row, strict=True))
        name = (cells[names] if names else None) or f"row {number:0{width}d}"
        rest = {one: cells[one] for one in features}
        found.append(Sample(name, cells[label], cells.get(group) or "", cells.get(split) or "", None, rest))
    return tuple(found)


def _encoded(table: Table, features: list[str]) -> tuple[Array, list[str], list[str]]:
    """The table as numbers, NaN where unknown; columns of many different words are left out and named."""
    found, kept, left = [], [], []
    for name in features:
        cells = table.column(name)
        numbers = [_number(cell) for cell in cells]
        words = sorted({cell for cell in cells if cell is not None})
        if all(number is not None for number, cell in zip(numbers, cells, strict=True) if cell is not None):
            found.append(np.array([np.nan if number is None else number for number in numbers]))
            kept.append(name)
        elif len(words) <= MOST_WORDS:
            for word in words:
                found.append(np.array([np.nan if cell is None else float(cell == word) for cell in cells]))
                kept.append(f"{name} = {word}")
        else:
            left.append(name)
    if not found:
        raise InputError("no column holds numbers or few different words; there is nothing to compare rows by")
    return np.stack(found, axis=1), kept, left


def _number(cell: str | None) -> float | None:
    try:
        return None if cell is None else float(cell)
    except ValueError:
        return None
