"""A molecule made ready to dock: charged as at pH 7.4, open stereocentres enumerated, in space, as PDBQT."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from suwen.drugs.docking.notices import notice, refusal
from suwen.drugs.docking.pdbqt import MACROCYCLE, Written, turning_bonds, write_ligand
from suwen.drugs.docking.protonation import protonated
from suwen.drugs.docking.shapes import shapes_of
from suwen.errors import Problem
from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.structure import chemistry, mol_of

__all__ = ["HEAVY", "Ligand", "forms_of", "ligands_of"]

HEAVY = range(3, 151)
"""Heavy atoms of what is docked: below it is a fragment without a shape, above it a peptide no search can fold."""
_MOST_TURNING = 32  # AutoDock's own limit, beyond which a search finds nothing twice
_FLEXIBLE = 14
_CIS_RINGS = range(8, 12)  # atoms


@dataclass(frozen=True, slots=True, eq=False)
class Ligand:
    """One form of a molecule ready to dock: its `smiles`, RDKit's `mol` with hydrogens in space, and its PDBQT.

    The heavy atoms of `mol` come first, in the order of `smiles`.
    """

    smiles: str
    mol: Any
    charge: int
    heavy: int
    pdbqt: Written
    noticed: tuple[Problem, ...]


def forms_of(
    molecule: Molecule, *, stereoisomers: int = 4, protonate: bool = True
) -> tuple[list[str], tuple[Problem, ...]]:
    """The SMILES to dock of a molecule, charged as at pH 7.4, one for each stereoisomer its structure leaves open.

    At most `stereoisomers` are given, with remarks on what was assumed. Raises InputError where it is too small, too
    large or of several parts; MissingExtraError without RDKit.
    """
    Chem = chemistry()  # noqa: N806
    mol = mol_of(molecule.smiles)[0]
    _check(mol)
    isomers, remark = _isomers(mol, stereoisomers)
    # Isomers first: a nitrogen that takes a proton becomes a centre too, but it turns over in water, and its better
    # side is found among the shapes.
    charged = [protonated(one) if protonate else (one, ()) for one in isomers]
    groups = dict.fromkeys(group.name.en for _one, found in charged for group in found)
    noticed = [notice("charged", groups=", ".join(groups))] if groups else []
    noticed += [remark] if remark else []
    return sorted({Chem.MolToSmiles(one) for one, _found in charged}), tuple(noticed)


def _check(mol: Any) -> None:
    parts = len(chemistry().GetMolFrags(mol))
    if parts > 1:
        raise refusal("parts", count=parts)
    heavy = mol.GetNumHeavyAtoms()
    if heavy not in HEAVY:
        raise refusal("size", atoms=heavy, least=HEAVY.start, most=HEAVY.stop - 1)


def _isomers(mol: Any, most: int) -> tuple[list[Any], Problem | None]:
    """The stereoisomers that are docked, and a remark where there is a choice."""
    stereo = chemistry("rdkit.Chem.EnumerateStereoisomers")
    with chemistry("rdkit.rdBase").BlockLogs():
        mol = _with_cis_rings(mol)
        options = stereo.StereoEnumerationOptions(maxIsomers=most, onlyUnassigned=True, unique=True, rand=0xF00D)
        every = stereo.GetStereoisomerCount(mol, options=options)
        isomers = list(stereo.EnumerateStereoisomers(mol, options=options))
    if every == 1 or not isomers:
        return isomers or [mol], None
    return isomers, notice("stereo", open=every.bit_length() - 1, count=len(isomers), all=every)


def _with_cis_rings(mol: Any) -> Any:
    """Open double bonds in rings of 8 to 11 atoms made cis: trans ones are strained or impossible there."""
    Chem = chemistry()  # noqa: N806
    made = Chem.Mol(mol)
    for ring in made.GetRingInfo().AtomRings():
        if len(ring) not in _CIS_RINGS:
            continue
        for at, one in enumerate(ring):
            bond = made.GetBondBetweenAtoms(one, ring[(at + 1) % len(ring)])
            if bond.GetBondType() == Chem.BondType.DOUBLE and bond.GetStereo() == Chem.BondStereo.STEREONONE:
                before, behind = ring[at - 1], ring[(at + 2) % len(ring)]
                ends = (before, behind) if bond.GetBeginAtomIdx() == one else (behind, before)
                bond.SetStereoAtoms(*ends)
                bond.SetStereo(Chem.BondStereo.STEREOCIS)
    return made


def ligands_of(smiles: str, *, seed: int, shapes: int = 1) -> list[Ligand]:
    """One form made ready in up to `shapes` shapes of its rings: hydrogens added, in space, written as PDBQT.

    Shapes are embedded by ETKDGv3 (Wang S et al. J Chem Inf Model 2020;60:2044-2058) and the best of them by MMFF94s
    kept (Halgren TA. J Comput Chem 1999;20:720-729); the same seed gives the same shapes. Rings keep their shape in
    docking, only bonds turn; a second shape is one whose rings are folded otherwise, within 6 kcal/mol. Raises
    InputError where it is too flexible, of an element Vina does not know, or has no shape.
    """
    Chem = chemistry()  # noqa: N806
    with chemistry("rdkit.rdBase").BlockLogs():
        flat = Chem.MolFromSmiles(smiles)
        mol = Chem.AddHs(flat)
        turning = len(turning_bonds(mol))
        if turning > _MOST_TURNING:
            raise refusal("torsions", count=turning, most=_MOST_TURNING)
        made, relaxed = shapes_of(mol, seed=seed, most=shapes)
        written = [write_ligand(one) for one in made]
    noticed = tuple(_remarks(mol, turning, relaxed=relaxed))
    charge, heavy = Chem.GetFormalCharge(mol), flat.GetNumAtoms()
    return [Ligand(smiles, one, charge, heavy, text, noticed) for one, text in zip(made, written, strict=True)]


def _remarks(mol: Any, turning: int, *, relaxed: bool) -> Iterator[Problem]:
    ring = max((len(one) for one in mol.GetRingInfo().AtomRings()), default=0)
    if ring >= MACROCYCLE:
        yield notice("macrocycle", size=ring)
    if turning > _FLEXIBLE:
        yield notice("flexible", count=turning, most=_FLEXIBLE)
    if not relaxed:
        yield notice("unshaped")
