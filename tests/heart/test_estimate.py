"""Laws of estimating: exact decomposition, intervals that hold every completion, what-if, refusals, never a crash."""

from __future__ import annotations

import math
import random

import pytest

from suwen.diagnosis.heart.bounds import candidates
from suwen.diagnosis.heart.catalogue import EQUATIONS, equation
from suwen.diagnosis.heart.derived import with_changes
from suwen.diagnosis.heart.estimate import NotFor, estimate, estimate_all, refusals, what_if
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.findings import weights
from suwen.diagnosis.heart.nouns import Equation, FactorKind, Person, Risk, Value
from suwen.diagnosis.heart.outcomes import compare
from suwen.errors import InputError, NotFoundError
from suwen.subject import Saying

KEYS = list(EQUATIONS)


def some_value(rng: random.Random, made: Equation, key: str, known: dict[str, Value]) -> Value:
    """Any value that is plausible for an unknown: what the interval must cover."""
    tried = candidates(made, key, known)
    if FACTORS[key].kind is FactorKind.NUMBER:
        return rng.uniform(float(tried[0]), float(tried[-1]))
    return rng.choice(tried)


def someone(rng: random.Random, made: Equation, missing: float = 0.0) -> Person:
    values: dict[str, Value] = {}
    for key in made.needs:
        values[key] = some_value(rng, made, key, values)
    for key in made.uses:
        if rng.random() >= missing:
            values[key] = some_value(rng, made, key, values)
    return Person(values)


def completed(rng: random.Random, made: Equation, person: Person) -> Person:
    values = dict(person.values)
    for key in made.uses:
        if key not in values:
            values[key] = some_value(rng, made, key, person.values)  # type: ignore[arg-type]
    return Person(values)


@pytest.mark.parametrize("key", KEYS)
def test_the_terms_give_the_risk_back_exactly(key: str) -> None:
    rng, made = random.Random(1), EQUATIONS[key]  # noqa: S311 - reproducible cases
    for _ in range(20):
        person = someone(rng, made)
        risk = estimate(made, person)
        assert risk.value == risk.low == risk.high
        total = math.fsum(term.share for term in risk.terms)
        assert made.risk(total, person.values) == pytest.approx(risk.value, abs=1e-12)
        assert set(made.terms(person.values)) == {term.key for term in risk.terms} <= {*made.needs, *made.uses}


@pytest.mark.parametrize("key", KEYS)
def test_weights_add_up_to_the_log_odds(key: str) -> None:
    rng, made = random.Random(2), EQUATIONS[key]  # noqa: S311 - reproducible cases
    for _ in range(10):
        person = someone(rng, made)
        risk = estimate(made, person)
        start = made.risk(0.0, person.values)
        if risk.value is None or not 1e-5 < min(risk.value, start) <= max(risk.value, start) < 1 - 1e-5:
            continue
        if abs(math.fsum(term.share for term in risk.terms)) < 1e-3:
            continue
        there, here = (math.log10(one / (1 - one)) for one in (start, risk.value))
        assert math.fsum(weights(risk, person).values()) == pytest.approx(here - there, abs=1e-9)


@pytest.mark.parametrize("key", KEYS)
def test_the_interval_holds_every_completion(key: str) -> None:
    rng, made = random.Random(3), EQUATIONS[key]  # noqa: S311 - reproducible cases
    for _ in range(3):
        person = someone(rng, made, missing=0.5)
        risk = estimate(made, person)
        found = [estimate(made, completed(rng, made, person)).value or 0.0 for _ in range(60)]
        assert risk.low - 1e-7 <= min(found) <= max(found) <= risk.high + 1e-7
        assert (risk.value is None) == bool(risk.missing)
        assert set(risk.missing) == set(made.uses) - set(person.values)


def planted(turn: float) -> Equation:
    """A risk that is highest in the middle of a span, where no corner and no mark of a grid lies."""
    return Equation(
        key="planted",
        name=Saying("planted", "植入"),
        outcome=Saying("event", "事件"),
        years=1,
        needs=("age",),
        uses=("heart_rate", "bmi"),
        range={},
        terms=lambda values: {"heart_rate": -(((float(values["heart_rate"]) - turn) / 10) ** 2)},
        risk=lambda total, _values: 0.5 * math.exp(total),
        source="none",
        population=Saying("nobody", "无"),
    )


def test_a_turning_point_inside_is_found() -> None:
    risk = estimate(planted(71.3), Person({"age": 50.0}))
    assert risk.high == pytest.approx(0.5, abs=1e-6)
    assert risk.low == pytest.approx(0.5 * math.exp(-(2.87**2)), rel=1e-6)


@pytest.mark.parametrize("key", KEYS)
def test_what_if_is_estimating_again(key: str) -> None:
    rng, made = random.Random(4), EQUATIONS[key]  # noqa: S311 - reproducible cases
    person, other = someone(rng, made), someone(rng, made)
    changes = {one: other.values[one] for one in (*made.needs, *made.uses) if one not in {"sex", "race"}}
    changed = with_changes(person, changes)[0]
    if refusals(made, changed):
        pytest.skip("the change leaves the range of the equation")
    moved = what_if(made, person, changes)
    assert moved.before == estimate(made, person)
    assert moved.after == estimate(made, changed)
    before, after = ({one.key: one.share for one in risk.terms} for risk in (moved.before, moved.after))
    assert {one.key for one in moved.shifts} == {one for one in before if before[one] != after[one]}


def test_lowering_what_can_be_lowered_lowers_the_risk() -> None:
    made = equation("prevent-base-cvd-10")
    values = {
        "age": 58.0,
        "sex": "male",
        "sbp": 160.0,
        "treated": 0.0,
        "total_cholesterol": 6.2,
        "hdl": 1.1,
        "ldl": 4.1,
    }
    values |= {"smoker": 1.0, "diabetes": 0.0, "statin": 0.0, "egfr": 88.0, "bmi": 27.0}
    moved = what_if(made, Person(values), {"sbp": 130.0, "ldl": 1.8})
    assert moved.after.high < moved.before.low
    assert moved.followed


def test_ten_thousand_random_persons() -> None:
    """Finite, within 0 to 1, named when refused: whatever can be measured of an adult, in any combination."""
    rng = random.Random(5)  # noqa: S311 - reproducible cases
    seen = dict.fromkeys(KEYS, 0)
    for _ in range(10_000):
        made = EQUATIONS[rng.choice(KEYS)]
        values: dict[str, Value] = {}
        for key in (*made.needs, *made.uses, *made.excludes):
            factor = FACTORS[key]
            if factor.kind is FactorKind.NUMBER:
                values[key] = rng.uniform(factor.low, factor.high)
            else:
                values[key] = rng.choice(factor.choices) if factor.choices else float(rng.random() < 0.3)
        for key, (low, high) in made.range.items():  # mostly within the range of the equation
            if FACTORS[key].kind is FactorKind.NUMBER and rng.random() < 0.95:
                values[key] = rng.uniform(low, high)
        person = Person(values)
        reasons = refusals(made, person)
        if reasons:
            assert all(one.en and one.zh for one in reasons)
            continue
        risk = estimate(made, person)
        assert risk.value is not None
        assert 0 <= risk.value <= 1
        seen[made.key] += 1
    assert all(seen.values()), [key for key, count in seen.items() if not count]


@pytest.mark.parametrize("missing", [0.2, 0.6, 1.0])
def test_all_equations_answer_or_say_why_not(missing: float) -> None:
    rng = random.Random(6)  # noqa: S311 - reproducible cases
    values: dict[str, Value] = {"age": 58.0, "sex": "female"}
    for key, factor in FACTORS.items():
        if key not in values and rng.random() >= missing:
            values[key] = rng.choice(factor.unknown)
    answers = estimate_all(Person(values))
    assert len(answers) == len(EQUATIONS)
    for one in answers:
        assert isinstance(one, Risk) or one.reasons


def test_refusals_name_what_is_wrong() -> None:
    made = equation("cha2ds2-vasc")
    (needs,) = refusals(made, Person({"age": 70.0, "sex": "male"}))
    assert "atrial fibrillation" in needs.en
    assert "心房颤动" in needs.zh
    (made_for,) = refusals(made, Person({"age": 70.0, "sex": "male", "atrial_fibrillation": 0.0}))
    assert "made for people with" in made_for.en
    young = Person({"age": 20.0, "sex": "male", "cvd": 1.0})
    prevent = refusals(equation("prevent-base-cvd-10"), young)
    assert any("30 to 79 years" in one.en for one in prevent)
    assert any("not for people with" in one.en for one in prevent)
    with pytest.raises(InputError, match="30 to 79"):
        estimate(equation("prevent-base-cvd-10"), young)
    pain = Person({"age": 50.0, "sex": "male", "chest_pain": "dyspnoea only"})
    assert "typical angina" in refusals(equation("cad-consortium-basic"), pain)[0].en


def test_what_is_not_stated_of_an_illness_is_a_limit() -> None:
    values = {"age": 58.0, "sex": "male"}
    assert estimate(equation("prevent-base-cvd-10"), Person(values)).limits
    well = Person({**values, "cvd": 0.0, "heart_failure": 0.0})
    assert not estimate(equation("prevent-base-cvd-10"), well).limits


def test_who_smokes_is_no_former_smoker() -> None:
    made = equation("qrisk3")
    assert candidates(made, "smoking", {"smoker": 1.0}) == ("light", "moderate", "heavy")
    assert candidates(made, "smoking", {"smoker": 0.0}) == ("never", "former")
    assert "none" not in candidates(made, "diabetes_type", {"diabetes": 1.0})


def test_comparison_orders_and_judges() -> None:
    person = Person({"age": 50.0, "sex": "male", "chest_pain": "atypical angina"})
    found = [one for one in estimate_all(person) if not isinstance(one, NotFor)]
    now = next(one for one in compare(found) if one.name.en == "coronary disease" and one.years == 0)
    assert [one.low for one in now.risks] == sorted(one.low for one in now.risks)
    assert not now.agree  # the table of 1979 stands far above those of today
    assert len(compare(found[:1])) == 0


def test_an_unknown_key_names_its_neighbours() -> None:
    with pytest.raises(NotFoundError, match="cha2ds2-vasc"):
        equation("cha2ds2vasc")
    assert {one.key for one in EQUATIONS.values()} == set(EQUATIONS)
