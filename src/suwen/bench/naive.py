"""Plain baselines run beside the differential: the naive likelihood ratio and one-sided Resnik similarity."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from suwen.knowledge import Knowledge
from suwen.knowledge.arrays import Rows, rows_from_pairs

__all__ = ["Naive"]

Array = NDArray[np.float64]
_UNRELATED = 0.01  # likelihood ratio of a feature that a disease does not have


class Naive:
    """Each disease by its own annotation rows; a frequency passes unchanged to the ancestors (maximum)."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        every = np.arange(len(knowledge.rows))
        self.by_disease = self._frequencies(knowledge.rows.disease, every, len(knowledge.diseases))

    @cached_property
    def by_term(self) -> Rows:
        """Diseases that have each term."""
        return self.by_disease.transposed(len(self.knowledge.ontology))

    @cached_property
    def background(self) -> Array:
        """Mean frequency over all diseases."""
        table = self.by_disease
        total = np.bincount(table.column, table.value, minlength=len(self.knowledge.ontology))
        return np.maximum(total / len(table), 1e-5)

    def scores(self, terms: Sequence[int], publications: Sequence[str] = ()) -> tuple[Array, Array]:
        """Return (sum of ln likelihood ratios, sum of best shared information) per disease, without the rows that cite
        nothing but `publications`.
        """
        ratio, resnik = self._scored(self.by_term, len(self.by_disease), terms)
        change = self.knowledge.without(publications) if publications else None
        if change is not None:
            small = self._without(change.diseases, publications)
            parts = self._scored(small.transposed(len(self.knowledge.ontology)), len(small), terms)
            ratio[change.diseases], resnik[change.diseases] = parts
        return ratio, resnik

    def _scored(self, by_term: Rows, n: int, terms: Sequence[int]) -> tuple[Array, Array]:
        ratio, resnik = np.full(n, len(terms) * np.log(_UNRELATED)), np.zeros(n)
        information, ontology = self.knowledge.information, self.knowledge.ontology
        for term in terms:
            here = by_term.columns(term)
            found = np.log(np.maximum(by_term.values(term) / self.background[term], _UNRELATED))
            ratio[here] += found - np.log(_UNRELATED)
            best = np.zeros(n)
            for ancestor in ontology.ancestors(term):
                diseases = by_term.columns(int(ancestor))
                best[diseases] = np.maximum(best[diseases], information[ancestor])
            resnik += best
        return ratio, resnik

    def _without(self, diseases: NDArray[np.int32], publications: Sequence[str]) -> Rows:
        knowledge = self.knowledge
        numbers = {knowledge.reference_number[one] for one in publications if one in knowledge.reference_number}
        owner, chosen = list[int](), list[int]()
        for at, disease in enumerate(diseases):
            for row in knowledge.rows_of_disease.columns(int(disease)).tolist():
                cited = set(knowledge.rows.references.columns(row).tolist())
                if not cited or not cited <= numbers:
                    owner.append(at)
                    chosen.append(row)
        return self._frequencies(np.array(owner, np.int32), np.array(chosen, np.int64), len(diseases))

    def _frequencies(self, owner: NDArray[np.int32], chosen: NDArray[np.int64], n_diseases: int) -> Rows:
        rows, closure = self.knowledge.rows, self.knowledge.ontology.closure
        n_terms = len(self.knowledge.ontology)
        key, inverse = np.unique(owner.astype(np.int64) * n_terms + rows.term[chosen], return_inverse=True)
        seen = np.bincount(inverse, rows.seen[chosen], minlength=len(key))
        of = np.bincount(inverse, rows.of[chosen], minlength=len(key))
        frequency = np.where(of > 0, np.where(seen > 0, (seen + 0.5) / (of + 1), 0.01), 0.5)
        spread = closure.take(key % n_terms)
        lengths = np.diff(spread.start)
        wide = np.repeat(key // n_terms, lengths) * n_terms + spread.column
        unique, inverse = np.unique(wide, return_inverse=True)
        highest = np.zeros(len(unique))
        np.maximum.at(highest, inverse, np.repeat(frequency, lengths))
        row, column = (unique // n_terms).astype(np.int32), (unique % n_terms).astype(np.int32)
        return rows_from_pairs(row, column, n_diseases, highest.astype(np.float32))
