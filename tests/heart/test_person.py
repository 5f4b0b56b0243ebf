"""People are read as clinicians write them: units converted, mistaken units caught, every problem told at once."""

from __future__ import annotations

import pytest

from suwen.diagnosis.heart.derived import egfr_2021, with_changes
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.nouns import FactorKind, Person
from suwen.diagnosis.heart.person import read_inputs, read_person
from suwen.diagnosis.heart.words import CHOICE_NAMES, key_of
from suwen.errors import InputError


def problems(**values: str | float) -> dict[str, str]:
    with pytest.raises(InputError) as caught:
        read_person(values)
    return {one.where: f"{one.what} ({one.remedy})" for one in caught.value.problems}


@pytest.mark.parametrize(
    ("key", "written", "value"),
    [
        ("age", "62岁", 62),
        ("age", "62 years", 62),
        ("age", "６２", 62),
        ("sbp", "130", 130),
        ("sbp", "130/85 mmHg", 130),
        ("sbp", "16 kPa", 120.01),
        ("sbp", "130毫米汞柱", 130),
        ("total_cholesterol", "5.2 mmol/L", 5.2),
        ("total_cholesterol", "200 mg/dL", 200 / 38.67),
        ("total_cholesterol", "200mg/dl", 200 / 38.67),
        ("hdl", "1.2毫摩尔/升", 1.2),
        ("hba1c", "7.0％", 7.0),
        ("hba1c", "53 mmol/mol", 7.0),
        ("creatinine", "1.0 mg/dL", 88.4),
        ("creatinine", "88.4 µmol/L", 88.4),
        ("creatinine", "88.4 μmol/L", 88.4),
        ("uacr", "3 mg/mmol", 26.52),
        ("uacr", "30 mg/g", 30),
        ("egfr", "90 mL/min/1.73m²", 90),
        ("egfr", "90 mL/min/{1.73_m2}", 90),
        ("height", "1.75 m", 175),
        ("weight", "130斤", 65),
        ("weight", "150 lb", 68.04),
        ("waist", "90厘米", 90),
        ("heart_rate", "72次/分", 72),
        ("st_deviation", "0.2 mV", 2),
    ],
)
def test_numbers_with_units(key: str, written: str, value: float) -> None:
    assert read_person({key: written}).values[key] == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize(
    ("written", "value"),
    [(True, 1.0), (False, 0.0), ("yes", 1.0), ("否", 0.0), ("是", 1.0), ("无", 0.0), (1, 1.0), ("Y", 1.0)],
)
def test_yes_and_no(written: str | float, value: float) -> None:
    assert read_person({"statin": written}).values["statin"] == value


@pytest.mark.parametrize(
    ("key", "written", "choice"),
    [
        ("sex", "女", "female"),
        ("sex", "M", "male"),
        ("smoking", "从不", "never"),
        ("smoking", "no", "never"),
        ("diabetes_type", "2型", "type 2"),
        ("diabetes_type", "no", "none"),
        ("chest_pain", "不典型", "atypical angina"),
        ("killip", "II级", "II"),
        ("killip", "3", "III"),
    ],
)
def test_choices_in_both_languages(key: str, written: str, choice: str) -> None:
    assert read_person({key: written}).values[key] == choice


@pytest.mark.parametrize(
    ("key", "written", "meant"),
    [
        ("total_cholesterol", 200, "mg/dL"),
        ("total_cholesterol", "200 mmol/L", "mg/dL"),
        ("total_cholesterol", "5.2 mg/dL", "mmol/L"),
        ("ldl", "5.2 mg/dL", "mmol/L"),
        ("hdl", 45, "mg/dL"),
        ("ldl", 130, "mg/dL"),
        ("hba1c", 53, "mmol/mol"),
        ("hba1c", "7 mmol/mol", "%"),
        ("creatinine", 1.0, "mg/dL"),
        ("creatinine", "90 mg/dL", "µmol/L"),
        ("uacr", 3, "mg/mmol"),
        ("sbp", 16, "kPa"),
        ("height", 1.75, "m"),
        ("height", "175 m", "cm"),
        ("weight", 150, "lb"),
        ("waist", 40, "inches"),
    ],
)
def test_a_mistaken_unit_is_caught_and_the_right_one_named(key: str, written: str | float, meant: str) -> None:
    assert meant in problems(**{key: written})[key].partition("(")[2]


@pytest.mark.parametrize("key", [key for key, one in FACTORS.items() if one.kind is FactorKind.NUMBER])
def test_outside_of_what_can_be_is_refused_with_the_range(key: str) -> None:
    factor = FACTORS[key]
    unit = f" {factor.unit}" if factor.unit != "1" else ""
    for outside in (factor.low - 1 - abs(factor.low), factor.high * 2 + 1):
        assert f"{factor.low:g} to {factor.high:g}" in problems(**{key: f"{outside}{unit}"})[key]
    for inside in (factor.low, factor.high):
        assert read_person({key: f"{inside}{unit}"}).values[key] == inside


def test_every_usual_value_can_be_written_without_its_unit() -> None:
    for key, factor in FACTORS.items():
        if factor.kind is FactorKind.NUMBER and key != "uacr":
            for value in factor.unknown:
                assert read_person({key: value}).values[key] == value


def test_all_problems_are_told_at_once_and_without_the_values() -> None:
    with pytest.raises(InputError) as caught:
        read_person({"age": 140, "sex": "x", "sbp": "high", "hdl": "1 parsec", "stattin": "yes", "statin": "maybe"})
    told = {one.where for one in caught.value.problems}
    assert told == {"age", "sex", "sbp", "hdl", "stattin", "statin"}
    assert "did you mean statin?" in str(caught.value)
    assert "140" not in str(caught.value)


def test_what_is_unknown_stays_out() -> None:
    assert not read_person({"statin": "unknown", "hdl": "不详", "ldl": ""}).values


def test_names_in_chinese_and_a_name_twice() -> None:
    read = read_person({"年龄": "62", "性别": "女", "收缩压": "140", "房颤": "否"}).values
    assert read == {"age": 62, "sex": "female", "sbp": 140, "atrial_fibrillation": 0.0}
    assert "twice" in problems(sbp=140, 收缩压=140)["sbp"]


def test_every_factor_and_choice_has_names() -> None:
    assert all(key_of(key) == key for key in FACTORS)
    assert all(key_of(one.name.zh) for one in FACTORS.values())
    assert {choice for one in FACTORS.values() for choice in one.choices} <= set(CHOICE_NAMES)


def test_what_follows_is_derived_and_said() -> None:
    read = read_inputs(
        {
            "age": 50,
            "sex": "male",
            "height": 170,
            "weight": 65,
            "total_cholesterol": 5.0,
            "hdl": 1.25,
            "creatinine": 88.4,
        }
    )
    assert read.person.values["bmi"] == pytest.approx(22.49, abs=0.01)
    assert read.person.values["cholesterol_ratio"] == 4.0
    assert len(read.derived) == 3
    assert any("CKD-EPI 2021" in one.en and "CKD-EPI 2021" in one.zh for one in read.derived)


@pytest.mark.parametrize(("sex", "egfr"), [("male", 92), ("female", 69)])
def test_egfr_is_that_of_the_published_calculator(sex: str, egfr: int) -> None:
    assert round(egfr_2021(88.4, 50, sex)) == egfr  # 1.0 mg/dL at 50 years


def test_what_contradicts_is_refused() -> None:
    assert "height and weight" in problems(height=170, weight=65, bmi=30)["bmi"]
    assert "smoking" in problems(smoking="never", smoker="yes")["smoker"]


def test_a_change_takes_along_what_follows_from_it() -> None:
    person = read_person({"total_cholesterol": 6.0, "hdl": 1.0, "ldl": 4.0, "smoking": "heavy"})
    changed, said = with_changes(person, {"ldl": 2.0, "smoker": 0.0})
    assert changed.values["total_cholesterol"] == 4.0
    assert changed.values["cholesterol_ratio"] == 4.0
    assert changed.values["smoking"] == "former"
    assert len(said) == 3
    assert with_changes(Person({"ldl": 4.0}), {"ldl": 2.0})[0].values == {"ldl": 2.0}
