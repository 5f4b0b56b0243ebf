"""Outliers: examples far from their nearest neighbours in what they look like or hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from suwen.learn.clean.checks.robust import robust_z
from suwen.learn.clean.extra import needed
from suwen.learn.clean.nouns import Array, Measured, Severity, Sign, Suggestion, Suspicion

__all__ = ["find_outliers"]

NEIGHBOURS = 5
BOUND = 4.5  # modified z-score of the logarithm of the distance
LEAST = 30
MOST = 5000  # examples that are compared with; beyond, a random part stands for all


def find_outliers(measured: Sequence[Measured], rows: Array, rng: np.random.Generator) -> list[Suspicion]:
    """Suspicions about examples whose mean distance to five neighbours is unlike that of the others.

    After Ramaswamy, Rastogi and Shim 2000 (SIGMOD). `rows` (n, d) are of mean 0 and like scales.
    """
    if len(rows) < LEAST:
        return []
    others = rows if len(rows) <= MOST else rows[rng.choice(len(rows), MOST, replace=False)]
    nearest = needed("sklearn.neighbors", "scikit-learn").NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(others)
    distances = nearest.kneighbors(rows)[0]
    mean = distances[:, 1:].mean(axis=1)  # the nearest is mostly the example itself
    apart = robust_z(np.log(mean + 1e-6), floor=0.05)
    usual = float(np.median(mean))
    return [
        Suspicion(
            Sign.OUTLIER,
            (one.sample.name,),
            Severity.HINT,
            Suggestion.LOOK,
            float(z),
            {"factor": round(float(distance / max(usual, 1e-9)), 2)},
        )
        for one, z, distance in zip(measured, apart, mean, strict=True)
        if z > BOUND
    ]
