"""Scores that count give the printed points and the printed risks; tables give every printed cell."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from suwen.diagnosis.heart.catalogue import equation
from suwen.diagnosis.heart.china_2019 import at_its_cuts, lipid_table, stratum_2019
from suwen.diagnosis.heart.equations.points import by_step, interpolated, shared_point
from suwen.diagnosis.heart.estimate import estimate, refusals
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.nouns import FactorKind, Person, Risk, Value
from suwen.subject import Saying


def scored(key: str, **values: Value) -> Risk:
    """The risk by `key`; of what is not named, yes-or-no factors are no, numbers and choices at their lowest."""
    made = equation(key)
    rest: dict[str, Value] = {}
    for one in (*made.needs, *made.uses):
        factor = FACTORS[one]
        rest[one] = (
            {FactorKind.YES_NO: 0.0, FactorKind.NUMBER: factor.low}.get(factor.kind)
            if not factor.choices
            else (factor.choices[0])
        )
    for one, (low, _) in made.range.items():
        if FACTORS[one].kind is not FactorKind.CHOICE:
            rest[one] = low
    return estimate(made, Person({**rest, **values}))


# Atrial fibrillation


@pytest.mark.parametrize(
    ("values", "points", "rate"),
    [
        ({"age": 64.0, "sex": "male"}, 0, 0.002),
        ({"age": 64.0, "sex": "female"}, 1, 0.006),
        ({"age": 65.0, "sex": "female"}, 2, 0.022),
        ({"age": 75.0, "sex": "male"}, 2, 0.022),
        ({"age": 76.0, "sex": "female", "hypertension": 1.0, "diabetes": 1.0, "stroke": 1.0}, 7, 0.112),
        ({"age": 60.0, "sex": "male", "heart_failure": 1.0, "vascular_disease": 1.0}, 2, 0.022),
        (
            {
                "age": 80.0,
                "sex": "female",
                **dict.fromkeys(("heart_failure", "hypertension", "diabetes", "stroke", "vascular_disease"), 1.0),
            },
            9,
            0.122,
        ),
    ],
)
def test_cha2ds2_vasc(values: dict[str, Value], points: int, rate: float) -> None:
    risk = scored("cha2ds2-vasc", **values)
    assert (risk.points, risk.value) == (points, rate)
    without = scored("cha2ds2-va", **values)
    assert without.points == points - (values["sex"] == "female")


def test_has_bled() -> None:
    assert scored("has-bled", age=65.0, sbp=160.0, creatinine=199.0).points == 0
    full = {"age": 66.0, "sbp": 161.0, "creatinine": 200.0}
    full |= dict.fromkeys(("liver_disease", "stroke", "bleeding", "labile_inr", "antiplatelet", "alcohol"), 1.0)
    assert scored("has-bled", **full).points == 9
    three = scored("has-bled", age=70.0, sbp=150.0, creatinine=90.0, bleeding=1.0, antiplatelet=1.0)
    assert (three.points, three.value) == (3, 0.0374)


# Acute coronary syndrome

_GRACE = {"age": 65.0, "heart_rate": 80.0, "sbp": 130.0, "creatinine": 88.4, "killip": "I"}


def test_grace_in_hospital() -> None:
    risk = scored("grace-hospital", **_GRACE)
    assert risk.points == 58 + 9 + 34 + 7
    assert risk.value == pytest.approx(0.0104, abs=0.0005)  # between 100 (0.8 %) and 110 (1.1 %)
    assert risk.band is not None
    assert risk.band.en == "low"
    worst = {"age": 92.0, "heart_rate": 210.0, "sbp": 70.0, "creatinine": 400.0, "killip": "IV"}
    worst |= dict.fromkeys(("cardiac_arrest", "st_changed", "raised_markers"), 1.0)
    assert scored("grace-hospital", **worst).points == 100 + 46 + 58 + 28 + 59 + 39 + 28 + 14
    assert scored("grace-hospital", **worst).value == pytest.approx(0.52)


def logistic(values: dict[str, Value]) -> float:
    """The regression of Granger 2003 itself (odds ratios 1.7 a decade, 2.0 a class, ...), as the registry prints it."""
    killip = FACTORS["killip"].choices.index(str(values["killip"])) + 1
    odds = -7.7035 + 0.0531 * float(values["age"]) + 0.0087 * float(values["heart_rate"])
    odds += -0.0168 * float(values["sbp"]) + 0.1823 * float(values["creatinine"]) / 88.4 + 0.6931 * killip
    odds += 1.4586 * float(values["cardiac_arrest"]) + 0.4700 * float(values["raised_markers"])
    odds += 0.8755 * float(values["st_changed"])
    return odds


def test_grace_points_follow_their_regression() -> None:
    rng, apart = random.Random(1), []  # noqa: S311 - reproducible cases
    for _ in range(500):
        values: dict[str, Value] = {"age": rng.uniform(40, 89), "heart_rate": rng.uniform(55, 150)}
        values |= {"sbp": rng.uniform(85, 190), "creatinine": rng.uniform(50, 250)}
        values |= {"killip": rng.choice(["I", "II", "III"]), "cardiac_arrest": float(rng.random() < 0.1)}
        values |= {one: float(rng.random() < 0.5) for one in ("st_changed", "raised_markers")}
        value = scored("grace-hospital", **values).value or 0.5
        apart.append(math.log(value / (1 - value)) - logistic(values))
    assert abs(sum(apart) / len(apart)) < 0.35  # mean difference of log odds
    assert sum(abs(one) < 0.8 for one in apart) > 475


def test_grace_to_six_months() -> None:
    marks = {"age": 75.0, "heart_rate": 70.0, "sbp": 200.0, "creatinine": 0.8 * 88.4, "killip": "II"}
    assert scored("grace-6-months", **marks).points == pytest.approx(73 + 0 + 0 + 6 + 15)
    risk = scored("grace-6-months", **{**marks, "age": 70.0, "creatinine": 88.4 * 0.6})
    assert risk.points == pytest.approx(63.5 + 4 + 15)
    for points, chance, band in (
        (88, 0.03, "low"),
        (97, 0.04, "intermediate"),
        (119, 0.08, "high"),
        (163, 0.3, "high"),
    ):
        made = equation("grace-6-months")
        assert made.risk(points, {}) == pytest.approx(chance)
        assert next(name for end, name in made.bands if chance < end).en == band


@pytest.mark.parametrize(
    ("points", "rate"), [(0, 0.047), (1, 0.047), (2, 0.083), (3, 0.132), (4, 0.199), (5, 0.262), (6, 0.409), (7, 0.409)]
)
def test_timi_of_unstable_angina(points: int, rate: float) -> None:
    there = ("st_changed", "raised_markers", "aspirin", "severe_angina", "known_stenosis")
    values: dict[str, Value] = dict.fromkeys(there[: min(points, 5)], 1.0)
    values["age"] = 65.0 if points >= 6 else 64.0
    coronary = ("hypertension", "diabetes", "smoker") if points == 7 else ("hypertension", "diabetes")
    risk = scored("timi-nstemi", **values, **dict.fromkeys(coronary, 1.0))
    assert risk.points == pytest.approx(points)
    assert risk.value == rate


def test_timi_of_st_elevation() -> None:
    well = {"age": 60.0, "sbp": 120.0, "heart_rate": 80.0, "weight": 80.0}
    assert scored("timi-stemi", **well).points == 0
    assert scored("timi-stemi", **well, diabetes=1.0, angina=1.0).points == 1
    worst = {"age": 75.0, "sbp": 99.0, "heart_rate": 101.0, "weight": 66.0, "killip": "II"}
    worst |= dict.fromkeys(("hypertension", "anterior_st", "late_treatment"), 1.0)
    assert (scored("timi-stemi", **worst).points, scored("timi-stemi", **worst).value) == (14, 0.359)


@pytest.mark.parametrize(
    ("values", "points", "rate"),
    [
        ({"age": 44.0, "bmi": 22.0}, 0, 0.017),
        ({"age": 45.0, "bmi": 31.0, "heart_history": "moderate"}, 3, 0.017),
        ({"age": 65.0, "bmi": 31.0, "smoker": 1.0, "diabetes": 1.0}, 4, 0.166),
        ({"age": 44.0, "bmi": 22.0, "vascular_disease": 1.0, "heart_troponin": "above 3 times"}, 4, 0.166),
        (
            {"age": 65.0, "bmi": 31.0, "vascular_disease": 1.0, "heart_history": "high", "heart_ecg": "st deviation"},
            8,
            0.501,
        ),
    ],
)
def test_heart(values: dict[str, Value], points: int, rate: float) -> None:
    risk = scored("heart", **values)
    assert risk.points == pytest.approx(points)
    assert risk.value == rate


# Stable chest pain

_PAINS = ("typical angina", "atypical angina", "non-anginal", "dyspnoea only")
_PRINTED = {  # ESC 2019, table 5, by age: typical M, W; atypical M, W; non-anginal M, W; dyspnoea M, W
    35: (3, 5, 4, 3, 1, 1, 0, 3),
    45: (22, 10, 10, 6, 3, 2, 12, 3),
    55: (32, 13, 17, 6, 11, 3, 20, 9),
    65: (44, 16, 26, 11, 22, 6, 27, 14),
    75: (52, 27, 34, 19, 24, 10, 32, 12),
}


def test_every_cell_of_the_esc_table() -> None:
    for age, row in _PRINTED.items():
        for (pain, sex), cell in zip(itertools.product(_PAINS, ("male", "female")), row, strict=True):
            for exact in (age - 5, age, age + 4.99):
                risk = scored("ptp-esc-2019", age=float(exact), sex=sex, chest_pain=pain)
                assert risk.value == pytest.approx(cell / 100, abs=1e-12)


def test_cells_of_diamond_and_forrester() -> None:
    cells = [("male", 35, 69.7, 21.8, 5.2), ("female", 35, 25.8, 4.2, 0.8), ("male", 65, 94.3, 67.1, 28.1)]
    for sex, age, *row in cells:
        for pain, cell in zip(_PAINS, row, strict=False):
            risk = scored("diamond-forrester-1979", age=float(age), sex=sex, chest_pain=pain)
            assert risk.value == pytest.approx(cell / 100)


def test_logistic_models_of_pain_by_hand() -> None:
    man = {"age": 60.0, "sex": "male", "chest_pain": "typical angina"}
    by_hand = {
        "diamond-forrester-2011": -4.37 + 2.40 + 1.34 + 1.91,
        "cad-consortium-basic": -6.917 + 3.78 + 1.358 + 1.975,
        "cad-consortium-clinical": -7.539 + 3.72 + 1.332 + 1.998 + 0.828 + 0.461 - 0.402,
        "rf-cl": -9.526 + 1.6128 + 5.064 + 2.7112 + 2.988 - 1.122 - 1.572 - 0.5598 - 0.4182,
    }
    for key, odds in by_hand.items():
        uses = {one: float(one in {"diabetes", "smoker"}) for one in equation(key).uses}
        assert scored(key, **man, **uses).value == pytest.approx(1 / (1 + math.exp(-odds)), abs=1e-9)


def test_dyspnoea_counts_as_atypical_in_rf_cl_and_not_at_all_elsewhere() -> None:
    same = {scored("rf-cl", age=60.0, sex="male", chest_pain=one).value for one in ("atypical angina", "dyspnoea only")}
    assert len(same) == 1
    person = Person({"age": 60.0, "sex": "male", "chest_pain": "dyspnoea only"})
    assert refusals(equation("cad-consortium-basic"), person)


@pytest.mark.parametrize(
    ("minutes", "st", "angina", "points", "died"),
    [(10, 0, "none", 10, 0.03), (5, 0, "none", 5, 0.03), (9, 1, "none", 4, 0.09), (7, 2, "limiting", -11, 0.28)],
)
def test_duke(minutes: float, st: float, angina: str, points: float, died: float) -> None:
    risk = scored("duke-treadmill", exercise_minutes=float(minutes), st_deviation=float(st), exercise_angina=angina)
    assert (risk.points, risk.value) == (points, died)


# The Chinese guidelines

_WELL: dict[str, Value] = {"age": 50.0, "sex": "male", "smoker": 0.0, "hdl": 1.3, "hypertension": 0.0, "diabetes": 0.0}


@pytest.mark.parametrize(
    ("values", "band"),
    [
        ({"ldl": 4.9}, "high risk"),
        ({"total_cholesterol": 7.2}, "high risk"),
        ({"diabetes": 1.0, "age": 40.0}, "high risk"),
        ({"cvd": 1.0}, "very high risk (atherosclerotic disease known)"),
    ],
)
def test_high_at_once(values: dict[str, Value], band: str) -> None:
    stratum = lipid_table(Person({**_WELL, **values}))
    assert stratum.band is not None
    assert stratum.band.en == band


def test_the_guideline_of_2019_goes_by_china_par_alone() -> None:
    """Its cuts and its path; who has the disease is not assessed."""
    rest = {"sbp": 120.0, "treated": 0.0, "total_cholesterol": 7.5, "waist": 80.0, "family_history": 0.0}
    person = Person({**_WELL, **rest, "north": 0.0, "urban": 1.0, "cvd": 0.0})
    found = stratum_2019(person)
    assert found.band is not None
    assert found.band.en == "low risk"
    assert [one.answer.en for one in found.path if one.answer][:3] == ["no", "2.3%: low risk", "yes"]
    ill = stratum_2019(person.with_values(cvd=1.0))
    assert ill.band is not None
    assert "not assessed" in ill.band.en
    assert [one.answer is None for one in ill.path] == [False, True, True, True]
    old = stratum_2019(person.with_values(age=70.0))
    assert [one.answer is None for one in old.path] == [False, False, False, True]
    assert all(step.asks.zh != step.asks.en for step in old.path)


def test_the_lipid_table_says_what_it_rests_on() -> None:
    table = lipid_table(
        Person({**_WELL, "ldl": 3.6, "total_cholesterol": 4.0, "age": 60.0, "smoker": 1.0, "egfr": 50.0})
    )
    assert table.unverified is not None
    assert "not verified" in table.unverified.en
    said = " ".join(one.en for one in table.reasons)
    assert "different columns" in said
    assert "three months" in said
    unknown = Person({key: value for key, value in {**_WELL, "ldl": 3.0}.items() if key != "diabetes"})
    assert any("diabetes, not stated" in one.en for one in lipid_table(unknown).reasons)
    assert lipid_table(Person({"age": 50.0, "sex": "male"})).reasons[0].zh.startswith("缺少：高密度")


def test_stratum_by_china_par() -> None:
    rest = {"sbp": 120.0, "treated": 0.0, "total_cholesterol": 4.5, "waist": 80.0, "family_history": 0.0, "urban": 1.0}
    low = Person({**_WELL, **rest, "north": 0.0})
    found = stratum_2019(low)
    assert found.band is not None
    assert found.band.en == "low risk"
    assert found.lifetime is not None
    high = stratum_2019(low.with_values(sbp=175.0, smoker=1.0, north=1.0, age=59.0))
    assert high.band is not None
    assert (high.band.en, high.lifetime) == ("high risk", None)
    assert stratum_2019(Person({"age": 50.0, "sex": "male"})).band is None


def test_other_equations_at_the_cuts_of_the_guideline() -> None:
    word = Saying("x", "x")
    made = [Risk("prevent-base-cvd-10", word, 10, None, low, high) for low, high in ((0.01, 0.049), (0.049, 0.05))]
    assert [at_its_cuts([one])["prevent-base-cvd-10"] for one in made] == [Saying("low risk", "低危"), None]
    assert not at_its_cuts([Risk("prevent-base-hf-10", word, 10, 0.2, 0.2, 0.2)])
    assert not at_its_cuts([Risk("prevent-base-cvd-30", word, 30, 0.2, 0.2, 0.2)])


@pytest.mark.parametrize(
    ("hypertension", "count", "row"),
    [
        (0.0, 1, "lll"),
        (0.0, 2, "llm"),
        (0.0, 3, "lmm"),
        (1.0, 0, "lll"),
        (1.0, 1, "lmm"),
        (1.0, 2, "mhh"),
        (1.0, 3, "hhh"),
    ],
)
def test_every_cell_of_the_lipid_table(hypertension: float, count: int, row: str) -> None:
    risks = {"smoker": float(count > 0), "hdl": 0.9 if count > 1 else 1.3, "age": 60.0 if count > 2 else 40.0}
    for ldl, letter in zip((1.9, 2.6, 3.4), row, strict=True):
        stratum = lipid_table(Person({**_WELL, **risks, "hypertension": hypertension, "ldl": ldl}))
        assert stratum.band is not None
        assert stratum.band.en[0] == letter


# How points are made


def test_a_shared_point_is_shared_by_those_who_make_it() -> None:
    assert shared_point({"a": True, "b": True, "c": False}, 2, 1.0) == {"a": 0.5, "b": 0.5, "c": 0.0}
    assert shared_point({"a": True, "b": False}, 2, 1.0) == {"a": 0.0, "b": 0.0}
    assert shared_point({"a": False}, 0, 1.0) == {"a": 0.0}


def test_steps_and_nomograms() -> None:
    assert [by_step(one, (65, 75), (0, 1, 2)) for one in (64.9, 65, 74.9, 75)] == [0, 1, 1, 2]
    risk = interpolated([(0, 0.1), (10, 0.2), (20, 0.5)])
    assert [risk(one, {}) for one in (-5, 0, 10, 20, 99)] == pytest.approx([0.1, 0.1, 0.2, 0.5, 0.5])
    assert 0.2 < risk(15, {}) < 0.5
