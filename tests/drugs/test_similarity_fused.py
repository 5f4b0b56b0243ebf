"""Fingerprints are RDKit's; fused ranks put what the actives alone have first; BEDROC is the published one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.drugs.similarity.enrichment import bedroc, enrichment_factor, robust_initial_enhancement
from suwen.drugs.similarity.fingerprints import (
    BITS,
    KINDS,
    fingerprint,
    fingerprints,
    popcount,
    readable_fingerprints,
    several_fingerprints,
)
from suwen.drugs.similarity.fused import FUSED, PRIOR, fit_fused, highest_tanimoto, rank_fused
from suwen.errors import InputError

Chem = pytest.importorskip("rdkit.Chem", reason="fingerprints are RDKit's")
DataStructs = pytest.importorskip("rdkit.DataStructs")
MACCSkeys = pytest.importorskip("rdkit.Chem.MACCSkeys")
generators = pytest.importorskip("rdkit.Chem.rdFingerprintGenerator")
Scoring = pytest.importorskip("rdkit.ML.Scoring.Scoring")
SMILES = ["CC(=O)Oc1ccccc1C(=O)O", "CC(=O)Nc1ccc(O)cc1", "C", "c1ccccc1C[NH3+]", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C"]


def rdkits(text: str, kind: str) -> list[int]:
    molecule = Chem.MolFromSmiles(text)
    features = generators.GetMorganFeatureAtomInvGen()
    made = {
        "ecfp4": lambda: generators.GetMorganGenerator(radius=2).GetFingerprint(molecule),
        "fcfp4": lambda: generators.GetMorganGenerator(radius=2, atomInvariantsGenerator=features).GetFingerprint(
            molecule
        ),
        "path": lambda: generators.GetRDKitFPGenerator().GetFingerprint(molecule),
        "pairs": lambda: generators.GetAtomPairGenerator().GetFingerprint(molecule),
        "torsions": lambda: generators.GetTopologicalTorsionGenerator().GetFingerprint(molecule),
        "maccs": lambda: MACCSkeys.GenMACCSKeys(molecule),
    }
    return list(made[kind]().GetOnBits())


@pytest.mark.parametrize("kind", KINDS)
def test_bits_are_rdkits(kind: str) -> None:
    words = fingerprints(SMILES, kind=kind)
    assert words.shape == (len(SMILES), BITS[kind] // 64)
    for text, row in zip(SMILES, words, strict=True):
        found = [at for at in range(BITS[kind]) if int(row[at // 64]) >> (at % 64) & 1]
        assert found == rdkits(text, kind)
    assert popcount(words).tolist() == [len(rdkits(text, kind)) for text in SMILES]
    assert np.array_equal(fingerprint(SMILES[1], kind=kind), words[1])


def test_two_processes_give_what_one_gives() -> None:
    many = SMILES * 220
    one, two = (several_fingerprints(many, kinds=("ecfp4", "torsions"), workers=workers) for workers in (1, 2))
    assert all(np.array_equal(one[0][kind], two[0][kind]) for kind in ("ecfp4", "torsions"))
    assert one[1].all()
    assert two[1].all()


def test_what_cannot_be_read_is_named_by_its_number() -> None:
    with pytest.raises(InputError, match="2 of 4") as caught:
        fingerprints(["C", "C1CC", "", "CC"])
    assert [problem.where for problem in caught.value.problems] == ["molecule 2", "molecule 3"]
    words, good = readable_fingerprints(["C", "C1CC", "", "CC"])
    assert good.tolist() == [True, False, False, True]
    assert not words[1:3].any()
    assert fingerprints([]).shape == (0, 32)
    with pytest.raises(InputError, match="no fingerprint is called"):
        fingerprints(["C"], kind="ecfp5")


def test_weights_are_the_log_odds_of_the_formula() -> None:
    """Two actives, four molecules of background, three bits: worked out by hand."""
    actives = np.array([[0b011], [0b001]], np.uint64)
    background = np.array([[0b001], [0b000], [0b100], [0b101]], np.uint64)
    part = fit_fused({"ecfp4": actives}, {"ecfp4": background}).parts["ecfp4"]
    for bit, (seen, usual) in enumerate(((2, 2.5 / 5), (1, 0.5 / 5), (0, 2.5 / 5))):
        ours = (seen + PRIOR * usual) / (2 + PRIOR)
        wanted = math.log(ours / usual) - math.log((1 - ours) / (1 - usual))
        assert part.weights[bit] == pytest.approx(wanted, rel=1e-5)
    scores = fit_fused({"ecfp4": actives}, {"ecfp4": background}).scores({"ecfp4": background})
    assert scores.mean() == pytest.approx(0.0, abs=1e-6)
    assert scores.std() == pytest.approx(1.0, rel=1e-5)


def test_a_rare_shared_part_counts_more_than_a_common_one() -> None:
    """Actives share a sulphonamide that the library lacks and a phenyl ring that all of it has."""
    library = [f"c1ccccc1{'C' * at}O" for at in range(1, 30)] + ["NS(=O)(=O)C1CCCCC1"]
    scores = rank_fused(["NS(=O)(=O)c1ccccc1C", "NS(=O)(=O)c1ccccc1CC"], library, workers=1)
    assert int(np.argmax(scores)) == len(library) - 1
    usual = highest_tanimoto(fingerprints(["NS(=O)(=O)c1ccccc1C"]), fingerprints(library))
    assert int(np.argmax(usual)) != len(library) - 1


def test_ranking_tells_what_it_lacks() -> None:
    words, _ = several_fingerprints(SMILES, kinds=FUSED)
    none = {kind: one[:0] for kind, one in words.items()}
    for actives, background in ((none, words), (words, none), ({}, {}), (words, {"ecfp4": words["ecfp4"]})):
        with pytest.raises(InputError):
            fit_fused(actives, background)
    with pytest.raises(InputError, match="pairs"):
        fit_fused(words, words).scores({kind: one for kind, one in words.items() if kind != "pairs"})
    assert np.isnan(rank_fused(["CCO"], ["CCO", "C1CC", "CC"], workers=1)).tolist() == [False, True, False]
    with pytest.raises(InputError, match="not every active"):
        rank_fused(["C1CC"], ["C"])


def test_highest_tanimoto_is_rdkits() -> None:
    words = fingerprints(SMILES)
    vectors = [DataStructs.CreateFromBinaryText(row.tobytes()) for row in words]
    wanted = np.max([DataStructs.BulkTanimotoSimilarity(one, vectors) for one in vectors[:2]], axis=0)
    assert np.array_equal(highest_tanimoto(words[:2], words), wanted)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 400), alpha=st.sampled_from([5.0, 20.0, 53.6, 160.9]))
def test_bedroc_is_rdkits(seed: int, count: int, alpha: float) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.arange(count) < rng.integers(1, count))
    scores = rng.permutation(count).astype(float)
    table = [(score, int(active)) for score, active in sorted(zip(scores, truth, strict=True), reverse=True)]
    assert bedroc(truth, scores, alpha=alpha) == pytest.approx(Scoring.CalcBEDROC(table, 1, alpha), abs=1e-6)
    assert robust_initial_enhancement(truth, scores, alpha=alpha) == pytest.approx(
        Scoring.CalcRIE(table, 1, alpha), rel=1e-6
    )
    factor = Scoring.CalcEnrichment(table, 1, [0.01])[0]
    if count >= 100 and count % 100 == 0:
        assert enrichment_factor(truth, scores) == pytest.approx(factor)


def test_bedroc_has_the_published_meaning() -> None:
    """Truchon & Bayly 2007: 1 and 0 at the ends; with alpha 20 the first 8 % of the ranks hold 80 % of the weight, with
    160.9 the first 1 %; a random order of few actives is worth about 1 / alpha + 1 / (1 - e^alpha)."""
    truth = np.arange(1000) < 20
    assert bedroc(truth, -np.arange(1000.0)) == pytest.approx(1.0)
    assert bedroc(truth, np.arange(1000.0)) == pytest.approx(0.0)
    for alpha, share in ((20.0, 0.08), (160.9, 0.01)):
        worth = np.exp(-alpha * np.arange(1, 10_001) / 10_000)
        assert worth[: int(share * 10_000)].sum() / worth.sum() == pytest.approx(0.8, abs=0.002)
    alike = bedroc(np.arange(100_000) < 10, np.zeros(100_000))
    assert alike == pytest.approx(1 / 20 + 1 / (1 - math.exp(20)), abs=2e-3)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_ties_are_worth_the_mean_over_their_orders(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.arange(40) < 6)
    scores = rng.integers(0, 4, 40).astype(float)
    orders = [bedroc(truth, scores + 1e-6 * rng.permutation(40)) for _ in range(100)]
    assert bedroc(truth, scores) == pytest.approx(np.mean(orders), abs=0.08)
    assert bedroc(truth, scores) == pytest.approx(bedroc(truth[::-1], scores[::-1]), rel=1e-12)


def test_enrichment_needs_both_sides() -> None:
    for truth, scores in (([1, 1], [1, 2]), ([0, 0], [1, 2]), ([1, 0], [1, math.nan]), ([1, 0], [1, 2, 3])):
        with pytest.raises(InputError, match="enrichment needs"):
            bedroc(np.array(truth), np.array(scores))
