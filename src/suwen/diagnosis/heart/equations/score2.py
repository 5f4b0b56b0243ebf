"""SCORE2 and its relatives: ten-year risk of cardiovascular events in Europe and Asia-Pacific, with the ESC's bands.

All four are one formula (`score2.json` holds the printed coefficients and their sources). With z the scaled values,

    linear predictor = sum of weight * z + sum of by_age * z * z(age) + square * z(eGFR)**2
    x = ln(-ln(1 - uncalibrated risk)) = ln(-ln(survival)) + linear predictor - mean
    risk = 1 - exp(-exp(first + second * x)),   first, second: the scales of sex and region

The terms are those of the linear predictor, against the person at whom the paper centres (60 years, 120 mmHg,
6 mmol/L, HDL 1.3 mmol/L, no smoker; SCORE2-OP: 73 years, 150 mmHg, 6 and 1.4 mmol/L). What belongs to age and another
factor is shared equally. HbA1c is turned from % (NGSP) to mmol/mol (IFCC) by the master equation of 2004.

The scales of two regions cross: a man with an uncalibrated risk below 3 % has a slightly higher risk in the moderate
region than in the high one. That is so in the paper and is left so. Age enters the formula as it is; whether a person
is of 40 to 69 or of 70 to 89 years goes by completed years.

SCORE2-CKD (Matsushita et al., Eur J Prev Cardiol 2023;30:8-16) is not here, and who has kidney disease is told so. The
program of one of its authors (Kaptoge, 2021) counts an eGFR above 90, observed or expected, in both equations; a later
public program leaves that part out below 70 years, where the expected eGFR is often above 90. The two differ by a fifth
of the hazard, no printed example decides between them, and the tables of the paper were not at hand.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache, partial
from importlib.resources import files
from typing import Any

from suwen.diagnosis.heart.equations.written import less, row, shown, summed
from suwen.diagnosis.heart.nouns import Equation, Formula, FormulaRow, Value
from suwen.errors import DataError, InputError
from suwen.subject import Saying

__all__ = ["EQUATIONS", "band_of"]

_FORMAT = 1
_CEILING = 50.0  # exp(-exp(50)) is 0: beyond it the risk is 1 and the exponential would only overflow
_OUTCOME = Saying(
    "fatal or non-fatal cardiovascular disease (heart attack, stroke, cardiovascular death)",
    "致死或非致死心血管事件（心肌梗死、卒中、心血管死亡）",
)
_LOW_TO_MODERATE = Saying("low to moderate", "低至中危")
_LOW = Saying("low", "低危")
_MODERATE = Saying("moderate", "中危")
_HIGH = Saying("high", "高危")
_VERY_HIGH = Saying("very high", "极高危")
# Visseren et al., 2021 ESC Guidelines on prevention, Eur Heart J 2021;42:3227-3337, table 5: from this age on, the
# risks at which high and very high begin.
_ESC_2021 = ((70.0, 0.075, 0.15), (50.0, 0.05, 0.10), (0.0, 0.025, 0.075))
# Marx et al., 2023 ESC Guidelines on diabetes, Eur Heart J 2023;44:4043-4140, figure 3.
_ESC_2023 = ((0.05, _LOW), (0.10, _MODERATE), (0.20, _HIGH), (1.0, _VERY_HIGH))


@cache
def _tables() -> dict[str, Any]:
    """The coefficients of all four, as `score2.json` holds them."""
    tables: dict[str, Any] = json.loads(files(__package__).joinpath("score2.json").read_text(encoding="utf-8"))
    if tables.get("format") != _FORMAT:
        raise DataError(
            f"score2.json has the format {tables.get('format')}, this version reads {_FORMAT}: install it again",
            zh=f"score2.json 的格式为 {tables.get('format')}，本版本读取 {_FORMAT}：请重新安装",
        )
    return tables


def _measured(key: str, values: Mapping[str, Value]) -> float:
    """The value as the papers measure it: HbA1c in mmol/mol, the logarithm of eGFR, diabetes not later than today."""
    value = float(values[key])
    if key == "hba1c":
        return (value - 2.152) / 0.09148
    if key == "egfr":
        return math.log(value)
    if key == "diabetes_age":
        return min(value, float(values["age"]))
    return value


def _scaled(table: Mapping[str, Any], key: str, values: Mapping[str, Value]) -> float:
    centre, width = table["centre"].get(key, (0.0, 1.0))
    scaled = float((_measured(key, values) - centre) / width)
    return scaled * float(values["diabetes"]) if key == "diabetes_age" else scaled


def _terms(name: str, values: Mapping[str, Value]) -> dict[str, float]:
    """Contribution of every factor to the linear predictor; they sum to it exactly."""
    table = _tables()[name]
    model = table[str(values["sex"])]
    z = {key: _scaled(table, key, values) for key in model["weights"]}
    shares = {key: weight * z[key] for key, weight in model["weights"].items()}
    for key, weight in model.get("squares", {}).items():
        shares[key] += weight * z[key] ** 2
    for key, weight in model["by_age"].items():
        half = weight * z["age"] * z[key] / 2
        shares["age"] += half
        shares[key] += half
    return shares


def _risk(name: str, region: str, total: float, values: Mapping[str, Value]) -> float:
    """Risk in 0..1 from the sum of the terms, recalibrated to the region."""
    table = _tables()[name]
    sex = str(values["sex"])
    first, second = table["region"][str(values[region])][sex]
    x = math.log(-math.log(table[sex]["survival"])) + total - table[sex]["mean"]
    return -math.expm1(-math.exp(min(first + second * x, _CEILING)))


_MEASURED = {  # how a value is written where the paper does not take it as it is stated
    "hba1c": Saying("{} in mmol/mol", "{}（mmol/mol）"),
    "egfr": Saying("ln({})", "ln({})"),
}


def _size_said(table: Mapping[str, Any], key: str) -> Saying:
    """How a scaled value is written."""
    plain = _MEASURED.get(key, Saying("{}", "{}"))
    if key not in table["centre"]:
        return plain
    centre, width = (shown(one) for one in table["centre"][key])
    end = "" if width == "1" else f"/{width}"
    times = " × diabetes", " × 糖尿病"
    en, zh = times if key == "diabetes_age" else ("", "")
    return Saying(f"({plain.en} − {centre}){end}{en}", f"({plain.zh} − {centre}){end}{zh}")


def _rows(name: str, values: Mapping[str, Value]) -> tuple[FormulaRow, ...]:
    table = _tables()[name]
    model = table[str(values["sex"])]
    z = {key: _scaled(table, key, values) for key in model["weights"]}
    said = {key: _size_said(table, key) for key in z}
    made = [row((key,), said[key], weight, z[key]) for key, weight in model["weights"].items()]
    for key, weight in model.get("squares", {}).items():
        made.append(row((key,), Saying(f"({said[key].en})²", f"({said[key].zh})²"), weight, z[key] ** 2))
    for key, weight in model["by_age"].items():
        both = Saying(f"{said['age'].en} × {said[key].en}", f"{said['age'].zh} × {said[key].zh}")
        made.append(row(("age", key), both, weight, z["age"] * z[key]))
    return tuple(made)


def _formula(name: str, region: str, values: Mapping[str, Value]) -> Formula:
    table, sex = _tables()[name], str(values["sex"])
    survival, mean = table[sex]["survival"], table[sex]["mean"]
    first, second = table["region"][str(values[region])][sex]
    rows = _rows(name, values)
    total = math.fsum(one.product for one in rows)
    x = math.log(-math.log(survival)) + total - mean
    value = 1 - math.exp(-math.exp(min(first + second * x, _CEILING)))
    how = f"1 − exp(−exp({shown(first)} + {shown(second)} × ({summed(x)}))) = {100 * value:.4g} %"
    line = f"ln(−ln({shown(survival)})){less(-total)}{less(mean)} = {summed(x)}"
    steps = (
        Saying(f"sum of the lines = {summed(total)}", f"各行之和 = {summed(total)}"),
        Saying(f"x = {line}", f"x = {line}"),
        Saying(f"risk, recalibrated to the region = {how}", f"按地区再校准后的风险 = {how}"),
    )
    return Formula(rows, steps, value)


def band_of(risk: float, values: Mapping[str, Value]) -> Saying:
    """The category of the ESC 2021 for a risk in 0..1 by SCORE2 or SCORE2-OP: its limits depend on `values["age"]`.

    Up to 49 years high begins at 2.5 % and very high at 7.5 %, from 50 to 69 at 5 and 10 %, from 70 at 7.5 and 15 %.
    InputError: the age is not given.
    """
    if "age" not in values:
        raise InputError(
            "the categories of the ESC depend on age: give the age", zh="ESC 的风险分级取决于年龄：请给出年龄"
        )
    age = float(values["age"])
    high, very_high = next((high, very_high) for start, high, very_high in _ESC_2021 if age >= start)
    if risk >= very_high:
        return _VERY_HIGH
    return _HIGH if risk >= high else _LOW_TO_MODERATE


def _cautions(values: Mapping[str, Value]) -> tuple[Saying, ...]:
    """Kidney disease, which SCORE2 does not count (ESC 2021: moderate is high risk, severe is very high)."""
    so = (
        values.get("kidney_disease") == 1.0
        or float(values.get("egfr", 90.0)) < 60
        or float(values.get("uacr", 0)) >= 30
    )
    return (_KIDNEY,) if so else ()


_KIDNEY = Saying(
    "does not count kidney disease, so it underestimates with an eGFR below 60 or albumin from 30 mg/g; its extension "
    "SCORE2-CKD is not offered, as the public programs of it disagree",
    "未计入肾脏病：eGFR <60 或尿白蛋白肌酐比 ≥30 mg/g 时会低估；扩展模型 SCORE2-CKD 因公开程序互不一致而未提供",
)
_USES = ("sbp", "total_cholesterol", "hdl", "smoker")
_RISING = ("sbp", "total_cholesterol")
_EUROPE = "score2_region"
_ASIA_PACIFIC = "asia_pacific_region"

EQUATIONS: tuple[Equation, ...] = (
    Equation(
        key="score2",
        name=Saying("SCORE2 (Europe, 2021)", "SCORE2（欧洲，2021）"),
        outcome=_OUTCOME,
        years=10,
        needs=("age", "sex", _EUROPE),
        uses=_USES,
        range={"age": (40, 69)},
        terms=partial(_terms, "score2"),
        risk=partial(_risk, "score2", _EUROPE),
        source="SCORE2 working group, Eur Heart J 2021;42:2439-2454",
        population=Saying(
            "people of 40 to 69 years in Europe without cardiovascular disease or diabetes; "
            "the region is that of the country of residence",
            "欧洲 40–69 岁、无心血管疾病且无糖尿病者；危险分区按居住国家确定",
        ),
        excludes=("cvd", "diabetes"),
        rising=_RISING,
        band=band_of,
        cautions=_cautions,
        formula=partial(_formula, "score2", _EUROPE),
    ),
    Equation(
        key="score2-op",
        name=Saying("SCORE2-OP (older persons, Europe, 2021)", "SCORE2-OP（欧洲老年人，2021）"),
        outcome=_OUTCOME,
        years=10,
        needs=("age", "sex", _EUROPE),
        uses=(*_USES, "diabetes"),
        range={"age": (70, 89)},
        terms=partial(_terms, "score2-op"),
        risk=partial(_risk, "score2-op", _EUROPE),
        source="SCORE2-OP working group, Eur Heart J 2021;42:2455-2467",
        population=Saying(
            "people of 70 to 89 years in Europe without cardiovascular disease; "
            "the region is that of the country of residence",
            "欧洲 70–89 岁、无心血管疾病者；危险分区按居住国家确定",
        ),
        excludes=("cvd",),
        rising=_RISING,
        band=band_of,
        cautions=_cautions,
        formula=partial(_formula, "score2-op", _EUROPE),
    ),
    Equation(
        key="score2-diabetes",
        name=Saying("SCORE2-Diabetes (Europe, 2023)", "SCORE2-Diabetes（欧洲，2023）"),
        outcome=_OUTCOME,
        years=10,
        needs=("age", "sex", _EUROPE, "diabetes"),
        uses=(*_USES, "diabetes_age", "hba1c", "egfr"),
        range={"age": (40, 69), "diabetes": (1, 1)},
        terms=partial(_terms, "score2-diabetes"),
        risk=partial(_risk, "score2-diabetes", _EUROPE),
        source="SCORE2-Diabetes working group, Eur Heart J 2023;44:2544-2556",
        population=Saying(
            "people of 40 to 69 years in Europe with type 2 diabetes, without cardiovascular disease or severe damage "
            "of target organs; the region is that of the country of residence",
            "欧洲 40–69 岁、患 2 型糖尿病而无心血管疾病及严重靶器官损害者；危险分区按居住国家确定",
        ),
        excludes=("cvd",),
        bands=_ESC_2023,
        rising=(*_RISING, "hba1c"),
        formula=partial(_formula, "score2-diabetes", _EUROPE),
    ),
    Equation(
        key="score2-asia-pacific",
        name=Saying("SCORE2 Asia-Pacific (2024)", "SCORE2 亚太版（2024）"),
        outcome=_OUTCOME,
        years=10,
        needs=("age", "sex", _ASIA_PACIFIC),
        uses=_USES,
        range={"age": (40, 69)},
        terms=partial(_terms, "score2-asia-pacific"),
        risk=partial(_risk, "score2-asia-pacific", _ASIA_PACIFIC),
        source="SCORE2 Asia-Pacific writing group, Eur Heart J 2025, doi 10.1093/eurheartj/ehae609",
        population=Saying(
            "people of 40 to 69 years in Asia and Oceania without cardiovascular disease or diabetes; "
            "the region is that of the country of residence as the paper groups them, not a region of Europe",
            "亚洲及大洋洲 40–69 岁、无心血管疾病且无糖尿病者；危险分区按论文对居住国家的划分，与欧洲分区不同",
        ),
        excludes=("cvd", "diabetes"),
        rising=_RISING,
        cautions=_cautions,
        formula=partial(_formula, "score2-asia-pacific", _ASIA_PACIFIC),
    ),
)
