"""QRISK3 gives the official figures on every row, the figures of a second reading everywhere else, and its notice."""

from __future__ import annotations

import csv
import math
import random

import pytest

from suwen import datasets
from suwen.diagnosis.heart.equations.qrisk3 import EQUATIONS
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.nouns import FactorKind, Value

QRISK3 = EQUATIONS[0]
ROUNDS = 10_000
SMOKING = FACTORS["smoking"].choices
ETHNICITY = FACTORS["ethnicity"].choices
# Columns of the official rows that are yes or no, by our key.
YES_NO = {
    "atrial_fibrillation": "b_AF",
    "antipsychotic": "b_atypicalantipsy",
    "steroids": "b_corticosteroids",
    "erectile_dysfunction": "b_impotence2",
    "migraine": "b_migraine",
    "rheumatoid_arthritis": "b_ra",
    "kidney_disease": "b_renal",
    "severe_mental_illness": "b_semi",
    "lupus": "b_sle",
    "treated": "b_treatedhyp",
    "family_history": "fh_cvd",
}
# Another reading of ClinRisk's C program (the Python package cvd-risk 0.1.48, its categories set right) for the people
# of `people(2017)`, in percent: all ages, both sexes, every diagnosis, choice and interaction.
SECOND = (
    13.4211, 17.5645, 61.3692, 67.4653, 7.5454, 51.7115, 53.9499, 98.7505, 44.4605, 21.3450,
    31.3542, 2.7218, 1.7494, 99.4391, 24.0909, 39.9480, 2.4155, 60.4521, 33.1584, 28.8638,
    14.1520, 59.1127, 15.1083, 12.9885, 21.4052, 32.5234, 38.1136, 22.3254, 64.2528, 14.5899,
    8.5176, 11.6342, 8.3429, 11.3131, 41.9298, 63.5531, 33.3810, 4.6961, 1.5763, 38.4128,
    55.6810, 6.7266, 1.5390, 8.9924, 32.7475, 14.2916, 4.5774, 16.6119, 17.1874, 16.2007,
    42.0537, 4.2166, 18.0769, 6.0626, 85.7040, 46.6593, 50.3383, 2.8960, 20.4659, 35.5291,
    93.7168, 1.4594, 10.6889, 12.8640, 0.9717, 5.7202, 48.9402, 53.6546, 53.9941, 29.2982,
    5.8460, 6.5453, 11.0669, 45.8392, 16.1262, 8.7534, 27.9478, 34.6397, 24.6767, 32.8333,
    41.2457, 11.6840, 43.5152, 77.4619, 19.1910, 67.2068, 35.7756, 12.1349, 2.9514, 43.4532,
    14.1874, 0.5962, 55.6262, 60.3130, 34.4784, 82.8243, 11.9629, 15.9081, 14.2254, 15.2509,
    27.9528, 0.8691, 20.2906, 3.3170, 39.8141, 0.4260, 3.7404, 45.8145, 74.3906, 24.7490,
    35.5613, 0.1700, 0.3528, 8.4471, 9.2372, 86.6105, 1.2525, 12.2393, 8.3897, 29.3133,
)  # fmt: skip


def percent(values: dict[str, Value]) -> float:
    """Risk in percent, unrounded."""
    return 100 * QRISK3.risk(math.fsum(QRISK3.terms(values).values()), values)


def of_row(row: dict[str, str]) -> dict[str, Value]:
    """A person of the official rows, whose ethnicity and smoking count from 1."""
    values: dict[str, Value] = {key: float(row[column]) for key, column in YES_NO.items()}
    values |= {"age": float(row["age"]), "sex": "female" if float(row["gender"]) == 1 else "male"}
    values["diabetes_type"] = "type 1" if float(row["b_type1"]) else "type 2" if float(row["b_type2"]) else "none"
    values |= {"smoking": SMOKING[int(row["smoke_cat"]) - 1], "ethnicity": ETHNICITY[int(row["ethrisk"]) - 1]}
    values |= {"bmi": float(row["weight"]) / (float(row["height"]) / 100) ** 2, "townsend": float(row["town"])}
    return values | {"cholesterol_ratio": float(row["rati"]), "sbp": float(row["sbp"]), "sbp_sd": float(row["sbps5"])}


def people(seed: int, count: int = 120) -> list[dict[str, Value]]:
    """Random people within the range of the calculator, with diagnoses more often than in life."""
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    return [drawn(rng) for _ in range(count)]


def drawn(rng: random.Random) -> dict[str, Value]:
    values: dict[str, Value] = {"age": float(rng.randint(25, 84)), "sex": ("female", "male")[rng.randrange(2)]}
    for key in sorted(YES_NO):
        values[key] = float(rng.random() < 0.15)
    for key in ("diabetes_type", "smoking", "ethnicity"):
        values[key] = FACTORS[key].choices[rng.randrange(len(FACTORS[key].choices))]
    for key, low, high in (("bmi", 20, 40), ("total_cholesterol", 3, 8), ("hdl", 0.8, 2.5), ("sbp", 80, 200)):
        values[key] = low + (high - low) * rng.random()
    return values | {"sbp_sd": 1 + 24 * rng.random(), "townsend": -6 + 15 * rng.random()}


def test_every_official_row() -> None:
    table = datasets.folder() / "heart" / "risk" / "qrisk3_2017.csv"
    if not table.exists():
        pytest.skip("the official outputs of QRISK3 are not here")
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 48
    wrong = [row["ID"] for row in rows if round(percent(of_row(row)), 1) != float(row["QRISK_C_algorithm_score"])]
    assert wrong == []


def test_second_reading_of_the_program() -> None:
    assert [percent(one) for one in people(2017)] == pytest.approx(SECOND, abs=2e-4)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, 17.2),
        ({"townsend": 1}, 17.9),
        ({"cholesterol_ratio": 10}, 37.8),
        ({"sex": "male"}, 27.1),
        ({"sex": "male", "diabetes_type": "type 1"}, 55.2),
        ({"sex": "male", "smoking": "light"}, 36.0),
    ],
)
def test_some_official_figures(changed: dict[str, Value], expected: float) -> None:
    """Of the 2017 and 2019 rows that come with the R package QRISK3: an Indian woman of 64 who never smoked."""
    values: dict[str, Value] = dict.fromkeys(YES_NO, 0.0)
    values |= {"age": 64, "sex": "female", "bmi": 80 / 1.78**2, "cholesterol_ratio": 4, "sbp": 180, "sbp_sd": 20}
    values |= {"smoking": "never", "diabetes_type": "none", "ethnicity": "indian", "townsend": 0}
    assert round(percent(values | changed), 1) == expected


def test_random_people_have_a_finite_risk_and_terms_for_all_that_is_used() -> None:
    rng = random.Random(3)  # noqa: S311 - not for secrets
    for _ in range(ROUNDS):
        values = drawn(rng)
        terms = QRISK3.terms(values)
        left_out = {"erectile_dysfunction"} if values["sex"] == "female" else set()
        assert set(terms) == {"age", *QRISK3.uses} - left_out
        assert all(map(math.isfinite, terms.values()))
        assert 0 <= QRISK3.risk(math.fsum(terms.values()), values) <= 1


def test_the_widest_plausible_values_give_a_risk_too() -> None:
    rng = random.Random(4)  # noqa: S311 - not for secrets
    for _ in range(ROUNDS // 10):
        values = drawn(rng) | {"age": rng.uniform(25, 84)}
        for key in (*QRISK3.uses, "total_cholesterol", "hdl"):
            factor = FACTORS[key]
            if factor.kind is FactorKind.NUMBER:
                values[key] = rng.uniform(factor.low, factor.high)
        assert 0 <= percent(values) <= 100


def test_risk_rises_with_pressure_its_spread_and_the_cholesterol_ratio() -> None:
    rng = random.Random(5)  # noqa: S311 - not for secrets
    for _ in range(ROUNDS // 10):
        values = drawn(rng) | {"cholesterol_ratio": rng.uniform(1, 12)}
        for key in QRISK3.rising:
            more = values | {key: rng.uniform(float(values[key]), FACTORS[key].high)}
            assert percent(more) >= percent(values) - 1e-12


@pytest.mark.parametrize("key", ["rheumatoid_arthritis", "severe_mental_illness", "antipsychotic"])
def test_a_diagnosis_without_interaction_adds_to_its_own_term_only(key: str) -> None:
    for values in people(6):
        without, with_it = (QRISK3.terms(values | {key: one}) for one in (0.0, 1.0))
        assert with_it[key] > without[key] == 0
        assert {**with_it, key: 0.0} == without


@pytest.mark.parametrize("key", ["atrial_fibrillation", "treated", "family_history", "kidney_disease", "migraine"])
def test_an_interaction_with_age_is_shared_equally(key: str) -> None:
    """What a diagnosis adds to the term of age is half of what it adds beyond its own weight."""
    at_64 = {**people(7, 1)[0], "age": 64.0}
    for values in (at_64, at_64 | {"sex": "male"}, at_64 | {"age": 30.0}):
        without, with_it = (QRISK3.terms(values | {key: one}) for one in (0.0, 1.0))
        to_age = with_it["age"] - without["age"]
        older = values | {"age": float(values["age"]) + 1}
        later = QRISK3.terms(older | {key: 1.0})["age"] - QRISK3.terms(older | {key: 0.0})["age"]
        own = with_it[key] - QRISK3.terms(older | {key: 1.0})[key]
        assert to_age - later == pytest.approx(own, abs=1e-12)
        assert to_age != 0


def test_whoever_smokes_is_worse_off_than_who_never_did_and_most_of_all_who_smokes_most_up_to_70() -> None:
    for values in people(8, 400):
        never, light, moderate, heavy = (percent(values | {"smoking": one}) for one in SMOKING if one != "former")
        assert never < min(light, moderate, heavy)
        assert heavy == max(light, moderate, heavy) or float(values["age"]) > 70


def test_the_ratio_comes_from_both_cholesterols_when_it_is_not_given() -> None:
    values = people(9, 1)[0] | {"total_cholesterol": 6.0, "hdl": 1.5}
    assert percent(values) == percent(values | {"cholesterol_ratio": 4.0})
    assert percent(values | {"cholesterol_ratio": 5.0}) > percent(values)


@pytest.mark.parametrize(("key", "beyond", "end"), [("bmi", 55, 40), ("bmi", 17, 20), ("hdl", 0.2, 6 / 12)])
def test_what_lies_beyond_the_calculator_counts_as_its_end(key: str, beyond: float, end: float) -> None:
    values = people(10, 1)[0] | {"total_cholesterol": 6.0}
    assert percent(values | {key: beyond}) == percent(values | {key: end})


def test_erectile_dysfunction_counts_in_men_only() -> None:
    values = people(11, 1)[0] | {"age": 45.0}
    for sex, differs in (("male", True), ("female", False)):
        with_it, without = (percent(values | {"sex": sex, "erectile_dysfunction": one}) for one in (1.0, 0.0))
        assert (with_it > without) is differs


def test_the_notice_of_clinrisk_is_there_in_both_languages() -> None:
    notice = QRISK3.notice
    assert notice is not None
    for part in ("https://qrisk.org", "ClinRisk", "QRISK3-2017"):
        assert part in notice.en
        assert part in notice.zh
    assert "Inaccurate implementations of risk scores can lead to wrong patients being given the wrong treatment" in (
        notice.en
    )
    assert "we cannot prevent" in notice.en
    assert "responsibility of the end user" in notice.en


def test_it_says_whom_it_is_for_in_both_languages() -> None:
    for saying in (QRISK3.name, QRISK3.outcome, QRISK3.population, *(name for _, name in QRISK3.bands)):
        assert saying.en
        assert saying.zh
        assert saying.en != saying.zh
    assert {*QRISK3.needs, *QRISK3.uses, *QRISK3.excludes, *QRISK3.range, *QRISK3.rising} <= set(FACTORS)
