"""Nouns of the differential beside the finding: a question worth asking, and a solved case that resembles the
patient.
"""

from __future__ import annotations

from dataclasses import dataclass

from suwen.subject import Code

__all__ = ["NONE_OF_THESE", "Question", "SimilarCase"]

NONE_OF_THESE = "suwen:none-of-these"  # code of the finding that the disease is none of those known


@dataclass(frozen=True, slots=True)
class Question:
    """A feature not yet known whose presence or absence would change the ranking.

    `information` is the expected reduction of the uncertainty about the diagnosis, in bits. `present_if` gives, for
    each leading disease, how often the feature is present in it (0..1), most different first.
    """

    feature: Code
    sentence: str
    information: float
    chance_present: float
    present_if: tuple[tuple[Code, float], ...]
    source: str


@dataclass(frozen=True, slots=True)
class SimilarCase:
    """A solved case near the patient: `similarity` in 0..1, features in common and features only one of the two has.

    `shared` holds pairs (the patient's feature, the case's feature), equal or related in the ontology.
    """

    id: str
    diagnosis: Code
    publication: str
    similarity: float
    shared: tuple[tuple[Code, Code], ...]
    only_patient: tuple[Code, ...]
    only_case: tuple[Code, ...]
