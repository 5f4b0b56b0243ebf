"""Oblivious trees answer as CatBoost does and as the same trees node by node; damaged arrays are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import FormatError, InputError
from suwen.learn.tabular.oblivious import NOTHING, Oblivious, read_oblivious


def made(seed: int, *, trees: int = 7, levels: int = 4, columns: int = 5) -> Oblivious:
    """Random trees, some of fewer levels, some that ask one column twice, some leaves that no row reached."""
    rng = np.random.default_rng(seed)
    borders = rng.normal(size=(trees, levels)).astype(np.float32)
    values = rng.normal(size=(trees, 2**levels)).astype(np.float32)
    covers = rng.integers(1, 9, (trees, 2**levels)).astype(np.uint16)
    covers[rng.random(covers.shape) < 0.2] = 0
    values[covers == 0] = 0
    borders[0, -1] = NOTHING
    values[0, 2 ** (levels - 1) :] = 0
    covers[0, 2 ** (levels - 1) :] = 0
    places = rng.integers(0, columns, (trees, levels)).astype(np.uint16)
    return Oblivious(places, borders, values, covers, float(rng.normal()))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_the_same_as_node_by_node(seed: int) -> None:
    trees = made(seed)
    rows = np.random.default_rng(seed + 1).normal(size=(40, 5)).astype(np.float32)
    assert trees.forest().logits(rows.astype(np.float64))[:, 0] == pytest.approx(trees.logits(rows))


def test_arrays_and_back() -> None:
    trees = made(3)
    back = Oblivious.from_arrays(trees.to_arrays())
    rows = np.random.default_rng(0).normal(size=(9, 5)).astype(np.float32)
    assert np.array_equal(back.logits(rows), trees.logits(rows))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("values", np.zeros((7, 8), np.float32)),
        ("borders", np.full((7, 4), np.nan, np.float32)),
        ("values", np.full((7, 16), np.inf, np.float32)),
        ("columns", np.zeros(7, np.uint16)),
        ("base", np.array([np.nan])),
    ],
)
def test_damaged_arrays_are_refused(name: str, value: np.ndarray) -> None:
    with pytest.raises(FormatError):
        Oblivious.from_arrays({**made(1).to_arrays(), name: value})


def test_an_absent_array_is_named() -> None:
    arrays = made(1).to_arrays()
    del arrays["covers"]
    with pytest.raises(FormatError, match="covers"):
        Oblivious.from_arrays(arrays)


def test_too_narrow_a_table_is_refused() -> None:
    with pytest.raises(InputError, match="column"):
        made(1).logits(np.zeros((1, 2), np.float32))


@pytest.mark.parametrize("classes", [True, False])
def test_the_same_as_catboost(classes: bool) -> None:
    catboost = pytest.importorskip("catboost", reason="CatBoost is not installed")
    rng = np.random.default_rng(5)
    table = rng.poisson(1, (300, 30)).astype(np.float32)
    truth = table[:, 0] + table[:, 1] * (table[:, 2] > 1) + rng.normal(size=300) * 0.3
    kind = catboost.CatBoostClassifier if classes else catboost.CatBoostRegressor
    model = kind(iterations=60, depth=5, thread_count=1, verbose=0, allow_writing_files=False)
    model.fit(table, truth > 1 if classes else truth)
    fresh = rng.poisson(1, (200, 30)).astype(np.float32)
    raw = model.predict(fresh, prediction_type="RawFormulaVal")
    assert read_oblivious(model).logits(fresh) == pytest.approx(raw, abs=1e-6)
