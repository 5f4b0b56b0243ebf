"""Numbers of one molecule worked out when a test first asks for them, the cheap ones one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.nouns import Property
from suwen.drugs.properties import properties_of
from suwen.drugs.quantities import QUANTITIES
from suwen.drugs.screen import fingerprint
from suwen.drugs.structure import structure_of
from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.structure import chemistry

__all__ = ["COSTS", "FORMULA", "Numbers", "formula_numbers"]

FORMULA = ("heavy_atoms", "carbons", "heteroatoms", "weight", "rings")
"""Quantities that standardising leaves as they are, in a molecule of one neutral part without metals."""

_WHOLE = 1900.0  # microseconds of all quantities together, on one core of 2026
COSTS: Mapping[str, float] = MappingProxyType(
    dict.fromkeys(QUANTITIES, _WHOLE)
    | {"heavy_atoms": 1, "carbons": 5, "heteroatoms": 2, "rings": 2, "charge": 3, "weight": 40, "aromatic_rings": 10}
    | {"fraction_sp3": 10, "donors": 10, "acceptors": 10, "hydrogen_bonds": 20}
    | {"rotatable_bonds": 60, "tpsa": 40, "logp": 250}
)
"""Microseconds that each quantity takes, so that cheap tests go first."""


class Numbers:
    """A molecule whose structure and numbers are worked out once, when they are asked for."""

    def __init__(self, molecule: Molecule) -> None:
        """Raises InputError where RDKit cannot read the molecule, or it is too large (see `structure_of`)."""
        self.molecule = molecule
        self.structure = structure_of(molecule)
        self._known: dict[str, Property] = {}
        self._bits: NDArray[np.uint64] | None = None

    @property
    def bits(self) -> NDArray[np.uint64]:
        """The screen fingerprint."""
        if self._bits is None:
            self._bits = fingerprint(self.structure)
        return self._bits

    def __getitem__(self, key: str) -> Property:
        """The property of that key, the same that `profile` tells."""
        if key not in self._known:
            cheap = _CHEAP.get(key)
            if cheap is not None:
                self._known[key] = Property(key, float(cheap(self.structure)))
            else:
                self._known |= {one.key: one for one in properties_of(self.structure, self.bits)}
        return self._known[key]


def formula_numbers(structure: Any) -> dict[str, float] | None:
    """The FORMULA quantities of a molecule as written, None where standardising could change them."""
    atoms = structure.GetAtoms()
    plain = all(
        not atom.GetFormalCharge() and atom.GetAtomicNum() in _PLAIN and not atom.GetNumRadicalElectrons()
        for atom in atoms
    )
    if not plain or len(chemistry().GetMolFrags(structure)) != 1:
        return None
    return {key: float(_CHEAP[key](structure)) for key in FORMULA}


_PLAIN = frozenset((6, 7, 8, 9, 16, 17, 35, 53))  # neither metals nor hydrogen as an atom of its own


def _counted(number: int, *, others: bool = False) -> Callable[[Any], int]:
    def count(structure: Any) -> int:
        elements = [atom.GetAtomicNum() for atom in structure.GetAtoms()]
        return sum(one not in (1, 0, number) for one in elements) if others else elements.count(number)

    return count


def _descriptor(name: str) -> Callable[[Any], float]:
    def count(structure: Any) -> float:
        return float(getattr(chemistry("rdkit.Chem.rdMolDescriptors"), name)(structure))  # RDKit is loaded when asked

    return count


def _rotatable(structure: Any) -> int:
    descriptors = chemistry("rdkit.Chem.rdMolDescriptors")
    return int(descriptors.CalcNumRotatableBonds(structure, descriptors.NumRotatableBondsOptions.Strict))


_CHEAP: Mapping[str, Callable[[Any], float]] = {
    "heavy_atoms": lambda structure: structure.GetNumHeavyAtoms(),
    "carbons": _counted(6),
    "heteroatoms": _counted(6, others=True),
    "weight": lambda structure: chemistry("rdkit.Chem.Descriptors").MolWt(structure),
    "rings": _descriptor("CalcNumRings"),
    "aromatic_rings": _descriptor("CalcNumAromaticRings"),
    "charge": lambda structure: chemistry("rdkit.Chem.rdmolops").GetFormalCharge(structure),
    "fraction_sp3": _descriptor("CalcFractionCSP3"),
    "donors": _descriptor("CalcNumLipinskiHBD"),
    "acceptors": _descriptor("CalcNumLipinskiHBA"),
    "hydrogen_bonds": lambda structure: _CHEAP["donors"](structure) + _CHEAP["acceptors"](structure),
    "rotatable_bonds": _rotatable,
    "tpsa": _descriptor("CalcTPSA"),
    "logp": lambda structure: chemistry("rdkit.Chem.rdMolDescriptors").CalcCrippenDescriptors(structure)[0],
}
"""Quantities that one call of RDKit gives; the tests hold them equal to those of the profile."""
