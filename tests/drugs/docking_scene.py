"""A small receptor to dock into, made of a peptide in space, so that tests need no data."""

from __future__ import annotations

import gzip
import os
from functools import cache
from pathlib import Path

from rdkit import Chem
from rdkit.Chem import AllChem

from suwen.drugs.docking.box import box_around
from suwen.drugs.docking.nouns import Box, Receptor
from suwen.drugs.docking.receptor import read_receptor

__all__ = ["PARP1", "heavy_pdb", "parp1", "peptide_pdb", "scene"]

PARP1 = Box((26.413, 11.282, 27.238), (18.521, 17.479, 19.995))
"""The pocket of PARP1 in the data's receptor."""


@cache
def peptide_pdb(sequence: str = "DWGKSFHRYTCNQE") -> str:
    """PDB text of a peptide with all hydrogens, by RDKit."""
    mol = Chem.AddHs(Chem.MolFromSequence(sequence), addResidueInfo=True)
    parameters = AllChem.ETKDGv3()
    parameters.randomSeed, parameters.useRandomCoords = 11, True
    assert AllChem.EmbedMolecule(mol, parameters) == 0
    return str(Chem.MolToPDBBlock(mol))


def heavy_pdb(text: str) -> str:
    """The same without hydrogens and bonds."""
    kept = (line for line in text.splitlines() if line.startswith(("ATOM", "HETATM")) and line[76:78].strip() != "H")
    return "\n".join([*kept, "END", ""])


def scene(folder: Path) -> tuple[Receptor, Box, Path]:
    """The peptide as a receptor, a box around the middle of it, and its file."""
    file = folder / "peptide.pdb"
    file.write_text(heavy_pdb(peptide_pdb()), "utf-8")
    receptor = read_receptor(file)
    middle = receptor.positions[len(receptor.names) // 3 : len(receptor.names) // 2]
    return receptor, Box(box_around(middle, padding=2.0).centre, (16.0, 16.0, 16.0)), file


def parp1(folder: Path) -> Path | None:
    """The part of PARP1 around its pocket as a PDBQT file; None where the data are absent."""
    data = os.environ.get("SUWEN_DATA")
    source = Path(data or "/nowhere") / "drugs" / "docking" / "parp1.pdbqt.gz"
    if not source.is_file():
        return None
    lines = gzip.decompress(source.read_bytes()).decode().splitlines()
    atoms = [line for line in lines if line.startswith("ATOM")]
    wide = Box(PARP1.centre, (PARP1.size[0] + 8.0, PARP1.size[1] + 8.0, PARP1.size[2] + 8.0))
    places = [[float(line[one : one + 8]) for one in (30, 38, 46)] for line in atoms]
    file = folder / "pocket.pdbqt"
    inside = [line for line, (x, y, z) in zip(atoms, places, strict=True) if _within(wide, (x, y, z))]
    file.write_text("\n".join([*inside, ""]), "utf-8")
    return file


def _within(box: Box, place: tuple[float, float, float]) -> bool:
    return all(abs(at - middle) <= edge / 2 for at, middle, edge in zip(place, box.centre, box.size, strict=True))
