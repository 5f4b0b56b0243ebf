"""Proves that the waves of each lead are measured as high as they were made, in noise and drift as well."""

from __future__ import annotations

import numpy as np
import pytest
from ecg_maker import HEALTHY, RATE, made
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.diagnosis.rhythm.delineation import delineate, median_beat
from suwen.diagnosis.rhythm.nouns import LeadWaves
from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.diagnosis.rhythm.synthetic import LEADS, noise, synthetic_ecg
from suwen.diagnosis.rhythm.waves import lead_waves, limits, qrs_waves


def waves(heights: dict[str, dict[str, float]] | None = None, **rest: float) -> dict[str, LeadWaves]:
    return dict(read_rhythm(made(heights, **rest), RATE, LEADS, method="rules").waves)


@pytest.mark.parametrize("spoilt", [0.0, 0.02])
@pytest.mark.parametrize("bpm", [50.0, 75.0, 110.0])
def test_heights_are_those_that_were_made(spoilt: float, bpm: float) -> None:
    found = waves(spoilt=spoilt, bpm=bpm)
    for lead, row in HEALTHY.items():
        for name in ("p", "q", "r", "s", "t"):
            wanted = row.get(name, 0.0)
            assert getattr(found[lead], name) == pytest.approx(wanted, abs=0.02 + 0.03 * abs(wanted) + 1.3 * spoilt), (
                lead,
                name,
            )
        assert abs(found[lead].j) < 0.025
        assert abs(found[lead].st60) < 0.03
        assert found[lead].r2 == 0.0


@pytest.mark.parametrize("level", [-0.3, -0.1, -0.05, 0.05, 0.1, 0.2, 0.4, 1.0])
@pytest.mark.parametrize("spoilt", [0.0, 0.02])
def test_the_st_segment_lies_where_it_was_put(level: float, spoilt: float) -> None:
    leads = ("II", "V2", "V3", "V5")
    found = waves({lead: {"j": level} for lead in leads}, spoilt=spoilt)
    for lead in leads:
        assert found[lead].j == pytest.approx(level, abs=0.015 + spoilt / 2 + 0.02 * abs(level))
        assert found[lead].st60 == pytest.approx(level, abs=0.015 + spoilt + 0.02 * abs(level))
        assert found[lead].st80 == pytest.approx(level, abs=0.015 + spoilt + 0.02 * abs(level))
    assert abs(found["V1"].j) < 0.02 + spoilt / 2


def test_a_rising_segment_rises_by_as_much() -> None:
    found = waves({"V5": {"j": -0.2, "slope": 0.15}})["V5"]
    assert found.st80 - found.j == pytest.approx(0.15, abs=0.02)


def test_drift_does_not_move_the_st_segment() -> None:
    rng = np.random.default_rng(1)
    trace = made()
    drift = noise(rng, "baseline", trace.shape[1], RATE, leads=12)
    calm = waves()
    found = read_rhythm(trace + 0.3 * drift, RATE, LEADS, method="rules").waves
    off = [abs(found[lead].j - calm[lead].j) for lead in LEADS] + [
        abs(found[one].st80 - calm[one].st80) for one in LEADS
    ]
    assert max(off) < 0.06
    assert float(np.mean(off)) < 0.015


def test_the_length_of_q_and_r_is_that_of_their_gaussians() -> None:
    found = waves({"V4": {"q": -0.3, "q_wide": 1.5, "r": 1.0}})["V4"]
    assert found.q_ms == pytest.approx(29, abs=5)
    assert found.r_ms == pytest.approx(41, abs=5)  # Q and S cut its feet off


def test_kinds_of_complexes_are_told_apart() -> None:
    found = waves({"V1": {"r": 0.0, "s": -0.9}, "V2": {"r": 0.3, "s": -0.6, "r2": 0.5}, "V3": {"q": -0.2, "s": 0.0}})
    assert found["V1"].q < -0.8
    assert found["V1"].r == found["V1"].s == 0.0
    assert found["V2"].r2 == pytest.approx(0.5, abs=0.05)
    assert found["V2"].q == 0.0
    assert found["V3"].q < -0.15
    assert found["V3"].s == 0.0
    assert waves({"V4": {"t": -0.3}})["V4"].t == pytest.approx(-0.3, abs=0.02)


def bell(at: float, wide: float, high: float) -> np.ndarray:
    return high * np.exp(-0.5 * ((np.arange(120) - at) / wide) ** 2)


def test_a_wave_counts_from_thirty_microvolts_on_for_six_milliseconds() -> None:
    for high, there in ((0.026, False), (0.045, True)):
        assert ("q" in qrs_waves(bell(20, 4, -high) + bell(60, 7, 1.0), 1000)) is there
    assert "q" not in qrs_waves(bell(20, 1.2, -0.05) + bell(60, 7, 1.0), 1000)
    # going down to a lowered ST segment at the end of QRS is no S wave
    step = -0.1 / (1 + np.exp(-(np.arange(120) - 80) / 3))
    assert "s" not in qrs_waves(bell(40, 7, 1.0) + step, 1000)
    assert "s" in qrs_waves(bell(40, 7, 1.0) + bell(66, 5, -0.3) + step, 1000)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=80), st.sampled_from([100.0, 250.0, 500.0]))
def test_no_line_makes_it_fail_and_signs_are_kept(some: list[float], rate: float) -> None:
    found = qrs_waves(np.array(some, np.float64), rate)
    assert set(found) <= {"q", "r", "s", "r2", "q_ms", "r_ms"}
    assert found.get("q", 0.0) <= 0 <= found.get("r", 0.0)
    assert found.get("s", 0.0) <= 0 <= found.get("r2", 0.0)


@pytest.mark.parametrize("rhythm", ["sinus", "af", "pvc", "rbbb", "lbbb"])
def test_waves_in_noise_are_those_without_it(rhythm: str) -> None:
    rng = np.random.default_rng(4)
    trace = synthetic_ecg(rng, seconds=20, rate=500, rhythm=rhythm)
    samples = trace.values.shape[1]
    spoilt = trace.values + 0.02 * noise(rng, "white", samples, 500, leads=12)
    spoilt = spoilt + 0.1 * noise(rng, "baseline", samples, 500, leads=12)
    calm = read_rhythm(trace.values, 500, LEADS, method="rules").waves
    found = read_rhythm(spoilt, 500, LEADS, method="rules").waves
    for name in ("r", "j", "st60", "st80", "t"):
        off = [abs(getattr(found[lead], name) - getattr(calm[lead], name)) for lead in LEADS]
        assert float(np.median(off)) < 0.02, name


def test_without_qrs_there_are_no_waves() -> None:
    flat = np.zeros((2, 5000), np.float32)
    found = delineate(flat, 500, [1000, 2000, 3000])
    median, _ = median_beat(flat, 500, [1000, 2000, 3000])
    assert lead_waves(median, 500, ("I", "II"), found) == {}
    assert limits(found, median.shape[1]) is None
    gone = np.full((12, 5000), np.nan, np.float32)
    assert read_rhythm(gone, 500, LEADS, method="rules").waves == {}
