"""Solved cases that resemble a patient, from other publications."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.assessment import Assessment
from suwen.diagnosis.features import closure, leaves
from suwen.diagnosis.library import Library
from suwen.diagnosis.model import total
from suwen.diagnosis.nouns import SimilarCase
from suwen.knowledge import Knowledge
from suwen.subject import Code

__all__ = ["nearness", "similar"]

# How much the fit of the case's diagnosis counts beside the resemblance of the two patients, per nat of score and
# square root of the number of features. Set on a sample of 600 cases of the open library; the benchmark similar-cases
# measures it on all of them with weights that did not see the publication asked about.
_FIT = 0.08
_PER_DISEASE = 2  # a cohort of fifty would otherwise fill the list with one diagnosis
_ALIKE = 0.5  # share of a feature's information that a related feature must keep to be called shared


def similar(assessment: Assessment, *, most: int = 5, lang: str = "en") -> tuple[SimilarCase, ...]:
    """The nearest solved cases, at most two of one diagnosis; none without a case library.

    Nearness is the information-weighted cosine of the two sets of features, raised by how well the case's diagnosis
    explains the patient. Cases of the patient's own publication, and the case of the same identifier, are left out.
    """
    library = assessment.engine.library
    if library is None or not assessment.features.observed:
        return ()
    score, similarity = nearness(assessment)
    chosen: list[int] = []
    counts: Counter[str] = Counter()
    for case in np.argsort(-score, kind="stable"):
        diagnosis = library.diagnoses[case]
        if len(chosen) >= most or not np.isfinite(score[case]):
            break
        if counts[diagnosis] < _PER_DISEASE and library.ids[case] != assessment.patient.id:
            counts[diagnosis] += 1
            chosen.append(int(case))
    return tuple(_case(case, float(similarity[case]), assessment, library, lang) for case in chosen)


def nearness(assessment: Assessment) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (nearness, similarity in 0..1) of every library case; nearness is -inf for cases that do not count."""
    engine, library = assessment.engine, assessment.engine.library
    if library is None:
        return np.zeros(0), np.zeros(0)
    similarity = engine.similarity(closure(assessment.features.observed, assessment.knowledge.ontology))
    fit = total(assessment.components, assessment.weights) / np.sqrt(assessment.components.n)
    fit = np.where(assessment.components.known, fit, fit.min(initial=0.0))
    score = similarity + _FIT * fit[engine.case_disease]
    return np.where(library.without(assessment.patient.publication), score, -np.inf), np.minimum(similarity, 1.0)


def _case(case: int, similarity: float, assessment: Assessment, library: Library, lang: str) -> SimilarCase:
    knowledge = assessment.knowledge
    theirs = leaves(library.observed.columns(case).tolist(), knowledge.ontology)
    mine = assessment.features.leaves
    pairs = _pairs(mine, theirs, knowledge)
    code = knowledge.ontology.code
    number = knowledge.diseases.number.get(library.diagnoses[case])
    diagnosis = (
        Code(library.diagnoses[case], library.diagnosis_labels[case])
        if number is None
        else knowledge.diseases.code(number, lang)
    )
    return SimilarCase(
        id=library.ids[case],
        diagnosis=diagnosis,
        publication=library.publications[case],
        similarity=similarity,
        shared=tuple((code(one, lang), code(other, lang)) for one, other in pairs),
        only_patient=tuple(code(one, lang) for one in mine if one not in {pair[0] for pair in pairs}),
        only_case=tuple(code(one, lang) for one in theirs if one not in {pair[1] for pair in pairs}),
    )


def _pairs(mine: Sequence[int], theirs: Sequence[int], knowledge: Knowledge) -> list[tuple[int, int]]:
    """Each feature of the patient with the case's feature that keeps most of its information, if enough."""
    pairs = []
    for one in mine:
        ancestors = knowledge.ontology.ancestors(one)
        kept = [(_common(ancestors, knowledge.ontology.ancestors(other), knowledge), -other) for other in theirs]
        best, other = max(kept, default=(0.0, 0))
        if best >= _ALIKE * float(knowledge.information[one]) and best > 0:
            pairs.append((one, -other))
    return pairs


def _common(one: NDArray[np.int32], other: NDArray[np.int32], knowledge: Knowledge) -> float:
    shared = np.intersect1d(one, other, assume_unique=True)
    return float(knowledge.information[shared].max(initial=0.0))
