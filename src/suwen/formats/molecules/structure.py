"""One structure as text made into RDKit's molecule, or refused in words: SMILES, CXSMILES, InChI and mol blocks."""

from __future__ import annotations

import importlib
import re
from typing import Any

from suwen.errors import FormatError, MissingExtraError, Problem
from suwen.formats.molecules.notices import notice, refusal
from suwen.formats.molecules.scan import MOST_ATOMS, MOST_RINGS, check_length, check_size, fault_of

__all__ = ["chemistry", "mol_of", "mol_of_block"]

_KEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_COUNT = re.compile(r"([A-Z][a-z]?)(\d*)")
_MOST_NAMED = 12  # atoms named of a ring system that cannot be
_MOST_BLOCK = 300_000  # characters of a mol block: 999 atoms and bonds of V3000 with all their fields


def chemistry(part: str = "rdkit.Chem") -> Any:
    """A module of RDKit, loaded when it is first needed; MissingExtraError where RDKit is not installed."""
    try:
        return importlib.import_module(part)
    except ImportError as error:
        raise MissingExtraError("rdkit", "drugs") from error


def mol_of(text: str) -> tuple[Any, tuple[Problem, ...]]:
    """RDKit's molecule of a SMILES, CXSMILES or InChI, as written, and what was noticed in reading it.

    Raises:
        FormatError: it is none of these, or too large; the one problem says what is wrong and where.
        MissingExtraError: RDKit is not installed.

    """
    written = text.strip()
    if not written:
        raise refusal("empty")
    if written.startswith("InChI="):
        return _of_inchi(written), ()
    if _KEY.fullmatch(written):
        raise refusal("inchikey")
    smiles, *rest = written.split(None, 1)
    extended = bool(rest) and rest[0].startswith("|")
    if rest and not extended:
        raise _not_smiles(written)
    check_size(smiles)
    return _of_smiles(smiles), (notice("extension"),) if extended else ()


def _not_smiles(written: str) -> FormatError:
    place = re.search(r"\s", written)
    return refusal("character", written="U+0020", place=place.start() + 1 if place is not None else 1)


def _of_smiles(smiles: str) -> Any:
    Chem = chemistry()  # noqa: N806
    with chemistry("rdkit.rdBase").BlockLogs():
        found = Chem.MolFromSmiles(smiles)
        if found is None:
            raise fault_of(smiles) or _chemical_fault(Chem.MolFromSmiles(smiles, sanitize=False))
    return _sized(found)


def _sized(mol: Any) -> Any:
    """The molecule, if it is no larger than what is read; what a text declares and what was made of it may differ."""
    if not mol.GetNumAtoms():
        raise refusal("empty")
    if mol.GetNumAtoms() > MOST_ATOMS:
        raise refusal("atoms", count=mol.GetNumAtoms(), most=MOST_ATOMS)
    return mol


def _chemical_fault(mol: Any) -> FormatError:
    """Why RDKit will not have a molecule whose grammar is sound."""
    if mol is None:
        return refusal("syntax")
    problems = chemistry().DetectChemistryProblems(mol)
    if not problems:
        return refusal("syntax")
    problem, kind = problems[0], problems[0].GetType()
    if kind == "AtomValenceException":
        atom = mol.GetAtomWithIdx(problem.GetAtomIdx())
        bonds = sum(bond.GetBondTypeAsDouble() for bond in atom.GetBonds()) + atom.GetNumExplicitHs()
        return refusal("valence", element=atom.GetSymbol(), atom=atom.GetIdx() + 1, count=bonds)
    if kind == "KekulizeException":
        atoms = sorted(one + 1 for one in problem.GetAtomIndices())
        shown = [str(one) for one in atoms[:_MOST_NAMED]] + (["…"] if len(atoms) > _MOST_NAMED else [])
        return refusal("aromatic", atoms=", ".join(shown))
    if kind == "AtomKekulizeException":
        return refusal("aromatic_chain", atom=problem.GetAtomIdx() + 1)
    return refusal("syntax")


def _of_inchi(text: str) -> Any:
    _check_inchi(text)
    inchi = chemistry("rdkit.Chem.inchi")
    with chemistry("rdkit.rdBase").BlockLogs():
        try:
            found = inchi.MolFromInchi(text)
        except (ValueError, RuntimeError) as error:
            raise refusal("inchi") from error
    if found is None or not found.GetNumAtoms():
        raise refusal("inchi")
    return _sized(found)


def _check_inchi(text: str) -> None:
    """Refuse an InChI that is too long, or whose formula names too many atoms, before InChI's own reader sees it."""
    check_length(text)
    formula = text.split("/")[1] if text.count("/") else ""
    atoms = sum(int(count[:6] or 1) for element, count in _COUNT.findall(formula) if element != "H")
    if atoms > MOST_ATOMS:
        raise refusal("atoms", count=atoms, most=MOST_ATOMS)


def mol_of_block(block: str) -> Any:
    """RDKit's molecule of a mol block (V2000 or V3000), explicit hydrogens taken in, stereo from wedges or 3-D.

    Raises:
        FormatError: it is damaged, empty or too large, or its chemistry is impossible.

    """
    Chem = chemistry()  # noqa: N806
    _check_block(block)
    with chemistry("rdkit.rdBase").BlockLogs():
        try:
            found = Chem.MolFromMolBlock(block)
            if found is None:
                raw = Chem.MolFromMolBlock(block, sanitize=False, removeHs=False)
                raise _chemical_fault(raw) if raw is not None else refusal("block")
        except (ValueError, RuntimeError) as error:
            raise error if isinstance(error, FormatError) else refusal("block") from error
    if not found.GetNumAtoms():
        raise refusal("no_atoms")
    return _sized(found)


def _check_block(block: str) -> None:
    """Refuse a mol block whose counts are too large or absent, before RDKit sets anything aside for them."""
    if len(block) > _MOST_BLOCK:
        raise refusal("long", count=len(block), most=_MOST_BLOCK)
    if "\0" in block:
        raise refusal("block")
    lines = block.splitlines()
    if len(lines) < 4:
        raise refusal("block")
    counts = (lines[3][:3], lines[3][3:6])
    if "V3000" in lines[3]:
        found = re.search(r"^M +V30 +COUNTS +(\d{1,9}) +(\d{1,9})", block, re.MULTILINE)
        counts = (found[1], found[2]) if found is not None else ("", "")
    if not all(one.strip().isdigit() for one in counts):
        raise refusal("block")
    atoms, bonds = map(int, counts)
    if atoms > MOST_ATOMS:
        raise refusal("atoms", count=atoms, most=MOST_ATOMS)
    if bonds - atoms >= MOST_RINGS:
        raise refusal("rings", count=bonds - atoms + 1, most=MOST_RINGS)
