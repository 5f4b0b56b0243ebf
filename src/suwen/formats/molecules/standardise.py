"""Molecules brought to one standard form: salts off, charges and tautomers settled, what is open in stereo told."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from suwen.errors import FormatError, Problem
from suwen.formats.molecules.fragments import parent_of
from suwen.formats.molecules.notices import notice, refusal
from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.structure import chemistry, mol_of

__all__ = ["standardised"]

_MOST_TAUTOMERS = 200  # 8-oxoguanine has 24, tannic acid none that matters
_MOST_TRANSFORMS = 400
_MOST_ATOMS_OF_TAUTOMERS = 150
_MOST_ATOMS_OF_STEREO = 400
_ROUNDS = 4  # until nothing changes; two suffice for nearly every molecule
_KEY_MILLISECONDS = 200  # InChI's numbering of a large ring of stereocentres takes hours otherwise
_METALS = frozenset((3, 4, *range(11, 14), *range(19, 32), *range(37, 51), *range(55, 85), *range(87, 119)))


def standardised(molecule: Any, *, written: str = "", name: str = "") -> Molecule:
    """The standard form of a molecule of RDKit, or of a Molecule again (which changes nothing in it).

    In this order: atom maps dropped; groups rewritten in their usual form and bonds to metals cut (RDKit's
    MolStandardize); counterions and solvents taken off, the largest organic part kept; charges taken away by protons
    where they can be; the standard tautomer among those that move hydrogen between heteroatoms. Hydrogen of carbon is
    never moved, so that no stereocentre is lost and no enone wanders; an ordinary amide stays one. Isotopes and stated
    stereochemistry are kept. The form depends neither on how the structure was written nor on how often this is done.

    Args:
        molecule: RDKit's Mol, sanitised, or a Molecule, whose name, fields and remarks are kept.
        written: the structure as it stood in the source; the canonical SMILES of `molecule` where "".
        name: what the source calls it.

    Returns:
        A Molecule; `key` is "" where InChI knows none (wildcards, more atoms than it takes), and that is noticed.

    Raises:
        FormatError: it has no standard form that is a molecule.
        MissingExtraError: RDKit is not installed.

    """
    if isinstance(molecule, Molecule):
        made = standardised(mol_of(molecule.smiles)[0])
        new = tuple(one for one in made.noticed if one not in molecule.noticed)
        return replace(molecule, smiles=made.smiles, key=made.key, noticed=(*molecule.noticed, *new))
    with chemistry("rdkit.rdBase").BlockLogs():
        try:
            return _standardised(molecule, written, name)
        except (ValueError, RuntimeError) as error:
            raise error if isinstance(error, FormatError) else refusal("standardising") from error


def _standardised(mol: Any, written: str, name: str) -> Molecule:
    Chem = chemistry()  # noqa: N806
    noticed: list[Problem] = []
    _drop_maps(mol := Chem.Mol(mol), noticed)
    before = Chem.MolToSmiles(mol)
    mol = _ordered(before)
    for _round in range(_ROUNDS):
        smiles = Chem.MolToSmiles(mol)
        mol = _ordered(Chem.MolToSmiles(_once(mol, noticed)))
        if Chem.MolToSmiles(mol) == smiles:
            break
    smiles = Chem.MolToSmiles(mol)
    key = _key(mol, noticed)
    noticed += _open_questions(mol)
    return Molecule(smiles, key, written or before, name, (), tuple(dict.fromkeys(noticed)))


def _drop_maps(mol: Any, noticed: list[Problem]) -> None:
    mapped = [atom for atom in mol.GetAtoms() if atom.GetAtomMapNum()]
    for atom in mapped:
        atom.SetAtomMapNum(0)
    if mapped:
        noticed.append(notice("maps", count=len(mapped)))


def _ordered(smiles: str) -> Any:
    """The molecule with its atoms in the order of its canonical SMILES, so that nothing depends on how it came in."""
    mol = chemistry().MolFromSmiles(smiles)
    if mol is None:
        raise refusal("standardising")
    return mol


def _once(mol: Any, noticed: list[Problem]) -> Any:
    mol = _usual_form(mol, noticed)
    mol = _without_metals(mol, noticed)
    mol = _ordered(chemistry().MolToSmiles(parent_of(mol, noticed)))
    mol = _uncharged(mol, noticed)
    return _settled(mol, noticed)


@cache
def _tools() -> dict[str, Any]:
    """RDKit's standardisers, made once: making them takes longer than using them."""
    rdMolStandardize = chemistry("rdkit.Chem.MolStandardize.rdMolStandardize")  # noqa: N806
    chosen = rdMolStandardize.CleanupParameters()
    chosen.tautomerTransformsFile = str(Path(__file__).with_name("tautomers.txt"))
    chosen.tautomerRemoveSp3Stereo = chosen.tautomerRemoveBondStereo = False
    chosen.maxTautomers, chosen.maxTransforms = _MOST_TAUTOMERS, _MOST_TRANSFORMS
    return {
        "normalizer": rdMolStandardize.Normalizer(),
        "disconnector": rdMolStandardize.MetalDisconnector(),
        "reionizer": rdMolStandardize.Reionizer(),
        "uncharger": rdMolStandardize.Uncharger(canonicalOrder=True),
        "tautomers": rdMolStandardize.TautomerEnumerator(chosen),
    }


def _usual_form(mol: Any, noticed: list[Problem]) -> Any:
    smiles = chemistry().MolToSmiles(mol)
    mol = _tools()["normalizer"].normalize(mol)
    if chemistry().MolToSmiles(mol) != smiles:
        noticed.append(notice("form"))
    return mol


def _without_metals(mol: Any, noticed: list[Problem]) -> Any:
    """Ionic and dative bonds to metals cut; a complex without carbon stays what it is."""
    bound = {atom.GetSymbol() for atom in mol.GetAtoms() if atom.GetAtomicNum() in _METALS and atom.GetDegree()}
    if not bound or not any(atom.GetAtomicNum() == 6 for atom in mol.GetAtoms()):
        return mol
    bonds = mol.GetNumBonds()
    cut = _tools()["disconnector"].Disconnect(mol)
    if cut.GetNumBonds() == bonds:
        return mol
    noticed.append(notice("metal", parts=", ".join(sorted(bound))))
    return cut


def _uncharged(mol: Any, noticed: list[Problem]) -> Any:
    if not any(atom.GetFormalCharge() for atom in mol.GetAtoms()):
        return mol
    Chem = chemistry()  # noqa: N806
    before = Chem.MolToSmiles(mol)
    made = _tools()["uncharger"].uncharge(_tools()["reionizer"].reionize(mol))
    after = Chem.MolToSmiles(made)
    # An aromatic anion such as cyclopentadienide has no neutral form that is still aromatic; it is kept.
    if after == before or Chem.MolFromSmiles(after) is None:
        return mol
    charges = [f"{Chem.GetFormalCharge(one):+d}" for one in (mol, made)]
    same = charges[0] == charges[1]
    noticed.append(notice("zwitterion") if same else notice("charge", before=charges[0], after=charges[1]))
    return made


def _settled(mol: Any, noticed: list[Problem]) -> Any:
    """The standard tautomer; the molecule as it is where there are too many to look at them all."""
    Chem, enumerator = chemistry(), _tools()["tautomers"]  # noqa: N806
    if mol.GetNumAtoms() > _MOST_ATOMS_OF_TAUTOMERS:
        noticed.append(notice("tautomers_open"))
        return mol
    found = enumerator.Enumerate(mol)
    if str(found.status) != "Completed":
        noticed.append(notice("tautomers_open"))
        return mol
    if len(found.tautomers) < 2:
        return mol
    chosen = enumerator.PickCanonical(found)
    before = Chem.MolToSmiles(mol)
    if Chem.MolToSmiles(chosen) != before:
        noticed.append(notice("tautomer", smiles=before))
    return chosen


def _key(mol: Any, noticed: list[Problem]) -> str:
    """The standard InChIKey (IUPAC InChI 1), "" where there is none."""
    if any(not atom.GetAtomicNum() for atom in mol.GetAtoms()):
        return ""  # told as `any`
    inchi = chemistry("rdkit.Chem.inchi")
    found = inchi.MolToInchi(mol, options=f"-WM{_KEY_MILLISECONDS}", logLevel=None)
    key = inchi.InchiToInchiKey(found) if found.startswith("InChI=1S/") else None
    if not key:
        noticed.append(notice("no_key"))
    return key or ""


def _open_questions(mol: Any) -> list[Problem]:
    """What a reader has to know of the molecule that is left: charge, labels, radicals, wildcards, open stereo."""
    atoms = list(mol.GetAtoms())
    counts = {
        "any": sum(not atom.GetAtomicNum() for atom in atoms),
        "isotopes": sum(atom.GetIsotope() > 0 for atom in atoms),
        "radical": sum(atom.GetNumRadicalElectrons() for atom in atoms),
    }
    made = [notice(key, count=count) for key, count in counts.items() if count]
    charge = chemistry().GetFormalCharge(mol)
    if charge:
        made.append(notice("charged", charge=f"{charge:+d}"))
    return made + _open_stereo(mol)


def _open_stereo(mol: Any) -> list[Problem]:
    Chem = chemistry()  # noqa: N806
    if mol.GetNumAtoms() > _MOST_ATOMS_OF_STEREO:
        return [notice("stereo_open", most=_MOST_ATOMS_OF_STEREO)]
    found = Chem.FindPotentialStereo(Chem.Mol(mol), cleanIt=False)
    unstated = [one.type for one in found if one.specified == Chem.StereoSpecified.Unspecified]
    centres = sum(one == Chem.StereoType.Atom_Tetrahedral for one in unstated)
    bonds = sum(one == Chem.StereoType.Bond_Double for one in unstated)
    counts = (("centres", centres), ("bonds", bonds))
    return [notice(key, count=count) for key, count in counts if count]
