"""Proves that premature beats are told from usual ones beat by beat, and runs and turns of them by their names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from suwen import datasets
from suwen.bench.qrs_traces import FOLDER, mitdb, pairs_of_twelve, read_beats, with_rhythms
from suwen.diagnosis.rhythm.beats import find_beats
from suwen.diagnosis.rhythm.ectopy import runs_of, turns_of
from suwen.diagnosis.rhythm.kinds import beat_kinds
from suwen.diagnosis.rhythm.matching import Match, matched, together
from suwen.diagnosis.rhythm.nouns import Reading
from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.diagnosis.rhythm.shapes import beat_shapes, unexpected
from suwen.diagnosis.rhythm.synthetic import LEADS, Synthetic, noise, synthetic_ecg

ATRIAL, VENTRICULAR = (4, 7, 8, 9), (5, 10)  # codes of premature beats (WFDB, ecgcodes.h)


@pytest.fixture
def folder() -> Path:
    found = datasets.folder()
    if not (found / FOLDER).is_dir():
        pytest.skip("heart/ecg is not in the data folder (SUWEN_DATA)")
    return found


def made(rhythm: str, seed: int = 1, bpm: float = 70, leads: tuple[str, ...] = LEADS) -> tuple[Synthetic, np.ndarray]:
    rng = np.random.default_rng(seed)
    trace = synthetic_ecg(rng, seconds=30, rate=250, rhythm=rhythm, bpm=bpm, names=leads)
    return trace, trace.values + 0.015 * noise(rng, "white", trace.values.shape[1], 250, leads=len(leads))


def read(rhythm: str, **more: float) -> Reading:
    return read_rhythm(made(rhythm, **more)[1], 250, LEADS, method="rules")  # type: ignore[arg-type]


def judged(values: np.ndarray, rate: float, truth: np.ndarray, codes: np.ndarray, wanted: tuple[int, ...]) -> Match:
    places = find_beats(values, rate, method="rules").samples
    kinds = np.array(beat_kinds(values, rate, places))
    return matched(truth[np.isin(codes, wanted)], places[kinds == ("V" if 5 in wanted else "S")], 0.1 * rate)


@pytest.mark.parametrize("leads", [LEADS, ("II",), ("II", "V5")])
@pytest.mark.parametrize("rhythm", ["sinus", "pvc", "pac", "bigeminy", "vt", "rbbb", "sinus_arrhythmia", "pause"])
def test_kinds_of_made_beats_are_those_they_were_made_as(rhythm: str, leads: tuple[str, ...]) -> None:
    wrong = total = 0
    for seed in range(3):
        trace, values = made(rhythm, seed, leads=leads)
        kinds = beat_kinds(values, 250, np.round(trace.beats))
        wrong += sum(one != other for one, other in zip(kinds, trace.kinds, strict=True))
        total += len(kinds)
    assert wrong <= 0.02 * total


def test_runs_are_counted_with_their_figures() -> None:
    reading = read("vt")
    sign = reading.sign("vt")
    assert sign is not None
    assert sign.figures["beats"] == 6
    assert sign.figures["rate"] == pytest.approx(60 / 0.36, rel=0.02)
    assert sign.figures["count"] == len(sign.places) >= 2
    assert reading.sign("pvc") is None
    assert runs_of("NVVNVVVNS", "V", 2) == [(1, 2), (4, 6)]
    assert runs_of("NVVNVVVNS", "V", 3) == [(4, 6)]
    assert runs_of("", "V", 1) == []


def test_a_fast_wide_rhythm_through_the_whole_trace_may_be_ventricular() -> None:
    fast = read("wide_tachycardia", bpm=160)
    sign = fast.sign("vt")
    assert sign is not None
    assert sign.figures["rate"] == pytest.approx(160, abs=2)
    assert fast.sign("sinus_tachycardia") is None
    # sinus tachycardia with a blocked bundle is as wide, but P waves go before
    for rhythm in ("rbbb", "lbbb"):
        assert read(rhythm, bpm=115).sign("vt") is None
    assert read("sinus", bpm=170).sign("vt") is None


def test_turns_of_beats_have_their_names() -> None:
    two = read("bigeminy").sign("bigeminy")
    assert two is not None
    assert two.figures["beats"] >= 20
    assert read("pvc").sign("bigeminy") is read("pvc").sign("trigeminy") is None
    trace, values = made("bigeminy")
    shown = read_rhythm(values, 250, LEADS, method="rules").sign("pvc")
    assert shown is not None
    truth = [at / 250 for at, kind in zip(trace.beats, trace.kinds, strict=True) if kind == "V"]
    assert all(min(abs((one.begin + one.end) / 2 - at) for at in truth) < 0.1 for one in shown.places)


@pytest.mark.parametrize(
    ("line", "unit", "wanted"),
    [
        ("NNVNNVNNVN", "NNV", [(0, 8)]),
        ("NNNNVNNVNNVNNNN", "NNV", [(2, 10)]),
        ("NNVNNVNN", "NNV", []),
        ("NVNVNVNNVNVN", "NV", [(0, 5)]),
        ("VNVNVNV", "NV", [(1, 6)]),
        ("NVNVNNVNV", "NV", []),
        ("", "NV", []),
    ],
)
def test_three_times_in_turn_are_no_chance(line: str, unit: str, wanted: list[tuple[int, int]]) -> None:
    assert turns_of(line, unit) == wanted


def test_a_p_wave_on_a_t_wave_is_noticed() -> None:
    trace, values = made("pvc", seed=2)
    places = np.round(trace.beats).astype(np.int64)
    number = next(at for at, kind in enumerate(trace.kinds) if kind == "V" and at > 5)
    alone = unexpected(beat_shapes(values, 250, places), 250, places, number)
    led = values.copy()
    bump = np.exp(-0.5 * ((np.arange(values.shape[1]) - places[number] + 50) / 5) ** 2)
    led += np.outer(np.linspace(0.05, 0.2, len(LEADS)), bump).astype(np.float32)
    assert alone < 2 < unexpected(beat_shapes(led, 250, places), 250, places, number)
    assert unexpected(beat_shapes(values, 250, places), 250, places, 1) == 0


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5])
def test_of_few_beats_kinds_are_named_without_failing(n: int) -> None:
    kinds = beat_kinds(np.zeros((1, 2000)), 250, np.arange(1, n + 1) * 200)
    assert len(kinds) == n


def test_record_100_has_its_premature_beats(folder: Path) -> None:
    record = mitdb(folder)
    beats, codes = read_beats(folder / FOLDER / "mitdb/100.atr")
    atrial = judged(record.values, record.rate, beats, np.array(codes), ATRIAL)
    assert (atrial.right + atrial.missed, atrial.missed, atrial.extra) == (33, 0, 0)
    ventricular = judged(record.values, record.rate, beats, np.array(codes), VENTRICULAR)
    assert (ventricular.right, ventricular.missed, ventricular.extra) == (1, 0, 0)


def test_records_without_fibrillation_have_few_false_ones(folder: Path) -> None:
    fits = {"S": [], "V": []}
    beats_in_all = 0
    for record in with_rhythms(folder):
        if record.recording.endswith((" 21", " 92")):
            beats, codes = read_beats(folder / FOLDER / "cpsc2021" / f"{record.name}.atr")
            beats_in_all += len(beats)
            for kind, wanted in (("S", ATRIAL), ("V", VENTRICULAR)):
                fits[kind].append(judged(record.values, record.rate, beats, np.array(codes), wanted))
    assert together(fits["S"]).extra + together(fits["V"]).extra < 0.015 * beats_in_all
    assert together(fits["S"]).sensitivity > 0.5


def test_premature_beats_of_twelve_lead_records_are_found_as_labelled(folder: Path) -> None:
    found = missed = extra = 0
    for name, values, rate, names in pairs_of_twelve(folder):
        header = (folder / FOLDER / "cinc2021" / f"{name}.hea").read_text("utf-8")
        labelled = "284470004" in header
        shown = {one.key for one in read_rhythm(values, rate, names, method="rules").signs} & {"pac", "atrial_run"}
        found += labelled and bool(shown)
        missed += labelled and not shown
        extra += bool(shown) and not labelled
    assert found + missed == 13
    assert found >= 11
    assert extra <= 2
