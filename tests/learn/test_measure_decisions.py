"""Net benefit is that of Vickers & Elkin, useless models help nobody, and curves are drawn in both languages."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import InputError
from suwen.learn import measure

CASES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), max_size=40).map(
    lambda rows: ([0, 1] + [one for one, _ in rows], [0.2, 0.6] + [score / 20 for _, score in rows])
)


def drawn(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    odds = rng.normal(size=n) * 1.5 - 1
    return (rng.random(n) < measure.sigmoid(odds)).astype(int), measure.sigmoid(odds)


@settings(deadline=None)
@given(CASES, st.floats(0.01, 0.99))
def test_net_benefit_is_counted_as_defined(case: tuple[list[int], list[float]], at: float) -> None:
    truth, chance = case
    fields = measure.counts(truth, (np.array(chance) >= at).astype(int))
    expected = (fields.true_positive - fields.false_positive * at / (1 - at)) / len(truth)
    found = measure.net_benefit(truth, chance, at)
    assert found == pytest.approx(expected)
    assert found <= np.mean(truth) + 1e-12
    curve = measure.decision_curve(truth, chance, thresholds=[at])
    assert curve.benefit[0] == pytest.approx(found)
    assert curve.treat_all[0] == pytest.approx(measure.net_benefit(truth, np.ones(len(truth)), at))
    assert curve.standardised().benefit[0] == pytest.approx(found / np.mean(truth))


def test_by_hand() -> None:
    """Of 10 patients 4 are ill; at 20 % a false alarm costs a quarter of a hit: (3 - 2 / 4) / 10."""
    truth = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    chance = [0.9, 0.5, 0.2, 0.1, 0.3, 0.2, 0.1, 0.1, 0.0, 0.0]
    assert measure.net_benefit(truth, chance, 0.2) == pytest.approx(0.25)
    assert measure.decision_curve(truth, chance, thresholds=[0.2]).treat_all[0] == pytest.approx((4 - 6 / 4) / 10)


def test_the_truth_itself_has_the_benefit_of_the_prevalence_and_noise_has_none() -> None:
    truth, _ = drawn(4000)
    oracle = measure.decision_curve(truth, truth.astype(float))
    assert set(np.round(oracle.benefit, 12)) == {round(oracle.prevalence, 12)}
    assert len(oracle.useful()) == len(oracle.thresholds)
    noise = measure.decision_curve(truth, np.random.default_rng(1).random(4000))
    best = np.maximum(noise.treat_all, 0)
    assert max(np.array(noise.benefit) - best) < 0.02


def test_a_calibrated_model_is_never_much_worse_than_treating_all_or_none_but_an_overconfident_one_is() -> None:
    truth, chance = drawn(20_000, 2)
    curve = measure.decision_curve(truth, chance)
    best = np.maximum(curve.treat_all, 0)
    assert (np.array(curve.benefit) > best - 0.003).all()
    overdone = measure.decision_curve(truth, measure.sigmoid(measure.logits(chance) * 4 + 2))
    assert (np.array(overdone.benefit) < best - 0.05).any()


def test_the_band_holds_the_curve_and_widens_with_few_patients() -> None:
    truth, chance = drawn(300, 3)
    rows = np.repeat(np.arange(300), 8)
    patients = [f"p{row}" for row in rows]
    grouped = measure.decision_curve(truth[rows], chance[rows], groups=patients, rng=np.random.default_rng(0))
    single = measure.decision_curve(truth[rows], chance[rows], rng=np.random.default_rng(0))
    assert (grouped.n, single.n) == (300, 2400)
    assert (np.array(grouped.low) <= np.array(grouped.benefit) + 1e-9).all()
    assert (np.array(grouped.benefit) <= np.array(grouped.high) + 1e-9).all()
    widths = [np.mean(np.array(curve.high) - np.array(curve.low)) for curve in (grouped, single)]
    assert widths[0] == pytest.approx(widths[1] * np.sqrt(8), rel=0.15)


def test_curves_are_drawn_in_both_languages_with_names_escaped() -> None:
    truth, chance = drawn(300, 4)
    curves = {
        "<Suwen & 素问>": measure.decision_curve(truth, chance, rng=np.random.default_rng(0), n=50),
        "half": measure.decision_curve(truth, chance / 2),
    }
    for lang, words in (
        ("zh", ["决策曲线", "全部干预", "净获益"]),
        ("en", ["Decision curve", "Treat all", "Net benefit"]),
    ):
        for standard in (False, True):
            text = measure.decision_svg(curves, lang=lang, standard=standard)  # type: ignore[arg-type]
            drawing = ET.fromstring(text)  # noqa: S314  # drawn in the line above
            assert all(word in text for word in words[:2])
            assert "<Suwen" not in text
            assert len(drawing.findall(".//{http://www.w3.org/2000/svg}polyline")) == 4
            assert len(drawing.findall(".//{http://www.w3.org/2000/svg}polygon")) == 1
    assert json.loads(json.dumps(curves["half"].to_json()))["low"] == []


def test_impossible_requests_are_refused() -> None:
    truth, chance = drawn(50)
    for thresholds in ([0.0], [1.0], [0.5, 0.5], [0.6, 0.4], []):
        with pytest.raises(InputError):
            measure.decision_curve(truth, chance, thresholds=thresholds)
    with pytest.raises(InputError, match="nobody"):
        measure.decision_curve([0, 0], [0.1, 0.2])
    with pytest.raises(InputError, match="the outcome"):
        measure.net_benefit([0, 1], [[0.5, 0.5], [0.4, 0.6]], 0.5)
    one, two = measure.decision_curve(truth, chance), measure.decision_curve(truth[:-1], chance[:-1])
    with pytest.raises(InputError, match="different patients"):
        measure.decision_svg({"one": one, "two": two})
    with pytest.raises(InputError, match="zh or en"):
        measure.decision_svg({"one": one}, lang="fr")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least one"):
        measure.decision_svg({})
