"""Duplicates and near-duplicates: equal bytes, equal values, and equal looks; graver across splits and labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from suwen.learn.clean.nouns import Array, Form, Measured, Remark, Severity, Sign, Suggestion, Suspicion

__all__ = ["alike", "find_duplicates", "joined"]

# A pair is near-duplicate where few bits of the hash differ and the small copies correlate this much. Found on pairs
# that were made (recompressed, resized, brightened) and on pairs of different people, which look alike in medicine.
DIFFERENT_BITS = {Form.IMAGES: 0.18, Form.VOLUMES: 0.18, Form.SIGNALS: 0.18}
CORRELATION = {Form.IMAGES: 0.975, Form.VOLUMES: 0.94, Form.SIGNALS: 0.98}
_BLOCK = 1024


def find_duplicates(measured: Sequence[Measured], form: Form) -> tuple[list[Suspicion], list[Remark]]:
    """One suspicion for each set of equal examples, then one for each pair that looks equal and is not.

    Where pairs are more than twice the examples, everything looks alike at this size and nothing can be told: then
    there is a remark in their place.
    """
    found = [_suspicion(Sign.DUPLICATE, set_, 1.0) for set_ in _equal(measured)]
    first = {one.content: one for one in reversed(measured) if one.readable}
    different = [one for one in measured if first.get(one.content) is one]
    pairs = list(islice(alike(different, form), 2 * len(different) + 1))
    if len(pairs) > 2 * len(different):
        return found, [Remark("all_alike", {"n": len(different)})]
    return found + [_suspicion(Sign.NEAR_DUPLICATE, [one, other], score) for one, other, score in pairs], []


def alike(measured: Sequence[Measured], form: Form) -> Iterator[tuple[Measured, Measured, float]]:
    """Pairs of examples that look the same, with the correlation of their small copies.

    The hash finds candidates, the correlation decides: different people look alike at 28 pixels, one picture stored
    twice looks more alike. Compares all pairs in blocks: 10,000 images take seconds, 100,000 take minutes.
    """
    usable = [one for one in measured if one.readable and one.bits.size and one.sketch.any()]
    if form is Form.TABLES or len(usable) < 2:
        return
    width = usable[0].bits.size
    usable = [one for one in usable if one.bits.size == width]
    signs = np.stack([one.bits for one in usable]).astype(np.float32) * 2 - 1
    looks = np.stack([one.sketch.ravel() for one in usable])
    looks = looks / np.linalg.norm(looks, axis=1, keepdims=True)
    least = width * (1 - 2 * DIFFERENT_BITS[form])  # of the product of signs
    for begin in range(0, len(usable), _BLOCK):
        close = signs[begin : begin + _BLOCK] @ signs[begin:].T >= least
        for row, column in np.argwhere(np.triu(close, 1)):
            correlation = float(looks[begin + row] @ looks[begin + column])
            if correlation >= CORRELATION[form]:
                yield usable[begin + row], usable[begin + column], correlation


def joined(measured: Sequence[Measured], found: Sequence[Suspicion]) -> Array:
    """A number for each example (n,), equal for examples of one group and for duplicates of each other."""
    parent = list(range(len(measured)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    place = {one.sample.name: at for at, one in enumerate(measured)}
    sets: dict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(measured):
        if one.sample.group:
            sets[one.sample.group].append(at)
    pairs = [[place[name] for name in one.where if name in place] for one in found if one.sign in _DOUBLES]
    for members in [*sets.values(), *pairs]:
        for other in members[1:]:
            parent[root(other)] = root(members[0])
    return np.array([root(at) for at in range(len(measured))])


_DOUBLES = frozenset({Sign.DUPLICATE, Sign.NEAR_DUPLICATE})


def _equal(measured: Sequence[Measured]) -> list[list[Measured]]:
    sets: dict[str, list[Measured]] = defaultdict(list)
    for one in measured:
        # All constant images are equal to each other; they are told as constant.
        if one.readable and one.extremes[0] != one.extremes[1]:
            sets[one.content].append(one)
    return [members for members in sets.values() if len(members) > 1]


def _suspicion(sign: Sign, members: Sequence[Measured], score: float) -> Suspicion:
    samples = [one.sample for one in members]
    splits = {one.split for one in samples if one.split}
    labels = {one.label for one in samples if one.label is not None}
    groups = {one.group for one in samples if one.group}
    grave = len(splits) > 1 or len(labels) > 1
    facts = {
        "how": "values" if sign is Sign.DUPLICATE else "looks",
        "n": len(samples),
        "splits": ", ".join(sorted(splits)) if len(splits) > 1 else "",
        "labels": ", ".join(sorted(labels)) if len(labels) > 1 else "",
        "groups": len(groups),
        "correlation": round(score, 4),
    }
    where = tuple(one.name for one in samples)
    weight = score + len(splits) + len(labels)
    severity = Severity.GRAVE if grave else Severity.NOTABLE
    return Suspicion(sign, where, severity, Suggestion.KEEP_ONE, weight, facts)
