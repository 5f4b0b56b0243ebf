"""Proves that P waves are found apart from QRS, and that blocks of AV node, bundles and fascicles are told apart."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from suwen.diagnosis.rhythm.bundles import deflections, widths
from suwen.diagnosis.rhythm.matching import matched
from suwen.diagnosis.rhythm.nouns import Reading, Sign
from suwen.diagnosis.rhythm.p_waves import p_waves
from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.diagnosis.rhythm.synthetic import LEADS, Synthetic, noise, synthetic_ecg

BLOCKS = {"wenckebach", "mobitz_ii", "two_to_one", "high_grade", "complete_block", "blocked_pac"}


@cache
def read(rhythm: str, seed: int = 1, bpm: float = 70, rate: float = 250, leads: int = 12) -> tuple[Synthetic, Reading]:
    """A made trace with a little noise, and what was read of it."""
    rng = np.random.default_rng(seed)
    names = LEADS[:leads] if leads > 1 else ("II",)
    trace = synthetic_ecg(rng, seconds=30, rate=rate, rhythm=rhythm, bpm=bpm, names=names)
    samples = trace.values.shape[1]
    values = trace.values + 0.015 * noise(rng, "white", samples, rate, leads=len(names))
    return trace, read_rhythm(values, rate, names, method="rules")


def sign(rhythm: str, key: str, **more: float) -> Sign:
    found = read(rhythm, **more)[1].sign(key)  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.mark.parametrize("leads", [12, 1])
@pytest.mark.parametrize(("rhythm", "least"), [("sinus", 0.98), ("two_to_one", 0.95), ("high_grade", 0.9)])
def test_p_waves_are_found_whether_a_qrs_follows_or_not(rhythm: str, least: float, leads: int) -> None:
    trace, reading = read(rhythm, leads=leads)
    found = p_waves(trace.values, 250, reading.beats, reading.kinds, reading.fiducials)
    fit = matched(trace.p_waves / 250, found, 0.04)
    assert fit.sensitivity >= least
    assert fit.predictive >= 0.97


def test_p_waves_that_go_through_are_found_but_those_within_qrs() -> None:
    trace, reading = read("complete_block")
    found = p_waves(trace.values, 250, reading.beats, reading.kinds, reading.fiducials)
    fit = matched(trace.p_waves / 250, found, 0.04)
    assert fit.predictive >= 0.95
    hidden = sum(np.abs(trace.beats / 250 + 0.05 - at).min() < 0.2 for at in trace.p_waves / 250)
    assert fit.missed <= hidden


def test_with_two_beats_no_p_wave_is_looked_for() -> None:
    trace = synthetic_ecg(np.random.default_rng(0), seconds=1.6, rate=250, bpm=70)
    reading = read_rhythm(trace.values, 250, LEADS, method="rules")
    assert not len(p_waves(trace.values, 250, reading.beats, reading.kinds, reading.fiducials))


@pytest.mark.parametrize("leads", [12, 1])
@pytest.mark.parametrize("key", sorted(BLOCKS))
def test_each_block_is_called_by_its_own_name_only(key: str, leads: int) -> None:
    right = 0
    for seed in range(3):
        keys = {one.key for one in read(key, seed, leads=leads)[1].signs}
        right += keys & BLOCKS == {key}
    assert right >= 2


@pytest.mark.parametrize("rhythm", ["sinus", "pvc", "pac", "pause", "af", "sinus_arrhythmia", "bigeminy", "rbbb"])
@pytest.mark.parametrize("bpm", [45.0, 70.0, 110.0])
def test_where_every_p_is_conducted_there_is_no_block(rhythm: str, bpm: float) -> None:
    assert not {one.key for one in read(rhythm, bpm=bpm)[1].signs} & BLOCKS


def test_dropped_beats_are_shown_where_they_are() -> None:
    trace, _reading = read("mobitz_ii")
    shown = sign("mobitz_ii", "mobitz_ii")
    loose = np.array([at for at in trace.p_waves if np.abs(trace.beats - at - 0.17 * 250).min() > 5]) / 250
    assert shown.figures["count"] == len(shown.places) >= 5
    assert all(((one.begin < loose) & (loose < one.end)).sum() == 1 for one in shown.places)


def test_figures_of_steady_blocks_are_those_they_were_made_with() -> None:
    assert sign("two_to_one", "two_to_one", bpm=84).figures["atrial_rate"] == pytest.approx(84, rel=0.03)
    assert sign("two_to_one", "two_to_one", bpm=84).figures["ratio"] == 2
    assert sign("high_grade", "high_grade", bpm=84, seed=2).figures["ratio"] == 3
    block = sign("complete_block", "complete_block", bpm=84)
    assert block.figures["atrial_rate"] == pytest.approx(84, rel=0.05)
    assert block.figures["rate"] == pytest.approx(38, abs=1)


@pytest.mark.parametrize(("rhythm", "bpm", "rate"), [("first_degree", 60, 360), ("first_degree", 90, 500)])
def test_long_pr_is_measured(rhythm: str, bpm: float, rate: float) -> None:
    assert sign(rhythm, "first_degree", bpm=bpm, rate=rate).figures["pr"] == pytest.approx(249, abs=12)


@pytest.mark.parametrize("key", ["rbbb", "lbbb", "incomplete_rbbb", "left_anterior", "left_posterior"])
@pytest.mark.parametrize("rate", [250.0, 500.0, 1000.0])
def test_blocks_of_bundles_are_read_at_every_rate_of_sampling(key: str, rate: float) -> None:
    keys = {one.key for one in read(key, rate=rate)[1].signs}
    assert keys & {"rbbb", "lbbb", "incomplete_rbbb", "left_anterior", "left_posterior", "wide_qrs"} == {key}


def test_a_child_has_a_childs_limits_of_qrs() -> None:
    trace = synthetic_ecg(np.random.default_rng(1), seconds=12, rate=500, rhythm="incomplete_rbbb", bpm=100)
    found = {age: read_rhythm(trace.values, 500, LEADS, method="rules", age=age) for age in (9.0, 40.0)}
    assert found[40.0].sign("incomplete_rbbb") is not None
    assert found[9.0].sign("rbbb") is not None
    assert widths(None) == widths(16) == (110, 110, 120)
    assert widths(5)[2] == 100
    assert widths(2)[2] == 90


def test_deflections_are_the_parts_above_and_below_the_level() -> None:
    line = np.concatenate([np.zeros(5), 0.2 * np.hanning(12), -1.0 * np.hanning(20), 0.5 * np.hanning(16), np.zeros(4)])
    found = deflections(line, 500)
    assert [round(one.height, 1) for one in found] == [0.2, -1.0, 0.5]
    assert found[1].lasts == pytest.approx(36, abs=4)
    assert deflections(np.zeros(30), 500) == ()


def test_without_the_leads_that_show_it_a_wide_qrs_has_no_bundle() -> None:
    assert {one.key for one in read("rbbb", leads=1)[1].signs} == {"sinus", "wide_qrs"}
