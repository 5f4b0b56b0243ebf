"""The one place where a molecule becomes RDKit's, so that its log is quiet and its absence is told in one sentence."""

from __future__ import annotations

from typing import Any

from suwen.errors import InputError, MissingExtraError
from suwen.formats.molecules.nouns import Molecule

__all__ = ["LARGEST", "structure_of"]

LARGEST = 999
"""Heavy atoms of the largest molecule taken: what is told here is meant for small ones."""


def structure_of(molecule: Molecule) -> Any:
    """RDKit's molecule of `molecule.smiles`, atoms in the order of the SMILES.

    Raises InputError for what cannot be read, has no heavy atom or more than LARGEST; MissingExtraError without RDKit.
    """
    try:
        from rdkit import Chem, rdBase  # noqa: PLC0415
    except ImportError as absent:
        raise MissingExtraError("rdkit", "drugs") from absent
    with rdBase.BlockLogs():
        found = Chem.MolFromSmiles(molecule.smiles)
    if found is None:
        raise InputError(
            f"{molecule.smiles[:80]!r} is not a structure RDKit can read; check its SMILES",
            zh=f"RDKit 无法读取结构 {molecule.smiles[:80]!r}；请检查其 SMILES",
        )
    heavy = found.GetNumHeavyAtoms()
    if not 0 < heavy <= LARGEST:
        raise InputError(
            f"the molecule has {heavy} heavy atoms; a profile is for 1 to {LARGEST}",
            zh=f"该分子有 {heavy} 个重原子；可处理范围为 1 至 {LARGEST}",
        )
    return found
