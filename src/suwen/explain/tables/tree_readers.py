"""Trees of other libraries read into plain nodes: scikit-learn's trees and forests, and LightGBM's boosters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from suwen.errors import InputError
from suwen.explain.tables.trees import LEAF, Node, Tree
from suwen.learn.nouns import Array

__all__ = ["booster_contributions", "read_booster", "read_trees"]


def read_trees(fitted: Any, *, target: int = 1) -> tuple[Tree, ...]:
    """The trees of a fitted scikit-learn tree, forest or gradient boosting, whose answers add up to the model's.

    A classifier's tree answers the probability of class `target`, a forest's the same divided by the number of trees;
    a binary gradient boosting answers log odds without its starting value. Raises InputError for anything else.
    """
    if hasattr(fitted, "tree_"):
        return (_from_sklearn(fitted.tree_, target=target),)
    members = getattr(fitted, "estimators_", None)
    if members is None or not len(members):
        raise InputError(f"{type(fitted).__name__} has no fitted trees that can be read")
    if hasattr(fitted, "init_"):
        if np.asarray(members).shape[1] != 1:
            raise InputError("gradient boosting over more than two classes is not one sum of trees; explain one class")
        return tuple(_from_sklearn(one[0].tree_, target=0, scale=fitted.learning_rate) for one in members)
    if not all(hasattr(one, "tree_") for one in members):
        raise InputError(f"the members of {type(fitted).__name__} are not trees")
    return tuple(_from_sklearn(one.tree_, target=target, scale=1 / len(members)) for one in members)


def _from_sklearn(grown: Any, *, target: int, scale: float = 1.0) -> Tree:
    values = grown.value[:, 0, :]
    single = values.shape[1] == 1
    if not single:
        values = values / values.sum(axis=1, keepdims=True)
    answers = values[:, 0 if single else target] * scale
    nodes = []
    for place in range(grown.node_count):
        cover = float(grown.weighted_n_node_samples[place])
        node = Node(float(answers[place]), cover, count=round(cover))
        if grown.children_left[place] >= 0:
            children = int(grown.children_left[place]), int(grown.children_right[place])
            feature, threshold = int(grown.feature[place]), _below(float(grown.threshold[place]))
            node = replace(node, feature=feature, threshold=threshold, left=children[0], right=children[1])
        nodes.append(node)
    return Tree(tuple(nodes))


def _below(threshold: float) -> float:
    """The largest double that scikit-learn, which rounds features to single precision, still sends left."""
    single = np.float32(threshold)
    if float(single) > threshold:
        single = np.nextafter(single, np.float32(-np.inf))
    following = np.nextafter(single, np.float32(np.inf))
    middle = (float(single) + float(following)) / 2
    return middle if np.float32(middle) == single else float(np.nextafter(middle, -np.inf))


def read_booster(booster: Any) -> tuple[Tree, ...]:
    """The trees of a binary LightGBM booster; their answers add up to its raw log odds.

    Raises InputError for several classes, categorical splits or linear leaves, which plain nodes cannot hold.
    """
    dump = booster.dump_model()
    if dump["num_tree_per_iteration"] != 1:
        raise InputError("a booster over several classes is not one sum of trees; explain one class against the rest")
    return tuple(_from_lightgbm(one["tree_structure"]) for one in dump["tree_info"])


def _from_lightgbm(root: dict[str, Any]) -> Tree:
    nodes: list[Node] = []
    waiting: list[tuple[dict[str, Any], int, str]] = [(root, LEAF, "")]
    while waiting:
        said, parent, side = waiting.pop()
        place = len(nodes)
        nodes.append(_lightgbm_node(said))
        if parent != LEAF:
            nodes[parent] = replace(nodes[parent], **{side: place})
        if "split_feature" in said:
            waiting += [(said["right_child"], place, "right"), (said["left_child"], place, "left")]
    return Tree(tuple(nodes))


def _lightgbm_node(said: dict[str, Any]) -> Node:
    if "split_feature" not in said:
        if "leaf_coeff" in said:
            raise InputError("a booster with linear leaves cannot be read as plain nodes")
        count = int(said.get("leaf_count", 1))
        return Node(float(said["leaf_value"]), float(count), count=count)
    if said["decision_type"] != "<=":
        raise InputError("a booster with categorical splits cannot be read as plain nodes; encode the column first")
    count = int(said["internal_count"])
    feature, threshold = int(said["split_feature"]), float(said["threshold"])
    return Node(float(said["internal_value"]), float(count), feature, threshold, count=count)


def booster_contributions(booster: Any, rows: Array) -> tuple[Array, Array]:
    """LightGBM's own exact path-dependent Shapley values (n, features) of its log odds, and the base (n,).

    Handles missing values and categories as the booster does.
    """
    said = np.asarray(booster.predict(rows, pred_contrib=True), dtype=np.float64)
    if said.shape[1] != np.asarray(rows).shape[1] + 1:
        raise InputError(
            "a booster over several classes has contributions for each; explain one class against the rest"
        )
    return said[:, :-1], said[:, -1]
