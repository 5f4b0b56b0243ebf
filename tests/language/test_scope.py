"""That scope follows its laws in both languages, and is right on 99 of 100 mentions of each table it was made on.

That figure is of sentences the rules have seen. Of sentences just written and not yet seen (501 mentions of natural
clinical English, in six lots between which the rules were mended) they judged 87 of 100 right, and 86 of 100 of 74
mentions in Chinese: each new lot teaches the rules something, and belongs into the tables.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.errors import InputError
from suwen.language.cue_index import alternatives, beginnings
from suwen.language.nouns import Section, Status
from suwen.language.scope import Judged, judge
from suwen.language.scope_rules import Cue, packaged_rules, parse_rules

FOLDER = Path(__file__).parent
ENOUGH = 0.99


def rows(lang: str) -> list[tuple[str, str, str, str]]:
    lines = (FOLDER / f"scope_{lang}.tsv").read_text(encoding="utf-8").splitlines()
    cells = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    return [(one[0], one[1], one[2], one[3]) for one in cells]


def said(marked: str, section: Section = Section.NONE) -> list[Judged]:
    """What is said of each mention that stands in brackets in `marked`."""
    text, spans = "", []
    for piece in marked.replace("]", "[").split("["):
        spans.append((len(text), len(text) + len(piece)))
        text += piece
    return judge(text, spans[1::2], section=section)


def statuses(marked: str, section: Section = Section.NONE) -> str:
    return " ".join(one.status.value for one in said(marked, section))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_table_of_its_language_is_judged_right(lang: str) -> None:
    wrong = []
    table = rows(lang)
    for sentence, mention, status, about in table:
        start = sentence.index(mention)
        (judged,) = judge(sentence, [(start, start + len(mention))], lang=lang)
        if (judged.status.value, judged.about) != (status, about):
            wrong.append(f"{sentence} [{mention}]: {judged}")
    assert len(table) > {"en": 1000, "zh": 200}[lang]
    assert len(wrong) <= (1 - ENOUGH) * len(table), "\n".join(wrong)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_mentions_of_one_sentence_do_not_disturb_each_other(lang: str) -> None:
    sentences: dict[str, list[tuple[int, int, str, str]]] = {}
    for sentence, mention, status, about in rows(lang):
        start = sentence.index(mention)
        sentences.setdefault(sentence, []).append((start, start + len(mention), status, about))
    wrong = []
    for sentence, mentions in sentences.items():
        judged = judge(sentence, [one[:2] for one in mentions], lang=lang)
        told = [(one.status.value, one.about) for one in judged]
        wrong += [sentence] if told != [one[2:] for one in mentions] else []
    assert len(wrong) <= (1 - ENOUGH) * len(sentences), "\n".join(wrong)


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        # a negation reaches over a list, and not over what ends it
        ("He denies [fever], [chills], or [night sweats] but reports [cough].", "absent absent absent present"),
        ("无[发热]、[咳嗽]及[胸痛]，有[头晕]。", "absent absent absent present"),
        ("无[皮疹]但有[瘙痒]。", "absent present"),
        ("无[腹痛]伴[腹泻]。", "absent present"),
        ("No [rash], however [jaundice] is seen.", "absent present"),
        ("[Fever], [chills] and [rash] were not observed.", "absent absent absent"),
        ("有[发热]，[肝脾肿大]未触及。", "present absent"),
        ("[Clubbing] absent. [Rash]: none. [Oedema] (-). [Cough] (+).", "absent absent absent present"),
        ("No murmur and there is [oedema]; no fever and she has [cough].", "present present"),
        ("No fever; [cough]. 未见皮疹；[黄疸]。", "present present"),
        # negated twice, or not at all
        ("不能排除[肺栓塞]，[肺炎]不除外，并非没有[疼痛]。", "possible possible present"),
        ("[Sepsis] cannot be excluded. She is not without [pain].", "possible present"),
        ("No increase in [seizures]; walks without difficulty despite [ataxia].", "present present"),
        ("Gram negative [sepsis]. Not only [fever] but also [rash].", "present present present"),
        ("无明显诱因出现[发热]，双下肢无力、[肌萎缩]。", "present present"),
        ("非典型[肺炎]，无痛性[血尿]。", "present present"),
        # not sure, not yet, not any more
        ("?[pneumonia]. r/o [sepsis]. [Appendicitis]?", "possible possible possible"),
        ("考虑[肺炎]，[淋巴瘤]待排，疑似[川崎病]，[癫痫]？", "possible possible possible possible"),
        ("If [fever] or [vomiting] occurs, return.", "conditional conditional"),
        ("如出现[发热]请就诊，[头痛]时可口服布洛芬。", "conditional conditional"),
        ("MRI to look for [tumour]. Annual screening for [scoliosis].", "planned planned"),
        ("拟行[糖尿病]筛查。", "planned"),
        ("History of [stroke]. [Fever] has resolved. No history of [asthma].", "past past absent"),
        ("曾有[热性惊厥]，[皮疹]已消退，[疼痛]未缓解。", "past past present"),
        ("既往[高血压]病史10年，既往有[肺炎]。", "present past"),
    ],
)
def test_cues_do_what_their_tables_say(marked: str, expected: str) -> None:
    assert statuses(marked) == expected


@pytest.mark.parametrize(
    ("marked", "status", "about"),
    [
        ("His mother had [epilepsy].", Status.FAMILY, "mother"),
        ("No family history of [deafness].", Status.FAMILY, "family"),
        ("[Deafness] in a maternal uncle.", Status.FAMILY, "maternal uncle"),
        ("Family history: [diabetes] (mother).", Status.FAMILY, "mother"),
        ("Mother reports [fever] since Monday.", Status.PRESENT, "patient"),
        ("Mother denies [fever].", Status.ABSENT, "patient"),
        ("The mother is well; the patient has [ataxia].", Status.PRESENT, "patient"),
        ("患儿母亲患有[癫痫]。", Status.FAMILY, "母亲"),
        ("家族中无[耳聋]患者。", Status.FAMILY, "家族"),
        ("母亲诉患儿[发热]。", Status.PRESENT, "patient"),
        ("父亲体健，患儿有[抽搐]。", Status.PRESENT, "patient"),
        ("父母体健，一姐有[哮喘]。", Status.FAMILY, "姐"),
    ],
)
def test_what_is_said_of_relatives_is_theirs_and_what_they_say_is_not(marked: str, status: Status, about: str) -> None:
    (judged,) = said(marked)
    assert (judged.status, judged.about) == (status, about)


@pytest.mark.parametrize(
    ("marked", "section", "expected"),
    [
        ("[肺炎]。", Section.PAST_HISTORY, "past"),
        ("[高血压]病史10年，否认[糖尿病]。", Section.PAST_HISTORY, "present absent"),
        ("[Asthma], well controlled.", Section.PAST_HISTORY, "present"),
        ("[Measles].", Section.PAST_HISTORY, "past"),
        ("[Seizures], no [ataxia].", Section.FAMILY_HISTORY, "family family"),
        ("复查[贫血]。", Section.PLAN, "planned"),
        ("[Scoliosis]: x-ray.", Section.PLAN, "planned"),
        ("1. [肺炎]？ 2. [贫血]", Section.DIAGNOSIS, "possible present"),
        ("[Cough], no [fever].", Section.REVIEW, "present absent"),
    ],
)
def test_the_section_has_the_last_word(marked: str, section: Section, expected: str) -> None:
    assert statuses(marked, section) == expected


def test_words_of_a_mention_are_no_cues() -> None:
    assert statuses("[双下肢无力]、[发热]") == "present present"
    assert statuses("[Absent speech] and [inability to walk without support], [fever]") == "present present present"


def test_the_rule_that_decided_is_named() -> None:
    (judged,) = said("She denies [fever].")
    assert judged.rule == "absent:denies"


@given(st.text("无有，、。发热但 no fever,but?(-)", max_size=40), st.data())
def test_any_sentence_gets_one_judgement_a_mention_whatever_their_order(text: str, data: st.DataObject) -> None:
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(lambda one: (min(one), max(one)))
    spans = data.draw(st.lists(places, max_size=3))
    forward = judge(text, spans)
    assert len(forward) == len(spans)
    assert judge(text, spans[::-1]) == forward[::-1]


def test_every_cue_of_the_tables_can_be_reached() -> None:
    book = packaged_rules()
    finders = {*book.of_kin.values(), *book.finders.values()}
    shortest: dict[Cue, str] = {}
    for pattern, some in sorted(finders, key=lambda one: len(one[0])):
        for cue in some:
            shortest.setdefault(cue, pattern)
    assert set(shortest) == set(book.cues)
    for pattern in set(shortest.values()):
        re.compile(pattern)  # else the first note that comes so far would fail
    assert len({cue.pattern for cue in book.cues}) == len(book.cues), "a pattern stands twice in the tables"


@pytest.mark.parametrize(
    ("pattern", "signs"),
    [
        ("no", {"no"}),
        ("never", {"nev"}),
        (r"no\s+more", {"no"}),
        ("(?:a|b)?c", {"ac", "bc", "c"}),
        ("(?<=x)[d-f]g", {"dg", "eg", "fg"}),
        (r"\??k", {"?k", "k"}),
        ("(?:a?|b)c", {"ac", "bc", "c"}),
        (r"\dx", {f"{digit}x" for digit in range(10)}),
        ("a[^,]{0,2}b", {"a", "ab"}),
        (r"a\S*b", {"a", "ab"}),
        ("(?:very )*sick", {"ver", "sic"}),
    ],
)
def test_the_beginnings_of_a_pattern_are_those_it_has(pattern: str, signs: set[str]) -> None:
    assert beginnings(pattern) == signs


@given(st.data())
@pytest.mark.parametrize(
    "pattern",
    [
        r"(?:is|was)\s+(?:also\s+)?(?:ruled|counted)\s+out",
        r"[a-z]+ly\s+absent",
        r"(?:now\s+|since\s+)*(?:gone|cleared)",
        "(?:拟|建议)[^,。;]{0,12}(?:以|来)?排除",
        r"a{2,3}\d?b+c",
        r"(?::|-|=)\s*no",
    ],
)
def test_no_text_of_a_pattern_begins_otherwise(pattern: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(pattern, fullmatch=True))
    assert any(text.startswith(one) for one in beginnings(pattern))
    assert any(re.fullmatch(one, text) for one in alternatives(pattern))


def test_a_group_that_opens_a_pattern_is_written_out() -> None:
    assert alternatives("(?:(?:a|b)c|d)e") == ["ace", "bce", "de"]
    assert alternatives("(?:a|b)?c") == ["(?:a|b)?c"]


def test_a_broken_table_is_refused_line_by_line() -> None:
    with pytest.raises(InputError) as raised:
        parse_rules("no\tabsent\tafter\tlist\nnot\tabsent\nnever\tgone\tafter\tlist")
    assert [one.where for one in raised.value.problems] == ["line 2", "line 3"]
