"""Proves that the standard form is the drug a chemist means, and depends neither on writing nor on repetition."""

from __future__ import annotations

import lzma
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.datasets import folder
from suwen.errors import DataError
from suwen.formats.molecules import notice_key, read_molecule, standardised
from suwen.formats.molecules.counterions import COUNTERIONS
from suwen.formats.molecules.fragments import counterions

Chem: Any = pytest.importorskip("rdkit.Chem")


def keys(text: str) -> list[str]:
    return [notice_key(one) for one in read_molecule(text).noticed]


@pytest.mark.parametrize(
    ("salt", "key", "told"),  # published InChIKeys of the parents; pyrantel and sulfanilamide as InChI gives them
    [
        ("[Na+].O=C([O-])Cc1ccccc1Nc1c(Cl)cccc1Cl", "DCOPUUMXTXDBNB-UHFFFAOYSA-N", "sodium ion"),
        ("Cl.CN(C)CCOC(c1ccccc1)c1ccccc1", "ZZVUWRFHKOJYTH-UHFFFAOYSA-N", "hydrogen chloride"),
        # The counterion is larger than the drug.
        (
            "CN1CCCN=C1/C=C/c1cccs1.O=C(O)c1cc2ccccc2c(Cc2c(O)c(C(=O)O)cc3ccccc23)c1O",
            "YSAUAVHXTIETRK-AATRIKPKSA-N",
            "pamoic acid",
        ),
        ("O=C(O)c1ccccc1.[Na+]", "WPYMKLBDIGXBTP-UHFFFAOYSA-N", "sodium ion"),  # a counterion alone is the drug
        ("Nc1ccc(S(N)(=O)=O)cc1.O.CCO", "FDDDEECHVMSUSB-UHFFFAOYSA-N", "ethanol, water"),
    ],
)
def test_salts_and_solvents_come_off(salt: str, key: str, told: str) -> None:
    made = read_molecule(salt)
    assert made.key == key
    (said,) = [one.what for one in made.noticed if notice_key(one) == "salt"]
    assert all(part in said for part in told.split(", "))
    assert made.written == salt


def test_every_counterion_is_readable_and_there_once() -> None:
    assert len(counterions()) == len(COUNTERIONS) == len({english for _smiles, english, _chinese in COUNTERIONS})


@pytest.mark.parametrize(
    ("text", "smiles", "told"),
    [
        ("C[N+](C)(C)CCO.[Cl-]", "C[N+](C)(C)CCO", ["salt", "charged"]),
        ("[NH3+][C@@H](C)C([O-])=O", "C[C@H](N)C(=O)O", ["zwitterion"]),
        ("CN(=O)=O", "C[N+](=O)[O-]", []),  # RDKit's reader writes nitro groups the usual way by itself
        ("[Na]OC(=O)C", "CC(=O)O", ["metal", "salt", "charge"]),
        ("[Na+].[Cl-]", "[Cl-].[Na+]", ["inorganic"]),
        ("[CH3:1][OH:2]", "CO", ["maps"]),
        ("[2H]C([2H])([2H])O", "[2H]C([2H])([2H])O", ["isotopes"]),
        ("*c1ccccc1", "*c1ccccc1", ["any"]),
        ("CC=CC(F)Cl", "CC=CC(F)Cl", ["centres", "bonds"]),
        ("C[CH2]", "[CH2]C", ["radical"]),
        ("[cH-]1cccc1.[Li+]", "c1cc[cH-]c1", ["salt", "charged"]),
        ("CCN.CCN.OS(=O)(=O)O", "CCN", ["salt", "copies"]),
        ("c1ccccc1CCO.c1ccc2ccccc2c1N", "Nc1cccc2ccccc12", ["mixture"]),
    ],
)
def test_what_is_changed_or_open_is_told(text: str, smiles: str, told: list[str]) -> None:
    assert read_molecule(text).smiles == smiles
    assert keys(text) == told


@pytest.mark.parametrize(
    "forms",
    [
        ("Oc1ccccn1", "O=c1cccc[nH]1"),
        ("Oc1ccncc1", "O=c1cc[nH]cc1"),
        ("Cc1cccc(O)n1", "Cc1cccc(=O)[nH]1"),
        ("CC(O)=NC", "CC(=O)NC"),
        ("Nc1ncnc2[nH]cnc12", "Nc1ncnc2nc[nH]c12"),
        ("Cc1nnn[nH]1", "Cc1nn[nH]n1"),
        ("Cc1c[nH]nn1", "Cc1cn[nH]n1"),
        ("Oc1ncnc2ccccc12", "O=c1[nH]cnc2ccccc12", "O=c1nc[nH]c2ccccc12"),
        ("NC(=N)NCCC[C@H](N)C(=O)O", "NC(N)=NCCC[C@H](N)C(=O)O"),
        ("Oc1ccnc(O)n1", "O=c1cc[nH]c(=O)[nH]1"),
        ("N=c1[nH]ccs1", "Nc1nccs1"),
        ("CN1CC(=O)NC1=N", "CN1CC(=O)N=C1N"),
    ],
)
def test_tautomers_become_one(forms: tuple[str, ...]) -> None:
    assert len({read_molecule(one).smiles for one in forms}) == 1
    assert sum("tautomer" in keys(one) for one in forms) == len(forms) - 1


@pytest.mark.parametrize(
    "kept",
    [
        "C[C@H](N)C(=O)O",  # a centre beside an acid
        "O=C1CC[C@H](N2C(=O)c3ccccc3C2=O)C(=O)N1",  # (S)-thalidomide
        "C[C@]12CC[C@H]3[C@@H](CCC4=CC(=O)CC[C@@]43C)[C@@H]1CC[C@@H]2O",  # testosterone keeps its enone
        "O=C1O[C@H]([C@@H](O)CO)C(O)=C1O",  # ascorbic acid stays the enol it is
        "C/C=C/C(C)=O",
        "CC(C)c1nc(N(C)S(C)(=O)=O)nc(-c2ccc(F)cc2)c1/C=C/[C@@H](O)C[C@@H](O)CC(=O)O",  # rosuvastatin
    ],
)
def test_hydrogen_of_carbon_stays_so_that_stereo_is_kept(kept: str) -> None:
    made = read_molecule(kept)
    assert made.smiles == Chem.CanonSmiles(kept)
    assert made.noticed == ()


def test_a_molecule_again_keeps_what_is_said_of_it() -> None:
    made = read_molecule("[Na+].OC(=O)C=CC([O-])=O", name="salt")
    assert standardised(made) == made
    assert standardised(Chem.MolFromSmiles("Oc1ccccn1"), name="n").noticed != ()


@cache
def real() -> tuple[str, ...]:
    """2,000 structures: of ZINC, and of the ADMET tables (drugs, salts, metals, mixtures)."""
    try:
        place = folder() / "drugs"
        with lzma.open(place / "zinc250k.smi.xz", "rt") as file:
            zinc = file.read(60_000).split()[:1_000]
        tables = sorted((place / "admet").glob("*.csv"))
    except (DataError, OSError) as error:
        pytest.skip(f"needs the data sets zinc250k and admet: {error}")
    return (*zinc, *(one for table in tables for one in first_of(table)))


def first_of(table: Path) -> list[str]:
    lines = table.read_text("utf-8").splitlines()[1:]
    return [line.split(",")[0] for line in lines[:: max(len(lines) // 40, 1)]]


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_the_form_depends_neither_on_writing_nor_on_repetition(data: st.DataObject) -> None:
    smiles = data.draw(st.sampled_from(real()))
    made = read_molecule(smiles)
    assert standardised(made) == made
    assert read_molecule(made.smiles).smiles == made.smiles
    mol = Chem.MolFromSmiles(smiles)
    order = data.draw(st.permutations(range(mol.GetNumAtoms())))
    other = read_molecule(Chem.MolToSmiles(Chem.RenumberAtoms(mol, list(order)), canonical=False))
    assert (other.smiles, other.key) == (made.smiles, made.key)
