"""Spacing and orientation unlike the others, and masks that do not lie on their images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from suwen.learn.clean.nouns import Measured, Severity, Sign, Suggestion, Suspicion

__all__ = ["find_geometry"]

NEAR_MM = 0.1  # a mask closer than this, or a tenth of a voxel, lies on its image
LEAST_RATIO = 1.5  # of a spacing to the usual one
LEAST_SHARE = 0.5  # of the examples that make an orientation the usual one


def find_geometry(measured: Sequence[Measured]) -> list[Suspicion]:
    """Suspicions about where voxels lie; examples without spacing and masks give none."""
    readable = [one for one in measured if one.readable]
    return [*_mismatches(readable), *_spacings(readable), *_orientations(readable)]


def _mismatches(measured: Sequence[Measured]) -> list[Suspicion]:
    found = []
    for one in measured:
        mask = one.mask
        if mask is None:
            continue
        name = (one.sample.name,)
        if mask.shape != one.shape:
            facts: dict[str, str | int | float] = {
                "what": "shape",
                "image": " x ".join(map(str, one.shape)),
                "mask": " x ".join(map(str, mask.shape)),
            }
            found.append(Suspicion(Sign.MISMATCHED, name, Severity.GRAVE, Suggestion.REPAIR, 2.0, facts))
        elif mask.gap > max(NEAR_MM, 0.1 * min(one.spacing, default=0.0)):
            facts = {"what": "position", "mm": round(mask.gap, 2)}
            found.append(Suspicion(Sign.MISMATCHED, name, Severity.GRAVE, Suggestion.REPAIR, 1.0, facts))
    return found


def _spacings(measured: Sequence[Measured]) -> list[Suspicion]:
    spaced = [one for one in measured if one.spacing]
    if not spaced or len({len(one.spacing) for one in spaced}) > 1:
        return []
    spacings = np.array([one.spacing for one in spaced])
    usual = np.median(spacings, axis=0)
    found = []
    for one, spacing in zip(spaced, spacings, strict=True):
        broken = not np.isfinite(spacing).all() or (spacing <= 0).any()
        ratio = float("inf") if broken else float(np.exp(np.abs(np.log(spacing / np.maximum(usual, 1e-9))).max()))
        if ratio >= LEAST_RATIO:
            facts: dict[str, str | int | float] = {
                "spacing": _numbers(spacing),
                "usual": _numbers(usual),
                "broken": int(broken),
            }
            severity = Severity.GRAVE if broken else Severity.NOTABLE
            suggestion = Suggestion.REPAIR if broken else Suggestion.RESAMPLE
            found.append(Suspicion(Sign.SPACING, (one.sample.name,), severity, suggestion, min(ratio, 1e6), facts))
    return found


def _numbers(values: Sequence[float]) -> str:
    return " x ".join(f"{one:.3g}" for one in values)


def _orientations(measured: Sequence[Measured]) -> list[Suspicion]:
    known = [one for one in measured if one.axes]
    if not known:
        return []
    usual, many = Counter(one.axes for one in known).most_common(1)[0]
    if many < LEAST_SHARE * len(known):
        return []
    return [
        Suspicion(
            Sign.ORIENTATION,
            (one.sample.name,),
            Severity.NOTABLE,
            Suggestion.REORIENT,
            1.0,
            {"axes": one.axes, "usual": usual, "n": many},
        )
        for one in known
        if one.axes != usual
    ]
