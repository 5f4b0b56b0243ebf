"""Where a person stands by the Chinese guidelines: risk of 2019 by China-PAR, and the lipid table of 2020 and 2023.

The guideline of 2019 is for people from 20 years on without cardiovascular disease: first the risk of 10 years by
China-PAR (below 5 % low, to 10 % moderate, above high); who is not high there and 20 to 59 years old gets the lifetime
risk too, high from 32.8 % (Liu et al., Sci Bull 2018;63:779, abstract). It knows no finding that makes high risk at
once: those (LDL cholesterol from 4.9 mmol/L, diabetes from 40 years, kidney disease) are of the lipid guidelines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from suwen.diagnosis.heart.catalogue import EQUATIONS
from suwen.diagnosis.heart.estimate import estimate, refusals
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.nouns import Person, Risk
from suwen.diagnosis.heart.outcomes import outcome_code
from suwen.subject import Saying

__all__ = ["Step", "Stratum", "at_its_cuts", "lipid_table", "stratum_2019"]

_TEN_YEARS, _LIFETIME = "china-par-ascvd-10", "china-par-ascvd-lifetime"
_LOW = Saying("low risk", "低危")
_MIDDLE = Saying("moderate risk", "中危")
_HIGH = Saying("high risk", "高危")
_VERY_HIGH = Saying("very high risk (atherosclerotic disease known)", "极高危（已患动脉粥样硬化性疾病）")
_NOT_ASSESSED = Saying("not assessed: the disease is known", "不评估：已患病（属二级预防）")
_SOURCE_2019 = "中国心血管病风险评估和管理指南, 中华预防医学杂志 2019;53:13-35"
_SOURCE_LIPIDS = "中国血脂管理指南（2023年）, 中华心血管病杂志 2023;51:221-255; 中国心血管病一级预防指南 2020"
_TABLE_UNVERIFIED = Saying(
    "each cell of the table agrees with an independent public program that cites the guideline's figure 1; not "
    "verified against the guideline",
    "表中各格与引用指南图 1 的独立公开程序一致；未与指南原文核对",
)
_CARDIOVASCULAR = "HP:0001626"
_LIFETIME_HIGH = 0.328
_YOUNG = 60  # below, a lifetime is ahead that ten years do not show
_YES, _NO = Saying("yes", "是"), Saying("no", "否")
_UNSTATED = Saying("not stated, taken as no", "未说明，按否计")
_KNOWN = Saying("cardiovascular disease is known", "已知心血管疾病")


@dataclass(frozen=True, slots=True)
class Step:
    """A box of a guideline's path: what it asks, and the answer for this person; None where the path did not lead."""

    asks: Saying
    answer: Saying | None = None


@dataclass(frozen=True, slots=True)
class Stratum:
    """A stratum of a guideline, the reasons for it, and what it was taken from; `band` None where inputs are missing.

    `lifetime` is the stratum of the lifetime risk, for those for whom the guideline asks it. `path` are the boxes of
    the guideline in order, `unverified` what could not be compared with it.
    """

    band: Saying | None
    reasons: tuple[Saying, ...]
    source: str
    lifetime: Saying | None = None
    path: tuple[Step, ...] = ()
    unverified: Saying | None = None


_ASK_DISEASE = Saying("cardiovascular disease known?", "已患心血管病？")
_ASK_TEN = Saying("10-year risk by China-PAR (cuts 5 and 10 %)", "China-PAR 10 年风险（切点 5%、10%）")
_ASK_YOUNG = Saying("not high, and 20 to 59 years old?", "10 年非高危且年龄 20–59 岁？")
_ASK_LIFETIME = Saying("lifetime risk by China-PAR (cut 32.8 %)", "China-PAR 终生风险（切点 32.8%）")
_CANNOT = Saying("cannot be computed", "无法计算")


def stratum_2019(person: Person) -> Stratum:
    """The stratum of the 2019 guideline on the assessment of cardiovascular risk, with the boxes on the way."""
    ill = person.values.get("cvd")
    answers = [_YES if ill == 1.0 else _UNSTATED if ill is None else _NO]
    if ill == 1.0:
        return _stratum(_NOT_ASSESSED, (_KNOWN,), answers)
    equation = EQUATIONS[_TEN_YEARS]
    reasons = refusals(equation, person)
    if reasons:
        return _stratum(None, reasons, [*answers, _CANNOT])
    risk = estimate(equation, person)
    band = _same(_ten_years(risk.low), _ten_years(risk.high))
    answers.append(_shown(risk, band))
    said = _said(risk, "10-year risk by China-PAR", "China-PAR 10 年风险")
    if band is _HIGH or float(person.values["age"]) >= _YOUNG:
        return _stratum(band, (said,), [*answers, _NO])
    lifetime, more, shown = _lifetime(person)
    return _stratum(band, (said, *more), [*answers, _YES, shown], lifetime)


def _stratum(
    band: Saying | None, reasons: tuple[Saying, ...], answers: list[Saying], lifetime: Saying | None = None
) -> Stratum:
    asked = (_ASK_DISEASE, _ASK_TEN, _ASK_YOUNG, _ASK_LIFETIME)
    steps = tuple(Step(one, answers[at] if at < len(answers) else None) for at, one in enumerate(asked))
    return Stratum(band, reasons, _SOURCE_2019, lifetime, steps)


def _percents(risk: Risk) -> str:
    return f"{risk.low:.1%}" if risk.value is not None else f"{risk.low:.1%} – {risk.high:.1%}"


def _shown(risk: Risk, band: Saying | None) -> Saying:
    text = _percents(risk)
    return Saying(text, text) if band is None else Saying(f"{text}: {band.en}", f"{text}：{band.zh}")


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
    return Saying(f"{en}: {_percents(risk)}", f"{zh}：{_percents(risk)}")


def _lifetime(person: Person) -> tuple[Saying | None, tuple[Saying, ...], Saying]:
    equation = EQUATIONS[_LIFETIME]
    if refusals(equation, person):
        return None, (), _CANNOT
    risk = estimate(equation, person)
    low, high = (_HIGH if end >= _LIFETIME_HIGH else _LOW for end in (risk.low, risk.high))
    band = _same(low, high)
    said = _said(risk, "lifetime risk by China-PAR (to 85)", "China-PAR 终生风险（至 85 岁）")
    return band, (said,), _shown(risk, band)


# Rows by number of risk factors (smoking, low HDL, age), columns by cholesterol: LDL from 1.8, 2.6, 3.4 mmol/L
_PLAIN = ((_LOW, _LOW, _LOW), (_LOW, _LOW, _LOW), (_LOW, _LOW, _MIDDLE), (_LOW, _MIDDLE, _MIDDLE))
_HYPERTENSION = ((_LOW, _LOW, _LOW), (_LOW, _MIDDLE, _MIDDLE), (_MIDDLE, _HIGH, _HIGH), (_HIGH, _HIGH, _HIGH))
_TABLE_NEEDS = ("age", "sex", "hdl", "smoker", "hypertension")


def lipid_table(person: Person) -> Stratum:
    """The stratum of the Chinese lipid guideline of 2023 (the table is that of 2016 and 2020).

    High at once with LDL cholesterol from 4.9 or total cholesterol from 7.2 mmol/L, with diabetes from 40 years, and
    with chronic kidney disease of stages 3 and 4. Otherwise by cholesterol, hypertension and the number of: smoking,
    HDL cholesterol below 1.0 mmol/L, age (men from 45, women from 55). Moderate below 55 years becomes high by lifetime
    risk with two of: systolic pressure from 160, non-HDL cholesterol from 5.2 mmol/L, HDL cholesterol below 1.0, body
    mass index from 28, smoking (diastolic pressure is not asked here).
    """
    if person.values.get("cvd") == 1.0:
        return Stratum(_VERY_HIGH, (_KNOWN,), _SOURCE_LIPIDS)
    at_once = [*_at_once(person)]
    if person.values.get("kidney_disease") == 1.0:
        at_once.append(Saying("chronic kidney disease of stage 3 or 4", "慢性肾脏病 3–4 期"))
    if at_once:
        return Stratum(_HIGH, tuple(at_once), _SOURCE_LIPIDS)
    missing = [key for key in _TABLE_NEEDS if key not in person.values]
    if missing or not {"ldl", "total_cholesterol"} & set(person.values):
        names = [FACTORS[key].name for key in missing or ["ldl"]]
        en, zh = ", ".join(one.en for one in names), "、".join(one.zh for one in names)
        return Stratum(None, (Saying(f"needs {en}", f"缺少：{zh}"),), _SOURCE_LIPIDS, unverified=_TABLE_UNVERIFIED)
    return _from_table(person)


def _from_table(person: Person) -> Stratum:
    count, high_pressure = _risk_factors(person), person.values["hypertension"] == 1.0
    rows = _HYPERTENSION if high_pressure else _PLAIN
    columns = [_column(_number(person, key), steps) for key, steps in _STEPS.items() if key in person.values]
    band = rows[count][max(columns)]
    reasons = [
        Saying(
            f"{'' if high_pressure else 'no '}hypertension, {count} of smoking, low HDL cholesterol and age",
            f"{'有' if high_pressure else '无'}高血压，吸烟、低 HDL-C、年龄中占 {count} 项",
        )
    ]
    if rows[count][min(columns)] is not band:
        reasons.append(Saying("LDL and total cholesterol lie in different columns", "LDL-C 与 TC 分属不同列，取较高者"))
    lifetime = None
    if band is _MIDDLE and _number(person, "age") < 55 and _lifelong(person) >= 2:
        lifetime = _HIGH
        reasons.append(Saying("two or more conditions of a high lifetime risk", "具有 2 项及以上余生高危因素"))
    return Stratum(
        band, (*reasons, *_provisos(person)), _SOURCE_LIPIDS, lifetime=lifetime, unverified=_TABLE_UNVERIFIED
    )


_STEPS = {"ldl": (2.6, 3.4), "total_cholesterol": (4.1, 5.2)}


def _provisos(person: Person) -> list[Saying]:
    """What would change the stratum and is not known, or only half known."""
    found = []
    if "diabetes" not in person.values and _number(person, "age") >= 40:
        found.append(Saying("diabetes, not stated, would make it high", "糖尿病未说明；如有则为高危"))
    if person.values.get("kidney_disease") != 1.0 and 15 <= float(person.values.get("egfr", 90.0)) < 60:
        lasting = Saying(
            "an eGFR below 60 makes it high if it lasts three months (chronic kidney disease)",
            "eGFR <60 如持续 3 个月（慢性肾脏病）则为高危",
        )
        found.append(lasting)
    if _number(person, "ldl") < 1.8 and _number(person, "total_cholesterol") < 3.1:
        found.append(
            Saying("cholesterol lies below the table; taken as its lowest column", "胆固醇低于表的范围，按最低列计")
        )
    return found


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
