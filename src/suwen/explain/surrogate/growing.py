"""Growing a tree that answers with probabilities: greedy least squares over histograms of thresholds (CART, 1984)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from suwen.learn.nouns import Array

__all__ = ["Asked", "Shape", "binned", "descend", "grow", "leaf_chances", "roundest", "split_sums", "thresholds_of"]

MOST_BINS = 256


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows the network was asked about, as bins (n, features), its probabilities and the weight of each row."""

    bins: Array
    chance: Array
    weight: Array


@dataclass(frozen=True, slots=True)
class Shape:
    """Splits of a tree in heap order: node i has children 2i+1 and 2i+2; feature -1 is a leaf; bins <= cut go left."""

    feature: Array
    cut: Array

    @property
    def depth(self) -> int:
        """Number of levels below the root that the arrays have room for."""
        return (len(self.feature) + 1).bit_length() - 2


def thresholds_of(rows: Array) -> list[Array]:
    """For each feature, the roundest thresholds between neighbouring values of (n, features), at most 255 of them.

    Round here and not where they are printed, so that what a reader sees is what the tree asks.
    """
    found = []
    for feature in range(rows.shape[1]):
        held = np.unique(rows[:, feature])
        gaps = np.arange(len(held) - 1)
        if len(gaps) > MOST_BINS - 1:
            gaps = gaps[np.linspace(0, len(gaps) - 1, MOST_BINS - 1).round().astype(int)]
        found.append(np.array([roundest(float(held[gap]), float(held[gap + 1])) for gap in gaps]))
    return found


def roundest(low: float, high: float) -> float:
    """The number with the fewest decimals in low <= x < high that lies nearest to their middle."""
    middle = low + (high - low) / 2
    largest = max(abs(low), abs(high))
    start = -math.floor(math.log10(largest)) if largest > 0 else 0
    for digits in range(start, start + 17):
        near = round(middle, digits)
        if low <= near < high:
            return near
    return low


def binned(rows: Array, thresholds: list[Array]) -> Array:
    """Bin numbers (n, features): how many thresholds lie below each value."""
    return np.column_stack([np.searchsorted(cuts, rows[:, j], side="left") for j, cuts in enumerate(thresholds)])


def split_sums(bins: Array, *weights: Array) -> list[Array]:
    """For each weight (n,), its sum (features, bins) over the rows whose bin is at most that one."""
    columns = np.ascontiguousarray(bins.T)
    sums = ([np.bincount(column, one, MOST_BINS) for column in columns] for one in weights)
    return [np.array(one).cumsum(axis=1) for one in sums]


def grow(asked: Asked, *, depth: int, least: float) -> Shape:
    """The greedy tree of at most `depth` questions whose leaves hold at least `least` of the weight each."""
    shape = Shape(np.full(2 ** (depth + 1) - 1, -1), np.zeros(2 ** (depth + 1) - 1, dtype=np.int64))
    waiting = [(0, np.arange(len(asked.chance)))]
    while waiting:
        place, rows = waiting.pop()
        if place >= 2**depth - 1:
            continue
        best = _best_split(asked, rows, least)
        if best is None:
            continue
        shape.feature[place], shape.cut[place] = best
        left = asked.bins[rows, best[0]] <= best[1]
        waiting += [(2 * place + 2, rows[~left]), (2 * place + 1, rows[left])]
    return shape


def _best_split(asked: Asked, rows: Array, least: float) -> tuple[int, int] | None:
    """Feature and cut that leave the smallest squared error, or None where nothing is gained."""
    weight = asked.weight[rows]
    total, count = split_sums(asked.bins[rows], weight * asked.chance[rows], weight)
    whole, mass = total[:, -1:], count[:, -1:]
    allowed = (count >= least) & (mass - count >= least) & (count > 0) & (mass - count > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(allowed, total**2 / count + (whole - total) ** 2 / (mass - count), -np.inf)
    best = int(np.argmax(gain))
    feature, cut = divmod(best, MOST_BINS)
    nothing = float(whole[0, 0] ** 2 / max(mass[0, 0], 1e-300))
    if not gain[feature, cut] > nothing + 1e-9 * max(float(mass[0, 0]), 1e-300):
        return None
    return feature, cut


def descend(shape: Shape, bins: Array, *, start: int = 0) -> Array:
    """The heap index (n,) of the leaf each row ends in, walking from node `start`."""
    place = np.full(len(bins), start, dtype=np.int64)
    for _ in range(shape.depth):
        feature = shape.feature[place]
        here = np.flatnonzero(feature >= 0)
        if not len(here):
            break
        below = bins[here, feature[here]] <= shape.cut[place[here]]
        place[here] = 2 * place[here] + np.where(below, 1, 2)
    return place


def leaf_chances(shape: Shape, leaf: Array, asked: Asked) -> Array:
    """Mean probability of each heap index; where no row came, that of its parent."""
    size = len(shape.feature)
    total = np.bincount(leaf, asked.weight * asked.chance, size)
    mass = np.bincount(leaf, asked.weight, size)
    for place in range(size - 1, 0, -1):
        total[(place - 1) // 2] += total[place]
        mass[(place - 1) // 2] += mass[place]
    found = np.full(size, float(total[0] / mass[0]))
    for place in range(1, size):
        found[place] = total[place] / mass[place] if mass[place] > 0 else found[(place - 1) // 2]
    return found
