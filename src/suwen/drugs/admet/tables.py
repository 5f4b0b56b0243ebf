"""Tables of measured molecules made fit to learn from: one row a molecule, contradictions left out and counted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suwen.errors import DataError, FormatError
from suwen.formats.molecules.nouns import Molecule, Refused
from suwen.formats.molecules.read import read_molecules

__all__ = ["Cleaned", "cleaned", "read_measured"]

_SPREAD = 0.5  # of the standard deviation of a table: measurements of one molecule farther apart contradict each other


@dataclass(frozen=True, slots=True, eq=False)
class Cleaned:
    """Molecules (n) and what was measured (n,), a molecule once; `rows` were read, of which `refused` are no molecule
    or no number, `merged` stood for a molecule that was there already (a salt, a charge, another way of writing it),
    and `contradictory` molecules were left out as their measurements differ (classes: at all; amounts: by more than
    half a standard deviation of the table).
    """

    smiles: tuple[str, ...]
    measured: NDArray[np.float64]
    rows: int
    refused: int
    merged: int
    contradictory: int

    def __len__(self) -> int:
        """Molecules."""
        return len(self.smiles)


def read_measured(file: Path, column: str = "y") -> tuple[list[Molecule], NDArray[np.float64], int]:
    """Standardised molecules of a table, their numbers in `column` (n,), and how many rows were refused.

    Raises DataError where the file or the column is missing, FormatError where no row is a molecule with a number.
    """
    if not file.is_file():
        raise DataError(f"there is no table {file.name}")
    found, values, refused = [], [], 0
    for one in read_molecules(file):
        number = np.nan if isinstance(one, Refused) else _number(dict(one.fields), column, file)
        if isinstance(one, Refused) or not np.isfinite(number):
            refused += 1
            continue
        found.append(one)
        values.append(number)
    if not found:
        raise FormatError(f"{file.name} has no row with a molecule and a number in the column {column!r}")
    return found, np.array(values), refused


def cleaned(molecules: list[Molecule], measured: NDArray[np.float64], *, classes: bool, refused: int = 0) -> Cleaned:
    """One row a molecule, in the order of its first row; what was merged and left out is counted."""
    together: dict[str, list[float]] = {}
    for one, value in zip(molecules, measured.tolist(), strict=True):
        together.setdefault(one.smiles, []).append(value)
    most = 0.0 if classes else _SPREAD * float(measured.std())
    kept = {smiles: float(np.mean(values)) for smiles, values in together.items() if np.ptp(values) <= most}
    return Cleaned(
        tuple(kept),
        np.array(list(kept.values())),
        len(molecules) + refused,
        refused,
        len(molecules) - len(together),
        len(together) - len(kept),
    )


def _number(fields: dict[str, str], column: str, file: Path) -> float:
    if column not in fields:
        raise DataError(f"{file.name} has no column {column!r}; it has {', '.join(fields) or 'no other'}")
    try:
        return float(fields[column])
    except ValueError:
        return float("nan")
