"""Shapley values: trees exact to rounding by enumeration and by LightGBM, sampling within its bounds, the laws."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import InputError
from suwen.explain.tables import (
    Node,
    Tree,
    booster_contributions,
    enumerated_shapley,
    interventional_shapley,
    path_shapley,
    read_booster,
    read_trees,
    sampled_shapley,
    tree_values,
)
from suwen.learn.nouns import Array

WIDTH = 4


def grown(rng: np.random.Generator, depth: int) -> Tree:
    """A random tree with the covers of 200 random rows, features asked more than once on purpose."""
    rows = rng.normal(size=(200, WIDTH))
    nodes: list[Node] = []

    def build(here: Array, left: int) -> int:
        place = len(nodes)
        nodes.append(Node(float(rng.normal()), float(len(here))))
        if left == 0 or len(here) < 4:
            return place
        feature = int(rng.integers(WIDTH))
        threshold = float(np.quantile(here[:, feature], rng.uniform(0.2, 0.8)))
        below = here[:, feature] <= threshold
        children = (build(here[below], left - 1), build(here[~below], left - 1))
        nodes[place] = Node(nodes[place].value, float(len(here)), feature, threshold, *children)
        return place

    build(rows, depth)
    return Tree(tuple(nodes))


def conditional(tree: Tree, row: Array, known: Array, place: int = 0) -> float:
    """The path-dependent game by its definition: known features follow the row, unknown ones the covers."""
    node = tree.nodes[place]
    if node.feature < 0:
        return node.value
    if known[node.feature]:
        return conditional(tree, row, known, node.left if row[node.feature] <= node.threshold else node.right)
    shares = [tree.nodes[child].cover / node.cover for child in (node.left, node.right)]
    return shares[0] * conditional(tree, row, known, node.left) + shares[1] * conditional(tree, row, known, node.right)


def by_definition(tree: Tree, row: Array) -> Array:
    """Mean gain of each feature over all orders, path-dependent."""
    gains = np.zeros(WIDTH)
    orders = list(permutations(range(WIDTH)))
    for order in orders:
        known = np.zeros(WIDTH, dtype=bool)
        before = conditional(tree, row, known)
        for feature in order:
            known[feature] = True
            after = conditional(tree, row, known)
            gains[feature] += after - before
            before = after
    return gains / len(orders)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), depth=st.integers(0, 5))
def test_path_dependent_values_are_those_of_the_definition(seed: int, depth: int) -> None:
    rng = np.random.default_rng(seed)
    tree, row = grown(rng, depth), rng.normal(size=WIDTH)
    found, base = path_shapley([tree], row[None, :])
    assert found[0] == pytest.approx(by_definition(tree, row), abs=1e-12)
    assert base == pytest.approx(conditional(tree, row, np.zeros(WIDTH, dtype=bool)), abs=1e-12)
    assert found[0].sum() + base == pytest.approx(tree_values(tree, row[None, :])[0], abs=1e-12)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), depth=st.integers(0, 5))
def test_interventional_values_are_those_of_enumeration(seed: int, depth: int) -> None:
    rng = np.random.default_rng(seed)
    trees = [grown(rng, depth), grown(rng, depth)]
    rows, background = rng.normal(size=(3, WIDTH)), rng.normal(size=(7, WIDTH))
    found, base = interventional_shapley(trees, rows, background)
    for row, values in zip(rows, found, strict=True):
        true = enumerated_shapley(lambda asked: sum(tree_values(tree, asked) for tree in trees), row, background)
        assert values == pytest.approx(true.values, abs=1e-12)
        assert base == pytest.approx(true.base)


def test_enumeration_of_a_game_by_hand() -> None:
    """f = x0·x1 + 2·x2 at (1, 1, 1) against (0, 0, 0): the product is shared in halves, the sum is its own."""
    found = enumerated_shapley(lambda rows: rows[:, 0] * rows[:, 1] + 2 * rows[:, 2], np.ones(3), np.zeros((1, 3)))
    assert found.values == pytest.approx([0.5, 0.5, 2.0])
    assert (found.base, found.total) == (0.0, 3.0)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_laws_hold_for_sampling_too(seed: int) -> None:
    """Efficiency exactly; an unused feature gets exactly nothing; two equal features the same within their bounds."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=3)

    def function(rows: Array) -> Array:
        return np.tanh(rows[:, 0] * weights[0] + rows[:, 1] * weights[1]) + weights[2] * rows[:, 2] * rows[:, 3]

    background, row = rng.normal(size=(6, 5)), rng.normal(size=5)
    found = sampled_shapley(function, row, background, rng=rng, rounds=8)
    assert found.values.sum() == pytest.approx(found.total - found.base, abs=1e-10)
    assert found.base == pytest.approx(function(background).mean())
    assert found.values[4] == 0.0
    assert found.errors[4] == 0.0
    true = enumerated_shapley(function, row, background)
    assert np.all(np.abs(found.values - true.values) <= 6 * found.errors + 1e-9)


def test_symmetry_and_linearity_of_enumeration() -> None:
    rng = np.random.default_rng(3)
    background = np.repeat(rng.normal(size=(5, 1)), 4, axis=1)
    row = np.full(4, 1.5)
    one = enumerated_shapley(lambda rows: np.exp(rows[:, 0] + rows[:, 1]), row, background)
    two = enumerated_shapley(lambda rows: rows[:, 2] * rows[:, 1], row, background)
    both = enumerated_shapley(
        lambda rows: 3 * np.exp(rows[:, 0] + rows[:, 1]) - rows[:, 2] * rows[:, 1], row, background
    )
    assert one.values[0] == pytest.approx(one.values[1])
    assert both.values == pytest.approx(3 * one.values - two.values)


def test_the_bounds_cover_the_truth_as_often_as_they_say() -> None:
    """300 samplings of one game: the 90 % intervals hold the exact value in about 90 %."""
    rng = np.random.default_rng(5)
    weights = rng.normal(size=(6, 8))

    def function(rows: Array) -> Array:
        return np.tanh(rows @ weights).sum(axis=1)

    background, row = rng.normal(size=(8, 6)), rng.normal(size=6)
    true = enumerated_shapley(function, row, background).values
    held = []
    for _ in range(300):
        found = sampled_shapley(function, row, background, rng=rng, rounds=4, confidence=0.9)
        held.append(np.abs(found.values - true) <= found.half_widths)
    assert 0.85 < np.mean(held) < 0.95


def test_more_rounds_make_narrower_bounds_and_the_same_seed_the_same_values() -> None:
    background, row = np.random.default_rng(1).normal(size=(10, 6)), np.ones(6)

    def function(rows: Array) -> Array:
        return np.prod(np.tanh(rows), axis=1) + np.sin(rows.sum(axis=1))

    few, many, again = (
        sampled_shapley(function, row, background, rng=np.random.default_rng(2), rounds=rounds)
        for rounds in (2, 64, 64)
    )
    assert many.half_widths.max() < few.half_widths.max() / 3
    assert np.array_equal(many.values, again.values)
    assert many.asked == 11 + 64 * 2 * 10 * 5


def test_scikit_learn_forests_and_boosting_are_read_exactly() -> None:
    ensemble = pytest.importorskip("sklearn.ensemble")
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, WIDTH)).astype(np.float32).astype(np.float64)
    labels = (rows[:, 0] + rows[:, 1] * rows[:, 2] > 0).astype(int)
    forest = ensemble.RandomForestClassifier(5, max_depth=5, random_state=0).fit(rows, labels)
    said = sum(tree_values(tree, rows) for tree in read_trees(forest))
    assert said == pytest.approx(forest.predict_proba(rows)[:, 1], abs=1e-12)
    boosted = ensemble.GradientBoostingClassifier(n_estimators=10, random_state=0).fit(rows, labels)
    rest = boosted.decision_function(rows) - sum(tree_values(tree, rows) for tree in read_trees(boosted))
    assert np.ptp(rest) < 1e-12  # only the starting value is left
    with pytest.raises(InputError, match="no fitted trees"):
        read_trees(object())


def test_thresholds_of_scikit_learn_are_taken_in_single_precision() -> None:
    """Rows just beside every threshold go where scikit-learn sends them."""
    tree_room = pytest.importorskip("sklearn.tree")
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(300, 2))
    fitted = tree_room.DecisionTreeRegressor(max_depth=6, random_state=0).fit(rows, rng.normal(size=300))
    inner = fitted.tree_.feature >= 0
    near = []
    for feature, threshold in zip(fitted.tree_.feature[inner], fitted.tree_.threshold[inner], strict=True):
        for shift in np.linspace(-3e-7, 3e-7, 41):
            row = rng.normal(size=2)
            row[feature] = threshold + shift
            near.append(row)
    table = np.array(near)
    assert np.array_equal(tree_values(read_trees(fitted)[0], table), fitted.predict(table))


def test_lightgbm_agrees_with_the_formula() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, WIDTH))
    labels = (rows[:, 0] + rows[:, 1] * rows[:, 2] > 0).astype(int)
    settings_ = {"objective": "binary", "verbose": -1, "num_leaves": 12, "num_threads": 1}
    booster = lightgbm.train(settings_, lightgbm.Dataset(rows, labels), 20)
    trees = read_booster(booster)
    assert sum(tree_values(tree, rows) for tree in trees) == pytest.approx(booster.predict(rows, raw_score=True))
    theirs, base = booster_contributions(booster, rows)
    ours, our_base = path_shapley(trees, rows)
    assert ours == pytest.approx(theirs, abs=1e-10)
    assert our_base == pytest.approx(base[0])


@pytest.mark.parametrize(
    ("nodes", "match"),
    [
        ((), "one root"),
        ((Node(0, 1, 0, 0.0, 0, 1), Node(1, 1)), "after their parent"),
        ((Node(0, 1, 0, 0.0, 1, 1), Node(1, 1)), "one parent"),
        ((Node(0, 1), Node(1, 1)), "one parent"),
    ],
)
def test_what_is_no_tree_is_refused(nodes: tuple[Node, ...], match: str) -> None:
    with pytest.raises(InputError, match=match):
        Tree(nodes)


def test_bad_requests_are_refused_in_one_sentence() -> None:
    row, background, rng = np.zeros(3), np.zeros((2, 3)), np.random.default_rng(0)
    with pytest.raises(InputError, match="2 rounds"):
        sampled_shapley(lambda rows: rows[:, 0], row, background, rng=rng, rounds=1)
    with pytest.raises(InputError, match="features, else sample"):
        enumerated_shapley(lambda rows: rows[:, 0], np.zeros(13), np.zeros((2, 13)))
    with pytest.raises(InputError, match="2 columns where 3"):
        enumerated_shapley(lambda rows: rows[:, 0], row, np.zeros((2, 2)))
    with pytest.raises(InputError, match="missing"):
        enumerated_shapley(lambda rows: rows[:, 0], np.array([0.0, np.nan, 1.0]), background)
    with pytest.raises(InputError, match="no cover"):
        path_shapley([Tree((Node(0, 0, 0, 0.0, 1, 2), Node(1, 0), Node(2, 0)))], background)
