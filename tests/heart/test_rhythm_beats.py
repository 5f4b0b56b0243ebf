"""Proves that beats are found where they are made, in noise and reversed, and that nothing makes the finder fail."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.diagnosis.rhythm.beats import find_beats
from suwen.diagnosis.rhythm.energy import widest
from suwen.diagnosis.rhythm.matching import matched, together
from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.diagnosis.rhythm.synthetic import LEADS, RHYTHMS, noise, synthetic_ecg
from suwen.errors import InputError


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_every_beat_of_a_made_trace_is_found_to_the_hundredth_of_a_second(rhythm: str) -> None:
    made = synthetic_ecg(np.random.default_rng(1), seconds=60, rate=250, rhythm=rhythm, names=("I", "II", "V2"))
    beats = find_beats(made.values, 250, method="rules")
    assert matched(made.beats, beats.samples, 37).f1 > 0.98
    assert beats.used == (0, 1, 2)
    if rhythm in ("sinus", "first_degree", "af"):
        assert matched(made.beats, beats.samples, 3.0).f1 > 0.98


@pytest.mark.parametrize("rate", [100.0, 128.0, 360.0, 1000.0])
def test_the_rate_of_sampling_does_not_matter(rate: float) -> None:
    made = synthetic_ecg(np.random.default_rng(2), seconds=30, rate=rate, bpm=90, names=("II",))
    assert matched(made.beats, find_beats(made.values, rate, method="rules").samples, 0.02 * rate).f1 == 1.0


@pytest.mark.parametrize("kind", ["baseline", "white", "mains"])
def test_noise_as_large_as_the_trace_is_borne(kind: str) -> None:
    rng = np.random.default_rng(3)
    made = synthetic_ecg(rng, seconds=60, rate=250, names=("II",))
    size = {"baseline": 1.0, "mains": 0.3, "white": 0.15}[kind]
    spoilt = made.values + size * noise(rng, kind, made.values.shape[1], 250)
    assert matched(made.beats, find_beats(spoilt, 250, method="rules").samples, 37).f1 > 0.97


def test_a_lead_of_noise_beside_a_good_one_does_no_harm() -> None:
    rng = np.random.default_rng(4)
    made = synthetic_ecg(rng, seconds=60, rate=250, names=("II",))
    bad = noise(rng, "muscle", made.values.shape[1], 250, leads=2)
    both = np.concatenate([made.values, bad])
    assert matched(made.beats, find_beats(both, 250, method="rules").samples, 37).f1 > 0.97


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([1e-1, 10.0, -1.0, -3.0]))
def test_polarity_and_scale_do_not_matter(seed: int, factor: float) -> None:
    made = synthetic_ecg(np.random.default_rng(seed), seconds=15, rate=250, names=("II",))
    one = find_beats(made.values, 250, method="rules").samples
    other = find_beats(made.values * np.float32(factor), 250, method="rules").samples
    assert len(one) == len(other)
    assert np.abs(one - other).max() <= 1


def test_a_pause_is_left_empty() -> None:
    rng = np.random.default_rng(5)
    made = synthetic_ecg(rng, seconds=30, rate=250, rhythm="pause")
    spoilt = made.values + 0.02 * noise(rng, "white", made.values.shape[1], 250, leads=12)
    assert matched(made.beats, find_beats(spoilt, 250, method="rules").samples, 25).extra == 0


def test_what_shows_nothing_is_said_to_in_both_languages() -> None:
    gone = np.full((2, 2500), np.nan, np.float32)
    for values in (np.zeros((1, 2500)), gone, np.ones((3, 2500)) * 4.2, np.zeros((1, 2)), np.zeros((1, 0))):
        beats = find_beats(values, 250)
        assert not len(beats.samples)
        assert beats.method == "none"
        assert all(beats.why)
        assert [sign.key for sign in read_rhythm(values, 250).signs] == ["no_beats"]


def test_gaps_and_a_dead_lead_are_passed_over() -> None:
    made = synthetic_ecg(np.random.default_rng(6), seconds=30, rate=250, names=("I", "II", "V5"))
    values = made.values.copy()
    values[0] = np.nan
    values[1, 1000:1400] = np.nan
    beats = find_beats(values, 250, method="rules")
    assert beats.used == (1, 2)
    assert matched(made.beats, beats.samples, 10).f1 > 0.97


ODD = st.floats(width=32, allow_nan=True, allow_infinity=True)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 3), st.integers(0, 400), st.lists(ODD, min_size=1, max_size=8), st.sampled_from([50.0, 250.0, 999.5])
)
def test_no_array_makes_it_fail(leads: int, samples: int, some: list[float], rate: float) -> None:
    values = np.resize(np.array(some, np.float32), (leads, samples))
    reading = read_rhythm(values, rate, LEADS[:leads], method="rules")
    assert (np.diff(reading.beats.samples) > 0).all()
    assert ((reading.beats.samples >= 0) & (reading.beats.samples < max(samples, 1))).all()
    assert reading.signs


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 3000), st.floats(-6, 3))
def test_noise_alone_gives_a_clear_answer(seed: int, samples: int, size: float) -> None:
    values = (10**size) * np.random.default_rng(seed).standard_normal((2, samples))
    reading = read_rhythm(values, 250, ("I", "aVF"), method="rules")
    assert len(reading.kinds) == len(reading.beats.samples) == len(reading.fiducials.p_on)


def test_what_is_no_trace_or_method_is_refused() -> None:
    with pytest.raises(InputError):
        find_beats("trace", 250)
    with pytest.raises(InputError, match="auto, learned or rules"):
        find_beats(np.zeros(500), 250, method="magic")  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-9, 9, width=32), min_size=1, max_size=60), st.integers(1, 25))
def test_the_widest_is_the_highest_of_the_neighbourhood(some: list[float], reach: int) -> None:
    values = np.array(some, np.float32)
    wanted = [values[max(0, at - reach) : at + reach + 1].max() for at in range(len(values))]
    assert np.array_equal(widest(values, reach), np.array(wanted, np.float32))


def test_pairs_are_counted_once() -> None:
    one = matched([100, 200, 300], [101, 102, 290, 500], 10)
    assert (one.right, one.missed, one.extra) == (2, 1, 2)
    assert one.f1 == pytest.approx(2 * one.sensitivity * one.predictive / (one.sensitivity + one.predictive))
    assert together([one, one]).right == 4
    assert matched([], [], 5).f1 == 1.0
