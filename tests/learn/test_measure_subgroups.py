"""Subgroup tables find a group that is served worse, keep the unknown, and say when there are too few to say."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from suwen.errors import InputError
from suwen.learn import measure
from suwen.learn.measure import Note

N = 600


def table(effect: float, seed: int = 0, **how: Any) -> measure.SubgroupTable:
    """A score that is worse by `effect` at site B; sex does not matter."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, N)
    site = np.where(np.arange(N) % 3 == 0, "B", "A")
    score = rng.normal(size=N) + truth * np.where(site == "B", 2 - effect, 2)
    sex = rng.choice(np.array(["female", "male", None], dtype=object), N, p=[0.45, 0.45, 0.1])
    attributes = {"site": site, "sex": sex, "rare": ["x"] * 12 + ["y"] * (N - 12)}
    metrics = {"AUC": measure.auc, "MAE": measure.mae}
    return measure.subgroup_table(metrics, (truth, score), attributes, rng=rng, n=300, **how)


def row(found: measure.SubgroupTable, attribute: str, value: str | None) -> measure.Subgroup:
    return next(one for one in found.rows if (one.attribute, one.value) == (attribute, value))


def test_a_group_that_is_served_worse_is_told() -> None:
    found = table(1.5)
    worse = row(found, "site", "B")
    assert "AUC" in worse.different
    assert Note.DIFFERENT in worse.notes
    gap = worse.differences["AUC"]
    assert gap is not None
    assert gap.high is not None
    assert gap.value < gap.high < 0
    mirror = row(found, "site", "A").differences["AUC"]
    assert mirror is not None
    assert mirror.value == pytest.approx(-gap.value)


def test_the_unknown_are_a_group_and_stand_last() -> None:
    found = table(0.0)
    values = [one.value for one in found.rows if one.attribute == "sex"]
    assert values == ["female", "male", None]
    assert sum(one.n for one in found.rows if one.attribute == "sex") == N
    assert found.comparisons == 14


def test_estimates_are_those_of_the_group_alone() -> None:
    rng = np.random.default_rng(1)
    truth, score = rng.integers(0, 2, 100), rng.normal(size=100)
    half = np.arange(100) < 50
    found = measure.subgroup_table({"AUC": measure.auc}, (truth, score), {"half": half}, rng=rng, n=50)
    estimate = row(found, "half", "True").estimates["AUC"]
    assert estimate is not None
    assert estimate.value == pytest.approx(measure.auc(truth[half], score[half]))
    assert row(found, "half", "True").events == truth[half].sum()


def test_few_patients_are_never_called_different() -> None:
    rare = row(table(0.0), "rare", "x")
    assert (rare.n, Note.TOO_FEW in rare.notes, rare.different) == (12, True, ())
    strict = table(1.5, least=(1000, 1))
    assert not any(one.different for one in strict.rows)


def test_patients_and_not_rows_are_counted() -> None:
    rng = np.random.default_rng(2)
    truth, score = np.repeat([0, 1] * 20, 10), rng.normal(size=400)
    patients = [f"p{place // 10}" for place in range(400)]
    view = ["front", "side"] * 200
    found = measure.subgroup_table(
        {"AUC": measure.auc}, (truth, score), {"view": view}, groups=patients, rng=rng, n=100
    )
    front = row(found, "view", "front")
    assert (front.n, front.rows, front.events, found.n) == (40, 200, 100, 40)


def test_what_is_undefined_in_a_group_is_unknown_and_said() -> None:
    truth = [0] * 50 + [0, 1] * 50
    score = list(np.random.default_rng(3).normal(size=150))
    found = measure.subgroup_table(
        {"AUC": measure.auc},
        (truth, score),
        {"ward": ["quiet"] * 50 + ["loud"] * 100},
        rng=np.random.default_rng(0),
        n=50,
    )
    quiet = row(found, "ward", "quiet")
    assert quiet.estimates["AUC"] is None
    assert quiet.differences["AUC"] is None
    assert Note.UNDEFINED in quiet.notes
    assert "unknown" in measure.subgroup_markdown(found)
    assert "未知" in measure.subgroup_markdown(found, lang="zh")
    assert json.loads(json.dumps(found.to_json()))["rows"][1]["estimates"]["AUC"] is None


def test_ages_fall_into_bands_and_stand_in_their_order() -> None:
    ages = [0, 17.9, 18, 39, 40, 64, 65, 79, 80, 101, None, float("nan"), 5]
    bands = measure.age_bands(ages)
    assert bands == (
        *("0-17", "0-17", "18-39", "18-39", "40-64", "40-64", "65-79", "65-79", "80+", "80+"),
        None,
        None,
        "0-17",
    )
    attribute = [*measure.age_bands(range(100), edges=(5, 18, 80))]
    values = np.random.default_rng(0).normal(size=(2, 100))
    found = measure.subgroup_table({"MAE": measure.mae}, values, {"age": attribute}, rng=np.random.default_rng(0), n=20)
    assert [one.value for one in found.rows] == ["0-4", "5-17", "18-79", "80+"]
    assert found.rows[0].events is None
    for ages_, edges in (([-1], (18,)), ([5], (40, 18))):
        with pytest.raises(InputError):
            measure.age_bands(ages_, edges=edges)


def test_the_table_is_written_in_both_languages() -> None:
    found = table(1.5)
    for lang, words in (
        ("en", ["Patients", "AUC differs from the others", "too few to say", "14 comparisons"]),
        ("zh", ["患者数", "AUC 与其余患者不同", "例数过少", "比较 14 次"]),
    ):
        text = measure.subgroup_markdown(found, lang=lang)  # type: ignore[arg-type]
        assert all(word in text for word in words)
        rows = [line for line in text.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in rows}) == 1
        assert len(rows) == 3 + len(found.rows)


def test_columns_of_other_lengths_and_unnamed_patients_are_refused() -> None:
    rng = np.random.default_rng(0)
    arrays = ([0, 1, 0], [0.1, 0.2, 0.3])
    with pytest.raises(InputError, match="lengths"):
        measure.subgroup_table({"AUC": measure.auc}, arrays, {"sex": ["f"]}, rng=rng)
    with pytest.raises(InputError, match="give some"):
        measure.subgroup_table({}, arrays, {"sex": ["f", "f", "m"]}, rng=rng)
    with pytest.raises(InputError, match="group"):
        measure.subgroup_table({"AUC": measure.auc}, arrays, {"sex": ["f", "f", "m"]}, groups=["a", None, "b"], rng=rng)
    with pytest.raises(InputError, match="zh or en"):
        measure.subgroup_markdown(table(0.0), lang="fr")  # type: ignore[arg-type]
