"""From a differential to something a person reads or a program takes: HTML page, terminal table, JSON."""

from suwen.report.console import print_differential
from suwen.report.data import differential_json
from suwen.report.html import differential_html
from suwen.report.nouns import NONE_OF_THESE, DifferentialPage
from suwen.report.strings import LANGUAGES, Language

__all__ = [
    "LANGUAGES",
    "NONE_OF_THESE",
    "DifferentialPage",
    "Language",
    "differential_html",
    "differential_json",
    "print_differential",
]
