"""The ligand of a crystal structure with its place, and how far a pose lies from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from suwen.drugs.docking.box import box_around
from suwen.drugs.docking.dock import dock
from suwen.drugs.docking.nouns import Box, Points, Receptor, Redocked, Residue, Settings
from suwen.drugs.docking.pdb import Group, read_pdb, text_of
from suwen.errors import FormatError, InputError, NotFoundError
from suwen.formats.molecules import read_molecule
from suwen.formats.molecules.naming import naming
from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.structure import chemistry, mol_of, mol_of_block

__all__ = ["Known", "deviation", "known_in_pdb", "known_in_sdf", "redock"]

_MATCHES = 20_000  # ways to lay a molecule on itself that are tried


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A ligand whose place is known: the molecule, a mol block of its heavy atoms there, and their places [n, 3], Å."""

    molecule: Molecule
    block: str
    coordinates: Points
    residue: Residue | None = None

    def box(self, *, padding: float = 5.0) -> Box:
        """The box around it."""
        return box_around(self.coordinates, padding=padding)


def known_in_sdf(path: Path | str) -> Known:
    """The ligand in the first record of an SDF or mol file (also .gz), with its bond orders and place.

    Raises NotFoundError, or FormatError where it is none or flat.
    """
    with naming(Path(path)):
        return _known(mol_of_block(text_of(path).split("$$$$")[0]), None)


def known_in_pdb(path: Path | str, name: str, smiles: str, *, chain: str = "", number: int | None = None) -> Known:
    """The ligand of that residue name in a PDB file; PDB has no bond orders, so `smiles` says what it is.

    Of several copies the first is taken, or the one of `chain` and `number`. Raises NotFoundError where the file has
    none, InputError where it does not fit the SMILES (atoms may be missing in the crystal), FormatError.
    """
    with naming(Path(path)):
        groups, _noticed = read_pdb(text_of(path))
    found = [
        one
        for one in groups
        if one.residue.name == name.upper()
        and chain in ("", one.residue.chain)
        and number in (None, one.residue.number)
    ]
    if not found:
        others = sorted({one.residue.name for one in groups if one.is_het})
        raise NotFoundError(f"there is no ligand {name} in {Path(path).name}; it has {', '.join(others) or 'none'}")
    return _known(_with_bonds(found[0], smiles), found[0].residue)


def _with_bonds(group: Group, smiles: str) -> Any:
    """RDKit's molecule of a residue: bonded by distance, bond orders by the SMILES."""
    Chem, orders = chemistry(), chemistry("rdkit.Chem.AllChem")  # noqa: N806
    template = mol_of(smiles)[0]
    lines = []
    for serial, atom in enumerate((one for one in group.atoms.values() if one.element not in ("H", "D")), start=1):
        x, y, z = atom.place
        element = atom.element.title()
        lines.append(f"HETATM{serial:>5} {atom.name[:4]:<4} LIG A   1    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00"
                     f"          {element:>2}")  # fmt: skip
    with chemistry("rdkit.rdBase").BlockLogs():
        raw = Chem.MolFromPDBBlock("\n".join([*lines, "END"]), sanitize=False, proximityBonding=True)
        if raw is None or raw.GetNumAtoms() != template.GetNumAtoms():
            raise InputError(
                f"{group.residue.label} has {len(lines)} heavy atoms and the SMILES {template.GetNumAtoms()}; "
                "the crystal may lack some, or the SMILES is of another molecule"
            )
        if raw.GetNumBonds() != template.GetNumBonds():
            raise InputError(f"{group.residue.label} is not the molecule of the SMILES: its bonds differ")
        for bond in raw.GetBonds():  # what RDKit guesses for names it knows is not taken
            bond.SetBondType(Chem.BondType.SINGLE)
        try:
            raw.UpdatePropertyCache(strict=False)
            made = orders.AssignBondOrdersFromTemplate(template, raw)
            Chem.AssignStereochemistryFrom3D(made)
        except (ValueError, RuntimeError) as error:
            raise InputError(f"{group.residue.label} is not the molecule of the SMILES: its bonds differ") from error
    return made


def _known(mol: Any, residue: Residue | None) -> Known:
    Chem = chemistry()  # noqa: N806
    places = np.asarray(mol.GetConformer().GetPositions(), float) if mol.GetNumConformers() else np.zeros((0, 3))
    if not len(places) or (len(places) > 3 and not places[:, 2].any()):
        raise FormatError("the ligand has no place in space: its record is flat; give one with coordinates of the pose")
    places.flags.writeable = False
    return Known(read_molecule(Chem.MolToSmiles(mol)), str(Chem.MolToMolBlock(mol)), places, residue)


def deviation(block: str, known: str) -> float:
    """Root mean square deviation in Å between heavy atoms of two mol blocks of one molecule, where they lie.

    Nothing is moved; atoms that are alike by symmetry may stand for one another, also the ends of carboxylates and the
    like. Charges and hydrogens do not matter. Raises InputError where they are not the same molecule.
    """
    aligning = chemistry("rdkit.Chem.rdMolAlign")
    with chemistry("rdkit.rdBase").BlockLogs():
        try:
            return float(aligning.CalcRMS(_plain(block), _plain(known), maxMatches=_MATCHES))
        except RuntimeError as error:
            raise InputError(
                "the pose and the known place are of different molecules, so no distance is told"
            ) from error


def _plain(block: str) -> Any:
    """Heavy atoms and which are bonded, so that charge, tautomer and bond orders do not hinder the comparison."""
    Chem = chemistry()  # noqa: N806
    mol = Chem.MolFromMolBlock(block, sanitize=False, removeHs=False)
    if mol is None:
        raise InputError("a mol block of a pose cannot be read")
    made = Chem.RWMol(mol)
    for at in sorted((one.GetIdx() for one in made.GetAtoms() if one.GetAtomicNum() == 1), reverse=True):
        made.RemoveAtom(at)
    for atom in made.GetAtoms():
        atom.SetFormalCharge(0)
        atom.SetNoImplicit(True)
        atom.SetNumExplicitHs(0)
        atom.SetIsAromatic(False)
        atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    for bond in made.GetBonds():
        bond.SetBondType(Chem.BondType.SINGLE)
        bond.SetIsAromatic(False)
        bond.SetStereo(Chem.BondStereo.STEREONONE)
    plain = made.GetMol()
    plain.UpdatePropertyCache(strict=False)
    return plain


def redock(
    receptor: Receptor,
    known: Known,
    box: Box | None = None,
    *,
    settings: Settings | None = None,
    processes: int = 1,
) -> Redocked:
    """Dock a ligand whose place is known, from a shape made anew, and tell how far each pose lies from that place.

    A box is put around it where none is given. This is the usual test of a receptor and a box before a screen: a best
    pose within 2 Å counts as success (Cole JC et al. Proteins 2005;60:325-332). Raises as `dock`.
    """
    chosen = box or known.box()
    docked = dock(receptor, known.molecule, chosen, settings=settings, processes=processes)
    return Redocked(docked, tuple(deviation(one.block, known.block) for one in docked.poses))
