"""Exact Shapley shares of oblivious trees: few questions a tree, so every coalition of them is looked at.

The value of a coalition is the path-dependent expectation of Lundberg et al. (2020): a question whose column is in it
is answered as the row answers, any other by the training rows that went either way. It is folded from the leaves up for
all trees at once, both ways at every level. Levels of one tree that ask the same column are one player.
"""

from __future__ import annotations

from functools import cache
from math import factorial

import numpy as np
from numpy.typing import NDArray

from suwen.learn.tabular.oblivious import NOTHING, Oblivious

__all__ = ["oblivious_shapley"]

Floats = NDArray[np.float64]


def oblivious_shapley(trees: Oblivious, row: NDArray[np.float32]) -> tuple[Floats, float]:
    """Shares (columns,) of one row (columns,) without unknown values, and the base: together they are its logit."""
    worth = _coalitions(trees, row)
    shares = np.zeros(len(row))
    patterns, which = np.unique(_patterns(trees), axis=0, return_inverse=True)
    for at, pattern in enumerate(patterns):
        chosen = which.ravel() == at
        parts = worth[chosen] @ _coefficients(tuple(pattern.tolist())).T  # (trees, levels)
        np.add.at(shares, trees.columns[chosen], parts)
    return shares, float(worth[:, 0].sum() + trees.base)


def _coalitions(trees: Oblivious, row: NDArray[np.float32]) -> Floats:
    """What each tree is worth (trees, 2**levels) to each set of known levels, the lowest level the lowest bit."""
    count, levels = trees.columns.shape
    above = row[trees.columns] > trees.borders
    values = trees.values.astype(np.float64)[:, None]  # (trees, sets so far, nodes)
    covers = trees.covers.astype(np.float64)
    for level in range(levels):
        low, high = values[..., 0::2], values[..., 1::2]
        fewer, more = covers[:, 0::2], covers[:, 1::2]
        whole = fewer + more
        share = np.divide(more, whole, out=np.full_like(whole, 0.5), where=whole > 0)[:, None]
        blind = low * (1 - share) + high * share
        seen = np.where(above[:, level, None, None], high, low)
        values = np.concatenate([blind, seen], axis=1)  # sets without this level, then those with it
        covers = whole
    return values.reshape(count, -1)


def _patterns(trees: Oblivious) -> NDArray[np.int64]:
    """Of each tree (trees, levels) the first level that asks the same column; a level that asks nothing is -1."""
    same = trees.columns[:, :, None] == trees.columns[:, None, :]
    first = np.argmax(same, axis=2)
    found: NDArray[np.int64] = np.where(trees.borders == NOTHING, -1, first)
    return found


@cache
def _coefficients(pattern: tuple[int, ...]) -> Floats:
    """What each coalition counts for the share of each level (levels, 2**levels); a column's first level has it."""
    levels = len(pattern)
    players = sorted({one for one in pattern if one >= 0})
    found = np.zeros((levels, 2**levels))
    size = len(players)
    for code in range(2 ** max(size, 0)):
        inside = [one for at, one in enumerate(players) if code >> at & 1]
        here = _set(pattern, inside)
        for one in players:
            if one in inside:
                continue
            weight = factorial(len(inside)) * factorial(size - len(inside) - 1) / factorial(size)
            found[one, _set(pattern, [*inside, one])] += weight
            found[one, here] -= weight
    return found


def _set(pattern: tuple[int, ...], inside: list[int]) -> int:
    """The number of a set of levels: all that ask the columns of these players."""
    return sum(1 << level for level, one in enumerate(pattern) if one in inside)
