"""Models of tables explained: exact and sampled Shapley values, counterfactuals, and the nearest training cases."""

from suwen.explain.tables.attribution import Attribution, as_evidence, attribute, attribute_booster, attribute_trees
from suwen.explain.tables.columns import Column, named_columns
from suwen.explain.tables.counterfactual import Change, Counterfactual, counterfactual_sentence, counterfactuals
from suwen.explain.tables.nearest import NearCase, gower, nearest_cases
from suwen.explain.tables.shapley import Shares, enumerated_shapley, sampled_shapley
from suwen.explain.tables.tree_readers import booster_contributions, read_booster, read_trees
from suwen.explain.tables.tree_shapley import interventional_shapley, path_shapley
from suwen.explain.tables.trees import Node, Tree, tree_values

__all__ = [
    "Attribution",
    "Change",
    "Column",
    "Counterfactual",
    "NearCase",
    "Node",
    "Shares",
    "Tree",
    "as_evidence",
    "attribute",
    "attribute_booster",
    "attribute_trees",
    "booster_contributions",
    "counterfactual_sentence",
    "counterfactuals",
    "enumerated_shapley",
    "gower",
    "interventional_shapley",
    "named_columns",
    "nearest_cases",
    "path_shapley",
    "read_booster",
    "read_trees",
    "sampled_shapley",
    "tree_values",
]
