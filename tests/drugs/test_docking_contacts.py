"""Proves that contacts follow the thresholds they cite, do not depend on the axes, and are drawn for every reader."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rdkit", reason="RDKit is not installed")

from rdkit import Chem
from rdkit.Chem import AllChem

from suwen.drugs.docking.interactions import KINDS, Contact, contacts, tanimoto
from suwen.drugs.docking.nouns import Docked, Pose, Receptor, Residue
from suwen.drugs.docking.picture import pose_picture
from suwen.errors import InputError
from suwen.formats.molecules import read_molecule

Place = tuple[float, float, float]


def _pose(smiles: str, anchor: int = 0, at: Place = (0.0, 0.0, 0.0), turn: np.ndarray | None = None) -> Pose:
    """A molecule in space with one heavy atom at a place, hydrogens on."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    parameters = AllChem.ETKDGv3()
    parameters.randomSeed = 3
    AllChem.EmbedMolecule(mol, parameters)
    places = mol.GetConformer().GetPositions()
    places = (places - places[anchor]) @ (np.eye(3) if turn is None else turn) + np.asarray(at)
    for number, place in enumerate(places):
        mol.GetConformer().SetAtomPosition(number, place.tolist())
    heavy = mol.GetNumHeavyAtoms()
    return Pose(1, -5.0, -5.0, places[:heavy], Chem.MolToMolBlock(mol))


def _receptor(atoms: list[tuple[str, str, str, int, Place]]) -> Receptor:
    """A receptor of atoms: name, type, residue, number, place."""
    residues = tuple(Residue("A", number, "", residue) for _n, _t, residue, number, _p in atoms)
    names, types = tuple(one[0] for one in atoms), tuple(one[1] for one in atoms)
    return Receptor("made", "", names, types, residues, np.asarray([one[4] for one in atoms], float))


def _away(pose: Pose, atom: int, distance: float) -> np.ndarray:
    """A place straight away from the molecule, as seen from its middle."""
    middle = pose.coordinates.mean(axis=0)
    direction = pose.coordinates[atom] - middle
    return pose.coordinates[atom] + direction / np.linalg.norm(direction) * distance


def _kinds(receptor: Receptor, pose: Pose) -> set[str]:
    return {one.kind for one in contacts(receptor, pose)}


def _carbonyl(place: np.ndarray) -> list[tuple[str, str, str, int, Place]]:
    return [("O", "OA", "GLY", 7, tuple(place)), ("C", "C", "GLY", 7, tuple(place * 1.0 + [0.0, 0.0, 1.23]))]


@pytest.mark.parametrize(("distance", "seen"), [(2.8, True), (4.05, True), (4.2, False)])
def test_a_hydrogen_bond_ends_at_its_threshold(distance: float, seen: bool) -> None:
    pose = _pose("O")  # water: its hydrogens are fixed in the mol block
    mol = Chem.MolFromMolBlock(pose.block, removeHs=False)
    towards = mol.GetConformer().GetPositions()[1] - pose.coordinates[0]
    place = pose.coordinates[0] + towards / np.linalg.norm(towards) * distance
    found = contacts(_receptor(_carbonyl(place)), pose)
    assert ("hydrogen_bond" in {one.kind for one in found}) is seen
    if seen:
        bond = next(one for one in found if one.kind == "hydrogen_bond")
        assert bond.donor is True
        assert bond.distance == pytest.approx(distance, abs=0.01)
        assert bond.angle == pytest.approx(180.0, abs=0.5)
        assert bond.residue.label == "A:GLY7"


def test_a_hydrogen_that_looks_away_gives_no_bond() -> None:
    pose = _pose("CNC(C)=O", anchor=1)
    mol = Chem.MolFromMolBlock(pose.block, removeHs=False)
    hydrogen = next(one.GetIdx() for one in mol.GetAtomWithIdx(1).GetNeighbors() if one.GetAtomicNum() == 1)
    towards = mol.GetConformer().GetPositions()[hydrogen]
    towards /= np.linalg.norm(towards)
    assert "hydrogen_bond" in _kinds(_receptor(_carbonyl(towards * 3.0)), pose)
    assert "hydrogen_bond" not in _kinds(_receptor(_carbonyl(-towards * 3.0)), pose)


@pytest.mark.parametrize(("distance", "seen"), [(3.5, True), (5.4, True), (5.7, False)])
def test_a_salt_bridge_ends_at_its_threshold_and_hides_its_hydrogen_bond(distance: float, seen: bool) -> None:
    pose = _pose("CC[NH3+]", anchor=2)
    middle = _away(pose, 2, distance)
    acid = [
        ("OD1", "OA", "ASP", 9, tuple(middle + np.array([0.0, 0.0, 1.1]))),
        ("OD2", "OA", "ASP", 9, tuple(middle - np.array([0.0, 0.0, 1.1]))),
    ]
    found = contacts(_receptor(acid), pose)
    assert ("salt_bridge" in {one.kind for one in found}) is seen
    if seen:
        assert "hydrogen_bond" not in {one.kind for one in found}
        same = [("OD1", "OA", "ASN", 9, acid[0][4]), ("ND2", "N", "ASN", 9, acid[1][4])]
        assert "salt_bridge" not in _kinds(_receptor(same), pose)


def _phenylalanine(centre: np.ndarray, one: np.ndarray, other: np.ndarray) -> Receptor:
    names = ("CG", "CD1", "CE1", "CZ", "CE2", "CD2")
    places = [centre + 1.39 * (np.cos(angle) * one + np.sin(angle) * other) for angle in np.arange(6) * np.pi / 3]
    return _receptor([(name, "A", "PHE", 20, tuple(place)) for name, place in zip(names, places, strict=True)])


def _axes(pose: Pose) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    centre = pose.coordinates.mean(axis=0)
    first, second, normal = np.linalg.svd(pose.coordinates - centre)[2]
    return centre, first, second, normal


def test_rings_stack_flat_and_upright_and_not_askew_or_far() -> None:
    pose = _pose("c1ccccc1")
    centre, first, second, normal = _axes(pose)
    assert "stacking" in _kinds(_phenylalanine(centre + 3.7 * normal, first, second), pose)
    upright = contacts(_phenylalanine(centre + 5.0 * normal, first, normal), pose)
    stacked = [one for one in upright if one.kind == "stacking"]
    assert stacked[0].angle == pytest.approx(90.0, abs=1.0)
    assert "stacking" not in _kinds(_phenylalanine(centre + 5.8 * normal, first, second), pose)
    askew = (second + normal) / np.sqrt(2.0)
    assert "stacking" not in _kinds(_phenylalanine(centre + 4.5 * normal, first, askew), pose)
    assert "stacking" not in _kinds(_phenylalanine(centre + 3.7 * normal + 3.0 * first, first, second), pose)


def test_a_cation_above_a_ring_is_told_and_one_beside_it_is_not() -> None:
    pose = _pose("c1ccccc1")
    centre, first, _second, normal = _axes(pose)
    for place, seen in ((centre + 4.0 * normal, True), (centre + 6.5 * normal, False), (centre + 5.0 * first, False)):
        lysine = _receptor([("NZ", "N", "LYS", 3, tuple(place))])
        assert ("cation_pi" in _kinds(lysine, pose)) is seen


def test_a_halogen_bond_needs_the_line_and_a_metal_only_nearness() -> None:
    pose = _pose("Clc1ccccc1")
    line = pose.coordinates[0] - pose.coordinates[1]
    line /= np.linalg.norm(line)
    across = np.linalg.svd(pose.coordinates - pose.coordinates.mean(axis=0))[2][2]
    oxygen = pose.coordinates[0] + 3.2 * line
    behind = oxygen + 1.23 * (0.5 * line + np.sqrt(0.75) * across)
    straight = [("O", "OA", "GLY", 7, tuple(oxygen)), ("C", "C", "GLY", 7, tuple(behind))]
    assert "halogen_bond" in _kinds(_receptor(straight), pose)
    bent = [
        ("O", "OA", "GLY", 7, tuple(pose.coordinates[0] + 3.2 * across)),
        ("C", "C", "GLY", 7, tuple(behind + 3 * across)),
    ]
    assert "halogen_bond" not in _kinds(_receptor(bent), pose)
    acid = _pose("CC(=O)[O-]", anchor=3)
    for distance, seen in ((2.1, True), (3.2, False)):
        zinc = _receptor([("ZN", "Zn", "ZN", 1, tuple(_away(acid, 3, distance)))])
        assert ("metal" in _kinds(zinc, acid)) is seen


def test_greasy_carbons_touch_and_polar_ones_do_not() -> None:
    pose = _pose("CCCCC")
    for kind, seen in (("C", True), ("OA", False)):
        near = _receptor([("CB", kind, "ALA", 3, tuple(_away(pose, 0, 3.8)))])
        assert ("hydrophobic" in _kinds(near, pose)) is seen
    far = _receptor([("CB", "C", "ALA", 3, tuple(_away(pose, 0, 4.2)))])
    assert "hydrophobic" not in _kinds(far, pose)


@given(st.integers(0, 2**31))
def test_contacts_do_not_depend_on_the_axes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    pose = _pose("CC[NH3+]", anchor=2)
    atoms = [("OD1", "OA", "ASP", 9, tuple(_away(pose, 2, 3.0))), ("CB", "C", "ASP", 9, tuple(_away(pose, 0, 3.9)))]
    turned = _pose("CC[NH3+]", anchor=2, turn=turn)
    moved = [(*one[:4], tuple(np.asarray(one[4]) @ turn)) for one in atoms]
    told = [[(one.kind, one.residue, one.atoms) for one in contacts(_receptor(given), where)]
            for given, where in ((atoms, pose), (moved, turned))]  # fmt: skip
    assert told[0] == told[1]
    assert told[0]


PAIRS = st.frozensets(st.tuples(st.sampled_from(("A:ASP9", "A:PHE20", "B:GLY1")), st.sampled_from(list(KINDS))))


@given(PAIRS, PAIRS)
def test_similarity_of_fingerprints_is_a_tanimoto(
    one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]
) -> None:
    assert tanimoto(one, one) == 1.0
    assert tanimoto(one, other) == tanimoto(other, one)
    assert 0.0 <= tanimoto(one, other) <= 1.0
    assert (tanimoto(one, other) == 1.0) is (one == other)


def _drawn(count: int = 3) -> tuple[Docked, list[Contact]]:
    pose = _pose("C[C@H](N)C(=O)Nc1ccc(Cl)cc1")
    docked = Docked(
        read_molecule("C[C@H](N)C(=O)Nc1ccc(Cl)cc1", name="a<b"), "C[C@H](N)C(=O)Nc1ccc(Cl)cc1", 0, 3, 13, (pose,)
    )
    kinds = list(KINDS)
    made = [
        Contact(kinds[at % len(kinds)], Residue("A", at + 1, "", "ASP"), (at % 13,), ("OD1",), 3.0)
        for at in range(count)
    ]
    return docked, made


@pytest.mark.parametrize("count", [0, 1, 7, 20, 40])
def test_a_picture_is_sound_svg_with_every_residue_inside_and_apart(count: int) -> None:
    docked, made = _drawn(count)
    svg = pose_picture(docked, made)
    assert svg == pose_picture(docked, made)
    root = ElementTree.fromstring(svg)  # noqa: S314 (our own text)
    space = "{http://www.w3.org/2000/svg}"
    chips = [one for one in root.iter(f"{space}rect") if one.get("rx")]
    assert len(chips) == min(count, 28)
    for one in chips:
        assert 0 <= float(one.get("x", "")) <= 720 - 74
        assert 0 <= float(one.get("y", "")) <= 560
    corners = [(float(one.get("x", "")), float(one.get("y", ""))) for one in chips]
    if count <= 20:
        for at, (x, y) in enumerate(corners):
            assert all(abs(x - other) >= 74 or abs(y - more) >= 24 for other, more in corners[:at])
    words = "".join(root.itertext())
    for key in {one.kind for one in made}:
        assert KINDS[key].name.en in words
        assert KINDS[key].name.zh in words
    assert "a<b" in words
    assert not re.search(r"<script|href|url\(", svg)


def test_a_picture_of_what_is_not_there_is_refused() -> None:
    docked, made = _drawn()
    for wrong in ({"rank": 2}, {"size": (10, 10)}, {"size": (720, 9000)}):
        with pytest.raises(InputError):
            pose_picture(docked, made, **wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="has not"):
        pose_picture(docked, [Contact("metal", Residue("", 1, "", "ZN"), (99,), ("ZN",), 2.0)])


def test_every_kind_has_two_names_a_threshold_and_a_source() -> None:
    for kind in KINDS.values():
        assert kind.name.en != kind.name.zh
        assert kind.threshold
        assert "Salentin" in kind.source
