"""Further rows to ask the network about, drawn where training rows lie, so that a small tree sees its whole shape.

TREPAN (Craven and Shavlik 1996) drew each feature by itself; here the features keep their company: convex mixtures of
two or three training rows, which fill the room between them, and a Gaussian copula, which keeps every margin and the
rank correlations. Coded features keep to values that were seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from suwen.errors import InputError, MissingExtraError
from suwen.learn.nouns import Array

__all__ = ["DENSITIES", "copula_rows", "draw_queries", "mixed_rows", "snapped"]

_FEW = 12  # a feature with at most so many values is taken as coded


def mixed_rows(rows: Array, n: int, *, rng: np.random.Generator, parts: int = 3) -> Array:
    """Rows (n, features): each a mixture of `parts` rows of (m, features), with weights uniform on the simplex."""
    weights = rng.dirichlet(np.ones(parts), size=n)
    chosen = rng.integers(len(rows), size=(n, parts))
    return np.asarray(np.einsum("np,npf->nf", weights, rows[chosen]))


def copula_rows(rows: Array, n: int, *, rng: np.random.Generator) -> Array:
    """Rows (n, features) from a Gaussian copula with the rank correlations of (m, features) and its margins."""
    try:
        from scipy.stats import norm, rankdata  # noqa: PLC0415  # scipy takes long to load
    except ImportError:
        raise MissingExtraError("scipy", "learn") from None

    scores = norm.ppf((rankdata(rows, axis=0) - 0.5) / len(rows))
    spread = scores.std(axis=0)
    scores = scores / np.where(spread > 0, spread, 1.0)
    related = scores.T @ scores / len(rows)
    values, axes = np.linalg.eigh(related)
    drawn = (rng.standard_normal((n, len(values))) * np.sqrt(np.maximum(values, 0))) @ axes.T
    places = norm.cdf(drawn) * (len(rows) - 1)
    ordered, at = np.sort(rows, axis=0), np.arange(len(rows))
    return np.column_stack([np.interp(places[:, j], at, ordered[:, j]) for j in range(rows.shape[1])])


def _pairs(rows: Array, n: int, *, rng: np.random.Generator) -> Array:
    return mixed_rows(rows, n, rng=rng, parts=2)


def _halves(rows: Array, n: int, *, rng: np.random.Generator) -> Array:
    return np.vstack([_pairs(rows, n // 2, rng=rng), copula_rows(rows, n - n // 2, rng=rng)])


DENSITIES: Mapping[str, Callable[..., Array]] = {
    "pairs": _pairs,
    "triples": mixed_rows,
    "pairs and copula": _halves,
    "copula": copula_rows,
}


def draw_queries(rows: Array, n: int, *, density: str, rng: np.random.Generator) -> Array:
    """`n` rows of a density of DENSITIES, coded features at seen values. Raises InputError for an unknown density."""
    if density not in DENSITIES:
        raise InputError(f"a density is one of {', '.join(DENSITIES)}, not {density!r}")
    if len(rows) < 2:
        raise InputError(f"queries are drawn between training rows; {len(rows)} row is too few")
    return snapped(DENSITIES[density](rows, n, rng=rng), rows)


def snapped(drawn: Array, rows: Array) -> Array:
    """The drawn rows with each feature that has few values in `rows` moved to the nearest of them."""
    found = drawn.copy()
    for feature in range(rows.shape[1]):
        held = np.unique(rows[:, feature])
        if len(held) <= _FEW:
            middles = (held[1:] + held[:-1]) / 2
            found[:, feature] = held[np.searchsorted(middles, drawn[:, feature])]
    return found
