"""Choices that look at all candidates of a step at once: the best of a column, and what a choice says of each."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeAlias

from suwen.drugs.screening.candidates import Candidate, Dropped, Outcome
from suwen.drugs.screening.nouns import Failed, Stage
from suwen.errors import Problem

__all__ = ["NOTHING", "Candidates", "Choice", "best_by", "outcomes_of"]

Candidates: TypeAlias = Callable[[], Iterator[Candidate]]
"""The candidates of a step, from the first on each time it is called; one is in memory at a time."""
NOTHING: Mapping[str, float] = MappingProxyType({})
"""No numbers: one for all rows, as a library may have a million of them."""
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Choice:
    """Rows that stay in, with numbers they got; rows that failed; all others are dropped for the criterion `key`."""

    key: str
    rows: Mapping[int, Mapping[str, float]]
    failed: Mapping[int, Problem] = field(default_factory=dict)


def best_by(candidates: Candidates, columns: tuple[str, ...], count: int, key: str, *, lowest: bool = False) -> Choice:
    """The `count` best by the first of `columns` that a candidate has, candidates with the first column first.

    Of equals the earlier row is better.
    """
    sign = -1.0 if lowest else 1.0
    ranked = ((_merit(one, columns, sign), -one.row) for one in candidates())
    return Choice(key, dict.fromkeys((-row for _, row in heapq.nlargest(count, ranked)), NOTHING))


def _merit(one: Candidate, columns: tuple[str, ...], sign: float) -> tuple[int, float]:
    for at, column in enumerate(columns):
        if column in one.values:
            return -at, sign * one.values[column]
    return -len(columns), 0.0


def outcomes_of(lot: list[Candidate], choice: Choice, stage: Stage) -> list[Outcome]:
    """What the choice says of each candidate of a lot."""
    return [_outcome(one, choice, stage) for one in lot]


def _outcome(one: Candidate, choice: Choice, stage: Stage) -> Outcome:
    if one.row in choice.failed:
        return Failed(one.row, (one.molecule.written or one.molecule.smiles)[:_SHOWN], stage, choice.failed[one.row])
    if one.row not in choice.rows:
        return Dropped(choice.key)
    added = choice.rows[one.row]
    return replace(one, values={**one.values, **added}) if added else one
