"""The learners of the endpoints: laws of kernels, trees, weights and rulers, and the same answers after storing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.drugs.admet.judging import better, figure_of, score
from suwen.drugs.admet.kernels import fit_exact, fit_landmarks, kernel
from suwen.drugs.admet.learner import Held, Task, fit_all, held_out, member_weights, scaffold_parts, world_of
from suwen.drugs.admet.model import Model
from suwen.drugs.admet.rows import COLUMNS, Points, Scales
from suwen.drugs.admet.rulers import quantiles, ruler_of
from suwen.drugs.admet.tables import Read, cleaned, read_measured
from suwen.drugs.representation.kinds import represent
from suwen.errors import DataError, FormatError, InputError
from suwen.explain.tables.oblivious_shapley import oblivious_shapley
from suwen.formats.molecules import read_molecule
from suwen.learn.arrays import load_arrays, save_arrays
from suwen.learn.card import Card

pytest.importorskip("rdkit")
pytest.importorskip("catboost")
pytest.importorskip("torch")

SMILES = [
    f"{'C' * n}{ring}{end}" for n in range(1, 9) for ring in ("c1ccccc1", "C1CCNCC1", "c1ccncc1") for end in "OFN"
]
KINDS = ("ecfp4", "fcfp4", "avalon", "erg", "descriptors")


def fake_rows(smiles: list[str], seed: int = 0) -> dict[str, np.ndarray]:
    """Real fragments and descriptors, and made-up language vectors that follow the length."""
    rows = dict(represent(smiles, kinds=KINDS))
    rng = np.random.default_rng(seed)
    lengths = np.array([len(one) for one in smiles])[:, None]
    rows["language"] = (rng.normal(size=(1, 384)) * lengths + rng.normal(size=(len(smiles), 384))).astype(np.float32)
    return rows


@pytest.fixture(scope="module")
def tasks() -> list[Task]:
    carbons = np.array([one.count("C") for one in SMILES], float)
    rows = np.arange(len(SMILES))
    return [
        Task("vdss", rows, 10 ** (carbons / 8), classes=False, log=True),
        Task("herg", rows, (carbons > 5).astype(float), classes=True),
    ]


@pytest.fixture(scope="module")
def world() -> object:
    return world_of(fake_rows(SMILES))


@pytest.fixture(scope="module")
def model(world: object, tasks: list[Task]) -> Model:
    part = np.arange(len(SMILES)) % 2
    held = [held_out(world, tasks, part, number, seeds=(0,)) for number in (0, 1)]
    fitted = fit_all(world, tasks, seeds=(0,))
    near = np.full(len(SMILES), 0.5)
    rulers = {
        one.key: replace(
            ruler_of(one, [each[one.key] for each in held], near, reference=np.linspace(0, 1, 50)),
            medicines=quantiles(np.linspace(0, 1, 9)),
        )
        for one in tasks
    }
    return Model(
        world.scales,
        world.points,
        fitted.layers,
        fitted.forests,
        fitted.landmarks,
        fitted.lines,
        rulers,
        fitted.means,
        fitted.spreads,
        np.arange(len(SMILES) * 32, dtype=np.uint64).reshape(-1, 32),
        np.arange(len(SMILES), dtype=np.uint64),
        {one.key: one.rows for one in tasks},
        {one.key: one.rows + 1 for one in tasks},
    )


# --- kernels ----------------------------------------------------------------------------------------------------------


def test_the_kernel_is_a_closeness(world: object) -> None:
    close = kernel(world.points, world.points)
    np.testing.assert_allclose(np.diag(close), 1, atol=1e-5)
    np.testing.assert_allclose(close, close.T, atol=1e-5)
    assert close.min() >= 0
    assert close.max() <= 1 + 1e-5
    assert np.linalg.eigvalsh(close.astype(float)).min() > -1e-4


def test_shared_counts_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(1)
    some, others = (rng.integers(0, 7, (n, 30)).astype(np.uint8) for n in (4, 5))
    nothing = np.zeros((4, 3), np.int8), np.zeros((5, 3), np.int8)
    close = kernel(Points(some, nothing[0], nothing[0]), Points(others, nothing[1], nothing[1]))
    for a in range(4):
        for b in range(5):
            both = np.minimum(some[a], others[b]).sum() / np.maximum(some[a], others[b]).sum()
            assert close[a, b] == pytest.approx((both + 2) / 3, abs=1e-5)  # the other two kernels see no difference


def test_answers_without_oneself_are_those_of_refits(world: object) -> None:
    close = kernel(world.points, world.points)[:20, :20]
    truth = np.sin(np.arange(20.0))
    line = fit_exact(close, truth)
    for out in (0, 7, 19):
        keep = np.arange(20) != out
        square = close[np.ix_(keep, keep)].astype(float) + line.ridge * np.eye(19)
        centred = truth - truth.mean()  # the mean is that of all: a constant that is not learned again
        refit = close[out, keep] @ np.linalg.solve(square, centred[keep]) + truth.mean()
        assert line.left_out is not None
        assert line.left_out[out] == pytest.approx(refit, abs=2e-3)


def test_landmarks_that_are_all_molecules_solve_nearly_the_same(world: object) -> None:
    close = kernel(world.points, world.points)
    truth = np.cos(np.arange(len(SMILES)) / 5)
    centred = truth - truth.mean()
    square = close.astype(float) + np.eye(len(truth))
    exact = close @ np.linalg.solve(square, centred) + truth.mean()
    marks = fit_landmarks(close, close, truth, ridge=1.0)
    assert np.corrcoef(marks(close), exact)[0, 1] > 0.999
    np.testing.assert_allclose(marks(close), exact, atol=0.05)


# --- trees ------------------------------------------------------------------------------------------------------------


def test_shares_of_the_columns_add_up_to_what_the_trees_say(model: Model, world: object) -> None:
    for key, forest in model.forests.items():
        shares, base = oblivious_shapley(forest, world.table[3])
        said = forest.logits(world.table[3:4])[0]
        assert len(shares) == len(COLUMNS), key
        assert shares.sum() + base == pytest.approx(said, abs=1e-6)


# --- joining and judging ----------------------------------------------------------------------------------------------


@given(st.integers(0, 500), st.integers(7, 200))
@settings(max_examples=40, deadline=None)
def test_weights_of_members_are_shares(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    weights = member_weights(rng.normal(size=(count, 3)), rng.normal(size=count))
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)


def test_the_better_member_weighs_more_and_few_molecules_hardly_decide() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(size=4000)
    answers = np.stack([truth + rng.normal(size=4000) * s for s in (0.1, 2.0, 2.0)], axis=1)
    many, few = member_weights(answers, truth), member_weights(answers[:12], truth[:12])
    assert many[0] > 0.8
    assert many[0] > few[0] > 1 / 3


def test_intervals_and_answers_hold_what_they_promise() -> None:
    rng = np.random.default_rng(4)
    n = 4000
    rows = np.arange(n)
    real = rng.normal(size=n)
    unlike = rng.uniform(size=n)
    noise = rng.normal(size=n) * (0.2 + 2 * unlike)
    answers = np.repeat((real + noise)[:, None], 3, axis=1)
    task = Task("caco2", rows, real, classes=False)
    half = rows < n // 2
    ruler = ruler_of(
        task, [Held(rows[half], answers[half], real[half])], 1 - unlike[half], reference=np.linspace(0, 1, 9)
    )
    width = ruler.width(answers[~half], 1 - unlike[~half])
    inside = np.abs(ruler.joined(answers[~half]) - real[~half]) <= width
    assert inside.mean() == pytest.approx(0.9, abs=0.02)
    far = unlike[~half] > 0.5
    assert width[far].mean() > 1.5 * width[~far].mean()
    assert inside[far].mean() == pytest.approx(0.9, abs=0.04)


def test_chances_are_calibrated() -> None:
    rng = np.random.default_rng(5)
    n = 6000
    chance = rng.uniform(0.02, 0.98, n)
    truth = (rng.uniform(size=n) < chance).astype(float)
    odds = np.log(chance / (1 - chance))
    bold = 1 / (1 + np.exp(-(2 * odds - 1)))  # too sure, and shifted
    rows = np.arange(n)
    held = Held(rows, np.repeat(bold[:, None], 3, axis=1), truth)
    ruler = ruler_of(Task("ames", rows, truth, classes=True), [held], np.ones(n), reference=np.linspace(0, 1, 9))
    joined = ruler.joined(held.answers)
    assert np.abs(joined - chance).max() < 0.06
    for answer in (0, 1):
        wrong = np.abs(joined - answer)[truth == answer]
        assert (wrong <= ruler.limits[answer]).mean() == pytest.approx(0.9, abs=0.02)


def test_scaffolds_do_not_straddle_parts() -> None:
    part = scaffold_parts(["Cc1ccccc1", "CCCc1ccccc1", "CCO", "CCN", "Clc1ccccc1Br"], parts=3)
    assert part[0] == part[1] == part[4]
    assert (part == scaffold_parts(["Cc1ccccc1", "CCCc1ccccc1", "CCO", "CCN", "Clc1ccccc1Br"], parts=3)).all()


def test_members_learn_what_there_is_to_learn(world: object, tasks: list[Task]) -> None:
    part = np.arange(len(SMILES)) % 3
    held = held_out(world, tasks, part, 0, seeds=(0,))
    said = held["vdss"].answers
    assert (np.abs(np.corrcoef(said.T, held["vdss"].truth)[-1, :-1]) > 0.7).all()
    assert all(score("herg", held["herg"].truth, one) > 0.8 for one in held["herg"].answers.T)


# --- storing ----------------------------------------------------------------------------------------------------------

CARD = Card("tiny", "1", {"en": "a"}, "numbers", (), {}, {}, (), {}, {"en": ("b",)}, "MIT")


def test_answers_are_the_same_after_storing(model: Model, world: object, tmp_path: Path) -> None:
    card = save_arrays(dict(zip(("one", "two", "three"), model.to_arrays(), strict=True)), CARD, tmp_path)
    pin = _digest(tmp_path / "tiny.json")
    parts, read = load_arrays(tmp_path / "tiny.json", frozenset({pin}))
    again = Model.from_arrays(parts["one"], parts["two"], parts["three"])
    assert read == card
    assert list(again.rulers) == list(model.rulers)
    for name in ("features", "descriptors", "language"):
        assert (getattr(again.points, name) == getattr(model.points, name)).all()
    assert (again.words == model.words).all()
    assert (again.layers(world.inputs) == model.layers(world.inputs)).all()
    for key in model.rulers:
        assert (again.forests[key].logits(world.table) == model.forests[key].logits(world.table)).all()
        np.testing.assert_allclose(again.lines[key].weights, model.lines[key].weights, rtol=1e-6)
        assert again.rulers[key].bounds == model.rulers[key].bounds
        np.testing.assert_allclose(again.rulers[key].weights, model.rulers[key].weights)
    assert again.scales.medians.shape == model.scales.medians.shape


def _digest(file: Path) -> str:
    import hashlib  # noqa: PLC0415

    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_what_lacks_an_array_is_refused(model: Model) -> None:
    first, second, third = model.to_arrays()
    for name in ("herg.line", "scales.medians", "network.weights.0", "means", "herg.ruler.order"):
        with pytest.raises(FormatError):
            Model.from_arrays({key: one for key, one in first.items() if key != name}, second, third)
    with pytest.raises(FormatError):
        Model.from_arrays(first, second, {key: one for key, one in third.items() if key != "herg.covers"})
    with pytest.raises(FormatError):
        Scales.from_arrays({})


# --- tables -----------------------------------------------------------------------------------------------------------


def test_salts_are_one_molecule_and_contradictions_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(
        "smiles,name,y\nCC(=O)O,a,1\nCC(=O)[O-].[Na+],b,1\nCCO,c,1\nOCC,d,0\nno molecule,e,1\nCCN,f,\nCCC,g,0\n"
    )
    read = read_measured(file)
    found = cleaned(read, classes=True)
    assert found.smiles == ("CC(=O)O", "CCC")
    assert found.lines.tolist() == [1, 7]
    assert (found.rows, found.refused, found.merged, found.contradictory) == (7, 2, 2, 1)


def test_amounts_of_one_molecule_are_averaged_unless_far_apart() -> None:
    molecules = tuple(read_molecule(one) for one in ("CCO", "CCO", "CCC", "CCC", "CCN"))
    read = Read(molecules, np.array([1.0, 1.2, 0.0, 9.0, 5.0]), np.arange(1, 6), 0)
    found = cleaned(read, classes=False)
    assert dict(zip(found.smiles, found.measured.tolist(), strict=True)) == pytest.approx({"CCO": 1.1, "CCN": 5.0})


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("smiles,z\nCCO,1\n", DataError),
        ("smiles,y\nC1CC,1\n", DataError),
        ("smiles,name,y\nCCO,a,much\n", FormatError),
        (None, DataError),
    ],
)
def test_a_table_that_is_none_is_one_error(text: str | None, error: type[Exception], tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "t.csv").write_text(text)
    with pytest.raises(error):
        read_measured(tmp_path / "t.csv")


# --- judging ----------------------------------------------------------------------------------------------------------


def test_measures_by_hand() -> None:
    truth = np.array([0.0, 0, 1, 1])
    assert score("herg", truth, np.array([0.1, 0.6, 0.5, 0.9])) == 0.75
    assert score("caco2", np.array([1.0, 2.0]), np.array([2.0, 4.0])) == 1.5
    assert score("vdss", np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 9.0, 20.0, 10.0])) == pytest.approx(0.8)
    assert better("caco2", 0.1, 0.2)
    assert better("herg", 0.9, 0.8)
    with pytest.raises(InputError):
        score("herg", np.ones(3), np.ones(3))
    figure = figure_of("herg", np.tile(truth, 20), np.tile([0.1, 0.6, 0.5, 0.9], 20), rng=np.random.default_rng(0))
    assert figure.low < 0.75 < figure.high
