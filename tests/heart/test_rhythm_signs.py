"""Proves that rhythms are told apart on made traces with noise, and flaws of the signal are named where they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from ecg_maker import RATE, signs_of
from ecg_maker import made as twelve

from suwen.diagnosis.rhythm import citations
from suwen.diagnosis.rhythm.kinds import beat_kinds, irregularity, p_consistency
from suwen.diagnosis.rhythm.nouns import Sign
from suwen.diagnosis.rhythm.quality import WORDS, Flaw, signal_quality
from suwen.diagnosis.rhythm.rates import limits_of_rate
from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.diagnosis.rhythm.synthetic import LEADS, NOISES, RHYTHMS, Synthetic, noise, synthetic_ecg
from suwen.diagnosis.rhythm.vocabulary import GROUPS, SIGNS
from suwen.errors import InputError
from suwen.subject import Sex

WANTED = {
    "sinus": {"sinus"},
    "af": {"af"},
    "first_degree": {"sinus", "first_degree"},
    "wenckebach": {"sinus", "wenckebach"},
    "complete_block": {"complete_block", "bradycardia", "wide_qrs"},
    "pvc": {"sinus", "pvc"},
    "pac": {"sinus", "pac"},
    "pause": {"sinus", "pause"},
    "rbbb": {"sinus", "rbbb"},
    "lbbb": {"sinus", "lbbb"},
    "flutter": {"flutter"},
    "mobitz_ii": {"sinus", "mobitz_ii"},
    "two_to_one": {"two_to_one", "bradycardia"},
    "high_grade": {"high_grade", "bradycardia"},
    "blocked_pac": {"sinus", "blocked_pac"},
    "sinus_arrhythmia": {"sinus", "sinus_arrhythmia"},
    "bigeminy": {"sinus", "pvc", "bigeminy"},
    "vt": {"sinus", "vt"},
    "wide_tachycardia": {"vt"},
    "junctional": {"junctional", "bradycardia"},
    "paced": {"pacing"},
    "preexcitation": {"sinus", "preexcitation"},
    "incomplete_rbbb": {"sinus", "incomplete_rbbb"},
    "left_anterior": {"sinus", "left_anterior"},
    "left_posterior": {"sinus", "left_posterior"},
}
RATES = {"wide_tachycardia": 150.0, "bigeminy": 66.0, "junctional": 45.0}  # bpm, elsewhere 70
HEALTHY = {"sinus", "sinus_arrhythmia"}  # of these no sign of any group may be seen
# what the shape of a made beat may also look like is for the tests of ST, Q, T and voltages
ASKED = {"rhythm", "ectopy", "conduction"}


def made(seed: int, rhythm: str = "sinus", bpm: float = 70) -> tuple[Synthetic, np.ndarray]:
    rng = np.random.default_rng(seed)
    trace = synthetic_ecg(rng, seconds=30, rate=250, rhythm=rhythm, bpm=bpm)
    samples = trace.values.shape[1]
    return trace, trace.values + 0.02 * noise(rng, "white", samples, 250, leads=12) + 0.1 * noise(
        rng, "baseline", samples, 250, leads=12
    )


def test_every_made_rhythm_has_its_signs() -> None:
    assert set(WANTED) == set(RHYTHMS)
    assert set.union(*WANTED.values()) <= set(SIGNS)


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_each_made_rhythm_is_read_as_what_it_is_and_as_nothing_else(rhythm: str) -> None:
    right = 0
    for seed in range(4):
        _trace, values = made(seed, rhythm, RATES.get(rhythm, 70))
        signs = read_rhythm(values, 250, LEADS, method="rules").signs
        keys = {sign.key for sign in signs if rhythm in HEALTHY or SIGNS[sign.key].group in ASKED}
        right += keys == WANTED[rhythm]
    assert right >= 3


@pytest.mark.parametrize(("bpm", "key"), [(42, "sinus_bradycardia"), (75, "sinus"), (125, "sinus_tachycardia")])
def test_the_rate_names_sinus_rhythm(bpm: float, key: str) -> None:
    reading = read_rhythm(made(1, bpm=bpm)[1], 250, LEADS, method="rules")
    assert [sign.key for sign in reading.signs] == [key]
    assert reading.signs[0].figures["rate"] == pytest.approx(bpm, abs=2)


@pytest.mark.parametrize(
    ("age", "bpm", "key"),
    [
        (0.1, 130, "sinus"),
        (0.1, 92, "sinus"),
        (1.0, 130, "sinus"),
        (1.0, 90, "sinus_bradycardia"),
        (5.0, 120, "sinus"),
        (5.0, 55, "sinus_bradycardia"),
        (5.0, 145, "sinus_tachycardia"),
        (12.0, 115, "sinus_tachycardia"),
        (40.0, 55, "sinus_bradycardia"),
        (40.0, 63, "sinus"),
    ],
)
def test_a_child_has_a_childs_limits_of_rate(age: float, bpm: float, key: str) -> None:
    keys = {sign.key for sign in read_rhythm(made(1, bpm=bpm)[1], 250, LEADS, method="rules", age=age).signs}
    assert keys & {"sinus", "sinus_bradycardia", "sinus_tachycardia"} == {key}


def test_the_rate_is_what_is_counted_on_the_strip_and_a_pause_is_not() -> None:
    """Proves that premature beats count, as the mean of RR has it, and that pauses do not slow the rate."""
    trace, values = made(1, "pac", 96)
    reading = read_rhythm(values, 250, LEADS, method="rules")
    rr = np.diff(trace.beats) / 250
    assert reading.intervals.rate == pytest.approx(60 / rr.mean(), abs=0.5)
    assert reading.intervals.rr == pytest.approx(1000 * np.median(rr), abs=5)
    paused = read_rhythm(made(1, "pause")[1], 250, LEADS, method="rules")
    assert paused.intervals.rate == pytest.approx(70, abs=2)


def test_the_sinus_node_is_not_slow_where_its_beats_are_not_conducted() -> None:
    for rhythm in ("wenckebach", "mobitz_ii"):
        reading = read_rhythm(made(1, rhythm)[1], 250, LEADS, method="rules")
        sign = reading.sign("sinus")
        assert sign is not None
        assert sign.figures["rate"] == pytest.approx(reading.intervals.rate)
        assert sign.figures["rate"] < 64 < sign.figures["atrial_rate"]


@pytest.mark.parametrize("bpm", [138, 144, 150])
def test_p_that_rides_on_t_is_seen_in_a_fast_sinus_rhythm(bpm: float) -> None:
    keys = {sign.key for sign in read_rhythm(made(2, bpm=bpm)[1], 250, LEADS, method="rules").signs}
    assert "sinus_tachycardia" in keys
    assert not keys & {"svt", "flutter", "af", "tachycardia"}


ABNORMAL: tuple[tuple[dict[str, dict[str, float]], dict[str, object]], ...] = (
    ({"II": {"j": 0.2}, "I": {"j": -0.08}, "V1": {"j": 0.12}}, {}),
    ({"V2": {"j": 0.3}, "V3": {"j": 0.3}}, {"sex": Sex.MALE, "age": 60.0}),
    ({name: {"j": -0.12} for name in ("V1", "V2", "V3")}, {}),
    ({"I": {"j": -0.15}, "II": {"j": -0.2}} | {name: {"j": -0.15} for name in ("V3", "V4", "V5", "V6")}, {}),
    ({"V2": {"q": -0.3, "r": 0.0, "s": 0.0}, "V3": {"q": -0.3, "r": 0.0, "s": 0.0}}, {}),
    ({"V3": {"r": 0.2}}, {}),
    ({"V1": {"s": -1.8}, "V5": {"r": 2.4}, "V6": {"r": 1.9}, "V3": {"j": 0.3}, "V4": {"j": 0.3}}, {}),
    ({"I": {"r": 0.2, "s": -0.8}, "V1": {"r": 1.2, "s": -0.2}, "V6": {"s": -0.9}}, {}),
    ({"I": {"r": 1.0}, "II": {"r": 0.2, "s": -0.7}}, {}),
    ({name: {"r": 0.15, "s": -0.03, "q": 0.0} for name in ("I", "II")}, {}),
    ({"II": {"p": 0.4, "t": 0.01}, "I": {"t": 0.01}, "V5": {"t": 0.02}, "V6": {"t": 0.02}, "V4": {"t": 0.02}}, {}),
    ({name: {"t": -0.3} for name in ("V4", "V5", "V6")}, {}),
    ({name: {"t": 1.8} for name in ("V3", "V4")}, {}),
    ({name: {"notch": 0.25, "s": 0.0} for name in ("I", "II", "V5", "V6")}, {}),
    ({"V1": {"r": 0.9, "s": -0.1, "t": 0.3}, "V2": {"r": 1.0, "s": -0.1, "t": 0.4}}, {}),
    ({}, {"bpm": 60.0, "late": 0.12}),
    ({}, {"bpm": 60.0, "late": -0.08}),
    ({"I": {"p": -0.1, "q": 0.0, "r": 0.1, "s": -0.7, "t": -0.2}}, {}),
)


@cache
def every_sign() -> tuple[Sign, ...]:
    """The signs of all made rhythms, slow and fast, of grown people and children, and of abnormal waves."""
    return tuple(_walked())


def _walked() -> Iterator[Sign]:
    for rhythm in RHYTHMS:
        yield from read_rhythm(made(1, rhythm, RATES.get(rhythm, 70))[1], 250, LEADS, method="rules").signs
    for age, bpm in ((40.0, 45), (40.0, 120), (5.0, 45), (5.0, 150)):
        yield from read_rhythm(made(2, bpm=bpm)[1], 250, LEADS, method="rules", age=age).signs
    for rhythm, bpm in (
        ("wide_tachycardia", 36),
        ("junctional", 55),
        ("sinus", 165),
        ("mobitz_ii", 55),
        ("flutter", 150),
    ):
        yield from read_rhythm(made(2, rhythm, bpm)[1], 250, LEADS, method="rules").signs
    for heights, more in ABNORMAL:
        yield from signs_of(heights, **more).values()
    swapped = twelve()[[0, 1, 2, 3, 4, 5, 8, 7, 6, 9, 11, 10]]
    yield from read_rhythm(swapped, RATE, LEADS, method="rules").signs
    arms = twelve()[[0, 2, 1, 4, 3, *range(5, 12)]] * np.array([-1.0] + [1.0] * 11)[:, None]
    yield from read_rhythm(arms, RATE, LEADS, method="rules").signs
    wrong = twelve()
    wrong[2] += 0.5 * wrong[7]
    yield from read_rhythm(wrong, RATE, LEADS, method="rules").signs


def test_every_sign_names_its_rule_in_both_languages_and_a_citation() -> None:
    """Proves that no criterion hides in the source, none is left in one language, and each source is a citation."""
    known = {getattr(citations, name) for name in citations.__all__}
    for sign in every_sign():
        assert sign.rule.en, sign.key
        assert sign.rule.zh, sign.key
        for said in (sign.rule, *sign.detail):
            assert not re.search(r"[\u4e00-\u9fff{}]", said.en), said
            assert re.search(r"[\u4e00-\u9fff]", said.zh) or said.zh.isascii() or "；" in said.zh, said
            assert "{" not in said.zh, said
            assert numbers(said.en) <= numbers(said.zh) | {"2018"}, said
        rest = sign.source
        for one in sorted(known, key=len, reverse=True):
            rest = rest.replace(one, "")
        assert sign.source, sign.key
        assert not rest.strip("; "), sign.source


def numbers(text: str) -> set[str]:
    """Figures of two digits or more, or with a decimal point: what a limit is."""
    return set(re.findall(r"\d+\.\d+|\d{2,}", text.replace("10 %", "10%")))


def test_the_walk_reaches_most_signs() -> None:
    seen = {sign.key for sign in every_sign()}
    assert len(seen) >= 55, sorted(set(SIGNS) - seen)


def test_limits_of_rate_go_down_with_age_to_those_of_adults() -> None:
    limits = [limits_of_rate(age) for age in (0.0, 0.5, 3.0, 12.0, 16.0, 90.0, None)]
    assert all(low < high for low, high in limits)
    assert [high for _low, high in limits] == sorted((high for _low, high in limits), reverse=True)
    assert limits[-3:] == [(60, 100)] * 3


def test_even_rhythms_without_p_are_named_by_their_width() -> None:
    for rhythm, bpm, key in (("junctional", 55, "junctional"), ("wide_tachycardia", 36, "idioventricular")):
        signs = read_rhythm(made(2, rhythm, bpm)[1], 250, LEADS, method="rules").signs
        keys = {sign.key for sign in signs}
        assert key in keys
        assert not keys & {"sinus", "sinus_bradycardia", "vt", "first_degree"}


def test_a_pause_is_named_by_its_length_and_not_where_the_signal_is_gone() -> None:
    trace, values = made(1, "pause")
    sign = read_rhythm(values, 250, LEADS, method="rules").sign("pause")
    assert sign is not None
    assert sign.figures["longest"] == pytest.approx(3.2, abs=0.02)
    assert sign.figures["count"] == sum(np.diff(trace.beats) > 750)
    blocked = read_rhythm(made(1, "mobitz_ii", 55)[1], 250, LEADS, method="rules")
    assert blocked.sign("pause") is None
    assert blocked.sign("short_pause") is not None
    gone = made(1)[1]
    gone[:, 2000:3000] = np.nan
    assert {one.key for one in read_rhythm(gone, 250, LEADS, method="rules").signs} == {"sinus"}


def test_breathing_is_measured_as_it_was_made() -> None:
    trace, values = made(1, "sinus_arrhythmia")
    sign = read_rhythm(values, 250, LEADS, method="rules").sign("sinus_arrhythmia")
    assert sign is not None
    swing = np.ptp(np.diff(trace.beats)) * 4
    assert sign.figures["variation"] == pytest.approx(swing, rel=0.2)


def test_signs_carry_their_evidence_and_both_languages() -> None:
    trace, values = made(2, "pvc")
    reading = read_rhythm(values, 250, LEADS, method="rules")
    sign = next(one for one in reading.signs if one.key == "pvc")
    truth = [at / 250 for at, kind in zip(trace.beats, trace.kinds, strict=True) if kind == "V"]
    assert len(sign.places) == len(truth)
    assert all(one.begin < at < one.end for one, at in zip(sign.places, truth, strict=True))
    assert all(one.name.en and one.name.zh and one.group in GROUPS for one in SIGNS.values())
    assert sign.said("zh") == "室性早搏"


def test_kinds_of_beats_and_measures_of_the_atria() -> None:
    sinus, af = made(3)[0], made(3, "af")[0]
    assert set(beat_kinds(af.values, 250, np.round(af.beats))) == {"N"}
    assert irregularity(sinus.beats / 250) < 0.05
    assert irregularity(af.beats / 250) > 0.1
    assert p_consistency(sinus.values, 250, np.round(sinus.beats)) > 0.9
    assert p_consistency(af.values, 250, np.round(af.beats)) < 0.5


def test_einthoven_and_goldberger_hold_in_made_traces() -> None:
    trace = synthetic_ecg(np.random.default_rng(0), seconds=5, rhythm="lbbb", axis=-30)
    lead = dict(zip(trace.names, trace.values, strict=True))
    assert np.allclose(lead["I"] + lead["III"], lead["II"], atol=1e-5)
    assert np.allclose(lead["aVR"] + lead["aVL"] + lead["aVF"], 0, atol=1e-5)
    again = synthetic_ecg(np.random.default_rng(0), seconds=5, rhythm="lbbb", axis=-30)
    assert np.array_equal(again.values, trace.values)
    for call in (lambda: synthetic_ecg(np.random.default_rng(0), rhythm="tango"), lambda: noise(None, "pink", 9, 250)):
        with pytest.raises(InputError):
            call()


def spoilt(kind: str) -> np.ndarray:
    """One clean lead, its middle four seconds spoilt."""
    rng = np.random.default_rng(5)
    values = synthetic_ecg(rng, seconds=12, rate=500, bpm=75, names=("II",)).values.copy()
    part = values[:, 2000:4000]
    noises = {name: noise(rng, name, 2000, 500) for name in NOISES}
    hum = np.sin(2 * np.pi * 50 * np.arange(2000) / 500)
    part[:] = {
        "missing": np.full_like(part, np.nan),
        "flat": np.full_like(part, 0.1),
        "saturated": np.clip(part + 6 * np.sign(np.sin(np.arange(2000) / 90)), -5, 5),
        "muscle": part + 0.25 * noises["white"],
        "baseline": part + 1.5 * np.sin(2 * np.pi * 0.35 * np.arange(2000) / 500),
        "mains": part + 0.2 * hum,
        "no_qrs": 0.02 * noises["baseline"] + 0.003 * noises["white"],
    }[kind]
    return values


@pytest.mark.parametrize("kind", ["missing", "flat", "saturated", "muscle", "baseline", "mains", "no_qrs"])
def test_a_flaw_is_named_in_the_seconds_it_was_made_in(kind: str) -> None:
    quality = signal_quality(spoilt(kind), 500, ("II",))
    flaw = Flaw[kind.upper()]
    has = quality.flaws[0] & int(flaw) > 0
    assert has[5]
    assert not has[[0, 1, 2, 9, 10, 11]].any()
    assert quality.index[0, 5] < quality.index[0, [0, 1, 10, 11]].min()
    for lang, words in zip(("en", "zh"), WORDS[flaw], strict=True):
        assert any(words in sentence and "II" in sentence for sentence in quality.said(lang))


def test_a_clean_trace_has_no_flaw_and_odd_ones_are_judged() -> None:
    clean = synthetic_ecg(np.random.default_rng(6), seconds=10, rate=500)
    quality = signal_quality(clean.values, 500, clean.names)
    assert quality.leads.min() > 0.95
    assert quality.said() == ()
    for values in (np.zeros((2, 0)), np.zeros((1, 2)), np.full((1, 900), np.nan), np.zeros((3, 777))):
        odd = signal_quality(values, 250)
        assert (odd.index == 0).all()


@pytest.mark.parametrize(
    ("key", "figures", "urgency"),
    [
        ("sinus_bradycardia", {"rate": 55.0}, 0),
        ("sinus_bradycardia", {"rate": 39.0}, 2),
        ("sinus_bradycardia", {"rate": 25.0}, 3),
        ("bradycardia", {"rate": 45.0}, 1),
        ("sinus_tachycardia", {"rate": 120.0}, 0),
        ("tachycardia", {"rate": 150.0}, 2),
        ("long_qt", {"qtc": 480.0}, 1),
        ("long_qt", {"qtc": 500.0}, 2),
        ("vt", {"beats": 3.0}, 2),
        ("vt", {"beats": 12.0}, 3),
        ("vt", {}, 3),
        ("complete_block", {"rate": 45.0}, 3),
    ],
)
def test_urgency_goes_by_how_far_the_figures_go(key: str, figures: dict[str, float], urgency: int) -> None:
    assert Sign(key, figures).urgency == urgency
