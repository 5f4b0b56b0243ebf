"""Proves what values mean: what decides in which order, units, molar masses, degrees, questions, and the table."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from itertools import pairwise

import pytest

from suwen.knowledge import Knowledge
from suwen.knowledge.ucum import is_ucum
from suwen.language.value_meaning import Level, Meaning, meaning
from suwen.language.value_table import Analyte, analytes, names, sources
from suwen.language.values import values
from suwen.subject import Sex


def told(text: str, sex: Sex = Sex.MALE, age: float | None = 40) -> Meaning:
    (value,) = values(text)
    return meaning(value, sex=sex, age_years=age)


def by_loinc(loinc: str) -> Analyte:
    return next(analyte for analyte in analytes() if analyte.code.value == f"LOINC:{loinc}")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ALP 320 U/L", "HP:0003155"),
        ("AST 120 U/L", "HP:0031956"),
        ("血糖 2.1 mmol/L", "HP:0001943"),
        ("血糖 12 mmol/L", "HP:0003074"),
        ("血钾 2.8 mmol/L", "HP:0002900"),
        ("SBP 140 mmHg", "HP:0004421"),
        ("DBP 90 mmHg", "HP:0005117"),
        ("T 37.5℃", "HP:0011134"),
        ("T 38.0℃", "HP:0001945"),
        ("T 41.2℃", "HP:0033031"),
        ("T 104 F", "HP:0001945"),
        ("CK 400 U/L", "HP:0003236"),
        ("CK 1300 U/L", "HP:0030234"),
        ("CK 16000 U/L", "HP:0030235"),
        ("CK 500 U/L (20-100)", "HP:0030234"),
        ("嗜酸性粒细胞计数 0.8×10^9/L", "HP:0001880"),
        ("嗜酸性粒细胞计数 1.5×10^9/L", "HP:0032061"),
        ("中性粒细胞 1.2×10^9/L", "HP:0001875"),
        ("ANC 300 /uL", "HP:0012234"),
        ("24小时尿蛋白 4.1g/24h", "HP:0012593"),
        ("BMI 31", "HP:0025499"),
        ("铜蓝蛋白 0.05 g/L", "HP:0010837"),
        ("尿蛋白(++)", "HP:0000093"),
        ("SpO2 88%", "HP:0012418"),
    ],
)
def test_abnormal_values_have_their_term(text: str, code: str) -> None:
    found = told(text)
    assert found.code is not None, found
    assert found.code.value == code
    assert found.question == ""
    assert found.reason
    assert found.reason_zh


@pytest.mark.parametrize(
    "text",
    ["T 36.8℃", "ALT 30 U/L", "SBP 139 mmHg", "HR 72 bpm", "WBC 9.5×10^9/L", "尿糖阴性", "BMI 24.9", "CRP <0.5 mg/L"],
)
def test_normal_values_have_none(text: str) -> None:
    found = told(text)
    assert (found.level, found.code, found.question) == (Level.NORMAL, None, "")


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("TSH 8 mIU/L", Level.UNKNOWN),  # no range that is certain
        ("血糖 8.0 mmol/L", Level.UNKNOWN),  # fasting or not is not said
        ("TC 5.8 mmol/L", Level.UNKNOWN),  # borderline
        ("尿蛋白(±)", Level.UNKNOWN),
        ("TSH 8 mIU/L (0.35-5.5)", Level.HIGH),
        ("TSH 8 mIU/L ↑", Level.HIGH),
        ("TSH <0.01 mIU/L (0.35-5.5)", Level.LOW),
        ("CRP >200 mg/L", Level.HIGH),
        ("CRP <50 mg/L", Level.UNKNOWN),  # may be anything below
        ("空腹血糖 6.1 mmol/L", Level.HIGH),
        ("ALT 45 U/L (0-40)", Level.HIGH),  # the note decides; the table has 9-50
    ],
)
def test_what_is_not_certain_stays_unknown(text: str, level: Level) -> None:
    assert told(text).level is level


@pytest.mark.parametrize(
    "text",
    [
        "T 385 ℃",
        "K 45",
        "血钾 45 mmol/L",
        "血糖 45",  # 45 mmol/L or 45 mg/dL
        "ALT 120 mg/dL",
        "ALT 20 U/L (0-40) ↑",
        "血钾 2.0 mmol/L ↑",  # high by the flag, low by every table
        "中性粒细胞 60",  # per cent or absolute
        "SpO2 120%",
    ],
)
def test_doubtful_values_are_asked_about_and_not_used(text: str) -> None:
    found = told(text)
    assert (found.level, found.code, found.value) == (Level.UNKNOWN, None, None)
    assert found.question
    assert found.question_zh


def test_a_bare_number_takes_the_only_unit_that_makes_sense() -> None:
    assert (told("Hb 8.5").value, told("Hb 85").value, told("Hb85g/L").value) == (85, 85, 85)
    assert told("Hb 85g").unit == "g/L"


# Hand-calculated: SI Units for Clinical Data, AMA Manual of Style, 11th edition (2020), table 18.5-1: glucose x 0.0555,
# creatinine x 88.4, bilirubin x 17.104, calcium x 0.25, BUN x 0.357, cholesterol x 0.0259, triglycerides x 0.0113,
# uric acid x 59.48, phosphate x 0.323, magnesium x 0.411, iron x 0.179, lactate x 0.111, copper x 0.157,
# free thyroxine x 12.87, cortisol x 27.59 (from nmol/L), vitamin D x 2.496 (from nmol/L), vitamin B12 x 0.738.
VECTORS = [
    ("14749-6", "100", "mg/dL", "5.55"),
    ("14682-9", "1.8", "mg/dL", "159.1"),
    ("14631-6", "2", "mg/dL", "34.21"),
    ("2000-8", "10", "mg/dL", "2.5"),
    ("14937-7", "20", "mg/dL", "7.14"),
    ("14647-2", "200", "mg/dL", "5.18"),
    ("14927-8", "150", "mg/dL", "1.695"),
    ("14933-6", "7", "mg/dL", "416.4"),
    ("14879-1", "3.5", "mg/dL", "1.13"),
    ("2601-3", "2", "mg/dL", "0.822"),
    ("14798-3", "100", "ug/dL", "17.9"),
    ("2524-7", "18", "mg/dL", "2.0"),
    ("5631-7", "15.7", "umol/L", "100"),
    ("14920-3", "1.2", "ng/dL", "15.44"),
    ("2143-6", "275.9", "nmol/L", "10"),
    ("1989-3", "50", "nmol/L", "20.03"),
    ("2132-9", "150", "pmol/L", "203.2"),
    ("4548-4", "48", "mmol/mol", "6.54"),  # IFCC master equation NGSP = 0.09148 x IFCC + 2.152 (Clin Chem 2004;50:166)
    ("8310-5", "101.3", "[degF]", "38.5"),
    ("8480-6", "20", "kPa", "150.0"),
    ("6690-2", "12500", "/uL", "12.5"),
    ("718-7", "8.5", "g/dL", "85"),
    ("2951-2", "140", "meq/L", "140"),
    ("2157-6", "5600", "U/L", "5600"),
]


@pytest.mark.parametrize(("loinc", "number", "unit", "expected"), VECTORS)
def test_conversions_agree_with_published_factors(loinc: str, number: str, unit: str, expected: str) -> None:
    found = by_loinc(loinc).in_unit(Decimal(number), unit)
    assert found is not None
    assert float(found) == pytest.approx(float(expected), rel=0.005)


@pytest.mark.parametrize(
    ("text", "sex", "age", "level"),
    [
        ("Hb 125 g/L", Sex.MALE, 40, Level.LOW),
        ("Hb 125 g/L", Sex.FEMALE, 40, Level.NORMAL),
        ("Hb 125 g/L", Sex.UNKNOWN, 40, Level.UNKNOWN),
        ("Hb 60 g/L", Sex.UNKNOWN, 40, Level.LOW),
        ("Hb 60 g/L", Sex.UNKNOWN, None, Level.LOW),
        ("ALP 300 U/L", Sex.MALE, 8, Level.NORMAL),
        ("ALP 300 U/L", Sex.MALE, 40, Level.HIGH),
        ("ALP 300 U/L", Sex.MALE, None, Level.UNKNOWN),
        ("HR 150 bpm", Sex.MALE, 0.5, Level.NORMAL),
        ("HR 150 bpm", Sex.MALE, 40, Level.HIGH),
        ("SBP 150 mmHg", Sex.MALE, 8, Level.UNKNOWN),
        ("SBP 150 mmHg", Sex.MALE, None, Level.UNKNOWN),
        ("CA125 90 U/mL", Sex.UNKNOWN, 50, Level.UNKNOWN),
        ("PSA 12 ng/mL", Sex.MALE, 70, Level.HIGH),
    ],
)
def test_ranges_follow_sex_and_age(text: str, sex: Sex, age: float | None, level: Level) -> None:
    assert told(text, sex, age).level is level


def test_the_table_holds_what_was_asked_for() -> None:
    assert len(analytes()) >= 120
    assert len({analyte.code.value for analyte in analytes()}) == len(analytes())
    shown = [name for analyte in analytes() for name in (analyte.names[0], analyte.names_zh[0])]
    assert all(name == name.strip("~!") for name in shown)


@pytest.mark.parametrize("analyte", analytes(), ids=lambda analyte: analyte.code.value)
def test_every_row_is_sound(analyte: Analyte, knowledge: Knowledge) -> None:
    ontology = knowledge.ontology
    for degree in (*analyte.high_codes, *analyte.low_codes):
        assert degree.code in ontology.number, f"{degree.code} of {analyte.code.label}"
        assert ontology.in_branch(ontology.number[degree.code])
    assert all(is_ucum(unit) and analyte.in_unit(Decimal(1), unit) for unit in (analyte.unit, *analyte.others))
    assert analyte.low < analyte.high
    assert analyte.code.value.removeprefix("LOINC:")[-1] == str(check_digit(analyte.code.value))
    for one in analyte.ranges:
        assert one.source in sources()
        ends = [end for end in (one.low, one.high, one.sure_high) if end is not None]
        assert ends
        assert ends == sorted(set(ends))
        assert all(analyte.low <= end <= analyte.high for end in ends)
        assert one.from_age < one.to_age


@pytest.mark.parametrize("analyte", analytes(), ids=lambda analyte: analyte.code.value)
@pytest.mark.parametrize("sex", [Sex.FEMALE, Sex.MALE])
def test_age_bands_neither_gape_nor_overlap(analyte: Analyte, sex: Sex) -> None:
    bands = sorted((one.from_age, one.to_age) for one in analyte.ranges if one.sex in {None, sex})
    assert all(before[1] == after[0] for before, after in pairwise(bands))


def test_sources_are_cited_in_both_languages_and_all_are_used() -> None:
    used = {one.source for analyte in analytes() for one in analyte.ranges}
    assert used == set(sources())
    assert all(english and chinese for english, chinese in sources().values())


def test_no_two_analytes_of_a_specimen_share_a_name_and_a_unit() -> None:
    meant: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for key, shared in names().items():
        for name in shared:
            meant[key, name.analyte.specimen, name.analyte.unit].add(name.analyte.code.value)
    assert {key: codes for key, codes in meant.items() if len(codes) > 1} == {}


def check_digit(code: str) -> int:
    """The check digit of a LOINC code (modulus 10, LOINC Users' Guide, appendix C)."""
    digits = [int(digit) for digit in reversed(code.removeprefix("LOINC:").split("-")[0])]
    doubled = [sum(divmod(digit * 2, 10)) if place % 2 == 0 else digit for place, digit in enumerate(digits)]
    return -sum(doubled) % 10
