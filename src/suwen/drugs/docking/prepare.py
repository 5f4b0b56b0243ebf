"""A receptor prepared from a PDB file: what belongs to it kept, the rest dropped and said, polar hydrogens put on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from suwen.drugs.docking.hydrogens import placed
from suwen.drugs.docking.notices import notice
from suwen.drugs.docking.nouns import Points, Receptor, Residue
from suwen.drugs.docking.pdb import Atom, Group, read_pdb
from suwen.drugs.docking.pdbqt import atom_line
from suwen.drugs.docking.residues import IONS, RESIDUES, WATERS, Hydrogens, Template
from suwen.errors import InputError, MissingExtraError, Problem

__all__ = ["prepared"]

_PEPTIDE = 2.0  # Å between C and N of residues that are bonded: 1.33 and room for poor structures
_BOND = 2.1  # Å between bonded heavy atoms: C-S is 1.8
_DISULFIDE = 2.5  # Å between sulfurs (2.05 bonded)
_METAL = 2.8  # Å between a metal and what it holds (Harding MM. Acta Cryst D 2001;57:401-411 gives up to 2.6)
_TO_HYDROGEN = 1.45  # Å between a hydrogen and its atom
_FACING = 3.4  # Å between donor and acceptor that face each other
_BACKBONE = ("N", "CA", "C", "O")
_SUGAR = ("C1'", "C2'", "C3'", "C4'", "C5'", "O3'", "O4'", "O5'")
_BY_ELEMENT = {
    "C": "C",
    "N": "NA",
    "O": "OA",
    "S": "SA",
    "P": "P",
    "F": "F",
    "CL": "Cl",
    "BR": "Br",
    "I": "I",
    "SI": "Si",
}
_HISTIDINES = {"HID": ("ND1",), "HSD": ("ND1",), "HIE": ("NE2",), "HSE": ("NE2",), "HIP": ("ND1", "NE2"),
               "HSP": ("ND1", "NE2")}  # fmt: skip
_MOST_NAMED = 8


def prepared(text: str, name: str, keep: frozenset[str] = frozenset()) -> Receptor:
    """The receptor in the text of a PDB file; see `read_receptor`.

    Raises FormatError for what is no PDB file, InputError where nothing in it is a receptor or an element is unknown.
    """
    groups, noticed = read_pdb(text)
    kept, more = _sorted_out(groups, keep)
    if not any(one.residue.name in RESIDUES for one in kept):
        raise InputError(f"{name} holds no amino acid or nucleotide, so there is no receptor in it")
    build = _Build(kept)
    lines: list[str] = []
    names: list[str] = []
    types: list[str] = []
    residues: list[Residue] = []
    places: list[Points] = []
    for group in kept:
        for atom, kind, place in build.atoms(group):
            one = group.residue
            serial = len(lines) + 1
            lines.append(
                atom_line(serial, atom, one.name, one.chain, one.number, one.insertion, tuple(place), 0.0, kind)
            )
            names.append(atom)
            types.append(kind)
            residues.append(one)
            places.append(np.round(place, 3))
    positions = np.asarray(places, float)
    positions.flags.writeable = False
    noticed = [*noticed, *more, *_missing(kept), *_gaps(kept), *build.noticed()]
    text = "\n".join([*(one.rstrip() for one in lines), ""])
    return Receptor(name, text, tuple(names), tuple(types), tuple(residues), positions, tuple(noticed))


def _sorted_out(groups: Sequence[Group], keep: frozenset[str]) -> tuple[list[Group], list[Problem]]:
    """What belongs to the receptor, and remarks on the rest."""
    kept: list[Group] = []
    counts: dict[str, Counter[str]] = {key: Counter() for key in ("waters", "dropped", "metals", "kept", "modified")}
    selenium = 0
    bonded = _bonded_in_chain(groups)
    for at, group in enumerate(groups):
        name = group.residue.name
        if name == "MSE":
            selenium += 1
            kept.append(_methionine(group))
        elif name in RESIDUES:
            kept.append(group)
        elif name in WATERS:
            counts["waters"][name] += 1
        elif name in IONS and len(group.atoms) == 1:
            counts["metals"][name] += 1
            kept.append(group)
        elif name in keep or at in bonded:
            counts["kept" if name in keep else "modified"][name] += 1
            kept.append(group)
        else:
            counts["dropped"][name] += 1
    noticed = [notice(key, names=_told(found)) for key, found in counts.items() if found and key != "waters"]
    if counts["waters"]:
        noticed.append(notice("waters", count=counts["waters"].total()))
    if selenium:
        noticed.append(notice("selenium", count=selenium))
    return kept, noticed


def _told(found: Counter[str]) -> str:
    return ", ".join(f"{name} ×{count}" if count > 1 else name for name, count in sorted(found.items()))


def _bonded_in_chain(groups: Sequence[Group]) -> set[int]:
    """Places in the list of residues that have a backbone and a peptide bond to their neighbour in the list."""
    found = set()
    for at, (one, next_) in enumerate(pairwise(groups)):
        whole = all(atom in one.atoms for atom in ("CA", "C")) and all(atom in next_.atoms for atom in ("N", "CA"))
        if whole and _distance(one.atoms["C"], next_.atoms["N"]) < _PEPTIDE:
            found |= {at, at + 1}
    return found


def _methionine(group: Group) -> Group:
    atoms = {("SD" if name == "SE" else name): atom for name, atom in group.atoms.items()}
    if "SD" in atoms:
        atoms["SD"] = replace(atoms["SD"], name="SD", element="S")
    return Group(replace(group.residue, name="MET"), atoms, False)


def _distance(one: Atom, other: Atom) -> float:
    return float(np.linalg.norm(np.subtract(one.place, other.place)))


def _missing(groups: Iterable[Group]) -> Iterator[Problem]:
    """A remark on residues without all heavy atoms of their template."""
    lacking = []
    for group in groups:
        template = RESIDUES.get(group.residue.name)
        if template is not None:
            backbone = _SUGAR if template.nucleotide else _BACKBONE
            lost = [one for one in (*backbone, *template.heavy) if one not in group.atoms]
            if lost:
                lacking.append(f"{group.residue.label} ({' '.join(lost)})")
    if lacking:
        yield notice("missing", residues=_shortened(lacking))


def _gaps(groups: Sequence[Group]) -> Iterator[Problem]:
    broken = []
    for one, next_ in pairwise(groups):
        whole = {"CA", "C"} <= set(one.atoms) and {"N", "CA"} <= set(next_.atoms)
        both = whole and one.residue.chain == next_.residue.chain
        if both and _distance(one.atoms["C"], next_.atoms["N"]) >= _PEPTIDE:
            broken.append(one.residue.label)
    if broken:
        yield notice("gap", residues=_shortened(broken))


def _shortened(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f", … (+{rest})" if rest > 0 else "")


@dataclass(frozen=True, slots=True)
class _Heavy:
    """All heavy atoms of the receptor, to ask what lies near a place."""

    places: Points
    elements: tuple[str, ...]
    owners: tuple[int, ...]
    names: tuple[str, ...]
    tree: Any

    def near(self, place: Points, distance: float) -> list[int]:
        """Places in the lists of atoms within `distance` Å."""
        return sorted(self.tree.query_ball_point(place, distance))


def _heavy(groups: Sequence[Group]) -> _Heavy:
    try:
        from scipy.spatial import cKDTree  # noqa: PLC0415
    except ImportError as absent:
        raise MissingExtraError("scipy", "drugs") from absent
    found = [(at, atom) for at, group in enumerate(groups) for atom in group.atoms.values() if atom.element not in "HD"]
    places = np.asarray([atom.place for _at, atom in found])
    elements = tuple(atom.element for _at, atom in found)
    names = tuple(atom.name for _at, atom in found)
    return _Heavy(places, elements, tuple(at for at, _atom in found), names, cKDTree(places))


class _Build:
    """Types and hydrogens of each residue, knowing its neighbours."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self._groups = groups
        self._at = {id(group): at for at, group in enumerate(groups)}
        self._heavy = _heavy(groups)
        self._histidines = 0

    def noticed(self) -> Iterator[Problem]:
        """What was chosen while the atoms were made."""
        if self._histidines:
            yield notice("histidine", count=self._histidines)

    def atoms(self, group: Group) -> Iterator[tuple[str, str, Points]]:
        """Name, AutoDock type and place of each atom that Vina is to see."""
        name = group.residue.name
        given = self._given(group)
        sites = [one for one in self._sites(group, given) if one.atom not in given]
        bare = {one for one in group.atoms if one not in given} - {one.atom for one in sites}
        for atom in group.atoms.values():
            if atom.element not in ("H", "D"):
                yield atom.name, _type(group.residue, atom, bare), np.asarray(atom.place)
        for hydrogens in given.values():
            for atom in hydrogens:
                yield atom.name, "HD", np.asarray(atom.place)
        if name in IONS:
            return
        bonds, places = self._bonds(group)
        for site in sites:
            acceptors = self._acceptors(group, site.atom)
            element = group.atoms[site.atom].element
            for hydrogen, place in placed(site, element, places, bonds, acceptors).items():
                yield hydrogen, "HD", place

    @staticmethod
    def _given(group: Group) -> dict[str, list[Atom]]:
        """The polar hydrogens of the file by the name of their atom."""
        found: dict[str, list[Atom]] = {}
        polar = [atom for atom in group.atoms.values() if atom.element in ("N", "O", "S")]
        for hydrogen in (atom for atom in group.atoms.values() if atom.element in ("H", "D")):
            nearest = min(polar, key=lambda one: _distance(one, hydrogen), default=None)
            if nearest is not None and _distance(nearest, hydrogen) < _TO_HYDROGEN:
                carbons = (atom for atom in group.atoms.values() if atom.element == "C")
                if all(_distance(one, hydrogen) > _distance(nearest, hydrogen) for one in carbons):
                    found.setdefault(nearest.name, []).append(hydrogen)
        return found

    def _sites(self, group: Group, given: Mapping[str, list[Atom]]) -> Iterator[Hydrogens]:
        template = RESIDUES.get(group.residue.name)
        if template is None or not template.nucleotide:
            yield from self._backbone(group)
        if template is None:
            return
        if template.nucleotide and "O2'" in group.atoms:
            yield Hydrogens("O2'", "turning", ("HO2'",))
        for site in template.hydrogens:
            if site.atom in group.atoms and not self._is_taken(group, site.atom):
                yield site
        if "ND1" in group.atoms and "ND1" in template.acceptors and not {"ND1", "NE2"} & set(given):
            for atom in self._histidine(group):
                yield Hydrogens(atom, "flat", ("HD1" if atom == "ND1" else "HE2",))

    def _backbone(self, group: Group) -> Iterator[Hydrogens]:
        if "N" not in group.atoms or "CA" not in group.atoms or group.residue.name in IONS:
            return
        before = self._before(group)
        if before is None:
            names = ("H1", "H2") if group.residue.name == "PRO" else ("H1", "H2", "H3")
            if group.residue.name != "PRO":
                yield Hydrogens("N", "turning", names)
        elif group.residue.name != "PRO":
            yield Hydrogens("N", "flat", ("H",))

    def _before(self, group: Group) -> Atom | None:
        """The carbon that is bonded to this residue's nitrogen."""
        at = self._at[id(group)]
        carbon = self._groups[at - 1].atoms.get("C") if at else None
        near = carbon is not None and _distance(carbon, group.atoms["N"]) < _PEPTIDE
        return carbon if near else None

    def _is_taken(self, group: Group, name: str) -> bool:
        """Whether a sulfur is bonded to another, or an atom to a metal, so that it bears no hydrogen."""
        atom = group.atoms[name]
        own = self._at[id(group)]
        for at in self._heavy.near(np.asarray(atom.place), _METAL):
            if self._heavy.owners[at] == own:
                continue
            element, distance = self._heavy.elements[at], np.linalg.norm(self._heavy.places[at] - atom.place)
            if element in IONS or (atom.element == element == "S" and distance < _DISULFIDE):
                return True
        return False

    def _histidine(self, group: Group) -> tuple[str, ...]:
        """Which nitrogens of a histidine without hydrogens bear one: as its name says, else the one that faces more."""
        said = _HISTIDINES.get(group.residue.name)
        if said is not None:
            return tuple(one for one in said if one in group.atoms)
        self._histidines += 1
        scores = {name: self._facing(group, name) for name in ("ND1", "NE2") if name in group.atoms}
        return (max(sorted(scores, reverse=True), key=lambda one: scores[one]),)  # NE2 where both are equal

    def _facing(self, group: Group, name: str) -> float:
        """How well a hydrogen would stand on an atom: acceptors near it, less metals and nitrogens."""
        own, score = self._at[id(group)], 0.0
        for at in self._heavy.near(np.asarray(group.atoms[name].place), _FACING):
            if self._heavy.owners[at] != own:
                element = self._heavy.elements[at]
                score += {"O": 1.0, "N": -1.0}.get(element, -3.0 if element in IONS else 0.0)
        return score

    def _acceptors(self, group: Group, name: str) -> Points:
        """Oxygens near an atom, its own residue's left out but for the backbone's."""
        own = self._at[id(group)]
        near = [
            at
            for at in self._heavy.near(np.asarray(group.atoms[name].place), _FACING)
            if self._heavy.elements[at] == "O"
            and (self._heavy.owners[at] != own or self._heavy.names[at] == "O")
            and self._heavy.names[at] != name
        ]
        return self._heavy.places[near]

    def _bonds(self, group: Group) -> tuple[dict[str, list[str]], dict[str, Points]]:
        """Of each heavy atom of a residue the bonded ones, the carbon before it named C-1, and all places."""
        heavy = {name: np.asarray(one.place) for name, one in group.atoms.items() if one.element not in ("H", "D")}
        names = list(heavy)
        points = np.asarray([heavy[name] for name in names])
        close = np.linalg.norm(points[:, None] - points[None], axis=2) < _BOND
        bonds = {name: [names[at] for at in np.flatnonzero(close[row]) if at != row] for row, name in enumerate(names)}
        before = self._before(group) if "N" in heavy else None
        if before is not None and "N" in bonds:
            bonds["N"] = [*bonds["N"], "C-1"]
            heavy["C-1"] = np.asarray(before.place)
        return bonds, heavy


def _type(residue: Residue, atom: Atom, bare: set[str]) -> str:
    """The AutoDock type of a heavy atom; `bare` are the atoms without hydrogen."""
    if residue.name in IONS:
        return IONS[residue.name]
    template = RESIDUES.get(residue.name)
    if template is None:
        kind = _BY_ELEMENT.get(atom.element)
        if kind is None:
            raise InputError(
                f"the element {atom.element or '?'} of {residue.label} is not known to Vina; remove it from the file"
            )
        return "N" if atom.name == "N" else kind
    return _templated(template, atom, bare)


def _templated(template: Template, atom: Atom, bare: set[str]) -> str:
    if atom.element == "C":
        return "A" if any(atom.name in ring for ring in template.rings) else "C"
    if atom.element == "N":
        return "NA" if atom.name in template.acceptors and atom.name in bare else "N"
    kind = _BY_ELEMENT.get(atom.element)
    if kind is None:
        raise InputError(
            f"the element {atom.element or '?'} of atom {atom.name} is not known to Vina; correct the file"
        )
    return kind
