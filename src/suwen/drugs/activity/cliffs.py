"""Activity cliffs: pairs of molecules much alike and far apart in potency, where small changes matter most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.activity.kernels import Floats
from suwen.drugs.activity.nouns import Assay, Cliff, Kind, Unit
from suwen.drugs.activity.strings import letters_of, likenesses, perhaps_alike
from suwen.drugs.activity.sureness import tanimoto
from suwen.errors import MissingExtraError

__all__ = ["LIKENESS", "find_cliffs", "steepness"]

LIKENESS = 0.9
_LOGS = (-4.0, 16.0)  # no -log10 of a concentration in mol/l lies outside
_BLOCK = 512  # molecules compared with all others at once
_COLUMNS = 1024
_ROUNDING = 1e-6  # 50 and 500 nM are ten times apart, not more, whatever their logarithms are rounded to

Pair = tuple[int, int, float, float, float]


def steepness(values: Floats, kind: Kind, unit: Unit) -> float:
    """The difference beyond which two alike molecules make a cliff: ten times, which is 1 in log units; of classes 0.5.

    Of values taken as they are that cannot be logarithms of a concentration, twice their standard deviation.
    """
    if kind == "classes":
        return 0.5
    if unit != "as is" or not len(values):
        return 1.0
    is_log = values.min() >= _LOGS[0] and values.max() <= _LOGS[1]
    return 1.0 if is_log else 2 * float(values.std())


def find_cliffs(assay: Assay) -> tuple[Cliff, ...]:
    """Every pair at least 0.9 alike and over ten times apart, the steepest first (van Tilborg 2022, MoleculeACE).

    Alike by Tanimoto of ECFP4 (1,024 bits), by the same of the bare graph, each atom a carbon and each bond single
    (what that benchmark calls scaffold), or by edit distance of SMILES. Raises MissingExtraError without RDKit.
    """
    values = np.array([one.value for one in assay.molecules], np.float64)
    smiles = [one.smiles for one in assay.molecules]
    least = steepness(values, assay.kind, assay.unit) + _ROUNDING
    found = []
    for one, two, *alike in _pairs(smiles, values, least):
        first, second = (one, two) if values[one] >= values[two] else (two, one)
        found.append(Cliff(first, second, float(values[first] - values[second]), *alike))
    return tuple(sorted(found, key=lambda one: (-one.difference, one.first, one.second)))


def _pairs(smiles: Sequence[str], values: Floats, least: float) -> Iterator[Pair]:
    bits, bare = _fingerprints(smiles)
    letters = letters_of(smiles)
    places = np.arange(len(values))
    for begin in range(0, len(values), _BLOCK):
        block = places[begin : begin + _BLOCK]
        apart = (np.abs(values[block, None] - values[None]) >= least) & (block[:, None] < places[None])
        likes = tanimoto(bits[block], bits), tanimoto(bare[block], bare)
        alike = apart & ((likes[0] >= LIKENESS) | (likes[1] >= LIKENESS))
        rows, columns = np.nonzero(apart & ~alike)
        near = perhaps_alike(letters, block[rows], columns, LIKENESS)
        rows, columns = rows[near], columns[near]
        close = likenesses(letters, block[rows], columns) >= LIKENESS
        alike[rows[close], columns[close]] = True
        rows, columns = np.nonzero(alike)
        strings = likenesses(letters, block[rows], columns)
        yield from zip(
            block[rows].tolist(),
            columns.tolist(),
            likes[0][rows, columns].tolist(),
            likes[1][rows, columns].tolist(),
            strings.tolist(),
            strict=True,
        )


def _fingerprints(smiles: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Bits (n, 1024) of ECFP4 of each molecule, and of its bare graph."""
    try:
        from rdkit import Chem, rdBase  # noqa: PLC0415
        from rdkit.Chem import rdFingerprintGenerator  # noqa: PLC0415
        from rdkit.Chem.Scaffolds.MurckoScaffold import MakeScaffoldGeneric  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("rdkit", "drugs") from None
    maker = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=_COLUMNS).GetFingerprintAsNumPy
    found = np.zeros((2, len(smiles), _COLUMNS), np.uint8)
    with rdBase.BlockLogs():
        for at, text in enumerate(smiles):
            molecule = Chem.MolFromSmiles(text)
            found[0, at] = maker(molecule)
            found[1, at] = maker(_bare(molecule, MakeScaffoldGeneric))
    return found[0], found[1]


def _bare(molecule: Any, act: Any) -> Any:
    try:
        return act(molecule)
    except (ValueError, RuntimeError):  # an atom with more bonds than carbon can have: the molecule stands for itself
        return molecule
