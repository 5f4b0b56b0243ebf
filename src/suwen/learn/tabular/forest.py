"""Boosted trees as plain arrays: read from LightGBM once, then walked by numpy, so that a model on disk is data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from suwen.errors import FormatError, InputError
from suwen.learn.measure.checked import Floats, Ints
from suwen.learn.nouns import Array

__all__ = ["Forest", "read_forest"]

LEAF = -1
_MISSING = {"None": 0, "Zero": 1, "NaN": 2}  # what LightGBM takes for unknown at a node
_ZERO = float(np.float32(1e-35))  # LightGBM's kZeroThreshold
_CELLS = 2**20  # rows times trees walked at once
_TYPES = {"default_left": np.uint8, "missing": np.uint8, "threshold": np.float64, "value": np.float64}


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Nodes of all trees, one after the other, a child after its parent; `roots` (trees,) are where trees begin.

    Of each node: `feature` (-1: a leaf), `threshold` (at most: left), `left` and `right` (places among all nodes),
    `value` of a leaf, `default_left` (1: what is unknown goes left), `missing` (0: an unknown value counts as 0;
    1: zero is unknown; 2: NaN is unknown) and `cover`, the training rows that came by. Trees of `outputs` logits take
    turns.
    """

    roots: Ints
    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    value: Floats
    default_left: Array
    missing: Array
    cover: Ints
    outputs: int = 1

    def __post_init__(self) -> None:
        nodes, trees = len(self.feature), len(self.roots)
        columns = [getattr(self, one.name) for one in fields(self)[1:-1]]
        if any(one.shape != (nodes,) for one in columns) or self.roots.ndim != 1:
            raise FormatError("the arrays of a forest are of one length")
        if not trees or self.outputs < 1 or trees % self.outputs or self.roots[0] != 0:
            raise FormatError("a forest has as many trees for every output, the first at node 0")
        self._connected()
        if not np.isfinite(self.value).all() or np.isnan(self.threshold).any() or (self.missing > 2).any():
            raise FormatError("a node of the forest holds what is no number")

    def _connected(self) -> None:
        """Refuse a walk that would never end or leave its tree."""
        place, inner = np.arange(len(self.feature)), self.feature != LEAF
        end = np.append(self.roots[1:], len(place))
        if (end <= self.roots).any() or (self.feature < LEAF).any():
            raise FormatError("the trees of a forest stand one after the other, each with a node")
        last = np.repeat(end, end - self.roots)
        for child in (self.left, self.right):
            if ((child <= place) | (child >= last))[inner].any():
                raise FormatError("a child in a forest stands after its parent, within its tree")
        parents = np.bincount(np.concatenate([self.left[inner], self.right[inner]]), minlength=len(place))
        parents[self.roots] += 1
        if (parents != 1).any():
            raise FormatError("a node of a forest has one parent")

    def logits(self, table: Floats) -> Floats:
        """Sums of the leaves (n, outputs) that the rows of a table (n, columns) end in; NaN is unknown."""
        if self.feature.max(initial=LEAF) >= table.shape[1]:
            raise InputError(f"the forest asks for column {self.feature.max()}; the table has {table.shape[1]}")
        at_once = max(1, _CELLS // len(self.roots))
        parts = [self.value[self._ends(table[start : start + at_once])] for start in range(0, len(table), at_once)]
        values = np.concatenate(parts).reshape(len(table), -1, self.outputs)
        return np.asarray(values.sum(axis=1))

    def _ends(self, rows: Floats) -> Ints:
        """The leaf (n, trees) that each row ends in."""
        place = np.tile(self.roots, (len(rows), 1))
        number = np.arange(len(rows))[:, None]
        while True:
            feature = self.feature[place]
            inner = feature != LEAF
            if not inner.any():
                return place
            left = self._left(place, rows[number, np.maximum(feature, 0)])
            place = np.where(inner, np.where(left, self.left[place], self.right[place]), place)

    def _left(self, place: Ints, values: Floats) -> Array:
        missing, unknown = self.missing[place], np.isnan(values)
        nothing = (unknown & (missing != 2)) | (np.abs(values) <= _ZERO)  # LightGBM reads so small a value as 0
        known = np.where(nothing, 0.0, values)
        default = (unknown & (missing == 2)) | (nothing & (missing == 1))
        return np.where(default, self.default_left[place] == 1, known <= self.threshold[place])

    def trees(self) -> tuple[dict[str, Array], ...]:
        """Each tree by itself: the arrays of its nodes, children counted from its root."""
        ends = [*self.roots[1:].tolist(), len(self.feature)]
        return tuple(self._tree(start, end) for start, end in zip(self.roots.tolist(), ends, strict=True))

    def _tree(self, start: int, end: int) -> dict[str, Array]:
        tree = {one.name: getattr(self, one.name)[start:end].copy() for one in fields(self)[1:-1]}
        for side in ("left", "right"):
            tree[side][tree["feature"] != LEAF] -= start
        return tree

    def to_arrays(self) -> dict[str, Array]:
        """As numeric arrays that safetensors can hold."""
        return {one.name: getattr(self, one.name) for one in fields(self)[:-1]} | {"outputs": np.array([self.outputs])}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Forest:
        """The opposite of `to_arrays`.

        Raises:
            FormatError: an array is absent, or the arrays are no forest.

        """
        names = [one.name for one in fields(cls)[:-1]]
        lacking = [name for name in (*names, "outputs") if name not in arrays]
        if lacking or np.size(arrays["outputs"]) != 1:
            raise FormatError(f"the arrays of a forest lack {', '.join(lacking) or 'the number of outputs'}")
        if any(np.asarray(arrays[name]).dtype.kind not in "iuf" for name in names):
            raise FormatError("the arrays of a forest hold numbers")
        typed = {name: np.asarray(arrays[name]).astype(_TYPES.get(name, np.int64)) for name in names}
        return cls(**typed, outputs=int(np.asarray(arrays["outputs"]).reshape(())))


def read_forest(booster: Any, *, rounds: int | None = None) -> Forest:
    """The first `rounds` rounds (None: the best, else all) of a LightGBM booster.

    Raises:
        InputError: it has categorical splits, linear leaves, or averages its trees.

    """
    dump = booster.dump_model(num_iteration=rounds)
    if dump.get("average_output"):
        raise InputError("a booster that averages its trees is no sum of trees")
    roots: list[int] = []
    nodes: list[dict[str, Any]] = []
    for tree in dump["tree_info"]:
        roots.append(len(nodes))
        _grow(nodes, tree["tree_structure"])
    columns = {
        name: np.array([one[name] for one in nodes], dtype=_TYPES.get(name, np.int64))
        for name in (one.name for one in fields(Forest)[1:-1])
    }
    return Forest(np.array(roots), **columns, outputs=int(dump["num_tree_per_iteration"]))


def _grow(nodes: list[dict[str, Any]], root: Mapping[str, Any]) -> None:
    waiting: list[tuple[Mapping[str, Any], int, str]] = [(root, LEAF, "")]
    while waiting:
        said, parent, side = waiting.pop()
        place = len(nodes)
        nodes.append(_node(said))
        if parent != LEAF:
            nodes[parent][side] = place
        if "split_feature" in said:
            waiting += [(said["right_child"], place, "right"), (said["left_child"], place, "left")]


def _node(said: Mapping[str, Any]) -> dict[str, Any]:
    node = {"feature": LEAF, "threshold": 0.0, "left": LEAF, "right": LEAF, "default_left": 0, "missing": 0}
    if "split_feature" not in said:
        if "leaf_coeff" in said:
            raise InputError("a booster with linear leaves cannot be read as plain nodes")
        return {**node, "value": said["leaf_value"], "cover": said.get("leaf_count", 0)}
    if said["decision_type"] != "<=":
        raise InputError("a booster with categorical splits cannot be read as plain nodes; encode the column first")
    return {
        **node,
        "feature": said["split_feature"],
        "threshold": said["threshold"],
        "default_left": int(said["default_left"]),
        "missing": _MISSING[said["missing_type"]],
        "value": said["internal_value"],
        "cover": said["internal_count"],
    }
