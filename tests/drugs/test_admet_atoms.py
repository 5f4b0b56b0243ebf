"""Proves that shares of columns lose nothing when divided over atoms, and go to the atoms that the columns count."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.drugs.admet.atoms import COUNTED, _places, _read, atom_shares
from suwen.drugs.representation.descriptors import DESCRIPTORS
from suwen.drugs.representation.kinds import Representation, represent
from suwen.errors import InputError

Chem = pytest.importorskip("rdkit.Chem", reason="RDKit is not installed")
Crippen = pytest.importorskip("rdkit.Chem.Crippen")

SMILES = (
    "C", "[Na+].[Cl-]", "O", "CC(=O)Oc1ccccc1C(=O)O", "CN1CCC[C@H]1c1cccnc1", "C[N+](C)(C)CC(=O)[O-]",
    "OS(=O)(=O)c1ccc(cc1)P(=O)(O)O", "C1CC2CCC1CC2", "FC(F)(F)c1cc(Br)c(I)nc1Cl", "[2H]C([2H])([2H])O",
    "CC(C)(C)NCC(O)c1ccc(O)c(CO)c1", "CC(=O)N[C@@H](CS)C(=O)N1CCC[C@H]1C(=O)O",
)  # fmt: skip
COLUMNS = [
    *(f"{kind}:{number}" for kind in (*COUNTED, "avalon", "erg", "language") for number in range(0, 300, 3)),
    *(f"descriptors:{name}" for name in DESCRIPTORS),
]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SMILES), st.integers(0, 2**32 - 1), st.floats(-5, 5))
def test_atoms_whole_and_base_are_what_the_trees_say(smiles: str, seed: int, base: float) -> None:
    shares = np.random.default_rng(seed).normal(size=len(COLUMNS)).tolist()
    found = atom_shares(smiles, COLUMNS, shares, base, explained=0.5)
    assert math.fsum((*found.atoms, found.whole, found.base)) == pytest.approx(math.fsum((*shares, base)), abs=1e-9)
    assert len(found.atoms) == _read(smiles).GetNumAtoms()
    assert found.explained == 0.5


@pytest.mark.parametrize("smiles", SMILES)
def test_places_are_those_that_the_representation_counts(smiles: str) -> None:
    """A change of one of the two makers would send shares to atoms that the columns never counted."""
    kinds: tuple[Representation, ...] = ("ecfp4", "ecfp6", "fcfp4", "pairs", "torsions", "path")
    assert set(kinds) == set(COUNTED)
    for kind, rows in represent([smiles], kinds=kinds).items():
        counted = {int(bit): int(rows[0, bit]) for bit in np.flatnonzero(rows[0])}
        assert {bit: len(found) for bit, found in _places(_read(smiles), kind).items()} == counted


def circle(smiles: str, kind: str, atoms: set[int]) -> int:
    """The column of `kind` of which the only place in the molecule is these atoms."""
    found = _places(_read(smiles), kind)
    return next(bit for bit, places in found.items() if [set(one) for one in places] == [atoms])


def test_a_circle_gives_its_share_equally_to_the_atoms_within_it() -> None:
    smiles = "CCCCO"  # 0 1 2 3 4; the circle of radius 1 around the oxygen holds 3 and 4
    found = atom_shares(smiles, [f"ecfp4:{circle(smiles, 'ecfp4', {3, 4})}"], [1.0], 0.0, explained=1.0)
    assert found.atoms == pytest.approx((0, 0, 0, 0.5, 0.5))
    assert found.whole == 0.0


def test_places_that_share_a_column_share_its_share() -> None:
    smiles = "OCCCCCO"
    rows = represent([smiles], kinds=("ecfp4",))["ecfp4"][0]
    oxygen = next(bit for bit, one in _places(_read(smiles), "ecfp4").items() if {(0,), (6,)} == set(one))
    assert rows[oxygen] == 2
    found = atom_shares(smiles, [f"ecfp4:{oxygen}"], [-3.0], 0.0, explained=1.0)
    assert found.atoms == pytest.approx((-1.5, 0, 0, 0, 0, 0, -1.5))


def test_pairs_torsions_and_paths_give_to_the_atoms_on_them() -> None:
    smiles = "CCCO"
    for kind, atoms in (("pairs", {0, 3}), ("torsions", {0, 1, 2, 3}), ("path", {2, 3})):
        found = atom_shares(smiles, [f"{kind}:{circle(smiles, kind, atoms)}"], [1.0], 0.0, explained=1.0)
        assert {at for at, share in enumerate(found.atoms) if share} == atoms
        assert sum(found.atoms) == pytest.approx(1.0)


def test_what_is_absent_or_of_the_whole_molecule_goes_to_no_atom() -> None:
    smiles = "CCO"
    present = {int(bit) for bit in np.flatnonzero(represent([smiles], kinds=("ecfp4",))["ecfp4"][0])}
    absent = next(bit for bit in range(1024) if bit not in present)
    columns = [f"ecfp4:{absent}", "language:5", "erg:7", "avalon:9", "descriptors:MolWt"]
    found = atom_shares(smiles, columns, [1.0, 2.0, 4.0, 8.0, 16.0], 0.25, explained=1.0)
    assert found.atoms == (0.0, 0.0, 0.0)
    assert found.whole == 31.0
    assert found.columns == (("MolWt", 16.0),)


@pytest.mark.parametrize("smiles", ["c1ccccc1", "C1CCCCC1", "O=O", "FC(F)(F)C(F)(F)F"])
def test_atoms_that_cannot_be_told_apart_have_equal_shares(smiles: str) -> None:
    ranks = list(Chem.CanonicalRankAtoms(_read(smiles), breakTies=False))
    shares = np.random.default_rng(3).normal(size=len(COLUMNS)).tolist()
    found = atom_shares(smiles, COLUMNS, shares, 0.0, explained=1.0)
    for rank in set(ranks):
        alike = [share for share, one in zip(found.atoms, ranks, strict=True) if one == rank]
        assert alike == pytest.approx([alike[0]] * len(alike), abs=1e-9)


def test_polar_surface_lies_on_the_polar_atoms_and_refractivity_on_all() -> None:
    smiles = "CCCCO"
    found = atom_shares(smiles, ["descriptors:TPSA"], [2.0], 0.0, explained=1.0)
    assert found.atoms == pytest.approx((0, 0, 0, 0, 2.0))
    spread = atom_shares(smiles, ["descriptors:MolMR"], [2.0], 0.0, explained=1.0)
    assert sum(spread.atoms) == pytest.approx(2.0)
    assert all(share > 0 for share in spread.atoms)


def test_logp_is_divided_as_crippens_table_has_it_with_hydrogens_on_their_atoms() -> None:
    smiles = "CCCCCCO"
    logp = Crippen.MolLogP(_read(smiles))
    found = atom_shares(smiles, ["descriptors:MolLogP"], [logp], 0.0, explained=1.0)
    assert sum(found.atoms) == pytest.approx(logp)
    assert found.whole == 0.0
    assert all(share > 0 for share in found.atoms[:5])  # carbons bring it up
    assert found.atoms[6] < 0  # the oxygen with its hydrogen takes it down
    assert found.columns == (("MolLogP", pytest.approx(logp)),)


def test_a_logp_whose_parts_cancel_stands_for_the_whole_molecule() -> None:
    smiles = "CCO"  # -0.0014: a part of it would be hundreds of times the share
    assert abs(Crippen.MolLogP(_read(smiles))) < 0.01
    found = atom_shares(smiles, ["descriptors:MolLogP"], [1.0], 0.0, explained=1.0)
    assert found.atoms == (0.0, 0.0, 0.0)
    assert found.whole == 1.0
    water = atom_shares("CC", ["descriptors:TPSA"], [1.0], 0.0, explained=1.0)
    assert water.whole == 1.0


def test_the_five_strongest_properties_are_named_strongest_first() -> None:
    names = list(DESCRIPTORS[:8])
    shares = [0.1, -0.9, 0.3, 0.0, 0.5, -0.2, 0.8, 0.05]
    found = atom_shares("CCO", [f"descriptors:{one}" for one in names], shares, 0.0, explained=1.0)
    assert found.columns == tuple((names[at], shares[at]) for at in (1, 6, 4, 2, 5))


@pytest.mark.parametrize(
    ("smiles", "columns", "shares"),
    [
        ("C1CC", ["erg:1"], [1.0]),
        ("", ["erg:1"], [1.0]),
        ("C", ["erg:1"], [1.0, 2.0]),
        ("C", ["erg:1"], [float("nan")]),
        ("C", ["ecfp4:1024"], [1.0]),
        ("C", ["ecfp4:x"], [1.0]),
    ],
)
def test_what_cannot_be_divided_is_one_error(smiles: str, columns: list[str], shares: list[float]) -> None:
    with pytest.raises(InputError):
        atom_shares(smiles, columns, shares, 0.0, explained=1.0)
