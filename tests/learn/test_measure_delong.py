"""DeLong's variance by ranks is the one of his definition, and its test has the error rate it claims."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import InputError
from suwen.learn import measure

CASES = st.lists(st.tuples(st.integers(0, 1), st.integers(-5, 5), st.integers(-5, 5)), max_size=25).map(
    lambda rows: [(0, 0, 1), (0, 2, 1), (1, 1, 1), (1, 3, 0), *rows]
)


def by_definition(truth: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """AUCs and covariance from all pairs, as in DeLong 1988, equations 4 to 6."""
    hits, rest = table[truth == 1], table[truth == 0]
    won = (hits[:, None] > rest[None]) + 0.5 * (hits[:, None] == rest[None])
    ten, one = won.mean(axis=1), won.mean(axis=0)
    auc = won.mean(axis=(0, 1))
    spread = [(part - auc).T @ (part - auc) / (len(part) - 1) / len(part) for part in (ten, one)]
    return auc, spread[0] + spread[1]


@settings(deadline=None)
@given(CASES)
def test_ranks_give_the_covariance_of_the_definition(rows: list[tuple[int, int, int]]) -> None:
    table = np.array(rows, dtype=float)
    truth = table[:, 0].astype(int)
    values, covariance = measure.delong_covariance(truth, table[:, 1], table[:, 2])
    expected = by_definition(truth, table[:, 1:])
    np.testing.assert_allclose(values, expected[0], atol=1e-12)
    np.testing.assert_allclose(covariance, expected[1], atol=1e-12)
    assert values[0] == pytest.approx(measure.auc(truth, table[:, 1]))


def test_the_interval_is_near_the_bootstrap() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 400)
    score = rng.normal(size=400) + truth
    delong, boot = measure.delong_interval(truth, score), measure.bootstrap(measure.auc, truth, score, rng=rng, n=4000)
    assert (delong.low, delong.high) == pytest.approx((boot.low, boot.high), abs=0.006)


def test_the_paired_test_rejects_one_in_twenty_when_nothing_differs() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(1)
    chances = []
    for _ in range(400):
        truth = rng.integers(0, 2, 120)
        both = rng.normal(size=120) + truth
        found = measure.delong_test(truth, both + rng.normal(size=120), both + rng.normal(size=120))
        assert found.p is not None
        chances.append(found.p)
    rejected = int(np.sum(np.array(chances) < 0.05))
    assert stats.binom.sf(rejected - 1, 400, 0.05) > 0.001 < stats.binom.cdf(rejected, 400, 0.05)


def test_swapping_the_scores_changes_only_the_sign() -> None:
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, 100)
    one, two = rng.normal(size=100) + 2 * truth, rng.normal(size=100) + truth
    here, there = measure.delong_test(truth, one, two), measure.delong_test(truth, two, one)
    assert here.z is not None
    assert here.p is not None
    assert here.z == pytest.approx(-there.z)  # type: ignore[operator]
    assert here.p == pytest.approx(there.p)
    assert json.loads(json.dumps(here.to_json()))["p"] == here.p
    assert here.p < 0.05
    assert here.difference.value == pytest.approx(here.first - here.second)


def test_what_does_not_vary_has_no_interval_and_no_p() -> None:
    truth, score = [0, 0, 1, 1], [0.0, 1.0, 2.0, 3.0]
    assert measure.delong_interval(truth, score).low is None
    same = measure.delong_test([0, 1, 0, 1, 1], [1, 2, 3, 2, 5], [1, 2, 3, 2, 5])
    assert (same.difference.value, same.z, same.p) == (0.0, None, None)
    with pytest.raises(InputError, match="at least two of each"):
        measure.delong_interval([0, 1, 1], [0.1, 0.2, 0.3])
