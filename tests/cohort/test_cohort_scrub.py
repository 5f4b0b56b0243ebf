"""Texts without what names somebody: each rule takes out its kind, and leaves what is medical."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.cohort.scrub import scrubbed

KNOWN = ("Maria Sørensen", "王小明", "MRN|AB-4711", "AB-4711", "12 Elm Lane", "1960-05-05", "X")


def clean(text: str) -> str:
    return scrubbed(text, KNOWN, lambda day: day - timedelta(days=10))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MARIA SØRENSEN came; Sørensen's son too", "[name] came; [name]'s son too"),
        ("王小明今日就诊", "[name]今日就诊"),
        ("Mariana is another", "Mariana is another"),
        ("no AB-4711 here", "no [name] here"),
        ("seen by Dr. Jane Quimby today", "seen by [name] today"),
        ("由李建国主任医师检查", "由[name]主任医师检查"),
        ("mail jane.q+1@clinic.example.org now", "mail [address] now"),
        ("see https://a.example/x?y=1 for it", "see [address] for it"),
        ("call +49 (30) 1234-567 or 13812345678", "call [number] or [number]"),
        ("身份证号：110101199003074477。", "身份证号：[number]。"),
        ("MRN: 88-2211, ok", "MRN: [number], ok"),
        ("Name: John Doe, aged 7", "Name: [name], aged 7"),
        ("on 2020-03-11 and 2020/3/11, 2020年3月11日", "on 2020-03-01 and 2020-03-01, 2020-03-01"),
        ("on 3/11/2020, 11.3.2020. March 11, 2020", "on [date], [date]. [date]"),
        ("11 March 2020; Mar 2020; 3月11日", "[date]; [date]; [date]"),
        ("on 2020-13-45", "on [date]"),
        ("a 93-year-old, 101岁, 89岁", "a 90+-year-old, 90+岁, 89岁"),
        ("HbA1c 7.5 %, Na 140 mmol/L, BP 120/80, 38.5 °C", "HbA1c 7.5 %, Na 140 mmol/L, BP 120/80, 38.5 °C"),
        ("leucocytes 11200.5, dose 2.5 mg x 3 for 10 days", "leucocytes 11200.5, dose 2.5 mg x 3 for 10 days"),
    ],
)
def test_each_kind_is_taken_out(text: str, expected: str) -> None:
    """Proves each rule on a text that has its kind, and that results and doses stay as they are."""
    assert clean(text) == expected


@given(st.text(), st.sampled_from(["Maria Sørensen", "maria", "王小明", "AB-4711"]), st.text())
def test_what_the_record_knows_never_stays(before: str, known: str, after: str) -> None:
    """Proves that wherever it stands as a word of its own, a known name or number is gone."""
    assert known not in clean(f"{before} {known} {after}")


@given(st.dates(date(1900, 2, 1), date(2099, 12, 31)), st.dates(date(1900, 2, 1), date(2099, 12, 31)))
def test_whole_dates_keep_their_distance(one: date, other: date) -> None:
    """Proves that intervals within a text stay, and agree with those of the table."""
    said = clean(f"from {one.isoformat()} to {other.year}年{other.month}月{other.day}日").split()
    assert date.fromisoformat(said[3]) - date.fromisoformat(said[1]) == other - one
