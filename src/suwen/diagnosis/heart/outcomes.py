"""What an equation predicts as a code, and the equations that predict the same compared with each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from suwen.diagnosis.heart.catalogue import EQUATIONS
from suwen.diagnosis.heart.nouns import Equation, Risk
from suwen.subject import Code, Saying

__all__ = ["Comparison", "compare", "horizon", "labels", "outcome_code", "outcome_name"]

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
    ("non-fatal cardiovascular", *_CARDIOVASCULAR),  # a first event, fatal or not
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


def horizon(equation: Equation) -> Saying:
    """The time over which `equation` predicts: years, months or days; a lifetime, a stay in hospital, or the present.

    An equation whose `years` are 0 has no time in years, and none must be shown.
    """
    if equation.years == 0:
        return next((said for word, said in _NO_YEARS if word in equation.key), _NOW)
    if equation.years < 0.3:
        days = round(equation.years * 365.25)
        return Saying(f"{days} days", f"{days} 天")
    if equation.years < 1:
        months = round(equation.years * 12)
        return Saying(f"{months} months", f"{months} 个月")
    return Saying(f"{equation.years:g} year{'' if equation.years == 1 else 's'}", f"{equation.years:g} 年")


_NOW = Saying("now", "当前")
_NO_YEARS = (
    ("lifetime", Saying("lifetime (to 85)", "终生（至 85 岁）")),
    ("hospital", Saying("in hospital", "住院期间")),
)


def labels(risks: Iterable[Risk]) -> dict[str, Saying]:
    """The name of each equation, with what it predicts where another of the same name stands beside it."""
    chosen = [EQUATIONS[one.equation] for one in risks]
    made = {}
    for one in chosen:
        twice = sum(other.name == one.name for other in chosen) > 1
        en, zh = one.outcome.en.partition(" (")[0], one.outcome.zh.partition("（")[0]
        if twice and "heart failure" in one.outcome.en and one.outcome.en != en:
            en, zh = f"{en} and heart failure", f"{zh}和心力衰竭"
        made[one.key] = Saying(f"{one.name.en}: {en}", f"{one.name.zh}：{zh}") if twice else one.name
    return made


def compare(risks: Iterable[Risk]) -> tuple[Comparison, ...]:
    """The risks that can be compared, by event and years; an event that only one family predicts is left out."""
    groups: dict[tuple[str, float, str], list[Risk]] = {}
    for risk in risks:
        equation = EQUATIONS[risk.equation]
        groups.setdefault((outcome_code(equation).value, risk.years, horizon(equation).en), []).append(risk)
    made = []
    for (_, years, _), found in groups.items():
        if len({EQUATIONS[one.equation].source for one in found}) > 1:
            ordered = tuple(sorted(found, key=lambda one: (one.low, one.high)))
            name = outcome_name(EQUATIONS[ordered[0].equation])
            agree = max(one.low for one in ordered) <= 1.5 * min(one.high for one in ordered)
            made.append(Comparison(name, years, ordered, agree))
    return tuple(made)
