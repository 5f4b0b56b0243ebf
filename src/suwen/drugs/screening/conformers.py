"""Shapes that a molecule may take in space: embedded by distance geometry, relaxed, those of high energy left out."""

from __future__ import annotations

from typing import Any

from suwen.drugs.screening.words import problem
from suwen.drugs.structure import structure_of
from suwen.errors import InputError
from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.structure import chemistry

__all__ = ["conformers"]

_LARGEST = 100  # heavy atoms: beyond, a handful of shapes stands for nothing
_STEPS = 50  # of relaxing: enough to tell strained shapes, too few to fold polar groups onto each other in vacuum
_WINDOW = 15.0  # kcal/mol above the least, of shapes that are not fully relaxed
_CLOSE = 0.5  # angstrom; shapes nearer than this are one
_TRIES = 20


def conformers(molecule: Molecule, *, seed: int = 0, count: int = 10) -> Any:
    """RDKit's molecule without hydrogens and with up to `count` conformers; the same seed gives the same.

    ETKDGv3 (Wang S et al. J Chem Inf Model 2020;60:2044-2058), relaxed and judged by MMFF94s (Halgren TA. J Comput Chem
    1999;20:720-729); where that knows not all atoms, by UFF. A centre left open takes one of its forms. Raises
    InputError where no conformer can be made, or the molecule has more than 100 heavy atoms; MissingExtraError without
    RDKit.
    """
    flat = structure_of(molecule)
    if flat.GetNumHeavyAtoms() > _LARGEST:
        raise InputError(
            problem("large", most=_LARGEST, count=flat.GetNumHeavyAtoms()).what,
            zh=f"形状比较最多 {_LARGEST} 个重原子，该分子有 {flat.GetNumHeavyAtoms()} 个",
        )
    with chemistry("rdkit.rdBase").BlockLogs():
        try:
            made = _embedded(chemistry().AddHs(flat), seed, count)
            _drop_strained(made)
            return chemistry().RemoveHs(made)
        except (ValueError, RuntimeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(problem("no_shape").what, zh=problem("no_shape").zh_what) from error


def _embedded(mol: Any, seed: int, count: int) -> Any:
    geometry = chemistry("rdkit.Chem.rdDistGeom")
    chosen = geometry.ETKDGv3()
    chosen.randomSeed, chosen.pruneRmsThresh, chosen.maxIterations = seed + 1, _CLOSE, _TRIES
    chosen.numThreads = 1
    for anywhere in (False, True):  # cages and large rings are found from coordinates by chance only
        chosen.useRandomCoords = anywhere
        geometry.EmbedMultipleConfs(mol, count, chosen)
        if mol.GetNumConformers():
            return mol
    raise InputError(problem("no_shape").what, zh=problem("no_shape").zh_what)


def _drop_strained(mol: Any) -> None:
    fields = chemistry("rdkit.Chem.rdForceFieldHelpers")
    if fields.MMFFHasAllMoleculeParams(mol):
        judged = fields.MMFFOptimizeMoleculeConfs(mol, maxIters=_STEPS, mmffVariant="MMFF94s")
    elif fields.UFFHasAllMoleculeParams(mol):
        judged = fields.UFFOptimizeMoleculeConfs(mol, maxIters=_STEPS)
    else:
        return
    energies = {one.GetId(): energy for one, (_, energy) in zip(mol.GetConformers(), judged, strict=True)}
    least = min(energies.values())
    for number, energy in energies.items():
        if energy > least + _WINDOW:
            mol.RemoveConformer(number)
