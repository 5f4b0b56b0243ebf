"""A rule list that imitates a network: ordered if-then rules, the first that holds decides (sequential covering).

Each step grows a small tree on the rows that no rule has covered yet and takes the one of its nodes that is worth most
when it is set apart: unlike the rest, and pure. At the end mixed rules get a narrower one before them. A rule has up to
three conditions, and the list reads as a checklist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suwen.errors import InputError
from suwen.explain.surrogate.conditions import Condition, meets
from suwen.explain.surrogate.fidelity import measure
from suwen.explain.surrogate.fitting import Effort, Predictor, crossfit
from suwen.explain.surrogate.growing import Asked, Shape, binned, grow, thresholds_of
from suwen.explain.surrogate.nouns import Fidelity, Floor, require_faithful
from suwen.explain.surrogate.queries import draw_queries
from suwen.explain.surrogate.words import sentence_of
from suwen.explain.tables.chances import Model, answer, checked_columns, checked_rows
from suwen.explain.tables.columns import Column
from suwen.learn.nouns import Array

__all__ = ["Rule", "RuleList", "imitate_by_rules", "rule_answers", "rule_words"]

_CONDITIONS = 3  # the most one rule asks
_LEAST = 0.01  # share of the training rows that a rule speaks of
_WORTH = 0.0005  # share of the network's variance that a rule must explain


@dataclass(frozen=True, slots=True)
class Rule:
    """If all conditions hold (and no rule before did), the network's mean probability is `value`.

    `count` training rows come to this rule and meet it; the network calls `positives` of them positive.
    """

    conditions: tuple[Condition, ...]
    value: float
    count: int = 0
    positives: int = 0


@dataclass(frozen=True, slots=True)
class RuleList:
    """Rules in order; the last has no conditions and holds for everything left. Refuses below its floor as trees do."""

    rules: tuple[Rule, ...]
    columns: tuple[Column, ...]
    fidelity: Fidelity
    floor: Floor
    threshold: float
    negative: tuple[str, str]
    positive: tuple[str, str]


Box = dict[int, tuple[int, int]]  # feature: bins above the first and at most the second


@dataclass(frozen=True, slots=True)
class _Part:
    """A rule being made: its box, what was asked there, and the training rows there, as bins."""

    box: Box
    asked: Asked
    own: Array


def rule_answers(rules: Sequence[Rule], rows: Array) -> Array:
    """Probability (n,) of each row (n, features): that of the first rule it meets."""
    said = np.full(len(rows), rules[-1].value)
    open_ = np.ones(len(rows), dtype=bool)
    for rule in rules:
        here = open_ & meets(rows, rule.conditions)
        said[here] = rule.value
        open_ &= ~here
    return said


def imitate_by_rules(  # noqa: PLR0913  # as imitate
    model: Model,
    training: Array,
    columns: Sequence[Column],
    *,
    rng: np.random.Generator,
    most: int = 8,
    held_out: Array | None = None,
    groups: Sequence[str] = (),
    floor: Floor | None = None,
    threshold: float = 0.5,
    target: int = 1,
    names: tuple[tuple[str, str], tuple[str, str]] = (("negative", "阴性"), ("positive", "阳性")),
    effort: Effort | None = None,
) -> RuleList:
    """A list of at most `most` rules and the rest, with its own fidelity, measured as that of `imitate`."""
    rows = checked_rows(training, what="training rows")
    described = checked_columns(columns, rows.shape[1])
    if most < 1:
        raise InputError(f"a rule list needs at least one rule, not {most}")

    def make(part: Array) -> tuple[Rule, ...]:
        return _covered(model, part, most, target, rng=rng, effort=effort or Effort())

    def predictors(part: Array) -> dict[int, Predictor]:
        made = make(part)
        return {most: lambda asked: rule_answers(made, asked)}

    network = answer(model, rows, target=target)
    rules = make(rows)
    if held_out is not None:
        others = checked_rows(held_out, width=rows.shape[1], what="held-out rows")
        fidelity = measure(
            rule_answers(rules, others),
            answer(model, others, target=target),
            threshold=threshold,
            measured_on="rows neither the network nor the rules were made from",
            rng=rng,
        )
    else:
        fidelity = crossfit(predictors, rows, network, threshold=threshold, rng=rng, groups=groups)[0][1]
    counted = _counted(rules, rows, network >= threshold)
    return RuleList(counted, described, fidelity, floor or Floor(), threshold, names[0], names[1])


def rule_words(found: RuleList, lang: str = "en") -> tuple[str, ...]:
    """A sentence for each rule, in order. Raises InputError below the floor."""
    require_faithful(found)
    which = 1 if lang == "zh" else 0
    said = []
    for number, rule in enumerate(found.rules):
        positive = rule.value >= found.threshold
        name = (found.positive if positive else found.negative)[which]
        agreeing = rule.positives if positive else rule.count - rule.positives
        names = (name, found.positive[which])
        sentence = sentence_of(found.columns, rule.conditions, rule.value, (agreeing, rule.count), names, lang)
        said.append(_placed(sentence, number, last=not rule.conditions, lang=lang))
    return tuple(said)


def _placed(sentence: str, number: int, *, last: bool, lang: str) -> str:
    """The sentence with its place in the list: first, otherwise, and in all other cases."""
    if number == 0:
        return sentence
    if last:
        return sentence.replace("所有情况", "其余情况", 1).replace("In all cases", "In all other cases", 1)
    return f"否则，{sentence}" if lang == "zh" else f"Otherwise, i{sentence[1:]}"


def _covered(
    model: Model, rows: Array, most: int, target: int, *, rng: np.random.Generator, effort: Effort
) -> tuple[Rule, ...]:
    cuts = thresholds_of(rows)
    drawn = draw_queries(rows, effort.queries, density=effort.density, rng=rng)
    own, bins = binned(rows, cuts), binned(drawn, cuts)
    chance = np.concatenate([answer(model, part, target=target) for part in (rows, drawn)])
    weights = (np.full(len(rows), effort.share / len(rows)), np.full(len(drawn), (1 - effort.share) / len(drawn)))
    asked = Asked(np.vstack([own, bins]), chance, np.concatenate(weights))
    worth = _WORTH * float(asked.weight @ (chance - asked.weight @ chance) ** 2)
    parts: list[_Part] = []
    for _ in range(most):
        box = _best_box(asked, own, _LEAST * len(rows), worth)
        if box is None:
            break
        inside, ours = _inside(asked.bins, box), _inside(own, box)
        parts.append(_Part(box, _chosen(asked, inside), own[ours]))
        asked, own = _chosen(asked, ~inside), own[~ours]
    parts.append(_Part({}, asked, own))
    while len(parts) <= most and _part_once(parts, _LEAST * len(rows), worth):
        pass
    return tuple(Rule(_conditions(part.box, cuts), _mean(part.asked)) for part in parts)


def _part_once(parts: list[_Part], fewest: float, worth: float) -> bool:
    """Put a rule with one more condition before the rule that is most mixed; False where none is worth it."""
    best: tuple[float, int, _Part, _Part] | None = None
    for place, part in enumerate(parts):
        for box in _boxes(grow(part.asked, depth=1, least=0.0)) if len(part.asked.chance) else ():
            joined = _joined(part.box, box)
            inside, ours = _inside(part.asked.bins, joined), _inside(part.own, joined)
            gain = _gain(part.asked, inside, mixed=0.0)
            if gain <= (best[0] if best else worth) or min(ours.sum(), (~ours).sum()) < fewest:
                continue
            if len(joined) <= _CONDITIONS:
                first = _Part(joined, _chosen(part.asked, inside), part.own[ours])
                best = gain, place, first, _Part(part.box, _chosen(part.asked, ~inside), part.own[~ours])
    if best is not None:
        parts[best[1] : best[1] + 1] = best[2:]
    return best is not None


def _joined(one: Box, two: Box) -> Box:
    joined = dict(one)
    for feature, (low, high) in two.items():
        before = joined.get(feature, (-1, 10**6))
        joined[feature] = (max(before[0], low), min(before[1], high))
    return joined


def _chosen(asked: Asked, where: Array) -> Asked:
    return Asked(asked.bins[where], asked.chance[where], asked.weight[where])


def _best_box(asked: Asked, own: Array, fewest: float, worth: float) -> Box | None:
    """The box of a small tree that is worth most when it is set apart, and holds enough training rows.

    None where no box gains as much as `worth`, so that a list ends before its rules speak of nobody.
    """
    best, gained = None, worth
    for box in _boxes(grow(asked, depth=_CONDITIONS, least=_LEAST / 2)):
        gain = _gain(asked, _inside(asked.bins, box), mixed=1.0)
        if gain > gained and _inside(own, box).sum() >= fewest:
            best, gained = box, gain
    return best


def _gain(asked: Asked, inside: Array, *, mixed: float) -> float:
    """How much squared error falls when box and rest have a mean each, less `mixed` times what stays inside the box.

    Later rules can still part the rest, but seldom the box: so a pure box is worth more than a large one.
    """
    box, rest = _chosen(asked, inside), _chosen(asked, ~inside)
    masses = [float(part.weight.sum()) for part in (box, rest)]
    if min(masses) <= 0:
        return 0.0
    means, whole = (_mean(box), _mean(rest)), _mean(asked)
    between = sum(mass * (mean - whole) ** 2 for mass, mean in zip(masses, means, strict=True))
    return between - mixed * float(box.weight @ (box.chance - means[0]) ** 2)


def _boxes(shape: Shape) -> list[Box]:
    found: list[Box] = []
    waiting: list[tuple[int, Box]] = [(0, {})]
    while waiting:
        place, box = waiting.pop()
        if box:
            found.append(box)
        feature, cut = int(shape.feature[place]), int(shape.cut[place])
        if feature < 0:
            continue
        low, high = box.get(feature, (-1, 10**6))
        waiting.append((2 * place + 1, box | {feature: (low, min(high, cut))}))
        waiting.append((2 * place + 2, box | {feature: (max(low, cut), high)}))
    return found


def _inside(bins: Array, box: Box) -> Array:
    met = np.ones(len(bins), dtype=bool)
    for feature, (low, high) in box.items():
        met &= (bins[:, feature] > low) & (bins[:, feature] <= high)
    return met


def _mean(asked: Asked) -> float:
    total = float(asked.weight.sum())
    return float(asked.weight @ asked.chance) / total if total > 0 else 0.5


def _conditions(box: Box, cuts: list[Array]) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            feature,
            float(cuts[feature][low]) if low >= 0 else -np.inf,
            float(cuts[feature][high]) if high < len(cuts[feature]) else np.inf,
        )
        for feature, (low, high) in box.items()
    )


def _counted(rules: Sequence[Rule], rows: Array, positive: Array) -> tuple[Rule, ...]:
    found, open_ = [], np.ones(len(rows), dtype=bool)
    for rule in rules:
        here = open_ & meets(rows, rule.conditions)
        open_ &= ~here
        found.append(Rule(rule.conditions, rule.value, int(here.sum()), int(positive[here].sum())))
    return tuple(found)
