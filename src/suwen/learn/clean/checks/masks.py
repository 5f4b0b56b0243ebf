"""Masks that are empty, hold a class nobody else has, lack one that all have, or lie about in pieces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from suwen.learn.clean.checks.robust import robust_z
from suwen.learn.clean.nouns import MaskFacts, Measured, Severity, Sign, Suggestion, Suspicion

__all__ = ["find_masks"]

RARE = 0.05  # a class in one mask, or in no more than this share of them, is unknown
COMMON = 0.9  # a class in more masks than this share is expected in all
SMALL = 0.05  # of the largest piece: a smaller piece is a fragment
LEAST = 10  # masks, before there is anything usual
BOUND = 4.0  # modified z-score of the logarithm of the volume


def find_masks(measured: Sequence[Measured]) -> list[Suspicion]:
    """Suspicions about masks, against what the other masks hold."""
    masks = [(one.sample.name, one.mask) for one in measured if one.mask is not None]
    filled = [(name, mask) for name, mask in masks if mask.voxels]
    found = [_one(Sign.EMPTY_MASK, name, Suggestion.LABEL, Severity.GRAVE) for name, mask in masks if not mask.voxels]
    found += [
        _one(Sign.UNKNOWN_CLASS, name, Suggestion.REPAIR, Severity.GRAVE, what="fraction")
        for name, mask in masks
        if not mask.whole
    ]
    found += [one for name, mask in filled for one in _fragments(name, mask)]
    if len(filled) < LEAST:
        return found
    shares = Counter(number for _, mask in filled for number in mask.voxels)
    return found + [one for name, mask in filled for one in _classes(name, mask, shares, len(filled))] + _sizes(filled)


def _one(sign: Sign, name: str, suggestion: Suggestion, severity: Severity, **facts: str | int | float) -> Suspicion:
    return Suspicion(sign, (name,), severity, suggestion, 1.0, facts)


def _classes(name: str, mask: MaskFacts, shares: Counter[int], masks: int) -> list[Suspicion]:
    unknown = [one for one in mask.voxels if shares[one] <= max(1.0, RARE * masks)]
    missing = [one for one, many in shares.items() if many >= COMMON * masks and one not in mask.voxels]
    found = [
        _one(
            Sign.UNKNOWN_CLASS,
            name,
            Suggestion.REPAIR,
            Severity.GRAVE,
            what="class",
            number=one,
            voxels=mask.voxels[one],
            n=shares[one],
        )
        for one in unknown[:8]
    ]
    return found + [
        _one(
            Sign.MISSING_CLASS,
            name,
            Suggestion.LOOK,
            Severity.NOTABLE,
            number=one,
            percent=_percent(shares[one], masks),
        )
        for one in missing
    ]


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1)


def _fragments(name: str, mask: MaskFacts) -> list[Suspicion]:
    found = []
    for number, pieces in mask.pieces.items():
        small = [one for one in pieces[1:] if one < SMALL * pieces[0]]
        if small:
            facts: dict[str, str | int | float] = {
                "number": number,
                "n": len(small),
                "voxels": sum(small),
                "largest": pieces[0],
            }
            where = (name,)
            score = sum(small) / pieces[0]
            found.append(Suspicion(Sign.FRAGMENT, where, Severity.HINT, Suggestion.LOOK, score, facts))
    return found


def _sizes(filled: Sequence[tuple[str, MaskFacts]]) -> list[Suspicion]:
    found = []
    for number in sorted({one for _, mask in filled for one in mask.voxels}):
        holding = [(name, mask.voxels[number]) for name, mask in filled if number in mask.voxels]
        if len(holding) < LEAST:
            continue
        sizes = np.log([voxels for _, voxels in holding])
        usual = round(float(np.exp(np.median(sizes))))
        for (name, voxels), z in zip(holding, robust_z(sizes, floor=0.05), strict=True):
            if abs(z) > BOUND:
                facts = {"number": number, "voxels": voxels, "usual": usual}
                score = float(abs(z))
                found.append(Suspicion(Sign.MASK_SIZE, (name,), Severity.HINT, Suggestion.LOOK, score, facts))
    return found
