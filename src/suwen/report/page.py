"""Gathers one page from an assessment: findings, similar cases, questions, sources."""

from __future__ import annotations

from dataclasses import replace

from suwen.diagnosis import COVERAGE, Assessment, Explainer, distinguish, similar, typical
from suwen.report.nouns import DifferentialPage
from suwen.report.strings import Language, phrase
from suwen.subject import Feature

__all__ = ["differential_page"]


def differential_page(
    assessment: Assessment, *, top: int = 10, lang: Language = "en", cases: int = 5, questions: int = 5
) -> DifferentialPage:
    """Word an assessment in `lang`: the `top` diseases, up to `cases` similar cases and `questions` questions."""
    findings = Explainer(assessment, lang).findings(top)
    knowledge = assessment.knowledge
    numbers = knowledge.diseases.number
    diseases = [finding.code.value for finding in findings if finding.code.value in numbers]
    return DifferentialPage(
        patient=replace(assessment.patient, features=_worded(assessment, lang)),
        findings=findings,
        shortlist=min(assessment.shortlist, len(findings)),
        set_size=assessment.shortlist,
        coverage=COVERAGE,
        similar=similar(assessment, most=cases, lang=lang),
        questions=distinguish(assessment, most=questions, lang=lang),
        sources=_sources(assessment, lang),
        notes=assessment.features.notes,
        typical={code: typical(knowledge, numbers[code], lang=lang) for code in diseases},
    )


def _worded(assessment: Assessment, lang: Language) -> tuple[Feature, ...]:
    """The features as they were understood, in the language of the page."""
    code, given = assessment.knowledge.ontology.code, assessment.patient.features
    onset = {(feature.code.value, feature.excluded): feature.onset_years for feature in given}
    terms = [(term, False) for term in assessment.features.observed]
    terms += [(term, True) for term in assessment.features.excluded]
    codes = [(code(term, lang), excluded) for term, excluded in terms]
    return tuple(Feature(one, excluded, onset.get((one.value, excluded))) for one, excluded in codes)


def _sources(assessment: Assessment, lang: Language) -> tuple[str, ...]:
    knowledge, library = assessment.knowledge, assessment.engine.library
    releases = [f"{name} {release}" for name, release in knowledge.sources.items()]
    releases.append(f"SHA-256 {knowledge.digest[:16]}")
    model = f"{assessment.model.name} {assessment.model.version}"
    cases = phrase("no_library", lang) if library is None else phrase("library_of", lang, count=len(library))
    return (*releases, model, cases)
