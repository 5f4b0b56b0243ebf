"""Proves that the nearest measured molecules are those that RDKit finds, and that the domain ends where it should."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.drugs.admet.neighbours import (
    EDGE,
    Measured,
    edge,
    familiarity,
    gather,
    is_inside,
    nearest,
    nearest_by_endpoint,
    reference_similarities,
)
from suwen.drugs.similarity.fingerprints import Words, fingerprints
from suwen.errors import InputError

Chem = pytest.importorskip("rdkit.Chem", reason="RDKit is not installed")
DataStructs = pytest.importorskip("rdkit.DataStructs")
GENERATOR = pytest.importorskip("rdkit.Chem.rdFingerprintGenerator")

SMILES = (
    "CCO", "CCCO", "CCCCO", "c1ccccc1", "Cc1ccccc1", "CC(=O)Oc1ccccc1C(=O)O", "OC(=O)c1ccccc1O", "CN1CCC[C@H]1c1cccnc1",
    "Cn1cnc2c1c(=O)n(C)c(=O)n2C", "CC(C)Cc1ccc(cc1)C(C)C(=O)O", "CC(=O)Nc1ccc(O)cc1", "NC(=O)c1cccnc1", "OCCO",
    "CC(C)(C)NCC(O)c1ccc(O)c(CO)c1", "CN(C)CCCN1c2ccccc2Sc2ccc(Cl)cc12", "Clc1ccccc1Cl",
)  # fmt: skip
ROWS = {"one": [0, 3, 5, 6, 8, 11, 15], "two": list(range(len(SMILES))), "few": [2, 9]}


def values(rows: list[int]) -> list[float]:
    return [10.0 * row + 0.5 for row in rows]


@pytest.fixture(scope="module")
def words() -> Words:
    return fingerprints(SMILES)


@pytest.fixture(scope="module")
def measured(words: Words) -> Measured:
    return gather(SMILES, words, {key: (rows, values(rows)) for key, rows in ROWS.items()})


def morgan(smiles: str) -> Any:
    maker = GENERATOR.GetMorganGenerator(radius=2, fpSize=2048)
    return maker.GetFingerprint(Chem.MolFromSmiles(smiles))


def test_every_endpoint_gets_the_nearest_of_its_own_molecules_as_rdkit_ranks_them(measured: Measured) -> None:
    asked = ["CCCCCO", "COc1ccccc1C(=O)O", "CC(=O)Nc1ccc(OC)cc1", "C"]
    for text, found in zip(asked, nearest_by_endpoint(measured, fingerprints(asked)), strict=True):
        for key, rows in ROWS.items():
            truth = DataStructs.BulkTanimotoSimilarity(morgan(text), [morgan(SMILES[row]) for row in rows])
            order = sorted(range(len(rows)), key=lambda at: (-truth[at], at))[:3]
            assert [one.smiles for one in found[key]] == [SMILES[rows[at]] for at in order]
            assert [one.similarity for one in found[key]] == pytest.approx([truth[at] for at in order], abs=1e-6)
            assert [one.measured for one in found[key]] == [values(rows)[at] for at in order]


def test_many_at_once_answer_as_one_alone_does(measured: Measured, words: Words) -> None:
    together = nearest_by_endpoint(measured, np.concatenate([words] * 9), count=2)
    assert len(together) == 9 * len(SMILES)
    for place, found in enumerate(together):
        for key, rows in ROWS.items():
            alone = nearest(
                words[place % len(SMILES)], words[rows], [SMILES[row] for row in rows], values(rows), count=2
            )
            assert found[key] == alone


def test_a_molecule_that_was_measured_is_its_own_nearest(measured: Measured, words: Words) -> None:
    for row, found in enumerate(nearest_by_endpoint(measured, words)):
        assert found["two"][0].similarity == 1.0
        assert found["two"][0].measured == values(ROWS["two"])[row]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2048), st.integers(0, 2048))
def test_any_two_fingerprints_have_the_bits_in_common_that_they_have(seed: int, first: int, second: int) -> None:
    """Large molecules have more bits in common than a byte can count; empty ones have none."""
    random = np.random.default_rng(seed)
    bits = np.zeros((2, 2048), np.uint8)
    bits[0, random.permutation(2048)[:first]] = 1
    bits[1, random.permutation(2048)[:second]] = 1
    packed = np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64)
    common, either = int((bits[0] & bits[1]).sum()), int((bits[0] | bits[1]).sum())
    found = nearest_by_endpoint(gather(["a"], packed[:1], {"key": ([0], [1.0])}), packed[1:])
    assert found[0]["key"][0].similarity == pytest.approx(common / either if either else 1.0, abs=1e-6)
    assert nearest(packed[1], packed[:1], ["a"], [1.0]) == found[0]["key"]


def test_the_reference_is_each_molecule_against_the_nearest_other(measured: Measured) -> None:
    found = reference_similarities(measured)
    for key, rows in ROWS.items():
        prints = [morgan(SMILES[row]) for row in rows]
        truth = [
            max(DataStructs.TanimotoSimilarity(one, other) for other in prints if other is not one) for one in prints
        ]
        assert found[key].tolist() == pytest.approx(sorted(truth), abs=1e-6)


@given(st.lists(st.floats(0.0, 1.0, width=32), min_size=1, max_size=200), st.floats(0.0, 1.0, width=32))
def test_familiarity_counts_those_farther_and_the_edge_leaves_few_outside(given: list[float], asked: float) -> None:
    reference = np.sort(np.array(given, np.float32))
    assert familiarity(asked, reference) == sum(one < asked for one in given) / len(given)
    outside = [one for one in given if not is_inside(one, reference)]
    assert len(outside) <= EDGE * len(given)
    assert is_inside(edge(reference), reference)
    assert not is_inside(edge(reference) - 1e-3, reference)
    assert is_inside(1.0, reference)


@pytest.mark.parametrize("table", [([0, 99], [1.0, 2.0]), ([0], [1.0, 2.0]), ([], []), ([-1], [1.0])])
def test_measurements_that_do_not_fit_are_refused(words: Words, table: tuple[list[int], list[float]]) -> None:
    with pytest.raises(InputError, match="key"):
        gather(SMILES, words, {"key": table})
    with pytest.raises(InputError):
        gather(SMILES[:2], words, {})


def test_a_single_measured_molecule_has_no_reference(words: Words) -> None:
    with pytest.raises(InputError, match="single"):
        reference_similarities(gather(SMILES, words, {"key": ([3], [1.0])}))
