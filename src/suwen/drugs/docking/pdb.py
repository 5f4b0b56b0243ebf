"""PDB files read: atoms by residue, one model, one place for each atom (wwPDB format 3.3, fixed columns)."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from suwen.drugs.docking.notices import notice
from suwen.drugs.docking.nouns import Points, Residue
from suwen.errors import FormatError, NotFoundError, Problem

__all__ = ["Atom", "Group", "coordinate_lines", "read_pdb", "text_of"]

_MOST_BYTES = 100_000_000
_MOST_ATOMS = 300_000
# What programs of molecular dynamics call some atoms.
_ALIASES = {("ILE", "CD"): "CD1", ("", "OT1"): "O", ("", "OT2"): "OXT"}
_TWO_LETTERS = frozenset(
    ("CL", "BR", "ZN", "MG", "MN", "FE", "NI", "CO", "CU", "CD", "NA", "SE", "HG", "SI", "CA", "LI")
)


@dataclass(frozen=True, slots=True)
class Atom:
    """One atom of a file: its name, element in capitals, place in Å, share of time there, and letter of its place."""

    name: str
    element: str
    place: tuple[float, float, float]
    occupancy: float
    alternate: str


@dataclass(frozen=True, slots=True)
class Group:
    """A residue as it stands in the file, its atoms by name, and whether any is a HETATM."""

    residue: Residue
    atoms: dict[str, Atom]
    is_het: bool

    def points(self) -> Points:
        """Places of its atoms [n, 3], Å."""
        return np.asarray([one.place for one in self.atoms.values()], float).reshape(-1, 3)


def text_of(path: Path | str) -> str:
    """The text of a file, also .gz. Raises NotFoundError where nothing is there, FormatError where it is damaged."""
    path = Path(path)
    if path.is_dir() or not path.exists():
        raise NotFoundError(f"there is no file {path}")
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except (OSError, EOFError) as error:
        raise FormatError(f"{path.name} cannot be read: it is damaged or not permitted") from error
    if len(data) > _MOST_BYTES:
        raise FormatError(f"{path.name} is larger than {_MOST_BYTES} bytes, more than is read of a structure")
    if b"\0" in data:
        raise FormatError(f"{path.name} is no text")
    return data.decode("utf-8", "replace")


def read_pdb(text: str) -> tuple[list[Group], list[Problem]]:
    """The residues of the first model in their order, and what had to be chosen.

    Where an atom has several places the residue's letter with the highest occupancy is taken, the first of equals, for
    the whole residue. Raises FormatError where there is no atom or a coordinate is no number.
    """
    noticed = []
    models = sum(line.startswith("MODEL ") for line in text.splitlines())
    if models > 1:
        noticed.append(notice("models", count=models))
    found: dict[tuple[str, int, str], list[tuple[str, bool, Atom]]] = {}
    count = 0
    for line in coordinate_lines(text):
        residue, atom = _parsed(line)
        found.setdefault((residue.chain, residue.number, residue.insertion), []).append(
            (residue.name, line.startswith("HETATM"), atom)
        )
        count += 1
    if not count:
        raise FormatError("the file holds no atom (no line ATOM or HETATM); it is no PDB or PDBQT file")
    groups, alternates = [], 0
    for (chain, number, insertion), atoms in found.items():
        chosen, several = _one_place(atoms)
        alternates += several
        for name in dict.fromkeys(name for name, _het, _atom in chosen):
            own = [(het, atom) for given, het, atom in chosen if given == name]
            kept = {atom.name: atom for _het, atom in reversed(own)}  # of two atoms of one name the first
            named = dict(sorted(kept.items(), key=lambda item: [atom.name for _h, atom in own].index(item[0])))
            groups.append(Group(Residue(chain, number, insertion, name), named, any(het for het, _atom in own)))
    if alternates:
        noticed.append(notice("alternates", count=alternates))
    return groups, noticed


def coordinate_lines(text: str) -> Iterator[str]:
    """The ATOM and HETATM lines of the first model. Raises FormatError where there are too many."""
    count, begun = 0, False
    for line in text.splitlines():
        if line.startswith("MODEL ") and begun:
            return
        if line.startswith("ENDMDL"):
            return
        if line.startswith(("ATOM  ", "HETATM")):
            begun, count = True, count + 1
            if count > _MOST_ATOMS:
                raise FormatError(f"the file holds more than {_MOST_ATOMS} atoms; cut out the part to dock into")
            yield line


def _one_place(atoms: Iterable[tuple[str, bool, Atom]]) -> tuple[list[tuple[str, bool, Atom]], bool]:
    atoms = list(atoms)
    shares: dict[str, float] = {}
    for _name, _het, atom in atoms:
        if atom.alternate:
            shares[atom.alternate] = max(shares.get(atom.alternate, 0.0), atom.occupancy)
    if len(shares) < 2:
        return atoms, False
    best = max(shares, key=lambda letter: (shares[letter], -ord(letter[0])))
    at_best = {atom.name for _name, _het, atom in atoms if atom.alternate in ("", best)}
    # An atom that has places, but none of that letter, keeps its first.
    chosen = [one for one in atoms if one[2].alternate in ("", best) or one[2].name not in at_best]
    return chosen, True


def _parsed(line: str) -> tuple[Residue, Atom]:
    try:
        x, y, z = (float(line[begin : begin + 8]) for begin in (30, 38, 46))
        number = int(line[22:26])
        occupancy = float(line[54:60].strip() or 1.0)
    except ValueError as error:
        raise FormatError(
            f"this line is no atom of a PDB file, whose columns are fixed: {line[:54].strip()!r}"
        ) from error
    if not np.isfinite((x, y, z)).all():
        raise FormatError(f"an atom has a place that is no number: {line[:54].strip()!r}")
    name = line[12:16]
    residue = Residue(line[21:22].strip(), number, line[26:27].strip(), line[17:20].strip().upper())
    element = _element(line[76:78].strip().upper(), name, residue.name)
    plain = name.strip().replace("*", "'")
    plain = _ALIASES.get((residue.name, plain), _ALIASES.get(("", plain), plain))
    return residue, Atom(plain, element, (x, y, z), occupancy, line[16:17].strip())


def _element(written: str, name: str, residue: str) -> str:
    """The element as the file says it, else by the name: it begins in the first of four columns if of two letters."""
    if written.isalpha():
        return written
    bare = name.strip().lstrip("0123456789").upper()
    if not name.startswith(" ") and bare[:2] in _TWO_LETTERS and (bare[:2] != "CA" or residue == "CA"):
        return bare[:2]
    return bare[:1] or "?"
