"""How alike two strings are, for many pairs at once: 1 - edit distance by the longer length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.activity.kernels import Floats

__all__ = ["Letters", "letters_of", "likenesses", "perhaps_alike"]

Letters = tuple[NDArray[np.uint8], NDArray[np.intp], NDArray[np.int32]]
_CELLS = 4_000_000  # of all tables that are worked at once


def letters_of(texts: Sequence[str]) -> Letters:
    """Bytes (n, longest) filled up with 0, lengths (n,), and how often each byte 0..127 stands in each (n, 128)."""
    raw = [text.encode("ascii", "replace") for text in texts]
    lengths = np.array([len(one) for one in raw], np.intp)
    table = np.zeros((len(raw), int(lengths.max(initial=0))), np.uint8)
    counts = np.zeros((len(raw), 128), np.int32)
    for at, one in enumerate(raw):
        row = np.frombuffer(one, np.uint8)
        table[at, : len(row)] = row
        counts[at] = np.bincount(row, minlength=128)
    return table, lengths, counts


def perhaps_alike(
    letters: Letters, first: NDArray[np.intp], second: NDArray[np.intp], least: float
) -> NDArray[np.bool_]:
    """Whether each pair could be at least so alike (pairs,), by lengths and letters alone; no alike pair is lost.

    An edit changes the surplus of letters on either side by at most one, so that surplus bounds the distance.
    """
    _table, lengths, counts = letters
    longer = np.maximum(lengths[first], lengths[second])
    allowed = (1 - least) * longer + 1e-9
    near = np.asarray(np.abs(lengths[first] - lengths[second]) <= allowed)
    at = np.flatnonzero(near)
    for begin in range(0, len(at), 20_000):
        part = at[begin : begin + 20_000]
        surplus = counts[first[part]] - counts[second[part]]
        bound = np.maximum(np.maximum(surplus, 0).sum(1), np.maximum(-surplus, 0).sum(1))
        near[part] = bound <= allowed[part]
    return np.asarray(near, np.bool_)


def likenesses(letters: Letters, first: NDArray[np.intp], second: NDArray[np.intp]) -> Floats:
    """1 - distance / longer length (pairs,), 1 for equal strings (Levenshtein 1966)."""
    table, lengths, _counts = letters
    width = table.shape[1] + 1
    at_once = max(1, _CELLS // max(1, width))
    found = np.ones(len(first))
    for begin in range(0, len(first), at_once):
        one, two = first[begin : begin + at_once], second[begin : begin + at_once]
        longer = np.maximum(lengths[one], lengths[two])
        far = _distances(table[one], lengths[one], table[two], lengths[two])
        found[begin : begin + at_once] = 1 - far / np.maximum(longer, 1)
    return found


def _distances(
    one: NDArray[np.uint8], ends: NDArray[np.intp], two: NDArray[np.uint8], stops: NDArray[np.intp]
) -> Floats:
    """Edit distances, all pairs' tables row by row; each pair's answer is read where both of its strings end."""
    steps = np.arange(two.shape[1] + 1, dtype=np.int32)
    row = np.tile(steps, (len(one), 1))
    answer = np.where(ends == 0, stops, 0)
    for at in range(int(ends.max(initial=0))):
        changed = row[:, :-1] + (two != one[:, at, None])
        fresh = np.empty_like(row)
        fresh[:, 0] = at + 1
        np.minimum(row[:, 1:] + 1, changed, out=fresh[:, 1:])
        # Inserting costs one a step, so the least over all earlier columns is a running minimum of value - column.
        row = np.minimum.accumulate(fresh - steps, axis=1) + steps
        done = ends == at + 1
        answer[done] = row[done, stops[done]]
    return np.asarray(answer, np.float64)
