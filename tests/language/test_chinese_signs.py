"""Signs told by their shape are found whole and without what is no part of them; compounds spoil what lies in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.knowledge import Knowledge
from suwen.language.chinese import ChineseMatcher
from suwen.language.chinese_signs import Signs
from suwen.language.chinese_words import words
from suwen.language.normal import normalise


@pytest.fixture(scope="module")
def matcher(knowledge: Knowledge) -> ChineseMatcher:
    return ChineseMatcher(knowledge.ontology)


def found(matcher: ChineseMatcher, text: str) -> list[str]:
    return [text[hit.start : hit.end] for hit in matcher.hits(text)]


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("双肺无湿啰音", "湿啰音"),  # the negation stays outside
        ("检出PAX6基因突变", "PAX6基因突变"),
        ("核型为t(9;22)(q34;q11)", "t(9;22)(q34;q11)"),
        ("可见心房水平左向右分流", "心房水平左向右分流"),
        ("T1加权像呈低信号影", "低信号影"),
        ("肿瘤压迫气管", "压迫气管"),
        ("有脓性分泌物", "脓性分泌物"),
        ("自觉咽部异物感", "异物感"),
        ("Raynaud现象", "Raynaud现象"),
        ("体温高达39.5°C", "体温高达39.5°C"),
        ("多发骨转移灶", "骨转移灶"),
        ("病后易疲劳", "易疲劳"),
    ],
)
def test_shapes(text: str, sign: str) -> None:
    assert sign in {text[start:end] for start, end in Signs().find(text)}


@pytest.mark.parametrize(
    "text", ["体温37.0°C", "基因组", "压迫", "心房分流量", "不适感受", "突然", "侵犯权利", "杂音乐"]
)
def test_what_is_no_shape(text: str) -> None:
    assert list(Signs().find(text)) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("原因不清楚", "不清"),
        ("肌注高血糖素", "高血糖"),
        ("β受体激动剂", "激动"),
        ("血培养阳性率低", "血培养阳性"),
        ("遗传性pRTA", "RTA"),
        ("维持氧饱和度>95%", "氧饱和度>95%"),
        ("最大量≤60mg/d", "最大量≤60mg/d"),
        ("死亡率达50%", "死亡率达50%"),
        ("此药可降低血压", "降低血压"),
        ("肾功能正常", "肾功能正常"),
        ("血钾无明显下降", "血钾无明显下降"),
    ],
)
def test_what_only_looks_like_a_finding(matcher: ChineseMatcher, text: str, word: str) -> None:
    assert word not in found(matcher, text)


@pytest.mark.parametrize("word", ["血钾降低", "高血糖", "血培养阳性", "意识不清"])
def test_the_same_words_alone_are_findings(matcher: ChineseMatcher, word: str) -> None:
    assert found(matcher, word) == [word]


def test_a_compound_is_no_longer_than_the_matcher_looks_back() -> None:
    assert max(map(len, words("compound"))) <= 12


PIECES = [*"易感音分流状样呈不能(;)t1基因突变压迫气管灶", "左向右", "湿啰音", "°C", "体温39"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_spans_lie_in_the_text(text: str) -> None:
    text = normalise(text).text
    assert all(0 <= start < end <= len(text) for start, end in Signs().find(text))
