"""Every equation written out gives its risk back; findings obey the laws; ages, bands, unknown inputs as the papers."""

from __future__ import annotations

import math
import random
import re
from typing import Any

import pytest

from suwen.diagnosis.heart.bounds import candidates
from suwen.diagnosis.heart.catalogue import EQUATIONS, equation
from suwen.diagnosis.heart.estimate import estimate, refusals
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.findings import finding_of, weights
from suwen.diagnosis.heart.formula import formula_of
from suwen.diagnosis.heart.nouns import Equation, FactorKind, Formula, Person, Risk, Value
from suwen.diagnosis.heart.outcomes import compare, horizon, labels, outcome_code
from suwen.diagnosis.heart.unknowns import unknowns
from suwen.finding import Bearing

KEYS = list(EQUATIONS)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def drawn(rng: random.Random, made: Equation, key: str, known: dict[str, Value]) -> Value:
    tried = candidates(made, key, known)
    if FACTORS[key].kind is FactorKind.NUMBER:
        return rng.uniform(float(tried[0]), float(tried[-1]))
    return rng.choice(tried)


def someone(rng: random.Random, made: Equation, missing: float = 0.0) -> Person:
    values: dict[str, Value] = {}
    for key in (*made.needs, *made.uses):
        if key in made.needs or rng.random() >= missing:
            values[key] = drawn(rng, made, key, values)
    return Person(values)


def dice(seed: object) -> random.Random:
    return random.Random(str(seed))  # noqa: S311 - people to try, no secret


def known_formula(made: Equation, person: Person) -> Formula:
    found = formula_of(made, person)
    assert found is not None
    return found


def test_there_are_seventy_seven() -> None:
    assert len(KEYS) == 77


@pytest.mark.parametrize("key", KEYS)
def test_the_formula_gives_the_risk_back(key: str) -> None:
    rng, made = dice(key), EQUATIONS[key]
    for _ in range(25):
        person = someone(rng, made)
        assert known_formula(made, person).value == pytest.approx(estimate(made, person).value, abs=1e-9)


@pytest.mark.parametrize("key", KEYS)
def test_the_last_step_says_the_risk_in_both_languages(key: str) -> None:
    made = EQUATIONS[key]
    person = someone(dice(key), made)
    found, value = known_formula(made, person), estimate(made, person).value or 0.0
    for lang in ("en", "zh"):
        said = re.findall(r"(\d+(?:\.\d+)?(?:e-\d+)?) ?%", found.steps[-1].said(lang))
        assert float(said[-1]) == pytest.approx(100 * value, rel=1e-3, abs=0.05)
        for row in found.rows:
            assert row.said.said(lang)
            assert "{" not in row.said.said(lang)
        assert all("{" not in step.said(lang) for step in found.steps)
    assert all(CHINESE.search(step.zh) for step in (found.steps[0], found.steps[-1]))
    assert not any(CHINESE.search(row.said.en) for row in found.rows)


def test_a_reader_can_compute_china_par_from_the_rows() -> None:
    """By hand: coefficients and sizes as shown, then the last step as it is written."""
    made = equation("china-par-ascvd-10")
    found = known_formula(made, someone(dice("reader"), made))
    total = sum(round(row.coefficient, 6) * round(row.size, 6) for row in found.rows)
    constant = float(re.findall(r"([+−]) (\d+\.\d+)\)\)", found.steps[-1].en)[0][1])
    sign = 1 if "+ " in found.steps[-1].en else -1
    assert 1 - math.exp(-math.exp(total + sign * constant)) == pytest.approx(found.value, rel=2e-3)


def test_no_formula_where_an_input_is_missing_or_it_does_not_apply() -> None:
    made = equation("score2")
    assert formula_of(made, Person({"age": 50.0, "sex": "male", "score2_region": "low"})) is None
    assert formula_of(made, Person({"age": 90.0, "sex": "male"})) is None


# Shares and findings


@pytest.mark.parametrize("key", KEYS)
def test_shares_add_up_for_random_people(key: str) -> None:
    """The terms to the sum, and their weights to the log odds between the reference person and this one."""
    rng, made, judged = dice(("shares", key)), EQUATIONS[key], 0
    for _ in range(40):
        person = someone(rng, made)
        risk = estimate(made, person)
        total = math.fsum(term.share for term in risk.terms)
        assert made.risk(total, person.values) == pytest.approx(risk.value, abs=1e-12)
        if made.counts:
            assert risk.points == pytest.approx(total)
        start = made.risk(0.0, person.values)
        inside = all(1e-5 < one < 1 - 1e-5 for one in (risk.value or 0.0, start))
        if inside and abs(total) > 1e-3:
            odds = [math.log10(one / (1 - one)) for one in (start, risk.value or 0.0)]
            assert math.fsum(weights(risk, person).values()) == pytest.approx(odds[1] - odds[0], abs=1e-9)
            judged += 1
    assert judged > 5, "the law must have been looked at"


@pytest.mark.parametrize("missing", [0.0, 0.4])
@pytest.mark.parametrize("key", KEYS)
def test_findings_are_lawful(key: str, missing: float) -> None:
    rng, made = dice(("lawful", key, missing)), EQUATIONS[key]
    for _ in range(1 if missing else 4):
        person = someone(rng, made, missing)
        one, again = estimate(made, person), estimate(made, Person(dict(person.values)))
        for lang in ("en", "zh"):
            found = finding_of(one, person, lang, subject="made-up")
            assert found == finding_of(again, person, lang, subject="made-up")
            assert found.evidence
            ends = [one for one in (found.chance.value, found.chance.low, found.chance.high) if one is not None]
            assert ends == sorted(ends) or found.chance.value in (found.chance.low, found.chance.high)
            assert all(0 <= one <= 1 for one in ends)
            for why in found.evidence:
                assert math.isfinite(why.weight)
                assert why.sentence.strip()
                assert why.source.strip()
                assert (why.weight > 0) or why.bearing is not Bearing.SUPPORTS
                assert (why.weight < 0) or why.bearing is not Bearing.AGAINST
            assert bool(CHINESE.search(found.chance.calibration)) is (lang == "zh")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_not_verified_is_said_with_every_finding(lang: str) -> None:
    unverified = [one for one in EQUATIONS.values() if one.unverified is not None]
    assert {"timi-nstemi", "timi-stemi", "grace-hospital", "grace-6-months", "duke-treadmill"} <= {
        one.key for one in unverified
    }
    for made in unverified:
        person = someone(dice(made.key), made)
        said = made.unverified.said(lang) if made.unverified else ""
        assert ("not verified" if lang == "en" else "未与原文核对") in said
        assert said.rstrip("。.") in finding_of(estimate(made, person), person, lang).chance.calibration


# Ages, bands, horizons


def aged(key: str, age: float, **more: Value) -> Risk:
    made = equation(key)
    values = {**someone(dice("aged"), made).values, "age": age, **more}
    assert not refusals(made, Person(values))
    return estimate(made, Person(values))


@pytest.mark.parametrize(
    ("key", "age"),
    [
        ("score2", 69.5),
        ("prevent-base-cvd-10", 79.9),
        ("framingham-lab-cvd-10", 74.5),
        ("diamond-forrester-1979", 69.9),
    ],
)
def test_who_is_sixty_nine_and_a_half_is_not_yet_seventy(key: str, age: float) -> None:
    risk = aged(key, age)
    assert any(str(math.floor(age)) in one.en and "completed years" in one.en for one in risk.limits)
    assert refusals(equation(key), Person({"age": math.ceil(age), "sex": "male"}))


def test_an_age_with_a_fraction_is_taken_by_one_of_score2_and_its_older_sister() -> None:
    for age in (40.0, 55.25, 69.0, 69.5, 69.999, 70.0, 89.9):
        person = Person({"age": age, "sex": "male", "score2_region": "low"})
        assert sum(not refusals(equation(key), person) for key in ("score2", "score2-op")) == 1
    assert aged("score2", 69.5, sex="male").value != aged("score2", 69.0, sex="male").value  # continuous in the formula


@pytest.mark.parametrize("key", ["qrisk3", "china-par-ascvd-10", "china-par-ascvd-lifetime"])
def test_programs_of_whole_years_take_completed_years(key: str) -> None:
    more = {"sex": "female", "smoker": 0.0}
    part, whole = aged(key, 55.75, **more), aged(key, 55.0, **more)
    assert part.value == whole.value
    assert [one.share for one in part.terms] == [one.share for one in whole.terms]
    assert any("completed years: 55" in one.en for one in part.limits)
    assert not any("completed" in one.en for one in whole.limits)
    shown = known_formula(equation(key), Person({**someone(dice("aged"), equation(key)).values, "age": 55.75, **more}))
    assert shown.value == pytest.approx(part.value)


@pytest.mark.parametrize(
    ("key", "age", "band"), [("score2", 49.9, "high"), ("score2", 50.0, "low to moderate"), ("score2-op", 70.0, "high")]
)
def test_bands_of_score2_depend_on_age(key: str, age: float, band: str) -> None:
    made = equation(key)
    assert made.band is not None
    risk = 0.03 if key == "score2" else 0.08
    assert made.band(risk, {"age": age}).en == band
    found = aged(key, age)
    assert found.band == made.band(found.value or 0.0, {"age": age})


def test_no_band_where_the_interval_crosses_one() -> None:
    made = equation("score2")
    risk = estimate(made, Person({"age": 55.0, "sex": "male", "score2_region": "very high"}))
    assert made.band is not None
    same = made.band(risk.low, {"age": 55.0}) == made.band(risk.high, {"age": 55.0})
    assert (risk.band is not None) is same


def test_score2_does_not_hide_kidney_disease() -> None:
    said = [one.en for one in aged("score2", 55.0, egfr=45.0).limits]
    assert any("SCORE2-CKD is not offered" in one for one in said)
    assert not any("CKD" in one.en for one in aged("score2", 55.0, egfr=95.0).limits)


def test_no_time_of_zero_years() -> None:
    for made in EQUATIONS.values():
        said = horizon(made)
        assert not re.search(r"(?<!\d)0(\.0)? ", said.en), made.key
        assert CHINESE.search(said.zh)
    assert horizon(equation("china-par-ascvd-lifetime")).en == "lifetime (to 85)"
    assert horizon(equation("timi-nstemi")).en == "14 days"
    assert horizon(equation("grace-hospital")).zh == "住院期间"


def test_a_first_event_fatal_or_not_is_no_death() -> None:
    for key in ("score2", "score2-op", "score2-diabetes", "score2-asia-pacific"):
        assert outcome_code(equation(key)).value == "HP:0001626"
    assert outcome_code(equation("timi-stemi")).system == "SNOMEDCT"


def test_one_family_is_not_compared_with_itself() -> None:
    made = [
        Risk(f"prevent-base-{one}-30", EQUATIONS[f"prevent-base-{one}-30"].outcome, 30, 0.2, 0.2, 0.2)
        for one in ("cvd", "ascvd")
    ]
    assert not compare(made)
    names = labels(made)
    assert names["prevent-base-cvd-30"].en == "PREVENT (base): cardiovascular disease and heart failure"
    assert len({one.zh for one in names.values()}) == 2


# Unknown inputs


@pytest.mark.parametrize("key", ["qrisk3", "china-par-ascvd-10", "cha2ds2-vasc", "rf-cl", "prevent-full-hf-10"])
def test_the_span_of_one_unknown_lies_within_the_interval_of_all(key: str) -> None:
    rng, made = dice(("unknown", key)), EQUATIONS[key]
    person = someone(rng, made, missing=0.7)
    risk, found = estimate(made, person), unknowns(made, person)
    assert {one.key for one in found} == set(risk.missing)
    widths = [one.width for one in found]
    assert widths == sorted(widths, reverse=True)
    for one in found:
        assert risk.low - 1e-9 <= one.low <= one.high <= risk.high + 1e-9
        assert one.low == pytest.approx(risk.low, abs=1e-6)  # the others stand at their least


def test_nothing_unknown_where_all_is_stated_or_nothing_applies() -> None:
    made = equation("framingham-bmi-cvd-10")
    assert unknowns(made, someone(dice(5), made)) == ()
    assert unknowns(made, Person({"age": 90.0, "sex": "male"})) == ()


# Figures


@pytest.mark.parametrize("points", range(60, 251, 10))
def test_the_chances_of_grace_agree_with_a_published_fit(points: int) -> None:
    """A polynomial in the score as public calculators of GRACE have it, in percent, from 60 to 250 points."""
    fit = 0.00001289 * points**3 - 0.003583 * points**2 + 0.3420 * points - 10.40
    found = 100 * equation("grace-hospital").risk(points, {})
    assert found == pytest.approx(fit, abs=0.3 if points < 160 else 0.9)


def test_the_example_of_the_chinese_guideline() -> None:
    """A man of 40 in a northern town (guideline of 2019): 4.7 % in ten years, 37.8 % in a lifetime."""
    values: dict[str, Any] = {"age": 40.0, "sex": "male", "north": 1.0, "urban": 1.0, "waist": 80.0, "sbp": 145.0}
    values |= {"total_cholesterol": 5.2, "hdl": 1.3, "treated": 0.0, "diabetes": 0.0, "smoker": 0.0}
    person = Person({**values, "family_history": 1.0})
    found = [estimate(equation(f"china-par-ascvd-{one}"), person).value or 0.0 for one in ("10", "lifetime")]
    assert [round(100 * one, 1) for one in found] == [4.7, 37.8]
