"""A risk as a finding: chance with interval and population, a reason per factor, modifiable first, both languages."""

from __future__ import annotations

import math

import pytest

from suwen.diagnosis.heart.catalogue import EQUATIONS, equation
from suwen.diagnosis.heart.estimate import estimate
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.findings import finding_of, findings, weights
from suwen.diagnosis.heart.nouns import Person
from suwen.diagnosis.heart.outcomes import outcome_code
from suwen.diagnosis.heart.person import read_person
from suwen.finding import Bearing
from suwen.knowledge import Knowledge
from suwen.subject import Kind, Measurement

PERSON = read_person(
    {
        "age": 58,
        "sex": "male",
        "sbp": 160,
        "treated": "no",
        "total_cholesterol": "6.2 mmol/L",
        "hdl": "1.1 mmol/L",
        "smoker": "yes",
        "diabetes": "no",
        "statin": "no",
        "egfr": 88,
        "bmi": 27,
        "cvd": "no",
        "heart_failure": "no",
    }
)
PREVENT = equation("prevent-base-cvd-10")


def test_every_factor_is_a_reason_modifiable_first() -> None:
    (made,) = findings(PERSON, "en", subject="made-up", equations=[PREVENT])
    assert (made.subject.kind, made.subject.id) == (Kind.PATIENT, "made-up")
    assert made.chance.value == estimate(PREVENT, PERSON).value
    assert "United States" in made.chance.calibration
    keys = [one.seen.code.label if isinstance(one.seen, Measurement) else one.seen.label for one in made.evidence]
    assert len(keys) == len(PREVENT.terms(PERSON.values))
    can = ["(modifiable)" in one.sentence for one in made.evidence]
    assert can == sorted(can, reverse=True)
    assert sum(can) == sum(FACTORS[key].modifiable for key in PREVENT.terms(PERSON.values))
    first = [abs(one.weight) for one, so in zip(made.evidence, can, strict=True) if so]
    assert first == sorted(first, reverse=True)


def test_weights_of_a_logistic_equation_are_its_terms_in_log10() -> None:
    risk = estimate(PREVENT, PERSON)
    for term in risk.terms:
        assert weights(risk, PERSON)[term.key] == pytest.approx(term.share / math.log(10), abs=1e-9)


def test_signs_and_sentences_agree() -> None:
    for lang, yes in (("en", "multiplies"), ("zh", "倍")):
        for made in findings(PERSON, lang, equations=[PREVENT]):
            for one in made.evidence:
                assert (one.weight > 0) or one.bearing is not Bearing.SUPPORTS
                assert (one.weight < 0) or one.bearing is not Bearing.AGAINST
                assert (yes in one.sentence) is (one.bearing is not Bearing.NEUTRAL)
                assert one.source == PREVENT.source


def test_languages_are_equals() -> None:
    english, chinese = (findings(PERSON, lang) for lang in ("en", "zh"))
    assert len(english) == len(chinese) > 5
    for one, other in zip(english, chinese, strict=True):
        assert one.chance.value == other.chance.value
        assert [why.weight for why in one.evidence] == [why.weight for why in other.evidence]
        assert not any("\u4e00" <= letter <= "\u9fff" for why in one.evidence for letter in why.sentence)
        assert all(any("\u4e00" <= letter <= "\u9fff" for letter in why.sentence) for why in other.evidence)


def test_what_is_missing_is_said_and_gives_an_interval() -> None:
    person = Person({"age": 58.0, "sex": "male"})
    made = finding_of(estimate(PREVENT, person), person, "en")
    assert made.chance.value is None
    assert made.chance.low is not None
    assert made.chance.high is not None
    assert made.chance.low < made.chance.high
    assert "smoker" in made.chance.calibration
    assert made.evidence


def test_a_notice_is_shown_with_the_result() -> None:
    noticed = [one for one in EQUATIONS.values() if one.notice is not None]
    assert any(one.key == "qrisk3" for one in noticed)
    for one in noticed:
        person = Person({"age": 58.0, "sex": "male"})
        for lang in ("en", "zh"):
            assert one.notice is not None
            assert (
                one.notice.said(lang).rstrip("。.")
                in finding_of(estimate(one, person), person, lang).chance.calibration
            )


def test_codes_exist_in_the_ontology(knowledge: Knowledge) -> None:
    ontology = knowledge.ontology
    for one in EQUATIONS.values():
        code = outcome_code(one)
        if code.system == "HP":
            assert ontology.labels[ontology.number[code.value]] == code.label
    assert outcome_code(equation("has-bled")).value == "HP:0001892"
    assert outcome_code(equation("prevent-base-hf-10")).value == "HP:0001635"
    assert outcome_code(equation("grace-hospital")).system == "SNOMEDCT"
