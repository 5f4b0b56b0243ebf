"""Two molecules drawn beside each other: what they share lies alike, what differs is marked."""

from __future__ import annotations

from typing import Any

from suwen.formats.molecules.drawing import draw, with_words
from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.structure import chemistry, mol_of

__all__ = ["pair_pictures"]

_MARK = (0.99, 0.80, 0.35)  # amber, as marked atoms of single pictures
_ALIKE = 0.4  # of their atoms and bonds two must share to be laid alike
_SECONDS = 5  # for the largest common part; longer, and the two are drawn each for itself


def pair_pictures(one: Molecule, other: Molecule, *, size: tuple[int, int] = (300, 220)) -> tuple[str, str]:
    """An SVG of each: the largest common part lies alike, and the atoms (or stereocentres) that differ are marked.

    Where the common part is small, or is not found in time, both are drawn each for itself, unmarked.
    Raises FormatError for what is no structure, MissingExtraError without RDKit.
    """
    first, second = mol_of(one.smiles)[0], mol_of(other.smiles)[0]
    with chemistry("rdkit.rdBase").BlockLogs():
        shared = _shared(first, second)
        if shared:
            _lay(first, second, shared)
    marked = _differing(first, second, shared)
    made = [
        with_words(
            draw(mol, dict.fromkeys(atoms, _MARK), size, stereo=True)[0],
            molecule,
            f"{molecule.name or 'molecule'}: {molecule.smiles}; different atoms 不同的原子: {_listed(mol, atoms)}",
        )
        for mol, molecule, atoms in zip((first, second), (one, other), marked, strict=True)
    ]
    return made[0], made[1]


def _shared(first: Any, second: Any) -> list[tuple[int, int]]:
    """The atoms of both that belong to the largest common part, pair by pair; none where the two are hardly alike.

    RASCAL (Raymond et al. 2002), as it needs milliseconds where the search by extension takes seconds.
    """
    rascal = chemistry("rdkit.Chem.rdRascalMCES")
    asked = rascal.RascalOptions()
    asked.ringMatchesRingOnly = asked.completeSmallestRings = asked.singleLargestFrag = True
    asked.similarityThreshold, asked.timeout = _ALIKE, _SECONDS
    found = rascal.FindMCES(first, second, asked)
    if not found or found[0].timedOut:
        return []
    return [(int(one), int(other)) for one, other in found[0].atomMatches()]


def _lay(first: Any, second: Any, shared: list[tuple[int, int]]) -> None:
    """Lay the first flat, and the second so that the common part lies as in the first."""
    depictor = chemistry("rdkit.Chem.rdDepictor")
    depictor.Compute2DCoords(first, canonOrient=True)
    depictor.GenerateDepictionMatching2DStructure(second, first, shared)


def _differing(first: Any, second: Any, shared: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Atoms outside the common part and stereocentres of it that are not the same, of each."""
    if not shared:
        return [], []
    turned = [(one, other) for one, other in shared if _label(first, one) != _label(second, other)]
    marked = []
    for at, mol in enumerate((first, second)):
        inside = {pair[at] for pair in shared} - {pair[at] for pair in turned}
        marked.append([atom.GetIdx() for atom in mol.GetAtoms() if atom.GetIdx() not in inside])
    return marked[0], marked[1]


def _label(mol: Any, at: int) -> str:
    atom = mol.GetAtomWithIdx(at)
    return str(atom.GetProp("_CIPCode")) if atom.HasProp("_CIPCode") else ""


def _listed(mol: Any, atoms: list[int]) -> str:
    return ", ".join(f"{mol.GetAtomWithIdx(at).GetSymbol()}{at + 1}" for at in atoms) or "–"
