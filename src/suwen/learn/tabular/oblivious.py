"""Trees of CatBoost as plain arrays: every level of a tree asks one question, so a leaf is a binary number.

Format of the arrays: `columns` and `borders` (trees, levels) are the questions (is the value above the border?), from
the lowest bit of a leaf's number to the highest; `values` and `covers` (trees, 2**levels) are the leaves and the
training rows that came by; `base` is added to every sum. A tree with fewer levels asks of column 0 whether it is above
the largest number there is. Source: Prokhorenkova et al. 2018; the JSON of a model, CatBoost's documentation.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError, InputError
from suwen.learn.tabular.forest import LEAF, Forest

__all__ = ["NOTHING", "Oblivious", "read_oblivious"]

NOTHING = np.finfo(np.float32).max
"""A border that nothing is above."""
_LEVELS = 16  # at most: CatBoost's own limit
_CELLS = 2**22  # rows times questions answered at once


@dataclass(frozen=True, slots=True, eq=False)
class Oblivious:
    """The trees of one output; see the format above."""

    columns: NDArray[np.uint16]
    borders: NDArray[np.float32]
    values: NDArray[np.float32]
    covers: NDArray[np.uint16]
    base: float

    def __post_init__(self) -> None:
        trees, levels = self.columns.shape if self.columns.ndim == 2 else (0, 0)
        leaves = (trees, 2**levels)
        shapes = [self.borders.shape, self.values.shape, self.covers.shape]
        if not trees or levels > _LEVELS or shapes != [(trees, levels), leaves, leaves]:
            raise FormatError("the arrays of oblivious trees do not fit together")
        if not (np.isfinite(self.borders).all() and np.isfinite(self.values).all() and np.isfinite(self.base)):
            raise FormatError("oblivious trees hold what is no number")

    def logits(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        """Sums of the leaves (n,) that the rows of a table (n, columns) without unknown values end in."""
        if int(self.columns.max()) >= table.shape[1]:
            raise InputError(f"the trees ask for column {self.columns.max()}; the table has {table.shape[1]}")
        at_once = max(1, _CELLS // self.columns.size)
        parts = [self._sums(table[start : start + at_once]) for start in range(0, len(table), at_once)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _sums(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        trees, levels = self.columns.shape
        above = rows[:, self.columns.ravel()] > self.borders.ravel()
        number = above.reshape(len(rows), trees, levels) @ (1 << np.arange(levels))
        found: NDArray[np.float64] = self.values[np.arange(trees), number].sum(axis=1, dtype=np.float64) + self.base
        return found

    def forest(self) -> Forest:
        """The same trees with a node for each question; what no training row reached is cut short where it is alike."""
        nodes = _Nodes()
        nodes.begin()
        nodes.leaf(self.base, int(self.covers[0].sum(dtype=np.int64)))
        for at in range(len(self.columns)):
            nodes.begin()
            _grow(nodes, self.columns[at], self.borders[at], self.values[at], self.covers[at])
        return nodes.forest()

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """As arrays that safetensors can hold."""
        return {
            "columns": self.columns,
            "borders": self.borders,
            "values": self.values,
            "covers": self.covers,
            "base": np.array([self.base], np.float64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Oblivious:
        """The opposite; raises FormatError where an array is absent or is no such thing."""
        try:
            return cls(
                np.asarray(arrays["columns"], np.uint16),
                np.asarray(arrays["borders"], np.float32),
                np.asarray(arrays["values"], np.float32),
                np.asarray(arrays["covers"], np.uint16),
                float(np.asarray(arrays["base"], np.float64).reshape(())),
            )
        except KeyError as absent:
            raise FormatError(f"the arrays of oblivious trees lack {absent.args[0]}") from None
        except ValueError as wrong:
            if isinstance(wrong, FormatError):
                raise
            raise FormatError("the arrays of oblivious trees are not of their kind") from None


def read_oblivious(model: Any) -> Oblivious:
    """The trees of a fitted CatBoost model of one output, before any link (log-odds of a class).

    Raises:
        InputError: it has categories, trees that are not oblivious, or several outputs.

    """
    with tempfile.TemporaryDirectory(prefix="suwen-trees-") as folder:
        file = Path(folder) / "model.json"
        model.save_model(str(file), format="json")
        said = json.loads(file.read_text("utf-8"))
    if not said.get("oblivious_trees") or said["features_info"].get("categorical_features"):
        raise InputError("only oblivious trees upon numbers are read")
    scale, bias = said["scale_and_bias"]
    trees = said["oblivious_trees"]
    if len(bias) != 1 or any(len(one["leaf_values"]) != len(one["leaf_weights"]) for one in trees):
        raise InputError("only trees of one output are read")
    places = [one["flat_feature_index"] for one in said["features_info"]["float_features"]]
    levels = max(len(one["splits"] or ()) for one in trees)
    shape = (len(trees), levels)
    columns, borders = np.zeros(shape, np.uint16), np.full(shape, NOTHING, np.float32)
    values, covers = np.zeros((len(trees), 2**levels), np.float32), np.zeros((len(trees), 2**levels), np.uint16)
    for at, tree in enumerate(trees):
        splits = tree["splits"] or ()
        columns[at, : len(splits)] = [places[one["float_feature_index"]] for one in splits]
        borders[at, : len(splits)] = [one["border"] for one in splits]
        leaves = len(tree["leaf_values"])
        values[at, :leaves] = np.asarray(tree["leaf_values"]) * scale
        covers[at, :leaves] = np.minimum(np.round(tree["leaf_weights"]), np.iinfo(np.uint16).max)
    return Oblivious(columns, borders, values, covers, float(bias[0]))


def _grow(nodes: _Nodes, columns: Any, borders: Any, values: Any, covers: Any) -> None:
    """A tree from its root, which asks the last question: that is the highest bit of a leaf's number."""
    cover = int(covers.sum(dtype=np.int64))
    if not len(columns) or (cover == 0 and (values == values[0]).all()):
        nodes.leaf(float(values[0]), cover)
        return
    half = len(values) // 2
    if borders[-1] == NOTHING:
        _grow(nodes, columns[:-1], borders[:-1], values[:half], covers[:half])
        return
    place = nodes.split(int(columns[-1]), float(borders[-1]), cover)
    _grow(nodes, columns[:-1], borders[:-1], values[:half], covers[:half])
    nodes.right[place] = len(nodes.feature)
    _grow(nodes, columns[:-1], borders[:-1], values[half:], covers[half:])


class _Nodes:
    """The columns of a forest as they grow: depth first, the left child right after its parent."""

    def __init__(self) -> None:
        self.roots: list[int] = []
        self.feature: list[int] = []
        self.threshold: list[float] = []
        self.right: list[int] = []
        self.value: list[float] = []
        self.cover: list[int] = []

    def begin(self) -> None:
        self.roots.append(len(self.feature))

    def leaf(self, value: float, cover: int) -> None:
        self._add(LEAF, 0.0, value, cover)

    def split(self, column: int, border: float, cover: int) -> int:
        self._add(column, border, 0.0, cover)
        return len(self.feature) - 1

    def _add(self, column: int, border: float, value: float, cover: int) -> None:
        self.feature.append(column)
        self.threshold.append(border)
        self.right.append(LEAF)
        self.value.append(value)
        self.cover.append(cover)

    def forest(self) -> Forest:
        feature = np.array(self.feature, np.int64)
        leaf, nothing = feature == LEAF, np.zeros(len(feature), np.uint8)
        left = np.where(leaf, LEAF, np.arange(len(feature)) + 1)
        threshold, value, cover = (np.array(one) for one in (self.threshold, self.value, self.cover))
        roots, right = np.array(self.roots), np.array(self.right)
        return Forest(roots, feature, threshold, left, right, value, nothing, nothing, cover)
