"""The parts of a pose and of the pocket around it that can touch: donors, acceptors, charges, rings, greasy carbons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from suwen.drugs.docking.nouns import Points, Pose, Receptor, Residue
from suwen.drugs.docking.residues import IONS, RESIDUES
from suwen.errors import InputError
from suwen.formats.molecules.structure import chemistry

__all__ = ["Charge", "Donor", "Ring", "Sites", "sites_of_pocket", "sites_of_pose"]

_AROUND = 8.0  # Å around the ligand: beyond the largest threshold and the rest of a ring
_BOND, _TO_HYDROGEN = 2.0, 1.45  # Å between bonded heavy atoms, and to a hydrogen
_METALS = frozenset(IONS.values()) | {"MG", "ZN", "MN", "FE"}
_ACIDS = {"ASP": ("OD1", "OD2"), "GLU": ("OE1", "OE2")}
_BASES = {"ARG": ("NE", "NH1", "NH2"), "LYS": ("NZ",)}
_HISTIDINES = frozenset(("HIS", "HID", "HIE", "HIP", "HSD", "HSE", "HSP"))
# Charged groups of a ligand: first the charged form as it is docked, then what shares the charge with it.
_POSITIVE = ("[NX3][CX3](=[N+])[NX3]", "[NX3][CX3]=[N+]", "[#7+;!$([#7]~[#8-]);!$([#7]=C[NX3])]", "[S+;X3]")
_NEGATIVE = (
    "[CX3](=O)[O-]",
    "[SX4](=O)(=O)[O-]",
    "[PX4](=O)[O-]",
    "[n-]",
    "[N-;!$([N-]~[N+])]",
    "[O-;!$([O-][C,S,P,N]~O);!$([O-][*+])]",
    "[S-]",
)
_ACCEPTOR = (
    "[$([O;!$([O+])]),$([SX2;H0;$([S]([#6])[#6]);!$(S-,=*=O)]),$([N-]),$([n-]),$([nX2]),$([NX1]),$([NX2;!$([N+])]),"
    "$([NX3;!$(N*=,#,:*);!$(Na);!$([N+])])]"
)


@dataclass(frozen=True, slots=True)
class Donor:
    """An atom with hydrogens [3] each; `pivot` is the atom about whose bond they turn, if they do."""

    atom: int
    hydrogens: tuple[Points, ...]
    pivot: int | None


@dataclass(frozen=True, slots=True)
class Charge:
    """A charged group: its atoms, their middle, and +1 or -1."""

    atoms: tuple[int, ...]
    centre: Points
    sign: int


@dataclass(frozen=True, slots=True)
class Ring:
    """An aromatic ring: its atoms, middle, and the direction across it."""

    atoms: tuple[int, ...]
    centre: Points
    normal: Points


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """What one side has; atoms are numbers in `places` [n, 3]. `names` and `residues` are the receptor's."""

    places: Points
    donors: tuple[Donor, ...] = ()
    acceptors: tuple[int, ...] = ()
    charges: tuple[Charge, ...] = ()
    rings: tuple[Ring, ...] = ()
    greasy: tuple[int, ...] = ()
    halogens: tuple[tuple[int, int], ...] = ()
    metals: tuple[int, ...] = ()
    binders: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    residues: tuple[Residue, ...] = ()
    bonds: tuple[tuple[int, ...], ...] = field(default=())

    def at(self, atom: int) -> Points:
        """Where an atom is."""
        place: Points = self.places[atom]
        return place

    def neighbours(self, atom: int) -> list[Points]:
        """Where the atoms are that are bonded to one."""
        return [self.at(one) for one in self.bonds[atom]]


def sites_of_pose(pose: Pose) -> Sites:
    """Of the ligand, by the mol block of the pose. Raises InputError where that cannot be read."""
    with chemistry("rdkit.rdBase").BlockLogs():
        mol = chemistry().MolFromMolBlock(pose.block, removeHs=False)
    if mol is None:
        raise InputError("the mol block of the pose cannot be read")
    places = np.asarray(mol.GetConformer().GetPositions())
    rings = [
        ring for ring in mol.GetRingInfo().AtomRings() if all(mol.GetAtomWithIdx(at).GetIsAromatic() for at in ring)
    ]
    return Sites(
        places,
        donors=tuple(_ligand_donors(mol, places)),
        acceptors=_single(mol, _ACCEPTOR),
        charges=tuple(_ligand_charges(mol, places)),
        rings=tuple(_ring(ring, places) for ring in rings),
        greasy=_single(mol, "[#6;!$([#6]~[!#6;!#1])]"),
        halogens=tuple(mol.GetSubstructMatches(_query("[Cl,Br,I;X1][#6]"))),
        binders=tuple(sorted({*_single(mol, _ACCEPTOR), *_single(mol, "[O-,S-,SX2]")})),
    )


def _ligand_donors(mol: Any, places: Points) -> Iterator[Donor]:
    for atom in mol.GetAtoms():
        hydrogens = [one.GetIdx() for one in atom.GetNeighbors() if one.GetAtomicNum() == 1]
        heavy = [one.GetIdx() for one in atom.GetNeighbors() if one.GetAtomicNum() != 1]
        if atom.GetAtomicNum() not in (7, 8, 16) or not hydrogens:
            continue
        turns = len(heavy) == 1 and (atom.GetAtomicNum() != 7 or atom.GetDegree() == 4)
        yield Donor(atom.GetIdx(), tuple(places[one] for one in hydrogens), heavy[0] if turns else None)


def _ligand_charges(mol: Any, places: Points) -> Iterator[Charge]:
    for patterns, sign in ((_POSITIVE, 1), (_NEGATIVE, -1)):
        seen: set[int] = set()
        for pattern in patterns:
            for hit in mol.GetSubstructMatches(_query(pattern)):
                if not seen & set(hit):
                    seen |= set(hit)
                    polar = tuple(at for at in hit if mol.GetAtomWithIdx(at).GetAtomicNum() in (7, 8, 16))
                    yield Charge(polar or hit, places[list(polar or hit)].mean(axis=0), sign)


def _single(mol: Any, pattern: str) -> tuple[int, ...]:
    return tuple(sorted(at for (at,) in mol.GetSubstructMatches(_query(pattern), maxMatches=mol.GetNumAtoms())))


@cache
def _query(pattern: str) -> Any:
    return chemistry().MolFromSmarts(pattern)


def _ring(atoms: Sequence[int], places: Points) -> Ring:
    own = places[list(atoms)]
    centre = own.mean(axis=0)
    # The direction of least spread is across the plane.
    normal = np.linalg.svd(own - centre)[2][-1]
    return Ring(tuple(atoms), centre, normal)


def sites_of_pocket(receptor: Receptor, ligand: Points) -> Sites:
    """Of the receptor's residues that have an atom within 8 Å of the ligand's places [n, 3]."""
    near = np.zeros(len(receptor.positions), bool)
    for place in ligand:
        near |= np.linalg.norm(receptor.positions - place, axis=1) <= _AROUND
    touched = {receptor.residues[at] for at in np.flatnonzero(near)}
    chosen = [at for at, one in enumerate(receptor.residues) if one in touched]
    pocket = _Pocket(receptor, chosen)
    return Sites(
        pocket.places,
        donors=tuple(pocket.donors()),
        acceptors=tuple(pocket.acceptors()),
        charges=tuple(pocket.charges()),
        rings=tuple(pocket.rings()),
        greasy=tuple(pocket.greasy()),
        metals=tuple(at for at, kind in enumerate(pocket.types) if kind in _METALS),
        names=pocket.names,
        residues=pocket.residues,
        bonds=pocket.bonds,
    )


class _Pocket:
    """The atoms around the ligand, and which are bonded."""

    def __init__(self, receptor: Receptor, chosen: Sequence[int]) -> None:
        self.places = receptor.positions[list(chosen)].reshape(-1, 3)
        self.names = tuple(receptor.names[at] for at in chosen)
        self.types = tuple(receptor.types[at] for at in chosen)
        self.residues = tuple(receptor.residues[at] for at in chosen)
        self._light = np.array([kind in ("H", "HD", "HS") for kind in self.types], bool)
        self.bonds, self._hydrogens = self._bonded()
        self._named: dict[Residue, dict[str, int]] = {}
        for at, (residue, name) in enumerate(zip(self.residues, self.names, strict=True)):
            self._named.setdefault(residue, {}).setdefault(name, at)

    def _bonded(self) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]:
        heavy, hydrogens = [], []
        for at, place in enumerate(self.places):
            distances = np.linalg.norm(self.places - place, axis=1)
            heavy.append(tuple(one for one in np.flatnonzero((distances < _BOND) & ~self._light).tolist() if one != at))
            close = np.flatnonzero((distances < _TO_HYDROGEN) & self._light) if not self._light[at] else ()
            hydrogens.append(tuple(int(one) for one in close))
        return tuple(heavy), tuple(hydrogens)

    def donors(self) -> Iterator[Donor]:
        """Nitrogens, oxygens and sulfurs with hydrogens; hydroxyls, thiols and ammonium turn."""
        for at, kind in enumerate(self.types):
            hydrogens = self._hydrogens[at]
            if kind[0] in "NOS" and kind not in ("Na", "Ni") and hydrogens and not self._light[at]:
                turns = len(self.bonds[at]) == 1 and (kind[0] != "N" or len(hydrogens) == 3)
                places = tuple(self.places[one] for one in hydrogens)
                yield Donor(at, places, self.bonds[at][0] if turns else None)

    def acceptors(self) -> Iterator[int]:
        """Oxygens, and nitrogens and sulfurs with a pair and without hydrogen; never an amide's nitrogen."""
        for at, (kind, name) in enumerate(zip(self.types, self.names, strict=True)):
            template = RESIDUES.get(self.residues[at].name)
            if kind in ("OA", "O", "OS"):
                yield at
            elif kind in ("N", "NA", "NS") and not self._hydrogens[at]:
                # Some programs type every nitrogen alike: where a template is, it knows.
                takes = name in template.acceptors if template is not None else kind != "N"
                if takes:
                    yield at

    def charges(self) -> Iterator[Charge]:
        """Acids and bases of amino acids, doubly protonated histidine, phosphates, ends of chains."""
        for residue, named in self._named.items():
            for groups, sign in ((_ACIDS, -1), (_BASES, 1)):
                atoms = [named[one] for one in groups.get(residue.name, ()) if one in named]
                if atoms:
                    yield self._charge(atoms, sign)
            if residue.name in _HISTIDINES:
                both = [named[one] for one in ("ND1", "NE2") if one in named]
                if len(both) == 2 and all(self._hydrogens[one] for one in both):
                    yield self._charge(both, 1)
            if "OXT" in named and "O" in named:
                yield self._charge([named["O"], named["OXT"]], -1)
            if "N" in named and len(self._hydrogens[named["N"]]) == 3:
                yield self._charge([named["N"]], 1)
            if "P" in named:
                yield self._charge(
                    [named[one] for one in ("OP1", "OP2", "O1P", "O2P") if one in named] or [named["P"]], -1
                )

    def _charge(self, atoms: Sequence[int], sign: int) -> Charge:
        return Charge(tuple(atoms), self.places[list(atoms)].mean(axis=0), sign)

    def rings(self) -> Iterator[Ring]:
        """Aromatic rings that are whole."""
        for residue, named in self._named.items():
            template = RESIDUES.get(residue.name)
            for ring in template.rings if template is not None else ():
                if all(one in named for one in ring):
                    yield _ring([named[one] for one in ring], self.places)

    def greasy(self) -> Iterator[int]:
        """Carbons whose neighbours are all carbon."""
        for at, kind in enumerate(self.types):
            if kind in ("C", "A") and all(self.types[one] in ("C", "A") for one in self.bonds[at]):
                yield at
