"""Turns the fragment scores of the synthetic accessibility score into plain arrays; writes synthetic_access.npz.xz.

Data in: SA_Score/fpscores.pkl.gz of the Contrib folder of the installed RDKit (fragments of a million molecules of
PubChem; Novartis, BSD-3-Clause), the only pickle read here, and only numbers are let out of it. Out:
src/suwen/drugs/synthetic_access.npz.xz (three arrays, no pickle; the same input gives the same bytes) and its notice,
synthetic_access.notice.txt, which is that of sascorer.py. Ten seconds on one core.
Run: `python recipes/synthetic_access.py`.
"""

from __future__ import annotations

import gzip
import io
import lzma
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

OUT = Path(__file__).parent.parent / "src/suwen/drugs/synthetic_access.npz.xz"
NOTICE = OUT.with_name("synthetic_access.notice.txt")
MARK = "#  Copyright (c) 2013, Novartis"


class OnlyNumbers(pickle.Unpickler):
    """A pickle that may hold lists and numbers and nothing that is called."""

    def find_class(self, module: str, name: str) -> Any:
        """Refuse every class and function."""
        raise pickle.UnpicklingError(f"the scores name {module}.{name}; only lists of numbers are read")


def main() -> None:
    """Read, pack, write, and say what came out."""
    contrib = _contrib()
    identifiers, scores = _read(contrib / "fpscores.pkl.gz")
    packed = _packed(identifiers, scores)
    OUT.write_bytes(packed)
    NOTICE.write_text(_notice(contrib / "sascorer.py"), "utf-8")
    print(f"{len(identifiers)} fragments, {len(np.unique(scores))} scores, {len(packed)} bytes")


def _contrib() -> Path:
    from rdkit.Chem import RDConfig  # noqa: PLC0415

    return Path(RDConfig.RDContribDir) / "SA_Score"


def _read(source: Path) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
    """Identifiers in rising order and their scores; a row of the source is a score and the fragments that have it."""
    with gzip.open(source) as file:
        rows = OnlyNumbers(file).load()
    pairs = {int(fragment): float(row[0]) for row in rows for fragment in row[1:]}
    identifiers = np.array(sorted(pairs), np.uint32)
    return identifiers, np.array([pairs[int(one)] for one in identifiers])


def _packed(identifiers: NDArray[np.uint32], scores: NDArray[np.float64]) -> bytes:
    kinds, ranks = np.unique(scores, return_inverse=True)
    arrays: dict[str, NDArray[Any]] = {
        "gaps": _planes(np.diff(identifiers, prepend=np.uint32(0)).astype("<u4")),
        "ranks": _planes(ranks.astype("<u2")),
        "scores": kinds,
    }
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, array in arrays.items():
            one = io.BytesIO()
            np.save(one, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), one.getvalue())  # ZipInfo alone: no date of today
    return lzma.compress(whole.getvalue(), preset=9 | lzma.PRESET_EXTREME)


def _planes(numbers: NDArray[Any]) -> NDArray[np.uint8]:
    """All first bytes, all second bytes ...: alike stands beside alike and packs better."""
    return np.ascontiguousarray(numbers.view(np.uint8).reshape(len(numbers), -1).T)


def _notice(source: Path) -> str:
    lines = source.read_text("utf-8").splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(MARK))
    kept = [line.removeprefix("#").strip() for line in lines[begin:]]
    head = "Fragment scores of synthetic_access.npz.xz: from sascorer.py and fpscores.pkl.gz of RDKit's SA_Score."
    return "\n".join([head, "", *kept]).strip() + "\n"


if __name__ == "__main__":
    main()
