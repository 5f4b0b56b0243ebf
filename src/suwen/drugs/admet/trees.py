"""Boosted trees of one endpoint: grown by CatBoost, kept as the plain arrays of oblivious trees."""

from __future__ import annotations

from typing import Any

import numpy as np

from suwen.drugs.representation.kinds import Rows
from suwen.errors import MissingExtraError
from suwen.learn.tabular.oblivious import Oblivious, read_oblivious

__all__ = ["fit_trees"]


def fit_trees(table: Rows, truth: np.typing.NDArray[np.float64], *, classes: bool, seed: int) -> Oblivious:
    """Trees upon a table (n, columns) without unknown values: log-odds of classes, amounts by least squares.

    Ordered boosting with oblivious trees (Prokhorenkova et al. 2018) on counted fragments and descriptors, as Notwell
    and Wood (2023) found best for such tables; a tree sees a tenth of the columns, since hundreds of them tell the
    same. Raises MissingExtraError without CatBoost.
    """
    try:
        import catboost  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("catboost", "learn") from None
    settings: dict[str, Any] = {
        "iterations": 1000,
        "random_strength": 2,
        "rsm": 0.1,
        "border_count": 64,
        "random_seed": seed,
        "thread_count": 1,
        "verbose": 0,
        "allow_writing_files": False,
    }
    learner = catboost.CatBoostClassifier(loss_function="Logloss", **settings) if classes else None
    learner = learner or catboost.CatBoostRegressor(loss_function="RMSE", **settings)
    learner.fit(table, truth)
    return read_oblivious(learner)
