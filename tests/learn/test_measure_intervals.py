"""Intervals hold the truth as often as they say, agree with published numbers and peers, and respect patients."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import InputError
from suwen.learn import measure
from suwen.learn.measure import intervals

# Newcombe 1998, Statistics in Medicine 17:857, table I: Wilson's score (method 3) and Clopper-Pearson (method 5).
NEWCOMBE = [
    (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
    (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
    (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
    (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
]


def drawn(n: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, score and probability of n patients."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    score = rng.normal(size=n) + truth
    return truth, score, measure.sigmoid(score)


@pytest.mark.parametrize(("events", "n", "score", "exact"), NEWCOMBE)
def test_proportions_have_the_published_intervals(
    events: int, n: int, score: tuple[float, float], exact: tuple[float, float]
) -> None:
    pytest.importorskip("scipy")
    for estimate, ends in ((measure.wilson(events, n), score), (measure.clopper_pearson(events, n), exact)):
        assert (estimate.low, estimate.high) == pytest.approx(ends, abs=5.1e-5)
        assert estimate.value == pytest.approx(events / n)


@settings(deadline=None)
@given(st.integers(0, 30), st.integers(1, 30))
def test_proportions_mirror_and_agree_with_scipy(events: int, n: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    events = min(events, n)
    for ours, name in ((measure.wilson, "wilson"), (measure.clopper_pearson, "exact")):
        estimate, mirror = ours(events, n), ours(n - events, n)
        peer = stats.binomtest(events, n).proportion_ci(method=name)
        assert (estimate.low, estimate.high) == pytest.approx((peer.low, peer.high), abs=1e-9)
        assert (1 - mirror.high, 1 - mirror.low) == pytest.approx((estimate.low, estimate.high), abs=1e-9)  # type: ignore[operator]


def columns(n: int, seed: int) -> dict[str, np.ndarray]:
    """Columns by the letters of WEIGHED: truth, score (with ties), probability, its table, decision, time."""
    truth, score, chance = drawn(n, seed)
    score = np.round(score, 1)
    table = np.column_stack([1 - chance, chance])
    return {"y": truth, "s": score, "p": chance, "t": table, "d": score > 0.4, "w": np.round(np.exp(-score), 1)}


WEIGHED: list[tuple[Callable[..., float], str]] = [
    *((metric, "ys") for metric in (measure.auc, measure.average_precision, measure.mae, measure.r2)),
    *((metric, "yp") for metric in (measure.brier, measure.log_loss, measure.calibration_slope)),
    *((metric, "yp") for metric in (measure.calibration_intercept, measure.rmse)),
    *((metric, "yd") for metric in (measure.accuracy, measure.f1, measure.matthews)),
    *((metric, "yd") for metric in (measure.sensitivity, measure.specificity)),
    *((metric, "yd") for metric in (measure.ppv, measure.npv, measure.balanced_accuracy, measure.macro_f1)),
    *((metric, "yt") for metric in (measure.auc, measure.average_precision, measure.brier, measure.log_loss)),
    *((metric, "yt") for metric in (measure.calibration_slope, measure.calibration_intercept)),
    (measure.mean, "s"),
    (measure.concordance, "wyp"),
]


@pytest.mark.parametrize("place", range(len(WEIGHED)))
def test_weighing_rows_gives_exactly_what_repeating_them_gives(place: int) -> None:
    metric, letters = WEIGHED[place]
    held = columns(60, place)
    arrays = [held[letter] for letter in letters]
    weights = np.concatenate(list(intervals.resamples(60, None, np.random.default_rng(place), 20)))
    assert set(weights.sum(axis=1)) == {60.0}
    ready = [array.astype(float) if array.dtype.kind == "f" else array.astype(int) for array in arrays]
    fast = intervals.MANY[metric](*ready, weights)
    for row, value in zip(weights, fast, strict=True):
        rows = np.repeat(np.arange(60), row.astype(int))
        assert value == pytest.approx(metric(*(array[rows] for array in arrays)), rel=1e-6, abs=1e-9)


def test_every_weighed_measure_is_tested_above() -> None:
    assert set(intervals.MANY) - {metric for metric, _ in WEIGHED} == {measure.calibration_error}


def test_the_calibration_error_keeps_the_bins_of_the_sample() -> None:
    truth, _, chance = drawn(100)
    once = np.ones((1, 100))
    fast = intervals.MANY[measure.calibration_error](truth, chance, once)
    assert fast[0] == pytest.approx(measure.calibration_error(truth, chance))


def test_bca_agrees_with_scipys_on_a_skewed_mean() -> None:
    stats = pytest.importorskip("scipy.stats")
    sample = np.random.default_rng(1).exponential(size=40)
    ours = measure.bootstrap(measure.mean, sample, rng=np.random.default_rng(2), n=20_000)
    peer = stats.bootstrap((sample,), np.mean, n_resamples=20_000, method="BCa", rng=3).confidence_interval
    plain = measure.bootstrap(measure.mean, sample, rng=np.random.default_rng(2), n=20_000, method="percentile")
    assert (ours.low, ours.high) == pytest.approx((peer.low, peer.high), abs=0.02)
    assert ours.high is not None
    assert plain.high is not None
    assert ours.high > plain.high + 0.04  # the skewness is seen


def test_intervals_cover_as_often_as_they_say() -> None:
    """True AUC of two normals one standard deviation apart: Phi(1 / sqrt 2)."""
    stats = pytest.importorskip("scipy.stats")
    real, rng, held = float(stats.norm.cdf(1 / math.sqrt(2))), np.random.default_rng(4), 0
    for seed in range(200):
        truth, score, _ = drawn(120, 1000 + seed)
        estimate = measure.bootstrap(measure.auc, truth, score, rng=rng, n=300)
        assert estimate.low is not None
        assert estimate.high is not None
        held += estimate.low <= real <= estimate.high
    assert stats.binom.cdf(held, 200, 0.92) > 0.001  # 300 resamples of 120 patients: a little below 95 % is known
    assert stats.binom.sf(held - 1, 200, 0.98) > 0.001


def test_rows_of_one_patient_are_one_unit() -> None:
    truth, score, _ = drawn(80)
    rows = np.repeat(np.arange(80), 25)
    patients = [f"p{row}" for row in rows]

    def interval(*arrays: Any, groups: list[str] | None = None) -> measure.Estimate:
        return measure.bootstrap(measure.auc, *arrays, groups=groups, rng=np.random.default_rng(1), n=8000)

    wide, narrow = interval(truth[rows], score[rows], groups=patients), interval(truth[rows], score[rows])
    single = interval(truth, score)

    def width(estimate: measure.Estimate) -> float:
        assert estimate.low is not None
        assert estimate.high is not None
        return estimate.high - estimate.low

    assert wide.n == single.n == 80 < narrow.n == 2000
    assert width(wide) == pytest.approx(width(single), rel=0.1)
    assert width(narrow) < width(wide) / 4


def test_a_metric_without_a_fast_way_is_resampled_row_by_row() -> None:
    truth, score, _ = drawn(50)

    def slow(one: Any, two: Any) -> float:
        return measure.auc(one, two)

    fast, found = (
        measure.bootstrap(metric, truth, score, rng=np.random.default_rng(7), n=200) for metric in (measure.auc, slow)
    )
    assert (found.low, found.high) == pytest.approx((fast.low, fast.high))


def test_a_difference_excludes_zero_one_time_in_twenty_when_nothing_differs() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng, false = np.random.default_rng(6), 0
    for seed in range(150):
        truth, score, _ = drawn(200, 2000 + seed)
        inside = rng.random(200) < 0.4
        found = measure.difference(measure.auc, [truth, score], inside, rng=rng, n=300)
        assert found.low is not None
        assert found.high is not None
        false += found.low > 0 or found.high < 0
    assert stats.binom.sf(false - 1, 150, 0.07) > 0.001 < stats.binom.cdf(false, 150, 0.03)


def test_options_reach_the_metric() -> None:
    truth = np.arange(90) % 3
    said = np.where(np.arange(90) < 60, truth, 0)
    found = measure.bootstrap(measure.sensitivity, truth, said, rng=np.random.default_rng(0), positive=2)
    assert found.value == pytest.approx(measure.sensitivity(truth, said, positive=2))
    assert found.low is not None
    assert found.low < found.value


def test_many_rows_are_resampled_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, score, _ = drawn(50)
    whole = measure.bootstrap(measure.auc, truth, score, rng=np.random.default_rng(7), n=200)
    monkeypatch.setattr(intervals, "_CELLS", 300)
    parts = measure.bootstrap(measure.auc, truth, score, rng=np.random.default_rng(7), n=200)
    assert parts.to_json() == whole.to_json()


def test_the_jackknife_by_blocks_sees_the_same_skewness(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = np.random.default_rng(1).exponential(size=600)
    found = []
    for blocks in (600, 60):
        monkeypatch.setattr(intervals, "_BLOCKS", blocks)
        found.append(measure.bootstrap(measure.mean, sample, rng=np.random.default_rng(2), n=2000))
    assert (found[0].low, found[0].high) == pytest.approx((found[1].low, found[1].high), abs=5e-3)


def test_a_perfect_score_has_no_interval_instead_of_a_false_one() -> None:
    found = measure.bootstrap(measure.auc, [0, 0, 0, 1, 1, 1] * 5, [0, 0, 0, 1, 1, 1] * 5, rng=np.random.default_rng(0))
    assert (found.value, found.low, found.high) == (1.0, None, None)
    assert found.text() == "1.000"
    assert json.loads(json.dumps(found.to_json()))["low"] is None


def test_an_estimate_is_written_the_same_for_all_readers() -> None:
    assert measure.Estimate(0.9124, 0.8712, 0.9441, 50).text() == "0.912 [0.871, 0.944]"


def test_too_few_examples_of_a_class_give_no_interval() -> None:
    with pytest.raises(InputError, match="resamples have a value"):
        measure.bootstrap(measure.auc, [1, 1] + [0] * 40, np.arange(42), rng=np.random.default_rng(0))
    for how in (
        {"groups": ["a", "a", "a"]},
        {"groups": ["a", "b"]},
        {"groups": ["a", "b", None]},
        {"level": 1.5},
        {"n": 1},
    ):
        with pytest.raises(InputError):
            measure.bootstrap(measure.mean, [1.0, 2.0, 3.0], rng=np.random.default_rng(0), **how)  # type: ignore[arg-type]


def test_a_difference_resamples_patients_who_are_on_both_sides_together() -> None:
    rng = np.random.default_rng(5)
    level = np.repeat(rng.normal(size=100) * 10, 2)  # patients differ much, their two views by 1
    values, inside = level + np.tile([1.0, 0.0], 100), np.tile([True, False], 100)
    patients = [f"p{row // 2}" for row in range(200)]
    found = measure.difference(measure.mean, [values], inside, groups=patients, rng=rng)
    alone = measure.difference(measure.mean, [values], inside, rng=rng)
    assert found.value == pytest.approx(1)
    assert found.low is None or found.low > 0.99
    assert alone.low is not None
    assert alone.low < 0
    with pytest.raises(InputError, match="both sides"):
        measure.difference(measure.mean, [values], np.ones(200, dtype=bool), rng=rng)


@pytest.mark.parametrize(("events", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_proportions_are_refused(events: int, n: int) -> None:
    for interval in (measure.wilson, measure.clopper_pearson):
        with pytest.raises(InputError):
            interval(events, n)
