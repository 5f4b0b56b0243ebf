"""Errors of numbers agree with scikit-learn, agreement with the paper that defined it, concordance with all pairs."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import InputError
from suwen.learn import measure

PAIRS = st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), max_size=30).map(
    lambda rows: ([0.0, 1.0] + [float(one) for one, _ in rows], [0.5, 0.5] + [two / 2 for _, two in rows])
)
LIVES = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 1), st.integers(0, 4)), min_size=2, max_size=25)

# Bland & Altman 1986, Lancet 1:307: peak expiratory flow (l/min), first reading with either meter.
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


@settings(deadline=None, max_examples=40)
@given(PAIRS)
def test_errors_agree_with_scikit_learn(case: tuple[list[float], list[float]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    truth, said = case
    assert measure.mae(truth, said) == pytest.approx(metrics.mean_absolute_error(truth, said))
    assert measure.rmse(truth, said) == pytest.approx(metrics.root_mean_squared_error(truth, said))
    assert measure.r2(truth, said) == pytest.approx(metrics.r2_score(truth, said))
    assert measure.mae(truth, said) <= measure.rmse(truth, said) + 1e-12


def test_r2_does_not_lose_the_spread_of_numbers_far_from_zero() -> None:
    truth = 1e8 + np.arange(10.0)
    assert measure.r2(truth, truth + 0.5) == pytest.approx(1 - 0.25 / 8.25)
    with pytest.raises(InputError, match="do not differ"):
        measure.r2([5.0, 5.0], [4.0, 6.0])


def test_agreement_of_the_two_flow_meters_is_the_published_one() -> None:
    found = measure.bland_altman(MINI, WRIGHT)
    assert (round(found.bias, 1), found.n) == (-2.1, 17)
    assert (found.high - found.bias) / 1.959964 == pytest.approx(38.8, abs=0.05)
    assert found.low == pytest.approx(-78.1, abs=0.1)
    assert found.bias_half == pytest.approx(1.96 * 38.8 / math.sqrt(17), abs=0.1)
    assert json.loads(json.dumps(found.to_json()))["n"] == 17
    with pytest.raises(InputError, match="at least three"):
        measure.bland_altman([1, 2], [1, 2])


def by_pairs(lives: list[tuple[int, int, int]]) -> float | None:
    """Harrell's C by its words."""
    won = pairs = 0.0
    for (first, seen, risk), (second, too, other) in itertools.permutations(lives, 2):
        if seen and (first < second or (first == second and not too)):
            pairs += 1
            won += 1.0 if risk > other else 0.5 if risk == other else 0.0
    return won / pairs if pairs else None


@settings(deadline=None)
@given(LIVES)
def test_concordance_is_that_of_all_comparable_pairs(lives: list[tuple[int, int, int]]) -> None:
    times, events, risks = (list(column) for column in zip(*lives, strict=True))
    expected = by_pairs(lives)
    if expected is None:
        with pytest.raises(InputError, match="undefined"):
            measure.concordance(times, events, risks)
        return
    value = measure.concordance(times, events, risks)
    assert value == pytest.approx(expected)
    assert measure.concordance(times, events, [-risk for risk in risks]) == pytest.approx(1 - value)


def test_without_censoring_concordance_of_two_times_is_the_auc() -> None:
    rng = np.random.default_rng(0)
    truth, score = rng.integers(0, 2, 200), rng.normal(size=200)
    times = np.where(truth == 1, 1.0, 2.0)
    assert measure.concordance(times, truth, score) == pytest.approx(measure.auc(truth, score))


def test_concordance_in_blocks_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    lives = rng.exponential(size=150), rng.integers(0, 2, 150), rng.normal(size=150)
    whole = measure.concordance(*lives)
    monkeypatch.setattr("suwen.learn.measure.values._BLOCK", 7)
    assert measure.concordance(*lives) == pytest.approx(whole)


def test_unknown_numbers_are_refused() -> None:
    for metric in (measure.mae, measure.rmse, measure.r2):
        with pytest.raises(InputError):
            metric([1.0, math.nan], [1.0, 2.0])
        with pytest.raises(InputError):
            metric([1.0, 2.0], [1.0])
    with pytest.raises(InputError):
        measure.concordance([1.0, 2.0], [1, 2], [0.1, 0.2])
