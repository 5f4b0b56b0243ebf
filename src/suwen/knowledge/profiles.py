"""How often each feature occurs in each disease: annotation rows turned into frequencies along the ontology."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.knowledge.arrays import Floats, Ints, Rows, expanded, rows_from_pairs

__all__ = ["PRIOR_FREQUENCY", "PRIOR_WEIGHT", "AnnotationRows", "Profiles", "direct_frequencies", "propagate"]

# A stated count n of m becomes the mean of a Beta posterior with this prior: PRIOR_WEIGHT patients of whom
# PRIOR_FREQUENCY had the feature. Chosen by cross-validation over publications (recipes/differential.py): without it,
# diseases described by one patient (every feature "1/1") crowd out well-studied ones.
PRIOR_WEIGHT = 4.0
PRIOR_FREQUENCY = 0.12
UNSTATED_FREQUENCY = 0.4  # rows that give no frequency
_CEILING = 0.98


@dataclass(frozen=True, slots=True)
class AnnotationRows:
    """Annotation rows as arrays of equal length: `seen` of `of` patients of disease number `disease` have `term`.

    `references` row i holds the numbers of the publications row i cites.
    """

    disease: Ints
    term: Ints
    seen: Floats
    of: Floats
    references: Rows

    def __len__(self) -> int:
        return len(self.disease)

    def take(self, chosen: NDArray[np.int64]) -> AnnotationRows:
        """The chosen rows, in that order."""
        references = self.references.take(chosen)
        return AnnotationRows(self.disease[chosen], self.term[chosen], self.seen[chosen], self.of[chosen], references)


@dataclass(frozen=True, slots=True)
class Profiles:
    """Frequencies (0..1) of features in diseases, a feature implying its ancestors, in both orders of lookup.

    `by_term` has one row per term (columns: diseases), `by_disease` one row per disease (columns: terms).
    `norm` and `mass` are, per disease, the information-weighted length and total that the similarities divide by.
    """

    by_term: Rows
    by_disease: Rows
    norm: Floats
    mass: Floats

    def __len__(self) -> int:
        return len(self.by_disease)

    @staticmethod
    def build(by_disease: Rows, n_terms: int, information: Floats) -> Profiles:
        """Complete the tables from frequencies by disease; `information` is the information content per term, in
        nats.
        """
        weight = information[by_disease.column]
        row = np.repeat(np.arange(len(by_disease)), np.diff(by_disease.start))
        squares = np.bincount(row, (by_disease.value * weight) ** 2, minlength=len(by_disease))
        mass = np.bincount(row, weight, minlength=len(by_disease))
        norm = np.sqrt(squares) + 1e-6
        return Profiles(by_disease.transposed(n_terms), by_disease, norm.astype(np.float32), mass.astype(np.float32))


def direct_frequencies(disease: Ints, term: Ints, seen: Floats, of: Floats, n_terms: int) -> tuple[Ints, Ints, Floats]:
    """Pool rows of the same disease and term: (disease, term, frequency), ordered by disease, then term.

    A feature that was looked for and never seen (0 of m, NOT) is no feature of the disease and is left out.
    """
    key = disease.astype(np.int64) * n_terms + term
    unique, inverse = np.unique(key, return_inverse=True)
    n = np.bincount(inverse, seen, minlength=len(unique))
    m = np.bincount(inverse, of, minlength=len(unique))
    frequency = (n + PRIOR_WEIGHT * PRIOR_FREQUENCY) / (m + PRIOR_WEIGHT)
    frequency = np.minimum(np.where(m == 0, UNSTATED_FREQUENCY, frequency), _CEILING).astype(np.float32)
    has = (n > 0) | (m == 0)
    return (unique[has] // n_terms).astype(np.int32), (unique[has] % n_terms).astype(np.int32), frequency[has]


def propagate(disease: Ints, term: Ints, frequency: Floats, closure: Rows, n_diseases: int) -> Rows:
    """Spread direct frequencies to all ancestors.

    A feature is at least as frequent as its most frequent special form, at most as if the forms were independent; the
    mean of the two bounds is used. Returns frequencies by disease.
    """
    lengths = np.diff(closure.start)[term]
    ancestor = closure.column[expanded(closure.start[:-1][term], lengths)]
    key = np.repeat(disease.astype(np.int64), lengths) * len(closure) + ancestor
    order = np.argsort(key, kind="stable")
    key, spread = key[order], np.repeat(frequency, lengths)[order]
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]])) if len(key) else np.empty(0, np.int64)
    if not len(first):
        return rows_from_pairs(np.empty(0, np.int32), np.empty(0, np.int32), n_diseases, np.empty(0, np.float32))
    low = np.maximum.reduceat(spread, first)
    high = -np.expm1(np.add.reduceat(np.log1p(-spread.astype(np.float64)), first))
    unique = key[first]
    return rows_from_pairs(
        (unique // len(closure)).astype(np.int32),
        (unique % len(closure)).astype(np.int32),
        n_diseases,
        np.minimum((low + high) / 2, _CEILING).astype(np.float32),
    )
