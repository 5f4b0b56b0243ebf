"""Proves that the WPW pattern and pulses of a pacemaker are seen, measured, and not seen where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from suwen.diagnosis.rhythm.filters import lowpass
from suwen.diagnosis.rhythm.nouns import Reading
from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.diagnosis.rhythm.synthetic import LEADS, RHYTHMS, Synthetic, noise, synthetic_ecg

OTHERS = [rhythm for rhythm in RHYTHMS if rhythm not in {"preexcitation", "paced"}]


def made(rhythm: str, rate: float = 500, seconds: float = 12, bpm: float = 75) -> tuple[Synthetic, np.ndarray]:
    rng = np.random.default_rng(3)
    trace = synthetic_ecg(rng, seconds=seconds, rate=rate, rhythm=rhythm, bpm=bpm)
    return trace, trace.values + 0.015 * noise(rng, "white", trace.values.shape[1], rate, leads=12)


def read(values: np.ndarray, rate: float = 500) -> Reading:
    return read_rhythm(values, rate, LEADS, method="rules")


@pytest.mark.parametrize("rate", [250.0, 500.0])
def test_the_pattern_is_measured_as_it_was_made(rate: float) -> None:
    trace, values = made("preexcitation", rate)
    sign = read(values, rate).sign("preexcitation")
    assert sign is not None
    truth = trace.fiducials
    assert sign.figures["pr"] == pytest.approx(np.nanmedian(truth["qrs_on"] - truth["p_on"]) * 1000 / rate, abs=15)
    assert sign.figures["qrs"] == pytest.approx(np.nanmedian(truth["qrs_off"] - truth["qrs_on"]) * 1000 / rate, abs=15)
    assert 45 <= sign.figures["delta"] <= 75


@pytest.mark.parametrize("rhythm", OTHERS)
def test_no_other_rhythm_shows_it_nor_a_pacemaker(rhythm: str) -> None:
    keys = {one.key for one in read(made(rhythm, 250)[1], 250).signs}
    assert not keys & {"preexcitation", "pacing"}


def test_a_paced_rhythm_has_no_bundle_block_and_no_sinus_rhythm() -> None:
    keys = {one.key for one in read(made("paced")[1]).signs}
    assert "pacing" in keys
    assert not keys & {"lbbb", "rbbb", "wide_qrs", "sinus", "preexcitation", "junctional", "idioventricular"}


@pytest.mark.parametrize("rate", [250.0, 500.0, 1000.0])
def test_every_pulse_is_shown_where_it_is(rate: float) -> None:
    trace, values = made("paced", rate)
    sign = read(values, rate).sign("pacing")
    assert sign is not None
    wanted = trace.beats[(trace.beats > 0.4 * rate) & (trace.beats < trace.values.shape[1] - rate)] / rate - 0.055
    middle = np.array([(one.begin + one.end) / 2 for one in sign.places])
    assert all(np.abs(middle - at).min() <= 0.006 for at in wanted)
    assert sign.figures["percent"] > 80


def test_pulses_are_seen_after_the_filter_of_a_recorder() -> None:
    _trace, values = made("paced", 1000)
    recorded = lowpass(values, 1000, 150.0)[:, ::2]
    assert read(recorded).sign("pacing") is not None


def test_at_a_low_rate_of_sampling_no_pulse_is_claimed() -> None:
    assert read(made("paced", 128)[1], 128).sign("pacing") is None


@pytest.mark.parametrize(("leads", "height"), [(1, 1.5), (12, 0.12)])
def test_jolts_of_one_electrode_and_sharp_q_waves_are_no_pacemaker(leads: int, height: float) -> None:
    trace, values = made("sinus")
    for at in trace.beats[1:-1]:
        values[:leads, int(at) - 32] += height
    assert read(values).sign("pacing") is None
    for at in trace.beats[1:-1]:
        values[:3, int(at) - 40] += 1.0
    assert read(values).sign("pacing") is not None


def with_short_pr(rhythm: str) -> np.ndarray:
    """A trace whose P waves are moved towards QRS by 30 ms."""
    trace = synthetic_ecg(np.random.default_rng(1), seconds=12, rate=500, rhythm=rhythm, bpm=75)
    late = trace.values.copy()
    shift = round(0.03 * 500)
    for at in np.round(trace.beats).astype(int):
        begin, end = at - round(0.25 * 500), at - round(0.055 * 500)
        if begin > shift:
            late[:, begin:end] = np.concatenate([late[:, begin : begin + shift], late[:, begin : end - shift]], axis=1)
    return late


@pytest.mark.parametrize("rhythm", ["sinus", "rbbb", "lbbb"])
def test_a_short_pr_without_delta_wave_is_only_that(rhythm: str) -> None:
    late = with_short_pr(rhythm)
    reading = read(late)
    assert reading.sign("preexcitation") is None
    short = reading.sign("short_pr")
    assert short is not None
    assert short.figures["pr"] < 120
    assert read_rhythm(late, 500, LEADS, method="rules", age=3).sign("short_pr") is None
