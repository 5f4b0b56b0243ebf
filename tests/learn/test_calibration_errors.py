"""Brier score, log loss, calibration error, slope, intercept and the reliability diagram say what they should."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import InputError
from suwen.learn import measure

CASES = st.lists(st.tuples(st.integers(0, 1), st.integers(1, 19)), min_size=2, max_size=50).map(
    lambda rows: ([one for one, _ in rows], [score / 20 for _, score in rows])
)


def drawn(n: int, seed: int, slope: float = 1.0, level: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes whose log-odds are level + slope * those said."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(size=n) * 2
    return (rng.random(n) < measure.sigmoid(level + slope * odds)).astype(int), measure.sigmoid(odds)


@settings(deadline=None, max_examples=40)
@given(CASES)
def test_scores_agree_with_scikit_learn(case: tuple[list[int], list[float]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    truth, chance = case
    table = np.column_stack([1 - np.array(chance), chance])
    assert measure.brier(truth, chance) == pytest.approx(metrics.brier_score_loss(truth, chance, labels=[0, 1]))
    assert measure.brier(truth, table) == pytest.approx(2 * measure.brier(truth, chance))
    expected = metrics.log_loss(truth, chance, labels=[0, 1])
    assert measure.log_loss(truth, chance) == pytest.approx(expected) == measure.log_loss(truth, table)


@settings(deadline=None)
@given(CASES, st.sampled_from([None, 1, 3, 10]), st.sampled_from(["mass", "width"]))
def test_murphys_parts_add_up_to_the_brier_score(
    case: tuple[list[int], list[float]], bins: int | None, scheme: measure.Scheme
) -> None:
    parts = measure.murphy(*case, bins=bins, scheme=scheme)
    whole = parts.reliability - parts.resolution + parts.uncertainty + parts.within
    assert whole == pytest.approx(measure.brier(*case), abs=1e-12)
    assert json.loads(json.dumps(parts.to_json()))["within"] == parts.within
    assert min(parts.reliability, parts.resolution, parts.uncertainty) >= 0


def test_calibration_error_by_hand() -> None:
    truth, chance = [0, 0, 1, 1, 1, 0], [0.1, 0.1, 0.1, 0.9, 0.9, 0.9]
    assert measure.calibration_error(truth, chance, bins=2) == pytest.approx((1 / 3 - 0.1) / 2 + (0.9 - 2 / 3) / 2)
    assert measure.calibration_error([1, 1], [0.5, 1.0], bins=10, scheme="width") == pytest.approx(0.25)
    table = [[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]
    assert measure.calibration_error([0, 1], table, bins=1) == pytest.approx(abs(0.65 - 0.5))


def test_equal_probabilities_share_a_bin_whatever_their_order() -> None:
    rng = np.random.default_rng(3)
    chance = rng.choice([0.2, 0.5, 0.8], 90)
    truth = rng.integers(0, 2, 90)
    order = rng.permutation(90)
    assert measure.calibration_error(truth, chance, bins=7) == pytest.approx(
        measure.calibration_error(truth[order], chance[order], bins=7)
    )
    assert len(measure.reliability(truth, chance, bins=30).points) == 3


def test_bins_of_equal_mass_hold_equally_many() -> None:
    chance = np.linspace(0.001, 0.2, 100)
    counts = [point.n for point in measure.reliability(np.arange(100) % 2, chance, bins=10).points]
    assert counts == [10] * 10
    tied = measure.reliability([0, 1] * 50, [0.1] * 10 + [0.5] * 80 + [0.9] * 10, bins=4)
    assert [point.n for point in tied.points] == [10, 80, 10]


@pytest.mark.parametrize(("slope", "level"), [(1.0, 0.0), (0.5, 0.0), (1.0, 0.7), (2.0, -0.4)])
def test_slope_and_intercept_recover_what_was_drawn(slope: float, level: float) -> None:
    truth, chance = drawn(40_000, 5, slope, level)
    assert measure.calibration_slope(truth, chance) == pytest.approx(slope, abs=0.04)
    if slope == 1.0:
        assert measure.calibration_intercept(truth, chance) == pytest.approx(level, abs=0.04)


def test_slope_is_that_of_an_unpenalised_logistic_regression() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    truth, chance = drawn(300, 6, 0.7, 0.3)
    odds = measure.logits(chance)[:, None]
    peer = linear.LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(odds, truth)
    assert measure.calibration_slope(truth, chance) == pytest.approx(peer.coef_[0, 0], rel=1e-4)


def test_at_the_intercept_the_mean_risk_is_the_share_that_happened() -> None:
    truth, chance = drawn(500, 7, 1.0, 0.8)
    shift = measure.calibration_intercept(truth, chance)
    assert measure.sigmoid(measure.logits(chance) + shift).mean() == pytest.approx(truth.mean(), abs=1e-10)


@settings(deadline=None)
@given(CASES)
def test_halving_the_logits_doubles_the_slope(case: tuple[list[int], list[float]]) -> None:
    truth, chance = case
    try:
        slope = measure.calibration_slope(truth, chance)
    except InputError:
        return
    halved = measure.sigmoid(measure.logits(chance) / 2)
    assert measure.calibration_slope(truth, halved) == pytest.approx(2 * slope, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(
    ("truth", "chance"),
    [([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.8]), ([0, 1, 0], [0.5, 0.5, 0.5]), ([1, 1, 1], [0.2, 0.5, 0.6])],
)
def test_a_slope_that_does_not_settle_is_refused(truth: list[int], chance: list[float]) -> None:
    with pytest.raises(InputError, match="undefined"):
        measure.calibration_slope(truth, chance)


def test_an_impossible_certainty_costs_much_but_not_infinitely() -> None:
    assert 30 < measure.log_loss([1], [0.0]) < 40
    assert measure.log_loss([1], [1.0]) == 0


@pytest.mark.parametrize("chance", [[0.1, 1.2], [-0.1, 0.2], [[0.5, 0.6], [0.1, 0.9]], [0.1, np.nan]])
def test_what_is_no_probability_is_refused(chance: list[object]) -> None:
    for metric in (measure.brier, measure.log_loss, measure.calibration_error):
        with pytest.raises(InputError):
            metric([0, 1], chance)


def test_three_classes_have_no_slope_and_no_bins_are_no_bins() -> None:
    with pytest.raises(InputError, match="one at a time"):
        measure.calibration_slope([0, 1, 2], np.eye(3))
    with pytest.raises(InputError, match="bin"):
        measure.calibration_error([0, 1], [0.2, 0.3], bins=0)


def test_the_diagram_is_drawn_in_both_languages_and_kept_as_json() -> None:
    diagram = measure.reliability(*drawn(400, 8))
    assert diagram.n == 400
    assert diagram.error == pytest.approx(measure.calibration_error(*drawn(400, 8), bins=10))
    assert all(point.low <= point.seen <= point.high for point in diagram.points)
    assert json.loads(json.dumps(diagram.to_json()))["n"] == 400
    for lang, word in (("zh", "可靠性图"), ("en", "Reliability diagram")):
        text = measure.reliability_svg(diagram, lang=lang)  # type: ignore[arg-type]
        assert word in text
        drawing = ET.fromstring(text)  # noqa: S314  # drawn here, two lines above
        assert len(drawing.findall(".//{http://www.w3.org/2000/svg}circle")) == len(diagram.points)
    assert "<script>" not in measure.reliability_svg(diagram, title="<script>")
    with pytest.raises(InputError, match="zh or en"):
        measure.reliability_svg(diagram, lang="fr")  # type: ignore[arg-type]
