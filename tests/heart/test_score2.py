"""SCORE2 and its relatives give the figures their papers print, term by term, and obey their laws."""

from __future__ import annotations

import math
import random

import pytest

from suwen.diagnosis.heart.equations.score2 import EQUATIONS, band_of
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.nouns import Equation, FactorKind, Value
from suwen.errors import InputError

REGIONS = ("low", "moderate", "high", "very high")
BY_KEY = {one.key: one for one in EQUATIONS}
KEYS = tuple(BY_KEY)
ROUNDS = 10_000
# SCORE2 paper 2021, abstract: a smoker of 50 years, 140 mmHg, 5.5 and 1.3 mmol/L.
ABSTRACT = (("male", "low", 5.9), ("male", "very high", 14.0), ("female", "low", 4.2), ("female", "very high", 13.7))
# SCORE2 paper 2021, supplementary methods table 4 (whole percents): the same with 6.3 and 1.4 mmol/L.
TABLE_4 = {"male": (6, 8, 9, 15), "female": (4, 5, 7, 14)}
# SCORE2-Diabetes paper 2023, graphical abstract: no smoker, 60 years, 140 mmHg, 5.5 and 1.3 mmol/L; first diabetes from
# 60 years, HbA1c 50 mmol/mol, eGFR 90, then from 50 years, 70 mmol/mol, eGFR 60.
DIABETES = {
    ("male", 60, 50, 90): (8.4, 11.0, 12.5, 20.3),
    ("female", 60, 50, 90): (6.1, 7.6, 11.1, 20.6),
    ("male", 50, 70, 60): (12.9, 17.2, 21.0, 31.2),
    ("female", 50, 70, 60): (9.8, 12.7, 20.4, 34.0),
}
# SCORE2 Asia-Pacific paper, figure of the abstract: the smoker of the SCORE2 abstract.
ASIA_PACIFIC = {"male": (10.3, 12.3, 16.1, 21.6), "female": (5.7, 8.8, 15.2, 21.8)}
# HeartScore (heartscore.org), whole percents: sex, region, smoker, pressure, total and HDL cholesterol at 75 years.
OLDER = (
    ("male", "low", 1, 140, 5.5, 1.3, 19),
    ("female", "low", 1, 140, 5.5, 1.3, 15),
    ("male", "low", 0, 140, 5.5, 1.3, 13),
    ("female", "low", 0, 110, 5.0, 2.0, 6),
    ("male", "moderate", 1, 140, 5.5, 1.3, 24),
    ("female", "moderate", 1, 140, 5.5, 1.3, 20),
    ("male", "high", 1, 140, 6.0, 1.3, 29),
    ("female", "high", 1, 110, 5.0, 2.0, 19),
    ("male", "very high", 1, 140, 6.0, 1.3, 41),
    ("female", "very high", 1, 140, 6.0, 1.3, 46),
)
# HeartScore, whole percents, under 50 years.
YOUNGER = (
    ("male", "low", 45, 0, 110, 5.0, 2.0, 1),
    ("female", "very high", 45, 1, 140, 5.0, 2.0, 6),
    ("male", "high", 48, 1, 160, 8.0, 2.0, 10),
)
# The unrounded SCORE2-OP of its authors' public program (2021): weights, by age, mean, event rate, scales by region.
OP_DIGITS = {
    "male": (
        (0.0633767915, 0.4245248910, 0.3523957899, 0.0094362177, 0.0849594156, -0.3563571842),
        (-0.0173654217, -0.0247205945, -0.0004794522, 0.0073336663, 0.0091317857),
        0.09285225,
        0.24235298,
        ((-0.343484, 1.193038), (0.005320, 1.248514), (0.084305, 1.151902), (0.045959, 0.703625)),
    ),
    "female": (
        (0.0789191229, 0.6009874438, 0.4921147010, 0.0101993091, 0.0604939598, -0.3040280248),
        (-0.0106909701, -0.0255496313, -0.0004404728, -0.0009121461, 0.0153779923),
        0.2287676,
        0.19178759,
        ((-0.516054, 1.007238), (-0.101044, 1.099621), (0.375720, 1.089031), (0.379293, 0.691530)),
    ),
}


def percent(key: str, region: str = "low", **values: Value) -> float:
    """Risk in percent, unrounded."""
    equation = BY_KEY[key]
    place = "asia_pacific_region" if key == "score2-asia-pacific" else "score2_region"
    complete = {**values, place: region}
    return 100 * equation.risk(math.fsum(equation.terms(complete).values()), complete)


def smoker_of_50(sex: str, total: float = 5.5, hdl: float = 1.3) -> dict[str, Value]:
    return {"age": 50, "sex": sex, "smoker": 1, "sbp": 140, "total_cholesterol": total, "hdl": hdl}


def drawn(rng: random.Random, equation: Equation, *, wide: bool = False) -> dict[str, Value]:
    """A random person within the range of the equation: usual values, or anything a living adult can have."""
    values: dict[str, Value] = {}
    for key in (*equation.needs, *equation.uses):
        factor = FACTORS[key]
        if factor.kind is FactorKind.CHOICE:
            values[key] = rng.choice(factor.choices)
            continue
        span = (factor.low, factor.high) if wide else (float(factor.unknown[0]), float(factor.unknown[-1]))
        low, high = equation.range.get(key, span)
        values[key] = (
            float(rng.randint(int(low), int(high))) if factor.kind is FactorKind.YES_NO else rng.uniform(low, high)
        )
    return values


def risk_of(equation: Equation, values: dict[str, Value]) -> float:
    return equation.risk(math.fsum(equation.terms(values).values()), values)


@pytest.mark.parametrize(("sex", "region", "expected"), ABSTRACT)
def test_the_abstract_of_score2(sex: str, region: str, expected: float) -> None:
    assert percent("score2", region, **smoker_of_50(sex)) == pytest.approx(expected, abs=0.051)


@pytest.mark.parametrize("sex", ["male", "female"])
def test_supplementary_table_4_of_score2(sex: str) -> None:
    found = [round(percent("score2", region, **smoker_of_50(sex, 6.3, 1.4))) for region in REGIONS]
    assert tuple(found) == TABLE_4[sex]


@pytest.mark.parametrize("row", YOUNGER)
def test_heartscore_under_50(row: tuple[str, str, int, int, int, float, float, int]) -> None:
    sex, region, age, smoker, sbp, total, hdl, expected = row
    found = percent("score2", region, age=age, sex=sex, smoker=smoker, sbp=sbp, total_cholesterol=total, hdl=hdl)
    assert round(found) == expected


@pytest.mark.parametrize("person", DIABETES)
def test_the_abstract_of_score2_diabetes(person: tuple[str, int, int, int]) -> None:
    sex, since, hba1c, egfr = person
    values: dict[str, Value] = {"age": 60, "sex": sex, "smoker": 0, "sbp": 140, "total_cholesterol": 5.5, "hdl": 1.3}
    values |= {"diabetes": 1, "diabetes_age": since, "hba1c": hba1c * 0.09148 + 2.152, "egfr": egfr}
    found = [percent("score2-diabetes", region, **values) for region in REGIONS]
    assert found == pytest.approx(DIABETES[person], abs=0.051)


@pytest.mark.parametrize(("sex", "expected"), [("male", 11.8), ("female", 9.2)])
def test_a_smoker_with_diabetes(sex: str, expected: float) -> None:
    """As MDCalc's SCORE2-Diabetes has it."""
    values: dict[str, Value] = {"age": 60, "sex": sex, "smoker": 1, "sbp": 140, "total_cholesterol": 5.5, "hdl": 1.3}
    values |= {"diabetes": 1, "diabetes_age": 60, "hba1c": 50 * 0.09148 + 2.152, "egfr": 90}
    assert percent("score2-diabetes", "low", **values) == pytest.approx(expected, abs=0.051)


@pytest.mark.parametrize("sex", ["male", "female"])
def test_the_abstract_of_asia_pacific(sex: str) -> None:
    found = [percent("score2-asia-pacific", region, **smoker_of_50(sex)) for region in REGIONS]
    assert found == pytest.approx(ASIA_PACIFIC[sex], abs=0.051)


@pytest.mark.parametrize(("region", "expected"), [("low", 7), ("very high", 14)])
def test_the_man_who_does_not_smoke_of_asia_pacific(region: str, expected: int) -> None:
    assert round(percent("score2-asia-pacific", region, **{**smoker_of_50("male"), "smoker": 0})) == expected


@pytest.mark.parametrize("row", OLDER)
def test_heartscore_of_older_persons(row: tuple[str, str, int, int, float, float, int]) -> None:
    sex, region, smoker, sbp, total, hdl, expected = row
    values: dict[str, Value] = {"age": 75, "sex": sex, "smoker": smoker, "sbp": sbp, "total_cholesterol": total}
    assert round(percent("score2-op", region, hdl=hdl, diabetes=0, **values)) == expected


def op_by_digits(values: dict[str, Value]) -> float:
    """SCORE2-OP written out with the unrounded digits of its authors."""
    weights, by_age, mean, rate, scales = OP_DIGITS[str(values["sex"])]
    numbers = [float(values[key]) for key in ("age", "diabetes", "smoker", "sbp", "total_cholesterol", "hdl")]
    z = [one - centre for one, centre in zip(numbers, (73, 0, 0, 150, 6, 1.4), strict=True)]
    predictor = sum(map(math.prod, zip(weights, z, strict=True))) - mean
    predictor += z[0] * sum(map(math.prod, zip(by_age, z[1:], strict=True)))
    first, second = scales[REGIONS.index(str(values["score2_region"]))]
    uncalibrated = 1 - (1 - rate) ** math.exp(predictor)
    return 1 - math.exp(-math.exp(first + second * math.log(-math.log(1 - uncalibrated))))


def test_the_printed_digits_of_older_persons_agree_with_those_of_the_authors_program() -> None:
    rng, equation = random.Random(75), BY_KEY["score2-op"]  # noqa: S311 - not for secrets
    people = [drawn(rng, equation) for _ in range(2_000)]
    gaps = [abs(risk_of(equation, one) - op_by_digits(one)) for one in people]
    assert sorted(gaps)[len(gaps) // 2] < 0.003
    assert max(gaps) < 0.02


@pytest.mark.parametrize("key", KEYS)
def test_a_person_at_the_centre_has_no_terms(key: str) -> None:
    """Nothing is added to the person at whom the paper centres, and its risk is the printed survival, recalibrated."""
    older = key == "score2-op"
    centre: dict[str, Value] = {"age": 73 if older else 60, "sbp": 150 if older else 120, "total_cholesterol": 6}
    centre |= {"hdl": 1.4 if older else 1.3, "smoker": 0, "diabetes": 0, "sex": "male", "diabetes_age": 50}
    centre |= {"hba1c": 31 * 0.09148 + 2.152, "egfr": math.exp(4.5)}
    assert all(abs(share) < 1e-12 for share in BY_KEY[key].terms(centre).values())


@pytest.mark.parametrize("key", KEYS)
def test_random_people_have_a_finite_risk_and_terms_for_all_that_is_used(key: str) -> None:
    rng, equation = random.Random(key), BY_KEY[key]  # noqa: S311 - not for secrets
    keys = {"age", *equation.uses} | ({"diabetes"} & set(equation.needs))
    for turn in range(ROUNDS):
        values = drawn(rng, equation, wide=turn % 2 == 1)
        terms = equation.terms(values)
        assert set(terms) == keys
        assert all(map(math.isfinite, terms.values()))
        assert 0 <= equation.risk(math.fsum(terms.values()), values) <= 1


@pytest.mark.parametrize("key", KEYS)
def test_risk_rises_with_pressure_and_cholesterol_and_falls_with_hdl(key: str) -> None:
    rng, equation = random.Random(key), BY_KEY[key]  # noqa: S311 - not for secrets
    steps = [*((one, FACTORS[one].high) for one in equation.rising), ("hdl", FACTORS["hdl"].high)]
    for _ in range(ROUNDS // 10):
        values = drawn(rng, equation)
        for name, end in steps:
            more = {**values, name: rng.uniform(float(values[name]), end)}
            first, second = risk_of(equation, values), risk_of(equation, more)
            assert (first >= second - 1e-12) if name == "hdl" else (second >= first - 1e-12)


@pytest.mark.parametrize("key", KEYS)
def test_who_smokes_has_the_higher_risk(key: str) -> None:
    """But for men over 87 in SCORE2-OP, where the paper's interaction with age has used the effect up."""
    rng, equation = random.Random(key), BY_KEY[key]  # noqa: S311 - not for secrets
    for _ in range(ROUNDS // 10):
        values = drawn(rng, equation)
        old_man = key == "score2-op" and values["sex"] == "male" and float(values["age"]) > 73 + 0.3524 / 0.0247
        smoking, not_smoking = (risk_of(equation, {**values, "smoker": one}) for one in (1.0, 0.0))
        assert (smoking <= not_smoking) if old_man else (smoking > not_smoking)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("sex", ["male", "female"])
def test_regions_are_in_order_for_the_people_of_the_papers(key: str, sex: str) -> None:
    values = {**smoker_of_50(sex), "diabetes": 0, "diabetes_age": 50, "hba1c": 6, "egfr": 90}
    values["age"] = 75 if key == "score2-op" else 55
    risks = [percent(key, region, **values) for region in REGIONS]
    assert risks == sorted(risks)
    assert len(set(risks)) == len(REGIONS)


def test_a_share_of_an_interaction_is_half() -> None:
    """At 40 years the interaction of age and smoking (-0.0755 in men) stands once: half with age, half with smoking."""
    terms = BY_KEY["score2"].terms({**smoker_of_50("male", 6.0, 1.3), "age": 40, "sbp": 120})
    assert terms["smoker"] == pytest.approx(0.6012 + 0.0755 * 4 / 2)
    assert terms["age"] == pytest.approx(-4 * 0.3742 + 0.0755 * 4 / 2)
    assert terms["sbp"] == 0


def test_diabetes_is_not_diagnosed_after_today() -> None:
    """An interval over an unknown age at diagnosis must not reach into the future."""
    values: dict[str, Value] = {**smoker_of_50("male"), "diabetes": 1, "hba1c": 7, "egfr": 90}
    later, now = (percent("score2-diabetes", "low", **values, diabetes_age=age) for age in (65, 50))
    assert later == now


@pytest.mark.parametrize(
    ("age", "risk", "expected"),
    [
        (49, 0.0249, "low to moderate"),
        (49, 0.025, "high"),
        (49, 0.075, "very high"),
        (50, 0.0499, "low to moderate"),
        (50, 0.05, "high"),
        (69, 0.10, "very high"),
        (70, 0.0749, "low to moderate"),
        (70, 0.075, "high"),
        (89, 0.15, "very high"),
    ],
)
def test_categories_of_the_esc_depend_on_age(age: int, risk: float, expected: str) -> None:
    assert band_of(risk, {"age": age}).en == expected


def test_a_category_without_an_age_is_refused() -> None:
    with pytest.raises(InputError, match="give the age"):
        band_of(0.05, {})


@pytest.mark.parametrize("equation", EQUATIONS, ids=KEYS)
def test_each_says_whom_it_is_for_in_both_languages(equation: Equation) -> None:
    for saying in (equation.name, equation.outcome, equation.population, *(name for _, name in equation.bands)):
        assert saying.en
        assert saying.zh
        assert saying.en != saying.zh
    assert {*equation.needs, *equation.uses, *equation.excludes, *equation.range, *equation.rising} <= set(FACTORS)
