"""China-PAR: atherosclerotic cardiovascular disease within 10 years and up to the age of 85, in Chinese adults.

Ten years: Yang X, Li J, Hu D et al. Predicting the 10-year risks of atherosclerotic cardiovascular disease in Chinese
population. Circulation 2016;134:1430-1440. Lifetime: Liu F, Li J, Chen J et al. Predicting lifetime risk for developing
atherosclerotic cardiovascular disease in Chinese population. Sci Bull 2018;63:779-787. Cholesterol in mg/dL, numbers as
natural logarithms; risk = 1 - exp(-exp(sum + constant)).

How the coefficients were derived (china_par.json; recipes/china_par.py does it again). The printed two decimals do not
reproduce the paper's own table 2 (men come out 6 % too high; women's printed survival 0.99 a third too low; the worked
examples of the supplement demand 0.9707 and 0.9851). So, with half of the recorded outputs of the authors' calculator,
each coefficient was moved within the rounding of its printed digits, and one constant was free; it came back as mean
140.68 with survival 0.9707 in men and 117.25 with 0.9851 in women, next to the printed ones. On the other half the mean
error is 0.02 percentage points in either sex, the largest 0.1, which is the last digit recorded.

Lifetime: the recorded outputs are a Cox model on the age scale: the ratio of log survival between a person and the one
who is ideal is the same at every age. Its coefficients (logarithmic terms, no product but treatment) are numbers of
two decimals; its baseline is a step at each year of age, flat before 35, as a Cox baseline is: whole years count and
nothing is interpolated. The mean error on the other half is 0.03 points. The paper's printed table was not at hand; the
cut of 32.8 % for a high lifetime risk stands in its abstract. The official calculator takes ages in whole years only,
20 to 85, and refuses others (cvdrisk.com.cn), so that an age is taken in completed years.

Contributions are counted from a person of 50 years with pressure 120 mmHg untreated, total cholesterol 200 and HDL 50
mg/dL, waist 80 cm, in the rural south, who does not smoke: our choice, the papers state none.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

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
from suwen.subject import Saying

__all__ = ["EQUATIONS", "lifetime", "ten_years"]

_REFERENCE: Final[Mapping[str, Value]] = {
    "age": 50.0,
    "sbp": 120.0,
    "treated": 0.0,
    "total_cholesterol": 200 / MGDL,
    "hdl": 50 / MGDL,
    "waist": 80.0,
    "smoker": 0.0,
    "diabetes": 0.0,
    "north": 0.0,
    "urban": 0.0,
    "family_history": 0.0,
}
_PARTS: Final[Mapping[str, tuple[tuple[str, Transform], ...]]] = {
    "age": (("age", log),),
    "sbp_treated": (("treated", number), ("sbp", log)),
    "sbp_untreated": (("treated", is_not), ("sbp", log)),
    "total_cholesterol": (("total_cholesterol", log_mgdl),),
    "hdl": (("hdl", log_mgdl),),
    "waist": (("waist", log),),
    "smoker": (("smoker", number),),
    "diabetes": (("diabetes", number),),
    "north": (("north", number),),
    "urban": (("urban", number),),
    "family_history": (("family_history", number),),
}
_START: Final = 35  # first year of age in the lifetime baseline
_BOTH: Final = ("sbp", "treated", "total_cholesterol", "hdl", "waist", "smoker", "diabetes", "north")
_STILL: Final = Saying("ln(hazard still to come at this {})", "ln(该{}之后的累积风险)")
_OLD_AND_YOUNG: Final = Saying(
    "age outside 35 to 74 years, of which the cohorts were: an extrapolation of the official calculator",
    "年龄超出建模队列的 35–74 岁，为官方计算器的外推",
)
_WAIST: Final = Saying(
    "in men a larger waist lowers the computed risk, as in the published coefficients: no reason to gain weight",
    "男性腰围越大计算所得风险越低，系原文系数如此，不可理解为增重有益",
)
_LIFETIME_UNVERIFIED: Final = Saying(
    "coefficients reconstructed from outputs of the official calculator; not verified against the paper",
    "系数由官方计算器的输出反推，未与原文核对",
)
_RANGE: Final = {
    "sbp": (70.0, 200.0),
    "total_cholesterol": mmol_range(80, 400),
    "hdl": mmol_range(20, 130),
    "waist": (50.0, 130.0),
}


@functools.cache
def _table() -> dict[str, Any]:
    text = resources.files(__package__ or "").joinpath("china_par.json").read_text("utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


def _products(coefficients: Mapping[str, float]) -> tuple[Product, ...]:
    made = []
    for name, coefficient in coefficients.items():
        aged = name.startswith("age*")
        factors = _PARTS[name.removeprefix("age*")]
        made.append(Product(coefficient, (*_PARTS["age"], *factors) if aged else factors))
    return tuple(made)


@functools.cache
def ten_years(sex: str) -> Cox:
    """The 10-year equation of one sex; the constant stands for minus the mean, survival 1/e makes the rest."""
    found = _table()["ten_years"][sex]
    return Cox(_products(found["coefficients"]), _REFERENCE, -found["constant"], math.exp(-1))


@functools.cache
def lifetime(sex: str) -> Cox:
    """The equation up to the age of 85 of one sex; age enters by the hazard that is still to come at it."""
    found = _table()["lifetime"][sex]
    left: list[float] = found["left"]

    def still_to_come(value: Value | None) -> float:
        return left[min(max(int(number(value)) - _START, 0), len(left) - 1)]

    products = (Product(1.0, (("age", Shape(still_to_come, _STILL)),)), *_products(found["coefficients"]))
    return Cox(products, _REFERENCE, -found["constant"], math.exp(-1))


def _cautions(values: Mapping[str, Value]) -> tuple[Saying, ...]:
    found = [] if 35 <= int(number(values["age"])) <= 74 else [_OLD_AND_YOUNG]
    return (*found, _WAIST) if values.get("sex") == "male" and "waist" in values else tuple(found)


def _lifetime_cautions(values: Mapping[str, Value]) -> tuple[Saying, ...]:
    return (_WAIST,) if values.get("sex") == "male" and "waist" in values else ()


EQUATIONS: tuple[Equation, ...] = (
    Equation(
        key="china-par-ascvd-10",
        name=Saying("China-PAR", "China-PAR 模型"),
        outcome=wording.ASCVD,
        years=10.0,
        needs=("age", "sex"),
        uses=(*_BOTH, "urban", "family_history"),
        range={"age": (20.0, 85.0), **_RANGE},
        terms=lambda values: ten_years(sex_of(values)).terms(values),
        risk=lambda summed, values: ten_years(sex_of(values)).risk(summed),
        formula=lambda values: cox_formula(ten_years(sex_of(values)), values),
        added=lambda values: ten_years(sex_of(values)).added(values),
        whole_years=True,
        cautions=_cautions,
        source="Yang X et al. Circulation 2016;134:1430-1440, coefficients refitted to the official calculator",
        population=Saying(
            "Chinese adults, derived from 35 to 74 years; the official calculator takes 20 to 85 years. Urban "
            "residence and family history count in men only",
            "中国成人，建模人群 35–74 岁；官方计算器接受 20–85 岁。城乡和家族史仅用于男性",
        ),
        excludes=("cvd",),
        bands=((0.05, Saying("low", "低危")), (0.1, Saying("moderate", "中危")), (1.0, Saying("high", "高危"))),
        rising=("sbp", "total_cholesterol"),
    ),
    Equation(
        key="china-par-ascvd-lifetime",
        name=Saying("China-PAR (lifetime)", "China-PAR 终生风险模型"),
        outcome=Saying(f"{wording.ASCVD.en} up to the age of 85", f"至 85 岁的{wording.ASCVD.zh}"),
        years=0.0,  # the horizon is an age, which the outcome names
        needs=("age", "sex"),
        uses=(*_BOTH, "urban", "family_history"),
        range={"age": (20.0, 59.0), **_RANGE},
        terms=lambda values: lifetime(sex_of(values)).terms(values),
        risk=lambda summed, values: lifetime(sex_of(values)).risk(summed),
        formula=lambda values: cox_formula(lifetime(sex_of(values)), values),
        added=lambda values: lifetime(sex_of(values)).added(values),
        whole_years=True,
        unverified=_LIFETIME_UNVERIFIED,
        cautions=_lifetime_cautions,
        source="Liu F et al. Sci Bull 2018;63:779-787, reconstructed from outputs of the official calculator",
        population=Saying(
            "Chinese adults of 20 to 59 years; the hazard before 35 years counts as none",
            "20–59 岁中国成人；35 岁前的风险按零计",
        ),
        excludes=("cvd",),
        bands=((0.328, Saying("not high", "非高危")), (1.0, Saying("high", "高危"))),
        rising=("sbp", "total_cholesterol"),
    ),
)
