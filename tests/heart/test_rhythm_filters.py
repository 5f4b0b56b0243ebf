"""Proves that the filters move no fiducial, pass what they should, and keep gaps, whatever comes in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.diagnosis.rhythm.filters import bandpass, bridged, lowpass, notch, resampled, smoothed, without_baseline
from suwen.diagnosis.rhythm.synthetic import synthetic_ecg
from suwen.errors import InputError


def sine(hertz: float, rate: float, seconds: float = 20.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


def gain(filtered: np.ndarray, rate: float) -> float:
    middle = filtered[0, round(4 * rate) : -round(4 * rate)]
    return float(np.sqrt(2) * middle.std())


@settings(max_examples=30, deadline=None)
@given(st.integers(300, 1700), st.sampled_from([200.0, 250.0, 500.0, 1000.0]), st.floats(0.01, 0.06))
def test_a_beat_stays_where_it_is_and_a_shifted_one_is_shifted_by_as_much(at: int, rate: float, width: float) -> None:
    beat = np.exp(-0.5 * ((np.arange(2000) - at) / (width * rate)) ** 2).astype(np.float32)
    for filtered in (bandpass(beat, rate, 0.67, 40.0), without_baseline(beat, rate), notch(beat, rate)):
        around = filtered[0, max(0, at - 120) : at + 121]
        assert abs(int(np.argmax(around)) - min(at, 120)) <= 1
    moved = bandpass(np.roll(beat, 7), rate, 0.67, 40.0)[0]
    # within a sample: the tops of wide beats at high rates are flat to the last digit
    assert abs(int(np.argmax(moved)) - int(np.argmax(bandpass(beat, rate, 0.67, 40.0)[0])) - 7) <= 1


def test_a_trace_turned_in_time_gives_the_filtered_trace_turned_in_time() -> None:
    trace = synthetic_ecg(np.random.default_rng(0), seconds=12, rate=250, names=("II",)).values
    for low, high in ((0.67, 40.0), (5.0, 20.0)):
        there = lowpass(trace, 250, high)
        assert np.allclose(lowpass(trace[:, ::-1], 250, high)[:, ::-1], there, atol=1e-5)
        back = bandpass(trace[:, ::-1], 250, low, high)[:, ::-1]
        assert np.allclose(back[:, 500:-500], bandpass(trace, 250, low, high)[:, 500:-500], atol=0.02)


@pytest.mark.parametrize(
    ("hertz", "kept"),
    [(0.1, 0.0), (0.2, 0.0), (0.67, 0.5), (1.5, 1.0), (10.0, 1.0), (15.0, 0.97), (40.0, 0.5), (70.0, 0.0)],
)
def test_the_band_is_passed_and_what_lies_outside_is_not(hertz: float, kept: float) -> None:
    assert gain(bandpass(sine(hertz, 250), 250, 0.67, 40.0), 250) == pytest.approx(kept, abs=0.03)


def test_mains_are_taken_out_and_what_lies_beside_stays() -> None:
    assert gain(notch(sine(50, 500), 500), 500) < 0.02
    assert gain(notch(sine(60, 500), 500, 60.0), 500) < 0.02
    assert gain(notch(sine(40, 500), 500), 500) == pytest.approx(1, abs=0.02)
    trace = synthetic_ecg(np.random.default_rng(1), seconds=10, rate=500, names=("II",)).values
    cleaned = notch(trace + 0.2 * sine(50, 500, 10), 500)
    assert np.abs(cleaned - trace)[0, 500:-500].max() < 0.06


def test_a_long_trace_is_filtered_as_its_pieces_are() -> None:
    trace = np.random.default_rng(2).standard_normal((1, 200_000)).astype(np.float32)
    whole = lowpass(trace, 250, 20)
    piece = lowpass(trace[:, 60_000:80_000], 250, 20)
    assert np.allclose(whole[:, 61_000:79_000], piece[:, 1000:-1000], atol=1e-4)


def test_gaps_stay_gaps_and_do_not_spread() -> None:
    trace = synthetic_ecg(np.random.default_rng(3), seconds=10, rate=250, names=("II",)).values.copy()
    trace[0, 700:720] = np.nan
    trace[0, 900] = np.inf
    for filtered in (lowpass(trace, 250, 40), without_baseline(trace, 250), notch(trace, 250)):
        assert np.array_equal(np.isnan(filtered), ~np.isfinite(trace))
    filled, gaps = bridged(trace)
    assert np.isfinite(filled).all()
    assert gaps.sum() == 21


@pytest.mark.parametrize(("rate", "to"), [(500.0, 100.0), (360.0, 100.0), (128.0, 250.0), (250.0, 250.0)])
def test_another_rate_shows_the_same_curve_at_the_same_time(rate: float, to: float) -> None:
    found = resampled(sine(3, rate), rate, to)[0]
    wanted = np.sin(2 * np.pi * 3 * np.arange(len(found)) / to)
    assert np.abs(found - wanted)[round(to) : -round(to)].max() < 0.01


def test_a_running_mean_is_one() -> None:
    values = np.arange(50, dtype=np.float32)[None] ** 2
    assert smoothed(values, 5)[0, 20] == pytest.approx(values[0, 18:23].mean())


@pytest.mark.parametrize("samples", [0, 1, 2, 3, 10])
def test_very_short_traces_come_back_as_long_as_they_were(samples: int) -> None:
    for function in (lambda x: bandpass(x, 250, 0.67, 40), lambda x: notch(x, 250), lambda x: without_baseline(x, 250)):
        assert function(np.ones((2, samples), np.float32)).shape == (2, samples)


def test_what_is_no_trace_is_refused() -> None:
    for values, rate in (("abc", 250), (np.zeros((2, 3, 4)), 250), (np.zeros((0, 5)), 250), (np.zeros(5), 1)):
        with pytest.raises(InputError):
            lowpass(values, rate, 40)
    with pytest.raises(InputError, match="from a lower to a higher"):
        bandpass(np.zeros(500), 250, 40, 1)
