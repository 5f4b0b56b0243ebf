"""What to ask, examine or test next: features that would change the ranking most, by expected information."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.assessment import Assessment
from suwen.diagnosis.nouns import Question
from suwen.diagnosis.profile import akin
from suwen.diagnosis.wording import say
from suwen.knowledge import Knowledge

__all__ = ["distinguish"]

LEADING = 12
# Branches whose features are found by a test, or told; for all others the question leaves open how to find out.
_TESTS = ("HP:0001939", "HP:0002353", "HP:0003115", "HP:0012443")  # metabolism, EEG, ECG, brain imaging
_HISTORY = ("HP:0012759", "HP:0000708", "HP:0025142", "HP:0001197", "HP:0001250", "HP:0002719")
Array = NDArray[np.float64]


def distinguish(
    assessment: Assessment, *, most: int = 5, leading: int = LEADING, lang: str = "en"
) -> tuple[Question, ...]:
    """The features not yet known that would most reduce the uncertainty among the leading diseases.

    The information expected from a feature is the mutual information, in bits, between its presence and the diagnosis
    among the `leading` most probable diseases, their probabilities rescaled to sum to one. Features that are related
    to one already chosen are passed over, so that the questions differ.
    """
    diseases = assessment.order[:leading]
    if len(diseases) < 2:
        return ()
    knowledge = assessment.knowledge
    chance = assessment.chance[diseases] / assessment.chance[diseases].sum()
    terms, present = _candidates(assessment, diseases)
    information = expected_information(chance, present)
    questions: list[Question] = []
    chosen: list[int] = []
    for at in np.argsort(-information, kind="stable"):
        term = int(terms[at])
        if len(questions) >= most or information[at] < 1e-6:
            break
        if akin(term, chosen, knowledge):
            continue
        chosen.append(term)
        questions.append(_question(term, float(information[at]), chance, present[at], diseases, knowledge, lang))
    return tuple(questions)


def expected_information(chance: Array, present: Array) -> Array:
    """Mutual information in bits between presence and diagnosis; `chance` (diseases,), `present` (terms, diseases)."""
    overall = present @ chance
    return np.maximum(_entropy(overall) - _entropy(present) @ chance, 0.0)


def _entropy(p: Array) -> Array:
    clipped = np.clip(p, 1e-12, 1 - 1e-12)
    return -(clipped * np.log2(clipped) + (1 - clipped) * np.log2(1 - clipped))


def _candidates(assessment: Assessment, diseases: NDArray[np.int64]) -> tuple[NDArray[np.int64], Array]:
    """Features annotated in a leading disease whose state the known features leave open, and P(present | disease).

    Where a disease does not have a feature, its background frequency stands, halved: that nobody described it is
    weak evidence that it does not occur.
    """
    knowledge, features = assessment.knowledge, assessment.features
    direct = {int(t) for d in diseases for t in knowledge.rows.term[knowledge.pooled_rows(int(d))]}
    terms = np.array(
        sorted(t for t in direct if not _settled(t, features.observed, features.excluded, knowledge)), np.int64
    )
    present = np.repeat(0.5 * knowledge.background[terms].astype(np.float64)[:, None], len(diseases), axis=1)
    for column, disease in enumerate(diseases):
        known, frequency = (
            knowledge.profiles.by_disease.columns(int(disease)),
            knowledge.profiles.by_disease.values(int(disease)),
        )
        _, at, theirs = np.intersect1d(terms, known, assume_unique=True, return_indices=True)
        present[at, column] = frequency[theirs]
    return terms, present


def _settled(term: int, observed: tuple[int, ...], excluded: tuple[int, ...], knowledge: Knowledge) -> bool:
    """Whether known features already say that this one is present (implied) or absent (its general form is)."""
    ancestors = knowledge.ontology.ancestors
    return any(term in ancestors(one) for one in observed) or any(one in ancestors(term) for one in excluded)


def _question(
    term: int,
    information: float,
    chance: Array,
    present: Array,
    diseases: NDArray[np.int64],
    knowledge: Knowledge,
    lang: str,
) -> Question:
    feature = knowledge.ontology.code(term, lang)
    order = np.argsort(-present, kind="stable")
    return Question(
        feature=feature,
        sentence=say(_kind(term, knowledge), lang, feature=feature.label),
        information=information,
        chance_present=float(present @ chance),
        present_if=tuple((knowledge.diseases.code(int(diseases[at]), lang), float(present[at])) for at in order),
        source=f"HPO annotations {knowledge.sources['HPO annotations']}",
    )


def _kind(term: int, knowledge: Knowledge) -> str:
    ancestors = {knowledge.ontology.ids[int(a)] for a in knowledge.ontology.ancestors(term)}
    if ancestors & set(_TESTS):
        return "test"
    return "history" if ancestors & set(_HISTORY) else "sign"
