"""The area of cardiovascular risk: the published equations that apply to a patient, and what each factor adds."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from suwen.consult.nouns import Area, Filing, Status, Weighed
from suwen.consult.projections_heart import HEART_KINDS, HeartFacts, heart
from suwen.finding import Bearing, Evidence, Finding
from suwen.subject import Code, Saying

if TYPE_CHECKING:
    from suwen.diagnosis.heart.estimate import NotFor
    from suwen.diagnosis.heart.nouns import Equation, Factor, Person, Risk, Value

__all__ = ["heart_area"]

_RULES = "1"  # raised whenever equations or these functions answer otherwise for the same noun
_LANGUAGES = ("en", "zh")
_ADULT = 18
_SAYS_LITTLE = frozenset({"age", "sex", "race", "height", "weight", "bmi"})
_TIMES_WIDE, _POINTS_WIDE = 3.0, 0.05  # an interval wider than both says too little to be filed
_AT_MOST = 8  # unknown factors of an equation that is asked: beyond, its interval is of no use, and slow to find
_HOPELESS = 0.5
_LOWER = {"framingham-bmi-cvd-10": "framingham-lab-cvd-10"}  # filed only where the other is not
_ANTICOAGULATE = {"cha2ds2-va": 2.0}  # points from which on anticoagulation is recommended (ESC 2024, class I)
_NARROWED = ("china-par-ascvd-10", "prevent-cvd-10")  # for which it is said what would narrow their interval
_BETWEEN_ZH = MappingProxyType({", ": "、", "; ": "；"})
_NARROWED_OF = 5  # unknown factors at most: more would take a second each
_OF_COURSE = ("needs ", "age outside")  # reasons of not applying that tell nobody anything


def heart_area() -> Area:
    """Risk of cardiovascular disease by the published equations, each finding with chance or interval."""
    return Area(
        name="heart",
        title={"en": "Cardiovascular risk", "zh": "心血管风险"},
        kinds=HEART_KINDS,
        version=f"suwen-heart {_RULES}; equations {_fingerprint()}",
        prepare=heart,
        weigh=_weigh,
    )


@cache
def _fingerprint() -> str:
    """A digest of what every equation answers for one made-up person, so that a coefficient put right is noticed."""
    from suwen.diagnosis.heart.catalogue import EQUATIONS  # noqa: PLC0415 - numpy comes with it
    from suwen.diagnosis.heart.factors import FACTORS  # noqa: PLC0415

    middle = {key: _middle(one) for key, one in FACTORS.items()}
    lines = []
    for one in EQUATIONS.values():
        terms = one.terms(middle)
        shares = " ".join(f"{key} {share:.9g}" for key, share in sorted(terms.items()))
        lines.append(f"{one.key} {one.risk(math.fsum(terms.values()), middle):.9g} {shares}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _middle(factor: Factor) -> Value:
    from suwen.diagnosis.heart.nouns import FactorKind  # noqa: PLC0415

    if factor.kind is FactorKind.CHOICE:
        return factor.choices[0]
    low, high = float(factor.unknown[0]), float(factor.unknown[-1])
    return 1.0 if factor.kind is FactorKind.YES_NO else (low + high) / 2


def _weigh(facts: HeartFacts) -> Weighed:
    from suwen.diagnosis.heart.catalogue import EQUATIONS  # noqa: PLC0415
    from suwen.diagnosis.heart.estimate import NotFor, estimate_all  # noqa: PLC0415
    from suwen.diagnosis.heart.foremost import foremost  # noqa: PLC0415
    from suwen.diagnosis.heart.nouns import Person  # noqa: PLC0415

    person = Person(dict(facts.values))
    reason = _silent(facts, person)
    if reason is not None:
        return _nothing(reason)
    chosen = foremost(EQUATIONS.values(), person)
    known, unknown = ([one for one in chosen if _is_known(one, person) is wanted] for wanted in (True, False))
    answers = estimate_all(person, known)
    risks = [one for one in answers if not isinstance(one, NotFor)]
    if not risks:
        return replace(_nothing(_SAID["none"]), **_remarked(facts, person, answers, (), unknown))
    filed = _filed(risks)
    return Weighed(
        tuple(_filings(filed, person, facts.patient)),
        tuple(dict.fromkeys(one.source for one in risks)),
        _limits(risks),
        **_remarked(facts, person, answers, filed, unknown),
    )


def _silent(facts: HeartFacts, person: Person) -> Saying | None:
    """Why no equation is asked at all."""
    if facts.died:
        return _SAID["died"]
    if "age" not in person.values or "sex" not in person.values:
        return _SAID["who"]
    if float(person.values["age"]) < _ADULT:
        return _SAID["child"]
    return None if set(person.values) - _SAYS_LITTLE else _SAID["few"]


def _nothing(reason: Saying) -> Weighed:
    return Weighed(status=Status.NOTHING, reason=_both(reason))


def _both(said: Saying) -> dict[str, str]:
    return {lang: said.said(lang) for lang in _LANGUAGES}


def _is_known(equation: Equation, person: Person) -> bool:
    """Whether so much is known that the interval may say something."""
    return sum(key not in person.values for key in equation.uses) <= _AT_MOST


# What is filed


def _filed(risks: Sequence[Risk]) -> tuple[Risk, ...]:
    """Those that say something; of two variants of one equation the better."""
    telling = {one.equation: one for one in risks if not _is_wide(one)}
    return tuple(one for key, one in telling.items() if _LOWER.get(key) not in telling)


def _is_wide(risk: Risk) -> bool:
    """Whether an interval says too little: wide and in more than one band, or over half of all there is.

    One that even at its low end calls for something is never too wide.
    """
    width = risk.high - risk.low
    is_spread = risk.band is None and width > _POINTS_WIDE and risk.high > _TIMES_WIDE * risk.low
    return (is_spread or width > _HOPELESS) and not _calls(risk)


def _filings(risks: Iterable[Risk], person: Person, patient: str) -> Iterator[Filing]:
    """The risks as findings, the urgent first."""
    for one in sorted(risks, key=lambda one: -_urgency(one)):
        first, *others = (_finding(one, person, patient, lang) for lang in _LANGUAGES)
        yield Filing(first, dict(zip(_LANGUAGES[1:], others, strict=True)), _urgency(one))


def _urgency(risk: Risk) -> int:
    """Soon (1) where the equation's own guideline calls the risk high, or recommends to act; no risk is urgent."""
    return int(_calls(risk) or (risk.band is not None and risk.band.en.startswith(("high", "very high"))))


def _calls(risk: Risk) -> bool:
    """Whether a score reaches what its guideline acts upon, with what is known alone: more factors only add."""
    return math.fsum(term.share for term in risk.terms) >= _ANTICOAGULATE.get(risk.equation, math.inf)


def _finding(risk: Risk, person: Person, patient: str, lang: str) -> Finding:
    """The finding of the risk, under a code that no other equation has: the event is in its label, and its chance."""
    from suwen.diagnosis.heart.catalogue import EQUATIONS  # noqa: PLC0415
    from suwen.diagnosis.heart.findings import finding_of  # noqa: PLC0415
    from suwen.diagnosis.heart.foremost import family  # noqa: PLC0415

    equation = EQUATIONS[risk.equation]
    found = finding_of(risk, person, lang, subject=patient)
    label = _what(risk) if risk.value is None else _label(equation)  # a report shows no interval without a value
    code = Code(f"SUWEN:heart.{family(equation)}", label.said(lang))
    stated = _stated(risk).said(lang)
    evidence = (Evidence(Bearing.NEUTRAL, found.code, 0.0, stated, equation.source),) if stated else ()
    return replace(found, code=code, evidence=(*evidence, *found.evidence))


def _label(equation: Equation) -> Saying:
    name, outcome = equation.name, equation.outcome
    if equation.years == 0:
        return Saying(f"Risk of {outcome.en} ({name.en})", f"{outcome.zh}风险（{name.zh}）")
    years = f"{equation.years:g}"
    span = "1 year" if years == "1" else f"{years} years"
    return Saying(f"Risk of {outcome.en} within {span} ({name.en})", f"{years} 年内{outcome.zh}风险（{name.zh}）")


def _stated(risk: Risk) -> Saying:
    """The interval and the band in words; "" where neither is there."""
    parts: list[Saying] = []
    if risk.value is None:
        parts.append(_fill("interval", span=_span(risk), names=_names(risk.missing)))
    if risk.band is not None:
        parts.append(_fill("band", band=risk.band))
    return _joined(parts, "; ")


def _span(risk: Risk) -> str:
    return f"{risk.low:.1%}" if risk.value is not None else f"{risk.low:.1%} – {risk.high:.1%}"


# What is remarked


def _remarked(
    facts: HeartFacts,
    person: Person,
    answers: Sequence[Risk | NotFor],
    filed: Sequence[Risk],
    unknown: Sequence[Equation],
) -> dict[str, Any]:
    said = (*_remarks(facts, person, answers, filed), *_unknown(unknown, person))
    others = {lang: tuple(one.said(lang) for one in said) for lang in _LANGUAGES[1:]}
    return {"remarks": tuple(one.en for one in said), "remarks_in": others}


def _remarks(
    facts: HeartFacts, person: Person, answers: Sequence[Risk | NotFor], filed: Sequence[Risk]
) -> Iterator[Saying]:
    from suwen.diagnosis.heart.china_2019 import lipid_table, stratum_2019  # noqa: PLC0415
    from suwen.diagnosis.heart.estimate import NotFor  # noqa: PLC0415

    for key, stratum in (("china", stratum_2019(person)), ("lipids", lipid_table(person))):
        if stratum.band is not None:
            yield _fill(key, band=stratum.band, why=_joined(stratum.reasons, "; "))
    risks = [one for one in answers if not isinstance(one, NotFor)]
    kept = {one.equation for one in filed}
    for one in risks:
        if one.equation not in kept and _is_wide(one):
            yield _fill("wide", what=_what(one), names=_names(one.missing))
    yield from _narrowing(risks, person)
    yield from _refused(answers)
    if facts.derived:
        yield _fill("derived", what=_joined(facts.derived, "; "))
    for key, years in facts.old:
        yield _fill("old", name=_names([key]), years=str(years))


def _unknown(equations: Sequence[Equation], person: Person) -> Iterator[Saying]:
    """Equations of which so much is unknown that they were not asked, though they would apply."""
    from suwen.diagnosis.heart.estimate import refusals  # noqa: PLC0415

    for one in equations:
        if not refusals(one, person):
            missing = _names([key for key in one.uses if key not in person.values])
            yield _fill("unknown", what=_label(one), names=missing)


def _fill(key: str, **parts: Saying | str) -> Saying:
    """A sentence of `_SAID` with its parts in each language."""

    def filled(lang: str) -> str:
        return (
            _SAID[key]
            .said(lang)
            .format(**{name: part if isinstance(part, str) else part.said(lang) for name, part in parts.items()})
        )

    return Saying(filled("en"), filled("zh"))


def _joined(parts: Iterable[Saying], between: str) -> Saying:
    kept = tuple(dict.fromkeys(parts))
    return Saying(between.join(one.en for one in kept), _BETWEEN_ZH[between].join(one.zh for one in kept))


def _names(keys: Iterable[str]) -> Saying:
    from suwen.diagnosis.heart.factors import FACTORS  # noqa: PLC0415

    return _joined([FACTORS[key].name for key in keys], ", ")


def _what(risk: Risk) -> Saying:
    from suwen.diagnosis.heart.catalogue import EQUATIONS  # noqa: PLC0415

    label = _label(EQUATIONS[risk.equation])
    return Saying(f"{label.en}: {_span(risk)}", f"{label.zh}：{_span(risk)}")


def _narrowing(risks: Sequence[Risk], person: Person) -> Iterator[Saying]:
    """Which unknown factor would narrow an interval most, if it were known."""
    from suwen.diagnosis.heart.catalogue import EQUATIONS  # noqa: PLC0415
    from suwen.diagnosis.heart.foremost import family  # noqa: PLC0415

    for one in risks:
        if family(EQUATIONS[one.equation]) in _NARROWED and 1 < len(one.missing) <= _NARROWED_OF:
            widths = {key: _width_with(one, person, key) for key in one.missing}
            order = sorted(widths, key=lambda key: (widths[key], key))
            yield _fill("narrow", what=_what(one), name=_names(order[:1]), others=_names(order[1:]))


def _width_with(risk: Risk, person: Person, key: str) -> float:
    """The mean width of the interval over what a factor may turn out to be."""
    from suwen.diagnosis.heart.bounds import candidates  # noqa: PLC0415
    from suwen.diagnosis.heart.catalogue import EQUATIONS  # noqa: PLC0415
    from suwen.diagnosis.heart.estimate import estimate  # noqa: PLC0415

    equation = EQUATIONS[risk.equation]
    tried = candidates(equation, key, person.values)
    ends = (tried[0], tried[-1])
    made = [estimate(equation, person.with_values(**{key: value})) for value in ends]
    return math.fsum(one.high - one.low for one in made) / len(made)


def _refused(answers: Sequence[Risk | NotFor]) -> Iterator[Saying]:
    """Equations that do not apply for another reason than want of inputs and age, by reason."""
    from suwen.diagnosis.heart.catalogue import EQUATIONS  # noqa: PLC0415
    from suwen.diagnosis.heart.estimate import NotFor  # noqa: PLC0415

    groups: dict[Saying, list[Saying]] = {}
    for one in answers:
        if isinstance(one, NotFor) and not any(said.en.startswith(_OF_COURSE) for said in one.reasons):
            groups.setdefault(_joined(one.reasons, "; "), []).append(EQUATIONS[one.equation].name)
    for why, names in groups.items():
        yield _fill("not", names=_joined(names, ", "), why=why)


def _limits(risks: Sequence[Risk]) -> dict[str, tuple[str, ...]]:
    from suwen.diagnosis.heart.catalogue import EQUATIONS  # noqa: PLC0415

    used = [EQUATIONS[one.equation] for one in risks]
    made = {
        lang: [f"{one.name.said(lang)}{'：' if lang == 'zh' else ': '}{one.population.said(lang)}" for one in used]
        for lang in _LANGUAGES
    }
    return {lang: (*_LIMITS[lang], *dict.fromkeys(made[lang])) for lang in _LANGUAGES}


_SAID: Mapping[str, Saying] = MappingProxyType(
    {
        "died": Saying("the patient has died", "患者已死亡"),
        "who": Saying("age or sex of the patient is not known", "患者年龄或性别不详"),
        "child": Saying("the equations are made for adults", "所用方程仅适用于成人"),
        "few": Saying(
            "the record holds no risk factor beside age, sex and build", "除年龄、性别和体格外，记录中没有危险因素"
        ),
        "none": Saying("no equation applies to this patient", "没有适用于该患者的方程"),
        "interval": Saying(
            "with what is known the risk lies between {span}; unknown: {names}",
            "据已知资料风险介于 {span}；未知：{names}",
        ),
        "band": Saying("called {band} by its guideline", "按其指南分层：{band}"),
        "china": Saying(
            "By the Chinese guideline of 2019: {band} ({why})",
            "按中国心血管病风险评估和管理指南（2019）：{band}（{why}）",
        ),
        "lipids": Saying(
            "By the Chinese guideline on lipids of 2023: {band} ({why})", "按中国血脂管理指南（2023）：{band}（{why}）"
        ),
        "wide": Saying("Too wide to be filed: {what}; unknown: {names}", "区间过宽，未归档：{what}；未知：{names}"),
        "unknown": Saying(
            "Not estimated, as too much is unknown: {what}; unknown: {names}",
            "未知项过多，未予估计：{what}；未知：{names}",
        ),
        "narrow": Saying(
            "To know this would narrow most: {name} ({what}); less so: {others}",
            "最能缩小区间的资料：{name}（{what}）；其次：{others}",
        ),
        "not": Saying("Not applicable: {names}: {why}", "不适用：{names}：{why}"),
        "derived": Saying("Derived: {what}", "推算：{what}"),
        "old": Saying(
            "{name} was measured {years} years before the latest date of the record or longer",
            "{name}的测量早于记录最近日期 {years} 年或更久",
        ),
    }
)
_LIMITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": (
            "What the record does not state is unknown: no diagnosis and no drug is taken to be absent, and the risk "
            "is an interval then. Measured values of the last five years are read, by code and unit.",
            "Risks of different equations differ in population and in what counts as an event; they are averages of "
            "people like this patient and no diagnosis. A physician judges each of them.",
            "Region, town or country, deprivation and coronary calcium are not read from the record.",
        ),
        "zh": (
            "记录未说明者一律视为未知：不假定未患某病或未用某药，此时仅给出区间。仅读取近五年内按编码和单位可用的测量值。",
            "各方程的人群和事件定义不同；风险为同类人群的平均值，并非诊断，须由医师逐项判断。",
            "地区、城乡、社会剥夺程度和冠状动脉钙化积分不从记录读取。",
        ),
    }
)
