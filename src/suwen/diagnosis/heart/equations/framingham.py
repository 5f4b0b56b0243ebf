"""Framingham 2008: first cardiovascular event of any kind within 10 years, with laboratory values or with BMI.

D'Agostino RB Sr, Vasan RS, Pencina MJ et al. General cardiovascular risk profile for use in primary care: the
Framingham Heart Study. Circulation 2008;117:743-753, tables 2 (laboratory) and the online supplement (BMI). Cox:
risk = 1 - S10 ** exp(sum - mean); cholesterol in mg/dL, all numbers as natural logarithms.

Contributions are counted from the paper's person with normal risk factors (pressure 125 mmHg untreated, cholesterol
180 and HDL 45 mg/dL, BMI 22.5, no smoking, no diabetes) at 49 years, the mean age of the cohort.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from suwen.diagnosis.heart.equations import wording
from suwen.diagnosis.heart.equations.predictor import (
    MGDL,
    Cox,
    Product,
    Transform,
    is_not,
    log,
    log_mgdl,
    mmol_range,
    number,
    sex_of,
)
from suwen.diagnosis.heart.equations.written import cox_formula
from suwen.diagnosis.heart.nouns import Equation, Value
from suwen.subject import Saying

__all__ = ["BMI", "EQUATIONS", "LABORATORY"]

_REFERENCE: Final[Mapping[str, Value]] = {
    "age": 49.0,
    "total_cholesterol": 180 / MGDL,
    "hdl": 45 / MGDL,
    "bmi": 22.5,
    "sbp": 125.0,
    "treated": 0.0,
    "smoker": 0.0,
    "diabetes": 0.0,
}
_AGE: Final = (("age", log),)
_REST: Final = (
    (("treated", is_not), ("sbp", log)),
    (("treated", number), ("sbp", log)),
    (("smoker", number),),
    (("diabetes", number),),
)
_WITH_LIPIDS: Final = (_AGE, (("total_cholesterol", log_mgdl),), (("hdl", log_mgdl),), *_REST)
_WITH_BMI: Final = (_AGE, (("bmi", log),), *_REST)


def _cox(parts: tuple[tuple[tuple[str, Transform], ...], ...], *numbers: float) -> Cox:
    *coefficients, mean, survival = numbers
    pairs = zip(coefficients, parts, strict=True)
    return Cox(tuple(Product(one, factors) for one, factors in pairs), _REFERENCE, mean, survival)


LABORATORY: Final = {
    "female": _cox(_WITH_LIPIDS, 2.32888, 1.20904, -0.70833, 2.76157, 2.82263, 0.52873, 0.69154, 26.1931, 0.95012),
    "male": _cox(_WITH_LIPIDS, 3.06117, 1.12370, -0.93263, 1.93303, 1.99881, 0.65451, 0.57367, 23.9802, 0.88936),
}
BMI: Final = {
    "female": _cox(_WITH_BMI, 2.72107, 0.51125, 2.81291, 2.88267, 0.61868, 0.77763, 26.0145, 0.94833),
    "male": _cox(_WITH_BMI, 3.11296, 0.79277, 1.85508, 1.92672, 0.70953, 0.53160, 23.9388, 0.88431),
}
_RANGE: Final = {
    "age": (30.0, 74.0),
    "sbp": (90.0, 200.0),
    "total_cholesterol": mmol_range(100, 405),
    "hdl": mmol_range(10, 100),
    "bmi": (15.0, 50.0),
}


def _equation(key: str, name: Saying, sexes: Mapping[str, Cox], own: tuple[str, ...], rising: str) -> Equation:
    return Equation(
        key=key,
        name=name,
        outcome=wording.GENERAL_CVD,
        years=10.0,
        needs=("age", "sex"),
        uses=(*own, "sbp", "treated", "smoker", "diabetes"),
        range={one: _RANGE[one] for one in ("age", *own, "sbp")},
        terms=lambda values: sexes[sex_of(values)].terms(values),
        risk=lambda summed, values: sexes[sex_of(values)].risk(summed),
        formula=lambda values: cox_formula(sexes[sex_of(values)], values),
        added=lambda values: sexes[sex_of(values)].added(values),
        unverified=wording.RANGES_UNVERIFIED,
        source="D'Agostino RB Sr et al. Circulation 2008;117:743-753",
        population=Saying(
            "White adults of 30 to 74 years in Framingham, Massachusetts; overestimates in Chinese people",
            "美国弗雷明汉 30–74 岁白人；用于中国人会高估",
        ),
        excludes=("cvd", "heart_failure"),
        rising=("age", "sbp", rising),
    )


EQUATIONS: tuple[Equation, ...] = (
    _equation(
        "framingham-lab-cvd-10",
        Saying("Framingham 2008 (laboratory)", "弗雷明汉 2008（化验）"),
        LABORATORY,
        ("total_cholesterol", "hdl"),
        "total_cholesterol",
    ),
    _equation(
        "framingham-bmi-cvd-10",
        Saying("Framingham 2008 (body mass index)", "弗雷明汉 2008（体重指数）"),
        BMI,
        ("bmi",),
        "bmi",
    ),
)
