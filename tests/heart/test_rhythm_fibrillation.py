"""Proves that fibrillation is found from when to when, between other rhythms, and not in those that are uneven too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from suwen import datasets
from suwen.bench.rhythm import lessons, plain_rule, prepared
from suwen.bench.rhythm_made import KINDS, RATE, made_rhythm
from suwen.bench.rhythm_scores import auroc, challenge, class_of, joined, judged, rates_of, with_intervals
from suwen.bench.rhythm_traces import FOLDER, Holter, holters
from suwen.diagnosis.rhythm.beats import find_beats
from suwen.diagnosis.rhythm.delineation import delineate
from suwen.diagnosis.rhythm.episodes import course, runs
from suwen.diagnosis.rhythm.fibrillation import fibrillation
from suwen.diagnosis.rhythm.kinds import beat_kinds
from suwen.diagnosis.rhythm.nouns import Span
from suwen.diagnosis.rhythm.odds import log_odds, shipped_weights
from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.diagnosis.rhythm.synthetic import noise, synthetic_ecg
from suwen.diagnosis.rhythm.unevenness import MEASURES, before_qrs, unevenness
from suwen.errors import DataError

NAMES = ("I", "II", "V1")
UNEVEN = ("pac", "pvc", "bigeminy", "sinus_arrhythmia", "wenckebach", "pause", "first_degree", "complete_block")


def trace(seed: int, rhythm: str, seconds: float = 60, bpm: float = 70) -> np.ndarray:
    rng = np.random.default_rng(seed)
    made = synthetic_ecg(rng, seconds=seconds, rate=250, rhythm=rhythm, bpm=bpm, names=NAMES).values
    return made + 0.015 * noise(rng, "white", made.shape[1], 250, leads=3)


def spans(values: np.ndarray, rate: float = 250) -> tuple[Span, ...]:
    beats = find_beats(values, rate, method="rules")
    found = delineate(values, rate, beats.samples)
    return fibrillation(values, rate, beats, beat_kinds(values, rate, beats.samples), found)


@pytest.mark.parametrize("bpm", [75, 90, 110])
def test_an_episode_between_sinus_rhythm_begins_and_ends_where_it_was_put(bpm: float) -> None:
    aside: list[int] = []
    for seed in range(3):
        parts = [trace(seed, "sinus", 60), trace(seed + 50, "af", 40, bpm), trace(seed + 99, "sinus", 60)]
        values = np.concatenate(parts, axis=1)
        found = spans(values)
        assert len(found) == 1
        beats = find_beats(values, 250, method="rules").seconds
        for said, true in zip(found[0], (60, 100), strict=True):
            aside.append(abs(int(np.searchsorted(beats, said)) - int(np.searchsorted(beats, true))))
    # where both beat alike, the first intervals of fibrillation may by chance be those of sinus rhythm
    assert sorted(aside)[-2] <= 3
    assert max(aside) <= 6


@pytest.mark.parametrize("seconds", [10, 30, 120])
def test_fibrillation_alone_takes_the_whole_trace(seconds: float) -> None:
    found = [spans(trace(seed, "af", seconds)) for seed in range(4)]
    assert sum(bool(one) for one in found) == 4
    for one in found:
        assert sum(end - begin for begin, end in one) > 0.8 * seconds


@pytest.mark.parametrize("rhythm", UNEVEN)
def test_other_uneven_rhythms_have_none(rhythm: str) -> None:
    for seed, seconds in ((0, 10), (1, 30), (2, 90)):
        assert spans(trace(seed, rhythm, seconds)) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_of_made_rhythms_that_were_not_learned_from_few_are_taken_for_it(kind: str) -> None:
    said, seen = 0, 0
    for seed in range(5):
        made = made_rhythm(np.random.default_rng(9_000 + seed), parts=2, kind=kind, share=0.0)
        found = delineate(made.values, RATE, made.seconds * RATE)
        measures = unevenness(before_qrs(made.values, RATE, found), RATE, made.kinds, found)
        said += int(course(log_odds(measures, shipped_weights())).sum())
        seen += len(made.seconds)
    assert said <= 0.05 * seen


@pytest.mark.parametrize("change", ["larger", "turned", "order", "rate"])
def test_scale_polarity_order_and_rate_change_nothing(change: str) -> None:
    values = np.concatenate([trace(3, "sinus", 40), trace(4, "af", 40), trace(5, "pac", 40)], axis=1)
    one = spans(values)
    other = {
        "larger": lambda: spans(values * np.float32(5)),
        "turned": lambda: spans(-values),
        "order": lambda: spans(values[::-1]),
        "rate": lambda: spans(np.repeat(values, 2, axis=1), 500),
    }[change]()
    assert len(one) == len(other) == 1
    assert np.allclose(one, other, atol=1.0)


def test_noise_without_beats_is_no_fibrillation_to_the_learned_detector() -> None:
    pytest.importorskip("torch")
    noisy = noise(np.random.default_rng(0), "white", 15_000, 250, leads=2)
    assert read_rhythm(noisy, 250, ("I", "II")).atria.fibrillation == ()


def test_few_beats_are_not_judged() -> None:
    for seconds in (0.5, 2, 4):
        assert spans(trace(6, "af", seconds)) == ()


def test_the_sign_says_how_much_of_the_time() -> None:
    values = np.concatenate([trace(7, "sinus", 60), trace(8, "af", 60)], axis=1)
    sign = read_rhythm(values, 250, NAMES, method="rules").sign("af")
    assert sign is not None
    assert sign.figures["burden"] == pytest.approx(50, abs=6)
    assert sign.places[0].begin == pytest.approx(60, abs=4)


def test_the_course_pays_for_changes_and_knows_no_episode_of_under_five_beats() -> None:
    odds = np.array([-4.0] * 20 + [4.0] * 10 + [-4.0] * 20)
    assert runs(course(odds)) == [(20, 30)]
    assert runs(course(np.array([-4.0] * 20 + [4.0] * 4 + [-4.0] * 20))) == []
    assert runs(course(np.array([4.0] * 20 + [-4.0] * 4 + [4.0] * 20))) == [(0, 44)]
    assert runs(course(np.full(9, 0.1))) == [(0, 9)]


def test_the_shipped_weights_say_what_they_were_learned_from() -> None:
    weights = shipped_weights()
    assert weights.inner.shape == (len(MEASURES), len(weights.outer))
    assert "made rhythms" in weights.source
    assert weights.patients == ("101", "21", "84", "92")


def holter(beats: int = 100, annotated: tuple[Span, ...] = ((20.5, 60.5),), kind: int = 1) -> Holter:
    return Holter("made", "1", np.zeros((1, 200 * beats), np.float32), 200.0, np.arange(beats) + 0.0, annotated, kind)


def test_episodes_are_counted_by_overlap_and_time_by_seconds() -> None:
    found = rates_of([judged(holter(), [(30.5, 50.5), (80.5, 90.5)])])
    assert found["af.sensitivity"] == 1.0
    assert found["af.ppv"] == 0.5
    assert found["af.duration.sensitivity"] == pytest.approx(0.5)
    assert found["af.duration.ppv"] == pytest.approx(2 / 3)
    assert found["af.borders.within2"] == 0.0
    none = rates_of([judged(holter(annotated=(), kind=0), [])])
    assert none["af.sensitivity"] == none["af.ppv"] == none["af.class.accuracy"] == 1.0
    assert joined([(5, 6), (1, 2), (2, 4)]) == ((1, 4), (5, 6))


def test_the_points_of_the_challenge() -> None:
    # one for the class and one for each border within a beat, a half within two (score_2021 of CPSC2021)
    assert challenge(holter(), [(20.5, 60.5)]) == 3.0
    assert challenge(holter(), [(22.2, 60.5)]) == 2.5
    assert challenge(holter(), [(30.5, 50.5)]) == 1.0
    assert challenge(holter(), [(20.5, 60.5), (70.5, 80.5)]) == 2.0
    assert challenge(holter(), []) == -2.0
    assert challenge(holter(annotated=(), kind=0), [(3.0, 9.0)]) == -1.0
    assert challenge(holter(annotated=((0.0, 100.0),), kind=2), [(0.0, 99.5)]) == 3.0
    assert class_of([(0.0, 99.0)], 100.0) == 2
    assert class_of([(0.0, 50.0)], 100.0) == 1


def test_areas_under_the_curve_and_intervals() -> None:
    truth, score = np.array([True, False, True, False]), np.array([0.9, 0.1, 0.4, 0.4])
    assert auroc(truth, score) == pytest.approx(0.875)
    assert auroc(np.ones(3, bool), np.arange(3.0)) == 0.5
    two = [judged(holter(), [(20.5, 60.5)]), judged(holter(), [(70.0, 80.0)])]
    found = with_intervals(two, np.random.default_rng(0), times=50)
    assert found["af.sensitivity"] == 0.5
    assert found["af.patients"] == 1.0
    assert found["af.sensitivity.low"] == found["af.sensitivity.high"] == 0.5


def test_a_folder_without_records_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="missing"):
        list(holters(tmp_path))


def test_recorded_episodes_are_found_better_than_by_a_plain_rule() -> None:
    folder = datasets.folder()
    if not (folder / FOLDER).is_dir():
        pytest.skip("heart/ecg/cpsc2021 is not in the data folder (SUWEN_DATA)")
    ready = [prepared(one) for one in holters(folder) if one.name in {"data_101_8", "data_21_7", "data_84_3"}]
    figures = rates_of([
        judged(
            one.trace,
            fibrillation(one.trace.values, one.trace.rate, one.beats, one.kinds, one.found),
        )
        for one in ready
    ])  # fmt: skip
    plain = rates_of([judged(one.trace, plain_rule(one.beats.seconds)) for one in ready])
    assert figures["af.sensitivity"] == figures["af.ppv"] == 1.0
    assert figures["af.duration.ppv"] > max(0.95, plain["af.duration.ppv"])
    assert {lesson.patient for lesson in lessons(ready)} == {"101", "21", "84"}
