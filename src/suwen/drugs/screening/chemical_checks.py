"""Whether a text of the goals is a structure, a pattern or an element, and if not, why."""

from __future__ import annotations

from typing import Any

from suwen.errors import FormatError
from suwen.formats.molecules import read_molecule
from suwen.formats.molecules.structure import chemistry

__all__ = ["ELEMENTS", "fault_of_smarts", "fault_of_smiles", "pattern_of"]

_LONGEST = 1000  # characters of a SMARTS

_SYMBOLS = """
H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc
Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi
Po At Rn Fr Ra Ac Th Pa U Np Pu
"""
ELEMENTS = tuple(_SYMBOLS.split())
"""Symbols of the elements that may be named."""


def fault_of_smarts(text: object) -> str:
    """Why this is no SMARTS, "" if it is one."""
    if not isinstance(text, str) or not text.strip():
        return "there is no SMARTS"
    if len(text) > _LONGEST:
        return f"a SMARTS of {len(text)} characters is longer than {_LONGEST}"
    found = pattern_of(text)
    if found is None or not found.GetNumAtoms():
        return f"{text[:80]!r} is no SMARTS that RDKit can read"
    return ""


def pattern_of(smarts: str) -> Any:
    """RDKit's pattern of a SMARTS, None where it cannot be read."""
    with chemistry("rdkit.rdBase").BlockLogs():
        return chemistry().MolFromSmarts(smarts)


def fault_of_smiles(text: str) -> str:
    """Why this is no molecule, "" if it is one."""
    try:
        read_molecule(text)
    except FormatError as error:
        return str(error.problems[0].what) if error.problems else str(error)
    return ""
