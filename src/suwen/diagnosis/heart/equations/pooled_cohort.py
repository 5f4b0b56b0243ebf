"""Pooled Cohort Equations (ACC/AHA 2013): first hard atherosclerotic event within 10 years, by sex and race.

Goff DC Jr, Lloyd-Jones DM, Bennett G et al. 2013 ACC/AHA guideline on the assessment of cardiovascular risk.
Circulation 2014;129(25 suppl 2):S49-73, appendix 7, table A. Cox: risk = 1 - S10 ** exp(sum - mean); cholesterol in
mg/dL, all numbers as natural logarithms. Whoever is not Black gets the equations for White people, as the guideline
says, with its warning that they may overestimate (East Asian, Hispanic) or underestimate (South Asian).

Contributions are counted from a person of 55 years with the guideline's optimal risk factors (total cholesterol 170
and HDL 50 mg/dL, untreated systolic pressure 110 mmHg, no smoking, no diabetes).
"""

from __future__ import annotations

import functools
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
from suwen.diagnosis.heart.equations.written import Shape, cox_formula
from suwen.diagnosis.heart.nouns import Equation, Value
from suwen.errors import InputError
from suwen.subject import Saying

__all__ = ["EQUATIONS", "cohort"]

_REFERENCE: Final[Mapping[str, Value]] = {
    "age": 55.0,
    "total_cholesterol": 170 / MGDL,
    "hdl": 50 / MGDL,
    "sbp": 110.0,
    "treated": 0.0,
    "smoker": 0.0,
    "diabetes": 0.0,
}
_AGE: Final = ("age", log)
_TOTAL: Final = ("total_cholesterol", log_mgdl)
_HDL: Final = ("hdl", log_mgdl)
_SBP: Final = ("sbp", log)
_TREATED: Final = ("treated", number)
_UNTREATED: Final = ("treated", is_not)
_SMOKER: Final = ("smoker", number)

# In the order of table A. Each column is one cohort; 0 where the table has N/A.
_PARTS: Final[tuple[tuple[tuple[str, Transform], ...], ...]] = (
    (_AGE,),
    (("age", Shape(lambda value: log(value) ** 2, Saying("ln({})²", "ln({})²"))),),
    (_TOTAL,),
    (_AGE, _TOTAL),
    (_HDL,),
    (_AGE, _HDL),
    (_TREATED, _SBP),
    (_AGE, _TREATED, _SBP),
    (_UNTREATED, _SBP),
    (_AGE, _UNTREATED, _SBP),
    (_SMOKER,),
    (_AGE, _SMOKER),
    (("diabetes", number),),
)
_COEFFICIENTS: Final = {
    ("female", "white"): (-29.799, 4.884, 13.540, -3.114, -13.578, 3.149, 2.019, 0.0, 1.957, 0.0, 7.574, -1.665, 0.661),
    ("female", "black"): (17.114, 0.0, 0.940, 0.0, -18.920, 4.475, 29.291, -6.432, 27.820, -6.087, 0.691, 0.0, 0.874),
    ("male", "white"): (12.344, 0.0, 11.853, -2.664, -7.990, 1.769, 1.797, 0.0, 1.764, 0.0, 7.837, -1.795, 0.658),
    ("male", "black"): (2.469, 0.0, 0.302, 0.0, -0.307, 0.0, 1.916, 0.0, 1.809, 0.0, 0.549, 0.0, 0.645),
}
_MEANS: Final = {  # mean of the sum in the cohort, survival at 10 years
    ("female", "white"): (-29.18, 0.9665),
    ("female", "black"): (86.61, 0.9533),
    ("male", "white"): (61.18, 0.9144),
    ("male", "black"): (19.54, 0.8954),
}


@functools.cache
def cohort(sex: str, race: str) -> Cox:
    """The equation of one cohort: `sex` female or male, `race` black, anything else is treated as white."""
    place = sex, "black" if race == "black" else "white"
    pairs = zip(_COEFFICIENTS[place], _PARTS, strict=True)
    products = tuple(Product(coefficient, factors) for coefficient, factors in pairs if coefficient)
    return Cox(products, _REFERENCE, *_MEANS[place])


def _cohort_of(values: Mapping[str, Value]) -> Cox:
    race = values.get("race")
    if not isinstance(race, str):
        raise InputError(
            "the pooled cohort equations need the race: white, black, hispanic, chinese or other",
            zh="合并队列方程（PCE）需要种族：white、black、hispanic、chinese 或 other",
        )
    return cohort(sex_of(values), race)


_NEITHER: Final = Saying(
    "computed with the coefficients for White people: may overestimate in East Asian and Hispanic people and "
    "underestimate in South Asian people",
    "按白人系数计算：东亚裔和西班牙裔可能高估，南亚裔可能低估",
)


def _cautions(values: Mapping[str, Value]) -> tuple[Saying, ...]:
    return () if values.get("race") in {"white", "black"} else (_NEITHER,)


EQUATIONS: tuple[Equation, ...] = (
    Equation(
        key="pooled-cohort-ascvd-10",
        name=Saying("Pooled Cohort Equations", "汇总队列方程（PCE）"),
        outcome=wording.ASCVD,
        years=10.0,
        needs=("age", "sex", "race"),
        uses=("total_cholesterol", "hdl", "sbp", "treated", "smoker", "diabetes"),
        range={
            "age": (40.0, 79.0),
            "total_cholesterol": mmol_range(130, 320),
            "hdl": mmol_range(20, 100),
            "sbp": (90.0, 200.0),
        },
        terms=lambda values: _cohort_of(values).terms(values),
        risk=lambda summed, values: _cohort_of(values).risk(summed),
        formula=lambda values: cox_formula(_cohort_of(values), values),
        added=lambda values: _cohort_of(values).added(values),
        cautions=_cautions,
        unverified=wording.RANGES_UNVERIFIED,
        source="Goff DC Jr et al. Circulation 2014;129(25 suppl 2):S49-73, appendix 7, table A",
        population=Saying(
            "White and Black adults of 40 to 79 years in the United States; others are computed as White, which may "
            "overestimate in East Asian and Hispanic people and underestimate in South Asian people",
            "美国 40–79 岁白人和黑人；其他族裔按白人计算，东亚裔和西班牙裔可能高估，南亚裔可能低估",
        ),
        excludes=("cvd",),
        bands=(
            (0.05, Saying("low", "低危")),
            (0.075, Saying("borderline", "临界")),
            (0.2, Saying("intermediate", "中危")),
            (1.0, Saying("high", "高危")),
        ),
        rising=("sbp",),
    ),
)
