"""Likelihood ratios: the table is cited, published vectors hold, weights add up, dependence and doubt are damped."""

from __future__ import annotations

import json
import math
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.errors import DataError, InputError
from suwen.finding import Bearing, Chance, Maker
from suwen.imaging.chest.diseases import weigh
from suwen.imaging.chest.likelihoods import (
    CAP,
    Likelihood,
    Reliability,
    Table,
    damped,
    effective,
    load_table,
    malignancy,
    parse_table,
    rates,
)
from suwen.imaging.chest.nouns import Score
from suwen.imaging.chest.opinion_words import DISEASES, FEATURES
from suwen.imaging.chest.shadow_nouns import Context, Judged, Setting, Sign
from suwen.imaging.chest.sign_words import CODES
from suwen.knowledge import Knowledge
from suwen.subject import Code, Region, Saying

PNEUMONIA, CANCER, FAILURE = "HP:0002090", "HP:0100526", "HP:0001635"
TABLE = load_table()
PLAIN = Table(TABLE.rows, TABLE.prevalences, {}, TABLE.digest)
ratios = st.floats(1.01, 100.0)
shares = st.floats(0.0, 1.0)


def sign(name: str, state: Judged) -> Sign:
    region = Region("x", (0, 0), (5, 5)) if state is Judged.PRESENT else None
    return Sign(name, Code(CODES[name], name), state, Saying("seen", "所见"), region=region)


def row(plus: float, minus: float, *, checked: bool = True) -> Likelihood:
    return Likelihood(PNEUMONIA, "sign", "opacity", "shadow", plus, minus, None, None, "source", "people", checked, "")


# --- the table --------------------------------------------------------------------------------------------------------


def test_every_row_is_cited_and_its_codes_are_known(knowledge: Knowledge) -> None:
    tree = json.loads(files("suwen.imaging.chest").joinpath("likelihoods.json").read_text("utf-8"))
    for at, one in enumerate(TABLE.rows):
        assert len(one.citation) > 20
        assert one.population
        assert one.disease in DISEASES
        assert tree["rows"][at]["checked"] is False or tree["rows"][at]["checked_in"]
        if one.kind == "feature":
            assert all(code in FEATURES and code in knowledge.ontology.number for code in one.what.split("+"))
    for code, name in DISEASES.items():
        assert code in knowledge.ontology.number, name


@pytest.mark.parametrize("code", [code for code in CODES.values() if code.startswith("HP:")])
def test_codes_of_signs_are_terms_of_the_ontology(code: str, knowledge: Knowledge) -> None:
    assert code in knowledge.ontology.number


def test_ratios_speak_in_the_direction_of_their_name() -> None:
    for one in TABLE.rows:
        if one.kind in ("sign", "feature") and one.plus is not None and one.minus is not None:
            assert one.plus > 1 > one.minus, one.what
        if one.interval_plus is not None and one.plus is not None:
            assert one.interval_plus[0] <= one.plus <= one.interval_plus[1]


def test_published_ratios_stand_in_the_table() -> None:
    of = {(one.disease, one.what): one for one in TABLE.rows}
    assert (of[FAILURE, "venous congestion"].plus, of[FAILURE, "venous congestion"].interval_plus) == (
        12.0,
        (6.8, 21.0),
    )
    assert of[FAILURE, "cardiomegaly"].minus == 0.33
    assert of[PNEUMONIA, "HP:0002789"].plus == 3.47
    assert of["HP:0002202", "effusion"].plus == pytest.approx(0.51 / 0.09, abs=0.01)
    assert of["HP:0002107", "pneumothorax"].minus == pytest.approx(0.602 / 0.993, abs=0.01)


@pytest.mark.parametrize("damage", ['"lr_plus": -1', '"lr_plus": 0', '"lr_plus": "many"'])
def test_a_damaged_table_is_refused(damage: str) -> None:
    text = files("suwen.imaging.chest").joinpath("likelihoods.json").read_text("utf-8")
    with pytest.raises(DataError, match="damaged"):
        parse_table(text.replace('"lr_plus": 5.23', damage))


# --- the Mayo model ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "smoker", "cancer", "diameter", "spiculated", "upper", "logit"),
    [
        (60, True, False, 20, True, True, -6.8272 + 2.346 + 0.7917 + 2.548 + 1.0407 + 0.7838),
        (40, False, False, 8, False, False, -6.8272 + 1.564 + 1.0192),
        (75, True, True, 25, False, False, -6.8272 + 2.9325 + 0.7917 + 1.3388 + 3.185),
    ],
)
def test_the_mayo_model_is_the_published_formula(
    age: float, smoker: bool, cancer: bool, diameter: float, spiculated: bool, upper: bool, logit: float
) -> None:
    found = malignancy(
        age=age, smoker=smoker, cancer_history=cancer, diameter_mm=diameter, spiculated=spiculated, upper=upper
    )
    assert found == pytest.approx(1 / (1 + math.exp(-logit)), rel=1e-9)


def test_the_mayo_model_is_refused_outside_its_sizes() -> None:
    for size in (3.9, 30.1):
        with pytest.raises(InputError, match="4 to 30"):
            malignancy(age=60, smoker=True, cancer_history=False, diameter_mm=size, spiculated=False, upper=False)


# --- what a detector keeps of a ratio ---------------------------------------------------------------------------------


@given(ratios, st.floats(0.0, 0.99))
def test_rates_give_the_ratios_back(plus: float, minus: float) -> None:
    sensitivity, specificity = rates(plus, minus)
    assert sensitivity / (1 - specificity) == pytest.approx(plus, rel=1e-6)
    assert (1 - sensitivity) / specificity == pytest.approx(minus, rel=1e-6, abs=1e-9)


@given(ratios, st.floats(0.01, 0.99), st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_worse_eye_never_makes_a_sign_stronger(plus: float, minus: float, found: float, silent: float) -> None:
    eye = Reliability(found, silent, 10**6, 10**6, "test")
    if found + silent < 1.02:
        return
    for present in (True, False):
        weight, held = effective(row(plus, minus), present=present, reliability=eye)
        perfect = math.log10(plus if present else minus)
        assert not held
        assert abs(weight) <= abs(perfect) + 1e-9
        assert weight * perfect >= -1e-6


def test_a_perfect_eye_keeps_the_ratio_and_a_blind_one_nothing() -> None:
    for present, ratio in ((True, 6.0), (False, 0.5)):
        perfect = effective(row(6.0, 0.5), present=present, reliability=Reliability(1, 1, 10**6, 10**6, "test"))
        blind = effective(row(6.0, 0.5), present=present, reliability=Reliability(0.3, 0.7, 10**6, 10**6, "test"))
        assert perfect[0] == pytest.approx(math.log10(ratio), abs=1e-4)
        assert blind[0] == pytest.approx(0.0, abs=1e-4)


def test_a_detector_measured_on_few_is_held_to_the_cap_and_never_fails() -> None:
    eye = Reliability(0.0, 1.0, 10, 100, "test")
    weight, held = effective(row(57.0, 0.6), present=True, reliability=eye)
    assert held
    assert weight == pytest.approx(math.log10(CAP))
    assert math.isfinite(effective(row(57.0, 0.6), present=False, reliability=eye)[0])


def test_what_was_not_measured_or_not_checked_is_held_to_the_cap() -> None:
    assert effective(row(50.0, 0.5), present=True, reliability=None) == (pytest.approx(math.log10(CAP)), True)
    eye = Reliability(1, 1, 10**6, 10**6, "test")
    assert effective(row(50.0, 0.5, checked=False), present=True, reliability=eye)[1]
    assert effective(row(1.5, 0.9), present=True, reliability=None) == (pytest.approx(math.log10(1.5)), False)


@given(st.lists(st.floats(-2, 2), min_size=1, max_size=6))
def test_damping_keeps_the_strongest_and_never_doubles_it(weights: list[float]) -> None:
    found = damped(weights)
    strongest = max(abs(one) for one in weights)
    assert max(abs(one) for one in found) == strongest
    assert abs(sum(found)) < 2 * strongest + 1e-12
    assert all(one * other >= 0 for one, other in zip(weights, found, strict=True))


# --- opinions ---------------------------------------------------------------------------------------------------------


def test_without_a_prevalence_the_chance_stays_unknown() -> None:
    (opinion,) = weigh([sign("opacity", Judged.PRESENT)], (), (), Context(), table=PLAIN)
    assert opinion.code == PNEUMONIA
    assert opinion.chance("en").value is None
    assert "unknown" in opinion.chance("en").calibration
    assert "未知" in opinion.chance("zh").calibration
    assert opinion.weight == pytest.approx(math.log10(CAP))


def test_the_evidence_adds_up_to_the_chance() -> None:
    context = Context(present=frozenset({"HP:0001945", "HP:0002789", "HP:0030830"}), setting=Setting.OUTPATIENT)
    opinion = next(
        one for one in weigh([sign("opacity", Judged.PRESENT)], (), (), context, table=TABLE) if one.code == PNEUMONIA
    )
    chance = opinion.chance("en").value
    assert chance is not None
    total = sum(one.evidence("en").weight for one in opinion.reasons)
    assert math.log10(chance / (1 - chance)) == pytest.approx(math.log10(0.1 / 0.9) + total)
    vital = sorted((one.weight for one in opinion.reasons if one.group == "vital signs"), reverse=True)
    assert vital == pytest.approx([math.log10(3.47), math.log10(3.21) / 2])


def test_a_stated_prevalence_is_used_and_named() -> None:
    context = Context(prevalence={PNEUMONIA: 0.5})
    (opinion,) = weigh([sign("opacity", Judged.ABSENT)], (), (), context, table=PLAIN)
    chance = opinion.chance("zh")
    assert chance.value == pytest.approx(1 / (1 + 10**-opinion.weight))
    assert "使用者" in chance.calibration


def test_a_prevalence_holds_only_for_whom_it_was_found_in() -> None:
    signs = [sign("effusion", Judged.PRESENT)]
    for present, known in ((frozenset({"HP:0002094"}), True), (frozenset(), False)):
        context = Context(present=present, setting=Setting.EMERGENCY)
        failure = next(one for one in weigh(signs, (), (), context, table=TABLE) if one.code == FAILURE)
        assert (failure.chance("en").value is not None) is known


def test_present_supports_and_absent_speaks_against_and_not_judged_says_nothing() -> None:
    weights = []
    for state in (Judged.PRESENT, Judged.ABSENT):
        (opinion,) = weigh([sign("opacity", state)], (), (), Context(), table=PLAIN)
        weights.append(opinion.weight)
        bearing = opinion.reasons[0].evidence("en").bearing
        assert bearing is (Bearing.SUPPORTS if state is Judged.PRESENT else Bearing.AGAINST_EXCLUDED)
    assert weights[0] > 0 > weights[1]
    assert weigh([sign("opacity", Judged.NOT_JUDGED)], (), (), Context(), table=PLAIN) == ()


def test_a_learned_score_and_the_sign_of_the_same_shadow_are_not_counted_twice() -> None:
    import numpy as np  # noqa: PLC0415

    score = Score("pneumonia", Chance(0.8, calibration="test"), 0.7, np.zeros((2, 2), np.float32), Maker("chest", "1"))
    (opinion,) = weigh([sign("opacity", Judged.PRESENT)], (), (score,), Context(), table=PLAIN)
    assert sorted(one.weight for one in opinion.reasons) == pytest.approx([math.log10(CAP) / 2, 0.7])
    assert any(one.source == "chest 1" for one in opinion.reasons)
    assert "counted in part" in " ".join(one.sentence.en for one in opinion.reasons)


def test_diseases_nobody_taught_it_say_so() -> None:
    (opinion,) = weigh([sign("pneumothorax", Judged.PRESENT)], (), (), Context(), table=PLAIN)
    assert "No radiographs with proven pneumothorax" in opinion.reasons[-1].sentence.en
    assert opinion.reasons[-1].evidence("zh").bearing is Bearing.NEUTRAL


def test_opinions_come_with_the_most_supported_first() -> None:
    signs = [sign(name, Judged.PRESENT) for name in ("opacity", "effusion", "cardiomegaly", "upper zone opacity")]
    found = weigh(signs, (), (), Context(), table=TABLE)
    assert all(one.weight >= other.weight for one, other in pairwise(found))


def test_a_context_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(InputError, match="not both"):
        Context(present=frozenset({"HP:0001945"}), absent=frozenset({"HP:0001945"}))
    with pytest.raises(InputError, match="age"):
        Context(age_years=400)
    with pytest.raises(InputError, match="prevalence"):
        Context(prevalence={PNEUMONIA: 1.0})


@given(shares, shares)
def test_reliability_never_turns_a_weight_to_infinity(found: float, silent: float) -> None:
    for present in (True, False):
        weight, _ = effective(row(6.2, 0.6), present=present, reliability=Reliability(found, silent, 9, 9, "test"))
        assert math.isfinite(weight)
