"""What docking is about: a receptor, a box in it, how it is searched, and a molecule docked into it."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError, Problem
from suwen.formats.molecules.nouns import Molecule

__all__ = ["LARGEST", "Box", "Docked", "Pose", "Receptor", "Redocked", "Residue", "Settings"]

Points = NDArray[np.float64]
LARGEST = 126.0
"""Å along an edge of a box: Vina's grids hold 0.375 Å steps, and beyond this a search finds nothing again."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where poses are looked for: centre and edges in Å, axes as those of the receptor's file."""

    centre: tuple[float, float, float]
    size: tuple[float, float, float]

    def __post_init__(self) -> None:
        numbers = (*self.centre, *self.size)
        if len(self.centre) != 3 or len(self.size) != 3 or not all(math.isfinite(one) for one in numbers):
            raise InputError(f"a box is three finite numbers of its centre and three of its edges in Å, not {numbers}")
        if not all(0.0 < edge <= LARGEST for edge in self.size):
            raise InputError(f"the edges of a box are above 0 and at most {LARGEST:g} Å, not {self.size}")

    @property
    def volume(self) -> float:
        """In Å³; Vina's authors advise at most 27,000."""
        return math.prod(self.size)

    def inside(self, points: Points) -> NDArray[np.bool_]:
        """Of points [n, 3], which lie in the box."""
        within: NDArray[np.bool_] = (np.abs(points - np.asarray(self.centre)) <= np.asarray(self.size) / 2).all(axis=1)
        return within


@dataclass(frozen=True, slots=True, order=True)
class Residue:
    """One residue of a receptor, as its file numbers it; `insertion` is the letter behind the number."""

    chain: str
    number: int
    insertion: str
    name: str

    @property
    def label(self) -> str:
        """As crystallographers write it: ASP189, with A: before it where the file names the chain."""
        return f"{self.chain}:{self.key}" if self.chain else self.key

    @property
    def key(self) -> str:
        """Name and number without the chain."""
        return f"{self.name}{self.number}{self.insertion}"


@dataclass(frozen=True, slots=True, eq=False)
class Receptor:
    """A receptor ready to dock into: `pdbqt` is what Vina reads, the rest the same atom by atom, in its order.

    `names` are the atoms' names, `types` their AutoDock types, `residues` where they belong, `positions` [n, 3] in Å,
    read-only. `noticed` tells what preparing dropped, chose or missed.
    """

    name: str
    pdbqt: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    residues: tuple[Residue, ...]
    positions: Points
    noticed: tuple[Problem, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of what Vina reads."""
        return hashlib.sha256(self.pdbqt.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Settings:
    """How the search is done; two runs with the same settings on the same machine give the same numbers.

    `exhaustiveness` is the number of Monte Carlo runs of Vina, `spread` the kcal/mol above the best pose within which
    others are kept, `stereoisomers` how many forms of a molecule with open stereocentres are docked, `shapes`
    how many folds of its rings are tried (docking turns bonds, but no ring), each of which takes the whole time again,
    `limit` the seconds after which a ligand is given up.
    """

    seed: int = 1
    exhaustiveness: int = 8
    poses: int = 9
    spread: float = 3.0
    stereoisomers: int = 4
    shapes: int = 1
    protonate: bool = True
    limit: float = 1800.0

    def __post_init__(self) -> None:
        wholes = {
            "exhaustiveness": (1, 1024),
            "poses": (1, 100),
            "stereoisomers": (1, 64),
            "shapes": (1, 32),
            "seed": (1, 2**31 - 1),
        }
        for key, (low, high) in wholes.items():
            if not low <= getattr(self, key) <= high:
                raise InputError(f"{key} of docking is from {low} to {high}, not {getattr(self, key)}")
        for key, most in (("spread", 100.0), ("limit", 7 * 86400.0)):
            if not 0 < getattr(self, key) <= most:
                raise InputError(f"{key} of docking is above 0 and at most {most:g}, not {getattr(self, key)}")


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """One way a molecule may lie: `score` in kcal/mol as Vina gives it, lower is better, the best has `rank` 1.

    `inter` is the part between molecule and receptor. `coordinates` [n, 3] in Å are the heavy atoms in the order of
    the docked SMILES, read-only. `block` is a mol block (V2000) with bond orders, stereo and all hydrogens, heavy
    atoms first in the same order.
    """

    rank: int
    score: float
    inter: float
    coordinates: Points = field(repr=False)
    block: str = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Docked:
    """A molecule docked: `smiles` is the form that was docked (charges of pH 7.4, every stereocentre stated).

    `poses` are those of the best form, best first, at least one; `forms` how many stereoisomers were docked,
    `torsions` the bonds that were turned, `heavy` the heavy atoms, `noticed` what was assumed. `key` names the row in
    a list.
    """

    molecule: Molecule
    smiles: str
    charge: int
    torsions: int
    heavy: int
    poses: tuple[Pose, ...]
    forms: int = 1
    seconds: float = 0.0
    noticed: tuple[Problem, ...] = ()
    row: int = field(default=0)

    def __post_init__(self) -> None:
        # A failed docking must never pass as a number: no pose, no Docked.
        if not self.poses or not all(math.isfinite(pose.score) for pose in self.poses):
            raise InputError("a docked molecule has at least one pose with a finite score")

    @property
    def score(self) -> float:
        """The best pose's, kcal/mol."""
        return self.poses[0].score

    @property
    def efficiency(self) -> float:
        """Ligand efficiency: -score for each heavy atom, kcal/mol (Hopkins AL et al. 2004;9:430-431)."""
        return -self.score / self.heavy


@dataclass(frozen=True, slots=True, eq=False)
class Redocked:
    """A known pose docked again: root mean square deviations in Å of each pose's heavy atoms, in the poses' order."""

    docked: Docked
    deviations: tuple[float, ...]

    @property
    def best(self) -> float:
        """Of the pose that scored best; up to 2 Å is the field's usual mark of success."""
        return self.deviations[0]

    @property
    def nearest(self) -> float:
        """Of the pose that lies nearest."""
        return min(self.deviations)
