"""Findings and their evidence, read from an assessment."""

from __future__ import annotations

import numpy as np

from suwen.diagnosis.assessment import NONE_OF_THESE, Assessment
from suwen.diagnosis.attribution import Attribution, Attributor
from suwen.diagnosis.circumstances import AGE_SOURCE, SEX_SOURCE, Circumstance
from suwen.diagnosis.extend import CASES
from suwen.diagnosis.profile import Annotations
from suwen.diagnosis.wording import frequency_text, say
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.subject import Code, Kind, Measurement, Reference

__all__ = ["Explainer"]

_VISIBLE = 0.005  # log10; a weight below it is called neutral
_Z95 = 1.959964


class Explainer:
    """Turns diseases of one assessment into findings, worded in `lang`."""

    def __init__(self, assessment: Assessment, lang: str = "en") -> None:
        say("none", lang)  # an unknown language is refused before any work
        self.assessment, self.lang = assessment, lang
        self._attributor = Attributor(assessment)
        knowledge = assessment.knowledge
        library = f", {len(assessment.engine.library)} solved cases" if assessment.engine.library is not None else ""
        self._release = f"HPO annotations {knowledge.sources['HPO annotations']}"
        self._maker = Maker(assessment.model.name, assessment.model.version, knowledge.digest)
        self._calibration = assessment.model.calibration + library

    def findings(self, top: int) -> tuple[Finding, ...]:
        """The `top` most probable diseases and "none of these", most probable first."""
        answers = self.assessment.answers(top)
        return tuple(self.none() if disease is None else self.finding(disease) for disease in answers)

    def finding(self, disease: int) -> Finding:
        """One disease with its probability and evidence; the weights sum to its log10 likelihood ratio against the mean
        disease.
        """
        parts = self._attributor.split(disease)
        known = Annotations(self.assessment, disease, self._attributor.change)
        evidence = [
            *(self._observed(known, at, float(weight)) for at, weight in enumerate(parts.observed)),
            *(self._excluded(known, at, float(weight)) for at, weight in enumerate(parts.excluded)),
            *self._cases(parts),
            *(self._circumstance(one, disease) for one in self.assessment.circumstances if one.weight[disease]),
        ]
        evidence.sort(key=lambda one: -abs(one.weight))
        code = self.assessment.knowledge.diseases.code(disease, self.lang)
        chance = self._chance(float(self.assessment.chance[disease]))
        return Finding(self._subject, code, chance, tuple(evidence) or (self._nothing(),), self._maker)

    def none(self) -> Finding:
        """The finding that the disease is not among those known."""
        weight = self._attributor.none()
        bearing = Bearing.SUPPORTS if weight > _VISIBLE else Bearing.AGAINST if weight < -_VISIBLE else Bearing.NEUTRAL
        code = Code(NONE_OF_THESE, say("none_label", self.lang))
        evidence = Evidence(bearing, code, weight, say("none", self.lang), self._calibration)
        chance = Chance(self.assessment.none, calibration=self._calibration)
        return Finding(self._subject, code, chance, (evidence,), self._maker)

    @property
    def _subject(self) -> Reference:
        return Reference(Kind.PATIENT, self.assessment.patient.id)

    def _nothing(self) -> Evidence:
        code = Code("HP:0000118", self.assessment.knowledge.ontology.label(self._root, self.lang))
        return Evidence(Bearing.NEUTRAL, code, 0.0, say("empty", self.lang), self._release)

    @property
    def _root(self) -> int:
        return self.assessment.knowledge.ontology.number["HP:0000118"]

    def _chance(self, value: float) -> Chance:
        """Probability with the interval of its reliability bin: Wilson's 95 % of how often that bin was right."""
        for low, high, cases, true in self.assessment.combination.bins:
            if low <= value <= high and cases:
                centre, half = _wilson(true, cases)
                mean_in_bin = min(max(value, low), high)
                return Chance(
                    value,
                    max(0.0, min(centre - half, mean_in_bin)),
                    min(1.0, max(centre + half, mean_in_bin)),
                    self._calibration,
                )
        return Chance(value, calibration=self._calibration)

    def _observed(self, annotations: Annotations, at: int, weight: float) -> Evidence:
        knowledge, lang = self.assessment.knowledge, self.lang
        term = self.assessment.features.observed[at]
        feature = knowledge.ontology.code(term, lang)
        seen = self.assessment.features.spans.get((False, term), feature)
        match = annotations.match(term)
        known = knowledge.ontology.label(match.term, lang) if match.term is not None else ""
        frequency = frequency_text(match.seen, match.of, lang, counted=match.counted)
        source = self._source(match.references)
        if abs(weight) < _VISIBLE:
            sentence = self._sentence(match.kind, feature, known, frequency)
            return Evidence(Bearing.NEUTRAL, seen, weight, sentence, source)
        if weight < 0:
            sentence = self._sentence("denied" if match.kind == "denied" else "against", feature, known, frequency)
            return Evidence(Bearing.AGAINST, seen, weight, sentence, source)
        bearing = {
            "exact": Bearing.SUPPORTS,
            "broader": Bearing.SUPPORTS_BROADER,
            "narrower": Bearing.SUPPORTS_NARROWER,
        }.get(match.kind, Bearing.SUPPORTS_RELATED)
        # What the disease itself was never seen to have can only count through diseases of the same gene.
        kind = "elsewhere" if match.kind in ("against", "denied") else match.kind
        return Evidence(bearing, seen, weight, self._sentence(kind, feature, known, frequency), source)

    def _sentence(self, kind: str, feature: Code, known: str, frequency: str) -> str:
        return say(kind, self.lang, feature=feature.label, known=known, frequency=frequency)

    def _excluded(self, annotations: Annotations, at: int, weight: float) -> Evidence:
        term = self.assessment.features.excluded[at]
        feature = self.assessment.knowledge.ontology.code(term, self.lang)
        seen = self.assessment.features.spans.get((True, term), feature)
        match = annotations.match(term)
        source = self._source(match.references)
        if weight < -_VISIBLE:
            frequency = frequency_text(match.seen, match.of, self.lang, counted=match.counted)
            key = "excluded_against" if match.kind in ("exact", "broader") else "excluded_for"
            sentence = say(key, self.lang, feature=feature.label, frequency=frequency)
            return Evidence(Bearing.AGAINST_EXCLUDED, seen, weight, sentence, source)
        bearing = Bearing.SUPPORTS_EXCLUDED if weight > _VISIBLE else Bearing.NEUTRAL
        return Evidence(bearing, seen, weight, say("excluded_for", self.lang, feature=feature.label), source)

    def _cases(self, parts: Attribution) -> list[Evidence]:
        library = self.assessment.engine.library
        if library is None:
            return []
        weight, lang = parts.from_cases, self.lang
        if not parts.cases:
            bearing = Bearing.AGAINST if weight < -_VISIBLE else Bearing.NEUTRAL
            if weight > _VISIBLE:
                bearing = Bearing.SUPPORTS
            seen = Code("suwen:solved-cases", say("cases_none", lang))
            return [Evidence(bearing, seen, weight, say("cases_none", lang), "library of solved cases")]
        similarity, nearest = parts.cases[0]
        publication = library.publications[nearest] or library.ids[nearest]
        key = "cases_for" if weight >= 0 else "cases_against"
        sentence = say(key, lang, count=len(parts.cases), publication=publication, similarity=f"{similarity:.2f}")
        bearing = Bearing.SUPPORTS if weight > _VISIBLE else Bearing.AGAINST if weight < -_VISIBLE else Bearing.NEUTRAL
        cited = dict.fromkeys(library.publications[case] for _, case in parts.cases)
        label = {"en": "solved cases", "zh": "已确诊病例"}[lang]
        return [
            Evidence(
                bearing,
                Code(publication, label),
                weight,
                sentence,
                "; ".join([p for p in cited if p][:3]) or publication,
            )
        ]

    def _circumstance(self, circumstance: Circumstance, disease: int) -> Evidence:
        weight = float(circumstance.weight[disease]) / float(np.log(10))
        bearing = Bearing.SUPPORTS if weight > _VISIBLE else Bearing.AGAINST if weight < -_VISIBLE else Bearing.NEUTRAL
        if circumstance.kind == "sex":
            key = "sex_for" if weight > 0 else "sex_against"
            sex = Code(f"suwen:sex-{self.assessment.patient.sex.value}", say(key.replace("sex", "label"), self.lang))
            return Evidence(bearing, sex, weight, say(key, self.lang), SEX_SOURCE)
        onset = float(self.assessment.knowledge.diseases.onset_years[disease])
        key = "age_for" if weight > 0 else "age_against"
        age = Measurement(
            Code("suwen:age", {"en": "age", "zh": "年龄"}[self.lang]), self.assessment.patient.age_years or 0.0, "a"
        )
        return Evidence(bearing, age, weight, say(key, self.lang, onset=self._onset(onset)), AGE_SOURCE)

    def _onset(self, years: float) -> str:
        if years == 0:
            return say("birth", self.lang)
        return (
            say("days", self.lang, days=f"{years * 365.25:.0f}")
            if years < 1
            else say("years", self.lang, years=f"{years:g}")
        )

    def _source(self, references: tuple[str, ...]) -> str:
        shown = [one.removeprefix(CASES) for one in references[:3]]
        more = f" (+{len(references) - 3})" if len(references) > 3 else ""
        return f"{', '.join(shown)}{more}; {self._release}" if shown else self._release


def _wilson(true: int, cases: int) -> tuple[float, float]:
    """Centre and half width of Wilson's 95 % interval (Wilson, J Am Stat Assoc 1927;22:209)."""
    share, z2 = true / cases, _Z95**2
    centre = (share + z2 / (2 * cases)) / (1 + z2 / cases)
    half = _Z95 * np.sqrt(share * (1 - share) / cases + z2 / (4 * cases**2)) / (1 + z2 / cases)
    return float(centre), float(half)
