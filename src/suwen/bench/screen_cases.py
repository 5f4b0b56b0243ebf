"""Actives and decoys of 118 targets for the benchmark `screen`, and the draws of query actives and test molecules."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suwen.errors import DataError

__all__ = ["FOLDER", "Draw", "Target", "draw", "files", "read_targets"]

FOLDER = "drugs/similarity_screening/compounds"
_SETS = ("ChEMBL", "DUD", "MUV")  # subset I of the platform; the pickles of subset II are never opened
_SHARED = "ChEMBL_zinc"  # the decoys that all targets of ChEMBL have in common
_QUERY, _ASIDE = 5, 0.2  # actives that are known; share of the decoys that are set aside


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A target with the numbers, in one list of SMILES, of its actives and decoys."""

    name: str
    actives: NDArray[np.intp]
    decoys: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """Numbers of the known actives, of the decoys set aside, and of the molecules to rank with what they are."""

    known: NDArray[np.intp]
    aside: NDArray[np.intp]
    ranked: NDArray[np.intp]
    truth: NDArray[np.bool_]


def files(data: Path) -> list[Path]:
    """The lists of compounds. Raises DataError where there are none."""
    found = [file for name in _SETS for file in sorted((data / FOLDER / name).glob("cmp_list_*.dat.gz"))]
    if not found:
        raise DataError(f"no lists of actives and decoys in {data / FOLDER}")
    return found


def read_targets(data: Path) -> tuple[list[Target], list[str]]:
    """The targets, and each SMILES that any of them has, once. Raises DataError where a list cannot be read."""
    numbers: dict[str, int] = {}
    lists = {
        file.name.removeprefix("cmp_list_").removesuffix(".dat.gz"): _numbered(file, numbers) for file in files(data)
    }
    names = [name.removesuffix("_actives") for name in lists if name.endswith("_actives")]
    found = []
    for name in names:
        decoys = lists.get(f"{_SHARED if name.startswith('ChEMBL') else name}_decoys")
        if decoys is None:
            raise DataError(f"the target {name} has no decoys in {data / FOLDER}")
        found.append(Target(name, lists[f"{name}_actives"], decoys))
    return found, list(numbers)


def draw(target: Target, good: NDArray[np.bool_], seeds: Sequence[int]) -> Draw:
    """Five actives are known, a fifth of the decoys is set aside, the others are ranked (Riniker & Landrum 2013)."""
    rng = np.random.default_rng([zlib.crc32(target.name.encode()), *seeds])
    actives, decoys = (rng.permutation(one[good[one]]) for one in (target.actives, target.decoys))
    aside = int(_ASIDE * len(decoys))
    ranked = np.concatenate([actives[_QUERY:], decoys[aside:]])
    return Draw(actives[:_QUERY], decoys[:aside], ranked, np.arange(len(ranked)) < len(actives) - _QUERY)


def _numbered(file: Path, numbers: dict[str, int]) -> NDArray[np.intp]:
    try:
        with gzip.open(file, "rt", encoding="utf-8") as stream:
            rows = [line.split() for line in stream if line.strip() and not line.startswith("#")]
        return np.array([numbers.setdefault(row[2], len(numbers)) for row in rows], np.intp)
    except (OSError, EOFError, zlib.error, IndexError, UnicodeDecodeError):
        raise DataError(f"{file} is not a list of compounds (title, number, SMILES)") from None
