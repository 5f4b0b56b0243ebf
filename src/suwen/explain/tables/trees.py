"""A decision tree as plain data: frozen nodes with a feature, a threshold and counts, and the walk of rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from suwen.errors import InputError
from suwen.learn.nouns import Array

__all__ = ["Node", "Tree", "route", "tree_depth", "tree_leaves", "tree_values"]

LEAF = -1


@dataclass(frozen=True, slots=True)
class Node:
    """One node. A row whose `feature` is at most `threshold` goes to `left`, any other to `right`.

    `value` is what the tree answers if it ends here; `cover` the weight of the rows that reach it when it was made;
    `count` and `positives` how many training rows reach it, and how many of these the explained model calls positive.
    A leaf has `feature` -1.
    """

    value: float
    cover: float
    feature: int = LEAF
    threshold: float = 0.0
    left: int = LEAF
    right: int = LEAF
    count: int = 0
    positives: int = 0


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes, the root first; every child stands after its parent."""

    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        parents = [0] * len(self.nodes)
        for place, node in enumerate(self.nodes):
            if node.feature == LEAF:
                continue
            for child in (node.left, node.right):
                if not place < child < len(self.nodes):
                    raise InputError(f"node {place} of a tree points to {child}: children stand after their parent")
                parents[child] += 1
        if not self.nodes or any(count != 1 for count in parents[1:]):
            raise InputError("a tree has one root, and each further node exactly one parent")


def route(tree: Tree, rows: Array) -> Array:
    """The leaf (n,) each row of (n, features) ends in, as an index into the nodes."""
    place = np.zeros(len(rows), dtype=np.int64)
    for number, node in enumerate(tree.nodes):
        if node.feature == LEAF:
            continue
        here = np.flatnonzero(place == number)
        below = rows[here, node.feature] <= node.threshold
        place[here] = np.where(below, node.left, node.right)
    return place


def tree_values(tree: Tree, rows: Array) -> Array:
    """What the tree answers (n,) to rows (n, features)."""
    return np.array([node.value for node in tree.nodes])[route(tree, rows)]


def tree_leaves(tree: Tree) -> tuple[int, ...]:
    """Indices of the leaves, left to right."""
    found, waiting = [], [0]
    while waiting:
        place = waiting.pop()
        node = tree.nodes[place]
        if node.feature == LEAF:
            found.append(place)
        else:
            waiting += [node.right, node.left]
    return tuple(found)


def tree_depth(tree: Tree) -> int:
    """Longest way from the root to a leaf, in questions."""
    depth = [0] * len(tree.nodes)
    for place, node in enumerate(tree.nodes):
        if node.feature != LEAF:
            depth[node.left] = depth[node.right] = depth[place] + 1
    return max(depth)
