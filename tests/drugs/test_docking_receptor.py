"""Proves that a receptor is prepared with the right types and hydrogens, and that what cannot be one says why."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rdkit", reason="RDKit is not installed")

from docking_scene import heavy_pdb, peptide_pdb, scene

from suwen.drugs.docking.box import (
    box_around,
    box_of_file,
    box_of_numbers,
    box_of_residues,
    check_box,
)
from suwen.drugs.docking.nouns import Box, Receptor, Settings
from suwen.drugs.docking.receptor import read_receptor
from suwen.errors import FormatError, InputError, NotFoundError


def _read(folder: Path, text: str, name: str = "a.pdb", **options: object) -> Receptor:
    file = folder / name
    file.write_text(text, "utf-8")
    return read_receptor(file, **options)  # type: ignore[arg-type]


def _remarks(receptor: Receptor) -> str:
    return "\n".join(one.what for one in receptor.noticed)


def _atom(name: str, residue: str, number: int, place: tuple[float, float, float], **more: str) -> str:
    x, y, z = place
    element = more.get("element", name[0])
    record, alternate, chain = more.get("record", "ATOM"), more.get("alternate", " "), more.get("chain", "A")
    occupancy = float(more.get("occupancy", "1.0"))
    shown = f" {name:<3}" if len(element) == 1 else f"{name:<4}"
    return (
        f"{record:<6}{1:>5} {shown}{alternate}{residue:>3} {chain}{number:>4}    {x:8.3f}{y:8.3f}{z:8.3f}"
        f"{occupancy:6.2f}{0.0:6.2f}          {element:>2}"
    )


# Polar hydrogens of residues at pH 7.4 besides the backbone's, as any textbook of biochemistry draws them.
SIDE = {"ASP": 0, "TRP": 1, "GLY": 0, "LYS": 3, "SER": 1, "PHE": 0, "HIS": 1, "ARG": 5, "TYR": 1, "THR": 1, "CYS": 1,
        "ASN": 2, "GLN": 2, "GLU": 0}  # fmt: skip


def test_each_residue_gets_the_polar_hydrogens_of_ph_7(tmp_path: Path) -> None:
    receptor = scene(tmp_path)[0]
    for residue in dict.fromkeys(receptor.residues):
        own = [at for at, one in enumerate(receptor.residues) if one == residue]
        count = sum(receptor.types[at] == "HD" for at in own)
        backbone = 3 if residue.number == 1 else 1
        assert count == SIDE[residue.name] + backbone, residue.label
    assert "histidine: 1" in _remarks(receptor)


def test_hydrogens_stand_where_a_full_model_has_them(tmp_path: Path) -> None:
    """RDKit's own placement is the peer: hydrogens that cannot turn lie within 0.35 Å of it."""
    receptor = scene(tmp_path)[0]
    lines = [line for line in peptide_pdb().splitlines() if line[76:78].strip() == "H"]
    theirs = np.asarray([[float(line[one : one + 8]) for one in (30, 38, 46)] for line in lines])
    fixed = ("H", "HE1", "HD21", "HD22", "HE21", "HE22", "HE")  # its arginine is neutral
    checked = 0
    for name, kind, residue, place in zip(
        receptor.names, receptor.types, receptor.residues, receptor.positions, strict=True
    ):
        if kind == "HD" and name in fixed and residue.name != "HIS":
            assert np.linalg.norm(theirs - place, axis=1).min() < 0.35, (name, residue.label)
            checked += 1
    assert checked >= 14


def test_hydrogens_of_the_file_are_kept_and_none_put_beside(tmp_path: Path) -> None:
    without = scene(tmp_path)[0]
    given = _read(tmp_path, peptide_pdb(), "full.pdb")
    counts = {one: given.types.count(one) - without.types.count(one) for one in ("C", "A", "OA", "SA")}
    assert set(counts.values()) == {0}
    # RDKit's peptide is neutral: lysine, arginine and the ends bear one hydrogen fewer, acids and the end one more.
    assert abs(given.types.count("HD") - without.types.count("HD")) <= 4
    heavy = [place for place, kind in zip(given.positions, given.types, strict=True) if kind in ("N", "NA", "OA", "SA")]
    for place in (place for place, kind in zip(given.positions, given.types, strict=True) if kind == "HD"):
        assert np.linalg.norm(np.asarray(heavy) - place, axis=1).min() < 1.45


def test_waters_ligands_metals_and_places_are_sorted_out_and_said(tmp_path: Path) -> None:
    extra = [
        _atom("O", "HOH", 201, (50, 0, 0), record="HETATM"),
        _atom("O", "HOH", 202, (53, 0, 0), record="HETATM"),
        _atom("C1", "STI", 301, (56, 0, 0), record="HETATM"),
        _atom("ZN", "ZN", 302, (59, 0, 0), record="HETATM", element="ZN"),
        _atom("FE", "HEM", 303, (62, 0, 0), record="HETATM", element="FE"),
    ]
    text = heavy_pdb(peptide_pdb()).replace("END\n", "\n".join([*extra, "END", ""]))
    receptor = _read(tmp_path, text)
    remarks = _remarks(receptor)
    assert "waters: 2" in remarks
    assert "dropped: HEM, STI" in remarks
    assert "metals: ZN" in remarks
    assert receptor.types.count("Zn") == 1
    assert not {"HOH", "STI", "HEM"} & {one.name for one in receptor.residues}
    with pytest.raises(InputError, match="element FE of A:HEM303"):
        _read(tmp_path, text, keep=["HEM"])


def test_the_fullest_of_several_places_is_taken_and_said(tmp_path: Path) -> None:
    lines = heavy_pdb(peptide_pdb()).splitlines()
    at = next(number for number, line in enumerate(lines) if line[12:20] == " OG  SER")
    line = lines[at]
    first = line[:16] + "A" + line[17:54] + "  0.30" + line[60:]
    second = line[:16] + "B" + line[17:30] + f"{float(line[30:38]) + 0.5:8.3f}" + line[38:54] + "  0.70" + line[60:]
    receptor = _read(tmp_path, "\n".join([*lines[:at], first, second, *lines[at + 1 :], ""]))
    assert "alternates: 1" in _remarks(receptor)
    taken = [place for place, name in zip(receptor.positions, receptor.names, strict=True) if name == "OG"]
    assert len(taken) == 1
    assert taken[0][0] == pytest.approx(float(line[30:38]) + 0.5, abs=1e-3)


def test_missing_atoms_and_broken_chains_are_said(tmp_path: Path) -> None:
    lines = heavy_pdb(peptide_pdb()).splitlines()
    kept = [line for line in lines if not (line[17:20] == "LYS" and line[12:16].strip() in ("CE", "NZ"))]
    assert "missing: atoms are missing in A:LYS4 (CE NZ)" in _remarks(_read(tmp_path, "\n".join(kept)))
    broken = [line for line in lines if line[17:20] != "GLY"]
    assert "gap: the chain is broken behind A:TRP2" in _remarks(_read(tmp_path, "\n".join(broken)))


def test_selenomethionine_and_disulfides(tmp_path: Path) -> None:
    text = heavy_pdb(peptide_pdb("AMA")).replace(" SD  MET", "SE   MSE").replace("MET", "MSE")
    text = "\n".join(line[:76] + "SE" if "SE   MSE" in line else line for line in text.splitlines())
    receptor = _read(tmp_path, text)
    assert "selenium: 1" in _remarks(receptor)
    assert "SD" in receptor.names
    cystine = heavy_pdb(peptide_pdb("ACA"))
    sulfur = next(line for line in cystine.splitlines() if line[12:16].strip() == "SG")
    x, y, z = (float(sulfur[one : one + 8]) for one in (30, 38, 46))
    other = _atom("SG", "CYS", 90, (x + 2.05, y, z), chain="B")
    assert "HG" in _read(tmp_path, cystine).names
    assert "HG" not in _read(tmp_path, cystine.replace("END", f"{other}\nEND")).names


def test_a_prepared_receptor_reads_back_as_itself(tmp_path: Path) -> None:
    receptor = scene(tmp_path)[0]
    file = tmp_path / "again.pdbqt.gz"
    file.write_bytes(gzip.compress(receptor.pdbqt.encode()))
    again = read_receptor(file)
    assert again.digest == receptor.digest
    assert (again.types, again.names, again.residues) == (receptor.types, receptor.names, receptor.residues)
    assert np.allclose(again.positions, receptor.positions)


@pytest.mark.parametrize(
    ("name", "text", "kind", "match"),
    [
        ("a.pdb", "nothing here\n", FormatError, "holds no atom"),
        ("a.pdbqt", "REMARK empty\n", FormatError, "holds no atom"),
        ("a.mol2", "x", FormatError, "another kind of file"),
        ("a.pdb", _atom("C1", "LIG", 1, (0, 0, 0), record="HETATM"), InputError, "no receptor in it"),
        ("a.pdb", _atom("N", "ALA", 1, (0, 0, 0)).replace("   0.000", "   abcde", 1), FormatError, "no atom of a PDB"),
        ("a.pdbqt", "ROOT\n", InputError, "no rigid receptor"),
        ("a.pdbqt", _atom("C", "ALA", 1, (0, 0, 0))[:76] + " Xx", InputError, "type 'Xx'"),
        ("a.pdb", "ATOM\0", FormatError, "no text"),
    ],
)
def test_what_is_no_receptor_is_one_clear_error(
    tmp_path: Path, name: str, text: str, kind: type[Exception], match: str
) -> None:
    with pytest.raises(kind, match=match):
        _read(tmp_path, text, name)


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    for name in ("none.pdbqt", "none.pdb", "none.xyz"):
        with pytest.raises(NotFoundError, match="there is no file"):
            read_receptor(tmp_path / name)


def test_boxes_hold_what_they_are_put_around(tmp_path: Path) -> None:
    receptor = scene(tmp_path)[0]
    points = receptor.positions[:40]
    box = box_around(points, padding=4.0)
    assert box.inside(points).all()
    assert box_of_numbers("1, 2 3;10,11,12") == Box((1, 2, 3), (10, 11, 12))
    chosen = box_of_residues(receptor, "A:4, SER5")
    own = [at for at, one in enumerate(receptor.residues) if one.number in (4, 5)]
    assert chosen.inside(receptor.positions[own]).all()
    ligand = tmp_path / "ligand.pdb"
    ligand.write_text("\n".join(_atom("C", "LIG", 1, tuple(place)) for place in points), "utf-8")
    assert box_of_file(ligand, padding=4.0).centre == pytest.approx(box.centre, abs=1e-3)


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5,x", "1,2,3,4,5,-6", "1,2,3,4,5,nan", "0,0,0,500,5,5"])
def test_numbers_that_are_no_box_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        box_of_numbers(text)


def test_a_box_away_from_the_receptor_or_of_absent_residues_is_refused(tmp_path: Path) -> None:
    receptor = scene(tmp_path)[0]
    with pytest.raises(InputError, match="away from every atom"):
        check_box(receptor, Box((500.0, 0.0, 0.0), (20.0, 20.0, 20.0)))
    with pytest.raises(NotFoundError, match="no residue A:999; chain A has 1 to 14"):
        box_of_residues(receptor, "A:999")
    with pytest.raises(InputError, match="is none"):
        box_of_residues(receptor, "somewhere")
    middle = tuple(map(float, receptor.positions.mean(axis=0)))
    assert "wide: " in check_box(receptor, Box(middle, (40.0, 40.0, 40.0)))[0].what  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"exhaustiveness": 0}, {"poses": 0}, {"seed": 0}, {"limit": 0.0}, {"spread": -1.0}])
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        Settings(**wrong)  # type: ignore[arg-type]
