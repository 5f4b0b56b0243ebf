"""What a sign is known to mean: likelihood ratios for a disease from the literature, in both languages, with source.

These are figures of readers, not of our rules; they say how far the sign itself bears on the disease.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from suwen.subject import Code, Saying

__all__ = ["MEANINGS", "Meaning"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """The disease that a sign speaks for, how strongly, and who says so."""

    disease: Code
    said: Saying
    source: str


_INFARCTION = Code("SNOMEDCT:57054005", "Acute myocardial infarction")
_LVH = Code("SNOMEDCT:164873001", "Left ventricular hypertrophy by echocardiography")
_PANJU = "Panju et al., JAMA 1998;280:1256"
_META = "PMC7846009: meta-analysis of 6 studies with 13,564 patients (2021)"


def _ratio(low: str, high: str, en: str, zh: str) -> Saying:
    return Saying(
        f"In acute chest pain, {en} has a likelihood ratio of {low} to {high} for myocardial infarction",
        f"急性胸痛时，{zh}对心肌梗死的似然比为 {low} 至 {high}",
    )


MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        "st_elevation": Meaning(_INFARCTION, _ratio("5.7", "53.9", "new ST elevation", "新发 ST 段抬高"), _PANJU),
        "st_depression": Meaning(_INFARCTION, _ratio("3.0", "5.2", "new ST depression", "新发 ST 段压低"), _PANJU),
        "q_waves": Meaning(_INFARCTION, _ratio("5.3", "24.8", "a new Q wave", "新发 Q 波"), _PANJU),
        "lvh": Meaning(
            _LVH,
            Saying(
                "Against echocardiography: Sokolow-Lyon sensitivity 24 %, specificity 94 %; Cornell 29 %, 92 %; "
                "Peguero-Lo Presti 52 %, 85 %",
                "以超声心动图为准：Sokolow-Lyon 敏感度 24%、特异度 94%；Cornell 29%、92%；Peguero-Lo Presti 52%、85%",
            ),
            _META,
        ),
    }
)
