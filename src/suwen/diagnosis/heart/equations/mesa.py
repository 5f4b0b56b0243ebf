"""MESA 2015: coronary heart disease within 10 years, with and without coronary artery calcium.

McClelland RL, Jorgensen NW, Budoff M et al. 10-year coronary heart disease risk prediction using coronary artery
calcium and traditional risk factors. J Am Coll Cardiol 2015;66:1643-1653, table 3. Cox, not centred: risk = 1 - S10 **
exp(sum); cholesterol in mg/dL, calcium as ln(Agatston + 1). The paper asks for any lipid-lowering drug; here, a statin.

Contributions are counted from a White woman of 62 years (the mean age) with total cholesterol 170 and HDL 50 mg/dL,
pressure 120 mmHg, no calcium and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from suwen.diagnosis.heart.equations import wording
from suwen.diagnosis.heart.equations.predictor import MGDL, Cox, Product, Transform, mgdl, number
from suwen.diagnosis.heart.equations.written import Shape, cox_formula
from suwen.diagnosis.heart.nouns import Equation, Value
from suwen.diagnosis.heart.words import CHOICE_NAMES
from suwen.errors import InputError
from suwen.subject import Saying

__all__ = ["EQUATIONS", "WITHOUT_CALCIUM", "WITH_CALCIUM"]

_REFERENCE: Final[Mapping[str, Value]] = {
    "age": 62.0,
    "sex": "female",
    "race": "white",
    "diabetes": 0.0,
    "smoker": 0.0,
    "total_cholesterol": 170 / MGDL,
    "hdl": 50 / MGDL,
    "statin": 0.0,
    "sbp": 120.0,
    "treated": 0.0,
    "family_history": 0.0,
    "cac": 0.0,
}


def _is(word: str) -> Shape:
    def matches(value: Value | None) -> float:
        if not isinstance(value, str):
            raise InputError("the MESA equations need sex and race in words", zh="MESA 方程需要以文字给出的性别和种族")
        return float(value == word)

    name = CHOICE_NAMES[word]
    return Shape(matches, Saying(f"{{}} {name.en}", f"{{}}：{name.zh}"))


_PARTS: Final[tuple[tuple[str, Transform], ...]] = (
    ("age", number),
    ("sex", _is("male")),
    ("race", _is("chinese")),
    ("race", _is("black")),
    ("race", _is("hispanic")),
    ("diabetes", number),
    ("smoker", number),
    ("total_cholesterol", mgdl),
    ("hdl", mgdl),
    ("statin", number),
    ("sbp", number),
    ("treated", number),
    ("family_history", number),
    ("cac", Shape(lambda value: math.log1p(number(value)), Saying("ln({} + 1)", "ln({} + 1)"))),
)


def _cox(survival: float, *coefficients: float) -> Cox:
    pairs = zip(coefficients, _PARTS, strict=False)  # without calcium, the last part is not used
    return Cox(tuple(Product(one, (part,)) for one, part in pairs), _REFERENCE, 0.0, survival)


WITHOUT_CALCIUM: Final = _cox(
    0.99963, 0.0455, 0.7496, -0.5055, -0.2111, -0.1900, 0.5168, 0.4732, 0.0053, -0.0140, 0.2473, 0.0085, 0.3381, 0.4522
)
WITH_CALCIUM: Final = _cox(
    *(0.99833, 0.0172, 0.4079, -0.3475, 0.0353, -0.0222, 0.3892, 0.3717),
    *(0.0043, -0.0114, 0.1206, 0.0066, 0.2278, 0.3239, 0.2743),
)


def _equation(key: str, name: Saying, cox: Cox, calcium: tuple[str, ...]) -> Equation:
    return Equation(
        key=key,
        name=name,
        outcome=wording.CHD,
        years=10.0,
        needs=("age", "sex", "race", *calcium),
        uses=("total_cholesterol", "hdl", "statin", "sbp", "treated", "diabetes", "smoker", "family_history"),
        range={"age": (45.0, 85.0)},
        terms=cox.terms,
        risk=lambda summed, _values: cox.risk(summed),
        formula=lambda values: cox_formula(cox, values),
        added=cox.added,
        unverified=wording.RANGES_UNVERIFIED,
        source="McClelland RL et al. J Am Coll Cardiol 2015;66:1643-1653, table 3",
        population=Saying(
            "adults of 45 to 84 years in six towns of the United States: White, Black, Hispanic, Chinese American",
            "美国六地 45–84 岁成人：白人、黑人、西班牙裔、华裔",
        ),
        excludes=("cvd",),
        rising=("age", "sbp", "total_cholesterol", *calcium),
    )


EQUATIONS: tuple[Equation, ...] = (
    _equation("mesa-chd-10", Saying("MESA (without calcium)", "MESA（不含钙化）"), WITHOUT_CALCIUM, ()),
    _equation(
        "mesa-calcium-chd-10", Saying("MESA with coronary calcium", "MESA（含冠脉钙化）"), WITH_CALCIUM, ("cac",)
    ),
)
