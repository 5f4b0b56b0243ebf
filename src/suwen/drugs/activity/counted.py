"""Fragments of molecules counted without a limit of columns, so that no two fragments share one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError, MissingExtraError, Problem

__all__ = ["COUNTED", "Counted", "Counts", "count_fragments"]

Counted: TypeAlias = Literal["circles", "features", "pairs", "torsions", "paths"]
COUNTED: tuple[Counted, ...] = get_args(Counted)
_SHOWN = 20


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How often each molecule has each fragment, row by row: `keys` and `counts` of row i are those from `starts[i]`.

    `keys` name fragments, ascending within a row; `starts` has one more entry than there are molecules.
    """

    starts: NDArray[np.int64]
    keys: NDArray[np.int64]
    counts: NDArray[np.int32]

    def __len__(self) -> int:
        """Molecules."""
        return len(self.starts) - 1

    def rows(self, places: NDArray[np.intp]) -> Counts:
        """Those molecules only, in this order."""
        sizes = np.diff(self.starts)[places]
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        at = np.repeat(self.starts[:-1][places] - starts[:-1], sizes) + np.arange(starts[-1])
        return Counts(starts, self.keys[at], self.counts[at])


def count_fragments(smiles: Sequence[str], *, kinds: Sequence[Counted] = COUNTED) -> dict[Counted, Counts]:
    """Counts of each kind asked for, of molecules given as SMILES.

    circles: Morgan environments of radius 0 to 3 with chirality; features: the same by pharmacophoric features, without
    (Rogers & Hahn 2010); pairs: atom pairs (Carhart 1985) and torsions: topological torsions (Nilakantan 1987), both
    with chirality; paths: paths of 1 to 5 bonds. With chirality two stereoisomers are not the same. Raises InputError
    naming the SMILES that cannot be read, MissingExtraError without RDKit.
    """
    try:
        from rdkit import Chem, rdBase  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("rdkit", "drugs") from None
    makers = _makers()
    rows: Mapping[Counted, list[dict[int, int]]] = {kind: [] for kind in kinds}
    bad = []
    with rdBase.BlockLogs():
        for at, text in enumerate(smiles):
            molecule = Chem.MolFromSmiles(text) if text else None
            if molecule is None:
                bad.append(Problem(f"molecule {at + 1}", "its SMILES cannot be read"))
                continue
            for kind, made in rows.items():
                made.append(makers[kind](molecule).GetNonzeroElements())
    if bad:
        raise InputError(f"{len(bad)} of {len(smiles)} molecules cannot be read", bad[:_SHOWN])
    return {kind: _gathered(made) for kind, made in rows.items()}


def _makers() -> dict[Counted, Callable[[Any], Any]]:
    from rdkit.Chem import rdFingerprintGenerator  # noqa: PLC0415

    made = rdFingerprintGenerator
    features = made.GetMorganFeatureAtomInvGen()
    return {
        "circles": made.GetMorganGenerator(radius=3, includeChirality=True).GetSparseCountFingerprint,
        "features": made.GetMorganGenerator(radius=3, atomInvariantsGenerator=features).GetSparseCountFingerprint,
        "pairs": made.GetAtomPairGenerator(includeChirality=True).GetSparseCountFingerprint,
        "torsions": made.GetTopologicalTorsionGenerator(includeChirality=True).GetSparseCountFingerprint,
        "paths": made.GetRDKitFPGenerator(maxPath=5).GetSparseCountFingerprint,
    }


def _gathered(rows: list[dict[int, int]]) -> Counts:
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(row) for row in rows], dtype=np.int64)])
    keys = np.array([key for row in rows for key in sorted(row)], np.int64)
    counts = np.array([row[key] for row in rows for key in sorted(row)], np.int32)
    return Counts(starts, keys, counts)
