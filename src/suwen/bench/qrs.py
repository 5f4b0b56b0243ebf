"""Benchmark qrs: beats found in hard ten-second strips, in half an hour of MIT-BIH, and how long a day takes.

- `cpsc2019.f1`, `.se`, `.ppv`: strips of the China Physiological Signal Challenge 2019, annotated beats from 0.5 to
  9.5 s within 75 ms. The shipped network learned from these strips: its honest figures are those of its card, by
  cross-validation with whole recordings left out, which are given here; `cpsc2019.seen.f1` is what the shipped weights
  say of strips they know, and `cpsc2019.rules.f1` what the rules say, which learned nothing.
- `mitdb100.f1`, `.se`, `.ppv`: record 100, both leads, within 150 ms (AAMI EC57); nothing learned from it.
- `day.seconds`: 24 hours of one made lead at 250 Hz, in seconds of one core; `day.wall` by the clock, which other work
  on the machine lengthens; `day.f1` of its beats. `day.rules.` the same without the network. `day.reading.seconds` is
  the same for all that is read from it (waves, intervals, kinds, rhythm, quality), and `day.reading.peak_mb` the most
  memory that a process of its own held meanwhile, with interpreter, libraries and the trace; Linux alone tells it.

The baseline is a Pan-Tompkins detector (1985) as its paper says, written here.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.bench.qrs_traces import FOLDER, Annotated, mitdb, strips
from suwen.bench.result import Result
from suwen.bench.setting import Options, digest
from suwen.diagnosis.rhythm.beats import Method, find_beats
from suwen.diagnosis.rhythm.matching import Match, matched, together
from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.diagnosis.rhythm.synthetic import synthetic_ecg
from suwen.errors import DataError, MissingExtraError, NotFoundError

__all__ = ["judged_strip", "pan_tompkins", "run"]

Notify = Callable[[int, int], None]
ANCHORS: Mapping[str, Mapping[str, Any]] = {
    "NeuroKit2 0.2": {
        "cpsc2019.f1": 0.913, "cpsc2019.se": 0.884, "cpsc2019.ppv": 0.944, "mitdb100.se": 0.9987, "mitdb100.ppv": 1.0,
        "source": "measured on 50 strips of CPSC2019, of which those here are a part, and on record 100",
    },
    "WFDB XQRS": {
        "cpsc2019.f1": 0.803, "cpsc2019.se": 0.692, "cpsc2019.ppv": 0.957, "mitdb100.se": 1.0, "mitdb100.ppv": 1.0,
        "source": "the same",
    },
}  # fmt: skip
_STRIP, _RECORD = 0.075, 0.15  # s
_RATE = 250.0  # Hz, of the day


def run(options: Options, notify: Notify = lambda _done, _all: None) -> Result:
    """Ours, by rules and learned, and the baseline, on the same traces. Raises DataError where data are missing."""
    begin = time.perf_counter()
    cases, record = strips(options.data), mitdb(options.data)
    if options.limit is not None and options.limit < len(cases):
        chosen = np.random.default_rng(options.seed).choice(len(cases), options.limit, replace=False)
        cases = [cases[int(at)] for at in sorted(chosen)]
    rules = _figures(cases, record, lambda one: find_beats(one.values, one.rate, method="rules").samples)
    notify(1, 4)
    metrics = _ours(cases, record, rules)
    notify(2, 4)
    plain = _figures(cases, record, lambda one: pan_tompkins(one.values[0], one.rate))
    notify(3, 4)
    metrics |= _day(options.seed)
    notify(4, 4)
    files = sorted((options.data / FOLDER).glob("cpsc2019/*/*.mat"))
    baselines = {"Pan-Tompkins 1985": plain, "rules alone": rules}
    spent = time.perf_counter() - begin
    return Result("qrs", digest(*files), len(cases), metrics, baselines, ANCHORS, seconds=spent)


def judged_strip(strip: Annotated, found: NDArray[np.int64]) -> Match:
    """Beats from 0.5 s to 0.5 s before the end; what is found outside counts only where it fits one of those."""
    low, high = 0.5 * strip.rate, strip.values.shape[1] - 0.5 * strip.rate
    truth = strip.beats[(strip.beats >= low) & (strip.beats <= high)]
    near = _STRIP * strip.rate
    kept = [one for one in found if low <= one <= high or (np.abs(truth - one) <= near).any()]
    return matched(truth, kept, near)


def pan_tompkins(lead: NDArray[np.float32], rate: float) -> NDArray[np.int64]:
    """Samples of the beats of one lead (time,), by Pan & Tompkins, IEEE Trans Biomed Eng 1985;32:230.

    Band-pass 5 to 15 Hz, slope, square, mean over 150 ms; two running levels of signal and noise; search back after
    1.66 usual intervals; a peak within 360 ms is a T wave where its slope is less than half.
    """
    from scipy.signal import butter, filtfilt, find_peaks  # noqa: PLC0415

    numerator, denominator = butter(1, [5 / (rate / 2), 15 / (rate / 2)], "band")
    band = filtfilt(numerator, denominator, np.nan_to_num(np.asarray(lead, np.float64)))
    slope = np.gradient(band)
    width = max(1, round(0.15 * rate))
    energy = np.convolve(slope**2, np.ones(width) / width, "same")
    peaks, _ = find_peaks(energy, distance=max(1, round(0.2 * rate)))
    chosen = _thresholds(peaks, energy, slope, rate)
    reach = round(0.075 * rate)
    found = [max(0, at - reach) + int(np.argmax(np.abs(band[max(0, at - reach) : at + reach + 1]))) for at in chosen]
    return np.unique(np.array(found, np.int64))


def _thresholds(
    peaks: NDArray[np.int64], energy: NDArray[np.float64], slope: NDArray[np.float64], rate: float
) -> list[int]:
    start = energy[: round(2 * rate)]
    signal, ground = float(start.max(initial=0)) / 3, float(start.mean()) / 2 if len(start) else 0.0
    found: list[int] = []
    reach = round(0.075 * rate)
    steep = {int(at): float(np.abs(slope[max(0, at - reach) : at + reach + 1]).max()) for at in peaks}
    for at in peaks.tolist():
        limit = ground + 0.25 * (signal - ground)
        usual = float(np.mean(np.diff(found[-9:]))) if len(found) > 2 else np.inf
        if found and at - found[-1] > 1.66 * usual:
            missed = [one for one in peaks.tolist() if found[-1] + 0.2 * rate < one < at and energy[one] > limit / 2]
            if missed:
                found.append(max(missed, key=lambda one: float(energy[one])))
                signal = 0.25 * float(energy[found[-1]]) + 0.75 * signal
        wave_t = bool(found) and at - found[-1] < 0.36 * rate and steep[at] < 0.5 * steep[found[-1]]
        if energy[at] > limit and not wave_t:
            found.append(at)
            signal = 0.125 * float(energy[at]) + 0.875 * signal
        else:
            ground = 0.125 * float(energy[at]) + 0.875 * ground
    return found


def _figures(
    cases: list[Annotated], record: Annotated, find: Callable[[Annotated], NDArray[np.int64]]
) -> dict[str, float]:
    hard = together(judged_strip(one, find(one)) for one in cases)
    easy = matched(record.beats, find(record), _RECORD * record.rate)
    return _named("cpsc2019", hard) | _named("mitdb100", easy)


def _named(name: str, match: Match) -> dict[str, float]:
    return {f"{name}.f1": match.f1, f"{name}.se": match.sensitivity, f"{name}.ppv": match.predictive}


def _ours(cases: list[Annotated], record: Annotated, rules: Mapping[str, float]) -> dict[str, float]:
    """The learned detector with the cross-validated figures of its card; the rules where it is not there."""
    try:
        from suwen.learn.weights import Trust, load_model, pins, shipped  # noqa: PLC0415

        figures = load_model(shipped("qrs"), Trust(pinned=pins()))[1].figures
    except (ImportError, MissingExtraError, NotFoundError, DataError):
        return {**rules, "learned": 0.0}
    method: Method = "learned"
    seen = _figures(cases, record, lambda one: find_beats(one.values, one.rate, method=method).samples)
    crossed = {name: one.value for name, one in figures.items() if name.startswith("cpsc2019")}
    crossed |= {
        f"{name}.low": one.low for name, one in figures.items() if name == "cpsc2019.f1" and one.low is not None
    }
    learned = {name: value for name, value in seen.items() if name.startswith("mitdb100")}
    return {**crossed, **learned, "cpsc2019.seen.f1": seen["cpsc2019.f1"], "cpsc2019.rules.f1": rules["cpsc2019.f1"]}


def _day(seed: int) -> dict[str, float]:
    """A made day, by rules and with whatever "auto" finds installed; the reading in a process of its own."""
    day, truth = _made_day(seed)
    found: dict[str, float] = {}
    methods: tuple[tuple[str, Method], ...] = (("day", "auto"), ("day.rules", "rules"))
    for name, method in methods:
        clock, core = time.perf_counter(), time.process_time()
        beats = find_beats(day, _RATE, method=method)
        found[f"{name}.seconds"] = time.process_time() - core
        found[f"{name}.wall"] = time.perf_counter() - clock
        found[f"{name}.f1"] = matched(truth, beats.samples, 0.075 * _RATE).f1
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
        return found | other.submit(_reading, seed).result()


def _made_day(seed: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """One hour twenty-four times over, one lead, and the samples of its beats."""
    hour = synthetic_ecg(np.random.default_rng(seed), seconds=3600, rate=_RATE, names=("II",))
    truth = (np.arange(24)[:, None] * hour.values.shape[1] + hour.beats[None]).ravel()
    return np.tile(hour.values, (1, 24)), truth


def _reading(seed: int) -> dict[str, float]:
    """What it takes to read the day, asked in a process that does nothing else."""
    day, _truth = _made_day(seed)
    core = time.process_time()
    read_rhythm(day, _RATE, names=("II",))
    found = {"day.reading.seconds": time.process_time() - core}
    most = _most_memory()
    return found | ({} if most is None else {"day.reading.peak_mb": most})


def _most_memory() -> float | None:
    """The most memory in MB that this process ever held; None where the system does not tell.

    Not `getrusage`: on Linux its figure begins with what the process held that started this one.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    held = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(held[0]) / 1024 if held else None
