"""Fitted calibrators are the best of their kind, keep their promises, survive JSON, and are chosen on held-out loss."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import FormatError, InputError
from suwen.learn import measure
from suwen.learn.measure import Beta, Calibrator, Isotonic, OneVsRest, Platt, Temperature

FITS = [measure.fit_temperature, measure.fit_platt, measure.fit_beta, measure.fit_isotonic]


def two(n: int, seed: int, hot: float = 2.5, level: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes, and logits that are `hot` times too sure and `level` too high."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(size=n) * 1.5
    return (rng.random(n) < measure.sigmoid(odds)).astype(int), odds * hot + level


def four(n: int, seed: int, hot: float = 2.5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(n, 4)) * 1.5
    truth = (measure.softmax(table).cumsum(axis=1) < rng.random(n)[:, None]).sum(axis=1)
    return truth, table * hot


def test_temperature_is_recovered_and_the_best_there_is() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    for truth, table in (two(20_000, 1), four(20_000, 2)):
        fitted = measure.fit_temperature(truth, table)
        assert fitted.temperature == pytest.approx(2.5, rel=0.05)

        def loss(heat: float, truth: Any = truth, table: Any = table) -> float:
            return measure.log_loss(truth, Temperature(heat)(table))

        peer = optimize.minimize_scalar(loss, bounds=(0.1, 20), method="bounded", options={"xatol": 1e-7})
        assert fitted.temperature == pytest.approx(peer.x, rel=1e-4)


@settings(deadline=None)
@given(st.floats(0.05, 20), st.integers(0, 100))
def test_temperature_never_changes_the_order_of_the_classes(heat: float, seed: int) -> None:
    _, table = four(20, seed)
    np.testing.assert_array_equal(Temperature(heat)(table).argmax(axis=1), table.argmax(axis=1))


def test_platt_is_the_best_curve_for_softened_targets() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    truth, odds = two(300, 3, hot=3, level=1)
    hits = truth.sum()
    targets = np.where(truth == 1, (hits + 1) / (hits + 2), 1 / (300 - hits + 2))

    def loss(pair: Any) -> float:
        curve = pair[0] * odds + pair[1]
        return float(np.sum(np.logaddexp(0, curve) - targets * curve))

    fitted = measure.fit_platt(truth, odds)
    assert isinstance(fitted, Platt)
    peer = optimize.minimize(loss, [0.1, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11})
    assert (fitted.slope, fitted.level) == pytest.approx(tuple(peer.x), rel=1e-4)


def test_platt_stays_finite_when_the_classes_are_separated() -> None:
    fitted = measure.fit_platt([0, 0, 1, 1], [-2.0, -1.0, 1.0, 2.0])
    assert isinstance(fitted, Platt)
    assert 0.5 < float(fitted([2.0])[0]) < 0.95


def test_isotonic_is_that_of_scikit_learn() -> None:
    isotonic = pytest.importorskip("sklearn.isotonic")
    truth, odds = two(400, 4)
    odds = np.round(odds, 1)  # ties
    peer = isotonic.IsotonicRegression(y_min=1 / 402, y_max=1 - 1 / 402, out_of_bounds="clip").fit(odds, truth)
    at = np.linspace(-8, 8, 500)
    np.testing.assert_allclose(measure.fit_isotonic(truth, odds)(at), peer.predict(at), atol=1e-12)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-5, 5)), min_size=1, max_size=40))
def test_isotonic_rises_and_keeps_the_mean(rows: list[tuple[int, int]]) -> None:
    truth, odds = [0, 1] + [one for one, _ in rows], [0.0, 0.0] + [float(score) for _, score in rows]
    fitted = measure.fit_isotonic(truth, odds)
    chance = fitted(np.sort(odds))
    assert (np.diff(chance) >= -1e-12).all()
    assert 0 < chance.min() <= chance.max() < 1
    assert abs(fitted(odds).mean() - np.mean(truth)) <= 1 / (len(truth) + 2)


def test_beta_holds_the_identity_and_never_falls() -> None:
    truth, odds = two(20_000, 5, hot=1.0)
    fitted = measure.fit_beta(truth, odds)
    assert isinstance(fitted, Beta)
    assert (fitted.rise, fitted.fall, fitted.level) == pytest.approx((1, 1, 0), abs=0.2)
    backwards = measure.fit_beta(1 - truth, odds)
    assert isinstance(backwards, Beta)
    assert (backwards.rise, backwards.fall) == (0, 0)
    assert backwards(odds).mean() == pytest.approx(1 - truth.mean(), abs=1e-3)


@pytest.mark.parametrize("fit", FITS)
def test_every_calibrator_mends_overconfidence_on_new_data(fit: Any) -> None:
    truth, odds = two(3000, 6)
    new_truth, new_odds = two(3000, 7)
    before, after = measure.sigmoid(new_odds), fit(truth, odds)(new_odds)
    assert measure.log_loss(new_truth, after) < measure.log_loss(new_truth, before) - 0.05
    assert measure.calibration_error(new_truth, after) < measure.calibration_error(new_truth, before) / 2
    assert measure.calibration_slope(new_truth, after) == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("fit", FITS)
def test_several_classes_get_rows_that_add_up_to_one(fit: Any) -> None:
    truth, table = four(2000, 8)
    new_truth, new_table = four(2000, 9)
    chances = fit(truth, table)(new_table)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    assert measure.log_loss(new_truth, chances) < measure.log_loss(new_truth, measure.softmax(new_table)) - 0.05


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("data", [two(200, 10), four(200, 11)], ids=["two", "four"])
def test_json_brings_back_the_same_calibrator(fit: Any, data: tuple[np.ndarray, np.ndarray]) -> None:
    fitted: Calibrator = fit(*data)
    again = measure.calibrator_from_json(json.loads(json.dumps(fitted.to_json())))
    assert again == fitted
    np.testing.assert_array_equal(again(data[1]), fitted(data[1]))


def test_format_1_is_read_for_ever() -> None:
    golden = [
        ('{"format": 1, "kind": "temperature", "temperature": 2.0}', Temperature(2.0)),
        ('{"format": 1, "kind": "platt", "slope": 0.5, "level": -1}', Platt(0.5, -1.0)),
        ('{"format": 1, "kind": "beta", "rise": 1, "fall": 2, "level": 0}', Beta(1.0, 2.0, 0.0)),
        ('{"format": 1, "kind": "isotonic", "at": [0, 1], "chance": [0.2, 0.8]}', Isotonic((0.0, 1.0), (0.2, 0.8))),
    ]
    for text, calibrator in golden:
        assert measure.calibrator_from_json(json.loads(text)) == calibrator
    assert Temperature(2.0)([2.0])[0] == pytest.approx(1 / (1 + np.exp(-1)))
    assert Platt(0.5, -1.0)([2.0])[0] == pytest.approx(0.5)
    assert Beta(1.0, 2.0, 0.0)([0.0])[0] == pytest.approx(1 / (1 + np.exp(-np.log(2))))
    assert Isotonic((0.0, 1.0), (0.2, 0.8))([0.5])[0] == pytest.approx(0.5)


@pytest.mark.parametrize(
    "document",
    [
        {"format": 2, "kind": "temperature", "temperature": 1},
        {"kind": "temperature", "temperature": 1},
        {"format": 1, "kind": "temperature"},
        {"format": 1, "kind": "temperature", "temperature": -1},
        {"format": 1, "kind": "temperature", "temperature": "nan"},
        {"format": 1, "kind": "os.system"},
        {"format": 1, "kind": "isotonic", "at": [1, 0], "chance": [0.1, 0.2]},
        {"format": 1, "kind": "isotonic", "at": [0, 1], "chance": [0.1, 1.2]},
        {"format": 1, "kind": "isotonic", "at": [], "chance": []},
        {"format": 1, "kind": "one_vs_rest", "each": [{"format": 1, "kind": "temperature", "temperature": 1}]},
        {"format": 1, "kind": "one_vs_rest", "each": 5},
    ],
)
def test_damaged_calibrators_are_refused(document: dict[str, object]) -> None:
    with pytest.raises(FormatError):
        measure.calibrator_from_json(document)


def test_the_choice_follows_what_the_data_need() -> None:
    truth, odds = two(4000, 12, hot=1.0)
    assert measure.choose_calibrator(truth, odds, among=["none", "isotonic"]).name == "none"
    truth, odds = two(4000, 13, hot=2.5, level=2.0)
    chosen = measure.choose_calibrator(truth, odds)
    assert chosen.name in ("platt", "beta")
    assert chosen.losses[chosen.name] == min(chosen.losses.values()) < chosen.losses["none"]
    bent = np.sign(odds) * np.abs(odds) ** 0.2 + 3 * (odds > 4)
    assert measure.choose_calibrator(truth, bent, among=["temperature", "isotonic"]).name == "isotonic"
    assert isinstance(measure.choose_calibrator(*four(500, 14), among=["platt"]).calibrator, OneVsRest)


def test_held_out_loss_punishes_what_only_remembers() -> None:
    """With few patients of many equal rows each, folds by row would reward isotonic; folds by patient do not."""
    rng = np.random.default_rng(15)
    truth, odds = two(40, 16, hot=1.0)
    truth[:2] = 0, 1
    rows = np.repeat(np.arange(40), 20)
    noisy = odds[rows] + rng.normal(size=800) * 1e-3
    by_patient = measure.choose_calibrator(truth[rows], noisy, groups=[f"p{row}" for row in rows])
    by_row = measure.choose_calibrator(truth[rows], noisy)
    assert by_row.losses["isotonic"] < by_patient.losses["isotonic"] - 0.05


def test_a_class_too_rare_for_every_fold_leaves_the_temperature() -> None:
    truth, table = four(300, 17)
    truth[truth == 3] = 0
    truth[:2] = 3
    chosen = measure.choose_calibrator(truth, table, groups=["both", "both", *range(298)])
    assert set(chosen.losses) == {"none", "temperature"}
    assert measure.fit_temperature(truth[2:], table[2:]).temperature > 1
    assert json.loads(json.dumps(chosen.to_json()))["calibrator"] == chosen.calibrator.to_json()
    with pytest.raises(InputError, match="every fold"):
        measure.choose_calibrator(truth, table, groups=["both", "both", *range(298)], among=["beta"])


def test_logits_undo_the_curves() -> None:
    table = np.random.default_rng(0).dirichlet(np.ones(3), 50)
    np.testing.assert_allclose(measure.softmax(measure.logits(table)), table)
    np.testing.assert_allclose(measure.sigmoid(measure.logits(table[:, 0])), table[:, 0])
    np.testing.assert_allclose(measure.sigmoid(measure.logits(table, one_vs_rest=True)), table)


def test_what_cannot_be_calibrated_is_refused() -> None:
    for fit in FITS:
        with pytest.raises(InputError):
            fit([1, 1], [0.1, 0.2])
        with pytest.raises(InputError):
            fit([0, 1], [0.1, np.nan])
    with pytest.raises(InputError, match="unknown"):
        measure.choose_calibrator([0, 1], [0.1, 0.2], among=["spline"])
    with pytest.raises(InputError, match="knows 3 classes"):
        OneVsRest((Platt(1, 0),) * 3)([[0.1, 0.2]])
