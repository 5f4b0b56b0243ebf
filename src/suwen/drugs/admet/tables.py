"""Tables of measured molecules made fit to learn from: one row a molecule, contradictions left out and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.admet.endpoints import ENDPOINTS
from suwen.drugs.admet.learner import Task
from suwen.errors import DataError, FormatError
from suwen.formats.molecules.nouns import Molecule, Refused
from suwen.formats.molecules.read import read_molecules

__all__ = ["METRICS", "Cleaned", "Read", "Tables", "cleaned", "read_measured", "read_tables", "tasks_of"]

_SPREAD = 0.5  # of the standard deviation of a table: measurements of one molecule farther apart contradict each other
METRICS: Mapping[str, str] = MappingProxyType(
    {key: "auroc" if one.kind == "chance" else "mae" for key, one in ENDPOINTS.items()}
    | dict.fromkeys(("cl_hepa", "cl_micro", "half_life", "vdss"), "spearman")
    | dict.fromkeys(
        (
            "cyp2c9_substrate_carbonmangels",
            "cyp2c9_veith",
            "cyp2d6_substrate_carbonmangels",
            "cyp2d6_veith",
            "cyp3a4_veith",
        ),
        "auprc",
    )
)
"""How an endpoint is judged on the leaderboard of Therapeutics Data Commons; the five it lacks by AUROC."""


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """Rows that are a molecule with a number: standardised molecules, numbers, lines from 1; and how many were not."""

    molecules: tuple[Molecule, ...]
    values: NDArray[np.float64]
    lines: NDArray[np.int64]
    refused: int


@dataclass(frozen=True, slots=True, eq=False)
class Cleaned:
    """Molecules (n) and what was measured (n,), a molecule once, with the line it first stood on.

    `rows` were read, of which `refused` are no molecule or no number, `merged` stood for a molecule that was there
    already (a salt, a charge, another way of writing it), and `contradictory` molecules were left out as their
    measurements differ (classes: at all; amounts: by more than half a standard deviation of the table).
    """

    smiles: tuple[str, ...]
    measured: NDArray[np.float64]
    lines: NDArray[np.int64]
    rows: int
    refused: int
    merged: int
    contradictory: int


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Tables by endpoint, and every molecule of any of them once."""

    smiles: tuple[str, ...]
    tables: Mapping[str, Cleaned]


def read_measured(file: Path, column: str = "y") -> Read:
    """Read a table with its numbers in `column`.

    Raises DataError where the file or the column is missing, FormatError where no row is a molecule with a number.
    """
    if not file.is_file():
        raise DataError(f"there is no table {file.name}", zh=f"没有表格 {file.name}")
    found, values, lines = [], [], []
    seen: set[str] = set()
    line = 0
    for line, one in enumerate(read_molecules(file), start=1):
        if isinstance(one, Refused):
            continue
        fields = dict(one.fields)  # a blank cell is no field
        seen |= set(fields)
        number = _number(fields.get(column, ""))
        if not np.isfinite(number):
            continue
        found.append(one)
        values.append(number)
        lines.append(line)
    if column not in seen:
        raise DataError(
            f"{file.name} has no column {column!r} that is filled; it has {', '.join(sorted(seen)) or 'no other'}",
            zh=f"{file.name} 没有已填写的列 {column!r}；有 {'、'.join(sorted(seen)) or '无其他列'}",
        )
    if not found:
        raise FormatError(
            f"{file.name} has no row with a molecule and a number in the column {column!r}",
            zh=f"{file.name} 的列 {column!r} 中没有同时含分子和数值的行",
        )
    return Read(tuple(found), np.array(values), np.array(lines, np.int64), line - len(found))


def cleaned(read: Read, *, classes: bool) -> Cleaned:
    """One row a molecule, in the order of its first row; what was merged and left out is counted."""
    together: dict[str, list[float]] = {}
    first: dict[str, int] = {}
    for one, value, line in zip(read.molecules, read.values.tolist(), read.lines.tolist(), strict=True):
        together.setdefault(one.smiles, []).append(value)
        first.setdefault(one.smiles, line)
    most = 0.0 if classes else _SPREAD * float(read.values.std())
    kept = {smiles: float(np.mean(values)) for smiles, values in together.items() if np.ptp(values) <= most}
    return Cleaned(
        tuple(kept),
        np.array(list(kept.values())),
        np.array([first[one] for one in kept], np.int64),
        len(read.molecules) + read.refused,
        read.refused,
        len(read.molecules) - len(together),
        len(together) - len(kept),
    )


def read_tables(folder: Path) -> Tables:
    """Every table of an endpoint in the folder, cleaned. Raises DataError where there is none."""
    files = {key: folder / f"{key}.csv" for key in ENDPOINTS}
    found = {
        key: cleaned(read_measured(file), classes=ENDPOINTS[key].kind == "chance")
        for key, file in files.items()
        if file.is_file()
    }
    if not found:
        raise DataError(
            f"no table of an endpoint in {folder}: the data set is missing", zh=f"{folder} 中没有终点的表格：缺少数据集"
        )
    return Tables(tuple(sorted({smiles for one in found.values() for smiles in one.smiles})), found)


def tasks_of(tables: Tables) -> list[Task]:
    """What is to be learned of each endpoint, as rows into the list of all molecules."""
    place = {smiles: at for at, smiles in enumerate(tables.smiles)}
    return [
        Task(
            key,
            np.array([place[smiles] for smiles in one.smiles], np.int64),
            one.measured,
            ENDPOINTS[key].kind == "chance",
            ENDPOINTS[key].log,
            METRICS[key] == "mae",
        )
        for key, one in tables.tables.items()
    ]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
