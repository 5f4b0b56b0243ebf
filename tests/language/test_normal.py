"""Normalised text: one spelling, places that map back; bytes of every encoding told apart or refused in one error."""

from __future__ import annotations

import itertools
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import FormatError
from suwen.language.encodings import MAX_NOTE_BYTES, decode_note
from suwen.language.normal import language_of, normalise, simplified

# What clinical text is made of, and what tends to break maps: growing, vanishing and combining characters.
TEXT = st.text(
    st.one_of(st.characters(), st.sampled_from("℃㎎腹痛肝臟癥噁ＡＢ１２，：（）\u200b\u3000\u00a0\ufeff…①⁹½Ⅱ覆發\r\n")),
    max_size=60,
)
NOTE_ZH = "患者男，45岁，因反复腹痛、恶心呕吐3天入院。既往有高血压病史，否认药物过敏史。"
NOTE_TW = "患者男性，因反覆腹痛、噁心嘔吐三天入院。過去有高血壓病史，無藥物過敏。"
NOTE_EN = "The patient has had seizures since the age of 4 months; no fever."


@pytest.mark.parametrize(
    ("given_text", "text"),
    [
        ("体温３８．５℃，ＷＢＣ（１２）", "体温38.5°C,WBC(12)"),
        ("肝臟腫大，噁心、嘔吐", "肝脏肿大,恶心、呕吐"),
        ("症狀反覆發作，顯著", "症状反复发作,显著"),
        ("腹\u200b痛\u3000发\ufeff热\u00a0好", "腹痛 发热 好"),
        ("Ⅱ度，㎎，ﬁrst", "II度,mg,first"),
        ("10⁹/L，1½片，①头痛", "10⁹/L,1½片,①头痛"),
        ("一行\r\n二行\u2028三行\n", "一行\r\n二行\n三行\n"),
        ("瘢痕覆盖，著名，狼藉", "瘢痕覆盖,著名,狼藉"),
    ],
)
def test_one_spelling(given_text: str, text: str) -> None:
    assert normalise(given_text).text == text


def test_a_span_maps_back_over_what_grew_and_what_vanished() -> None:
    given_text = "体温39℃，肝\u200b臟腫大"
    normal = normalise(given_text)
    start = normal.text.index("肝脏")
    first, last = normal.original(start, start + 4)
    assert given_text[first:last] == "肝\u200b臟腫大"
    degree = normal.text.index("°")
    assert given_text[slice(*normal.original(degree, degree + 2))] == "℃"
    assert normal.original(0, 0) == (0, 0)
    assert normal.original(len(normal.text), len(normal.text)) == (len(given_text), len(given_text))


@given(TEXT)
def test_places_never_go_back_and_lie_in_the_text(given_text: str) -> None:
    normal = normalise(given_text)
    places = list(normal.places)
    assert len(places) == len(normal.text) + 1
    assert places[-1] == len(given_text)
    assert all(one <= next_one for one, next_one in itertools.pairwise(places))
    for start in range(0, len(normal.text), 7):
        first, last = normal.original(start, start + 1)
        assert 0 <= first < last <= len(given_text)
        assert normal.text[start] in normalise(given_text[first:last]).text or given_text[first:last] == "覆"


@given(TEXT)
def test_normal_text_is_normal(given_text: str) -> None:
    once = normalise(given_text).text
    assert normalise(once).text == once


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_is_unchanged(given_text: str) -> None:
    normal = normalise(given_text)
    assert normal.text == given_text
    assert list(normal.places) == list(range(len(given_text) + 1))


def test_spans_outside_the_text_are_refused() -> None:
    with pytest.raises(IndexError):
        normalise("腹痛").original(1, 4)


def test_no_simplified_character_is_a_traditional_one() -> None:
    table = simplified()
    assert len(table) > 2500
    assert not set(table.values()) & set(table)
    assert not set("的一是患者痛热血症后干显著反复覆盖") & set(table)


def test_the_language_of_a_stretch() -> None:
    assert language_of(NOTE_ZH) == language_of(NOTE_TW) == language_of("WBC 12.3 升高") == "zh"
    assert language_of(NOTE_EN) == language_of("") == language_of("12.5 %") == "en"
    assert language_of("The patient says that it is 痛 and hurts a lot since yesterday") == "en"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "utf-32"])
def test_notes_in_every_encoding(encoding: str) -> None:
    for note in (NOTE_ZH, NOTE_ZH * 50, NOTE_EN + NOTE_ZH, "发热3天", "咳嗽\r\n"):
        assert decode_note(note.encode(encoding)) == note


@pytest.mark.parametrize("encoding", ["big5", "big5hkscs", "utf-8", "utf-16-le", "gb18030"])
def test_traditional_notes(encoding: str) -> None:
    for note in (NOTE_TW, NOTE_TW * 50, NOTE_EN + NOTE_TW, "發燒三天，咳嗽"):
        assert decode_note(note.encode(encoding)) == note


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\x00\x01\x02" + bytes(range(256)),
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"PK\x03\x04\x14\x00\x06\x00" + b"\xb3\x9a" * 50,
        NOTE_ZH.encode("utf-8") * 200 + NOTE_TW.encode("big5") * 200,
        NOTE_ZH.encode("gb18030") * 200 + NOTE_ZH.encode("utf-16-le") * 200,
        "腹痛三天".encode("gb18030") * 9000 + "過去無藥".encode("big5") * 3000,
        b"\xff\xfe\x00",
        b"a" * (MAX_NOTE_BYTES + 1),
    ],
    ids=[
        "pdf",
        "png",
        "zip",
        "utf-8 and big5",
        "gb18030 and utf-16",
        "gb18030 and some big5",
        "odd utf-16",
        "too large",
    ],
)
def test_what_is_not_a_note_is_refused_in_one_sentence(data: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        decode_note(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("unit", ["腹痛".encode(), "腹痛".encode("gb18030"), "腹痛".encode("utf-16-le"), b"pain "])
def test_a_line_of_ten_megabytes(unit: bytes) -> None:
    text = decode_note(unit * (10 * 2**20 // len(unit)))
    assert len(normalise(text).text) == len(text)


@settings(max_examples=400)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.lists(
            st.tuples(st.sampled_from([NOTE_ZH, NOTE_TW, NOTE_EN]), st.sampled_from(["utf-8", "utf-16", "gb18030"])),
            max_size=4,
        ).map(lambda parts: b"".join(text.encode(encoding) for text, encoding in parts)),
        st.tuples(st.text(max_size=50), st.binary(max_size=3)).map(
            lambda pair: pair[0].encode("utf-8", "ignore") + pair[1]
        ),
    )
)
def test_any_bytes_are_text_or_one_error(data: bytes) -> None:
    text = ""
    with suppress(FormatError):
        text = decode_note(data)
    assert "\x00" not in text
    normalise(text)
