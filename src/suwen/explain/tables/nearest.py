"""Nearest training cases of a row: by Gower distance over mixed columns, or in a network's embedding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from suwen.errors import InputError
from suwen.explain.tables.chances import checked_columns, checked_rows
from suwen.explain.tables.columns import Column
from suwen.learn.nouns import Array, Examples

__all__ = ["NearCase", "gower", "nearest_cases"]

Embedding = Callable[[Array], Any]


@dataclass(frozen=True, slots=True)
class NearCase:
    """A training case: its index, name, group and label, its distance, and the share of all cases as near or nearer."""

    index: int
    name: str
    group: str
    label: float
    distance: float
    nearer: float


def gower(rows: Array, one: Array, columns: Sequence[Column], *, spans: Array) -> Array:
    """Gower distances (n,) in 0..1: the mean over columns of |difference| / span, and of unequal for coded columns.

    `spans` (features,) are the widths of the columns in training; a column of span 0 does not count (Gower 1971).
    """
    coded = np.array([bool(column.choices) for column in columns])
    counted = spans > 0
    if not counted.any():
        raise InputError("every column has one value only, so no distance can be told")
    gap = np.abs(rows - one)
    part = np.where(coded, gap > 0, np.minimum(gap / np.where(counted, spans, 1.0), 1.0))
    return np.asarray(part[:, counted].mean(axis=1))


def nearest_cases(  # two ways to measure and whom to leave out
    row: Array,
    training: Examples,
    columns: Sequence[Column],
    *,
    most: int = 5,
    group: str = "",
    embed: Embedding | None = None,
) -> tuple[NearCase, ...]:
    """The `most` nearest training cases, nearest first, at most one of each group and none of `group`.

    `group` names the explained patient, whose own examples never explain them. `embed` maps (n, features) to the
    network's own space (n, width), where the distance is Euclidean over standardised axes; without it, Gower's.
    Ties keep the order of the training rows. Raises InputError where the tables do not fit or nobody is left.
    """
    rows = checked_rows(training.inputs, what="training rows")
    described = checked_columns(columns, rows.shape[1])
    one = checked_rows(np.atleast_2d(row), width=rows.shape[1], what="the explained row")
    distance = _embedded(rows, one, embed) if embed else gower(rows, one[0], described, spans=np.ptp(rows, axis=0))
    order = np.argsort(distance, kind="stable")
    allowed = [int(place) for place in order if not group or _group(training, int(place)) != group]
    if not allowed:
        raise InputError("every training case belongs to the explained patient, so none can be shown")
    others = np.sort(distance[allowed])
    kept: dict[str, int] = {}
    for place in allowed:
        kept.setdefault(_group(training, place) or f"#{place}", place)
        if len(kept) == most:
            break
    return tuple(_case(training, place, distance, others) for place in kept.values())


def _case(training: Examples, place: int, distance: Array, others: Array) -> NearCase:
    name = training.names[place] if training.names else str(place)
    nearer = float(np.searchsorted(others, distance[place], side="right") / len(others))
    label, far = float(training.labels[place]), float(distance[place])
    return NearCase(place, name, _group(training, place), label, far, nearer)


def _group(training: Examples, place: int) -> str:
    return training.groups[place] if training.groups else ""


def _embedded(rows: Array, one: Array, embed: Embedding) -> Array:
    points = np.asarray(embed(np.vstack([rows, one])), dtype=np.float64)
    if points.ndim != 2 or len(points) != len(rows) + 1 or not np.isfinite(points).all():
        raise InputError(f"an embedding must give one finite vector a row; it gave shape {points.shape}")
    spread = points[:-1].std(axis=0)
    scaled = points / np.where(spread > 0, spread, 1.0)
    return np.asarray(np.linalg.norm(scaled[:-1] - scaled[-1], axis=1))
