"""Whether a text of the goals is a structure, a pattern or an element, and if not, why."""

from __future__ import annotations

from typing import Any

from suwen.errors import FormatError
from suwen.formats.molecules import read_molecule
from suwen.formats.molecules.structure import chemistry
from suwen.subject import Saying

__all__ = ["ELEMENTS", "fault_of_smarts", "fault_of_smiles", "pattern_of"]

_LONGEST = 1000  # characters of a SMARTS

_SYMBOLS = """
H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc
Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi
Po At Rn Fr Ra Ac Th Pa U Np Pu
"""
ELEMENTS = tuple(_SYMBOLS.split())
"""Symbols of the elements that may be named."""


def fault_of_smarts(text: object) -> Saying | None:
    """Why this is no SMARTS, None if it is one."""
    if not isinstance(text, str) or not text.strip():
        return Saying("there is no SMARTS", "没有 SMARTS")
    if len(text) > _LONGEST:
        return Saying(
            f"a SMARTS of {len(text)} characters is longer than {_LONGEST}",
            f"SMARTS 有 {len(text)} 个字符，超过 {_LONGEST}",
        )
    found = pattern_of(text)
    if found is None or not found.GetNumAtoms():
        return Saying(f"{text[:80]!r} is no SMARTS that RDKit can read", f"RDKit 无法将 {text[:80]!r} 读作 SMARTS")
    return None


def pattern_of(smarts: str) -> Any:
    """RDKit's pattern of a SMARTS, None where it cannot be read."""
    with chemistry("rdkit.rdBase").BlockLogs():
        return chemistry().MolFromSmarts(smarts)


def fault_of_smiles(text: str) -> Saying | None:
    """Why this is no molecule, None if it is one."""
    try:
        read_molecule(text)
    except FormatError as error:
        if not error.problems:
            return Saying(str(error), error.said("zh"))
        found = error.problems[0]
        return Saying(found.what, found.zh_what or found.what)
    return None
