"""Asking the explained model: one checked call, a probability a row, and its log odds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from suwen.errors import InputError
from suwen.explain.tables.columns import Column
from suwen.learn.nouns import Array

__all__ = ["Model", "answer", "checked_columns", "checked_rows", "log_odds", "log_odds_of"]

Model = Callable[[Array], Any]  # (n, features) floats -> (n,) probabilities, or (n, classes)
_MOST = 1e-6  # a probability of exactly 0 or 1 is shown as a chance of one in a million


def checked_rows(rows: Any, *, width: int | None = None, what: str = "rows") -> Array:
    """A table (n, features) as float64.

    Raises InputError where it is not two-dimensional, is empty, or holds a value that is missing or infinite.
    """
    table = np.asarray(rows, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] == 0 or table.shape[1] == 0:
        raise InputError(f"{what} must be a table (n, features) with at least one row, not shape {table.shape}")
    if width is not None and table.shape[1] != width:
        raise InputError(f"{what} have {table.shape[1]} columns where {width} are expected")
    if not np.isfinite(table).all():
        where = sorted(set(np.argwhere(~np.isfinite(table))[:, 1].tolist()))
        raise InputError(f"{what} hold missing or infinite values in columns {where[:8]}: impute them first")
    return table


def checked_columns(columns: Sequence[Column], width: int) -> tuple[Column, ...]:
    """The columns, one for each feature. Raises InputError where their number is not `width`, or a name is twice."""
    if len(columns) != width:
        raise InputError(f"{len(columns)} columns are described but the table has {width}")
    if len({column.name for column in columns}) != width:
        raise InputError("column names must differ; give each column its own")
    return tuple(columns)


def answer(model: Model, rows: Array, *, target: int = 1) -> Array:
    """The model's probability (n,) of class `target`.

    Raises InputError where it does not answer with one probability a row in 0..1, or has no such class.
    """
    said = np.asarray(model(rows), dtype=np.float64)
    if said.ndim == 2 and said.shape[1] == 1:
        said = said[:, 0]
    if said.ndim == 2:
        if not 0 <= target < said.shape[1]:
            raise InputError(f"the model has classes 0..{said.shape[1] - 1}, not {target}")
        said = said[:, target]
    if said.shape != (len(rows),):
        raise InputError(
            f"the model answered shape {said.shape} to {len(rows)} rows: it must give one probability each"
        )
    if not (np.isfinite(said).all() and (said >= -1e-9).all() and (said <= 1 + 1e-9).all()):
        raise InputError("the model must answer with probabilities in 0..1; some are outside, or not a number")
    return np.clip(said, 0.0, 1.0)


def log_odds_of(chance: Array) -> Array:
    """Natural log odds of probabilities, which are held at least one in a million away from 0 and 1."""
    held = np.clip(chance, _MOST, 1 - _MOST)
    return np.asarray(np.log(held) - np.log1p(-held))


def log_odds(model: Model, *, target: int = 1) -> Callable[[Array], Array]:
    """The function explained by attributions: the model's natural log odds of `target` for (n, features)."""
    return lambda rows: log_odds_of(answer(model, rows, target=target))
