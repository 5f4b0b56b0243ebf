"""That headings in both languages part a note without gaps, and that sentences end where a reader would end them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.language.nouns import Section
from suwen.language.sections import sections
from suwen.language.sentences import clauses, sentences

NOTE = """患者，女，36岁。
主诉：咳嗽3天。现病史：3天前受凉后咳嗽。既往史:高血压病史10年。
个人史 无特殊
家族史无特殊。今日仍咳嗽。
【体格检查】
神清。
三、辅助检查
血常规正常。
（四）初步诊断（入院时）：肺炎？
诊疗计划：复查
"""
ENGLISH = """CC: cough
HPI: well until Monday. PMH: asthma. FH: mother with epilepsy.
Social History
Lives with mother.
PHYSICAL EXAM:
No rash.
**Labs** :
Normal.
ASSESSMENT AND PLAN:
Sepsis.

Dietary matters:
Eats well.
Plan - MRI
"""


def parts(text: str) -> list[tuple[Section, str]]:
    return [(one.section, text[one.heading[0] : one.heading[1]]) for one in sections(text)]


def test_a_chinese_note_is_parted_at_its_headings() -> None:
    assert parts(NOTE) == [
        (Section.NONE, ""),
        (Section.COMPLAINT, "主诉"),
        (Section.PRESENT_HISTORY, "现病史"),
        (Section.PAST_HISTORY, "既往史"),
        (Section.PERSONAL_HISTORY, "个人史"),
        (Section.FAMILY_HISTORY, "家族史"),
        (Section.PERSONAL_HISTORY, "个人史"),
        (Section.EXAMINATION, "体格检查"),
        (Section.TESTS, "辅助检查"),
        (Section.DIAGNOSIS, "初步诊断"),
        (Section.PLAN, "诊疗计划"),
    ]


def test_an_english_note_is_parted_at_its_headings() -> None:
    assert parts(ENGLISH) == [
        (Section.COMPLAINT, "CC"),
        (Section.PRESENT_HISTORY, "HPI"),
        (Section.PAST_HISTORY, "PMH"),
        (Section.FAMILY_HISTORY, "FH"),
        (Section.PERSONAL_HISTORY, "Social History"),
        (Section.EXAMINATION, "PHYSICAL EXAM"),
        (Section.TESTS, "Labs"),
        (Section.DIAGNOSIS, "ASSESSMENT AND PLAN"),
        (Section.NONE, "Dietary matters"),
        (Section.PLAN, "Plan"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "诊断为肺炎，计划出院。",
        "有冠心病家族史。",
        "The plan was changed after the exam.",
        "Assessment was difficult here.",
    ],
)
def test_the_words_of_headings_within_a_sentence_are_none(text: str) -> None:
    assert parts(text) == [(Section.NONE, "")]


def test_a_heading_that_runs_on_holds_for_its_sentence_only() -> None:
    text = "现病史：咳嗽。家族史无特殊。今日发热。"
    assert [(one.section, text[one.start : one.end]) for one in sections(text)] == [
        (Section.PRESENT_HISTORY, "现病史：咳嗽。"),
        (Section.FAMILY_HISTORY, "家族史无特殊。"),
        (Section.PRESENT_HISTORY, "今日发热。"),
    ]


@given(
    st.lists(
        st.sampled_from(["主诉：", "家族史", "FH:", "\n", "。", " ", "咳嗽", "Plan", "1. ", "【", "】", ". "]),
        max_size=30,
    )
)
def test_the_parts_cover_the_text_without_gap_or_overlap(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = sections(text)
    assert "".join(text[one.start : one.end] for one in found) == text
    assert all(one.start <= one.heading[0] <= one.heading[1] for one in found if one.heading[1] > one.start)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Seen by Dr. Smith. He is well.", ["Seen by Dr. Smith.", "He is well."]),
        (
            "r/o sepsis on 2/6, 3.5 mg i.v. b.i.d. for 38.5 C. Next.",
            ["r/o sepsis on 2/6, 3.5 mg i.v. b.i.d. for 38.5 C.", "Next."],
        ),
        ("Fever was 38. Cough, e.g. at night.", ["Fever was 38.", "Cough, e.g. at night."]),
        ("1. Fever\n2. Rash", ["1. Fever", "2. Rash"]),
        ("No rash; no fever! ?pneumonia", ["No rash;", "no fever!", "?pneumonia"]),
        ("发热3天。无咳嗽；头痛！肺炎？癫痫", ["发热3天。", "无咳嗽；", "头痛！", "肺炎？", "癫痫"]),
        ("血红蛋白 9.5 g/L.复查。Hb 低. 继续", ["血红蛋白 9.5 g/L.", "复查。", "Hb 低.", "继续"]),
        ("主诉：咳嗽\n\n现病史：发热", ["主诉：咳嗽", "现病史：发热"]),
        ("The patient was seen in the clinic and has had no fever, rash or\nchills since.", 1),
        ("fever\nchills", ["fever", "chills"]),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str] | int) -> None:
    found = [text[start:end] for start, end in sentences(text)]
    assert (len(found) if isinstance(expected, int) else found) == expected


@given(st.text("ab。.;\n ?1A，", max_size=40))
def test_nothing_but_white_space_falls_between_sentences(text: str) -> None:
    found = sentences(text)
    assert "".join("".join(text[start:end] for start, end in found).split()) == "".join(text.split())
    assert all(first[1] <= second[0] for first, second in pairwise(found))


def test_clauses_end_at_commas_but_not_within_numbers() -> None:
    text = "无发热，WBC 12,000, cough"
    assert [text[start:end] for start, end in clauses(text)] == ["无发热", "WBC 12,000", "cough"]
    assert [text[start:end] for start, end in clauses(text, 4)] == ["WBC 12,000", "cough"]
