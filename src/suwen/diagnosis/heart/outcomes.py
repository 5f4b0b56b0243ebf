"""What an equation predicts as a code, and the equations that predict the same compared with each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from suwen.diagnosis.heart.catalogue import EQUATIONS
from suwen.diagnosis.heart.nouns import Equation, Risk
from suwen.subject import Code, Saying

__all__ = ["Comparison", "compare", "outcome_code", "outcome_name"]

# HPO, the ontology that every room here reads and that has labels in both languages; it has no term for death, which is
# SNOMED CT's. The code names the event whose chance is given, as in a FHIR RiskAssessment, not something already there.
_CARDIOVASCULAR = (
    Code("HP:0001626", "Abnormality of the cardiovascular system"),
    Saying("cardiovascular disease", "心血管疾病"),
)
_INFARCTION = (Code("HP:0001658", "Myocardial infarction"), Saying("death or infarction", "死亡或心肌梗死"))
_DEATH = (Code("SNOMEDCT:419620001", "Death"), Saying("death", "死亡"))
_BLEEDING = (Code("HP:0001892", "Abnormal bleeding"), Saying("bleeding", "出血"))
_STROKE = (Code("HP:0001297", "Stroke"), Saying("stroke", "脑卒中"))
_FAILURE = (Code("HP:0001635", "Congestive heart failure"), Saying("heart failure", "心力衰竭"))
_CORONARY = (Code("HP:0001677", "Coronary artery atherosclerosis"), Saying("coronary disease", "冠心病"))
_CODES = (  # the first whose word stands in the outcome
    ("death, infarction", *_INFARCTION),
    ("major cardiac event", *_INFARCTION),
    ("death", *_DEATH),
    ("bleeding", *_BLEEDING),
    ("cardiovascular", *_CARDIOVASCULAR),
    ("stroke", *_STROKE),
    ("heart failure", *_FAILURE),
    ("coronary", *_CORONARY),
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The risks of several equations that predict the same over the same years, from the lowest to the highest.

    `agree` is whether every two intervals overlap or differ by less than a factor of 1.5; equations differ in
    population and in what they count as an event, so that they seldom agree closer.
    """

    name: Saying
    years: float
    risks: tuple[Risk, ...]
    agree: bool


def _entry(equation: Equation) -> tuple[Code, Saying]:
    said = equation.outcome.en
    return next(((code, name) for word, code, name in _CODES if word in said), _CARDIOVASCULAR)


def outcome_code(equation: Equation) -> Code:
    """The code of the event that `equation` predicts."""
    return _entry(equation)[0]


def outcome_name(equation: Equation) -> Saying:
    """The event that `equation` predicts, in a word or two."""
    return _entry(equation)[1]


def compare(risks: Iterable[Risk]) -> tuple[Comparison, ...]:
    """The risks that can be compared, by event and years; an event that only one equation predicts is left out."""
    groups: dict[tuple[str, float], list[Risk]] = {}
    for risk in risks:
        equation = EQUATIONS[risk.equation]
        groups.setdefault((outcome_code(equation).value, risk.years), []).append(risk)
    made = []
    for (_, years), found in groups.items():
        if len(found) > 1:
            ordered = tuple(sorted(found, key=lambda one: (one.low, one.high)))
            name = outcome_name(EQUATIONS[ordered[0].equation])
            agree = max(one.low for one in ordered) <= 1.5 * min(one.high for one in ordered)
            made.append(Comparison(name, years, ordered, agree))
    return tuple(made)
