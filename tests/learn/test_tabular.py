"""Proves that the classifiers of tables keep scikit-learn's contract, and the laws that a ward relies on.

No group on both sides, the same seed the same answer, directions never violated, unknown values answered, and a saved
model that answers the same without LightGBM and without code.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from suwen.errors import FormatError, InputError, MissingExtraError
from suwen.explain.tables.trees import Node, Tree, tree_values
from suwen.learn.measure import auc, log_loss
from suwen.learn.plan import Plan
from suwen.learn.tabular.boosted import BoostedClassifier
from suwen.learn.tabular.forest import Forest, read_forest
from suwen.learn.tabular.network import NetworkClassifier

SHORT = Plan(epochs=12, batch=16, rate=0.03, patience=6, watch="loss")
QUICK = Plan(epochs=5, batch=32, rate=0.05, watch="loss")  # for a hundred checks on blobs that lie far apart
FAST = {
    "boosted": lambda: BoostedClassifier(rounds=25, rate=0.2, least=3),
    "perceptron": lambda: NetworkClassifier(settings={"widths": [8]}, plan=SHORT),
    "columns": lambda: NetworkClassifier("columns", {"width": 8, "depth": 1, "heads": 2}, plan=SHORT),
}
EVERY = pytest.mark.parametrize("kind", list(FAST))


def table(n: int = 200, columns: int = 4, seed: int = 0, unknown: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """An additive question with some values unknown."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, columns))
    labels = (2 * rows[:, 0] - 2 * rows[:, 1] + rng.logistic(scale=0.3, size=n) > 0).astype(int)
    rows[rng.random(rows.shape) < unknown] = np.nan
    return rows, labels


@pytest.fixture(scope="module")
def fitted() -> dict[str, Any]:
    return {kind: make().fit(*table()) for kind, make in FAST.items()}


def expected(estimator: Any) -> dict[str, str]:
    del estimator
    return {"check_dtype_object": "what is no number is refused by InputError, a ValueError, not by TypeError"}


@parametrize_with_checks(
    [BoostedClassifier(rounds=15, rate=0.3, least=3), NetworkClassifier(settings={"widths": [8]}, plan=QUICK)],
    expected_failed_checks=expected,
)
def test_the_contract_of_scikit_learn_is_kept(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


@EVERY
def test_parameters_are_stored_untouched_and_cloned(kind: str) -> None:
    made = FAST[kind]()
    assert clone(made).get_params() == made.get_params()
    assert made.set_params(seed=3).get_params()["seed"] == 3
    assert not [name for name in vars(made) if name.endswith("_")]
    with pytest.raises(NotFittedError):
        made.predict(table()[0])


@EVERY
def test_it_works_in_cross_validation(kind: str) -> None:
    assert cross_val_score(FAST[kind](), *table(), cv=2, scoring="roc_auc").min() > 0.8


@EVERY
def test_chances_sum_to_one_and_unknown_values_are_answered(fitted: dict[str, Any], kind: str) -> None:
    rows = table(50, seed=1, unknown=0.6)[0]
    rows[0] = np.nan
    chances = fitted[kind].predict_proba(rows)
    assert chances.shape == (50, 2)
    assert np.isfinite(chances).all()
    assert (chances >= 0).all()
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-12)
    assert (fitted[kind].predict(rows) == fitted[kind].classes_[chances.argmax(1)]).all()


@EVERY
def test_the_same_seed_gives_the_same_answer_and_another_seed_another(fitted: dict[str, Any], kind: str) -> None:
    rows, labels = table()
    np.testing.assert_array_equal(FAST[kind]().fit(rows, labels).predict_proba(rows), fitted[kind].predict_proba(rows))
    other = FAST[kind]().set_params(seed=1).fit(rows, labels)
    assert np.abs(other.predict_proba(rows) - fitted[kind].predict_proba(rows)).max() > 1e-6


@EVERY
def test_a_saved_classifier_answers_the_same(fitted: dict[str, Any], kind: str) -> None:
    rows, one = table(60, seed=4)[0], fitted[kind]
    again = type(one).from_arrays(load(save(one.to_arrays())))
    np.testing.assert_array_equal(again.predict_proba(rows), one.predict_proba(rows))
    assert again.get_params() == one.get_params()
    assert again.classes_.dtype == one.classes_.dtype
    twice = save(again.to_arrays())
    assert twice == save(one.to_arrays())


@EVERY
def test_three_classes_named_by_text_survive_saving(kind: str) -> None:
    rows = table(120, seed=5)[0]
    labels = np.array(["benign", "malignant", "normal"])[np.digitize(np.nan_to_num(rows[:, 0]), [-0.5, 0.5])]
    one = FAST[kind]().fit(rows, labels)
    again = type(one).from_arrays(load(save(one.to_arrays())))
    assert (again.predict(rows) == labels).mean() > 0.8
    assert again.classes_.tolist() == ["benign", "malignant", "normal"]
    np.testing.assert_array_equal(again.predict_proba(rows), one.predict_proba(rows))


@EVERY
def test_damaged_arrays_are_refused(fitted: dict[str, Any], kind: str) -> None:
    one = fitted[kind]
    arrays = one.to_arrays()
    for name in arrays:
        with pytest.raises(FormatError):
            type(one).from_arrays({other: values for other, values in arrays.items() if other != name})
    swapped = NetworkClassifier if kind == "boosted" else BoostedClassifier
    with pytest.raises(FormatError):
        swapped.from_arrays(arrays)


@EVERY
def test_no_group_stands_on_both_sides_whatever_the_order_of_rows(kind: str) -> None:
    rows, labels = table(120, seed=6)
    rng = np.random.default_rng(6)
    patients = np.array([f"patient {one}" for one in np.repeat(np.arange(40), 3)])
    order = rng.permutation(120)
    held = []
    for now in (np.arange(120), order):
        one = FAST[kind]()
        one.set_params(**({"rounds": 2} if kind == "boosted" else {"plan": Plan(epochs=1, watch="loss")}))
        one.fit(rows[now], labels[now], groups=patients[now])
        inside = set(patients[now][one.validation_rows_])
        outside = set(np.delete(patients[now], one.validation_rows_))
        assert inside
        assert not inside & outside
        assert set(labels[now][one.validation_rows_]) == {0, 1}
        held.append(inside)
    assert held[0] == held[1]


@EVERY
@pytest.mark.parametrize(
    ("rows", "labels", "said"),
    [
        ([[1.0], [2.0], [np.inf], [0.0]], [0, 1, 0, 1], "infinity"),
        ([["Anna"], ["Bo"]], [0, 1], "holds text"),
        ([[1.0, 2.0]], [1], "sample"),
        ([1.0, 2.0, 3.0], [0, 1, 0], "Reshape"),
        ([[1.0], [2.0], [3.0]], [1, 1, 1], "one class"),
        ([[1.0], [2.0], [3.0]], [0.5, 1.7, 2.2], "label type"),
        ([[1.0], [2.0], [3.0]], [0, 1], "inconsistent"),
        ([[1.0], [2.0], [3.0]], np.array([0, "a", None], object), "label type"),
        ([[1.0], [2.0], [3.0]], None, "requires y"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(kind: str, rows: Any, labels: Any, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        FAST[kind]().fit(np.array(rows), labels)
    assert "Anna" not in str(refused.value)
    assert refused.value.__cause__ is None  # a chained error would print the values


@EVERY
def test_bad_settings_and_groups_are_refused(kind: str) -> None:
    rows, labels = table(30)
    for share in (0, 1, -0.1, True, "0.2"):
        with pytest.raises(InputError, match="validation"):
            FAST[kind]().set_params(validation=share).fit(rows, labels)
    with pytest.raises(InputError, match="seed"):
        FAST[kind]().set_params(seed=-1).fit(rows, labels)
    with pytest.raises(InputError, match="30 rows have 2 groups"):
        FAST[kind]().fit(rows, labels, groups=["a", "b"])
    with pytest.raises(InputError, match="group"):
        FAST[kind]().fit(rows, labels, groups=[None] * 30)


@EVERY
def test_a_fit_that_failed_leaves_no_model_behind(kind: str) -> None:
    one = FAST[kind]().fit(*table(40))
    with pytest.raises(InputError, match="one class"):
        one.fit(table(40)[0], np.ones(40))
    with pytest.raises(NotFittedError):
        one.predict(table(40)[0])
    with pytest.raises(NotFittedError):
        one.to_arrays()


@EVERY
def test_two_patients_are_too_few_to_judge_by_and_it_is_seen(kind: str) -> None:
    rows, labels = table(20)
    one = FAST[kind]().fit(rows, labels, groups=["a"] * 10 + ["b"] * 10)
    assert len(one.validation_rows_) in {0, 10}
    alone = FAST[kind]().fit(rows, labels, groups=["a"] * 20)
    assert not len(alone.validation_rows_)
    assert alone.calibration_.temperature == 1
    assert np.isfinite(alone.predict_proba(rows)).all()


@EVERY
def test_a_class_of_one_patient_is_learned_and_the_patient_not_divided(kind: str) -> None:
    rows, labels = table(24, seed=17)
    patients = np.repeat(np.arange(8), 3)
    labels[:3] = (0, 1, 2)  # only the first patient shows the third class, among others
    short = {"rounds": 2} if kind == "boosted" else {"plan": Plan(epochs=1, watch="loss")}
    for seed in range(8):
        one = FAST[kind]().set_params(seed=seed, validation=0.8, **short).fit(rows, labels, groups=patients)
        held = one.validation_rows_
        assert 2 not in labels[held]
        assert not set(patients[held]) & set(np.delete(patients, held))


@pytest.mark.parametrize("seed", range(6))
def test_a_validation_part_of_one_class_judges_nothing(seed: int) -> None:
    rows, labels = table(9, seed=18)[0], np.array([0] * 8 + [1])  # the one ill patient is needed to learn from
    one = BoostedClassifier(rounds=2, seed=seed).fit(rows, labels)
    assert not len(one.validation_rows_)


def test_the_seed_draws_the_rows_of_each_tree() -> None:
    rows, labels = table(60)
    alone = ["one patient"] * 60  # no validation part, so that nothing else depends on the seed
    first, second = (BoostedClassifier(5, rows=0.5, seed=seed).fit(rows, labels, groups=alone) for seed in (0, 1))
    assert np.abs(first.predict_proba(rows) - second.predict_proba(rows)).max() > 1e-6


@EVERY
def test_a_small_validation_part_without_a_mistake_makes_nobody_certain(kind: str) -> None:
    rng = np.random.default_rng(19)
    labels = np.arange(60) % 2
    rows = np.column_stack([4.0 * labels + rng.normal(scale=0.1, size=60), rng.normal(size=60)])
    chances = FAST[kind]().fit(rows, labels).predict_proba(rows)
    assert chances.argmax(1).tolist() == labels.tolist()
    assert np.median(chances.max(axis=1)) < 0.97  # of 6 in 6 right, Platt's expectation is 7/8


def test_a_network_learns_what_no_single_column_says() -> None:
    rng = np.random.default_rng(7)
    rows = rng.choice([-1.0, 1.0], (500, 2)) + rng.normal(scale=0.2, size=(500, 2))
    labels = (rows[:, 0] * rows[:, 1] > 0).astype(int)
    one = NetworkClassifier(settings={"widths": [16]}, plan=Plan(epochs=30, rate=0.02, watch="loss"))
    assert one.fit(rows[:300], labels[:300]).score(rows[300:], labels[300:]) > 0.95
    apart = [abs(auc(labels, column) - 0.5) for column in rows.T]
    assert max(apart) < 0.1


def test_boosting_learns_an_additive_question_and_is_calibrated() -> None:
    (rows, labels), (unseen, truth) = table(1000, seed=8), table(1000, seed=9)
    one = BoostedClassifier(rounds=150).fit(rows, labels)
    chances = one.predict_proba(unseen)
    assert auc(truth, chances[:, 1]) > 0.93
    assert one.importances_[:2].sum() > 0.85
    assert abs(one.importances_.sum() - 1) < 1e-12
    assert one.rounds_ == len(one.trees())
    assert 0.7 < one.calibration_.temperature < 1.5
    assert log_loss(truth, chances) < 0.4


def test_early_stopping_ends_where_noise_begins() -> None:
    rng = np.random.default_rng(10)
    one = BoostedClassifier(rounds=200, rate=0.3, patience=5).fit(rng.normal(size=(200, 3)), rng.integers(0, 2, 200))
    assert one.rounds_ < 30


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("zero", [False, True])
def test_the_plain_walk_answers_as_lightgbm(classes: int, zero: bool) -> None:
    rng = np.random.default_rng(11)
    rows = rng.normal(size=(300, 5))
    rows[:, 1] = rng.integers(-2, 3, 300)
    labels = np.digitize(rows[:, 0] + rows[:, 1] / 2 + rng.normal(size=300) / 2, [0.0, 1.0][: classes - 1])
    rows[:, 2:][rng.random((300, 3)) < 0.3] = np.nan
    objective = {"objective": "binary"} if classes == 2 else {"objective": "multiclass", "num_class": classes}
    how = {"zero_as_missing": zero, "num_threads": 1, "verbosity": -1, "min_data_in_leaf": 3, "num_leaves": 12}
    booster = lightgbm.train(objective | how, lightgbm.Dataset(rows, labels, params=how), 20)
    asked = np.concatenate([rows, rng.normal(size=(100, 5)), np.zeros((1, 5)), np.full((1, 5), np.nan)])
    asked[300:400][rng.random((100, 5)) < 0.4] = np.nan
    asked[350:360, 0] = 1e-36
    forest = read_forest(booster)
    inner = np.flatnonzero(forest.feature >= 0)[:40]  # rows exactly on a threshold go left
    asked[300 + np.arange(len(inner)), forest.feature[inner]] = forest.threshold[inner]
    assert set(forest.missing[forest.feature >= 0].tolist()) == ({1} if zero else {0, 2})
    raw = booster.predict(asked, raw_score=True).reshape(len(asked), -1)
    np.testing.assert_allclose(forest.logits(asked), raw, atol=1e-9, rtol=0)
    few = booster.predict(asked, raw_score=True, num_iteration=3).reshape(len(asked), -1)
    np.testing.assert_allclose(read_forest(booster, rounds=3).logits(asked), few, atol=1e-9, rtol=0)


def test_trees_are_those_that_explanations_read(fitted: dict[str, Any]) -> None:
    one, rows = fitted["boosted"], table(40, seed=12, unknown=0)[0]
    total = np.zeros(len(rows))
    for arrays in one.trees():
        names = ("value", "cover", "feature", "threshold", "left", "right")
        nodes = zip(*(arrays[name].tolist() for name in names), strict=True)
        total += tree_values(Tree(tuple(Node(*node) for node in nodes)), rows)
    np.testing.assert_allclose(total, one.forest_.logits(rows)[:, 0], atol=1e-12)


def test_a_column_never_unknown_in_training_takes_its_median_later() -> None:
    rows, labels = table(200, unknown=0)
    rows += 100  # LightGBM alone would take an unknown value for 0, far below all that was seen
    one = BoostedClassifier(rounds=20, rate=0.2).fit(rows, labels)
    training = np.delete(rows, one.validation_rows_, axis=0)
    asked = rows[:30].copy()
    asked[:, 0] = np.nan
    filled = asked.copy()
    filled[:, 0] = np.median(training[:, 0])
    np.testing.assert_array_equal(one.predict_proba(asked), one.predict_proba(filled))


def test_what_unknown_means_is_learned_where_it_was_seen() -> None:
    rng = np.random.default_rng(13)
    rows, labels = rng.normal(size=(300, 2)), rng.integers(0, 2, 300)
    rows[labels == 1, 0] = np.nan  # the test was only ordered for those who were ill
    for one in (BoostedClassifier(rounds=20, rate=0.3), FAST["perceptron"](), FAST["columns"]()):
        assert one.fit(rows[:200], labels[:200]).score(rows[200:], labels[200:]) > 0.95


@pytest.fixture(scope="module")
def monotone() -> BoostedClassifier:
    rows, labels = table(300, columns=3, seed=14)
    rows[:, 2] = np.sin(3 * np.nan_to_num(rows[:, 0]))
    return BoostedClassifier(rounds=60, rate=0.2, least=3, patience=60, monotone=[1, -1, 0]).fit(rows, labels)


NUMBER = st.floats(-4, 4)


@given(NUMBER, NUMBER, NUMBER, NUMBER)
@settings(max_examples=150, deadline=None)
def test_a_direction_is_never_violated(
    monotone: BoostedClassifier, first: float, second: float, third: float, other: float
) -> None:
    low, high = sorted((first, other))
    up = monotone.predict_proba(np.array([[low, second, third], [high, second, third]]))[:, 1]
    down = monotone.predict_proba(np.array([[third, low, second], [third, high, second]]))[:, 1]
    assert up[0] <= up[1] + 1e-12
    assert down[0] >= down[1] - 1e-12


def test_directions_hold_on_a_grid_and_matter(monotone: BoostedClassifier) -> None:
    grid = np.linspace(-3, 3, 61)
    rest = np.random.default_rng(15).normal(size=(40, 3))
    free = clone(monotone).set_params(monotone=None)
    rows, labels = table(300, columns=3, seed=14)
    free.fit(rows, labels)

    def steps(model: BoostedClassifier, column: int) -> np.ndarray:
        asked = np.repeat(rest, len(grid), axis=0)
        asked[:, column] = np.tile(grid, len(rest))
        return np.diff(model.predict_proba(asked)[:, 1].reshape(len(rest), -1), axis=1)

    assert steps(monotone, 0).min() >= -1e-12
    assert steps(monotone, 1).max() <= 1e-12
    assert steps(monotone, 0).max() > 0.01
    assert steps(free, 0).min() < -1e-3
    assert steps(free, 1).max() > 1e-3


def test_directions_by_place_are_those_by_list_and_nonsense_is_refused(monotone: BoostedClassifier) -> None:
    rows, labels = table(100, columns=3)
    short = clone(monotone).set_params(rounds=5)
    by_list = short.fit(rows, labels).predict_proba(rows)
    by_place = clone(short).set_params(monotone={0: 1, 1: -1}).fit(rows, labels)
    np.testing.assert_array_equal(by_place.predict_proba(rows), by_list)
    again = BoostedClassifier.from_arrays(by_place.to_arrays())
    assert again.get_params() == by_place.get_params()
    for wrong in ([1, 0], [2, 0, 0], {3: 1}, {"age": 1}):
        with pytest.raises(InputError, match="monotone"):
            clone(short).set_params(monotone=wrong).fit(rows, labels)
    with pytest.raises(InputError, match="two classes"):
        clone(short).fit(rows, np.arange(100) % 3)


@pytest.mark.parametrize(
    "wrong",
    [{"rounds": 0}, {"rate": 0}, {"leaves": 1}, {"rows": 1.5}, {"shrink": -1}, {"least": 2.5}, {"rate": np.nan}],
)
def test_settings_of_boosting_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        BoostedClassifier(**wrong).fit(*table(30))


def test_categories_have_tokens_and_a_new_one_is_unknown() -> None:
    rng = np.random.default_rng(16)
    rows = np.column_stack([rng.integers(0, 4, 300), rng.normal(size=300)]).astype(float)
    labels = np.isin(rows[:, 0], (0, 2)).astype(int)
    shape = {"width": 8, "depth": 1, "heads": 2, "kinds": [4, 0]}
    one = NetworkClassifier("columns", shape, plan=SHORT).fit(rows, labels)
    assert one.score(rows, labels) > 0.95
    new, unknown = np.array([[4.0, 0.1]]), np.array([[np.nan, 0.1]])
    np.testing.assert_array_equal(one.predict_proba(new), one.predict_proba(unknown))
    rows[0, 0] = 9
    with pytest.raises(InputError, match=r"columns \[0\]"):
        clone(one).fit(rows, labels)


def test_settings_of_networks_that_cannot_be_are_refused() -> None:
    for kind, shape, said in (
        ("residual", None, "perceptron and columns"),
        ("perceptron", {"outputs": 3}, "leave them out"),
        ("columns", {"kinds": [0]}, "1 columns"),
        ("perceptron", {"depth": 3}, "no depth"),
    ):
        with pytest.raises(InputError, match=said):
            NetworkClassifier(kind, shape).fit(*table(30))


def test_only_the_seed_of_the_classifier_counts() -> None:
    rows, labels = table(60)
    plans = [Plan(epochs=2, batch=16, watch="loss", seed=seed) for seed in (0, 9)]
    said = []
    for plan in plans:
        with torch.random.fork_rng():
            torch.manual_seed(plan.seed)
            said.append(NetworkClassifier(plan=plan).fit(rows, labels).predict_proba(rows))
    np.testing.assert_array_equal(*said)


def test_training_leaves_the_global_random_state_alone() -> None:
    before, drawn = torch.get_rng_state(), np.random.get_state()[1].copy()
    for make in FAST.values():
        make().set_params(validation=0.3).fit(*table(40))
    assert torch.equal(before, torch.get_rng_state())
    assert (drawn == np.random.get_state()[1]).all()


def test_answering_needs_no_lightgbm_and_learning_says_what_to_install(
    fitted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays, rows = fitted["boosted"].to_arrays(), table()[0]
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    again = BoostedClassifier.from_arrays(arrays)
    np.testing.assert_array_equal(again.predict_proba(rows), fitted["boosted"].predict_proba(rows))
    with pytest.raises(MissingExtraError, match="learn"):
        BoostedClassifier().fit(*table(30))


def broken(forest: Forest, name: str, place: int, value: float) -> dict[str, np.ndarray]:
    arrays = {key: values.copy() for key, values in forest.to_arrays().items()}
    arrays[name][place] = value
    return arrays


def test_a_forest_that_would_walk_in_circles_or_out_is_refused(fitted: dict[str, Any]) -> None:
    forest = fitted["boosted"].forest_
    second = int(forest.roots[1])
    for name, value in (("left", 0), ("right", second), ("right", 10**9), ("left", -1), ("missing", 3)):
        with pytest.raises(FormatError):
            Forest.from_arrays(broken(forest, name, 0, value))
    for name, value in (("value", np.nan), ("threshold", np.nan), ("feature", -2), ("left", int(forest.right[0]))):
        with pytest.raises(FormatError):
            Forest.from_arrays(broken(forest, name, 0, value))
    with pytest.raises(FormatError):
        Forest.from_arrays(broken(forest, "roots", 1, 0))
    with pytest.raises(FormatError):
        BoostedClassifier.from_arrays(
            fitted["boosted"].to_arrays() | {"forest.feature": np.where(forest.feature == 0, 99, forest.feature)}
        )
