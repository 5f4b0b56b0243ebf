"""Receptors: read from PDBQT as somebody prepared them, or prepared here from a PDB file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from suwen.drugs.docking.nouns import Receptor, Residue
from suwen.drugs.docking.pdb import coordinate_lines, text_of
from suwen.drugs.docking.prepare import prepared
from suwen.errors import FormatError, InputError
from suwen.formats.molecules.naming import naming

__all__ = ["read_receptor"]

_TYPES = frozenset(("H", "HD", "HS", "C", "A", "N", "NA", "NS", "O", "OA", "OS", "S", "SA", "P", "F", "Cl", "CL",
                    "Br", "BR", "I", "Si", "At", "Mg", "MG", "Mn", "MN", "Zn", "ZN", "Ca", "CA", "Fe", "FE", "Cu",
                    "Na", "K", "Hg", "Co", "U", "Cd", "Ni"))  # fmt: skip
_TREE = ("ROOT", "BRANCH", "TORSDOF", "BEGIN_RES")


def read_receptor(path: Path | str, *, keep: Iterable[str] = ()) -> Receptor:
    """A receptor from a file: .pdbqt as it stands, or .pdb and .ent, which are prepared (each also .gz).

    Of a PDB file the first model is taken, of several places of an atom the fullest; waters, ligands and what else is
    not polymer are dropped, metal ions kept, polar hydrogens put where there are none, histidines made neutral, and
    everything of that is said in `noticed`. Missing atoms are told, not built.

    Args:
        path: the file.
        keep: names of residues that are part of the receptor though not polymer (HEM); types by element.

    Raises:
        NotFoundError: there is no such file.
        FormatError: it is another kind, damaged, or holds no atom.
        InputError: it has atoms of types that Vina does not know, or is a ligand's PDBQT.

    """
    path = Path(path)
    with naming(path):
        return _read(path, keep)


def _read(path: Path, keep: Iterable[str]) -> Receptor:
    name = path.name.removesuffix(".gz")
    if name.lower().endswith(".pdbqt"):
        return _as_it_stands(text_of(path), name)
    if name.lower().endswith((".pdb", ".ent")):
        return prepared(text_of(path), name, frozenset(one.upper() for one in keep))
    if not path.exists():
        text_of(path)  # says that nothing is there
    raise FormatError(f"a receptor is read from .pdbqt, .pdb or .ent, also .gz; {path.name} is another kind of file")


def _as_it_stands(text: str, name: str) -> Receptor:
    if any(line.startswith(_TREE) for line in text.splitlines()):
        raise InputError(f"{name} has a tree of torsions: it is a ligand or flexible residues, and no rigid receptor")
    lines, types, names, residues, places = [], [], [], [], []
    for line in coordinate_lines(text):
        kind = line[77:].split()
        try:
            place = [float(line[begin : begin + 8]) for begin in (30, 38, 46)]
            number = int(line[22:26])
        except ValueError as error:
            raise FormatError(f"{name} has a line that is no atom of PDBQT: {line[:54].strip()!r}") from error
        if not kind or kind[0] not in _TYPES or not np.isfinite(place).all():
            raise InputError(
                f"{name}: the atom type {kind[0][:4] if kind else ''!r} of {line[12:26].strip()!r} is not known to Vina"
            )
        lines.append(line.rstrip())
        types.append(kind[0])
        names.append(line[12:16].strip())
        residues.append(Residue(line[21:22].strip(), number, line[26:27].strip(), line[17:20].strip()))
        places.append(place)
    if not lines:
        raise FormatError(f"{name} holds no atom; it is no receptor")
    positions = np.asarray(places)
    positions.flags.writeable = False
    return Receptor(name, "\n".join([*lines, ""]), tuple(names), tuple(types), tuple(residues), positions)
