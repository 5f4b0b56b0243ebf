"""Exact Shapley values of decision trees, leaf by leaf, path-dependent or against background rows.

A leaf answers its value where every condition on the way holds. For the features D of that way let o_j say whether the
explained row meets the conditions on j, and z_j the share that does without knowing j: of the training rows at those
splits (path-dependent), or of one background row, 0 or 1 (interventional). The game of a leaf is the product of o_j
over known and z_j over unknown features, and because s!(d-1-s)!/d! = ∫ t^s (1-t)^(d-1-s) dt its Shapley value is

    value · (o_i - z_i) · ∫₀¹ ∏_{j≠i} (o_j t + z_j (1 - t)) dt

a polynomial of degree d-1, which Gauss-Legendre quadrature integrates exactly (Lundberg et al. 2020 define both games;
the integral is Owen's multilinear extension of 1972).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from suwen.errors import InputError
from suwen.explain.tables.chances import checked_rows
from suwen.explain.tables.trees import LEAF, Tree, tree_values
from suwen.learn.nouns import Array

__all__ = ["interventional_shapley", "path_shapley"]


@dataclass(frozen=True, slots=True)
class _Way:
    """From the root to one leaf: the features asked, the interval each must lie in, and its share of the cover."""

    value: float
    features: tuple[int, ...]
    low: Array  # exclusive
    high: Array  # inclusive
    share: Array

    def met(self, rows: Array) -> Array:
        """Whether rows (n, features) meet the conditions, (n, d) as 0.0 or 1.0."""
        chosen = rows[:, self.features]
        return np.asarray((chosen > self.low) & (chosen <= self.high), dtype=np.float64)


def path_shapley(trees: Sequence[Tree], rows: Array) -> tuple[Array, float]:
    """Path-dependent Shapley values (n, features) of the sum of the trees, and the base: its mean over the cover.

    Each row's values sum to the trees' answer minus the base. Raises InputError where a split has no cover.
    """
    table = checked_rows(rows)
    found, base = np.zeros(table.shape), 0.0
    for tree in trees:
        for way in _ways(tree):
            base += way.value * float(np.prod(way.share))
            _add(found, way, way.met(table), way.share[None, :])
    return found, base


def interventional_shapley(trees: Sequence[Tree], rows: Array, background: Array) -> tuple[Array, float]:
    """Shapley values (n, features) of the sum of the trees where unknown features come from background rows.

    The base is the mean answer over the background (m, features). Costs n · m · leaves · depth.
    """
    table = checked_rows(rows)
    others = checked_rows(background, width=table.shape[1], what="background rows")
    found = np.zeros(table.shape)
    for tree in trees:
        for way in _ways(tree):
            _add_against(found, way, way.met(table), way.met(others))
    base = float(np.mean(np.sum([tree_values(tree, others) for tree in trees], axis=0))) if trees else 0.0
    return found, base


def _ways(tree: Tree) -> list[_Way]:
    found: list[_Way] = []
    waiting: list[tuple[int, dict[int, tuple[float, float, float]]]] = [(0, {})]
    while waiting:
        place, asked = waiting.pop()
        node = tree.nodes[place]
        if node.feature == LEAF:
            found.append(_way(node.value, asked))
            continue
        if not node.cover > 0:
            raise InputError(f"node {place} of a tree has no cover: its Shapley values are not defined")
        low, high, share = asked.get(node.feature, (-np.inf, np.inf, 1.0))
        left, right = (tree.nodes[child].cover / node.cover for child in (node.left, node.right))
        waiting.append((node.left, asked | {node.feature: (low, min(high, node.threshold), share * left)}))
        waiting.append((node.right, asked | {node.feature: (max(low, node.threshold), high, share * right)}))
    return found


def _way(value: float, asked: dict[int, tuple[float, float, float]]) -> _Way:
    low, high, share = (np.array([part[which] for part in asked.values()]) for which in range(3))
    return _Way(value, tuple(asked), low, high, share)


def _add(found: Array, way: _Way, met: Array, share: Array) -> None:
    """Add a leaf's values to `found`, by quadrature."""
    d = len(way.features)
    if not d or way.value == 0:
        return
    t, weights = _quadrature(d // 2 + 1)
    factors = met[:, :, None] * t + share[:, :, None] * (1 - t)  # (n, d, points)
    # The product of all others is that of those before and that of those after: no division, as factors may be 0.
    before, after = np.ones_like(factors), np.ones_like(factors)
    np.cumprod(factors[:, :-1], axis=1, out=before[:, 1:])
    np.cumprod(factors[:, :0:-1], axis=1, out=after[:, -2::-1])
    found[:, way.features] += way.value * (met - share) * ((before * after) @ weights)


@cache
def _quadrature(points: int) -> tuple[Array, Array]:
    """Points in 0..1 and weights of Gauss-Legendre quadrature."""
    places, weights = np.polynomial.legendre.leggauss(points)
    return (places + 1) / 2, weights / 2


def _add_against(found: Array, way: _Way, met: Array, other: Array) -> None:
    """Add a leaf's mean values over background rows: counts of features only one of the two meets decide the weight."""
    if not way.features or way.value == 0:
        return
    possible = np.all((met[:, None, :] + other[None, :, :]) > 0, axis=2)  # (n, m)
    ours = met[:, None, :] * (1 - other[None, :, :])  # (n, m, d): only the explained row meets it
    theirs = other[None, :, :] * (1 - met[:, None, :])
    a, b = ours.sum(axis=2), theirs.sum(axis=2)
    for_ours, for_theirs = _orders(len(way.features))
    plus = possible * for_ours[a.astype(np.int64), b.astype(np.int64)]
    minus = possible * for_theirs[a.astype(np.int64), b.astype(np.int64)]
    shares = (plus[:, :, None] * ours - minus[:, :, None] * theirs).mean(axis=1)
    for place, feature in enumerate(way.features):
        found[:, feature] += way.value * shares[:, place]


def _orders(most: int) -> tuple[Array, Array]:
    """(a-1)! b! / (a+b)! and a! (b-1)! / (a+b)! for a, b up to `most`; 0 where there is nothing to share."""
    a, b = np.meshgrid(np.arange(most + 1.0), np.arange(most + 1.0), indexing="ij")
    choose = np.array([[_inverse_choose(int(x), int(y)) for y in range(most + 1)] for x in range(most + 1)])
    with np.errstate(divide="ignore"):
        return np.where(a > 0, choose / a, 0.0), np.where(b > 0, choose / b, 0.0)


def _inverse_choose(a: int, b: int) -> float:
    """The weight a! b! / (a+b)!, as a product that does not overflow."""
    return float(np.prod([k / (b + k) for k in range(1, a + 1)]))
