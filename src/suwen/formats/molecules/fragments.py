"""Which part of a salt, solvate or mixture is the molecule that is meant: its largest organic part but counterions.

Size alone would take pamoic acid for pyrantel, so known counterions and solvents go first, whatever their size.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

from suwen.errors import Problem
from suwen.formats.molecules.counterions import COUNTERIONS
from suwen.formats.molecules.notices import notice
from suwen.formats.molecules.structure import chemistry

__all__ = ["counterions", "parent_of"]

_LARGE = 6  # heavy atoms from which a part that is no known counterion may be another drug
_MOST_NAMED = 6


@cache
def counterions() -> dict[str, str]:
    """English names by canonical SMILES; read by RDKit once, so that the table may be written in any way."""
    Chem = chemistry()  # noqa: N806
    return {Chem.CanonSmiles(smiles): english for smiles, english, _chinese in COUNTERIONS}


def parent_of(mol: Any, noticed: list[Problem]) -> Any:
    """The part that is meant; what was taken off is noticed by name. A substance without carbon is kept whole."""
    Chem = chemistry()  # noqa: N806
    parts = Chem.GetMolFrags(mol, asMols=True)
    if len(parts) < 2:
        return mol
    if not any(_carbons(part) for part in parts):
        noticed.append(notice("inorganic"))
        return mol
    kinds = {Chem.MolToSmiles(part): part for part in parts}
    counts = Counter(Chem.MolToSmiles(part) for part in parts)
    names = {smiles: _counterion(part) for smiles, part in kinds.items()}
    organic = [smiles for smiles in kinds if _carbons(kinds[smiles])]
    unknown = [smiles for smiles in organic if not names[smiles]]
    chosen = max(unknown or organic, key=lambda smiles: (_size(kinds[smiles]), smiles))
    _tell(chosen, kinds, counts, names, noticed)
    return kinds[chosen]


def _tell(
    chosen: str, kinds: dict[str, Any], counts: Counter[str], names: dict[str, str], noticed: list[Problem]
) -> None:
    others = sorted(smiles for smiles in kinds if smiles != chosen)
    large = [
        one for one in others if not names[one] and _carbons(kinds[one]) and kinds[one].GetNumHeavyAtoms() >= _LARGE
    ]
    small = [names[one] or one for one in others if one not in large]
    for key, parts in (("mixture", large), ("salt", list(dict.fromkeys(small)))):
        if parts:
            shown = parts[:_MOST_NAMED] + (["…"] if len(parts) > _MOST_NAMED else [])
            noticed.append(notice(key, parts=", ".join(shown)))
    if counts[chosen] > 1:
        noticed.append(notice("copies", count=counts[chosen]))


def _carbons(part: Any) -> int:
    return sum(atom.GetAtomicNum() == 6 for atom in part.GetAtoms())


def _size(part: Any) -> tuple[int, float]:
    weight = chemistry("rdkit.Chem.rdMolDescriptors").CalcExactMolWt(part)
    return part.GetNumHeavyAtoms(), weight


def _counterion(part: Any) -> str:
    """The English name of a counterion or solvent, whatever its charge and stereochemistry; "" for any other part."""
    rdMolStandardize = chemistry("rdkit.Chem.MolStandardize.rdMolStandardize")  # noqa: N806
    Chem = chemistry()  # noqa: N806
    if part.GetNumHeavyAtoms() > 40 or any(atom.GetIsotope() for atom in part.GetAtoms()):
        return ""
    as_is = counterions().get(Chem.MolToSmiles(part, isomericSmiles=False), "")
    if as_is or not any(atom.GetFormalCharge() for atom in part.GetAtoms()):
        return as_is
    neutral = rdMolStandardize.Uncharger().uncharge(part)
    return counterions().get(Chem.MolToSmiles(neutral, isomericSmiles=False), "")
