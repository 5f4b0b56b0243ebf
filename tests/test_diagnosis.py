"""Diagnosis: features checked, diseases weighed, questions chosen; classical cases find their disease."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic import TEXTBOOK, patient, random_patient
from suwen.diagnosis import (
    Engine,
    Prior,
    assess,
    differential,
    distinguish,
    explain,
    separating,
    typical,
)
from suwen.diagnosis.features import closure, leaves, resolve
from suwen.diagnosis.questions import expected_information
from suwen.errors import InputError, NotFoundError, TermError
from suwen.knowledge import Knowledge, Ontology, build_knowledge
from suwen.knowledge.obo import read_obo
from suwen.knowledge.ontology import build_ontology
from suwen.subject import Patient, Sex
from tiny import OBO, obo, write_sources

SEIZURE, FOCAL, ONSET_MODE = "HP:0001250", "HP:0007359", "HP:0000006"


@pytest.fixture(scope="module")
def ontology(knowledge: Knowledge) -> Ontology:
    return knowledge.ontology


# --- features ---------------------------------------------------------------------------------------------------------


def problems(subject: Patient, ontology: Ontology) -> list[str]:
    with pytest.raises(TermError) as caught:
        resolve(subject, ontology)
    assert all(str(problem) in str(caught.value) for problem in caught.value.problems)
    return [f"{problem.where}|{problem.what}|{problem.remedy}" for problem in caught.value.problems]


def test_all_problems_are_told_at_once(ontology: Ontology) -> None:
    gone = next(old for old, new in ontology.retired.items() if not new and old in ontology.suggested)
    wrong = patient(
        "HP:9999999", ONSET_MODE, gone, "SNOMEDCT:1", "no such thing at all", FOCAL, absent=(SEIZURE, "HP:8888888")
    )
    found = problems(wrong, ontology)
    assert len(found) == 7
    for number, (place, words) in enumerate(
        [
            ("features[0]", f"HP:9999999 is not in HPO release {ontology.release}"),
            ("features[1]", f"{ONSET_MODE} Autosomal dominant inheritance is not a phenotypic abnormality"),
            ("features[2]", f"{gone} is obsolete without a replacement"),
            ("features[3]", "SNOMEDCT:1 has no HPO term"),
            ("features[4]", "no HPO term is called 'no such thing at all'"),
            ("features[7]", "HP:8888888 is not in HPO release"),
            ("features[5]", f"{SEIZURE} which it implies is excluded (features[6])"),
        ]
    ):
        assert found[number].startswith(f"{place}|"), found[number]
        assert words in found[number]
    assert f"consider {ontology.suggested[gone][0]}" in found[2]


def test_an_empty_case_is_a_problem(ontology: Ontology) -> None:
    assert problems(patient(), ontology)[0].startswith("|the case has no phenotypic feature|")


@pytest.mark.parametrize("present", [SEIZURE, FOCAL])
def test_present_and_excluded_is_a_contradiction(present: str, ontology: Ontology) -> None:
    found = problems(patient(present, absent=(SEIZURE,)), ontology)
    assert len(found) == 1
    assert ("also excluded" in found[0]) == (present == SEIZURE)


def test_an_excluded_special_form_is_no_contradiction(ontology: Ontology) -> None:
    found = resolve(patient(SEIZURE, absent=(FOCAL,)), ontology)
    assert found.excluded == (ontology.number[FOCAL],)


def test_the_place_in_the_document_is_named(ontology: Ontology) -> None:
    wrong = patient("HP:9999999")
    wrong = replace(wrong, features=(replace(wrong.features[0], where="phenotypicFeatures[3].type.id"),))
    assert problems(wrong, ontology)[0].startswith("phenotypicFeatures[3].type.id|")


def test_a_retired_term_is_replaced_and_noted(ontology: Ontology) -> None:
    old, new = next(
        (old, new) for old, new in ontology.retired.items() if new and ontology.in_branch(ontology.number[new])
    )
    found = resolve(patient(old), ontology)
    assert [ontology.ids[term] for term in found.observed] == [new]
    assert f"{old} was replaced by {new}" in found.notes[0]


def test_snomed_is_mapped_and_noted(ontology: Ontology) -> None:
    concept = next(code for code, term in ontology.snomed.items() if term == SEIZURE)
    found = resolve(patient(f"SNOMEDCT:{concept}"), ontology)
    assert [ontology.ids[term] for term in found.observed] == [SEIZURE]
    assert f"SNOMEDCT:{concept} was read as {SEIZURE} Seizure" in found.notes[0]


@pytest.mark.parametrize("name", ["Seizure", "seizures", "  SEIZURE ", "Epileptic seizure"])
def test_names_are_looked_up(name: str, ontology: Ontology) -> None:
    assert resolve(patient(name), ontology).observed == (ontology.number[SEIZURE],)


def test_a_misspelt_name_is_answered_with_the_nearest(ontology: Ontology) -> None:
    assert f"did you mean {SEIZURE} Seizure" in problems(patient("Seizzure"), ontology)[0]


def test_chinese_names_are_looked_up(tmp_path: Path) -> None:
    (tmp_path / "hp.obo").write_text(obo(OBO), "utf-8")
    found = build_ontology(read_obo(tmp_path / "hp.obo"), {"HP:0001100": "癫痫发作"})
    assert resolve(patient("癫痫发作"), found).observed == (found.number["HP:0001100"],)
    assert "HP:0001100" in problems(patient("癫痫发"), found)[0]


def test_lenient_leaves_out_and_notes(ontology: Ontology) -> None:
    found = resolve(patient(SEIZURE, "HP:9999999", absent=(SEIZURE,)), ontology, lenient=True)
    assert found.observed == (ontology.number[SEIZURE],)
    assert found.excluded == ()
    assert len(found.notes) == 2


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_leaves_imply_everything_and_nothing_implies_a_leaf(data: st.DataObject, ontology: Ontology) -> None:
    branch = st.integers(0, len(ontology) - 1).filter(ontology.in_branch)
    terms = data.draw(st.lists(branch, max_size=5))
    terms += [int(a) for term in terms[:2] for a in ontology.ancestors(term)][:6]
    found = leaves(terms, ontology)
    assert closure(found, ontology).tolist() == closure(terms, ontology).tolist()
    assert not any(one != other and one in ontology.ancestors(other) for one in found for other in found)


# --- the ranking ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("disease", TEXTBOOK)
def test_textbook_cases_find_their_disease(disease: str, engine: Engine) -> None:
    weighed = assess(patient(*TEXTBOOK[disease]), knowledge=engine)
    number = int(engine.knowledge.diseases.equivalent[engine.knowledge.diseases.find(disease)])
    assert weighed.rank(number) <= 10


def test_textbook_cases_find_their_disease_with_solved_cases(open_engine: Engine) -> None:
    diseases = open_engine.knowledge.diseases
    for disease, codes in TEXTBOOK.items():
        weighed = assess(patient(*codes), knowledge=open_engine)
        assert weighed.rank(int(diseases.equivalent[diseases.find(disease)])) <= 10, disease


def test_ranks_follow_the_order(engine: Engine) -> None:
    weighed = assess(patient(*TEXTBOOK["OMIM:162200"]), knowledge=engine)
    ranks = [weighed.rank(int(disease)) for disease in weighed.order]
    assert ranks[:300] == sorted(ranks[:300])  # far down, chances are too small to tell apart
    assert sum(ranks) == pytest.approx(len(ranks) * (len(ranks) + 1) / 2)  # ties stand in the middle
    outside = np.flatnonzero(~weighed.scope)
    assert math.isinf(weighed.rank(int(outside[0])))


def test_an_excluded_hallmark_lowers_its_disease(engine: Engine) -> None:
    with_, without = TEXTBOOK["OMIM:154700"][1:], TEXTBOOK["OMIM:154700"][:1]
    number = engine.knowledge.diseases.number["OMIM:154700"]
    plain, denied = (assess(patient(*with_, absent=absent), knowledge=engine) for absent in ((), without))
    assert denied.logit[number] < plain.logit[number]


def test_explain_gives_finding_and_rank(engine: Engine) -> None:
    subject = patient(*TEXTBOOK["OMIM:154700"])
    weighed = assess(subject, knowledge=engine)
    by_code, rank = explain(subject, "OMIM:154700", knowledge=engine)
    by_name, _ = explain(subject, "marfan syndrome", knowledge=engine)
    assert by_code == by_name
    assert rank == weighed.rank(engine.knowledge.diseases.number["OMIM:154700"])
    assert by_code in differential(subject, knowledge=engine, top=int(rank) + 1)
    with pytest.raises(NotFoundError, match="did you mean"):
        explain(subject, "marfan syndrom", knowledge=engine)


def test_an_unknown_language_is_refused(engine: Engine) -> None:
    with pytest.raises(InputError, match="en, zh"):
        differential(patient(SEIZURE), knowledge=engine, lang="fr")


def test_prefixes_limit_the_diseases(engine: Engine) -> None:
    for prefix in ("OMIM", "ORPHA"):
        found = differential(patient(*TEXTBOOK["OMIM:154700"]), knowledge=engine, prefixes=(prefix,))
        assert {finding.code.system for finding in found} == {prefix, "suwen"}


@pytest.mark.parametrize("seed", range(4))
def test_the_shortlist_is_the_smallest_set_that_holds_the_mass(seed: int, engine: Engine) -> None:
    weighed = assess(random_patient(engine.knowledge, np.random.default_rng(seed)), knowledge=engine)
    chance = sorted([*weighed.chance[weighed.scope].tolist(), weighed.none], reverse=True)
    assert sum(chance[: weighed.shortlist]) >= weighed.weights.set_mass - 1e-9
    assert sum(chance[: weighed.shortlist - 1]) < weighed.weights.set_mass + 1e-9
    masses = [replace(weighed.weights, set_mass=mass) for mass in (0.1, 0.5, 0.8, 0.9, 0.99, 1.0)]
    sizes = [replace(weighed, weights=weights).shortlist for weights in masses]
    assert sizes == sorted(sizes)
    assert sizes[0] >= 1
    assert sizes[-1] <= len(chance)


def test_age_and_sex_weigh_only_where_they_are_known(engine: Engine) -> None:
    subject = patient(*TEXTBOOK["OMIM:143100"])
    plain = assess(subject, knowledge=engine)
    assert plain.circumstances == ()
    known = engine.knowledge.diseases
    infant = assess(replace(subject, age_years=0.1, sex=Sex.FEMALE), knowledge=engine)
    shift = np.where(plain.scope, infant.logit, 0.0) - np.where(plain.scope, plain.logit, 0.0)
    late = plain.scope & (known.onset_years > 16) & ~known.x_linked
    silent = plain.scope & np.isnan(known.onset_years) & ~known.x_linked
    linked = plain.scope & np.isnan(known.onset_years) & known.x_linked
    assert late.sum() > 10
    assert linked.sum() > 0
    assert (shift[late] < -1).all()
    assert shift[silent] == pytest.approx(0.0, abs=1e-9)
    assert (shift[linked] < -1).all()


# --- prior ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
def test_a_prevalence_must_be_positive(wrong: float) -> None:
    with pytest.raises(InputError, match="OMIM:2"):
        Prior({"OMIM:1": 1.0, "OMIM:2": wrong})


def test_the_setting_must_be_known() -> None:
    with pytest.raises(InputError, match="'uncommon'"):
        Prior(setting="uncommon")


def test_general_practice_makes_none_of_these_likelier(engine: Engine) -> None:
    for codes in TEXTBOOK.values():
        rare, common = (
            assess(patient(*codes), knowledge=engine, prior=Prior(setting=setting)) for setting in ("rare", "common")
        )
        assert common.none > rare.none
        assert common.order.tolist()[:20] == rare.order.tolist()[:20]


def test_diseases_without_a_prevalence_get_the_smallest(engine: Engine) -> None:
    ids = engine.knowledge.diseases.ids
    shift = Prior({ids[0]: 8.0, ids[1]: 2.0}).shift(engine.knowledge.diseases)
    assert shift[0] - shift[1] == pytest.approx(math.log(4))
    assert shift[1] == pytest.approx(shift[2])
    assert np.exp(shift).mean() == pytest.approx(1.0)


def test_only_the_ratios_of_prevalences_matter(engine: Engine) -> None:
    ids = engine.knowledge.diseases.ids
    small, large = (Prior({ids[0]: 4 * unit, ids[1]: unit}).shift(engine.knowledge.diseases) for unit in (1e-5, 1e307))
    assert large == pytest.approx(small)


def test_a_prevalence_counts_for_the_whole_group_of_equivalents(engine: Engine) -> None:
    diseases = engine.knowledge.diseases
    orpha = next(number for number, stands in enumerate(diseases.equivalent) if stands != number)
    standing = int(diseases.equivalent[orpha])
    subject = patient(*TEXTBOOK["OMIM:154700"])
    prior = Prior({diseases.ids[orpha]: 1e-3, "OMIM:219700": 1e-6})
    plain, weighed = assess(subject, knowledge=engine), assess(subject, knowledge=engine, prior=prior)
    assert weighed.logit[standing] > plain.logit[standing]


# --- questions --------------------------------------------------------------------------------------------------------


def test_expected_information_by_hand() -> None:
    """Two diseases, even odds: a feature that only one has tells all (1 bit), one that both have tells nothing."""
    half = np.array([0.5, 0.5])
    found = expected_information(half, np.array([[1.0, 0.0], [0.7, 0.7], [0.9, 0.1], [0.0, 0.0]]))
    noisy = 1 + 0.9 * math.log2(0.9) + 0.1 * math.log2(0.1)
    assert found.tolist() == pytest.approx([1.0, 0.0, noisy, 0.0], abs=1e-9)


chances = st.lists(st.floats(0.01, 1.0), min_size=2, max_size=5)


@given(weights=chances, data=st.data())
def test_expected_information_is_the_mutual_information(weights: list[float], data: st.DataObject) -> None:
    chance = np.array(weights) / sum(weights)
    present = np.array([data.draw(st.floats(0.0, 1.0)) for _ in weights])
    joint = np.array([chance * present, chance * (1 - present)])
    outer = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    terms = [p * math.log2(p / q) for p, q in zip(joint.ravel(), outer.ravel(), strict=True) if p > 0 and q > 0]
    assert expected_information(chance, present[None])[0] == pytest.approx(max(sum(terms), 0), abs=1e-7)


@pytest.mark.parametrize("seed", range(8))
def test_questions_are_open_distinct_and_in_order(seed: int, engine: Engine) -> None:
    subject = random_patient(engine.knowledge, np.random.default_rng(seed))
    ontology, weighed = engine.knowledge.ontology, assess(subject, knowledge=engine)
    asked = distinguish(weighed, most=8)
    assert asked
    terms = [ontology.number[question.feature.value] for question in asked]
    implied = {int(one) for term in weighed.features.observed for one in ontology.ancestors(term)}
    for place, term in enumerate(terms):
        above = set(ontology.ancestors(term).tolist())
        assert term not in implied
        assert not above & set(weighed.features.excluded)
        assert not any(other in above or term in ontology.ancestors(other) for other in terms[:place])
    gains = [question.information for question in asked]
    assert gains == sorted(gains, reverse=True)
    assert all(0 < gain <= 1 for gain in gains)
    for question in asked:
        assert 0 <= question.chance_present <= 1
        shares = [share for _, share in question.present_if]
        assert shares == sorted(shares, reverse=True)
        assert question.source.strip()
        assert question.feature.label in question.sentence
    assert distinguish(weighed, most=0) == ()
    assert distinguish(weighed, leading=1) == ()


# --- what is typical --------------------------------------------------------------------------------------------------


def test_what_is_typical_of_marfan(knowledge: Knowledge) -> None:
    found = typical(knowledge, knowledge.diseases.number["OMIM:154700"], most=40)
    codes = [code.value for code, _ in found]
    assert {"HP:0002616", "HP:0001519", "HP:0001083", "HP:0001166"} <= set(codes)
    assert len(codes) == len(set(codes))
    assert all(share is None or 0 < share <= 1 for _, share in found)


def test_what_separates_marfan_from_loeys_dietz(knowledge: Knowledge) -> None:
    one, other = (knowledge.diseases.number[code] for code in ("OMIM:154700", "OMIM:609192"))
    found = separating(knowledge, one, other, most=15)
    shares = {code.value: (here, there) for code, here, there in found}
    assert shares["HP:0001083"][0] > shares["HP:0001083"][1]  # ectopia lentis
    mirrored = {code.value: (there, here) for code, here, there in separating(knowledge, other, one, most=15)}
    assert mirrored == shares
    assert separating(knowledge, one, one) == () or all(
        here == there for _, here, there in separating(knowledge, one, one)
    )


def test_typical_counts_by_hand(tmp_path: Path) -> None:
    tiny = build_knowledge(write_sources(tmp_path))
    shares = {code.value: share for code, share in typical(tiny, 0)}
    assert shares == pytest.approx({"HP:0001100": 4 / 10, "HP:0002100": 0.5, "HP:0001200": 3.4 / 30})
