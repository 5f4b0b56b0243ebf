"""Refining a grown tree: each split is chosen again, given all the others, as long as the imitation gets better.

Tree alternating optimisation (Carreira-Perpiñán and Tavallali 2018): a row at a node costs what the left or the right
subtree would cost it, so the best split there is again one pass over histograms. Greedy growth cannot see that a
split serves the splits below it; this can. The loss never rises.
"""

from __future__ import annotations

import numpy as np

from suwen.explain.surrogate.growing import Asked, Shape, descend, leaf_chances, split_sums
from suwen.learn.nouns import Array

__all__ = ["imitation_loss", "refine"]

_SWEEPS = 10


def imitation_loss(said: Array, chance: Array, *, emphasis: float, threshold: float) -> Array:
    """Squared error (n,) of a probability, plus `emphasis` where it lies on the other side of the decision."""
    return np.asarray((said - chance) ** 2 + emphasis * ((said >= threshold) != (chance >= threshold)))


def refine(shape: Shape, asked: Asked, *, least: float, emphasis: float, threshold: float) -> Shape:
    """The tree with its splits chosen again, deepest first, until a sweep gains less than a thousandth."""
    new = Shape(shape.feature.copy(), shape.cut.copy())
    leaf = descend(new, asked.bins)
    last = np.inf
    for _ in range(_SWEEPS):
        for place in reversed(np.flatnonzero(new.feature >= 0)):
            _choose_again(new, int(place), leaf, asked, (least, emphasis, threshold))
        said = leaf_chances(new, leaf, asked)[leaf]
        cost = imitation_loss(said, asked.chance, emphasis=emphasis, threshold=threshold)
        loss = float(asked.weight @ cost)
        if loss > last * (1 - 1e-3):
            break
        last = loss
    return new


def _choose_again(shape: Shape, place: int, leaf: Array, asked: Asked, asked_for: tuple[float, float, float]) -> None:
    """Choose the split of one node anew; `leaf` (n,), where each row ends, is brought up to date in place."""
    least, emphasis, threshold = asked_for
    rows = np.flatnonzero(_under(leaf, place))
    if not len(rows):
        return
    chances = leaf_chances(shape, leaf, asked)
    bins, chance, weight = asked.bins[rows], asked.chance[rows], asked.weight[rows]
    costs = []
    for child in (2 * place + 1, 2 * place + 2):
        said = chances[descend(shape, bins, start=child)]
        costs.append(imitation_loss(said, chance, emphasis=emphasis, threshold=threshold))
    cost, count = split_sums(bins, weight * (costs[0] - costs[1]), weight)
    allowed = (count >= least) & (count[:, -1:] - count >= least)
    cost = np.where(allowed, cost, np.inf)
    now = cost[shape.feature[place], shape.cut[place]]
    best = np.unravel_index(int(np.argmin(cost)), cost.shape)
    if cost[best] < now - 1e-9 * float(weight.sum()):
        before = int(shape.feature[place]), int(shape.cut[place])
        shape.feature[place], shape.cut[place] = int(best[0]), int(best[1])
        moved = descend(shape, bins, start=place)
        mass = np.bincount(moved, weight, len(shape.feature))
        if min(mass[end] for end in _ends(shape, place)) < least:  # a leaf further down was starved
            shape.feature[place], shape.cut[place] = before
        else:
            leaf[rows] = moved


def _ends(shape: Shape, place: int) -> list[int]:
    """The leaves below a node."""
    if shape.feature[place] < 0:
        return [place]
    return [*_ends(shape, 2 * place + 1), *_ends(shape, 2 * place + 2)]


def _under(leaf: Array, place: int) -> Array:
    """Whether each heap index is `place` or stands below it."""
    at = leaf.copy()
    while True:
        deeper = at > place
        if not deeper.any():
            return np.asarray(at == place)
        at[deeper] = (at[deeper] - 1) // 2
