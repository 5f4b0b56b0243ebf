"""Conformal sets and bands cover as often as promised, within exact binomial bounds, and survive JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import FormatError, InputError
from suwen.learn import measure
from suwen.learn.measure import ConformalBand, ConformalSets, Kind

stats = pytest.importorskip("scipy.stats", reason="scipy is not installed (extra learn)")
KINDS: list[Kind] = ["lac", "aps", "raps"]


def drawn(n: int, rng: np.random.Generator, wrong: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Classes and the probabilities of a model that is far too sure."""
    table = rng.normal(size=(n, 4)) + np.array([1.0, 0.0, 0.0, -0.5])
    truth = (measure.softmax(table).cumsum(axis=1) < rng.random(n)[:, None]).sum(axis=1)
    return truth, measure.softmax(table * wrong)


def within(hits: int, n: int, lowest: float, highest: float) -> bool:
    """Whether `hits` of `n` is no wonder (one in a thousand on either side) for a chance in lowest..highest."""
    return bool(stats.binom.cdf(hits, n, lowest) > 1e-3 and stats.binom.sf(hits - 1, n, highest) > 1e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n", "alpha"), [(19, 0.1), (50, 0.2)])
def test_coverage_over_many_calibrations_is_the_promised_one(kind: Kind, n: int, alpha: float) -> None:
    """Each round draws its own calibration data and one new patient: exactly the promise, so the bounds are exact."""
    rng, rounds, hits = np.random.default_rng(7), 1500, 0
    for _ in range(rounds):
        truth, chances = drawn(n + 1, rng)
        fitted = measure.fit_conformal_sets(truth[:-1], chances[:-1], alpha=alpha, kind=kind, rng=rng)
        hits += bool(fitted.predict(chances[-1:], rng=rng, allow_empty=True)[0, truth[-1]])
    exact = math.ceil((n + 1) * (1 - alpha) - 1e-9) / (n + 1)
    assert within(hits, rounds, exact, exact)


@pytest.mark.parametrize("kind", KINDS)
def test_class_conditional_sets_cover_every_class(kind: Kind) -> None:
    rng, rounds = np.random.default_rng(8), 40
    hits, seen = np.zeros(4), np.zeros(4)
    for _ in range(rounds):
        truth, chances = drawn(600, rng)
        fitted = measure.fit_conformal_sets(truth[:300], chances[:300], kind=kind, mondrian=True, rng=rng)
        sets = fitted.predict(chances[300:], rng=rng, allow_empty=True)
        for one in range(4):
            mine = truth[300:] == one
            hits[one] += sets[mine, one].sum()
            seen[one] += mine.sum()
    assert (np.abs(hits / seen - 0.91) < 0.025).all()  # 0.9 to 0.9 + 1 / (about 40 + 1), and the noise of 40 rounds
    truth, chances = drawn(4000, rng)
    plain = measure.fit_conformal_sets(truth[:2000], chances[:2000], kind=kind, rng=rng)
    rare = truth[2000:] == 3
    missed = 1 - plain.predict(chances[2000:], rng=rng, allow_empty=True)[rare, 3].mean()
    if kind == "lac":
        assert missed > 0.15  # what the plain sets do to the rare class, and why the others exist


def test_the_band_covers_whatever_the_quantiles_are() -> None:
    rng, rounds, hits, plain = np.random.default_rng(9), 1500, 0, 0
    for _ in range(rounds):
        at = rng.random(30)
        truth = at + rng.normal(size=30) * (0.1 + at)
        low, high = at - 0.05, at + 0.3  # poor quantiles
        fitted = measure.fit_conformal_band(truth[:-1], low[:-1], high[:-1], alpha=0.2)
        below, above = fitted.predict(low[-1:], high[-1:])
        hits += bool(below[0] <= truth[-1] <= above[0])
        plain += bool(low[-1] <= truth[-1] <= high[-1])
    assert within(hits, rounds, 24 / 30, 24 / 30)
    assert plain / rounds < 0.5


@settings(deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_the_quantile_is_the_right_order_statistic(values: list[float], alpha: float) -> None:
    found = measure.conformal_quantile(values, alpha)
    wanted = (len(values) + 1) * (1 - alpha)
    if math.isinf(found):
        assert wanted > len(values)
    else:
        assert sum(value <= found for value in values) >= wanted - 1e-6
        assert sum(value < found for value in values) < wanted


def test_a_whole_rank_is_not_lifted_by_rounding() -> None:
    assert measure.conformal_quantile(range(1, 10), 0.7) == 3  # 10 * (1 - 0.7), which is 3.0000000000000004 in floats
    assert measure.conformal_quantile(range(1, 10), 0.1) == 9
    assert measure.conformal_quantile(range(1, 100), 0.1) == 90
    assert measure.conformal_quantile(range(1, 9), 0.1) == math.inf


def test_smaller_alpha_never_shrinks_a_set() -> None:
    rng = np.random.default_rng(10)
    truth, chances = drawn(500, rng)
    for kind in KINDS:
        sets = [
            measure.fit_conformal_sets(truth, chances, alpha=alpha, kind=kind, rng=np.random.default_rng(1)).predict(
                chances
            )
            for alpha in (0.3, 0.1, 0.02)
        ]
        assert (sets[0] <= sets[1]).all()
        assert (sets[1] <= sets[2]).all()


def test_the_sets_by_hand() -> None:
    chances = np.array([[0.6, 0.3, 0.1], [0.4, 0.35, 0.25]])
    lac = ConformalSets("lac", 0.1, (0.7,), (50,))
    assert lac.predict(chances).tolist() == [[True, True, False], [True, True, False]]
    aps = ConformalSets("aps", 0.1, (0.8,), (50,))
    assert aps.predict(chances).tolist() == [[True, False, False], [True, True, False]]
    raps = ConformalSets("raps", 0.1, (0.8,), (50,), penalty=0.1, free=1)
    assert raps.predict(chances).tolist() == [[True, False, False], [True, False, False]]
    mondrian = ConformalSets("lac", 0.1, (0.1, 0.7, math.inf), (9, 9, 2))
    assert mondrian.predict(chances).tolist() == [[False, True, True], [False, True, True]]


def test_an_empty_set_gets_the_most_probable_class_unless_asked() -> None:
    strict = ConformalSets("lac", 0.5, (0.1,), (50,))
    assert strict.predict([[0.5, 0.3, 0.2]]).tolist() == [[True, False, False]]
    assert not strict.predict([[0.5, 0.3, 0.2]], allow_empty=True).any()
    assert strict.predict([0.05, 0.5]).tolist() == [[True, False], [True, False]]


def test_raps_sets_are_shorter_at_their_longest() -> None:
    rng = np.random.default_rng(11)
    table = rng.normal(size=(3000, 20))
    truth = (measure.softmax(table).cumsum(axis=1) < rng.random(3000)[:, None]).sum(axis=1)
    chances = measure.softmax(table)

    def longest(kind: Kind, **how: Any) -> int:
        fitted = measure.fit_conformal_sets(truth[:2000], chances[:2000], kind=kind, rng=rng, **how)
        return int(fitted.predict(chances[2000:], rng=rng).sum(axis=1).max())

    assert longest("raps", raps=(0.5, 5)) < longest("aps")


def test_a_band_may_shrink_but_never_turns_inside_out() -> None:
    band = ConformalBand(0.1, -3.0, 50)
    low, high = band.predict([0.0, 0.0], [10.0, 2.0])
    assert (low.tolist(), high.tolist()) == ([3.0, 1.0], [7.0, 1.0])


def test_json_brings_back_sets_and_bands_with_their_infinities() -> None:
    kept = [
        ConformalSets("raps", 0.1, (0.5, math.inf), (30, 2), 0.01, 2),
        ConformalSets("lac", 0.2, (0.25,), (30,)),
        ConformalBand(0.1, 1.5, 30),
        ConformalBand(0.1, math.inf, 3),
    ]
    for one in kept:
        text = json.dumps(one.to_json(), allow_nan=False)
        assert measure.conformal_from_json(json.loads(text)) == one
    golden = '{"format": 1, "kind": "lac", "alpha": 0.2, "limits": [0.25], "counts": [30], "penalty": 0, "free": 0}'
    assert measure.conformal_from_json(json.loads(golden)) == kept[1]
    for damaged in (
        {"format": 2},
        {"format": 1, "kind": "x"},
        {"format": 1, "kind": "lac"},
        {"format": 1, "kind": "band"},
    ):
        with pytest.raises(FormatError):
            measure.conformal_from_json(damaged)


def test_coverage_is_counted_with_its_exact_interval() -> None:
    found = measure.coverage([0, 1, 1], np.array([[True, False], [True, False], [True, True]]))
    assert found.to_json() == measure.clopper_pearson(2, 3).to_json()
    with pytest.raises(InputError, match="booleans"):
        measure.coverage([0, 1], [[0.5, 0.5], [0.1, 0.9]])


def test_what_promises_nothing_is_refused() -> None:
    chances = [[0.5, 0.5], [0.1, 0.9]]
    for how in ({"kind": "aps"}, {"kind": "x"}, {"mondrian": True}, {"alpha": 0.0}, {"alpha": 1.0}, {"raps": (-1, 2)}):
        with pytest.raises(InputError):
            measure.fit_conformal_sets([1, 1], chances, **how)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="classes"):
        ConformalSets("lac", 0.1, (0.5, 0.5, 0.5), (9, 9, 9)).predict(chances)
