"""From a patient's features to a ranked differential with its evidence."""

from suwen.diagnosis.assessment import COVERAGE, NONE_OF_THESE, Assessment, Prior, assess
from suwen.diagnosis.components import Engine
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
    "Engine",
    "Explainer",
    "Library",
    "Prior",
    "Question",
    "SimilarCase",
    "assess",
    "build_library",
    "differential",
    "distinguish",
    "explain",
    "load_library",
    "separating",
    "similar",
    "typical",
]
