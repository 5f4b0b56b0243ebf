"""Risk equations against what was printed: PREVENT, Pooled Cohort, Framingham and MESA, to the printed digit."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from suwen import datasets
from suwen.bench.risk_equation_cases import Case, printed_cases
from suwen.diagnosis.heart.equations import framingham, mesa, pooled_cohort, prevent
from suwen.diagnosis.heart.nouns import Equation, Value

GOLDEN = Path(__file__).parents[1] / "golden" / "heart" / "prevent.tsv"
EQUATIONS = {
    one.key: one for one in (*prevent.EQUATIONS, *pooled_cohort.EQUATIONS, *framingham.EQUATIONS, *mesa.EQUATIONS)
}
MGDL = 38.67
CASES = [*printed_cases()]


def risk(equation: Equation, values: dict[str, Value]) -> float:
    """In per cent."""
    return 100 * equation.risk(math.fsum(equation.terms(values).values()), values)


def named(case: Case) -> str:
    return f"{case.equation}-{case.values['sex']}-{case.said}"


@pytest.mark.parametrize("case", CASES, ids=named)
def test_printed_examples(case: Case) -> None:
    # The 2013 guideline computes with sums rounded to two decimals: 5.3 % printed, 5.38 % computed.
    room = 0.1 if case.equation.startswith("pooled") else 0.051 if case.equation.startswith("prevent") else 0.0051
    assert risk(EQUATIONS[case.equation], dict(case.values)) == pytest.approx(case.said, abs=room)


def test_every_model_of_prevent_has_a_printed_example() -> None:
    seen = {(case.equation, case.values["sex"]) for case in CASES if case.equation.startswith("prevent")}
    assert seen == {(one.key, sex) for one in prevent.EQUATIONS for sex in ("female", "male")}
    assert len(prevent.EQUATIONS) == 5 * 5 * 2


def test_prevent_to_the_printed_digit_of_another_program() -> None:
    lines = [line.split("\t") for line in GOLDEN.read_text("utf-8").splitlines() if not line.startswith("#")]
    header, rows = lines[0], lines[1:]
    assert len(rows) == 20
    for row in rows:
        given = dict(zip(header, row, strict=True))
        values: dict[str, Value] = {key: float(given[key]) for key in header[2:12]} | {"sex": given["sex"]}
        values |= {key: float(given[key]) / MGDL for key in ("total_cholesterol", "hdl")}
        for outcome in ("cvd", "ascvd", "hf"):
            made = risk(EQUATIONS[f"prevent-base-{outcome}-{given['years']}"], values)
            assert f"{made:.1f}" == given[outcome]


@pytest.mark.parametrize(
    ("sex", "race", "said"),
    [("male", "black", 7.95), ("female", "black", 5.08), ("female", "white", 2.76), ("male", "white", 7.01)],
)
def test_pooled_cohort_at_a_higher_pressure(sex: str, race: str, said: float) -> None:
    # The guideline's person with 140 mmHg, as CVrisk (R) computes it.
    person: dict[str, Value] = {"age": 55.0, "sex": sex, "race": race, "sbp": 140.0, "treated": 0.0, "smoker": 0.0}
    person |= {"diabetes": 0.0, "total_cholesterol": 213 / MGDL, "hdl": 50 / MGDL}
    assert risk(pooled_cohort.EQUATIONS[0], person) == pytest.approx(said, abs=0.0051)
    if race == "white":
        assert risk(pooled_cohort.EQUATIONS[0], person | {"race": "chinese"}) == risk(
            pooled_cohort.EQUATIONS[0], person
        )


def test_what_was_not_measured_has_its_own_coefficient_in_prevent() -> None:
    # Full model of a woman at the reference in all else: the paper's constant and its three "missing" coefficients.
    person: dict[str, Value] = {"age": 55.0, "sex": "female", "sbp": 130.0, "treated": 0.0, "egfr": 90.0, "smoker": 0.0}
    person |= {"diabetes": 0.0, "statin": 0.0, "total_cholesterol": 4.8 / 38.67 / 0.02586, "hdl": 1.3 / 38.67 / 0.02586}
    odds = -3.860385 + 0.1804508 + 0.0198413 - 0.0031658
    assert risk(EQUATIONS["prevent-full-cvd-10"], person) == pytest.approx(100 / (1 + math.exp(-odds)), abs=1e-9)


def table(name: str) -> list[dict[str, str]]:
    file = datasets.folder() / "heart/risk" / name
    if not file.is_file():
        pytest.skip("heart/risk is not in the data folder (SUWEN_DATA)")
    return [*csv.DictReader(file.read_text("utf-8").splitlines())]


@pytest.mark.parametrize("years", [10, 30])
@pytest.mark.parametrize("model", ["base", "uacr", "hba1c", "sdi", "full"])
def test_every_coefficient_of_prevent(model: str, years: int) -> None:
    rows = table(f"prevent_coef_{model}_{years}yr.csv")
    names = {"cvd": "total_cvd", "hf": "heart_failure"}
    for sex in ("female", "male"):
        for outcome in ("cvd", "ascvd", "hf", "chd", "stroke"):
            printed = [float(row[f"{sex}_{names.get(outcome, outcome)}"]) for row in rows]
            ours = prevent.coefficients(years, model, outcome, sex)
            assert [*ours.values()] == [one for one in printed if one]


def test_every_coefficient_of_the_cox_equations() -> None:
    for kind, ours in (("frs", framingham.LABORATORY), ("frs_simple", framingham.BMI)):
        for row in table(f"cvrisk_{kind}_coef.csv"):
            cox, printed = ours[row["gender"]], [float(one) for one in [*row.values()][1:]]
            # sorted: the table may name the treated and the untreated pressure in either order
            assert sorted(one.coefficient for one in cox.products) == sorted(printed[:-2])
            assert [cox.mean, cox.survival] == printed[-2:]
    for name, cox in (("mesa", mesa.WITHOUT_CALCIUM), ("mesa_cac", mesa.WITH_CALCIUM)):
        (row,) = table(f"cvrisk_{name}_coef.csv")
        assert [*(one.coefficient for one in cox.products), cox.survival] == [float(one) for one in row.values()]
    for row in table("cvrisk_ascvd_pooled_coef.csv"):
        cox = pooled_cohort.cohort(row["gender"], "black" if row["race"] == "aa" else "white")
        printed = [float(one) for one in [*row.values()][2:]]
        assert [one.coefficient for one in cox.products] == [one for one in printed[:-2] if one]
        assert [cox.mean, cox.survival] == printed[-2:]


@pytest.mark.parametrize("calcium", [1.0, 100.0, 3000.0])
def test_calcium_multiplies_the_hazard_by_its_printed_power(calcium: float) -> None:
    person: dict[str, Value] = {
        "age": 60.0,
        "sex": "female",
        "race": "chinese",
        "sbp": 130.0,
        "treated": 0.0,
        "cac": 0.0,
    }
    person |= {
        "smoker": 0.0,
        "diabetes": 0.0,
        "statin": 0.0,
        "family_history": 0.0,
        "total_cholesterol": 5.0,
        "hdl": 1.3,
    }
    without, with_it = (math.log1p(-risk(mesa.EQUATIONS[1], one) / 100) for one in (person, person | {"cac": calcium}))
    assert with_it / without == pytest.approx((calcium + 1) ** 0.2743)


@pytest.mark.parametrize("sex", ["female", "male"])
def test_treated_pressure_has_its_own_coefficient_in_framingham(sex: str) -> None:
    printed = {"female": (2.81291, 2.88267), "male": (1.85508, 1.92672)}[sex]
    person: dict[str, Value] = {"age": 50.0, "sex": sex, "sbp": 140.0, "bmi": 27.0, "smoker": 0.0, "diabetes": 0.0}
    untreated, treated = (
        math.log(-math.log1p(-risk(framingham.EQUATIONS[1], person | {"treated": one}) / 100)) for one in (0.0, 1.0)
    )
    assert treated - untreated == pytest.approx((printed[1] - printed[0]) * math.log(140))
