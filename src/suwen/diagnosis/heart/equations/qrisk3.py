"""QRISK3 (2017): ten-year risk of cardiovascular disease in the United Kingdom, for both sexes, with its notice.

Written from the published formula; `qrisk3.json` holds the coefficients. With a1, a2 the two centred powers of age,

    linear predictor = sum over factors of size * (weight + by_age[0] * a1 + by_age[1] * a2) + what age adds itself
    risk = 1 - survival ** exp(linear predictor)

where the size of a number is its distance from the mean of the cohort, of a diagnosis 0 or 1. Body mass index enters by
two fractional polynomials, both counted to it. What belongs to age and another factor is shared equally.

The ratio of total to HDL cholesterol is used when it is given, else it is computed from the two; in the terms it is
always `cholesterol_ratio`. ClinRisk's program takes the age as a whole number, so completed years count; pressure,
ratio and deprivation are refused outside its ranges. As in ClinRisk's calculators, a body mass index outside 20 to 40
counts as the nearer end; so does a computed ratio outside 1 to 12. Erectile dysfunction counts only in men.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from suwen.diagnosis.heart.equations.written import row, shown, summed
from suwen.diagnosis.heart.nouns import Equation, Formula, FormulaRow, Value
from suwen.diagnosis.heart.words import CHOICE_NAMES
from suwen.errors import DataError
from suwen.subject import Saying

__all__ = ["EQUATIONS"]

_FORMAT = 1
_CEILING = 50.0  # survival ** exp(50) is 0: beyond it the risk is 1 and the exponential would only overflow
_BMI = (20.0, 40.0)
_RATIO = (1.0, 12.0)
# The disclaimer is ClinRisk's own, word for word: their terms ask that it stays with every score.
_NOTICE = Saying(
    "This is Suwen's own implementation of QRISK3-2017, not ClinRisk's. The algorithm is published by ClinRisk Ltd. "
    "(https://qrisk.org, copyright 2017), whose terms ask that this disclaimer is shown with any score: "
    '"The initial version of this file, to be found at http://svn.clinrisk.co.uk/opensource/qrisk2, faithfully '
    "implements QRISK3-2017. ClinRisk Ltd. have released this code under the GNU Lesser General Public License to "
    "enable others to implement the algorithm faithfully. However, the nature of the GNU Lesser General Public License "
    "is such that we cannot prevent, for example, someone accidentally altering the coefficients, getting the inputs "
    "wrong, or just poor programming. ClinRisk Ltd. stress, therefore, that it is the responsibility of the end user "
    "to check that the source that they receive produces the same results as the original code found at "
    "https://qrisk.org. Inaccurate implementations of risk scores can lead to wrong patients being given the wrong "
    'treatment."',
    "本结果由 Suwen 自行实现的 QRISK3-2017 计算，并非 ClinRisk 的程序。算法由 ClinRisk Ltd. 发布（https://qrisk.org，"
    "版权 2017），其条款要求在显示评分时一并显示以下声明（译文）：“本文件的最初版本见 "
    "http://svn.clinrisk.co.uk/opensource/qrisk2，忠实实现了 QRISK3-2017。ClinRisk Ltd. 以 GNU 宽通用公共许可证（LGPL）"
    "发布该代码，使他人能够忠实地实现此算法。然而，由于该许可证的性质，我们无法防止例如有人无意中改动系数、输入有误或编程不当。"
    "因此 ClinRisk Ltd. 强调：最终用户有责任核对其所得到的源代码与 https://qrisk.org 上的原始代码给出相同的结果。"
    "风险评分实现不准确，可能使不该接受治疗的患者接受错误的治疗。”",
)


@cache
def _tables() -> dict[str, Any]:
    """The coefficients of both sexes, as `qrisk3.json` holds them."""
    tables: dict[str, Any] = json.loads(files(__package__).joinpath("qrisk3.json").read_text(encoding="utf-8"))
    if tables.get("format") != _FORMAT:
        raise DataError(
            f"qrisk3.json has the format {tables.get('format')}, this version reads {_FORMAT}: install it again",
            zh=f"qrisk3.json 的格式为 {tables.get('format')}，本版本读取 {_FORMAT}：请重新安装",
        )
    return tables


def _within(value: float, span: tuple[float, float]) -> float:
    return min(max(value, span[0]), span[1])


def _dot(left: Sequence[float], right: Sequence[float]) -> float:
    return sum(one * other for one, other in zip(left, right, strict=True))


def _number(key: str, values: Mapping[str, Value]) -> float:
    """A number in the unit of its factor; the cholesterol ratio from its parts when it is not given."""
    if key != "cholesterol_ratio":
        return float(values[key])
    if key in values:
        return _within(float(values[key]), _RATIO)
    return _within(float(values["total_cholesterol"]) / float(values["hdl"]), _RATIO)


def _age_powers(model: Mapping[str, Any], values: Mapping[str, Value]) -> list[float]:
    tens = float(values["age"]) / 10
    age = model["age"]
    return [float(tens**power - centre) for power, centre in zip(age["powers"], age["centre"], strict=True)]


def _bmi_parts(model: Mapping[str, Any], values: Mapping[str, Value]) -> Iterator[tuple[str, float, Mapping[str, Any]]]:
    tens = _within(float(values["bmi"]), _BMI) / 10
    bmi = model["bmi"]
    for place, power in enumerate((tens**-2, tens**-2 * math.log(tens))):
        entry = {"weight": bmi["weights"][place], "by_age": bmi["by_age"][place]}
        yield "bmi", power - bmi["centre"][place], entry


def _parts(model: Mapping[str, Any], values: Mapping[str, Value]) -> Iterator[tuple[str, float, Mapping[str, Any]]]:
    """Every factor but age with its size and its weights; a choice that weighs nothing comes with size 0."""
    yield from _bmi_parts(model, values)
    for key, entry in model["numbers"].items():
        yield key, _number(key, values) - entry["centre"], entry
    for key, entry in model["yes"].items():
        yield key, float(values[key]), entry
    for key, choices in model["choices"].items():
        entry = choices.get(str(values[key]))
        yield (key, 1.0, entry) if entry is not None else (key, 0.0, {"weight": 0.0})


def _terms(values: Mapping[str, Value]) -> dict[str, float]:
    """Contribution of every factor to the linear predictor; they sum to it exactly."""
    model = _tables()[str(values["sex"])]
    age = _age_powers(model, values)
    shares = {"age": _dot(model["age"]["weights"], age)}
    for key, size, entry in _parts(model, values):
        half = size * _dot(entry.get("by_age", (0.0, 0.0)), age) / 2
        shares[key] = shares.get(key, 0.0) + size * entry["weight"] + half
        shares["age"] += half
    return shares


def _risk(total: float, values: Mapping[str, Value]) -> float:
    """Risk in 0..1 from the sum of the terms."""
    survival = _tables()[str(values["sex"])]["survival"]
    return -math.expm1(math.log(survival) * math.exp(min(total, _CEILING)))


def _age_saids(model: Mapping[str, Any]) -> tuple[Saying, ...]:
    """How the two centred powers of age are written."""
    age = model["age"]
    pairs = zip(age["powers"], age["centre"], strict=True)
    ends = (("" if power == 1 else f"^{shown(power)}", shown(centre)) for power, centre in pairs)
    return tuple(_both(f"(({{}}/10){power} − {centre})") for power, centre in ends)


def _both(text: str) -> Saying:
    return Saying(text, text)


def _size_said(key: str, place: int, model: Mapping[str, Any], values: Mapping[str, Value]) -> Saying:
    """How the size of a factor is written; `place` counts the parts of body mass index."""
    if key == "bmi":
        power = ("({}/10)^−2", "({}/10)^−2 · ln(BMI/10)")[place]
        return _both(f"({power} − {shown(model['bmi']['centre'][place])})")
    if key in model["numbers"]:
        return _both(f"({{}} − {shown(model['numbers'][key]['centre'])})")
    if key in model["choices"]:
        name = CHOICE_NAMES[str(values[key])]
        return Saying(f"{{}}: {name.en}", f"{{}}：{name.zh}")
    return _both("{}")


def _rows(model: Mapping[str, Any], values: Mapping[str, Value]) -> Iterator[FormulaRow]:
    """The rows of everything that is there; what is absent adds nothing and has none."""
    ages, written = _age_powers(model, values), _age_saids(model)
    for weight, size, said in zip(model["age"]["weights"], ages, written, strict=True):
        yield row(("age",), said, weight, size)
    seen = 0
    for key, size, entry in _parts(model, values):
        said = _size_said(key, seen, model, values)
        seen += key == "bmi"
        if size:
            yield row((key,), said, entry["weight"], size)
            for weight, age, aged in zip(entry.get("by_age", ()), ages, written, strict=False):
                yield row((key, "age"), Saying(f"{said.en} × {aged.en}", f"{said.zh} × {aged.zh}"), weight, size * age)


def _formula(values: Mapping[str, Value]) -> Formula:
    model = _tables()[str(values["sex"])]
    rows = tuple(_rows(model, values))
    total = math.fsum(one.product for one in rows)
    value = 1 - model["survival"] ** math.exp(min(total, _CEILING))
    how = f"1 − {shown(model['survival'])} ^ exp({summed(total)}) = {100 * value:.4g} %"
    steps = (
        Saying("diagnoses that are absent add nothing and have no line", "未患的疾病不计，故不列"),
        Saying(f"sum of the lines = {summed(total)}", f"各行之和 = {summed(total)}"),
        Saying(f"risk = {how}", f"风险 = {how}"),
    )
    return Formula(rows, steps, value)


def _cautions(values: Mapping[str, Value]) -> tuple[Saying, ...]:
    return (_STATIN,) if values.get("statin") == 1.0 else ()


_STATIN = Saying("made for people who do not take a statin", "适用于未服用他汀者")

EQUATIONS: tuple[Equation, ...] = (
    Equation(
        key="qrisk3",
        name=Saying("QRISK3 (United Kingdom, 2017)", "QRISK3（英国，2017）"),
        outcome=Saying(
            "cardiovascular disease (coronary heart disease, ischaemic stroke or transient ischaemic attack)",
            "心血管疾病（冠心病、缺血性卒中或短暂性脑缺血发作）",
        ),
        years=10,
        needs=("age", "sex"),
        uses=(
            "cholesterol_ratio",
            "sbp",
            "sbp_sd",
            "bmi",
            "smoking",
            "diabetes_type",
            "ethnicity",
            "townsend",
            "treated",
            "family_history",
            "kidney_disease",
            "atrial_fibrillation",
            "migraine",
            "rheumatoid_arthritis",
            "lupus",
            "severe_mental_illness",
            "antipsychotic",
            "steroids",
            "erectile_dysfunction",
        ),
        range={"age": (25, 84), "sbp": (70, 210), "cholesterol_ratio": _RATIO, "townsend": (-7, 11)},
        terms=_terms,
        risk=_risk,
        source="Hippisley-Cox J, Coupland C, Brindle P. BMJ 2017;357:j2099 (QRISK3-2017, ClinRisk Ltd)",
        population=Saying(
            "people of 25 to 84 years in general practices of England without cardiovascular disease and not on "
            "statins; calibrated to the United Kingdom",
            "英格兰全科诊所 25–84 岁、无心血管疾病且未用他汀者；按英国人群校准",
        ),
        excludes=("cvd",),
        notice=_NOTICE,
        formula=_formula,
        whole_years=True,
        cautions=_cautions,
        # NICE NG238 (2023): a statin is offered from 10 %.
        bands=((0.10, Saying("below 10 %", "低于 10%")), (1.0, Saying("10 % or more", "10% 及以上"))),
        rising=("sbp", "sbp_sd", "cholesterol_ratio"),
    ),
)
