"""Splits a disease's score into what each feature adds, so that the parts sum to the whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.assessment import Assessment
from suwen.diagnosis.components import NAMES, Components, RowOf, likelihood_row, usual
from suwen.diagnosis.features import closure
from suwen.knowledge import Profiles
from suwen.knowledge.arrays import Rows

__all__ = ["Attribution", "Attributor"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Attribution:
    """log10 likelihood ratios of one disease against the mean of all diseases in scope: per present feature, per
    excluded feature, and for the disease's solved cases. `cases` holds (similarity, case number) of its cases, most
    alike first.
    """

    observed: Array
    excluded: Array
    from_cases: float
    cases: tuple[tuple[float, int], ...]

    @property
    def total(self) -> float:
        """Sum of all parts."""
        return float(self.observed.sum() + self.excluded.sum() + self.from_cases)


class Attributor:
    """Splits scores for one assessment; what all diseases share is computed once."""

    def __init__(self, assessment: Assessment) -> None:
        self.assessment = assessment
        engine, knowledge = assessment.engine, assessment.knowledge
        self._weight = dict(zip(NAMES, assessment.weights.measure, strict=True))
        self._unit = assessment.scale / np.log(10)
        terms = assessment.features.observed
        self._implied = closure(terms, knowledge.ontology)
        owned = np.array([np.isin(self._implied, knowledge.ontology.ancestors(term)) for term in terms], float)
        self._owned = (owned / np.maximum(owned.sum(0), 1)).reshape(len(terms), len(self._implied))
        self._squares = knowledge.information[self._implied].astype(np.float64) ** 2
        self._share = self._owned @ self._squares / max(self._squares.sum(), 1e-9)
        self._mean = _means(assessment.components, assessment.scope)
        self.change = engine.change(assessment.patient.publication, without=assessment.without)
        self._similarity = engine.similarity(self._implied)
        library = engine.library
        self._kept = np.zeros(0, bool) if library is None else library.without(assessment.patient.publication)
        self._usual = usual(self._similarity[self._kept])

    def split(self, disease: int) -> Attribution:
        """Attribute the score of one disease; the parts sum to its score minus the mean over the scope, in log10."""
        profiles, row = self._profile(disease)
        terms = profiles.columns(row)
        common, mine, theirs = np.intersect1d(self._implied, terms, assume_unique=True, return_indices=True)
        frequency, owned = profiles.values(row)[theirs], self._owned[:, mine]
        information = self.assessment.knowledge.information[common].astype(np.float64)
        n, values = self.assessment.components.n, self.assessment.components.values
        parts = {
            "likelihood": self._gains(disease, *self._changed_profiles, self.assessment.engine.row),
            "exact": np.isin(self.assessment.features.observed, common).astype(float),
            "cosine": _to_sum(owned @ (information**2 * frequency), float(values["cosine"][disease])),
            "overlap": _to_sum(owned @ information, float(values["overlap"][disease])),
            "relatives": self._gains(disease, *self._changed_relatives, self.assessment.engine.related),
        }
        observed = sum(self._weight[name] * part for name, part in parts.items()) * self._unit
        observed -= self._unit * self._share * sum(self._weight[name] * self._mean[name] for name in parts)
        if not n or not len(self.assessment.features.observed):
            observed = np.zeros(0)
        from_cases = self._unit * self._weight["cases"] * (float(values["cases"][disease]) - self._mean["cases"])
        return Attribution(observed, self._excluded(profiles, row), from_cases, self._cases(disease))

    def none(self) -> float:
        """log10 likelihood ratio of "none of these" against the mean of all diseases in scope."""
        mean = sum(self._weight[name] * self._mean[name] for name in NAMES) * self._unit
        return float(self.assessment.none_logit / np.log(10) - mean)

    def _profile(self, disease: int) -> tuple[Rows, int]:
        if self.change is not None and disease in self.change.diseases:
            return self.change.profiles.by_disease, int(np.searchsorted(self.change.diseases, disease))
        return self.assessment.knowledge.profiles.by_disease, disease

    @property
    def _changed_profiles(self) -> tuple[NDArray[np.int32] | None, Profiles | None]:
        return (None, None) if self.change is None else (self.change.diseases, self.change.profiles)

    @property
    def _changed_relatives(self) -> tuple[NDArray[np.int32] | None, Profiles | None]:
        return (None, None) if self.change is None else (self.change.related, self.change.relatives)

    def _gains(self, disease: int, changed: NDArray[np.int32] | None, profiles: Profiles | None, row: RowOf) -> Array:
        """Each present feature's share of a likelihood measure, from the rows the measure was summed from."""
        knowledge, terms = self.assessment.knowledge, self.assessment.features.observed
        if changed is not None and profiles is not None and disease in changed:
            place = int(np.searchsorted(changed, disease))
            return np.array([_looked_up(likelihood_row(profiles, knowledge, term), place) for term in terms])
        return np.array([_looked_up(row(term), disease) for term in terms])

    def _excluded(self, by_disease: Rows, row: int) -> Array:
        """Each excluded feature's share: rarer here than usual speaks for, commoner against."""
        features, background = self.assessment.features.excluded, self.assessment.knowledge.background
        terms, frequency = by_disease.columns(row), by_disease.values(row)
        parts = np.zeros(len(features))
        for at, term in enumerate(features):
            found = np.searchsorted(terms, term)
            here = float(frequency[found]) if found < len(terms) and terms[found] == term else 0.0
            parts[at] = np.log1p(-min(here, 0.95)) - np.log1p(-min(float(background[term]), 0.95))
        if len(parts):
            parts -= self._mean["excluded"] / len(parts)
        return np.asarray(parts * self._weight["excluded"] * self._unit)

    def _cases(self, disease: int) -> tuple[tuple[float, int], ...]:
        engine = self.assessment.engine
        if engine.library is None:
            return ()
        group = int(self.assessment.knowledge.diseases.equivalent[disease])
        mine = np.flatnonzero((engine.case_disease == group) & self._kept)
        order = mine[np.argsort(-self._similarity[mine], kind="stable")]
        return tuple((float(self._similarity[case]), int(case)) for case in order)


def _means(components: Components, scope: NDArray[np.bool_]) -> dict[str, float]:
    return {name: float(values[scope].mean()) if scope.any() else 0.0 for name, values in components.values.items()}


def _looked_up(row: tuple[NDArray[np.int32], NDArray[np.float32]], disease: int) -> float:
    """The gain of one disease in a likelihood row, 0 where it has none."""
    touched, gain = row
    at = int(np.searchsorted(touched, disease))
    return float(gain[at]) if at < len(touched) and touched[at] == disease else 0.0


def _to_sum(parts: Array, whole: float) -> Array:
    """Scale non-negative parts to sum to `whole`; measures are proportional to their parts, so only the scale is
    open.
    """
    total = float(parts.sum())
    return parts * (whole / total) if total > 0 else parts
