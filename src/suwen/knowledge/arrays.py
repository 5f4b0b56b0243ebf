"""Compressed sparse rows and packed strings: the two array shapes the index is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Ints", "Rows", "expanded", "pack", "rows_from_pairs", "unpack"]

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Rows:
    """Compressed sparse rows: row `i` holds `column[start[i]:start[i + 1]]`, ascending, with `value` beside it.

    Shapes: `start` (rows + 1,) int32; `column` (entries,) int32; `value` (entries,) float32, or empty when the rows
    are plain sets.
    """

    start: Ints
    column: Ints
    value: Floats

    def columns(self, row: int) -> Ints:
        """Columns of one row, ascending."""
        return self.column[self.start[row] : self.start[row + 1]]

    def values(self, row: int) -> Floats:
        """Values of one row, in the order of `columns`."""
        return self.value[self.start[row] : self.start[row + 1]]

    def __len__(self) -> int:
        return len(self.start) - 1

    def take(self, rows: NDArray[np.integer]) -> Rows:
        """The chosen rows, in that order."""
        lengths = np.diff(self.start)[rows]
        start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        entry = expanded(self.start[:-1][rows], lengths)
        return Rows(start, self.column[entry], self.value[entry] if len(self.value) else self.value)

    @staticmethod
    def stacked(parts: Sequence[Rows]) -> Rows:
        """The rows of all parts, one part after the other."""
        offsets = np.cumsum([0, *(part.start[-1] for part in parts)])
        starts = [part.start[1:] + offset for part, offset in zip(parts, offsets[:-1], strict=True)]
        start = np.concatenate([[0], *starts]).astype(np.int32)
        column = np.concatenate([part.column for part in parts])
        return Rows(start, column, np.concatenate([part.value for part in parts]))

    def transposed(self, n_columns: int) -> Rows:
        """Return the same entries with rows and columns exchanged; `n_columns` is the number of rows to come."""
        row = np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.start))
        return rows_from_pairs(self.column, row, n_columns, self.value)


def rows_from_pairs(row: Ints, column: Ints, n_rows: int, value: Floats | None = None) -> Rows:
    """Build rows from unordered, distinct (row, column) pairs with an optional value each."""
    order = np.lexsort((column, row))
    start = np.zeros(n_rows + 1, np.int32)
    np.cumsum(np.bincount(row, minlength=n_rows), out=start[1:])
    kept = np.empty(0, np.float32) if value is None or not len(value) else value[order].astype(np.float32)
    return Rows(start, column[order].astype(np.int32), kept)


def expanded(first: Ints, lengths: Ints) -> NDArray[np.int64]:
    """Positions first[i], first[i] + 1, ... of runs of the given lengths, one run after the other."""
    ends = np.cumsum(lengths, dtype=np.int64)
    return np.asarray(np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - lengths), lengths))


def pack(strings: Sequence[str]) -> NDArray[np.uint8]:
    """Pack strings into UTF-8 bytes, one per line; line breaks inside a string become spaces."""
    text = "\n".join(string.replace("\n", " ") for string in strings)
    return np.frombuffer(text.encode("utf-8"), np.uint8)


def unpack(packed: NDArray[np.uint8], count: int) -> list[str]:
    """Undo `pack`; `count` tells an empty list from a list of one empty string."""
    return packed.tobytes().decode("utf-8").split("\n") if count else []
