"""What every measure checks once at its door: lengths, ranges, classes, and that nothing is unknown."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError, MissingExtraError

__all__ = [
    "Floats",
    "Ints",
    "binary",
    "classes",
    "defined",
    "numbers",
    "pair",
    "probabilities",
    "ratio",
    "scipy",
    "scores",
    "unknown",
    "whole",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_ROW_SUM = 1e-3  # softmax in half precision is no more exact


def numbers(values: Any, name: str) -> Floats:
    """One column of finite floats (n,); InputError for NaN, infinity, no rows or more dimensions."""
    array = _finite(values, name)
    if array.ndim != 1:
        raise InputError(f"{name} has shape {array.shape}: give one column (n,)")
    return array


def classes(values: Any, name: str = "truth") -> Ints:
    """One column of class numbers (n,), 0 and up; booleans and whole floats are taken."""
    array = numbers(values, name)
    whole_numbers = array.astype(np.int64)
    if (whole_numbers != array).any() or whole_numbers.min() < 0:
        raise InputError(f"{name} holds something other than class numbers 0, 1, 2 ...")
    return whole_numbers


def binary(values: Any, name: str = "truth") -> Ints:
    """One column of 0 and 1."""
    array = classes(values, name)
    if array.max() > 1:
        raise InputError(f"{name} holds class {int(array.max())}: this measure knows only 0 and 1")
    return array


def scores(values: Any, name: str = "scores") -> Floats:
    """Finite scores: (n,), higher speaks for class 1, or (n, k), one column for each class."""
    array = _finite(values, name)
    if array.ndim not in (1, 2) or (array.ndim == 2 and array.shape[1] < 2):
        raise InputError(f"{name} has shape {array.shape}: give (n,) or (n, classes)")
    return array


def probabilities(values: Any, name: str = "probabilities") -> Floats:
    """Scores in 0..1 whose rows, where there is a column for each class, add up to 1."""
    array = scores(values, name)
    if array.min() < 0 or array.max() > 1:
        raise InputError(f"{name} reach from {array.min():g} to {array.max():g}: probabilities lie in 0..1")
    if array.ndim == 2 and np.abs(array.sum(axis=1) - 1).max() > _ROW_SUM:
        raise InputError(f"the rows of {name} do not add up to 1")
    return array


def pair(first: Floats | Ints, second: Floats | Ints) -> None:
    """InputError unless both have as many rows."""
    if len(first) != len(second):
        raise InputError(f"{len(first)} rows of the one and {len(second)} of the other: give as many of each")


def whole(truth: Ints, table: Floats) -> None:
    """InputError unless the classes of `truth` fit the columns of `table`, (n,) or (n, k)."""
    pair(truth, table)
    columns = 2 if table.ndim == 1 else table.shape[1]
    if truth.max() >= columns:
        raise InputError(f"truth holds class {int(truth.max())}, the scores know only {columns} classes")


def defined(values: Floats, name: str, reason: str) -> float:
    """The first value as a float; InputError with the reason when it is NaN, that is undefined."""
    value = float(values[0])
    if np.isnan(value):
        raise InputError(f"{name} is undefined: {reason}")
    return value


def ratio(above: Floats, below: Floats) -> Floats:
    """Divide, with NaN, that is undefined, where there is nothing to divide by."""
    return np.asarray(np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0))


def scipy(part: str) -> Any:
    """A part of scipy, loaded when first needed. Raises MissingExtraError when it is not installed."""
    try:
        return import_module(f"scipy.{part}")
    except ImportError as missing:
        raise MissingExtraError("scipy", "learn") from missing


def unknown(value: Any) -> bool:
    """Whether a value of a column of names says nothing: None, NaN or an empty text."""
    return value is None or value == "" or (isinstance(value, float) and value != value)  # noqa: PLR0124  # NaN


def _finite(values: Any, name: str) -> Floats:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as wrong:
        raise InputError(f"{name} is not a table of numbers") from wrong
    if not array.size:
        raise InputError(f"{name} is empty")
    unknown = int((~np.isfinite(array)).sum())
    if unknown:
        raise InputError(f"{unknown} of {array.size} {name} are not finite: decide what is unknown before measuring")
    return array
