"""From a patient's features to a ranked differential with its evidence."""

from suwen.diagnosis.assessment import COVERAGE, NONE_OF_THESE, Assessment, Prior, assess
from suwen.diagnosis.components import Engine
from suwen.diagnosis.consistency import Chronicle, Dated, Moment, Stated, inconsistencies
from suwen.diagnosis.differential import differential, explain
from suwen.diagnosis.evidence import Explainer
from suwen.diagnosis.library import Library, build_library, load_library
from suwen.diagnosis.nouns import Question, SimilarCase
from suwen.diagnosis.profile import separating, typical
from suwen.diagnosis.questions import distinguish
from suwen.diagnosis.similar import similar

__all__ = [
    "COVERAGE",
    "NONE_OF_THESE",
    "Assessment",
    "Chronicle",
    "Dated",
    "Engine",
    "Explainer",
    "Library",
    "Moment",
    "Prior",
    "Question",
    "SimilarCase",
    "Stated",
    "assess",
    "build_library",
    "differential",
    "distinguish",
    "explain",
    "inconsistencies",
    "load_library",
    "separating",
    "similar",
    "typical",
]
