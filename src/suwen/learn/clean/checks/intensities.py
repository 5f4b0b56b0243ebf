"""Wild intensities: values that are not finite, images of one value, and scales far from those of the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from suwen.learn.clean.checks.robust import robust_z
from suwen.learn.clean.nouns import Form, Measured, Severity, Sign, Suggestion, Suspicion

__all__ = ["find_intensities"]

BOUND = 3.5  # of the modified z-score
LEAST_FACTOR = 5.0  # a scale within this factor of the median is ordinary, however alike the others are
WILD_FACTOR = 30.0  # from here on it is no longer a scanner of another kind
LEAST = 8  # examples, before there is an ordinary scale


def find_intensities(measured: Sequence[Measured], form: Form) -> list[Suspicion]:
    """Suspicions about values. A scale is judged by the logarithm of the range from the 1 % to the 99 % quantile.

    MR has no unit: a scale of its own is no error there, yet a network that was fed it unnormalised learns nothing
    else. So the suggestion is to normalise each image, not to throw it away.
    """
    if form is Form.TABLES:
        return []
    readable = [one for one in measured if one.readable]
    found = [
        Suspicion(
            Sign.NOT_FINITE,
            (one.sample.name,),
            Severity.GRAVE,
            Suggestion.REPAIR,
            1 - one.finite,
            {"percent": round(100 * (1 - one.finite), 3)},
        )
        for one in readable
        if one.finite < 1
    ]
    constant = [one for one in readable if one.extremes[0] == one.extremes[1]]
    found += [
        Suspicion(
            Sign.CONSTANT,
            (one.sample.name,),
            Severity.GRAVE,
            Suggestion.EXCLUDE,
            1.0,
            {"value": _short(one.extremes[0])},
        )
        for one in constant
    ]
    ranged = [one for one in readable if _range(one) > 0]
    return found + _scales(ranged) + _spikes(ranged)


def _range(one: Measured) -> float:
    return one.quantiles[2] - one.quantiles[0]


def _scales(measured: Sequence[Measured]) -> list[Suspicion]:
    if len(measured) < LEAST:
        return []
    scales = np.log10([_range(one) for one in measured])
    middle = float(np.median(scales))
    apart = robust_z(scales, floor=np.log10(LEAST_FACTOR) / BOUND)
    found = []
    for one, scale, z in zip(measured, scales, apart, strict=True):
        if abs(z) > BOUND:
            facts = {
                "low": _short(one.quantiles[0]),
                "high": _short(one.quantiles[2]),
                "usual": _short(10**middle),
                "factor": _short(10 ** abs(scale - middle)),
                "way": "above" if z > 0 else "below",
            }
            severity = Severity.NOTABLE if 10 ** abs(scale - middle) >= WILD_FACTOR else Severity.HINT
            name = (one.sample.name,)
            found.append(Suspicion(Sign.SCALE, name, severity, Suggestion.NORMALISE, float(abs(z)), facts))
    return found


def _spikes(measured: Sequence[Measured]) -> list[Suspicion]:
    """Examples with single values far above the rest of their own, as metal and damaged voxels leave them."""
    if len(measured) < LEAST:
        return []
    reach = np.array([max(one.extremes[1] - one.quantiles[2], one.quantiles[0] - one.extremes[0]) for one in measured])
    heights = np.log10(1 + reach / np.array([_range(one) for one in measured]))
    apart = robust_z(heights, floor=np.log10(LEAST_FACTOR) / BOUND)
    return [
        Suspicion(
            Sign.SPIKE,
            (one.sample.name,),
            Severity.HINT,
            Suggestion.LOOK,
            float(z),
            {"factor": _short(10**height), "least": _short(one.extremes[0]), "most": _short(one.extremes[1])},
        )
        for one, height, z in zip(measured, heights, apart, strict=True)
        if z > BOUND
    ]


def _short(value: float) -> float:
    return float(f"{value:.4g}")
