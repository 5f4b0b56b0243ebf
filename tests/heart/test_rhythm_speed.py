"""Proves that what is computed of many beats and long traces at once is what each beat and the whole trace alone gives.

The reference looks at one beat after the other, with numpy's own functions; it is slow and plain on purpose.
"""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen import datasets
from suwen.bench.qrs_traces import FOLDER, mitdb, pairs_of_twelve
from suwen.diagnosis.rhythm import delineation, filters, quality, shapes, stretches
from suwen.diagnosis.rhythm.beats import find_beats
from suwen.diagnosis.rhythm.delineation import delineate, median_beat
from suwen.diagnosis.rhythm.filters import bandpass, bridged, lowpass, resampled, smoothed, without_baseline
from suwen.diagnosis.rhythm.quality import signal_quality
from suwen.diagnosis.rhythm.shapes import beat_shapes
from suwen.diagnosis.rhythm.synthetic import RHYTHMS, noise, synthetic_ecg

NAMES = tuple(one.name for one in fields(delineation.Delineation) if one.name != "beats")


def alone(values: np.ndarray, rate: float, beats: np.ndarray) -> dict[str, np.ndarray]:
    """The fiducials of every beat, one after the other."""
    clean = bridged(bandpass(values, rate, 0.5, 40.0))[0]
    places = np.concatenate([[-np.inf], np.sort(beats), [np.inf]])
    rows = [one(clean, rate, *places[at - 1 : at + 2]) for at in range(1, len(places) - 1)]
    return {name: np.array([row.get(name, np.nan) for row in rows]) for name in NAMES}


def one(clean: np.ndarray, rate: float, before: float, place: float, after: float) -> dict[str, float]:
    start = int(max(0, place - 0.44 * rate, before + 0.3 * rate))
    end = max(start, int(min(clean.shape[1], place + 0.72 * rate, after - 0.12 * rate)))
    part, centre = clean[:, start:end], round(place) - start
    if not 0 <= centre < part.shape[1] or part.shape[1] < 0.15 * rate:
        return {}
    found = qrs(part, rate, centre)
    if found is None:
        return {}
    times = (
        {"qrs_on": found[0], "qrs_off": found[1]} | wave_p(part, rate, found[0]) | wave_t(part, rate, found[1], centre)
    )
    return {name: start + at for name, at in times.items()}


def qrs(part: np.ndarray, rate: float, centre: int) -> tuple[float, float] | None:
    speed = smoothed(np.sqrt((np.gradient(part, axis=1) ** 2).mean(axis=0)), round(0.012 * rate))[0]
    near, still = round(0.09 * rate), max(2, round(0.02 * rate))
    begin, end = max(0, centre - near), min(len(speed), centre + near + 1)
    top, calm = float(speed[begin:end].max(initial=0.0)), float(np.quantile(speed, 0.25))
    limit = np.float32(max(0.055 * top, 1.6 * calm))
    if not top > 4 * calm or top <= 0:
        return None
    on = walked(speed, int(begin + np.argmax(speed[begin : centre + 1] > 0.4 * top)), -1, limit, still)
    off = walked(speed, int(end - 1 - np.argmax(speed[centre:end][::-1] > 0.25 * top)), 1, limit, still)
    return (on, off) if 0.04 <= (off - on) / rate <= 0.26 else None


def walked(speed: np.ndarray, start: int, step: int, limit: np.float32, still: int) -> float:
    """From `start` outwards to where the limit is crossed and `still` samples stay under it."""
    line = speed[start::step] if step > 0 else speed[start::-1]
    for at in range(len(line) - still + 1):
        if (line[at : at + still] < limit).all():
            break
    else:
        at = len(line) - 1
    inner = start + step * (at - 1)
    if 0 <= inner < len(speed) and line[at] < limit <= speed[inner]:
        return start + step * (at - float((limit - line[at]) / (speed[inner] - line[at])))
    return float(start + step * at)


def wave_p(part: np.ndarray, rate: float, on: float) -> dict[str, float]:
    begin, end = max(0, int(on - 0.34 * rate)), int(on - 0.015 * rate)
    if end - begin < 0.09 * rate:
        return {}
    piece = part[:, begin:end]
    bend, rough = bump(piece, np.median(piece, axis=1, keepdims=True), rate)
    peak = int(np.argmax(bend))
    left, right = tangent(bend, peak, -1, rate), tangent(bend, peak, 1, rate)
    pr = (on - begin - left) / rate
    if not (stands(bend, peak, rate, 6 * rough) and 0.08 <= pr <= 0.44 and 0.03 <= (right - left) / rate <= 0.2):
        return {}
    return {"p_on": begin + left, "p_peak": begin + peak, "p_off": begin + right}


def wave_t(part: np.ndarray, rate: float, off: float, centre: int) -> dict[str, float]:
    begin, tail = int(off + 0.04 * rate), max(2, round(0.06 * rate))
    piece = part[:, begin:]
    if piece.shape[1] < 0.12 * rate:
        return {}
    bend, rough = bump(piece, np.median(piece[:, -tail:], axis=1, keepdims=True), rate)
    peak = int(np.argmax(bend[: max(1, round(0.5 * rate))]))
    last = tangent(bend, peak, 1, rate)
    there = peak >= 0.02 * rate and stands(bend, peak, rate, 4 * rough)
    if not (there and 0.2 <= (begin + last - centre) / rate <= 0.7):
        return {}
    return {"t_peak": begin + peak, "t_off": begin + last}


def bump(piece: np.ndarray, level: np.ndarray, rate: float) -> tuple[np.ndarray, float]:
    moved = piece - level
    peak = int(np.argmax(smoothed(np.sqrt((moved**2).mean(axis=0)), round(0.04 * rate))[0]))
    along = moved[:, peak] / max(float(np.linalg.norm(moved[:, peak])), 1e-9) @ moved / np.sqrt(len(piece))
    calm = smoothed(along, round(0.02 * rate))[0]
    return calm, float(np.median(np.abs(along - calm))) / 0.6745


def stands(bend: np.ndarray, peak: int, rate: float, least: float) -> bool:
    inner = 0.01 * rate <= peak < len(bend) - 0.01 * rate
    return inner and float(bend[peak]) - float(np.quantile(bend, 0.35)) > max(0.015, least)


def tangent(bend: np.ndarray, peak: int, step: int, rate: float) -> float:
    reach = min(len(bend) - 1 - peak if step > 0 else peak, round(0.2 * rate))
    line = bend[peak : peak + reach + 1] if step > 0 else bend[peak - reach : peak + 1][::-1]
    if len(line) < 3:
        return float(peak + step * (len(line) - 1))
    slope = np.diff(line)
    steepest = int(np.argmin(slope))
    rising = np.flatnonzero(slope[steepest:] >= 0)
    foot = steepest + int(rising[0]) if len(rising) else len(line) - 1
    fall = -float(slope[steepest])
    if fall <= 0:
        return float(peak + step * foot)
    height = float(line[steepest] + line[steepest + 1]) / 2 - float(min(line[foot], 0.1 * line[0]))
    return float(peak + step * min(steepest + 0.5 + height / fall, len(line) - 1))


def assert_alike(values: np.ndarray, rate: float, beats: np.ndarray) -> None:
    """Within a hundredth of a sample; where two tops are equal to the last digit, the other one may be taken."""
    found, wanted = delineate(values, rate, beats), alone(values, rate, beats)
    for name in NAMES:
        off = ~np.isclose(getattr(found, name), wanted[name], atol=0.01, rtol=0, equal_nan=True)
        assert np.allclose(getattr(found, name), wanted[name], atol=1.01, rtol=0, equal_nan=True), name
        assert off.mean() <= 0.05, name


@pytest.mark.parametrize("rhythm", sorted(RHYTHMS))
@pytest.mark.parametrize(("rate", "bpm"), [(250.0, 70.0), (500.0, 170.0)])
def test_beats_at_once_are_delineated_as_each_alone(
    rhythm: str, rate: float, bpm: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delineation, "_AT_ONCE", 12 * 5 * rate)  # a few beats a batch
    rng = np.random.default_rng(len(rhythm))
    made = synthetic_ecg(rng, seconds=12, rate=rate, rhythm=rhythm, bpm=bpm)
    values = made.values + 0.03 * noise(rng, "motion", made.values.shape[1], rate, leads=12)
    values[:, round(3 * rate) : round(4.2 * rate)] = np.nan
    values[3] = np.nan
    assert_alike(values, rate, np.round(made.beats))


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 99),
    st.sampled_from([100.0, 128.0, 360.0, 1000.0]),
    st.lists(st.floats(-200, 2200), min_size=1, max_size=12),
)
def test_beats_at_any_places_are_delineated_as_each_alone(seed: int, rate: float, places: list[float]) -> None:
    rng = np.random.default_rng(seed)
    made = synthetic_ecg(rng, seconds=2000 / rate, rate=rate, names=("II", "V2"), bpm=float(rng.uniform(40, 200)))
    values = made.values + rng.choice([0.0, 0.2]) * noise(rng, "white", made.values.shape[1], rate, leads=2)
    assert_alike(values, rate, np.concatenate([places, made.beats]))


def test_recorded_beats_are_delineated_as_each_alone() -> None:
    folder = datasets.folder()
    if not (folder / FOLDER).is_dir():
        pytest.skip("heart/ecg is not in the data folder (SUWEN_DATA)")
    record = mitdb(folder)
    assert_alike(record.values[:, :30_000], record.rate, record.beats[record.beats < 30_000])
    for number, (_name, values, rate, _leads) in enumerate(pairs_of_twelve(folder)):
        if number < 8:
            assert_alike(values, rate, find_beats(values, rate, method="rules").samples)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 999), st.lists(st.integers(8, 40), min_size=1, max_size=9), st.integers(0, 13))
def test_rows_of_unequal_length_have_the_figures_of_each_alone(seed: int, lengths: list[int], width: int) -> None:
    rng = np.random.default_rng(seed)
    trace = rng.standard_normal((2, 60)).astype(np.float32)
    begins, sizes = rng.integers(0, 20, len(lengths)), np.array(lengths)
    rows = stretches.gathered(trace, begins, sizes)
    slope = stretches.slopes(rows, sizes)
    means, quarter = stretches.running_means(rows[0], sizes, width), stretches.quantiles(rows, sizes, 0.25)
    for number, (begin, size) in enumerate(zip(begins, lengths, strict=True)):
        own = trace[:, begin : begin + size]
        assert np.array_equal(rows[:, number, :size], own)
        assert np.allclose(slope[:, number, :size], np.gradient(own, axis=1), atol=1e-6)
        assert np.allclose(means[number, :size], smoothed(own[0], width)[0], atol=1e-6)
        assert np.allclose(quarter[:, number], np.quantile(own, 0.25, axis=1), atol=1e-6)


@pytest.mark.parametrize("samples", [2, 40, 2000, 5001])
def test_filters_in_stretches_are_those_of_the_whole(samples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = np.random.default_rng(samples).standard_normal((2, samples)).cumsum(axis=1).astype(np.float32)
    acts = (
        lambda: without_baseline(trace, 250.0),
        lambda: bandpass(trace, 250.0, 3.0, 40.0),
        lambda: resampled(trace, 250.0, 100.0),
        lambda: smoothed(trace, 33),
    )
    whole = [act() for act in acts]
    for name, size in (("_BLOCK", 1 << 8), ("_PIECES", 7), ("_LONG", 100)):
        monkeypatch.setattr(filters, name, size)
    for act, wanted in zip(acts, whole, strict=True):
        assert np.allclose(act(), wanted, atol=1e-5 * max(1.0, float(np.abs(trace).max())))


@pytest.mark.parametrize("high", [3.0, 20.0, 60.0])
def test_a_filter_is_the_plain_sum_over_its_kernel(high: float) -> None:
    trace = np.random.default_rng(5).standard_normal(900).astype(np.float32)
    kernel = filters._sinc(high / 250)
    half = len(kernel) // 2
    wanted = np.convolve(np.pad(trace.astype(np.float64), half, mode="reflect"), kernel, "valid")
    assert np.allclose(lowpass(trace, 250.0, high)[0], wanted, atol=1e-5)
    assert np.allclose(filters._every(trace[None], kernel, 7)[0], wanted[::7], atol=1e-5)


def test_the_filters_leave_what_they_are_given_as_it_is() -> None:
    trace = np.random.default_rng(6).standard_normal((2, 3000)).astype(np.float32)
    trace[0, 100:130] = np.nan
    given_, beats = trace.copy(), np.arange(200, 2900, 200)
    bandpass(trace, 250.0, 0.5, 40.0), resampled(trace, 250.0, 100.0), bridged(trace), signal_quality(trace, 250.0)
    delineate(trace, 250.0, beats), median_beat(trace, 250.0, beats), beat_shapes(trace, 250.0, beats)
    assert np.array_equal(trace, given_, equal_nan=True)


def spoilt(seconds: int, rate: float) -> np.ndarray:
    """Two leads with every flaw that a second can have."""
    rng = np.random.default_rng(7)
    values = synthetic_ecg(rng, seconds=seconds, rate=rate, names=("II", "V1")).values.copy()
    for kind, size in (("muscle", 0.03), ("mains", 0.03), ("baseline", 0.3)):
        values += size * noise(rng, kind, values.shape[1], rate, leads=2)
    for lead, begin, value in ((0, 0.2, np.nan), (1, 0.4, 0.2), (0, 0.6, 5.0), (1, 0.8, np.nan)):
        values[lead, round(begin * values.shape[1]) :][: round(7.3 * rate)] = value
    return values


def test_quality_in_blocks_is_that_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    values = spoilt(400, 128.0)
    whole = signal_quality(values, 128.0)
    assert len(np.unique(whole.flaws)) > 6
    monkeypatch.setattr(quality, "_BLOCK", 70)
    blocks = signal_quality(values, 128.0)
    assert (blocks.flaws != whole.flaws).mean() < 0.005
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quality, "_MARGIN", 0)  # without margins the borders show: the margins are needed
        assert (signal_quality(values, 128.0).flaws != whole.flaws).mean() > (blocks.flaws != whole.flaws).mean()


def test_figures_of_a_second_are_those_of_its_samples() -> None:
    values, rate = spoilt(20, 90.7), 90.7
    edges = np.minimum(np.round(np.arange(21) * rate).astype(np.int64), values.shape[1])
    values = np.nan_to_num(values)
    cuts = quality._Cuts(edges)  # seconds of unequal length
    for number, (begin, end) in enumerate(pairwise(edges)):
        part = values[:, begin:end]
        assert np.array_equal(cuts.swing(values)[:, number], np.ptp(part, axis=1))
        assert np.array_equal(cuts.share(values > 0)[:, number], (part > 0).mean(axis=1))
        assert np.allclose(cuts.quiet(values)[:, number], np.median(np.abs(part), axis=1) / 0.6745)


def test_shapes_in_parts_are_those_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    made = synthetic_ecg(np.random.default_rng(8), seconds=60, rate=250.0, rhythm="pvc", names=("II", "V1"))
    places = np.round(made.beats).astype(np.int64)
    whole = beat_shapes(made.values, 250.0, places)
    monkeypatch.setattr(shapes, "_SAMPLES", 1000)
    parts = beat_shapes(made.values, 250.0, places)
    assert np.array_equal(parts.on, whole.on)
    assert np.array_equal(parts.width, whole.width)
    assert np.allclose(parts.like, whole.like, atol=1e-9)
    assert np.allclose(parts.led, whole.led, atol=1e-9)


def test_the_median_of_stretches_far_apart_is_that_of_the_trace_filtered_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(9)
    made = synthetic_ecg(rng, seconds=300, rate=250.0, names=("II",))
    values = made.values + 0.1 * noise(rng, "baseline", made.values.shape[1], 250.0)
    beats = made.beats[(made.beats < 100 * 250) | (made.beats > 200 * 250)]
    apart, alike = median_beat(values, 250.0, beats)
    monkeypatch.setattr(delineation, "_GAP", 1e6)
    whole, number = median_beat(values, 250.0, beats)
    assert alike == number
    assert np.allclose(apart, whole, atol=0.002)
