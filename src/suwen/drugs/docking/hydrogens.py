"""Polar hydrogens put on a receptor by geometry, where its file has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from suwen.drugs.docking.nouns import Points
from suwen.drugs.docking.residues import Hydrogens

__all__ = ["placed"]

_LENGTHS = {"N": 1.01, "O": 0.96, "S": 1.34}  # Å (CRC Handbook of Chemistry and Physics, bond lengths of small ones)
_TETRAHEDRAL = np.deg2rad(180.0 - 109.47)
_STEPS = 36


def placed(site: Hydrogens, element: str, places: Mapping[str, Points], bonds: Mapping[str, Sequence[str]],
           acceptors: Points) -> dict[str, Points]:  # fmt: skip
    """Where the hydrogens of a site stand, by name; none where the atoms that say where are missing.

    Args:
        site: the atom and its hydrogens.
        element: of that atom.
        places: of the atoms of the residue and of what is bonded to it, by name.
        bonds: the bonded heavy atoms of each, by name.
        acceptors: places [n, 3] of atoms near by that a hydrogen which turns may face.

    """
    at = places.get(site.atom)
    near = bonds.get(site.atom, ())
    if at is None or not near:
        return {}
    length = _LENGTHS.get(element, 1.0)
    if site.kind == "flat" and len(near) == 2 and len(site.names) == 1:
        towards = -sum((_unit(places[one] - at) for one in near), start=np.zeros(3))
        return {site.names[0]: at + length * _unit(towards)} if np.linalg.norm(towards) > 1e-3 else {}
    if len(near) != 1:
        return {}
    axis = _unit(at - places[near[0]])
    side = _side(site.atom, near[0], axis, places, bonds)
    if site.kind == "flat":
        directions = [0.5 * axis + sign * np.sin(np.pi / 3) * side for sign in (1, -1)]
        return {name: at + length * _unit(way) for name, way in zip(site.names, directions, strict=False)}
    return _turned(site.names, at, axis, side, length, acceptors)


def _side(atom: str, parent: str, axis: Points, places: Mapping[str, Points], bonds: Mapping[str, Sequence[str]]
          ) -> Points:  # fmt: skip
    """A direction across the axis, in the plane of what else is bonded to the parent."""
    for other in bonds.get(parent, ()):
        if other != atom and other in places:
            across = places[other] - places[parent]
            across = across - axis * (across @ axis)
            if np.linalg.norm(across) > 1e-3:
                return _unit(across)
    return _unit(np.cross(axis, np.eye(3)[int(np.argmin(np.abs(axis)))]))


def _turned(names: Sequence[str], at: Points, axis: Points, side: Points, length: float, acceptors: Points
            ) -> dict[str, Points]:  # fmt: skip
    """Hydrogens about a bond: three staggered, one or two towards the nearest acceptor, else away from the side."""
    third = np.cross(axis, side)

    def at_angle(angle: float) -> Points:
        across = np.cos(angle) * side + np.sin(angle) * third
        made: Points = at + length * (np.cos(_TETRAHEDRAL) * axis + np.sin(_TETRAHEDRAL) * across)
        return made

    begin = np.pi
    if len(names) < 3 and len(acceptors):
        angles = np.linspace(0, 2 * np.pi, _STEPS, endpoint=False)
        begin = float(min(angles, key=lambda one: float(np.linalg.norm(acceptors - at_angle(one), axis=1).min())))
    return {name: at_angle(begin + 2 * np.pi * number / 3) for number, name in enumerate(names)}


def _unit(vector: Points) -> Points:
    made: Points = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return made
