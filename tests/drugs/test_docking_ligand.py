"""Proves that ligands are charged as their measured pKa say, and written as PDBQT whose tree holds each atom once."""

from __future__ import annotations

import re

import numpy as np
import pytest

pytest.importorskip("rdkit", reason="RDKit is not installed")

from rdkit import Chem

from suwen.drugs.docking.ligand import Ligand, forms_of, ligands_of
from suwen.drugs.docking.notices import NOTICES, docking_text
from suwen.drugs.docking.pdbqt import autodock_types, turning_bonds, write_ligand
from suwen.drugs.docking.protonation import GROUPS, protonated
from suwen.errors import InputError
from suwen.formats.molecules import read_molecule

# Measured pKa (Perrin 1981; CRC Handbook of Chemistry and Physics) far enough from 7.4, and what that makes of each.
CHARGES = {
    "CC(=O)O": -1,  # acetic acid 4.76
    "OC(=O)c1ccccc1": -1,  # benzoic acid 4.20
    "CS(=O)(=O)O": -1,
    "COP(=O)(O)O": -2,  # methyl phosphate 1.5, 6.3
    "CP(=O)(O)O": -1,  # methylphosphonic acid 2.4, 7.7: the second is open, and left on
    "c1ccc(cc1)-c1nn[nH]n1": -1,  # phenyltetrazole 4.8
    "CC(=O)NS(=O)(=O)c1ccccc1": -1,  # acylsulfonamide 4.5
    "CCN": 1,  # 10.7
    "CN1CCCCC1": 1,  # 10.1
    "C1COCCN1": 1,  # morpholine 8.5
    "CN1CCNCC1": 1,  # 9.1 and 4.9: one charge only
    "NCCN": 1,  # 9.9 and 6.9: one charge only
    "NCCCCN": 2,  # 10.8 and 9.4
    "NC(=N)N": 1,  # 13.6
    "NC(=N)c1ccccc1": 1,  # 11.4
    "Nc1ccncc1": 1,  # 9.1
    "NCc1ccccc1": 1,  # 9.3
    "NCC(=O)O": 0,  # glycine: both
    "Nc1ccccc1": 0,  # aniline 4.6
    "CC(N)=O": 0,
    "NCC(F)(F)F": 0,  # 5.7
    "NCC#N": 0,  # 5.3
    "c1ccncc1": 0,  # 5.2
    "Oc1ccccc1": 0,  # 10.0
    "CC(=O)NC(N)=N": 0,  # acylguanidine about 8
    "NS(=O)(=O)c1ccccc1": 0,  # 10.1
    "NNC": 0,
}


def ligand_of(smiles: str, *, seed: int) -> Ligand:
    """The first shape of a form."""
    return ligands_of(smiles, seed=seed)[0]


@pytest.mark.parametrize(("smiles", "charge"), CHARGES.items(), ids=list(CHARGES))
def test_a_molecule_is_charged_as_its_pka_say(smiles: str, charge: int) -> None:
    made, groups = protonated(Chem.MolFromSmiles(smiles))
    assert Chem.GetFormalCharge(made) == charge
    assert sum(group.charge for group in groups) == charge
    assert Chem.MolFromSmiles(Chem.MolToSmiles(made)) is not None
    again, _none = protonated(made)
    assert Chem.MolToSmiles(again) == Chem.MolToSmiles(made)  # charged once, it is left as it is


def test_every_group_has_a_pattern_a_source_and_two_names() -> None:
    for group in GROUPS:
        assert Chem.MolFromSmarts(group.pattern) is not None, group.key
        assert group.source
        assert group.name.en != group.name.zh
        assert group.charge in (-1, 1)


@pytest.mark.parametrize(
    ("smiles", "turning"),
    [
        ("CCCC", 1),  # the ends are methyls, whose turning moves nothing
        ("CCO", 1),  # a hydroxyl's hydrogen moves
        ("c1ccccc1-c1ccccc1", 1),
        ("CC(=O)NC", 0),  # an amide is flat
        ("CCC(=O)NCC", 2),
        ("CCC(=O)N(C)CC", 3),  # a tertiary amide may stand either way
        ("CCC(=O)N1CCCC1", 1),  # unless both sides are the same
        ("CCC#CCC", 0),  # beside a triple bond nothing turns
        ("C1CCCCC1", 0),
        ("C1CCCCCCCCCCC1", 0),
    ],
)
def test_the_bonds_that_turn(smiles: str, turning: int) -> None:
    assert len(turning_bonds(Chem.AddHs(Chem.MolFromSmiles(smiles)))) == turning


DRUGS = (
    "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "CN(C)Cc1ccc2c(CNC(=O)c3cccn23)c1",
    "OC(=O)CCCc1ccc(cc1)N(CCCl)CCCl",
    "Clc1ccccc1CN1CCc2sccc2C1",
    "NS(=O)(=O)c1cc(C(=O)O)c(NCc2ccco2)cc1Cl",
    "FC(F)(F)c1cccc(N2CCNCC2)c1",
)


@pytest.mark.parametrize("smiles", DRUGS)
def test_the_tree_holds_each_atom_once_at_its_place(smiles: str) -> None:
    form = forms_of(read_molecule(smiles))[0][0]
    ligand = ligand_of(form, seed=1)
    text, order = ligand.pdbqt.text, ligand.pdbqt.order
    atoms = [line for line in text.splitlines() if line.startswith("ATOM")]
    assert [int(line[6:11]) for line in atoms] == list(range(1, len(atoms) + 1))
    assert sorted(order) == sorted(autodock_types(ligand.mol))
    places = ligand.mol.GetConformer().GetPositions()
    for line, at in zip(atoms, order, strict=True):
        assert np.allclose([float(line[one : one + 8]) for one in (30, 38, 46)], places[at], atol=6e-4)
        assert line[77:].strip() == autodock_types(ligand.mol)[at]
    opened = re.findall(r"^BRANCH\s+(\d+)\s+(\d+)$", text, re.MULTILINE)
    closed = re.findall(r"^ENDBRANCH\s+(\d+)\s+(\d+)$", text, re.MULTILINE)
    assert sorted(opened) == sorted(closed)
    assert len(opened) == ligand.pdbqt.torsions == int(text.split()[-1])
    joined = {frozenset((order[int(one) - 1], order[int(other) - 1])) for one, other in opened}
    assert joined == {frozenset(pair) for pair in turning_bonds(ligand.mol)}
    assert ligand.heavy == Chem.MolFromSmiles(form).GetNumAtoms()
    charges = sum(float(line[70:76]) for line in atoms)
    assert charges == pytest.approx(ligand.charge, abs=0.05)


def test_the_same_seed_gives_the_same_shape_and_another_seed_another() -> None:
    smiles = forms_of(read_molecule(DRUGS[0]))[0][0]
    first, same, other = (ligand_of(smiles, seed=seed).pdbqt.text for seed in (7, 7, 8))
    assert first == same != other


def test_a_ring_that_etkdg_cannot_make_gets_its_shape_by_plainer_rules() -> None:
    assert ligand_of("C1=CC2=NC=C(C)[C@H]2C=C1", seed=1).heavy == 10


def test_open_stereocentres_are_enumerated_up_to_the_limit_and_said() -> None:
    molecule = read_molecule("CC(F)C(Cl)C(Br)CCO")
    forms, noticed = forms_of(molecule, stereoisomers=3)
    assert len(set(forms)) == 3
    assert all("@" in form for form in forms)
    assert any("3 stereocentres" in one.what and "3 of 8" in one.what for one in noticed)
    stated, remarks = forms_of(read_molecule("C[C@H](F)CCO"), stereoisomers=3)
    assert len(stated) == 1
    assert not remarks


def test_a_nitrogen_that_takes_a_proton_is_no_open_centre() -> None:
    forms, noticed = forms_of(read_molecule("CCN(C)Cc1ccccc1"))
    assert len(forms) == 1
    assert [one.what.split(":")[0] for one in noticed] == ["charged"]


def test_other_shapes_fold_a_ring_and_only_rings() -> None:
    seats = ligands_of("CC(C)C1CCCCC1", seed=1, shapes=4)
    assert len(seats) > 1
    assert len({one.pdbqt.text for one in seats}) == len(seats)
    assert len(ligands_of("CC(C)c1ccccc1", seed=1, shapes=4)) == 1  # nothing in it folds


def test_a_macrocycle_is_kept_in_one_shape_and_said() -> None:
    assert any(one.what.startswith("macrocycle: ") for one in ligand_of("C1CCCCCCCCCCC1", seed=1).noticed)


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("OB(O)c1ccccc1", "element: B"),
        ("C[Se]c1ccccc1", "element: Se"),
        ("CC", "size: 2 heavy atoms"),
        ("C" * 160, "size: 160 heavy atoms"),
        ("C" * 60, "torsions: 57 bonds turn"),
    ],
)
def test_what_cannot_be_docked_is_refused_with_its_reason(smiles: str, reason: str) -> None:
    with pytest.raises(InputError) as refused:
        ligand_of(forms_of(read_molecule(smiles))[0][0], seed=1)
    assert refused.value.problems[0].what.startswith(reason)


def test_every_remark_exists_in_both_languages_with_the_same_values() -> None:
    for key, said in NOTICES.items():
        assert said.en.startswith(f"{key}: ")
        assert sorted(re.findall(r"{(\w+)}", said.en)) == sorted(re.findall(r"{(\w+)}", said.zh)), key
    charged = forms_of(read_molecule("NC(=N)c1ccc(cc1)CC(=O)O"))[1][0]
    assert "carboxylic acid, amidine" in docking_text(charged, "en")
    assert "羧酸、脒" in docking_text(charged, "zh")


def test_types_and_torsions_agree_with_meeko() -> None:
    meeko = pytest.importorskip("meeko", reason="Meeko, a peer, is not installed")
    for smiles in DRUGS:
        ligand = ligand_of(forms_of(read_molecule(smiles))[0][0], seed=1)
        setup = meeko.MoleculePreparation().prepare(ligand.mol)[0]
        text = meeko.PDBQTWriterLegacy.write_string(setup)[0]
        assert int(text.split()[-1]) == write_ligand(ligand.mol).torsions, smiles
        theirs = {one.index: one.atom_type for one in setup.atoms if not one.is_ignore and not one.is_pseudo_atom}
        # A sulfonamide's nitrogen is typed an acceptor there and none here: its pair is drawn into the sulfonyl.
        for (at,) in ligand.mol.GetSubstructMatches(Chem.MolFromSmarts("[NX3;$(NS(=O)=O)]")):
            theirs[at] = "N"
        assert theirs == autodock_types(ligand.mol), smiles
