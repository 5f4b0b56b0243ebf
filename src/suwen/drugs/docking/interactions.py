"""What a pose touches: contacts with each residue by kind, and fingerprints of them to compare poses.

Kinds and thresholds are those of PLIP (Salentin S et al. Nucleic Acids Res 2015;43:W443-W447): geometry alone, no
energies. A hydrogen that turns about its bond (hydroxyls, ammonium) is taken where it points best, as its place in a
model is a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from suwen.drugs.docking.nouns import Points, Pose, Receptor, Residue
from suwen.drugs.docking.sites import Charge, Donor, Ring, Sites, sites_of_pocket, sites_of_pose
from suwen.subject import Saying

__all__ = ["KINDS", "Contact", "Kind", "contacts", "fingerprint", "tanimoto"]

_PLIP = "PLIP, Salentin S et al. Nucleic Acids Res 2015;43:W443-W447"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of contact: its name, its thresholds in words of both languages, and their source."""

    key: str
    name: Saying
    threshold: Saying
    source: str = _PLIP


_ALL = (
    Kind(
        "hydrogen_bond",
        Saying("hydrogen bond", "氢键"),
        Saying("donor to acceptor ≤ 4.1 Å, angle at the hydrogen ≥ 100°", "供体与受体 ≤ 4.1 Å，氢处角度 ≥ 100°"),
        f"{_PLIP}; Hubbard RE, Kamran Haider M. 2001",
    ),
    Kind(
        "salt_bridge",
        Saying("salt bridge", "盐桥"),
        Saying("centres of charge ≤ 5.5 Å", "电荷中心 ≤ 5.5 Å"),
        f"{_PLIP}; Barlow and Thornton 1983",
    ),
    Kind(
        "stacking",
        Saying("pi stacking", "π-π堆积"),
        Saying(
            "ring centres ≤ 5.5 Å, planes within 30° of parallel or upright, offset ≤ 2.0 Å",
            "环心 ≤ 5.5 Å，平面与平行或垂直相差 30° 以内，偏移 ≤ 2.0 Å",
        ),
        f"{_PLIP}; McGaughey 1998",
    ),
    Kind(
        "cation_pi",
        Saying("cation-pi", "阳离子-π"),
        Saying("charge to ring centre ≤ 6.0 Å, offset ≤ 2.0 Å", "电荷至环心 ≤ 6.0 Å，偏移 ≤ 2.0 Å"),
        f"{_PLIP}; Gallivan and Dougherty 1999",
    ),
    Kind(
        "halogen_bond",
        Saying("halogen bond", "卤键"),
        Saying(
            "halogen to acceptor ≤ 4.0 Å, angle at the halogen 165° ± 30°, at the acceptor 120° ± 30°",
            "卤素至受体 ≤ 4.0 Å，卤素处角度 165° ± 30°，受体处 120° ± 30°",
        ),
        f"{_PLIP}; Auffinger 2004",
    ),
    Kind(
        "metal",
        Saying("metal coordination", "金属配位"),
        Saying("metal to O, N or S ≤ 3.0 Å", "金属至 O、N 或 S ≤ 3.0 Å"),
        f"{_PLIP}; Harding 2001",
    ),
    Kind(
        "hydrophobic",
        Saying("hydrophobic contact", "疏水接触"),
        Saying("carbons bonded to C and H only ≤ 4.0 Å", "仅与 C、H 相连的碳原子 ≤ 4.0 Å"),
    ),
)
KINDS: Mapping[str, Kind] = MappingProxyType({one.key: one for one in _ALL})
"""Every kind by its key, the more specific first."""

_LEAST = 0.5  # Å, below which two atoms are one
_BONDED, _BRIDGE, _STACK, _CATION, _HALOGEN, _METAL, _GREASE = 4.1, 5.5, 5.5, 6.0, 4.0, 3.0, 4.0
_DONOR_ANGLE, _OFFSET, _PLANES = 100.0, 2.0, 30.0
_HALOGEN_ANGLE, _ACCEPTOR_ANGLE, _SPREAD = 165.0, 120.0, 30.0
_CONE = 109.5  # degrees between the bond of a group that turns and its hydrogen


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact: `atoms` of the ligand by their place in the docked SMILES, the receptor's atom names, and Å.

    `angle` in degrees where the kind has one. `donor` tells of a hydrogen bond whether the ligand gives it.
    """

    kind: str
    residue: Residue
    atoms: tuple[int, ...]
    names: tuple[str, ...]
    distance: float
    angle: float | None = None
    donor: bool | None = None


def contacts(receptor: Receptor, pose: Pose) -> tuple[Contact, ...]:
    """Every contact of a pose with its receptor, by kind, then residue, nearest first.

    Of hydrophobic contacts the nearest with each residue is told; a hydrogen bond within a salt bridge is told as the
    bridge. Raises InputError where the pose's mol block cannot be read, MissingExtraError without RDKit.
    """
    ligand = sites_of_pose(pose)
    pocket = sites_of_pocket(receptor, pose.coordinates)
    found = [one for rule in _RULES for one in rule(ligand, pocket)]
    bridged = {(one.residue, atom) for one in found if one.kind == "salt_bridge" for atom in one.atoms}
    kept = [
        one for one in found if one.kind != "hydrogen_bond" or not any((one.residue, at) in bridged for at in one.atoms)
    ]
    order = list(KINDS)
    return tuple(sorted(_nearest(kept), key=lambda one: (order.index(one.kind), one.residue, one.distance)))


def fingerprint(found: Iterable[Contact]) -> frozenset[tuple[str, str]]:
    """Which residue is touched in which way: pairs of the residue's label and the kind."""
    return frozenset((one.residue.label, one.kind) for one in found)


def tanimoto(one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]) -> float:
    """The share of what either fingerprint holds that both do, 0 to 1; 1 for two that are empty."""
    every = one | other
    return len(one & other) / len(every) if every else 1.0


def _nearest(found: Iterable[Contact]) -> Iterator[Contact]:
    """The nearest contact of each kind, residue and, but for hydrophobic ones, ligand atoms."""
    best: dict[tuple[object, ...], Contact] = {}
    for one in found:
        key = (one.kind, one.residue, () if one.kind == "hydrophobic" else one.atoms)
        if key not in best or one.distance < best[key].distance:
            best[key] = one
    yield from best.values()


def _hydrogen_bonds(ligand: Sites, pocket: Sites) -> Iterator[Contact]:
    for given, taken, from_ligand in ((ligand, pocket, True), (pocket, ligand, False)):
        for donor in given.donors:
            for acceptor in taken.acceptors:
                distance = _distance(given.at(donor.atom), taken.at(acceptor))
                if not _LEAST < distance <= _BONDED:
                    continue
                angle = _donor_angle(given, donor, taken.at(acceptor))
                if angle >= _DONOR_ANGLE:
                    own, other = (donor.atom, acceptor) if from_ligand else (acceptor, donor.atom)
                    yield _contact(
                        "hydrogen_bond", ligand, pocket, (own,), (other,), distance, angle, donor=from_ligand
                    )


def _donor_angle(sites: Sites, donor: Donor, acceptor: Points) -> float:
    """The angle at the hydrogen, degrees; of one that turns the best it can have."""
    at = sites.at(donor.atom)
    if donor.pivot is None:
        return max((_angle(at, hydrogen, acceptor) for hydrogen in donor.hydrogens), default=0.0)
    off = np.deg2rad(_angle(sites.at(donor.pivot), at, acceptor) - _CONE)
    length, distance = 1.0, _distance(at, acceptor)
    hydrogen = np.array([length * np.cos(off), length * np.sin(off), 0.0])
    return _angle(np.zeros(3), hydrogen, np.array([distance, 0.0, 0.0]))


def _salt_bridges(ligand: Sites, pocket: Sites) -> Iterator[Contact]:
    for one, other in _opposed(ligand.charges, pocket.charges):
        distance = _distance(one.centre, other.centre)
        if _LEAST < distance <= _BRIDGE:
            yield _contact("salt_bridge", ligand, pocket, one.atoms, other.atoms, distance)


def _opposed(own: Iterable[Charge], others: Iterable[Charge]) -> Iterator[tuple[Charge, Charge]]:
    return ((one, other) for one in own for other in others if one.sign * other.sign < 0)


def _stacked(ligand: Sites, pocket: Sites) -> Iterator[Contact]:
    for one in ligand.rings:
        for other in pocket.rings:
            distance = _distance(one.centre, other.centre)
            if not _LEAST < distance <= _STACK or min(_offset(one, other), _offset(other, one)) > _OFFSET:
                continue
            angle = np.rad2deg(np.arccos(min(1.0, abs(float(one.normal @ other.normal)))))
            if angle <= _PLANES or angle >= 90.0 - _PLANES:
                yield _contact("stacking", ligand, pocket, one.atoms, other.atoms, distance, angle)


def _offset(ring: Ring, other: Ring) -> float:
    """How far the other ring's centre lies beside this one's axis, Å."""
    return _beside(ring, other.centre)


def _beside(ring: Ring, place: Points) -> float:
    away = place - ring.centre
    return float(np.linalg.norm(away - ring.normal * (away @ ring.normal)))


def _cation_pi(ligand: Sites, pocket: Sites) -> Iterator[Contact]:
    for given, taken, of_ligand in ((ligand, pocket, True), (pocket, ligand, False)):
        for charge in (one for one in given.charges if one.sign > 0):
            for ring in taken.rings:
                distance = _distance(charge.centre, ring.centre)
                if _LEAST < distance <= _CATION and _beside(ring, charge.centre) <= _OFFSET:
                    own, other = (charge.atoms, ring.atoms) if of_ligand else (ring.atoms, charge.atoms)
                    yield _contact("cation_pi", ligand, pocket, own, other, distance)


def _halogen_bonds(ligand: Sites, pocket: Sites) -> Iterator[Contact]:
    for halogen, carbon in ligand.halogens:
        for acceptor in pocket.acceptors:
            distance = _distance(ligand.at(halogen), pocket.at(acceptor))
            if not _LEAST < distance <= _HALOGEN:
                continue
            angle = _angle(ligand.at(carbon), ligand.at(halogen), pocket.at(acceptor))
            behind = [_angle(ligand.at(halogen), pocket.at(acceptor), one) for one in pocket.neighbours(acceptor)]
            well = abs(angle - _HALOGEN_ANGLE) <= _SPREAD
            if well and any(abs(one - _ACCEPTOR_ANGLE) <= _SPREAD for one in behind):
                yield _contact("halogen_bond", ligand, pocket, (halogen,), (acceptor,), distance, angle)


def _metals(ligand: Sites, pocket: Sites) -> Iterator[Contact]:
    for metal in pocket.metals:
        for atom in ligand.binders:
            distance = _distance(ligand.at(atom), pocket.at(metal))
            if _LEAST < distance <= _METAL:
                yield _contact("metal", ligand, pocket, (atom,), (metal,), distance)


def _hydrophobic(ligand: Sites, pocket: Sites) -> Iterator[Contact]:
    for atom in ligand.greasy:
        for other in pocket.greasy:
            distance = _distance(ligand.at(atom), pocket.at(other))
            if _LEAST < distance <= _GREASE:
                yield _contact("hydrophobic", ligand, pocket, (atom,), (other,), distance)


_RULES: tuple[Callable[[Sites, Sites], Iterator[Contact]], ...] = (
    _hydrogen_bonds, _salt_bridges, _stacked, _cation_pi, _halogen_bonds, _metals, _hydrophobic,
)  # fmt: skip


def _contact(  # noqa: PLR0913 (what a contact is made of)
    kind: str,
    ligand: Sites,
    pocket: Sites,
    own: tuple[int, ...],
    others: tuple[int, ...],
    distance: float,
    angle: float | None = None,
    *,
    donor: bool | None = None,
) -> Contact:
    del ligand
    names = tuple(pocket.names[one] for one in others)
    rounded = None if angle is None else round(float(angle), 1)
    return Contact(kind, pocket.residues[others[0]], own, names, round(distance, 2), rounded, donor)


def _distance(one: Points, other: Points) -> float:
    return float(np.linalg.norm(one - other))


def _angle(one: Points, middle: Points, other: Points) -> float:
    """Degrees at the middle."""
    first, second = one - middle, other - middle
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(np.rad2deg(np.arccos(np.clip(first @ second / size, -1.0, 1.0)))) if size else 0.0
