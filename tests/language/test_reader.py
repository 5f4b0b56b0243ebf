"""A note is read whole: where each mention stands, what is said of it, whose it is; any text ends in mentions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import FormatError, InputError, NotFoundError
from suwen.knowledge import Knowledge
from suwen.language.corrections import apply_corrections, correct, read_correction, write_correction
from suwen.language.features import to_features
from suwen.language.nouns import Kind, Mention, Section, Status
from suwen.language.person import person
from suwen.language.reader import NoteReader
from suwen.subject import Code, Sex

NOTE = (
    "CC: blurred vision for 3 years.\n"
    "HPI: A 25-year-old woman with blurred vision. She denies headache, fever or weight loss.\n"
    "PMH: seizures as a child, resolved.\n"
    "FH: Her father had aortic dissection at 41.\n"
    "PE: T 38.6 C, BP 118/62 mmHg. Arachnodactyly and severe scoliosis. Left ectopia lentis.\n"
    "Labs: potassium 2.8 mmol/L (3.5-5.3). Serum sodium 1400 mmol/L.\n"
    "Plan: MRI to rule out syringomyelia. Return if chest pain occurs.\n"
)
ZH = (
    "主诉：视物模糊3年。\n现病史：患者，女，25岁，双眼视物模糊，无头痛、发热。\n家族史：父亲患有主动脉夹层。\n"
    "查体：蜘蛛指，脊柱侧弯。血钾 2.8 mmol/L。\n处理：如出现胸痛请立即就诊。\n"
)


@pytest.fixture(scope="module")
def reader(knowledge: Knowledge) -> NoteReader:
    return NoteReader(knowledge)


def said(reader: NoteReader, text: str) -> dict[str, Mention]:
    return {one.code.label or one.text: one for one in reader.read(text).mentions}


def test_an_english_note(reader: NoteReader) -> None:
    found = said(reader, NOTE)
    assert {
        name: found[name].status for name in ("Blurred vision", "Arachnodactyly", "Scoliosis", "Ectopia lentis")
    } == {
        "Blurred vision": Status.PRESENT,
        "Arachnodactyly": Status.PRESENT,
        "Scoliosis": Status.PRESENT,
        "Ectopia lentis": Status.PRESENT,
    }
    assert {found[name].status for name in ("Headache", "Weight loss")} == {Status.ABSENT}
    assert found["Seizure"].status is Status.PAST
    assert (found["Aortic dissection"].status, found["Aortic dissection"].about) == (Status.FAMILY, "father")
    assert found["Syringomyelia"].status is Status.POSSIBLE
    assert found["Chest pain"].status is Status.CONDITIONAL
    assert found["Hypokalemia"].kind is Kind.LAB
    assert found["Scoliosis"].severity == Code("HP:0012828")
    assert found["Ectopia lentis"].laterality == Code("HP:0012835")
    assert found["Arachnodactyly"].section is Section.EXAMINATION


def test_a_chinese_note(reader: NoteReader) -> None:
    by_code = {one.code.value: one for one in reader.read(ZH).mentions}
    assert by_code["HP:0000622"].status is Status.PRESENT
    assert by_code["HP:0002900"].status is Status.PRESENT
    assert {one.status for one in reader.read("患者无头晕、恶心，否认抽搐。").mentions} == {Status.ABSENT}
    conditional = [one for one in reader.read(ZH).mentions if "胸痛" in one.text]
    assert [one.status for one in conditional] == [Status.CONDITIONAL] * len(conditional)


def test_a_doubted_value_is_shown_and_not_used(reader: NoteReader) -> None:
    doubted = next(one for one in reader.read(NOTE).mentions if "1400" in one.text)
    assert doubted.question
    assert "HP:0003228" not in {one.code.value for one in to_features(reader.read(NOTE).mentions, "n").features}


def test_what_counts_for_the_patient(reader: NoteReader) -> None:
    read = to_features(reader.read(NOTE).mentions, "n")
    present = {one.code.label for one in read.features if not one.excluded}
    assert {"Blurred vision", "Arachnodactyly", "Seizure", "Hypokalemia"} <= present
    assert not present & {"Aortic dissection", "Syringomyelia", "Chest pain"}
    assert {"Headache", "Weight loss"} <= {one.code.label for one in read.features if one.excluded}
    for one in read.features:
        assert one.span is not None
        assert NOTE[one.span.start : one.span.end] == one.span.text


def test_every_spelling_points_into_the_text_as_given(reader: NoteReader) -> None:
    wide = "ＣＣ：seizures。父親患有癲癇，無頭痛，Ｔ　３８.５℃"
    note = reader.read(wide)
    assert note.mentions
    for one in note.mentions:
        assert wide[one.start : one.end] == one.text
    assert {one.about for one in note.mentions if "癲癇" in one.text} <= {"父亲", "父親"}


@settings(max_examples=60, deadline=None)
@given(
    st.text(
        alphabet=st.sampled_from("无有 否认发热咳嗽，。：\nabc fever no T38.5℃()+-/0123456789HPI家族史\ufeff\u3000𠀀é"),
        max_size=120,
    )
)
def test_any_text_ends_in_mentions_that_lie_in_it(reader: NoteReader, text: str) -> None:
    note = reader.read(text)
    for one in note.mentions:
        assert text[one.start : one.end] == one.text
    assert reader.read(text) == note


def test_one_language_alone_and_none_other(reader: NoteReader) -> None:
    assert reader.read("抽搐 and seizures", lang="en").mentions[-1].text == "seizures"
    with pytest.raises(InputError, match="'de'"):
        reader.read("x", lang="de")


def test_a_code_is_known_or_refused(reader: NoteReader) -> None:
    assert reader.code(Code("HP:0001250"), "en", strict=True).label == "Seizure"
    with pytest.raises(NotFoundError):
        reader.code(Code("HP:9999999"), "en", strict=True)
    assert reader.version.startswith("reader ")


@pytest.mark.parametrize(
    ("text", "sex", "age"),
    [
        ("患者，女，25岁，因视物模糊就诊", Sex.FEMALE, 25),
        ("患儿男，3岁6个月，反复抽搐", Sex.MALE, 3.5),
        ("性别：女 年龄：42岁", Sex.FEMALE, 42),
        ("15岁女孩，反复头痛", Sex.FEMALE, 15),
        ("现病史：女，24岁，由父母陪同。", Sex.FEMALE, 24),
        ("A 25-year-old woman with ataxia", Sex.FEMALE, 25),
        ("3 y/o boy presenting", Sex.MALE, 3),
        ("18-month-old female infant", Sex.FEMALE, 1.5),
        ("Age: 56 Sex: M", Sex.MALE, 56),
        ("A cohort was followed for 10 years", Sex.UNKNOWN, None),
    ],
)
def test_who_the_note_is_about(text: str, sex: Sex, age: float | None) -> None:
    found = person(text)
    assert found.sex is sex
    assert found.age_years == (pytest.approx(age, abs=0.01) if age is not None else None)


# Corrections


def test_corrections_change_only_their_own_mention_in_their_own_text(reader: NoteReader) -> None:
    mentions = reader.read(NOTE).mentions
    one = next(each for each in mentions if each.code.value == "HP:0001166")
    absent = correct(NOTE, one, status=Status.ABSENT, by="dr.lin")
    after = apply_corrections(NOTE, mentions, [absent])
    changed = [(a, b) for a, b in zip(mentions, after, strict=True) if a != b]
    assert [(a.code, b.status) for a, b in changed] == [(one.code, Status.ABSENT)]
    assert "dr.lin" in changed[0][1].rule
    assert apply_corrections(NOTE + " ", mentions, [absent]) == mentions
    rejected = correct(NOTE, one, reject=True)
    assert one not in apply_corrections(NOTE, mentions, [absent, rejected])
    assert [read_correction(write_correction(each)) for each in (absent, rejected)] == [absent, rejected]


def test_a_correction_says_something(reader: NoteReader) -> None:
    one = reader.read(NOTE).mentions[0]
    with pytest.raises(InputError):
        correct(NOTE, one)
    with pytest.raises(InputError):
        correct(NOTE, one, reject=True, status=Status.ABSENT)
    for line in ("{", '{"format": 2}', '{"format": 1}'):
        with pytest.raises(FormatError):
            read_correction(line)
