"""Templates of amino acids and nucleotides: their atoms, which rings are aromatic, and where polar hydrogens stand.

Names are those of the PDB's chemical component dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["IONS", "RESIDUES", "WATERS", "Hydrogens", "Template"]


@dataclass(frozen=True, slots=True)
class Hydrogens:
    """`count` polar hydrogens on `atom`: "flat" in the plane of its neighbours, "turning" about the bond to one.

    `names` are those of the hydrogens.
    """

    atom: str
    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A residue: `heavy` atoms besides its backbone, `rings` of aromatic atoms, acceptor nitrogens, polar hydrogens."""

    heavy: tuple[str, ...]
    rings: tuple[tuple[str, ...], ...] = ()
    acceptors: tuple[str, ...] = ()
    hydrogens: tuple[Hydrogens, ...] = ()
    nucleotide: bool = False


def _turning(atom: str, *names: str) -> Hydrogens:
    return Hydrogens(atom, "turning", names)


def _flat(atom: str, *names: str) -> Hydrogens:
    return Hydrogens(atom, "flat", names)


_SIX = ("CG", "CD1", "CE1", "CZ", "CE2", "CD2")
_IMIDAZOLE = ("CG", "ND1", "CE1", "NE2", "CD2")
_GUANIDINE = (_flat("NE", "HE"), _flat("NH1", "HH11", "HH12"), _flat("NH2", "HH21", "HH22"))
_PURINE = (("C4", "C5", "N7", "C8", "N9"), ("C4", "C5", "C6", "N1", "C2", "N3"))
_PYRIMIDINE = (("N1", "C2", "N3", "C4", "C5", "C6"),)
_AMINO: dict[str, Template] = {
    "ALA": Template(("CB",)),
    "ARG": Template(("CB", "CG", "CD", "NE", "CZ", "NH1", "NH2"), hydrogens=_GUANIDINE),
    "ASN": Template(("CB", "CG", "OD1", "ND2"), hydrogens=(_flat("ND2", "HD21", "HD22"),)),
    "ASP": Template(("CB", "CG", "OD1", "OD2")),
    "CYS": Template(("CB", "SG"), hydrogens=(_turning("SG", "HG"),)),
    "GLN": Template(("CB", "CG", "CD", "OE1", "NE2"), hydrogens=(_flat("NE2", "HE21", "HE22"),)),
    "GLU": Template(("CB", "CG", "CD", "OE1", "OE2")),
    "GLY": Template(()),
    "HIS": Template(("CB", *_IMIDAZOLE), (_IMIDAZOLE,), ("ND1", "NE2")),  # its hydrogen is chosen by its neighbours
    "ILE": Template(("CB", "CG1", "CG2", "CD1")),
    "LEU": Template(("CB", "CG", "CD1", "CD2")),
    "LYS": Template(("CB", "CG", "CD", "CE", "NZ"), hydrogens=(_turning("NZ", "HZ1", "HZ2", "HZ3"),)),
    "MET": Template(("CB", "CG", "SD", "CE")),
    "PHE": Template(("CB", *_SIX), (_SIX,)),
    "PRO": Template(("CB", "CG", "CD")),
    "SER": Template(("CB", "OG"), hydrogens=(_turning("OG", "HG"),)),
    "THR": Template(("CB", "OG1", "CG2"), hydrogens=(_turning("OG1", "HG1"),)),
    "TRP": Template(
        ("CB", "CG", "CD1", "NE1", "CE2", "CD2", "CE3", "CZ3", "CH2", "CZ2"),
        (("CG", "CD1", "NE1", "CE2", "CD2"), ("CD2", "CE2", "CE3", "CZ3", "CH2", "CZ2")),
        hydrogens=(_flat("NE1", "HE1"),),
    ),
    "TYR": Template(("CB", *_SIX, "OH"), (_SIX,), hydrogens=(_turning("OH", "HH"),)),
    "VAL": Template(("CB", "CG1", "CG2")),
}
_BASES: dict[str, Template] = {
    "A": Template(("N9", "C8", "N7", "C5", "C6", "N6", "N1", "C2", "N3", "C4"), _PURINE, ("N1", "N3", "N7"),
                  (_flat("N6", "H61", "H62"),), nucleotide=True),
    "G": Template(("N9", "C8", "N7", "C5", "C6", "O6", "N1", "C2", "N2", "N3", "C4"), _PURINE, ("N3", "N7"),
                  (_flat("N1", "H1"), _flat("N2", "H21", "H22")), nucleotide=True),
    "C": Template(("N1", "C2", "O2", "N3", "C4", "N4", "C5", "C6"), _PYRIMIDINE, ("N3",),
                  (_flat("N4", "H41", "H42"),), nucleotide=True),
    "U": Template(("N1", "C2", "O2", "N3", "C4", "O4", "C5", "C6"), _PYRIMIDINE, (), (_flat("N3", "H3"),),
                  nucleotide=True),
    "DT": Template(("N1", "C2", "O2", "N3", "C4", "O4", "C5", "C7", "C6"), _PYRIMIDINE, (), (_flat("N3", "H3"),),
                   nucleotide=True),
}  # fmt: skip

RESIDUES: Mapping[str, Template] = MappingProxyType(
    {
        **_AMINO,
        **_BASES,
        **{f"D{base}": _BASES[base] for base in ("A", "G", "C")},
        # Names that programs of molecular dynamics give to states of histidine, cysteine and acids.
        **dict.fromkeys(("HID", "HIE", "HIP", "HSD", "HSE", "HSP"), _AMINO["HIS"]),
        **dict.fromkeys(("CYX", "CYM"), Template(("CB", "SG"))),
        "ASH": _AMINO["ASP"],
        "GLH": _AMINO["GLU"],
        "LYN": _AMINO["LYS"],
    }
)
"""Every residue that has a template, by its name."""

IONS: Mapping[str, str] = MappingProxyType(
    {"ZN": "Zn", "MG": "Mg", "CA": "Ca", "MN": "Mn", "FE": "Fe", "FE2": "Fe", "NI": "Ni", "CO": "Co", "CU": "Cu",
     "CU1": "Cu", "CD": "Cd", "NA": "Na", "K": "K", "HG": "Hg"}
)  # fmt: skip
"""Metal ions that are kept, by the name of their residue, and their type in Vina."""

WATERS = frozenset(("HOH", "WAT", "DOD", "H2O", "TIP", "TIP3", "SOL"))
