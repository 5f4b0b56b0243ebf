"""The synthetic accessibility score: how common the fragments of a molecule are, less what makes it complex."""

from __future__ import annotations

import io
import lzma
import math
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["fragment_scores", "synthetic_access"]

_FILE = "synthetic_access.npz.xz"
_UNSEEN = -4.0  # of a fragment none of the million molecules of PubChem has
_WORST, _BEST = -4.0, 2.5  # the span of raw scores that the scale 1 to 10 is laid over
_SMOOTH_FROM = 8.0
_MACRO = 8  # a ring of more atoms is a macrocycle


@cache
def fragment_scores() -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
    """Identifiers of fragments (Morgan, radius 2) in rising order, and their scores.

    From RDKit's contribution (Novartis, BSD-3-Clause; see synthetic_access.notice.txt) by
    recipes/synthetic_access.py. Identifiers are kept as the gaps between them, byte by byte, which packs well.
    """
    packed = resources.files("suwen.drugs").joinpath(_FILE).read_bytes()
    with np.load(io.BytesIO(lzma.decompress(packed)), allow_pickle=False) as kept:
        gaps = np.ascontiguousarray(kept["gaps"].T).view(np.uint32).ravel()
        ranks = np.ascontiguousarray(kept["ranks"].T).view(np.uint16).ravel()
        scores = kept["scores"][ranks]
    return np.cumsum(gaps, dtype=np.uint32), scores


def synthetic_access(structure: Any) -> float:
    """The score of RDKit's molecule `structure`, 1 (easy) to 10 (hard).

    Ertl P, Schuffenhauer A. J Cheminform 2009;1:8, with the changes its authors made for RDKit in 2013: one penalty
    for macrocycles however many, and a bonus for symmetry (fewer kinds of fragments than atoms).
    """
    kinds, counts = _fragments(structure)
    known, scores = fragment_scores()
    places = np.minimum(np.searchsorted(known, kinds), len(known) - 1)
    each = np.where(known[places] == kinds, scores[places], _UNSEEN)
    raw = float(each @ counts) / float(counts.sum()) - _complexity(structure)
    atoms = structure.GetNumAtoms()
    if atoms > len(kinds):
        raw += 0.5 * math.log(atoms / len(kinds))
    return _scaled(raw)


def _fragments(structure: Any) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
    found = _generator().GetSparseCountFingerprint(structure).GetNonzeroElements()
    return np.fromiter(found.keys(), np.uint32, len(found)), np.fromiter(found.values(), np.float64, len(found))


@cache
def _generator() -> Any:
    from rdkit.Chem import rdFingerprintGenerator  # noqa: PLC0415

    return rdFingerprintGenerator.GetMorganGenerator(radius=2)


def _complexity(structure: Any) -> float:
    from rdkit import Chem  # noqa: PLC0415
    from rdkit.Chem import rdMolDescriptors  # noqa: PLC0415

    find: Any = Chem.FindMolChiralCenters  # untyped
    atoms = structure.GetNumAtoms()
    centres = len(find(structure, includeUnassigned=True))
    macro = any(len(ring) > _MACRO for ring in structure.GetRingInfo().AtomRings())
    return float(
        atoms**1.005 - atoms
        + math.log10(centres + 1)
        + math.log10(rdMolDescriptors.CalcNumSpiroAtoms(structure) + 1)
        + math.log10(rdMolDescriptors.CalcNumBridgeheadAtoms(structure) + 1)
        + (math.log10(2) if macro else 0.0)
    )  # fmt: skip


def _scaled(raw: float) -> float:
    score = 11.0 - (raw - _WORST + 1.0) / (_BEST - _WORST) * 9.0
    if score > _SMOOTH_FROM:
        score = _SMOOTH_FROM + math.log(score - _SMOOTH_FROM)
    return min(max(score, 1.0), 10.0)
