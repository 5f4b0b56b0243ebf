"""Rows of a file one by one: each with its number, or what broke it, and the molecule made of its text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from suwen.errors import FormatError, Problem
from suwen.formats.molecules.lines import MOST_LINE, LineTooLongError
from suwen.formats.molecules.notices import notice
from suwen.formats.molecules.nouns import Molecule, Refused
from suwen.formats.molecules.parse import read_molecule

__all__ = ["Numbered", "made_of", "numbered", "problem_of"]

_SHOWN = 200  # characters of a refused structure that are kept
Numbered = Iterator[tuple[int, str | LineTooLongError | FormatError]]


def numbered(lines: Iterator[str | LineTooLongError]) -> Numbered:
    """Each line and its number from 1; what ends the reading stands as the last."""
    row = 0
    while True:
        row += 1
        try:
            line = next(lines)
        except StopIteration:
            return
        except FormatError as error:
            yield row, error
            return
        yield row, line


def problem_of(found: LineTooLongError | FormatError) -> Problem:
    """Why a line is none."""
    return found.problems[0] if isinstance(found, FormatError) else notice("row_long", most=MOST_LINE)


def made_of(row: int, structure: str, name: str, fields: tuple[tuple[str, str], ...]) -> Molecule | Refused:
    """The molecule of a row, or why it is none."""
    try:
        made = read_molecule(structure, name=name)
    except FormatError as error:
        return Refused(row, structure.strip()[:_SHOWN], error.problems[0])
    return replace(made, fields=fields) if fields else made
