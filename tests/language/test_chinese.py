"""Phenotypes in Chinese text: literal, in variants, enumerated, and by grammar; the laws of hits on any text."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.bench.chinese_text import Sentence, agreement, half, read_sentences
from suwen.errors import DataError, FormatError
from suwen.knowledge import Knowledge
from suwen.language.chinese import ChineseMatcher
from suwen.language.chinese_variants import Slips
from suwen.language.chinese_words import words
from suwen.language.lexicon import expressions_of
from suwen.language.normal import normalise
from suwen.language.phrases import Phrases

HEAD, NECK, BELLY, NAUSEA, VOMIT = "HP:0002315", "HP:0030833", "HP:0002027", "HP:0002018", "HP:0002013"
ARM, LEG, LIVER, HEARING, MUSCLE = "HP:0003484", "HP:0007340", "HP:0002240", "HP:0000365", "HP:0001252"
TABLE = {
    "头痛": HEAD,
    "颈部疼痛": NECK,
    "腹痛": BELLY,
    "恶心": NAUSEA,
    "呕吐": VOMIT,
    "上肢无力": ARM,
    "下肢无力": LEG,
    "肝脏肿大": LIVER,
    "听力下降": HEARING,
    "视力下降": "HP:0007663",
    "视力减退": "HP:0000505",  # so that their shared form is ambiguous, and only the words themselves decide
    "体温低": "HP:0002045",
    "四肢肌张力低下": MUSCLE,
    "癫痫": "HP:0001250",
    "癫痫持续状态": "HP:0002133",
}
ANY = st.lists(
    st.sampled_from(
        [*TABLE, *sorted(words("filler", "manifestation", "body", "side")), *"、和,。 的A1\n", "低于3mmol/L"]
    ),
    max_size=30,
).map("".join)


@pytest.fixture(scope="session")
def matcher(knowledge: Knowledge) -> ChineseMatcher:
    return ChineseMatcher(knowledge.ontology, TABLE)


def found(matcher: ChineseMatcher, given_text: str) -> list[tuple[str, str]]:
    """The words found, as they were given, and their codes."""
    normal = normalise(given_text)
    return [(given_text[slice(*normal.original(hit.start, hit.end))], hit.code) for hit in matcher.hits(normal.text)]


def codes(matcher: ChineseMatcher, given_text: str) -> set[str]:
    return {code for _, code in found(matcher, given_text) if code}


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("患者恶心、呕吐、腹痛。", [("恶心", NAUSEA), ("呕吐", VOMIT), ("腹痛", BELLY)]),
        ("噁心嘔吐", [("噁心", NAUSEA), ("嘔吐", VOMIT)]),
        ("头\u200b痛", [("头\u200b痛", HEAD)]),
        ("肝臟輕度腫大", [("肝臟輕度腫大", LIVER)]),
        ("听力明显减退", [("听力明显减退", HEARING)]),
        ("听力逐渐下降", [("听力逐渐下降", HEARING)]),
        ("肿大的肝脏", [("肿大的肝脏", LIVER)]),
        ("腹部疼痛", [("腹部疼痛", BELLY)]),
        ("双下肢乏力", [("双下肢乏力", LEG)]),
        ("四肢肌张力的低下", [("四肢肌张力的低下", MUSCLE)]),
        ("四肢肌张力呈低下", [("四肢肌张力呈低下", MUSCLE)]),
        ("癫痫持续状态", [("癫痫持续状态", "HP:0002133")]),
        ("头、颈部疼痛", [("头、颈部疼痛", HEAD), ("颈部疼痛", NECK)]),
        ("视力、听力下降", [("视力、听力下降", "HP:0007663"), ("听力下降", HEARING)]),
        ("双上肢及双下肢无力", [("双上肢及双下肢无力", ARM), ("双下肢无力", LEG)]),
    ],
)
def test_what_is_found(matcher: ChineseMatcher, given_text: str, expected: list[tuple[str, str]]) -> None:
    assert found(matcher, given_text) == expected


@pytest.mark.parametrize(
    "given_text",
    [
        "抗癫痫药",
        "体温低于39℃",
        "止呕吐药",
        "癫痫科",
        "癫痫性脑病",
        "头。痛",
        "腹\n痛",
        "上级无力支付",
        "听力正常",
        "肝脏无肿大",
        "四肢肌张力不低下",
    ],
)
def test_what_is_not_coded(matcher: ChineseMatcher, given_text: str) -> None:
    assert codes(matcher, given_text) == set()


def test_one_slip_in_a_long_expression() -> None:
    finder = Slips({"双侧颈部淋巴结肿胀": NECK})
    assert [span[2] for span in finder.find("双侧颈淋巴结肿胀")] == [NECK]  # one light character omitted
    assert [span[2] for span in finder.find("双侧颈部的淋巴结肿胀")] == [NECK]  # one inserted
    assert [span[2] for span in finder.find("双侧颈布淋巴结肿胀")] == [NECK]  # one typed for another
    assert finder.find("双侧颈部淋巴结未肿胀") == []  # a negation is no slip
    assert finder.find("双侧颈部淋巴结肿胀") == []  # no slip at all: that is literal


@pytest.mark.parametrize(
    ("given_text", "pattern"),
    [
        ("创面渗液较多", "创面渗液"),
        ("血钾明显升高", "血钾明显升高"),
        ("血钾低于3.0mmol/L", "血钾低于3.0mmol/L"),
        ("IgA降低", "IgA降低"),
        ("左侧面部麻木", "左侧面部麻木"),
        ("胸前有压迫感", "压迫感"),
        ("Kernig征阳性", "Kernig征阳性"),
        ("面具样面容", "面具样面容"),
        ("尿胆素原增多", "尿胆素原增多"),
        ("不能独自行走", "不能独自行走"),
    ],
)
def test_what_has_no_code_is_shown(matcher: ChineseMatcher, given_text: str, pattern: str) -> None:
    assert (pattern, "") in found(matcher, given_text)


def test_a_number_that_is_no_measure_is_no_pattern(matcher: ChineseMatcher) -> None:
    assert found(matcher, "年龄大于3岁") == []


@given(ANY)
def test_laws_of_hits(matcher: ChineseMatcher, given_text: str) -> None:
    text = normalise(given_text).text
    hits = matcher.hits(text)
    assert hits == matcher.hits(text)
    assert hits == sorted(hits, key=lambda hit: (hit.start, -hit.end, hit.code))
    for hit in hits:
        assert 0 <= hit.start < hit.end <= len(text)
        assert 0 < hit.score <= 1
        assert (hit.code == "") == (hit.how == "pattern")
        assert hit.code == "" or hit.code in TABLE.values()
        assert "\n" not in text[hit.start : hit.end]
        assert "。" not in text[hit.start : hit.end]
    plain = [hit for hit in hits if hit.how != "enumeration"]
    assert all(one.end <= other.start for one, other in itertools.pairwise(plain))


@given(ANY, ANY)
def test_a_line_end_parts_what_stands_before_from_what_stands_after(
    matcher: ChineseMatcher, one: str, other: str
) -> None:
    first, second = normalise(one).text, normalise(other).text
    expected = {(hit.start, hit.end, hit.code) for hit in matcher.hits(first)}
    shift = len(first) + 2
    expected |= {(hit.start + shift, hit.end + shift, hit.code) for hit in matcher.hits(second)}
    assert {(hit.start, hit.end, hit.code) for hit in matcher.hits(f"{first}\n\n{second}")} == expected


def test_a_long_enumeration_gives_each_finding_of_each_line(matcher: ChineseMatcher) -> None:
    lines = 20_000  # work that grew with the square of the length would not come back
    hits = matcher.hits("腹痛,头、颈部疼痛\n" * lines)
    assert [sum(hit.code == code for hit in hits) for code in (BELLY, HEAD, NECK)] == [lines] * 3


def test_phrases_agree_with_a_plain_search() -> None:
    chance = random.Random(1)  # noqa: S311
    phrases = {"".join(chance.choices("甲乙丙丁", k=chance.randint(2, 5))) for _ in range(60)}
    index = Phrases(phrases)
    for _ in range(50):
        text = "".join(chance.choices("甲乙丙丁", k=40))
        expected = [
            (start, start + max(ends))
            for start in range(len(text))
            if (ends := [len(one) for one in phrases if text.startswith(one, start)])
        ]
        assert index.find(text) == expected
    assert index.find("") == index.find("甲") == []


def test_the_whole_lexicon_is_found_in_its_own_words(knowledge: Knowledge) -> None:
    """Each expression, written alone, is found as a whole with its own code."""
    whole = ChineseMatcher(knowledge.ontology)
    missed = []
    for expression, code in expressions_of(knowledge.ontology).items():
        hits = whole.hits(expression)
        if not any(hit.code == code and (hit.start, hit.end) == (0, len(expression)) for hit in hits):
            missed.append(expression)
    assert missed == []


def test_agreement_by_hand() -> None:
    sentences = [Sentence("腹痛伴发热,肺炎", ((0, 2), (3, 5)), ((6, 8),)), Sentence("无", (), ())]
    result = agreement([[(0, 1), (6, 8)], []], sentences)
    assert result["overlap_precision"] == result["overlap_recall"] == result["overlap_f1"] == 0.5
    assert result["exact_f1"] == 0
    assert result["precision_symptom_or_disease"] == 1
    assert agreement([[(0, 2), (3, 5)], []], sentences)["exact_f1"] == 1


def test_sentences_are_read_with_an_inclusive_end(tmp_path: Path) -> None:
    file = tmp_path / "cmeee.json"
    with pytest.raises(DataError):
        read_sentences(file)
    file.write_text("[{}]", "utf-8")
    with pytest.raises(FormatError):
        read_sentences(file)
    rows = [{"text": "有头痛", "entities": [{"start_idx": 1, "end_idx": 2, "type": "sym", "entity": "头痛"}]}]
    file.write_text(json.dumps(rows), "utf-8")
    assert read_sentences(file) == [Sentence("有头痛", [(1, 3)], [])]


def test_the_half_of_a_sentence_is_told_by_its_digest() -> None:
    # SHA-256 of "abc" begins with ba, of "" with e3 (FIPS 180-4 and its test vectors)
    assert (half("abc"), half("")) == ("development", "sealed")
