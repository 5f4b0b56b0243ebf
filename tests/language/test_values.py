"""Proves that measured values are read as clinicians write them, in both languages, and that doses are not read."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.language.units import read_unit
from suwen.language.value_grammar import fold
from suwen.language.values import Value, values

# Text, then for each value: LOINC, number, UCUM unit.
PLAIN = [
    ("T 38.5℃", [("8310-5", "38.5", "Cel")]),
    ("T38.5", [("8310-5", "38.5", "")]),
    ("发热，最高39.2℃", [("8310-5", "39.2", "Cel")]),
    ("Temp 101.3 F", [("8310-5", "101.3", "[degF]")]),
    ("P 88次/分", [("8867-4", "88", "/min")]),
    ("heart rate of 120 bpm", [("8867-4", "120", "/min")]),
    ("T36.5℃P80次/分R20次/分", [("8310-5", "36.5", "Cel"), ("8867-4", "80", "/min"), ("9279-1", "20", "/min")]),
    ("SpO2 92% on RA", [("59408-5", "92", "%")]),
    ("WBC 12.5×10^9/L", [("6690-2", "12.5", "10*9/L")]),
    ("白细胞计数为12.5×10⁹/L", [("6690-2", "12.5", "10*9/L")]),
    ("WBC 15.2 x10^3/uL", [("6690-2", "15.2", "10*3/uL")]),
    ("PLT 1.2*10e9/L", [("777-3", "1.2", "10*9/L")]),
    ("血小板计数（PLT）：32×10⁹／Ｌ", [("777-3", "32", "10*9/L")]),
    ("platelets were 45,000/uL", [("777-3", "45000", "/uL")]),
    ("CK 5,600 IU/L", [("2157-6", "5600", "U/L")]),
    ("ALT 120U", [("1742-6", "120", "U/L")]),
    ("谷丙转氨酶(ALT)升高，120U/L", [("1742-6", "120", "U/L")]),
    ("HbA1c：8.2%", [("4548-4", "8.2", "%")]),
    ("TSH 12.5 μIU/mL", [("3016-3", "12.5", "u[IU]/mL")]),
    ("RF 55 U/mL", [("11572-5", "55", "[IU]/mL")]),
    ("eGFR 45 mL/min/1.73m²", [("33914-3", "45", "mL/min/{1.73_m2}")]),
    ("BE -5.2mmol/L", [("1925-7", "-5.2", "mmol/L")]),
    ("K2.8", [("2823-3", "2.8", "")]),
    ("24小时尿蛋白 3.8g/24h", [("2889-4", "3.8", "g/d")]),
    ("尿蛋白(++)", [("20454-5", "2", "{plus}")]),
    ("urine protein 3+, urine glucose negative", [("20454-5", "3", "{plus}"), ("25428-4", "0", "{plus}")]),
    ("尿糖（±）", [("25428-4", "0.5", "{plus}")]),
    ("体温波动于38.5-39.2℃", [("8310-5", "38.5", "Cel"), ("8310-5", "39.2", "Cel")]),
    ("血红蛋白由120g/L降至85g/L", [("718-7", "120", "g/L"), ("718-7", "85", "g/L")]),
    ("Na 128, K 2.8, Cl 95", [("2951-2", "128", ""), ("2823-3", "2.8", ""), ("2075-0", "95", "")]),
    ("N 80.2%，L 12%", [("770-8", "80.2", "%"), ("736-9", "12", "%")]),
    ("中性粒细胞 0.3×10^9/L", [("751-8", "0.3", "10*9/L")]),
]


def short(found: list[Value]) -> list[tuple[str, str, str]]:
    return [(value.analyte.code.value.removeprefix("LOINC:"), str(value.value), value.unit) for value in found]


@pytest.mark.parametrize(("text", "expected"), PLAIN)
def test_it_reads_what_clinicians_write(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert short(values(text)) == expected


@pytest.mark.parametrize("text", ["BP 160/95mmHg", "血压160/95 mmHg", "BP：160/95", "Blood pressure was 160/95 mm Hg"])
def test_a_blood_pressure_is_two_values(text: str) -> None:
    assert [(code, number) for code, number, _ in short(values(text))] == [("8480-6", "160"), ("8462-4", "95")]


def test_a_blood_pressure_that_varied_is_four() -> None:
    assert [number for _, number, _ in short(values("血压波动于140-160/90-100mmHg"))] == ["140", "160", "90", "100"]


@pytest.mark.parametrize(
    "text",
    [
        "Ca 600 mg bid",
        "口服钙片 600mg，维生素D 400IU",
        "维生素B12 500ug im qd",
        "给予10%葡萄糖 500ml 静滴",
        "白蛋白 20g 静滴",
        "体重下降5kg",
        "weight loss of 5 kg",
        "WBC 3天后复查",
        "CK7(+)，CK19 阳性",
        "IgG4 阳性",
        "T12椎体压缩，T2WI高信号",
        "ALT正常",
        "血压高10年",
        "于血钾 2023-05-01 复查",
        "phone 12345",
        "Hbx 12 g/L",
        "PRALT 120 U/L",
        "CD3T 38.5℃",
    ],
)
def test_doses_days_and_names_with_numbers_are_no_values(text: str) -> None:
    assert values(text) == []


@pytest.mark.parametrize(
    ("text", "low", "high", "flag"),
    [
        ("ALT 120 U/L (0-40)", "0", "40", ""),
        ("ALT 120 U/L (40-0)", None, None, ""),
        ("ALT  120  U/L  0-40  H", "0", "40", "H"),
        ("ALT | 120 | U/L | 0-40 | ↑", "0", "40", "H"),
        ("血氨 156μmol/L（正常值 10-47）", "10", "47", ""),
        ("Lactate 4.2 mmol/L [0.5-2.2]", "0.5", "2.2", ""),
        ("乳酸 5.6 mmol/L（参考范围：0.5~2.2mmol/L）", "0.5", "2.2", ""),
        ("CRP 56 mg/L (<10)", None, "10", ""),
        ("eGFR 45 (≥60)", "60", None, ""),
        ("Hb 85g/L↓", None, None, "L"),
        ("TSH 0.01↓ mIU/L (0.35-5.5)", "0.35", "5.5", "L"),
        ("creatinine 1.8 mg/dL (H)", None, None, "H"),
        ("CK elevated at 12,500 U/L (ref 40-200)", "40", "200", ""),
    ],
)
def test_ranges_and_flags(text: str, low: str | None, high: str | None, flag: str) -> None:
    (value,) = values(text)
    expected = (None if low is None else Decimal(low), None if high is None else Decimal(high), flag)
    assert (value.range_low, value.range_high, value.flag) == expected


@pytest.mark.parametrize(
    ("text", "sign"), [("CRP <0.5 mg/L", "<"), ("CRP ≤0.5mg/L", "<="), ("CRP＞200 mg/L", ">"), ("CRP大于200mg/L", ">")]
)
def test_comparators(text: str, sign: str) -> None:
    (value,) = values(text)
    assert value.comparator == sign


TABLES = [
    "项目\t结果\t单位\t参考范围\t提示\n总胆红素\t45.2\tμmol/L\t0-26\t↑\n血钾\t2.8\tmmol/L\t3.5-5.3\t↓",
    "Test | Result | Unit | Reference | Flag\n--- | --- | --- | --- | ---\nTotal bilirubin | 45.2 | umol/L | 0-26 | H\n"
    "K | 2.8 | mmol/L | 3.5-5.3 | L",
    "Test,Result,Unit,Reference range,Flag\nTBIL,45.2,umol/L,0-26,H\nPotassium,2.8,mmol/L,3.5-5.3,L",
    "序号  检验项目  结果  单位  参考区间  提示\n"
    "1  总胆红素(TBIL)  45.2  μmol/L  0~26  ↑\n2  钾(K)  2.8  mmol/L  3.5~5.3  ↓",
    "项目\t参考值\t提示\t单位\t结果\n*总胆红素\t0-26\t高\tumol/L\t45.2\nK+\t3.5-5.3\t低\tmmol/L\t2.8",
]


@pytest.mark.parametrize("text", TABLES)
@pytest.mark.parametrize("around", ["", "患者男，40岁。\n\n"])
def test_tables_say_the_same_however_they_are_drawn(text: str, around: str) -> None:
    found = values(around + text)
    assert short(found) == [("14631-6", "45.2", "umol/L"), ("2823-3", "2.8", "mmol/L")]
    ends = [(value.range_low, value.range_high, value.flag) for value in found]
    assert ends == [(Decimal(0), Decimal(26), "H"), (Decimal("3.5"), Decimal("5.3"), "L")]


def test_a_table_ends_at_the_blank_line() -> None:
    text = "Test,Result,Unit\nTBIL,45.2,umol/L\n\nToday, Hb 85 g/L, then nothing."
    assert short(values(text)) == [("14631-6", "45.2", "umol/L"), ("718-7", "85", "g/L")]


def test_a_line_of_prose_under_a_table_is_still_read() -> None:
    text = "Test,Result,Unit\nTBIL,45.2,umol/L\nOn the same day, as before, Hb was 85 g/L."
    assert short(values(text)) == [("14631-6", "45.2", "umol/L"), ("718-7", "85", "g/L")]


def test_the_specimen_decides_what_a_bare_name_means() -> None:
    spinal = values("脑脊液：白细胞 20×10^6/L，蛋白 0.8g/L，糖 2.1mmol/L。血白细胞 12×10^9/L")
    assert [code for code, _, _ in short(spinal)] == ["26465-5", "2880-3", "14744-7", "6690-2"]
    urine = values("尿常规：蛋白(+++)，潜血(++)，白细胞 20/HP，红细胞 15/HP，pH 6.0")
    assert [code for code, _, _ in short(urine)] == ["20454-5", "5794-3", "5821-4", "13945-1", "5803-2"]
    assert values("胸水：白细胞 500×10^6/L") == []
    assert [code for code, _, _ in short(values("脑脊液压力正常。白细胞 12×10^9/L"))] == ["6690-2"]


def test_offsets_are_those_of_the_text_given() -> None:
    text = "入院查：血小板计数（PLT）：３２×１０⁹／Ｌ，余正常。"
    (value,) = values(text)
    assert text[value.start : value.end] == "血小板计数（PLT）：３２×１０⁹／Ｌ"


@given(st.text(alphabet="TKPWBCHb血压钾蛋白糖 0123456789./-+×^(){}<>≤:：,，。|\t\n%mgLdlU↑↓HL项目结果", max_size=120))
def test_any_text_is_read_without_failure_and_in_order(text: str) -> None:
    found = values(text)
    assert all(0 <= value.start < value.end <= len(text) for value in found)
    assert [value.start for value in found] == sorted(value.start for value in found)


@given(st.text(max_size=60))
def test_folding_keeps_the_length(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(
    st.sampled_from(["ALT", "谷丙转氨酶", "alanine aminotransferase"]),
    st.sampled_from([" ", "：", ": ", "为", " was ", "升高至", " ="]),
    st.decimals(min_value=1, max_value=9999, places=1),
    st.sampled_from(["U/L", " U/L", " IU/L", "u/l", " 单位/升"]),
    st.sampled_from(["", "↑", " (H)", "（0-40）", " [9-50]"]),
)
def test_the_wording_does_not_matter(name: str, link: str, number: Decimal, unit: str, end: str) -> None:
    (value,) = values(f"入院{name}{link}{number}{unit}{end}，复查。")
    assert (value.analyte.code.value, value.value, value.unit) == ("LOINC:1742-6", number, "U/L")
    assert (value.flag, value.range_high is not None) == ("H" if "↑" in end or "H" in end else "", "-" in end)


@given(st.integers(min_value=1000, max_value=9_999_999))
def test_commas_group_thousands(number: int) -> None:
    (value,) = values(f"CK {number:,} U/L")
    assert value.value == number


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("×10^9/L", "10*9/L"),
        ("10E9/L", "10*9/L"),
        ("×109/L", "10*9/L"),
        ("x10(12)/L", "10*12/L"),
        ("G/L", "10*9/L"),
        ("g/L", "g/L"),
        ("K/μL", "10*3/uL"),
        ("mg/dl", "mg/dL"),
        ("mEq/L", "meq/L"),
        ("μmol/L", "umol/L"),
        ("毫摩尔/升", "mmol/L"),
        ("mm/1h", "mm/h"),
        ("mmHg", "mm[Hg]"),
        ("kPa", "kPa"),
        ("IU/ml", "[IU]/mL"),
        ("ml/min/1.73m2", "mL/min/{1.73_m2}"),
        ("次/分钟", "/min"),
        ("个/HP", "/[HPF]"),
        ("kg/m²", "kg/m2"),
        ("mg/24小时", "mg/d"),
        ("metres", ""),
        ("", ""),
    ],
)
def test_units_become_ucum(text: str, code: str) -> None:
    assert read_unit(fold(text))[0] == code
