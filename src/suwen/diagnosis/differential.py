"""The differential: from a patient to ranked findings with their evidence."""

from __future__ import annotations

from collections.abc import Sequence

from suwen.diagnosis.assessment import Prior, assess
from suwen.diagnosis.components import Engine
from suwen.diagnosis.evidence import Explainer
from suwen.finding import Finding
from suwen.knowledge import Knowledge
from suwen.subject import Patient

__all__ = ["differential", "explain"]


def differential(
    patient: Patient,
    *,
    knowledge: Knowledge | Engine,
    prior: Prior | None = None,
    top: int = 10,
    lang: str = "en",
    prefixes: Sequence[str] = (),
) -> tuple[Finding, ...]:
    """Rank the diseases that may explain a patient's features.

    Returns the `top` most probable diseases and "none of these", most probable first. Probabilities are calibrated on
    held-out published cases; the weights of each finding's evidence (log10 likelihood ratios against the mean disease)
    sum to the logarithm of posterior over prior, up to the normalisation that all findings share. Pass an Engine to
    use solved cases and to keep its caches between patients.

    Raises TermError listing every unusable feature.
    """
    assessment = assess(patient, knowledge=knowledge, prior=prior, prefixes=tuple(prefixes))
    return Explainer(assessment, lang).findings(top)


def explain(
    patient: Patient, disease: str, *, knowledge: Knowledge | Engine, prior: Prior | None = None, lang: str = "en"
) -> tuple[Finding, float]:
    """Why a disease stands where it stands: its finding and its rank (infinite when nothing is known about it).

    `disease` is a code or a name. Raises NotFoundError naming the nearest diseases.
    """
    assessment = assess(patient, knowledge=knowledge, prior=prior)
    number = assessment.knowledge.diseases.find(disease)
    number = int(assessment.knowledge.diseases.equivalent[number])
    return Explainer(assessment, lang).finding(number), assessment.rank(number)
