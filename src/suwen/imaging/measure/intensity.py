"""Intensity statistics, histogram and intensity-volume histogram by IBSI 1 (manual, sections 3.3 to 3.5)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.imaging.measure.discretise import levels_of
from suwen.imaging.measure.frame import Numbers
from suwen.imaging.measure.nouns import Settings

__all__ = ["histogram", "statistics", "volume_histogram"]

_LEAST = 1e-12


def statistics(inside: Numbers) -> dict[str, float]:
    """The 18 features of intensities (UHIW); percentiles are interpolated linearly, variances divide by n.

    NaN where a feature is not defined: a share of a mean of 0, or of two samples that none lie between percentiles.
    """
    mean, median = float(inside.mean()), float(np.median(inside))
    p10, p25, p75, p90 = (float(one) for one in np.percentile(inside, (10, 25, 75, 90)))
    about = inside - mean
    variance = float((about**2).mean())
    robust = inside[(inside >= p10) & (inside <= p90)]
    flat = variance < _LEAST
    energy = float((inside**2).sum())
    return {
        "mean": mean,
        "var": variance,
        "skew": 0.0 if flat else float((about**3).mean()) / variance**1.5,
        "kurt": 0.0 if flat else float((about**4).mean()) / variance**2 - 3,
        "median": median,
        "min": float(inside.min()),
        "p10": p10,
        "p90": p90,
        "max": float(inside.max()),
        "iqr": p75 - p25,
        "range": float(np.ptp(inside)),
        "mad": float(np.abs(about).mean()),
        "rmad": float(np.abs(robust - robust.mean()).mean()) if len(robust) else float("nan"),
        "medad": float(np.abs(inside - median).mean()),
        "cov": _over(variance**0.5, mean),
        "qcod": _over(p75 - p25, p75 + p25),
        "energy": energy,
        "rms": (energy / len(inside)) ** 0.5,
    }


def _over(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def histogram(levels: NDArray[np.int64]) -> dict[str, float]:
    """The 23 features of the histogram of grey levels (ZVCW)."""
    same = statistics(levels.astype(np.float64))
    number = np.bincount(levels)[1:].astype(np.float64)
    share = number[number > 0] / len(levels)
    slope = np.gradient(number) if len(number) > 1 else np.zeros(1)
    often = np.flatnonzero(number == number.max()) + 1
    ahead = {name: same[name] for name in list(same)[:9]}
    behind = {name: same[name] for name in list(same)[9:16]}
    return (
        ahead
        | {"mode": float(often[np.argmin(np.abs(often - same["mean"]))])}
        | behind
        | {
            "entropy": float(-(share * np.log2(share)).sum()),
            "uniformity": float((share**2).sum()),
            "max_grad": float(slope.max()),
            "max_grad_g": float(slope.argmax() + 1),
            "min_grad": float(slope.min()),
            "min_grad_g": float(slope.argmin() + 1),
        }
    )


def volume_histogram(inside: Numbers, settings: Settings) -> dict[str, float]:
    """The 6 features of the intensity-volume histogram with a consensus (P88C).

    Without bins, intensities are steps of 1 between the limits of re-segmentation (or the extremes). Bins of a width
    stand for the intensity at their middle; a number of bins for their numbers.
    """
    places, levels = _axis(inside, settings)
    number = np.bincount(levels, minlength=len(places))[: len(places)]
    above = 1 - (np.cumsum(number) - number) / len(inside)
    share = (places - places[0]) / (places[-1] - places[0]) if len(places) > 1 else np.zeros(1)
    v10, v90 = (_first(above, share >= part - _LEAST, 0.0) for part in (0.1, 0.9))
    i10, i90 = (_first(places, above <= part + _LEAST, float(places[-1])) for part in (0.1, 0.9))
    return {"v10": v10, "v90": v90, "i10": i10, "i90": i90, "diff_v10_v90": v10 - v90, "diff_i10_i90": i10 - i90}


def _first(of: NDArray[np.floating[Any]], where: NDArray[np.bool_], otherwise: float) -> float:
    found = np.flatnonzero(where)
    return float(of[found[0]]) if len(found) else otherwise


def _axis(inside: Numbers, settings: Settings) -> tuple[NDArray[np.floating[Any]], NDArray[np.int64]]:
    """The intensities of the steps, and the step of each sample from 0."""
    least, most = settings.limits or (float(inside.min()), float(inside.max()))
    bins = settings.volume_bins
    if bins is not None and bins.count is not None:
        return np.arange(1.0, bins.count + 1), levels_of(inside, bins, None) - 1
    width = bins.width if bins is not None and bins.width is not None else 1.0
    low = settings.limits[0] if settings.limits else None
    if bins is None:
        levels = np.round(inside - least).astype(np.int64)
        return np.arange(least, most + 0.5, dtype=np.float64), levels
    levels = levels_of(inside, bins, low) - 1
    count = max(int(np.ceil(round((most - least) / width, 6))), int(levels.max()) + 1)
    return least + width * (np.arange(count) + 0.5), levels
