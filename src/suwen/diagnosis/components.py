"""Measures of how well each disease explains a patient's features; each is a sum over the features.

For a patient with present features q (n of them) and a disease d with propagated frequencies p(a|d):

- likelihood: sum over q of ln(1 + r / PHI), r the largest over the ancestors a of the feature of
  p(a|d) / background(a) * exp(-DECAY * (IC(feature) - IC(a))). The feature itself is one of its ancestors, so an exact
  match counts in full, a broader one less the more information it loses, and an unrelated feature adds nothing.
- exact: the number of features that the disease has, itself or a special form of it.
- cosine: n times the cosine of the two closures weighted by information content (the disease's also by frequency).
- overlap: n times the shared information of the two closures over their joint information (simGIC; Pesquita et al.,
  BMC Bioinformatics 2008;9 Suppl 5:S4).
- relatives: the likelihood measure against the averaged profile of the other diseases of the same gene.
- cases: sum over the disease's solved cases from other publications of similarity minus what four in five cases of
  the library stay below, over one more than their number, so that one alike case counts half of what many would.
- excluded: sum over the excluded features of ln((1 - p) / (1 - background)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.extend import CASES, extend
from suwen.diagnosis.features import Features, closure
from suwen.diagnosis.library import Library
from suwen.knowledge import Change, Knowledge, Profiles
from suwen.knowledge.arrays import Rows

__all__ = ["DECAY", "NAMES", "PHI", "USUAL", "Components", "Engine", "RowOf", "likelihood_row", "usual"]

DECAY = 1.6  # per nat of information lost; chosen by cross-validation over publications
PHI = 2.0  # likelihood ratio below which a match says nothing; chosen likewise
NAMES = ("likelihood", "exact", "cosine", "overlap", "relatives", "cases", "excluded")
USUAL = 0.8  # quantile of the similarity to the library that a case must exceed to speak for its disease
_CACHED_ROWS = 4096
Array = NDArray[np.float64]
RowOf = Callable[[int], tuple[NDArray[np.int32], NDArray[np.float32]]]


@dataclass(frozen=True, slots=True)
class Components:
    """The measures by name, each of shape (diseases,); `known` masks the diseases about which anything is known."""

    values: dict[str, Array]
    known: NDArray[np.bool_]
    n: int


@dataclass
class Engine:
    """Knowledge and an optional case library prepared for scoring; holds a cache, so share one per process."""

    knowledge: Knowledge
    library: Library | None = None
    _rows: dict[int, tuple[NDArray[np.int32], NDArray[np.float32]]] = field(default_factory=dict, repr=False)

    _relatives: dict[int, tuple[NDArray[np.int32], NDArray[np.float32]]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.library is not None:
            self.knowledge = extend(self.knowledge, self.library)
            self.case_norm = np.sqrt(_sums(self.library.implied, self.knowledge.information.astype(np.float64) ** 2))
            codes, number = self.library.disease_number
            disease = np.array([self.knowledge.diseases.number[code] for code in codes], np.int32)
            self.case_disease = self.knowledge.diseases.equivalent[disease[number]]
        self._squares = self.knowledge.information.astype(np.float64) ** 2

    def components(self, features: Features, *, publication: str = "", without: bool = False) -> Components:
        """Measure every disease. Cases from `publication` never count; with `without`, neither do curated rows citing
        only it.
        """
        terms, knowledge = features.observed, self.knowledge
        values = self._measured(knowledge.profiles, features, self.row)
        values["relatives"] = _summed([self.related(term) for term in terms], len(knowledge.diseases))
        known = np.diff(knowledge.profiles.by_disease.start) > 0
        change = self.change(publication, without=without)
        if change is not None:
            rows = lambda term: likelihood_row(change.profiles, knowledge, term)  # noqa: E731
            for name, array in self._measured(change.profiles, features, rows).items():
                values[name][change.diseases] = array
            related = [likelihood_row(change.relatives, knowledge, term) for term in terms]
            values["relatives"][change.related] = _summed(related, len(change.related))
            known[change.diseases] = np.diff(change.profiles.by_disease.start) > 0
        values["cases"] = self._cases(closure(terms, knowledge.ontology), publication)
        return Components(values, known, max(len(terms), 1))

    def change(self, publication: str, *, without: bool) -> Change | None:
        """What the knowledge loses for a case from `publication` (see `components`); None when nothing."""
        return self.knowledge.without(self.left_out(publication, without=without)) if publication else None

    def left_out(self, publication: str, *, without: bool) -> tuple[str, ...]:
        """References whose rows do not count for a case from `publication`."""
        return (CASES + publication, publication) if without else (CASES + publication,)

    def similarity(self, implied: NDArray[np.int32]) -> Array:
        """Cosine (0..1) of each library case with a closure, both weighted by information content."""
        if self.library is None:
            return np.zeros(0)
        by_term = self.library.by_term
        terms = [int(term) for term in implied if term < len(by_term)]
        dot = _gathered(by_term, terms, self._squares, len(self.library))
        norm = np.sqrt(self._squares[implied].sum()) + 1e-9
        return np.asarray(dot / (self.case_norm * norm + 1e-9))

    def _cases(self, implied: NDArray[np.int32], publication: str) -> Array:
        n_diseases = len(self.knowledge.diseases)
        if self.library is None:
            return np.zeros(n_diseases)
        kept = self.library.without(publication)
        similarity = self.similarity(implied)
        excess = (similarity - usual(similarity[kept])) * kept
        total = np.bincount(self.case_disease, excess, minlength=n_diseases)
        count = np.bincount(self.case_disease, kept, minlength=n_diseases)
        return (total / (count + 1.0))[self.knowledge.diseases.equivalent]

    def row(self, term: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Likelihood row of a feature (see `likelihood_row`), kept for the next patient."""
        found = self._rows.get(term)
        if found is None:
            if len(self._rows) >= _CACHED_ROWS:
                self._rows.clear()
            found = self._rows[term] = likelihood_row(self.knowledge.profiles, self.knowledge, term)
        return found

    def related(self, term: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Likelihood row of a feature against diseases of the same gene."""
        found = self._relatives.get(term)
        if found is None:
            if len(self._relatives) >= _CACHED_ROWS:
                self._relatives.clear()
            found = self._relatives[term] = likelihood_row(self.knowledge.relatives, self.knowledge, term)
        return found

    def _measured(self, profiles: Profiles, features: Features, row: RowOf) -> dict[str, Array]:
        n_diseases, by_term, terms = len(profiles), profiles.by_term, features.observed
        information = self.knowledge.information
        implied = closure(terms, self.knowledge.ontology).tolist()
        shared = _gathered(by_term, implied, information.astype(np.float64), n_diseases)
        dot = _gathered(by_term, implied, self._squares, n_diseases, weighted=True)
        length = np.sqrt(self._squares[implied].sum()) + 1e-9
        mass = float(information[implied].sum())
        rows = [row(term) for term in terms]
        n = max(len(terms), 1)
        return {
            "likelihood": _summed(rows, n_diseases),
            "exact": _gathered(by_term, terms, np.ones(len(information)), n_diseases),
            "cosine": n * dot / (length * profiles.norm),
            "overlap": n * shared / np.maximum(mass + profiles.mass - shared, 1e-9),
            "excluded": self._excluded(profiles, features.excluded),
        }

    def _excluded(self, profiles: Profiles, excluded: tuple[int, ...]) -> Array:
        total = np.zeros(len(profiles))
        for term in excluded:
            background = -np.log1p(-min(float(self.knowledge.background[term]), 0.95))
            total += background
            diseases = profiles.by_term.columns(term)
            total[diseases] += np.log1p(-np.minimum(profiles.by_term.values(term), 0.95))
        return total


def likelihood_row(
    profiles: Profiles, knowledge: Knowledge, term: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Diseases that a present feature speaks for, and ln(1 + r / PHI) for each; all others have 0."""
    information, background = knowledge.information, knowledge.background
    best = np.zeros(len(profiles), np.float32)
    for ancestor in knowledge.ontology.ancestors(term):
        lost = float(information[term] - information[ancestor])
        factor = float(np.exp(-DECAY * max(lost, 0.0)) / background[ancestor])
        if factor > 0.02 * PHI:  # below this even a certain feature of the disease would change nothing
            diseases = profiles.by_term.columns(ancestor)
            best[diseases] = np.maximum(best[diseases], factor * profiles.by_term.values(ancestor))
    touched = np.flatnonzero(best).astype(np.int32)
    return touched, np.log1p(best[touched] / PHI)


def usual(similarity: Array) -> float:
    """The similarity that a share USUAL of the library stays below."""
    return float(np.quantile(similarity, USUAL)) if len(similarity) else 0.0


def _summed(rows: list[tuple[NDArray[np.int32], NDArray[np.float32]]], n_columns: int) -> Array:
    if not rows:
        return np.zeros(n_columns)
    columns = np.concatenate([row[0] for row in rows])
    return np.bincount(columns, np.concatenate([row[1] for row in rows]), minlength=n_columns).astype(np.float64)


def _gathered(rows: Rows, chosen: Iterable[int], weight: Array, n_columns: int, *, weighted: bool = False) -> Array:
    """Sum over the chosen rows of the row's weight (times each entry's value when `weighted`), per column."""
    parts, weights = [], []
    for row in chosen:
        columns = rows.columns(row)
        parts.append(columns)
        weights.append(weight[row] * rows.values(row) if weighted else np.full(len(columns), weight[row]))
    if not parts:
        return np.zeros(n_columns)
    return np.bincount(np.concatenate(parts), np.concatenate(weights), minlength=n_columns).astype(np.float64)


def _sums(rows: Rows, weight: Array) -> Array:
    row = np.repeat(np.arange(len(rows)), np.diff(rows.start))
    return np.bincount(row, weight[rows.column], minlength=len(rows)).astype(np.float64)
