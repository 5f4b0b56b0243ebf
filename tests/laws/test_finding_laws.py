"""Laws of findings: what every finding obeys, whoever the patient; and that the evidence adds up to the chance."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic import TEXTBOOK, patient, random_patient
from suwen.diagnosis import NONE_OF_THESE, Assessment, Engine, Explainer, Prior, assess, differential
from suwen.errors import InputError
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.subject import Code, Diagnosis, Feature, Kind, Patient, Reference

CODE = Code("HP:0001250", "Seizure")
VISIBLE = 0.005
blank = st.text(alphabet=" \t\n\u3000\xa0")
spoken = st.text(min_size=1).filter(str.strip)


# --- the nouns --------------------------------------------------------------------------------------------------------


@given(st.floats(allow_nan=False, allow_infinity=False), spoken, spoken)
def test_evidence_keeps_what_it_is_given(weight: float, sentence: str, source: str) -> None:
    evidence = Evidence(Bearing.NEUTRAL, CODE, weight, sentence, source)
    assert (evidence.weight, evidence.sentence, evidence.source) == (weight, sentence, source)


@pytest.mark.parametrize("weight", [math.nan, math.inf, -math.inf])
def test_evidence_refuses_a_weight_that_is_not_finite(weight: float) -> None:
    with pytest.raises(InputError, match="finite"):
        Evidence(Bearing.SUPPORTS, CODE, weight, "sentence", "source")


@given(blank, spoken)
def test_evidence_refuses_a_blank_sentence_or_source(nothing: str, something: str) -> None:
    for sentence, source in ((nothing, something), (something, nothing), (nothing, nothing)):
        with pytest.raises(InputError, match="blank"):
            Evidence(Bearing.SUPPORTS, CODE, 1.0, sentence, source)


bound = st.none() | st.floats(0.0, 1.0)
outside = st.floats().filter(lambda value: not 0.0 <= value <= 1.0)


@given(bound, bound, bound)
def test_a_chance_is_a_probability_in_order(value: float | None, low: float | None, high: float | None) -> None:
    if low is not None and high is not None and low > high:
        with pytest.raises(InputError, match="above"):
            Chance(value, low, high)
    else:
        assert Chance(value, low, high).value == value


@given(outside, st.integers(0, 2))
def test_a_chance_outside_0_to_1_is_refused(wrong: float, place: int) -> None:
    bounds: list[float | None] = [0.5, 0.0, 1.0]
    bounds[place] = wrong
    with pytest.raises(InputError, match=r"0\.\.1"):
        Chance(*bounds)


def test_a_finding_without_evidence_is_refused() -> None:
    with pytest.raises(InputError, match="HP:0001250"):
        Finding(Reference(Kind.PATIENT, "p"), CODE, Chance(0.5), (), Maker("somebody"))


# --- findings of random patients --------------------------------------------------------------------------------------


def sign_agrees(evidence: Evidence) -> bool:
    if evidence.bearing is Bearing.NEUTRAL:
        return abs(evidence.weight) <= VISIBLE
    return evidence.weight > 0 if evidence.bearing.name.startswith("SUPPORTS") else evidence.weight < 0


def lawful(finding: Finding, subject: Patient) -> None:
    assert finding.subject == Reference(Kind.PATIENT, subject.id)
    assert finding.evidence
    assert finding.chance.value is not None
    assert 0.0 <= finding.chance.value <= 1.0
    assert finding.chance.calibration.strip()
    assert finding.maker.name
    assert finding.maker.data_digest
    for evidence in finding.evidence:
        assert math.isfinite(evidence.weight)
        assert sign_agrees(evidence), evidence
        assert evidence.sentence.strip()
        assert evidence.source.strip()
        assert "{" not in evidence.sentence


@pytest.mark.parametrize("seed", range(60))
def test_every_finding_obeys_the_laws(seed: int, engine: Engine) -> None:
    rng = np.random.default_rng(seed)
    subject = random_patient(engine.knowledge, rng)
    found = differential(subject, knowledge=engine, top=6)
    assert found == differential(subject, knowledge=engine, top=6)
    for finding in found:
        lawful(finding, subject)
    values = [finding.chance.value for finding in found]
    assert values == sorted(values, reverse=True)
    assert [finding.code.value for finding in found].count(NONE_OF_THESE) == 1
    chinese = differential(subject, knowledge=engine, top=6, lang="zh")
    for one, other in zip(found, chinese, strict=True):
        lawful(other, subject)
        assert (one.code, one.chance.value) == (other.code, other.chance.value)
        assert [e.weight for e in one.evidence] == [e.weight for e in other.evidence]
        assert all(any("\u4e00" <= letter <= "\u9fff" for letter in e.sentence) for e in other.evidence)


@pytest.mark.parametrize("seed", range(12))
def test_the_laws_hold_with_solved_cases(seed: int, open_engine: Engine) -> None:
    subject = random_patient(open_engine.knowledge, np.random.default_rng(1_000 + seed))
    found = differential(subject, knowledge=open_engine, top=6)
    assert found == differential(subject, knowledge=open_engine, top=6)
    for finding in (*found, *differential(subject, knowledge=open_engine, top=6, lang="zh")):
        lawful(finding, subject)


@pytest.mark.parametrize("seed", range(15))
def test_probabilities_sum_to_one(seed: int, either_engine: Engine) -> None:
    subject = random_patient(either_engine.knowledge, np.random.default_rng(seed))
    for prefixes in ((), ("OMIM",), ("OMIM", "ORPHA")):
        weighed = assess(subject, knowledge=either_engine, prefixes=prefixes)
        assert weighed.chance.min() >= 0
        assert weighed.chance[~weighed.scope].sum() == 0
        assert float(weighed.chance.sum()) + weighed.none == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_order_and_repetition_of_features_do_not_matter(seed: int, either_engine: Engine) -> None:
    subject = random_patient(either_engine.knowledge, np.random.default_rng(seed))
    expected = differential(subject, knowledge=either_engine, top=4)
    features = list(subject.features)
    random.Random(seed).shuffle(features)  # noqa: S311  # an order, not a secret
    assert differential(replace(subject, features=tuple(features)), knowledge=either_engine, top=4) == expected
    doubled = (*subject.features, *subject.features[:2], *subject.features[-1:])
    assert differential(replace(subject, features=doubled), knowledge=either_engine, top=4) == expected


def test_diagnoses_of_the_patient_are_never_looked_at(either_engine: Engine) -> None:
    plain = patient(*TEXTBOOK["OMIM:154700"])
    told = replace(plain, diagnoses=(Diagnosis(Code("OMIM:154700")),))
    assert differential(plain, knowledge=either_engine) == differential(told, knowledge=either_engine)


# --- the evidence adds up ---------------------------------------------------------------------------------------------


def published_patient(engine: Engine, seed: int) -> Patient:
    """A random patient from a publication that the annotations cite, with features of a disease it describes."""
    knowledge, rng = engine.knowledge, np.random.default_rng(seed)
    cited = [one for one in knowledge.references if one.startswith("PMID:")]
    publication = cited[int(rng.integers(len(cited)))]
    row = knowledge.rows_of_reference.columns(knowledge.reference_number[publication])[0]
    rows = knowledge.rows_of_disease.columns(int(knowledge.rows.disease[row]))
    terms = knowledge.rows.term[rng.choice(rows, min(4, len(rows)), replace=False)]
    base = random_patient(knowledge, rng)
    more = [Feature(knowledge.ontology.code(int(term))) for term in terms]
    return replace(base, features=(*base.observed[:2], *more, *base.excluded), publication=publication)


def some_diseases(weighed: Assessment, rng: np.random.Generator) -> list[int]:
    """Leading, random, and those whose own rows or whose relatives' rows were left out."""
    chosen = [*weighed.order[:3].tolist(), *rng.choice(weighed.order, 3).tolist()]
    change = weighed.engine.change(weighed.patient.publication, without=weighed.without)
    if change is not None:
        chosen += [int(one) for one in (*change.diseases[:4], *change.related[:4]) if weighed.scope[one]]
    return [one for one in chosen if weighed.chance[one] > 0]


def constants(weighed: Assessment, rng: np.random.Generator) -> list[float]:
    """log10 chance less log10 prior less the evidence, per disease and for none of these: all the same number."""
    explainer = Explainer(weighed)
    shift = np.broadcast_to(weighed.prior.shift(weighed.knowledge.diseases), weighed.chance.shape) / math.log(10)
    found = []
    for disease in some_diseases(weighed, rng):
        evidence = explainer.finding(disease).evidence
        found.append(math.log10(weighed.chance[disease]) - shift[disease] - sum(one.weight for one in evidence))
    none = explainer.none()
    return [*found, math.log10(none.chance.value) - sum(one.weight for one in none.evidence)]


PRIORS = {
    "all alike": Prior(),
    "prevalences": Prior({"OMIM:154700": 2e-4, "OMIM:219700": 4e-4, "OMIM:143100": 1e-6}),
    "common": Prior(setting="common"),
}


@pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS.keys())
@pytest.mark.parametrize("without", [False, True], ids=["all rows", "without own publication"])
@pytest.mark.parametrize("published", [False, True], ids=["unpublished", "published"])
def test_the_evidence_adds_up_to_the_chance(
    prior: Prior, without: bool, published: bool, either_engine: Engine
) -> None:
    rng, changed = np.random.default_rng(7), 0
    for seed in range(12):
        subject = published_patient(either_engine, seed) if published else random_patient(either_engine.knowledge, rng)
        weighed = assess(subject, knowledge=either_engine, prior=prior, without=without, lenient=True)
        changed += either_engine.change(subject.publication, without=without) is not None
        assert np.ptp(constants(weighed, rng)) < 1e-6, (seed, subject)
    assert changed > 3 or not (published and without)


@pytest.mark.parametrize(
    "subject",
    [
        patient("HP:0000118"),
        patient(absent=("HP:0001250", "HP:0000252")),
        patient("HP:0001250", "HP:0000707", "HP:0007359"),
        patient(*(code for codes in TEXTBOOK.values() for code in codes)),
    ],
    ids=["root alone", "only excluded", "ancestors beside a term", "thirty features"],
)
def test_it_adds_up_at_the_edges(subject: Patient, either_engine: Engine) -> None:
    weighed = assess(subject, knowledge=either_engine)
    assert np.ptp(constants(weighed, np.random.default_rng(3))) < 1e-6


def test_a_prior_moves_the_chance_and_leaves_the_evidence(engine: Engine) -> None:
    subject = patient(*TEXTBOOK["OMIM:154700"])
    table = {"OMIM:154700": 3e-4, "OMIM:121050": 1e-5}
    plain, shifted = assess(subject, knowledge=engine), assess(subject, knowledge=engine, prior=Prior(table))
    one, other = (engine.knowledge.diseases.number[code] for code in table)
    odds = [math.log10(weighed.chance[one] / weighed.chance[other]) for weighed in (plain, shifted)]
    assert odds[1] - odds[0] == pytest.approx(math.log10(30), abs=1e-9)
    assert Explainer(plain).finding(one).evidence == Explainer(shifted).finding(one).evidence
