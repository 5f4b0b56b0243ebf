"""PREVENT 2023 (AHA): total cardiovascular disease, ASCVD, heart failure, coronary disease and stroke, 10 and 30 years.

Khan SS, Matsushita K, Sang Y et al. Development and validation of the American Heart Association's PREVENT equations.
Circulation 2024;149:430-449, supplemental table S12 (prevent.tsv beside this file). Five models: base, with urine
albumin (UACR), with HbA1c, with the social deprivation index (SDI), full. Logistic: risk = 1 / (1 + exp(-x)).

The parts are centred as the paper has them (age 55, non-HDL cholesterol 3.5 and HDL 1.3 mmol/L, pressure 130 mmHg, BMI
25, eGFR 90, HbA1c 5.3 %, ln UACR 0, SDI 1 to 3), so the reference person is the paper's and the constant is the
paper's constant. Cholesterol in mg/dL is turned into mmol/L by 0.02586, as the AHA calculator does. Public programs
agree on the ranges of measurements, but for the upper end of eGFR (140, as here, or 150).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Final

from suwen.diagnosis.heart.equations import wording
from suwen.diagnosis.heart.equations.predictor import (
    Product,
    Transform,
    is_not,
    logistic,
    mgdl,
    mmol_range,
    number,
    sex_of,
    shares,
    total,
)
from suwen.diagnosis.heart.equations.written import Shape, logistic_formula, product_rows
from suwen.diagnosis.heart.nouns import Equation, Formula, Value
from suwen.subject import Saying

__all__ = ["EQUATIONS", "coefficients", "constant"]

_MODELS: Final = {
    "base": (Saying("base", "基础模型"), ()),
    "uacr": (Saying("with urine albumin", "加尿白蛋白肌酐比"), ("uacr",)),
    "hba1c": (Saying("with HbA1c", "加糖化血红蛋白"), ("hba1c",)),
    "sdi": (Saying("with social deprivation", "加社会剥夺指数"), ("sdi",)),
    "full": (Saying("full", "完整模型"), ("uacr", "hba1c", "sdi")),
}
_OUTCOMES: Final = {
    "cvd": wording.CVD,
    "ascvd": wording.ASCVD,
    "hf": wording.HEART_FAILURE,
    "chd": wording.CHD,
    "stroke": wording.STROKE,
}
_YEARS: Final = {10: (30.0, 79.0), 30: (30.0, 59.0)}  # horizon, and the ages it was made for
_RANGE: Final = {
    "sbp": (90.0, 200.0),
    "total_cholesterol": mmol_range(130, 320),
    "hdl": mmol_range(20, 100),
    "bmi": (18.5, 39.9),
    "egfr": (15.0, 140.0),
    "uacr": (0.1, 25000.0),
    "hba1c": (3.0, 15.0),
    "sdi": (1.0, 10.0),
}
_REFERENCE: Final[Mapping[str, Value]] = {
    "age": 55.0,
    "total_cholesterol": 4.8 / (38.67 * 0.02586),
    "hdl": 1.3 / (38.67 * 0.02586),
    "sbp": 130.0,
    "bmi": 25.0,
    "egfr": 90.0,
    "diabetes": 0.0,
    "smoker": 0.0,
    "treated": 0.0,
    "statin": 0.0,
    "uacr": 1.0,
    "hba1c": 5.3,
    "sdi": 1.0,
}
_BENEATH_110: Final = 110.0


def _mmol(value: Value | None) -> float:
    return mgdl(value) * 0.02586


def _age(value: Value | None) -> float:
    return (number(value) - 55) / 10


def _missing(value: Value | None) -> float:
    return float(value is None)


def _if_known(change: Callable[[float], float]) -> Transform:
    # The paper has a coefficient for "not measured"; the measured part is then 0.
    return lambda value: 0.0 if value is None else change(number(value))


def _shape(change: Transform, en: str, zh: str = "") -> Shape:
    return Shape(change, Saying(en, zh or en))


# Every part of prevent.tsv as the products it stands for: non-HDL cholesterol is total minus HDL, so it makes two.
_SBP: Final = _shape(lambda value: (max(number(value), _BENEATH_110) - 130) / 20, "(max({}, 110) − 130)/20")
_NON_HDL: Final = (
    (("total_cholesterol", _shape(lambda value: _mmol(value) - 4.8, "({} − 4.8)")),),
    (("hdl", _shape(lambda value: 1.3 - _mmol(value), "(1.3 − {})")),),
)
_HDL: Final = ("hdl", _shape(lambda value: (_mmol(value) - 1.3) / 0.3, "({} − 1.3)/0.3"))
_HBA1C: Final = _shape(_if_known(lambda value: value - 5.3), "({} − 5.3)")
_OLDER: Final = ("age", _shape(_age, "({} − 55)/10"))
_BMI_OVER_30: Final = ("bmi", _shape(lambda value: (max(number(value), 30) - 30) / 5, "(max({}, 30) − 30)/5"))
_EGFR_UNDER_60: Final = ("egfr", _shape(lambda value: (min(number(value), 60) - 60) / -15, "(min({}, 60) − 60)/−15"))
_UNKNOWN: Final = ("{} unknown", "{}未知")
_PARTS: Final[Mapping[str, tuple[tuple[tuple[str, Transform], ...], ...]]] = {
    "age": ((_OLDER,),),
    "age_squared": ((("age", _shape(lambda value: _age(value) ** 2, "(({} − 55)/10)²")),),),
    "non_hdl": _NON_HDL,
    "hdl": ((_HDL,),),
    "sbp_under_110": (
        (("sbp", _shape(lambda value: (min(number(value), _BENEATH_110) - 110) / 20, "(min({}, 110) − 110)/20")),),
    ),
    "sbp_over_110": ((("sbp", _SBP),),),
    "diabetes": ((("diabetes", number),),),
    "smoker": ((("smoker", number),),),
    "bmi_under_30": ((("bmi", _shape(lambda value: (min(number(value), 30) - 25) / 5, "(min({}, 30) − 25)/5")),),),
    "bmi_over_30": ((_BMI_OVER_30,),),
    "egfr_under_60": ((_EGFR_UNDER_60,),),
    "egfr_over_60": ((("egfr", _shape(lambda value: (max(number(value), 60) - 90) / -15, "(max({}, 60) − 90)/−15")),),),
    "treated": ((("treated", number),),),
    "statin": ((("statin", number),),),
    "treated*sbp_over_110": ((("treated", number), ("sbp", _SBP)),),
    "statin*non_hdl": tuple((("statin", number), *one) for one in _NON_HDL),
    "age*non_hdl": tuple((_OLDER, *one) for one in _NON_HDL),
    "age*hdl": ((_OLDER, _HDL),),
    "age*sbp_over_110": ((_OLDER, ("sbp", _SBP)),),
    "age*diabetes": ((_OLDER, ("diabetes", number)),),
    "age*smoker": ((_OLDER, ("smoker", number)),),
    "age*bmi_over_30": ((_OLDER, _BMI_OVER_30),),
    "age*egfr_under_60": ((_OLDER, _EGFR_UNDER_60),),
    "sdi_4_to_6": ((("sdi", _shape(_if_known(lambda value: float(4 <= value < 7)), "{} 4–6")),),),
    "sdi_7_to_10": ((("sdi", _shape(_if_known(lambda value: float(value >= 7)), "{} 7–10")),),),
    "sdi_missing": ((("sdi", _shape(_missing, *_UNKNOWN)),),),
    "log_uacr": ((("uacr", _shape(_if_known(lambda value: math.log(max(value, 0.1))), "ln({})")),),),
    "uacr_missing": ((("uacr", _shape(_missing, *_UNKNOWN)),),),
    "diabetes*hba1c": ((("diabetes", number), ("hba1c", _HBA1C)),),
    "no_diabetes*hba1c": ((("diabetes", is_not), ("hba1c", _HBA1C)),),
    "hba1c_missing": ((("hba1c", _shape(_missing, *_UNKNOWN)),),),
}


@functools.cache
def _table() -> dict[tuple[int, str, str, str], dict[str, float]]:
    """Coefficients by (years, model, outcome, sex) and part; those that are 0 are left out."""
    text = resources.files(__package__ or "").joinpath("prevent.tsv").read_text("utf-8")
    header, *rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    table: dict[tuple[int, str, str, str], dict[str, float]] = {}
    for years, model, part, *numbers in rows:
        for column, written in zip(header[3:], numbers, strict=True):
            sex, outcome = column.split("_")
            if coefficient := float(written):
                key = int(years), model, outcome, {"f": "female", "m": "male"}[sex]
                table.setdefault(key, {})[part] = coefficient
    return table


@functools.cache
def _products(years: int, model: str, outcome: str, sex: str) -> tuple[Product, ...]:
    return tuple(
        Product(coefficient, factors)
        for part, coefficient in coefficients(years, model, outcome, sex).items()
        if part != "constant"
        for factors in _PARTS[part]
    )


@functools.cache
def _base(years: int, model: str, outcome: str, sex: str) -> float:
    """The sum of the products of the reference person."""
    return total(_products(years, model, outcome, sex), _REFERENCE)


def coefficients(years: int, model: str, outcome: str, sex: str) -> Mapping[str, float]:
    """The printed coefficients that are not 0, in the order of the table; `model` and `outcome` as in the keys."""
    return _table()[years, model, outcome, sex]


def constant(years: int, model: str, outcome: str, sex: str) -> float:
    """The log odds of the reference person: the paper's constant."""
    return coefficients(years, model, outcome, sex)["constant"]


def _equation(years: int, model: str, outcome: str) -> Equation:
    name, added = _MODELS[model]

    def terms(values: Mapping[str, Value]) -> dict[str, float]:
        return shares(_products(years, model, outcome, sex_of(values)), values, _REFERENCE)

    def sum_of(values: Mapping[str, Value]) -> float:
        products = _products(years, model, outcome, sex_of(values))
        return total(products, values) - _base(years, model, outcome, sex_of(values))

    def risk(summed: float, values: Mapping[str, Value]) -> float:
        return logistic(constant(years, model, outcome, sex_of(values)) + summed)

    def formula(values: Mapping[str, Value]) -> Formula:
        sex = sex_of(values)
        rows = product_rows(_products(years, model, outcome, sex), values)
        return logistic_formula(rows, constant(years, model, outcome, sex))

    lipids = () if outcome == "hf" else ("total_cholesterol", "hdl", "statin")
    uses = (*lipids, "sbp", "treated", *(("bmi",) if outcome == "hf" else ()), "egfr", "diabetes", "smoker")
    return Equation(
        key=f"prevent-{model}-{outcome}-{years}",
        name=Saying(f"PREVENT ({name.en})", f"PREVENT（{name.zh}）"),
        outcome=_OUTCOMES[outcome],
        years=float(years),
        needs=("age", "sex", *added),
        uses=uses,
        range={"age": _YEARS[years], **{key: _RANGE[key] for key in (*uses, *added) if key in _RANGE}},
        terms=terms,
        risk=risk,
        formula=formula,
        added=sum_of,
        unverified=wording.RANGES_UNVERIFIED,
        source="Khan SS et al. Circulation 2024;149:430-449, supplemental table S12",
        population=Saying(
            "adults of 30 to 79 years in the United States without cardiovascular disease (3.3 million in derivation)",
            "美国 30–79 岁无心血管病的成人（建模 330 万人）",
        ),
        excludes=("cvd", "heart_failure"),
        rising=added,
    )


EQUATIONS: tuple[Equation, ...] = tuple(
    _equation(years, model, outcome) for model in _MODELS for outcome in _OUTCOMES for years in _YEARS
)
