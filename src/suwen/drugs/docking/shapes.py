"""Shapes of a molecule in space: embedded, relaxed, and those kept whose rings are folded differently."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.docking.notices import refusal
from suwen.formats.molecules.structure import chemistry

__all__ = ["shapes_of"]

_EMBEDDED = 8  # shapes for each that is wanted
_STEPS = 500
_PATIENCE = 20  # seconds for each way of embedding: a few odd ring systems would take hours
_WITHIN = 6.0  # kcal/mol above the best: strain a ligand may take on when it binds
_FOLDED = 30.0  # degrees by which a torsion in a ring differs where the ring is folded otherwise


def shapes_of(mol: Any, *, seed: int, most: int = 1) -> tuple[list[Any], bool]:
    """Copies of RDKit's molecule (hydrogens explicit), each with one conformer, best first; whether they were relaxed.

    The first is the one of least energy, the others differ from those before in the fold of a ring. Raises InputError
    where no shape is found.
    """
    embedding = chemistry("rdkit.Chem.rdDistGeom")
    found: list[int] = []
    # ETKDGv3 knows usual rings too well to make some unusual ones; what it cannot, plainer rules can.
    for make, count in ((embedding.ETKDGv3, _EMBEDDED), (embedding.ETDG, _EMBEDDED), (embedding.EmbedParameters, 1)):
        parameters = make()
        parameters.randomSeed, parameters.maxIterations, parameters.timeout = seed, 50, _PATIENCE
        parameters.useRandomCoords = make is embedding.EmbedParameters
        found = [one for one in embedding.EmbedMultipleConfs(mol, count * most, parameters) if one >= 0]
        if found:
            break
    if not found:
        raise refusal("shape")
    energies = _energies(mol)
    if not energies:
        return [_with_one(mol, found[0])], False
    ordered = [found[at] for at in np.argsort(energies, kind="stable") if energies[at] <= min(energies) + _WITHIN]
    return [_with_one(mol, one) for one in _apart(mol, ordered or found[:1], most)], True


def _energies(mol: Any) -> list[float]:
    """Relax every conformer; their energies in kcal/mol, or none where no force field knows all atoms."""
    fields = chemistry("rdkit.Chem.rdForceFieldHelpers")
    if fields.MMFFHasAllMoleculeParams(mol):
        results = fields.MMFFOptimizeMoleculeConfs(mol, maxIters=_STEPS, mmffVariant="MMFF94s")
    elif fields.UFFHasAllMoleculeParams(mol):
        results = fields.UFFOptimizeMoleculeConfs(mol, maxIters=_STEPS)
    else:
        return []
    return [energy if np.isfinite(energy) else np.inf for _done, energy in results]


def _apart(mol: Any, ordered: list[int], most: int) -> list[int]:
    """Of conformers in their order those whose rings are folded unlike those before."""
    torsions = _ring_torsions(mol)
    kept: list[int] = []
    folds: list[NDArray[np.float64]] = []
    for one in ordered:
        fold = _fold(mol, one, torsions)
        if all(_differ(fold, other) for other in folds):
            kept.append(one)
            folds.append(fold)
        if len(kept) == most:
            break
    return kept


def _ring_torsions(mol: Any) -> list[tuple[int, ...]]:
    """Four atoms in a row for each bond of rings that are not flat."""
    made = []
    for ring in mol.GetRingInfo().AtomRings():
        if not all(mol.GetAtomWithIdx(at).GetIsAromatic() for at in ring):
            size = len(ring)
            made += [tuple(ring[(begin + step) % size] for step in range(4)) for begin in range(size) if size > 3]
    return made


def _fold(mol: Any, conformer: int, torsions: list[tuple[int, ...]]) -> NDArray[np.float64]:
    shape, measure = mol.GetConformer(conformer), chemistry("rdkit.Chem.rdMolTransforms").GetDihedralDeg
    return np.array([measure(shape, *four) for four in torsions], float)


def _differ(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    away = np.abs((one - other + 180.0) % 360.0 - 180.0)
    return bool(len(away) and away.max() > _FOLDED)


def _with_one(mol: Any, conformer: int) -> Any:
    Chem = chemistry()  # noqa: N806
    made = Chem.Mol(mol)
    made.RemoveAllConformers()
    made.AddConformer(mol.GetConformer(conformer), assignId=True)
    return made
