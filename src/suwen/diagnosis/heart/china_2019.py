"""Where a person stands by the Chinese guidelines: risk of 2019 by China-PAR, and the lipid table of 2020 and 2023."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from suwen.diagnosis.heart.catalogue import EQUATIONS
from suwen.diagnosis.heart.estimate import estimate, refusals
from suwen.diagnosis.heart.nouns import Person, Risk
from suwen.diagnosis.heart.outcomes import outcome_code
from suwen.subject import Saying

__all__ = ["Stratum", "at_its_cuts", "lipid_table", "stratum_2019"]

_TEN_YEARS, _LIFETIME = "china-par-ascvd-10", "china-par-ascvd-lifetime"
_LOW = Saying("low risk", "低危")
_MIDDLE = Saying("moderate risk", "中危")
_HIGH = Saying("high risk", "高危")
_VERY_HIGH = Saying("very high risk (atherosclerotic disease known)", "极高危（已患动脉粥样硬化性疾病）")
_SOURCE_2019 = "中国心血管病风险评估和管理指南, 中华预防医学杂志 2019;53:13-35"
_SOURCE_LIPIDS = "中国血脂管理指南（2023年）, 中华心血管病杂志 2023;51:221-255; 中国心血管病一级预防指南 2020"
_CARDIOVASCULAR = "HP:0001626"
_LIFETIME_HIGH = 0.328
_YOUNG = 60  # below, a lifetime is ahead that ten years do not show


@dataclass(frozen=True, slots=True)
class Stratum:
    """A stratum of a guideline, the reasons for it, and what it was taken from; `band` None where inputs are missing.

    `lifetime` is the stratum of the lifetime risk, for those for whom the guideline asks it.
    """

    band: Saying | None
    reasons: tuple[Saying, ...]
    source: str
    lifetime: Saying | None = None


def stratum_2019(person: Person) -> Stratum:
    """The stratum of the 2019 guideline on the assessment of cardiovascular risk.

    High at once: LDL cholesterol of 4.9 mmol/L or more, total cholesterol of 7.2 or more, diabetes from 40 years on.
    Otherwise by China-PAR: below 5 % low, 5 to 9.9 % moderate, from 10 % high; below 60 years and not high, the
    lifetime risk too (32.8 % or more is high).
    """
    if person.values.get("cvd") == 1.0:
        return Stratum(_VERY_HIGH, (Saying("cardiovascular disease is known", "已知心血管疾病"),), _SOURCE_2019)
    at_once = _at_once(person)
    if at_once:
        return Stratum(_HIGH, at_once, _SOURCE_2019)
    equation = EQUATIONS[_TEN_YEARS]
    reasons = refusals(equation, person)
    if reasons:
        return Stratum(None, reasons, _SOURCE_2019)
    risk = estimate(equation, person)
    band = _same(_ten_years(risk.low), _ten_years(risk.high))
    said = _said(risk, "10-year risk by China-PAR", "China-PAR 10 年风险")
    if band is _HIGH or float(person.values["age"]) >= _YOUNG:
        return Stratum(band, (said,), _SOURCE_2019)
    lifetime, more = _lifetime(person)
    return Stratum(band, (said, *more), _SOURCE_2019, lifetime)


def _at_once(person: Person) -> tuple[Saying, ...]:
    found = []
    if _number(person, "ldl") >= 4.9:
        found.append(Saying("LDL cholesterol of 4.9 mmol/L or more", "LDL-C ≥4.9 mmol/L"))
    if _number(person, "total_cholesterol") >= 7.2:
        found.append(Saying("total cholesterol of 7.2 mmol/L or more", "TC ≥7.2 mmol/L"))
    if person.values.get("diabetes") == 1.0 and _number(person, "age") >= 40:
        found.append(Saying("diabetes at 40 years or more", "糖尿病且年龄 ≥40 岁"))
    return tuple(found)


def _number(person: Person, key: str) -> float:
    """The value, or 0 where it is unknown: no threshold here is reached by what is not known."""
    return float(person.values.get(key, 0.0))


def _ten_years(risk: float) -> Saying:
    return _LOW if risk < 0.05 else _MIDDLE if risk < 0.10 else _HIGH


def _same(one: Saying, other: Saying) -> Saying | None:
    return one if one is other else None


def at_its_cuts(risks: Iterable[Risk]) -> dict[str, Saying | None]:
    """Where other 10-year cardiovascular risks would stand at the cuts of the guideline, by key of the equation.

    A comparison only: the cuts were set for China-PAR, whose events and population others do not share. None where the
    interval crosses a cut.
    """
    found = {}
    for risk in risks:
        if risk.years == 10 and outcome_code(EQUATIONS[risk.equation]).value == _CARDIOVASCULAR:
            found[risk.equation] = _same(_ten_years(risk.low), _ten_years(risk.high))
    return found


def _said(risk: Risk, en: str, zh: str) -> Saying:
    shown = f"{risk.low:.1%}" if risk.value is not None else f"{risk.low:.1%} - {risk.high:.1%}"
    return Saying(f"{en}: {shown}", f"{zh}：{shown}")


def _lifetime(person: Person) -> tuple[Saying | None, tuple[Saying, ...]]:
    equation = EQUATIONS[_LIFETIME]
    if refusals(equation, person):
        return None, ()
    risk = estimate(equation, person)
    low, high = (_HIGH if end >= _LIFETIME_HIGH else _LOW for end in (risk.low, risk.high))
    return _same(low, high), (_said(risk, "lifetime risk by China-PAR", "China-PAR 终生风险"),)


# Rows by number of risk factors (smoking, low HDL, age), columns by cholesterol: LDL from 1.8, 2.6, 3.4 mmol/L
_PLAIN = ((_LOW, _LOW, _LOW), (_LOW, _LOW, _LOW), (_LOW, _LOW, _MIDDLE), (_LOW, _MIDDLE, _MIDDLE))
_HYPERTENSION = ((_LOW, _LOW, _LOW), (_LOW, _MIDDLE, _MIDDLE), (_MIDDLE, _HIGH, _HIGH), (_HIGH, _HIGH, _HIGH))
_TABLE_NEEDS = ("age", "sex", "hdl", "smoker", "hypertension")


def lipid_table(person: Person) -> Stratum:
    """The stratum of the Chinese lipid guideline of 2023 (the table is that of 2016 and 2020).

    High at once as in 2019, and with chronic kidney disease of stages 3 and 4. Otherwise by cholesterol, hypertension
    and the number of: smoking, HDL cholesterol below 1.0 mmol/L, age (men from 45, women from 55). Moderate below 55
    years becomes high by lifetime risk with two of: systolic pressure from 160, non-HDL cholesterol from 5.2 mmol/L,
    HDL cholesterol below 1.0, body mass index from 28, smoking (diastolic pressure is not asked here).
    """
    if person.values.get("cvd") == 1.0:
        return Stratum(_VERY_HIGH, (Saying("cardiovascular disease is known", "已知心血管疾病"),), _SOURCE_LIPIDS)
    at_once = [*_at_once(person)]
    if person.values.get("kidney_disease") == 1.0:
        at_once.append(Saying("chronic kidney disease of stage 3 or 4", "慢性肾脏病 3–4 期"))
    if at_once:
        return Stratum(_HIGH, tuple(at_once), _SOURCE_LIPIDS)
    missing = [key for key in _TABLE_NEEDS if key not in person.values]
    if missing or not {"ldl", "total_cholesterol"} & set(person.values):
        wanted = ", ".join(missing or ["ldl"])
        return Stratum(None, (Saying(f"needs {wanted}", f"缺少：{wanted}"),), _SOURCE_LIPIDS)
    return _from_table(person)


def _from_table(person: Person) -> Stratum:
    count, high_pressure = _risk_factors(person), person.values["hypertension"] == 1.0
    column = max(_column(_number(person, "ldl"), (2.6, 3.4)), _column(_number(person, "total_cholesterol"), (4.1, 5.2)))
    band = (_HYPERTENSION if high_pressure else _PLAIN)[count][column]
    reasons = [
        Saying(
            f"{'hypertension' if high_pressure else 'no hypertension'}, {count} risk factors",
            f"{'有' if high_pressure else '无'}高血压，{count} 个危险因素",
        )
    ]
    lifetime = None
    if band is _MIDDLE and _number(person, "age") < 55 and _lifelong(person) >= 2:
        lifetime = _HIGH
        reasons.append(Saying("two or more conditions of a high lifetime risk", "具有 2 项及以上余生高危因素"))
    return Stratum(band, tuple(reasons), _SOURCE_LIPIDS, lifetime)


def _column(value: float, steps: tuple[float, float]) -> int:
    return sum(value >= one for one in steps)


def _risk_factors(person: Person) -> int:
    old = _number(person, "age") >= (45 if person.values["sex"] == "male" else 55)
    return int(person.values["smoker"] == 1.0) + int(_number(person, "hdl") < 1.0) + int(old)


def _lifelong(person: Person) -> int:
    total, hdl = _number(person, "total_cholesterol"), _number(person, "hdl")
    so = (
        _number(person, "sbp") >= 160,
        total > 0 and total - hdl >= 5.2,
        hdl < 1.0,
        _number(person, "bmi") >= 28,
        person.values["smoker"] == 1.0,
    )
    return sum(so)
