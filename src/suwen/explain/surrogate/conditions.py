"""What must hold on the way to a leaf, one interval a feature, and how it is said to a reader."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suwen.explain.tables.columns import Column, unit_text
from suwen.explain.tables.trees import LEAF, Tree
from suwen.learn.nouns import Array

__all__ = ["Condition", "condition_words", "conditions_words", "leaf_conditions", "meets", "number_text"]

_WORDS = {
    "en": {
        "above": "{name} is above {low}",
        "below": "{name} is at most {high}",
        "between": "{name} is above {low} and at most {high}",
        "one": "{name} is {choices}",
        "or": " or ",
        "and": ", and ",
    },
    "zh": {
        "above": "{name}大于 {low}",
        "below": "{name}不超过 {high}",
        "between": "{name}大于 {low} 且不超过 {high}",
        "one": "{name}为{choices}",
        "or": "或",
        "and": "，且",
    },
}


@dataclass(frozen=True, slots=True)
class Condition:
    """`feature` lies above `low` (exclusive) and at most at `high` (inclusive); infinite ends are open."""

    feature: int
    low: float = -math.inf
    high: float = math.inf

    def within(self, low: float, high: float) -> Condition:
        """The condition and a further interval together."""
        return Condition(self.feature, max(self.low, low), min(self.high, high))


def leaf_conditions(tree: Tree) -> dict[int, tuple[Condition, ...]]:
    """For each node of the tree the conditions on the way to it, in the order they are asked."""
    found: dict[int, tuple[Condition, ...]] = {0: ()}
    for place, node in enumerate(tree.nodes):
        if node.feature != LEAF:
            found[node.left] = _joined(found[place], node.feature, -math.inf, node.threshold)
            found[node.right] = _joined(found[place], node.feature, node.threshold, math.inf)
    return found


def _joined(way: tuple[Condition, ...], feature: int, low: float, high: float) -> tuple[Condition, ...]:
    before = {one.feature: one for one in way}
    before[feature] = before.get(feature, Condition(feature)).within(low, high)
    return tuple(before.values())


def meets(rows: Array, conditions: Sequence[Condition]) -> Array:
    """Whether each row (n, features) meets all conditions (n,)."""
    met = np.ones(len(rows), dtype=bool)
    for one in conditions:
        value = rows[:, one.feature]
        met &= (value > one.low) & (value <= one.high)
    return met


def condition_words(condition: Condition, columns: Sequence[Column], lang: str) -> str:
    """One condition as a reader says it: "worst area above 880 mm²", or the names of the choices left."""
    column, words = columns[condition.feature], _WORDS[lang]
    name = column.label(lang)
    if column.choices:
        left = [one for one in column.choices if condition.low < one[0] <= condition.high]
        named = words["or"].join((one[2] if lang == "zh" else one[1]) or one[1] for one in left)
        return words["one"].format(name=name, choices=named)
    kind = "above" if math.isinf(condition.high) else "below" if math.isinf(condition.low) else "between"
    low, high = (
        f"{number_text(end)} {unit_text(column.unit, lang)}".rstrip() for end in (condition.low, condition.high)
    )
    return words[kind].format(name=name, low=low, high=high)


def conditions_words(conditions: Sequence[Condition], columns: Sequence[Column], lang: str) -> str:
    """All conditions in one phrase, empty where there are none."""
    return _WORDS[lang]["and"].join(condition_words(one, columns, lang) for one in conditions)


def number_text(value: float) -> str:
    """A threshold exactly as the tree holds it: it was chosen round."""
    return np.format_float_positional(value, trim="-") if math.isfinite(value) else ""
