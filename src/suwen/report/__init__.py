"""From a differential to something a person reads or a program takes: HTML page, terminal table, JSON."""

from suwen.report.console import print_differential, print_finding, print_questions, print_similar
from suwen.report.data import differential_json, finding_json, question_json, similar_json
from suwen.report.html import differential_html
from suwen.report.nouns import NONE_OF_THESE, DifferentialPage
from suwen.report.page import differential_page
from suwen.report.strings import LANGUAGES, Language

__all__ = [
    "LANGUAGES",
    "NONE_OF_THESE",
    "DifferentialPage",
    "Language",
    "differential_html",
    "differential_json",
    "differential_page",
    "finding_json",
    "print_differential",
    "print_finding",
    "print_questions",
    "print_similar",
    "question_json",
    "similar_json",
]
