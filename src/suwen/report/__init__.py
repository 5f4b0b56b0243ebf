"""From findings to something a person reads or a program takes: HTML page, PDF, terminal table, JSON."""

from suwen.report.console import print_consultation, print_differential, print_finding, print_questions, print_similar
from suwen.report.data import differential_json, finding_json, question_json, similar_json
from suwen.report.html import differential_html
from suwen.report.nouns import NONE_OF_THESE, DifferentialPage
from suwen.report.page import differential_page
from suwen.report.patient_data import consultation_json
from suwen.report.patient_html import patient_report_html
from suwen.report.patient_pdf import patient_report_pdf
from suwen.report.strings import LANGUAGES, Language

__all__ = [
    "LANGUAGES",
    "NONE_OF_THESE",
    "DifferentialPage",
    "Language",
    "consultation_json",
    "differential_html",
    "differential_json",
    "differential_page",
    "finding_json",
    "patient_report_html",
    "patient_report_pdf",
    "print_consultation",
    "print_differential",
    "print_finding",
    "print_questions",
    "print_similar",
    "question_json",
    "similar_json",
]
