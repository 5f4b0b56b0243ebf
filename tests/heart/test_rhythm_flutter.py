"""Proves that waves of flutter are seen at any conduction, and fast rhythms without P are named, healthy ones not."""

from __future__ import annotations

import numpy as np
import pytest

from suwen.diagnosis.rhythm.beats import find_beats
from suwen.diagnosis.rhythm.delineation import delineate
from suwen.diagnosis.rhythm.flutter import Fluttering, flutter
from suwen.diagnosis.rhythm.kinds import beat_kinds
from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.diagnosis.rhythm.synthetic import LEADS, noise, synthetic_ecg

RATE = 250.0
# the heights of made flutter waves in the leads, mV for one of 0.2 mV towards the foot
HEIGHT = dict(zip(LEADS, (0.02, 0.18, 0.16, -0.1, -0.07, 0.17, -0.1, -0.03, 0.02, 0.02, 0.02, 0.02), strict=True))


def without_atria(seed: int, times: np.ndarray, seconds: float) -> np.ndarray:
    """Beats without P at these times, out of the beats of a made trace, and noise."""
    rng = np.random.default_rng(seed)
    made = synthetic_ecg(rng, seconds=12, rate=RATE, rhythm="sinus", bpm=60)
    at = round(made.beats[4])
    beat = made.values[:, at - 20 : at + 100] - made.values[:, at - 20 : at - 19]
    values = np.zeros((12, round(seconds * RATE) + 200), np.float32)
    for time in times:
        begin = max(0, round(time * RATE) - 20)
        # T comes sooner when the heart is fast: it is drawn after two thirds of the time
        values[:, begin : begin + 40] += beat[:, :40]
        values[:, begin + 40 : begin + 80] += 0.7 * beat[:, 40::2]
    return values[:, : round(seconds * RATE)] + 0.012 * noise(rng, "white", round(seconds * RATE), RATE, leads=12)


def fluttering(seed: int, conduction: tuple[int, ...], atrial: float = 300, seconds: float = 20) -> np.ndarray:
    rng = np.random.default_rng(seed)
    cycle = 60 / atrial
    steps = rng.choice(conduction, round(seconds / cycle)) * cycle
    times = 0.3 + np.concatenate([[0.0], np.cumsum(steps)])
    times = times[times < seconds - 0.5]
    phase = (np.arange(round(seconds * RATE)) / RATE / cycle + rng.uniform(0, 1)) % 1
    saw = np.where(phase < 0.7, 0.5 - phase / 0.7, (phase - 0.7) / 0.3 - 0.5)
    return without_atria(seed, times, seconds) + np.array([HEIGHT[name] for name in LEADS])[:, None] * saw


def looked(values: np.ndarray) -> Fluttering:
    beats = find_beats(values, RATE, method="rules")
    found = delineate(values, RATE, beats.samples)
    return flutter(values, RATE, beats, beat_kinds(values, RATE, beats.samples), found)


@pytest.mark.parametrize("atrial", [260, 300])
@pytest.mark.parametrize("conduction", [(2,), (3,), (4,), (2, 4), (2, 3, 4)], ids=str)
def test_flutter_is_seen_with_its_rate_at_any_conduction(conduction: tuple[int, ...], atrial: float) -> None:
    seen = [looked(fluttering(seed, conduction, atrial)) for seed in range(4)]
    assert sum(bool(one.spans) for one in seen) >= 3
    for one in seen:
        if one.spans:
            assert one.atrial_rate == pytest.approx(atrial, rel=0.02)
            assert one.alike >= 0.7


def test_two_to_one_at_150_is_suspected_and_said_with_its_ratio() -> None:
    reading = read_rhythm(fluttering(1, (2,)), RATE, LEADS, method="rules")
    sign = reading.sign("flutter")
    assert sign is not None
    assert sign.figures["ratio"] == pytest.approx(2, abs=0.1)
    assert sign.figures["atrial_rate"] == pytest.approx(300, abs=6)
    assert sign.places[0].end - sign.places[0].begin > 15
    assert not reading.atria.sinus
    assert reading.sign("svt") is reading.sign("sinus_tachycardia") is None


def test_uneven_conduction_is_flutter_and_not_fibrillation() -> None:
    reading = read_rhythm(fluttering(2, (2, 3, 4)), RATE, LEADS, method="rules")
    assert reading.sign("flutter") is not None
    assert reading.atria.fibrillation == ()


@pytest.mark.parametrize("rhythm", ["sinus", "af", "first_degree", "pac", "pvc", "wenckebach", "rbbb", "lbbb"])
@pytest.mark.parametrize("bpm", [50, 75, 100, 125])
def test_other_rhythms_have_no_flutter(rhythm: str, bpm: float) -> None:
    rng = np.random.default_rng(3)
    made = synthetic_ecg(rng, seconds=20, rate=RATE, rhythm=rhythm, bpm=bpm)
    values = made.values + 0.015 * noise(rng, "white", made.values.shape[1], RATE, leads=12)
    assert looked(values).spans == ()


@pytest.mark.parametrize("change", ["larger", "turned", "order"])
def test_scale_polarity_and_order_of_leads_change_nothing(change: str) -> None:
    values = fluttering(4, (2, 4))
    other = {"larger": values * 4, "turned": -values, "order": values[::-1]}[change]
    one, two = looked(values), looked(other)
    assert one.spans == two.spans != ()
    assert one.atrial_rate == pytest.approx(two.atrial_rate, rel=0.01)


def test_a_part_of_the_trace_is_told_from_the_rest() -> None:
    sinus = synthetic_ecg(np.random.default_rng(5), seconds=60, rate=RATE, bpm=70).values
    values = np.concatenate([sinus, fluttering(5, (4,), seconds=40), sinus], axis=1)
    found = looked(values).spans
    assert len(found) == 1
    assert found[0] == pytest.approx((60, 100), abs=10)


@pytest.mark.parametrize(("age", "named"), [(None, True), (40.0, True), (3.0, False)])
def test_a_fast_narrow_rhythm_without_p_is_named_in_adults(age: float | None, named: bool) -> None:
    values = without_atria(6, np.arange(0.3, 19.0, 60 / 185), 20)
    reading = read_rhythm(values, RATE, LEADS, method="rules", age=age)
    assert (reading.sign("svt") is not None) is named
    if named:
        sign = reading.sign("svt")
        assert sign is not None
        assert sign.figures["rate"] == pytest.approx(185, abs=3)
        assert not reading.atria.sinus


@pytest.mark.parametrize("seconds", [0.0, 0.4, 1.0, 3.9])
def test_short_traces_are_not_judged(seconds: float) -> None:
    assert looked(np.zeros((2, round(seconds * RATE)), np.float32)) == Fluttering()
