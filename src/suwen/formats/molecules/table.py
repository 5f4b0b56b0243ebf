"""Tables of molecules read row by row; a quote that is never closed costs its own row and no other."""

from __future__ import annotations

import contextlib
import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from suwen.errors import FormatError, Problem
from suwen.formats.molecules.columns import Columns, columns_in, separator_of
from suwen.formats.molecules.lines import LineTooLongError
from suwen.formats.molecules.notices import notice
from suwen.formats.molecules.nouns import Molecule, Refused
from suwen.formats.molecules.rows import Numbered, made_of, numbered, problem_of

__all__ = ["read_table"]

_LOOKED_AT = 21  # lines from which separator and columns are told
_MOST_LINES = 50  # lines that one row may take within quotes


def read_table(
    lines: Iterator[str | LineTooLongError], column: str = "", name_column: str = ""
) -> Iterator[Molecule | Refused]:
    """Every row as a Molecule with its other cells as fields, or the reason why it is none.

    Raises:
        FormatError: no column holds structures.
        InputError: a stated column is not there.

    """
    rest = numbered(lines)
    ahead = list(islice(rest, _LOOKED_AT))
    texts = [_sound(line) for _row, line in ahead if isinstance(line, str) and line.strip()]
    separator = separator_of(texts)
    columns = columns_in(list(_cut(texts, separator)), column, name_column)
    told: Problem | None = columns.told()
    for made in _rows(_Feed(chain(ahead, rest)), separator, columns):
        if told is not None and isinstance(made, Molecule):
            yield replace(made, noticed=(told, *made.noticed))
            told = None
        else:
            yield made


def _cut(texts: Sequence[str], separator: str) -> Iterator[list[str]]:
    """The rows that csv can cut; one with a cell longer than it takes is told where all rows are read."""
    reader = csv.reader(texts, delimiter=separator)
    with contextlib.suppress(csv.Error):
        yield from (row for row in reader if row)


def _sound(line: str) -> str:
    return line.replace("\0", "\ufffd")  # csv stops the whole file at one


class _Feed:
    """Lines handed to csv one by one; it asks for more only within quotes."""

    __slots__ = ("_ahead", "_rest", "broken", "held", "unclosed")

    def __init__(self, rest: Numbered) -> None:
        self._rest = rest
        self._ahead: deque[tuple[int, str | LineTooLongError | FormatError]] = deque()
        self.held: list[tuple[int, str]] = []
        self.broken: tuple[int, LineTooLongError | FormatError] | None = None
        self.unclosed = False

    def begin(self) -> None:
        """Begin a row."""
        self.held, self.broken, self.unclosed = [], None, False

    def give_back(self) -> None:
        """Give back all lines of this row but the first, to be rows of their own."""
        self._ahead.extendleft(reversed(self.held[1:]))

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if len(self.held) >= _MOST_LINES:
            self.unclosed = True
            raise StopIteration
        found = self._ahead.popleft() if self._ahead else next(self._rest, None)
        if found is not None and isinstance(found[1], str):
            self.held.append((found[0], found[1]))
            return _sound(found[1]) + "\n"
        if found is not None and self.held:
            self._ahead.appendleft(found)
        elif found is not None and not isinstance(found[1], str):
            self.broken = (found[0], found[1])
        self.unclosed = bool(self.held)
        raise StopIteration


def _rows(feed: _Feed, separator: str, columns: Columns) -> Iterator[Molecule | Refused]:
    skip = columns.headed
    while True:
        feed.begin()
        try:
            cells = next(csv.reader(feed, delimiter=separator), None)
        except csv.Error:
            feed.unclosed = True
            cells = []
        if feed.broken is not None:
            yield Refused(feed.broken[0], "", problem_of(feed.broken[1]))
        elif feed.unclosed:
            feed.give_back()
            yield Refused(feed.held[0][0], "", notice("row_quote"))
        elif cells is None:
            return
        elif cells and not skip:
            yield _row(feed.held[0][0], cells, columns)
        skip = skip and not cells


def _row(row: int, cells: list[str], columns: Columns) -> Molecule | Refused:
    if columns.structures >= len(cells):
        return Refused(row, "", notice("row_short"))
    name = cells[columns.names].strip() if 0 <= columns.names < len(cells) else ""
    fields = tuple(
        (called, cell.strip())
        for at, (called, cell) in enumerate(zip(columns.called, cells, strict=False))
        if at not in (columns.structures, columns.names)
    )
    return made_of(row, cells[columns.structures], name, fields)
