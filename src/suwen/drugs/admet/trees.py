"""Boosted trees of one endpoint: grown by LightGBM with random thresholds, kept in nine bytes a node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.representation.kinds import Rows
from suwen.errors import FormatError, MissingExtraError
from suwen.explain.tables.tree_shapley import path_shapley
from suwen.explain.tables.trees import Node, Tree
from suwen.learn.tabular.forest import LEAF, Forest, read_forest

__all__ = ["fit_trees", "forest_from", "forest_shares", "packed_forest"]

_LEAF = np.iinfo(np.uint16).max
_LARGE = 2000  # rows from which trees have twice the leaves
_ROUNDS = 400

Floats = NDArray[np.float64]


def fit_trees(table: Rows, truth: Floats, *, classes: bool, seed: int, robust: bool = False) -> Forest:
    """Trees upon a table (n, columns) without unknown values: log-odds of classes, amounts by least squares.

    `robust` asks for the least sum of errors instead of squares. Thresholds are drawn at random (Geurts 2006) and a
    tree sees a fifth of the columns, since hundreds of them tell the same. Raises MissingExtraError without LightGBM.
    """
    try:
        import lightgbm  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("lightgbm", "learn") from None
    many = len(table) >= _LARGE
    settings: dict[str, Any] = {
        "objective": "binary" if classes else "regression_l1" if robust else "regression",
        "learning_rate": 0.06,
        "num_leaves": 31 if many else 15,
        "min_data_in_leaf": 10 if len(table) >= _LARGE // 2 else 5,
        "extra_trees": True,
        "feature_fraction": 0.2,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 1.0,
        "max_bin": 63,
        "seed": seed,
        "num_threads": 1,
        "deterministic": True,
        "verbosity": -1,
    }
    booster = lightgbm.train(settings, lightgbm.Dataset(table, truth, params=settings), _ROUNDS)
    return _rounded(read_forest(booster))


def packed_forest(forest: Forest) -> dict[str, NDArray[np.generic]]:
    """As small arrays: of each node the column (65535: a leaf), the way to the right child (left is the next node), the
    threshold or, of a leaf, the value, and the rows that came by; and where trees begin.
    """
    leaf = forest.feature == LEAF
    place = np.arange(len(leaf))
    if (forest.left[~leaf] != place[~leaf] + 1).any():
        raise FormatError("the nodes of a forest do not stand with the left child after its parent")
    return {
        "roots": forest.roots.astype(np.uint32),
        "feature": np.where(leaf, _LEAF, forest.feature).astype(np.uint16),
        "right": np.where(leaf, 0, forest.right - place).astype(np.uint16),
        "number": np.where(leaf, forest.value, forest.threshold).astype(np.float32),
        "cover": np.minimum(forest.cover, _LEAF).astype(np.uint16),
    }


def forest_from(arrays: Mapping[str, NDArray[np.generic]]) -> Forest:
    """The opposite; raises FormatError where the arrays are no forest."""
    feature = arrays["feature"].astype(np.int64)
    leaf, place = feature == _LEAF, np.arange(len(feature))
    number = arrays["number"].astype(np.float64)
    return Forest(
        arrays["roots"].astype(np.int64),
        np.where(leaf, LEAF, feature),
        np.where(leaf, 0.0, number),
        np.where(leaf, LEAF, place + 1),
        np.where(leaf, LEAF, place + arrays["right"].astype(np.int64)),
        np.where(leaf, number, 0.0),
        np.zeros(len(feature), np.uint8),
        np.zeros(len(feature), np.uint8),
        arrays["cover"].astype(np.int64),
    )


def forest_shares(forest: Forest, row: Rows) -> tuple[Floats, float]:
    """Exact Shapley shares (columns,) of one row (columns,) and the base, of the sum of the trees (Lundberg 2020)."""
    shares, base = path_shapley([_tree(one) for one in forest.trees()], row[None, :].astype(np.float64))
    return shares[0], base


def _rounded(forest: Forest) -> Forest:
    """The forest as it will be kept, so that what is judged is what is shipped."""
    return forest_from({name: np.asarray(one) for name, one in packed_forest(forest).items()})


def _tree(arrays: Mapping[str, Any]) -> Tree:
    names = ("value", "cover", "feature", "threshold", "left", "right")
    columns = [arrays[name].tolist() for name in names]
    return Tree(tuple(Node(*one) for one in zip(*columns, strict=True)))
