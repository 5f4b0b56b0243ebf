"""Surrogates: a small tree or rule list that imitates a network, says how nearly, and refuses where it does not."""

from suwen.explain.surrogate.drawing import draw
from suwen.explain.surrogate.fidelity import explained_variance, measure
from suwen.explain.surrogate.fitting import Effort, imitate, imitating_tree
from suwen.explain.surrogate.nouns import Fidelity, Floor, Surrogate, require_faithful, unfaithful
from suwen.explain.surrogate.rules import Rule, RuleList, imitate_by_rules, rule_answers, rule_words
from suwen.explain.surrogate.stored import from_json, to_json
from suwen.explain.surrogate.words import RowReading, explain_row, fidelity_words, leaf_words

__all__ = [
    "Effort",
    "Fidelity",
    "Floor",
    "RowReading",
    "Rule",
    "RuleList",
    "Surrogate",
    "draw",
    "explain_row",
    "explained_variance",
    "fidelity_words",
    "from_json",
    "imitate",
    "imitate_by_rules",
    "imitating_tree",
    "leaf_words",
    "measure",
    "require_faithful",
    "rule_answers",
    "rule_words",
    "to_json",
    "unfaithful",
]
