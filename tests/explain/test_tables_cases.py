"""Evidence, counterfactuals and nearest cases: what may change changes, what may not stays, every answer is checked."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import InputError
from suwen.explain.tables import (
    Attribution,
    Column,
    Shares,
    as_evidence,
    attribute,
    attribute_booster,
    attribute_trees,
    counterfactual,
    counterfactual_sentence,
    counterfactuals,
    gower,
    named_columns,
    nearest_cases,
    read_booster,
)
from suwen.explain.tables.columns import amount
from suwen.finding import Bearing
from suwen.learn.nouns import Array, Examples, Task
from suwen.subject import Code, Measurement

COLUMNS = (
    Column("age", "age", "年龄", "a", immutable=True),
    Column("sex", "sex", "性别", choices=((0, "female", "女"), (1, "male", "男")), immutable=True),
    Column("pressure", "systolic pressure", "收缩压", "mm[Hg]", direction=-1, low=90, high=220),
    Column("cholesterol", "cholesterol", "胆固醇", "mmol/L"),
    Column("smoking", "smoking", "吸烟", choices=((0, "no", "不吸烟"), (1, "yes", "吸烟"))),
)
WEIGHTS = np.array([0.05, 0.4, 0.03, 0.5, 1.0])


def people(n: int, rng: np.random.Generator) -> Array:
    columns = [
        rng.uniform(30, 80, n).round(),
        rng.integers(0, 2, n),
        rng.normal(135, 18, n).round(),
        rng.normal(5.2, 1, n).round(1),
        rng.integers(0, 2, n),
    ]
    return np.column_stack(columns).astype(float)


def risk(rows: Array) -> Array:
    return 1 / (1 + np.exp(-(rows @ WEIGHTS - 9.8)))


# --- evidence ---------------------------------------------------------------------------------------------------------


def test_evidence_of_a_logistic_model_is_its_coefficients() -> None:
    """Log odds are linear, so each share is coefficient times distance from the background mean, in log10 odds."""
    rng = np.random.default_rng(0)
    background, row = people(40, rng), people(1, rng)[0]
    found = attribute(risk, row, background, COLUMNS, rng=rng)
    expected = WEIGHTS * (row - background.mean(axis=0)) / math.log(10)
    told = as_evidence(found, source="card 1", most=5)
    assert sorted(one.weight for one in told) == pytest.approx(sorted(expected), abs=1e-9)
    assert [abs(one.weight) for one in told] == sorted((abs(one.weight) for one in told), reverse=True)
    for one in told:
        assert one.source == "card 1"
        assert (one.bearing is Bearing.SUPPORTS) == (one.weight > math.log10(1.01))


def test_evidence_points_at_measurements_and_codes_in_both_languages() -> None:
    rng = np.random.default_rng(0)
    row = np.array([79.0, 1, 190, 8.0, 1])
    found = attribute(risk, row, people(40, rng), COLUMNS, rng=rng)
    english, chinese = (as_evidence(found, source="card", lang=lang, most=5) for lang in ("en", "zh"))
    seen = {one.seen if isinstance(one.seen, Code) else one.seen.code: one for one in english}
    assert seen[Code("pressure")].seen == Measurement(Code("pressure"), 190.0, "mm[Hg]")
    assert "systolic pressure (190 mmHg) raises the model's odds" in seen[Code("pressure")].sentence
    assert seen[Code("smoking=1")].seen.label == "smoking: yes"
    assert any("收缩压（190 mmHg）使模型给出的优势升至" in one.sentence for one in chinese)
    assert [one.weight for one in english] == [one.weight for one in chinese]


def test_sampled_evidence_states_its_interval_and_claims_no_direction_it_does_not_know() -> None:
    """Shares of 1.0 ± 0.5, 0.3 ± 0.5 and 0.001 natural log odds: stated with bounds, unsure, and hardly anything."""
    halves = np.array([0.5, 0.5, 0.0])
    shares = Shares(np.array([1.0, 0.3, 0.001]), halves / 2, halves, 0.0, 1.301, 0.95, 100)
    found = Attribution((1.0, 2.0, 3.0), named_columns(["a", "b", "c"]), shares, "sampled")
    sure, unsure, flat = as_evidence(found, source="card")
    assert sure.bearing is Bearing.SUPPORTS
    assert "raises the model's odds 2.7-fold (95 % interval 1.65 to 4.5)" in sure.sentence
    assert unsure.bearing is flat.bearing is Bearing.NEUTRAL
    assert "not certain" in unsure.sentence
    assert "hardly moves" in flat.sentence
    assert "尚不能确定" in as_evidence(found, source="card", lang="zh")[1].sentence
    assert "降至 1/2.7" in as_evidence(replace(found, shares=_against(shares)), source="card", lang="zh")[0].sentence


def _against(shares: Shares) -> Shares:
    return replace(shares, values=-shares.values)


def test_many_features_are_sampled_with_errors() -> None:
    """What only adds, or works in pairs, is exact when every order is walked both ways; what works in threes is not."""
    rng = np.random.default_rng(0)
    columns = named_columns([f"f{number}" for number in range(10)])

    def model(rows: Array) -> Array:
        return 1 / (1 + np.exp(-(rows[:, 0] + rows[:, 1] * rows[:, 2] + rows[:, 3] * rows[:, 4] * rows[:, 5])))

    found = attribute(model, rng.normal(size=10), rng.normal(size=(3, 10)), columns, rng=rng)
    assert found.method == "sampled"
    assert (found.shares.errors > 1e-6).tolist() == [False] * 3 + [True] * 3 + [False] * 4
    assert found.shares.values[6:].tolist() == [0.0] * 4


def test_boosters_are_attributed_by_their_trees_too() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    rng = np.random.default_rng(0)
    rows = people(300, rng)
    labels = rng.random(300) < risk(rows)
    parameters = {"objective": "binary", "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(parameters, lightgbm.Dataset(rows, labels), 15)
    whole = attribute_booster(booster, rows[0], COLUMNS)
    plain = attribute_trees(read_booster(booster), rows[0], COLUMNS)
    assert whole.shares.values == pytest.approx(plain.shares.values, abs=1e-10)
    assert whole.shares.total == pytest.approx(booster.predict(rows[:1], raw_score=True)[0])
    missing = rows[0].copy()
    missing[3] = np.nan
    told = as_evidence(attribute_booster(booster, missing, COLUMNS), source="card", most=5)
    assert all(math.isfinite(one.weight) for one in told)
    assert "cholesterol" not in {one.seen.code.value for one in told if isinstance(one.seen, Measurement)}


def test_a_model_that_answers_no_probability_is_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match=r"0\.\.1"):
        attribute(lambda rows: rows[:, 0], people(1, rng)[0], people(5, rng), COLUMNS, rng=rng)
    with pytest.raises(InputError, match="one probability each"):
        attribute(lambda rows: rows[:1, 0] * 0 + 0.5, people(1, rng)[0], people(5, rng), COLUMNS, rng=rng)
    with pytest.raises(InputError, match="classes"):
        attribute(
            lambda rows: np.full((len(rows), 2), 0.5), people(1, rng)[0], people(5, rng), COLUMNS, rng=rng, target=2
        )


# --- counterfactuals --------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_every_counterfactual_flips_and_stays_plausible(seed: int) -> None:
    rng = np.random.default_rng(seed)
    training = people(150, rng)
    row = people(1, rng)[0]
    before = risk(row[None, :])[0]
    found = counterfactuals(risk, row, training, COLUMNS)
    sets = []
    for one in found:
        changed = row.copy()
        for change in one.changes:
            assert change.before == row[change.feature] != change.after
            changed[change.feature] = change.after
            column = COLUMNS[change.feature]
            assert not column.immutable
            assert column.direction * (change.after - change.before) >= 0
            assert change.after in training[:, change.feature]
            assert (column.low or -np.inf) <= change.after <= (column.high or np.inf)
        after = risk(changed[None, :])[0]
        assert (after >= 0.5) != (before >= 0.5)
        assert (one.before, one.after) == (pytest.approx(before), pytest.approx(after))
        assert 0 <= one.unusual <= 1
        sets.append({change.feature for change in one.changes})
    assert not any(a <= b for i, a in enumerate(sets) for j, b in enumerate(sets) if i != j)
    assert [len(one.changes) for one in found] == sorted(len(one.changes) for one in found)


def test_the_single_smallest_change_is_found() -> None:
    """Of all single plausible changes that flip, by brute force, the answer changes that feature least."""
    rng = np.random.default_rng(4)
    training = people(200, rng)
    row = np.array([55.0, 0, 140, 5.4, 1])
    assert risk(row[None, :])[0] >= 0.5
    found = counterfactuals(risk, row, training, COLUMNS)
    for one in (each for each in found if len(each.changes) == 1):
        change = one.changes[0]
        tried = np.unique(training[:, change.feature])
        rows = np.tile(row, (len(tried), 1))
        rows[:, change.feature] = tried
        flips = tried[risk(rows) < 0.5]
        grid = np.ptp(tried) / 20
        assert abs(change.after - change.before) <= np.abs(flips - change.before).min() + grid
    assert found
    assert len(found[0].changes) == 1


def test_nothing_is_invented_where_no_plausible_change_flips() -> None:
    rng = np.random.default_rng(0)
    fixed = tuple(Column(one.name, immutable=True) for one in COLUMNS)
    assert counterfactuals(risk, people(1, rng)[0], people(50, rng), fixed) == ()
    assert counterfactuals(lambda rows: np.full(len(rows), 0.9), people(1, rng)[0], people(50, rng), COLUMNS) == ()


def test_two_changes_where_one_is_not_enough() -> None:
    """A model that needs both of two features: no single change flips, the pair does."""
    rng = np.random.default_rng(0)
    training = rng.integers(0, 2, (60, 3)).astype(float)
    columns = tuple(Column(name, choices=((0, "no", "无"), (1, "yes", "有"))) for name in "abc")
    found = counterfactuals(lambda rows: 0.1 + 0.8 * (rows[:, 0] * rows[:, 1]), np.zeros(3), training, columns)
    assert [tuple(change.feature for change in one.changes) for one in found] == [(0, 1)]
    assert found[0].distance == 2.0


def test_changes_that_are_not_needed_are_undone() -> None:
    """Both values are put far away although the first alone flips, and a smaller step of it would do."""
    training = np.column_stack([np.arange(11.0), np.arange(11.0)])
    columns = named_columns(["a", "b"])
    one = np.array([0.0, 0.0])
    search = counterfactual._prepared(lambda rows: rows[:, 0] / 10, one, training, columns, (0.5, 1, True))
    assert counterfactual._tightened(search, np.array([10.0, 10.0])).tolist() == [5.0, 0.0]


def test_the_sentence_says_it_is_about_the_model() -> None:
    rng = np.random.default_rng(4)
    found = counterfactuals(risk, np.array([55.0, 0, 140, 5.4, 1]), people(200, rng), COLUMNS)[0]
    english, chinese = (counterfactual_sentence(found, COLUMNS, lang) for lang in ("en", "zh"))
    assert "describes the model, not the patient" in english
    assert "也不是治疗建议" in chinese
    assert "instead of" in english
    with pytest.raises(InputError, match="language"):
        counterfactual_sentence(found, COLUMNS, "fr")


# --- nearest cases ----------------------------------------------------------------------------------------------------


def cohort(n: int, rng: np.random.Generator) -> Examples:
    rows = people(n, rng)
    groups = tuple(f"p{number // 3}" for number in range(n))
    names = tuple(f"visit {number}" for number in range(n))
    return Examples(rows, (risk(rows) > 0.5).astype(int), Task.CLASSES, ("low", "high"), names, groups)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), most=st.integers(1, 6))
def test_nearest_cases_are_the_nearest_of_other_patients(seed: int, most: int) -> None:
    training = cohort(30, np.random.default_rng(seed))
    row = np.asarray(training.inputs)[4]
    found = nearest_cases(row, training, COLUMNS, most=most, group="p1")
    assert len(found) == most
    assert "p1" not in {one.group for one in found}
    assert len({one.group for one in found}) == len(found)
    spans = np.ptp(training.inputs, axis=0)
    distance = gower(training.inputs, row, COLUMNS, spans=spans)
    best = sorted(
        min(distance[place] for place in range(30) if training.groups[place] == group)
        for group in {f"p{number}" for number in range(10)} - {"p1"}
    )
    assert [one.distance for one in found] == pytest.approx(best[:most])
    for one in found:
        assert (one.name, one.label) == (f"visit {one.index}", training.labels[one.index])


def test_gower_by_hand() -> None:
    """Age 10 of 50 apart, sex unequal, pressure equal, cholesterol half its span, smoking equal: (0.2+1+0.5)/5."""
    spans = np.array([50.0, 1, 100, 4, 1])
    found = gower(np.array([[40.0, 0, 120, 5, 1]]), np.array([50.0, 1, 120, 7, 1]), COLUMNS, spans=spans)
    assert found == pytest.approx([1.7 / 5])


def test_an_embedding_decides_the_distance_when_given() -> None:
    training = cohort(30, np.random.default_rng(1))
    row = np.asarray(training.inputs)[0]
    found = nearest_cases(row, training, COLUMNS, embed=lambda rows: rows[:, [3]], most=3)
    others = np.abs(np.asarray(training.inputs)[:, 3] - row[3])
    assert found[0].distance == 0.0
    assert others[[one.index for one in found]].tolist() == sorted(others[[one.index for one in found]])
    with pytest.raises(InputError, match="one finite vector"):
        nearest_cases(row, training, COLUMNS, embed=lambda rows: rows[0])
    with pytest.raises(InputError, match="explained patient"):
        nearest_cases(row, training.chosen([0, 1, 2]), COLUMNS, group="p0")


# --- columns ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.1471, "0.147"), (184.6, "185"), (1203.4, "1203"), (2.5, "2.5"), (-0.00123456, "-0.00123")],
)
def test_amounts_have_three_significant_digits(value: float, text: str) -> None:
    assert amount(value) == text


def test_columns_that_contradict_themselves_are_refused() -> None:
    for wrong in ({"direction": 2}, {"low": 3.0, "high": 1.0}, {"name": " "}):
        with pytest.raises(InputError):
            Column(**({"name": "x"} | wrong))
    with pytest.raises(InputError, match="differ"):
        named_columns(["a", "a"])
