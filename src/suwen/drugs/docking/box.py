"""Boxes to dock in: around a ligand, around residues, or from numbers."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from suwen.drugs.docking.notices import notice
from suwen.drugs.docking.nouns import Box, Points, Receptor
from suwen.errors import FormatError, InputError, NotFoundError, Problem
from suwen.formats.molecules.naming import naming

__all__ = ["box_around", "box_of_file", "box_of_numbers", "box_of_residues", "check_box"]

_PADDING = 5.0  # Å on each side: a ligand that turns end over end still fits
_LEAST = 15.0  # Å along an edge
_ADVISED = 27_000.0  # Å³, above which Vina's own manual asks for more exhaustiveness
_NEAR = 6.0  # Å between the box and the next atom of the receptor: beyond it nothing in the box is scored
_MOST = 50_000_000  # bytes of a file of coordinates


def box_around(points: Points, *, padding: float = _PADDING) -> Box:
    """The box that holds points [n, 3] in Å with `padding` on each side, no edge below 15 Å. Raises InputError."""
    if not len(points) or not np.isfinite(points).all():
        raise InputError("a box is put around at least one atom with finite coordinates, and there is none")
    if not 0 <= padding <= 30:
        raise InputError(f"the padding of a box is from 0 to 30 Å, not {padding}")
    low, high = points.min(axis=0), points.max(axis=0)
    centre, size = (low + high) / 2, np.maximum(high - low + 2 * padding, _LEAST)
    return Box(_three(centre), _three(size))


def _three(values: Points) -> tuple[float, float, float]:
    x, y, z = (round(float(one), 3) for one in values)
    return x, y, z


def box_of_numbers(text: str) -> Box:
    """The box that six numbers say: x, y, z of the centre, then the edges in Å, by commas or blanks.

    Raises InputError where they are not six finite numbers.
    """
    words = [one for one in re.split(r"[\s,;]+", text.strip()) if one]
    try:
        numbers = [float(one) for one in words]
    except ValueError:
        numbers = []
    if len(numbers) != 6:
        raise InputError(f"a box is six numbers in Å, x,y,z,width,depth,height, and not {text[:80]!r}")
    return Box((numbers[0], numbers[1], numbers[2]), (numbers[3], numbers[4], numbers[5]))


def box_of_residues(receptor: Receptor, text: str, *, padding: float = _PADDING) -> Box:
    """The box around residues named as "A:712,A:780" or "712,780" where the chain does not matter.

    Raises InputError where the text is none, NotFoundError where a residue is not there.
    """
    chosen = []
    for word in re.split(r"[\s,;]+", text.strip()):
        found = re.fullmatch(r"(?:([A-Za-z0-9]):)?([A-Za-z]{3})?(-?\d{1,4})([A-Za-z]?)", word)
        if found is None:
            raise InputError(f"residues are written A:712,A:780, and {word[:20]!r} is none")
        chain, name, number, insertion = found.groups()
        atoms = [
            at
            for at, one in enumerate(receptor.residues)
            if (one.number, one.insertion) == (int(number), insertion)
            and chain in (None, one.chain)
            and (name is None or name.upper() == one.name)
        ]
        if not atoms:
            raise NotFoundError(f"the receptor has no residue {word}; {_numbered(receptor)}")
        chosen += atoms
    return box_around(receptor.positions[chosen], padding=padding)


def _numbered(receptor: Receptor) -> str:
    spans: dict[str, list[int]] = {}
    for one in receptor.residues:
        spans.setdefault(one.chain, []).append(one.number)
    return "; ".join(
        f"{f'chain {chain} has' if chain else 'it has'} {min(one)} to {max(one)}"
        for chain, one in sorted(spans.items())
    )


def box_of_file(path: Path | str, *, padding: float = _PADDING) -> Box:
    """The box around a ligand's atoms in a file: SDF, MOL (V2000), PDB or PDBQT, also .gz; of an SDF the first record.

    Raises NotFoundError where nothing is there, FormatError where it is another kind or holds no place in space.
    """
    path = Path(path)
    with naming(path):
        return box_around(_points(path), padding=padding)


def _points(path: Path) -> Points:
    points = np.asarray(_places(_text(path), path.name.lower().removesuffix(".gz")), float).reshape(-1, 3)
    if len(points) > 1 and not np.ptp(points, axis=0).any():
        raise FormatError("every atom of the ligand's file lies at the same place; give a file with coordinates")
    if not len(points):
        raise FormatError("the ligand's file holds no atom with coordinates")
    if len(points) > 1 and not points[:, 2].any():
        raise FormatError("the ligand's file is flat (every z is 0), a drawing and no pose; give one with coordinates")
    return points


def _text(path: Path) -> str:
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}")
    try:
        data = path.read_bytes()[: _MOST + 1]
        if path.suffix.lower() == ".gz":
            with gzip.open(path) as file:
                data = file.read(_MOST + 1)
    except (OSError, EOFError) as error:
        raise FormatError(f"{path.name} cannot be read: it is damaged or not permitted") from error
    if len(data) > _MOST:
        raise FormatError(f"{path.name} is larger than {_MOST} bytes; that is no file of one molecule")
    return data.decode("utf-8", "replace")


def _places(text: str, name: str) -> list[list[float]]:
    try:
        if name.endswith((".pdb", ".ent", ".pdbqt")):
            return [_columns(line) for line in text.splitlines() if line.startswith(("ATOM", "HETATM"))]
        if name.endswith((".sdf", ".sd", ".mol")):
            return _of_block(text.splitlines())
    except ValueError as error:
        raise FormatError(f"{name} holds a coordinate that is no number") from error
    raise FormatError(f"a ligand's place is read from .sdf, .mol, .pdb or .pdbqt, and {name} is another")


def _columns(line: str) -> list[float]:
    return [float(line[begin : begin + 8]) for begin in (30, 38, 46)]


def _of_block(lines: Sequence[str]) -> list[list[float]]:
    if len(lines) < 4 or not lines[3][:3].strip().isdigit() or "V3000" in lines[3]:
        raise FormatError("the ligand's file holds no mol block of V2000")
    count = int(lines[3][:3])
    return [[float(line[begin : begin + 10]) for begin in (0, 10, 20)] for line in lines[4 : 4 + count]]


def check_box(receptor: Receptor, box: Box) -> tuple[Problem, ...]:
    """What to know of a box in a receptor. Raises InputError where no atom of the receptor is in or beside it."""
    distances = np.abs(receptor.positions - np.asarray(box.centre)) - np.asarray(box.size) / 2
    nearest = float(np.linalg.norm(np.maximum(distances, 0.0), axis=1).min())
    if nearest > _NEAR:
        raise InputError(
            f"the box lies {nearest:.0f} Å away from every atom of the receptor; its centre is "
            f"{', '.join(f'{one:.1f}' for one in box.centre)} and the receptor's "
            f"{', '.join(f'{one:.1f}' for one in receptor.positions.mean(axis=0))}"
        )
    return (notice("wide", volume=round(box.volume)),) if box.volume > _ADVISED else ()
