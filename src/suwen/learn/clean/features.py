"""A compact description of each example as one row of numbers, for outliers and label noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from suwen.learn.clean.extra import needed
from suwen.learn.clean.nouns import Array, Form, Measured

__all__ = ["features_of"]

COMPONENTS = 100


def features_of(measured: Sequence[Measured], form: Form) -> Array:
    """Rows (n, d) of mean 0: principal components of the small copies beside their texture.

    For tables the columns themselves, unknown values at the median, and a column more for where they were unknown.
    No label is looked at, so folds may share them. All examples must be readable and of one form.
    """
    looks = np.stack([one.sketch.ravel() for one in measured]).astype(np.float64)
    if form is Form.TABLES:
        return _standard(_filled(looks))
    decomposition = needed("sklearn.decomposition", "scikit-learn")
    parts = min(COMPONENTS, len(looks) - 1, looks.shape[1])
    components = decomposition.PCA(parts, svd_solver="randomized", random_state=0).fit_transform(looks)
    texture = np.stack([one.texture for one in measured]).astype(np.float64)
    # Components keep how much they vary, or the many that are noise outweigh the few that are not.
    weighted = components / max(float(components.std(axis=0).mean()), 1e-9)
    return np.concatenate([weighted, _standard(texture)], axis=1)


def _filled(columns: Array) -> Array:
    unknown = ~np.isfinite(columns)
    known = np.where(unknown, np.nan, columns)
    middle = np.array([np.median(one[np.isfinite(one)]) if np.isfinite(one).any() else 0.0 for one in known.T])
    some = unknown.any(axis=0) & ~unknown.all(axis=0)
    return np.concatenate([np.where(unknown, middle, columns), unknown[:, some].astype(float)], axis=1)


def _standard(rows: Array) -> Array:
    spread = rows.std(axis=0)
    kept = spread > 1e-9
    return np.asarray((rows[:, kept] - rows[:, kept].mean(axis=0)) / spread[kept])
