"""Names of diagnoses are told from symptoms and signs, by the longest ending and by what stands around them."""

from __future__ import annotations

import pytest

from suwen.knowledge import Knowledge
from suwen.language.chinese_diagnosis import names_diagnosis
from suwen.language.chinese_words import words
from suwen.language.lexicon import expressions_of


def names(text: str) -> bool:
    """Of a text with the name in brackets."""
    before, name, after = text.replace("]", "[").split("[")
    return names_diagnosis(before + name + after, len(before), len(before + name))


@pytest.mark.parametrize(
    "text",
    [
        "诊断为[肺炎]",
        "[缺铁性贫血]患儿",
        "[室间隔缺损]",
        "[脑膜瘤]",
        "[肾病综合征]",
        "[CAH]",
        "[代谢紊乱]",
        "颅内[出血]",  # one word with what stands before
        "[低出生体重儿]",
        "[肺炎]症状",  # symptoms of an inflammation: the inflammation is named
    ],
)
def test_a_diagnosis(text: str) -> None:
    assert names(text)


@pytest.mark.parametrize(
    "text",
    [
        "[咳嗽]3天",
        "皮肤[出血]",
        "[月经紊乱]",  # the longer ending wins over 紊乱
        "[吞咽障碍]",
        "[颅内高压]症状",
        "[肝脾肿大]",
        "[IgA降低]",
        "[B超]",
    ],
)
def test_a_symptom_or_sign(text: str) -> None:
    assert not names(text)


def test_no_ending_is_in_both_lists() -> None:
    assert words("diagnosis") & words("sign") == frozenset()


def test_every_exception_is_one() -> None:
    """A sign is listed because a diagnosis ends alike, or it would say nothing."""
    useless = [sign for sign in words("sign") if not any(sign.endswith(one) for one in words("diagnosis"))]
    assert useless == []


def test_what_the_ontology_says_of_the_branches(knowledge: Knowledge) -> None:
    """Neoplasms are nearly all diagnoses; symptoms of the digestive tract, pain and behaviour hardly ever."""
    ontology = knowledge.ontology
    shares = {}
    for branch in ("HP:0002664", "HP:0012531", "HP:0000708"):
        said = [
            names_diagnosis(name, 0, len(name))
            for name, code in expressions_of(ontology).items()
            if ontology.number[branch] in ontology.ancestors(ontology.number[code])
        ]
        shares[branch] = sum(said) / len(said)
    assert shares["HP:0002664"] > 0.6
    assert shares["HP:0012531"] < 0.1
    assert shares["HP:0000708"] < 0.25
