"""Stable chest pain: how likely coronary stenosis is before a test, and the Duke treadmill score after one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from suwen.diagnosis.heart.equations.points import by_step
from suwen.diagnosis.heart.equations.written import logistic_formula, row, table_formula
from suwen.diagnosis.heart.nouns import Equation, Formula, FormulaRow, Value
from suwen.diagnosis.heart.words import CHOICE_NAMES
from suwen.subject import Saying

__all__ = ["EQUATIONS"]

Values = Mapping[str, Value]
Predictor = Callable[[Values], float]

_SYMPTOMS = ("typical angina", "atypical angina", "non-anginal", "dyspnoea only")
_PAIN, _PAIN_OR_DYSPNOEA = (0, 2), (0, 3)  # positions among the choices of chest_pain
_REFERENCE: dict[str, Value] = {"age": 50.0, "sex": "female", "chest_pain": "non-anginal"}
_STENOSIS = Saying("obstructive coronary artery disease", "阻塞性冠状动脉疾病")

# Per cent by decade of age, men then women: Knuuti et al., Eur Heart J 2020;41:407, table 5
_ESC_2019 = {
    "typical angina": ((3, 22, 32, 44, 52), (5, 10, 13, 16, 27)),
    "atypical angina": ((4, 10, 17, 26, 34), (3, 6, 6, 11, 19)),
    "non-anginal": ((1, 3, 11, 22, 24), (1, 2, 3, 6, 10)),
    "dyspnoea only": ((0, 12, 20, 27, 32), (3, 3, 9, 14, 12)),
}
# Per cent by decade of age from 30 to 69, men then women: Diamond and Forrester, N Engl J Med 1979;300:1350, table 5
_DIAMOND = {
    "typical angina": ((69.7, 87.3, 92.0, 94.3), (25.8, 55.2, 79.4, 90.6)),
    "atypical angina": ((21.8, 46.1, 58.9, 67.1), (4.2, 13.3, 32.4, 54.4)),
    "non-anginal": ((5.2, 14.1, 21.5, 28.1), (0.8, 2.8, 8.4, 18.6)),
}


@dataclass(frozen=True, slots=True)
class _Table:
    """A printed table: `cells` by chest pain, men then women, by decade of age from 30."""

    cells: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]

    def predictor(self, values: Values) -> float:
        """The cell, in 0..1."""
        line = self.cells[str(values["chest_pain"])][0 if values["sex"] == "male" else 1]
        return line[min(int(float(values["age"])) // 10 - 3, len(line) - 1)] / 100

    def formula(self, values: Values) -> Formula:
        """The cell, named."""
        decade = int(float(values["age"])) // 10 * 10
        names = [CHOICE_NAMES[str(values[key])] for key in ("sex", "chest_pain")]
        en = f"cell of the table: {names[0].en}, {decade}s, {names[1].en}"
        zh = f"表中单元格：{names[0].zh}，{decade}–{decade + 9} 岁，{names[1].zh}"
        return table_formula(Saying(en, zh), self.predictor(values))


@dataclass(frozen=True, slots=True)
class _Model:
    """A logistic model: its constant, and its rows for a person."""

    constant: float
    rows: Callable[[Values], list[FormulaRow]]

    def predictor(self, values: Values) -> float:
        """The log odds."""
        return self.constant + sum(one.product for one in self.rows(values))

    def formula(self, values: Values) -> Formula:
        """The model written out."""
        return logistic_formula(tuple(self.rows(values)), self.constant)


def _divided(predictor: Predictor, keys: tuple[str, ...], reference: Values) -> Callable[[Values], dict[str, float]]:
    """What each of `keys` adds to `predictor`, from the reference to the person: the Shapley value, which is exact."""
    sets = [frozenset(one) for size in range(len(keys) + 1) for one in itertools.combinations(keys, size)]
    every = math.factorial(len(keys))
    weight = [math.factorial(size) * math.factorial(len(keys) - size - 1) / every for size in range(len(keys))]

    def terms(values: Values) -> dict[str, float]:
        worth = {one: predictor({key: (values if key in one else reference)[key] for key in keys}) for one in sets}
        return {
            key: sum(weight[len(one)] * (worth[one | {key}] - worth[one]) for one in sets if key not in one)
            for key in keys
        }

    return terms


def _plain(predictor: Predictor, reference: Values) -> Callable[[float, Values], float]:
    def risk(total: float, _values: Values) -> float:
        return min(max(predictor(reference) + total, 0.0), 1.0)

    return risk


def _logistic(predictor: Predictor, reference: Values) -> Callable[[float, Values], float]:
    def risk(total: float, _values: Values) -> float:
        return 1 / (1 + math.exp(-(predictor(reference) + total)))

    return risk


def _is(key: str, choice: str, coefficient: float, values: Values) -> FormulaRow:
    """A row that counts where a choice is so."""
    name = CHOICE_NAMES[choice]
    return row((key,), Saying(f"{{}}: {name.en}", f"{{}}：{name.zh}"), coefficient, float(values[key] == choice))


def _start(age: float, male: float, typical: float, atypical: float, values: Values) -> list[FormulaRow]:
    """The rows that all models of pain have."""
    return [
        row(("age",), _ITSELF, age, float(values["age"])),
        _is("sex", "male", male, values),
        _is("chest_pain", "typical angina", typical, values),
        _is("chest_pain", "atypical angina", atypical, values),
    ]


_ITSELF = Saying("{}", "{}")


def _updated(values: Values) -> list[FormulaRow]:
    return _start(0.04, 1.34, 1.91, 0.64, values)


def _basic(values: Values) -> list[FormulaRow]:
    return _start(0.063, 1.358, 1.975, 0.658, values)


_CLINICAL = {"diabetes": 0.828, "hypertension": 0.338, "dyslipidaemia": 0.422, "smoker": 0.461}


def _clinical(values: Values) -> list[FormulaRow]:
    added = [row((key,), _ITSELF, weight, float(values[key])) for key, weight in _CLINICAL.items()]
    typical = float(values["chest_pain"] == "typical angina")
    both = Saying("{} × {}: typical angina", "{} × {}：典型心绞痛")
    last = row(("diabetes", "chest_pain"), both, -0.402, float(values["diabetes"]) * typical)
    return [*_start(0.062, 1.332, 1.998, 0.633, values), *added, last]


_WEIGHTED = ("family_history", "smoker", "dyslipidaemia", "hypertension", "diabetes")


def _weighted(values: Values) -> list[FormulaRow]:
    """RF-CL: factors counted 0-1, 2-3, 4-5; dyspnoea alone counts as atypical angina does."""
    age, male = float(values["age"]), float(values["sex"] == "male")
    typical = float(values["chest_pain"] == "typical angina")
    group = 1 + sum(float(values[key]) for key in _WEIGHTED) // 2

    def line(keys: tuple[str, ...], en: str, zh: str, coefficient: float, size: float) -> FormulaRow:
        return row(keys, Saying(en, zh), coefficient, size)

    few = "group of risk factors (1: 0–1, 2: 2–3, 3: 4–5)"
    less = "危险因素分组（1：0–1 个，2：2–3 个，3：4–5 个）"
    return [
        _is("sex", "male", 1.6128, values),
        row(("age",), _ITSELF, 0.0844, age),
        _is("chest_pain", "typical angina", 2.7112, values),
        _is("chest_pain", "non-anginal", -0.4675, values),
        line((), few, less, 1.4940, group),
        line(("age",), "{} × typical angina", "{} × 典型心绞痛", -0.0187, age * typical),
        line(("age",), "{} × group", "{} × 分组", -0.0131, age * group),
        line((), "typical angina × group", "典型心绞痛 × 分组", -0.2799, typical * group),
        line((), "male × group", "男性 × 分组", -0.2091, male * group),
    ]


def _duke(values: Values) -> dict[str, float]:
    angina = ("none", "not limiting", "limiting").index(str(values["exercise_angina"]))
    return {
        "exercise_minutes": float(values["exercise_minutes"]),
        "st_deviation": -5.0 * float(values["st_deviation"]),
        "exercise_angina": -4.0 * angina,
    }


def _duke_risk(total: float, _values: Values) -> float:
    return by_step(-total, (-4.999999, 10.999999), (0.03, 0.09, 0.28))


_LIKELY = (
    (0.05, Saying("very low (5 % or less)", "极低（≤5%）")),
    (0.15, Saying("low (up to 15 %)", "低（≤15%）")),
    (0.50, Saying("moderate (up to 50 %)", "中（≤50%）")),
    (0.85, Saying("high (up to 85 %)", "高（≤85%）")),
    (1.0, Saying("very high", "极高")),
)
_BANDS = tuple((end + 1e-9, name) for end, name in _LIKELY)  # the ends belong to the lower band
_BASIC = ("age", "sex", "chest_pain")


def _equation(  # noqa: PLR0913 - an equation has as many parts
    key: str,
    name: Saying,
    model: _Table | _Model,
    *,
    source: str,
    population: Saying,
    ages: tuple[float, float],
    uses: tuple[str, ...] = (),
    dyspnoea: bool = False,
) -> Equation:
    reference = {**_REFERENCE, **dict.fromkeys(uses, 0.0)}
    predictor, table = model.predictor, isinstance(model, _Table)
    return Equation(
        key=key,
        name=name,
        outcome=_STENOSIS,
        years=0.0,
        needs=_BASIC,
        uses=uses,
        range={"age": ages, "chest_pain": _PAIN_OR_DYSPNOEA if dyspnoea else _PAIN},
        terms=_divided(predictor, (*_BASIC, *uses), reference),
        risk=(_plain if table else _logistic)(predictor, reference),
        source=source,
        population=population,
        bands=_BANDS,
        rising=() if table else ("age",),
        formula=model.formula,
    )


_CONSORTIUM = "Genders TSS et al. BMJ 2012;344:e3485"
_EIGHTEEN = Saying(
    "5,677 patients with stable chest pain in 18 hospitals of Europe and the United States; low-prevalence setting",
    "欧美 18 家医院 5,677 例稳定性胸痛患者；低患病率情形",
)

EQUATIONS: tuple[Equation, ...] = (
    _equation(
        "ptp-esc-2019",
        Saying("Pre-test probability, ESC 2019", "验前概率（ESC 2019）"),
        _Table(_ESC_2019),
        source="Knuuti J et al. Eur Heart J 2020;41:407-477, table 5 (pooled by Juarez-Orozco LE et al. 2019)",
        population=Saying("15,815 symptomatic patients of three European cohorts", "欧洲三个队列 15,815 例有症状者"),
        ages=(30, 110),
        dyspnoea=True,
    ),
    _equation(
        "rf-cl",
        Saying("Risk-factor-weighted clinical likelihood (ESC 2024)", "危险因素加权临床可能性（RF-CL，ESC 2024）"),
        _Model(-9.5260, _weighted),
        source="Winther S et al. J Am Coll Cardiol 2020;76:2421-2432; Vrints C et al. Eur Heart J 2024;45:3415-3537",
        population=Saying("41,177 symptomatic patients of western Denmark, 2008-2017", "丹麦西部 41,177 例有症状者"),
        ages=(30, 80),
        uses=_WEIGHTED,
        dyspnoea=True,
    ),
    _equation(
        "cad-consortium-basic",
        Saying("CAD Consortium, basic", "CAD Consortium 基础模型"),
        _Model(-6.917, _basic),
        source=_CONSORTIUM,
        population=_EIGHTEEN,
        ages=(30, 90),
    ),
    _equation(
        "cad-consortium-clinical",
        Saying("CAD Consortium, clinical", "CAD Consortium 临床模型"),
        _Model(-7.539, _clinical),
        source=_CONSORTIUM,
        population=_EIGHTEEN,
        ages=(30, 90),
        uses=tuple(_CLINICAL),
    ),
    _equation(
        "diamond-forrester-2011",
        Saying("Diamond-Forrester, updated 2011", "Diamond-Forrester（2011 更新）"),
        _Model(-4.37, _updated),
        source="Genders TSS et al. Eur Heart J 2011;32:1316-1330",
        population=Saying(
            "2,260 patients referred for angiography in 14 hospitals", "14 家医院转诊行造影的 2,260 例患者"
        ),
        ages=(30, 90),
    ),
    _equation(
        "diamond-forrester-1979",
        Saying("Diamond-Forrester, 1979", "Diamond-Forrester（1979）"),
        _Table(_DIAMOND),
        source="Diamond GA, Forrester JS. N Engl J Med 1979;300:1350-1358",
        population=Saying(
            "4,952 patients at angiography in the 1970s; overestimates today",
            "20 世纪 70 年代 4,952 例造影患者；现今高估",
        ),
        ages=(30, 69),
    ),
    Equation(
        key="duke-treadmill",
        name=Saying("Duke treadmill score", "Duke 平板运动评分"),
        outcome=Saying("death within five years", "5 年内死亡"),
        years=5,
        needs=("exercise_minutes", "st_deviation", "exercise_angina"),
        uses=(),
        range={},
        terms=_duke,
        risk=_duke_risk,
        source="Mark DB et al. Ann Intern Med 1987;106:793-800",
        population=Saying(
            "2,842 inpatients with chest pain, exercise test and angiography (Duke); 5-year survival 97, 91, 72 %",
            "2,842 例行运动试验与造影的住院胸痛患者（Duke）；5 年生存率 97%、91%、72%",
        ),
        unverified=Saying(
            "the score and its groups agree with the paper's abstract and other sources; the survival rates do not: "
            "others print 97, 90 and 65 %; not verified against the paper",
            "评分与分组和原文摘要及其他来源一致；生存率未与原文核对，其他来源另有 97%、90%、65% 之说",
        ),
        counts=True,
        bands=(
            (0.05, Saying("low risk (5 or more)", "低危（≥5 分）")),
            (0.15, Saying("moderate risk (-10 to 4)", "中危（−10 至 4 分）")),
            (1.0, Saying("high risk (-11 or less)", "高危（≤−11 分）")),
        ),
    ),
)
