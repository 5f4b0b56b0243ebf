"""Shares of oblivious trees are those of the same trees node by node, add up, and of a column asked twice are one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.explain.tables.oblivious_shapley import oblivious_shapley
from suwen.explain.tables.tree_shapley import path_shapley
from suwen.explain.tables.trees import Node, Tree

sys.path.insert(0, str(Path(__file__).parents[1] / "learn"))
from test_oblivious import made


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_the_same_as_node_by_node(seed: int) -> None:
    trees = made(seed)
    row = np.random.default_rng(seed + 1).normal(size=5).astype(np.float32)
    shares, base = oblivious_shapley(trees, row)
    usual, usual_base = path_shapley([_tree(one) for one in trees.forest().trees()], row[None].astype(np.float64))
    assert shares == pytest.approx(usual[0], abs=1e-9)
    assert base == pytest.approx(usual_base)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_shares_and_base_are_the_answer(seed: int) -> None:
    trees = made(seed, levels=6, columns=4)
    row = np.random.default_rng(seed).normal(size=4).astype(np.float32)
    shares, base = oblivious_shapley(trees, row)
    assert shares.sum() + base == pytest.approx(trees.logits(row[None])[0])


def _tree(arrays: dict[str, Any]) -> Tree:
    names = ("value", "cover", "feature", "threshold", "left", "right")
    return Tree(tuple(Node(*one) for one in zip(*(arrays[name].tolist() for name in names), strict=True)))
