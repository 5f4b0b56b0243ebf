"""The peer of benchmark admet: the MapLight recipe, where CatBoost is installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.representation.kinds import Representation, Rows

__all__ = ["has_peer", "peer_answers", "peer_table"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_KINDS: tuple[Representation, ...] = ("ecfp4", "avalon", "erg", "descriptors")


def has_peer() -> bool:
    """Whether CatBoost is installed."""
    return find_spec("catboost") is not None


def peer_table(rows: Mapping[Representation, Rows]) -> Rows:
    """Columns (n, ...) of the recipe: counted ECFP4 and Avalon fragments, ErG, and RDKit's descriptors."""
    return np.concatenate([np.nan_to_num(rows[kind]) for kind in _KINDS], axis=1)


def peer_answers(table: Rows, rows: Ints, truth: Floats, asked: Ints, *, classes: bool, seed: int) -> Floats:
    """Chances or amounts (n,) for the rows asked about, learned from `rows`, by CatBoost with the recipe's settings."""
    catboost = import_module("catboost")
    settings = {
        "random_strength": 2,
        "random_seed": seed,
        "verbose": 0,
        "thread_count": 2,
        "allow_writing_files": False,
    }
    if classes:
        learner = catboost.CatBoostClassifier(loss_function="Logloss", **settings)
        learner.fit(table[rows], truth)
        return np.asarray(learner.predict_proba(table[asked])[:, 1], np.float64)
    learner = catboost.CatBoostRegressor(**settings)
    learner.fit(table[rows], truth)
    return np.asarray(learner.predict(table[asked]), np.float64)
