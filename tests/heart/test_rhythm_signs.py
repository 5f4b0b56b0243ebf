"""Proves that rhythms are told apart on made traces with noise, and flaws of the signal are named where they are."""

from __future__ import annotations

import numpy as np
import pytest

from suwen.diagnosis.rhythm.kinds import beat_kinds, irregularity, p_consistency
from suwen.diagnosis.rhythm.quality import WORDS, Flaw, signal_quality
from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.diagnosis.rhythm.synthetic import LEADS, NOISES, RHYTHMS, Synthetic, noise, synthetic_ecg
from suwen.diagnosis.rhythm.vocabulary import GROUPS, SIGNS
from suwen.errors import InputError

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
}


def made(seed: int, rhythm: str = "sinus", bpm: float = 70) -> tuple[Synthetic, np.ndarray]:
    rng = np.random.default_rng(seed)
    trace = synthetic_ecg(rng, seconds=30, rate=250, rhythm=rhythm, bpm=bpm)
    samples = trace.values.shape[1]
    return trace, trace.values + 0.02 * noise(rng, "white", samples, 250, leads=12) + 0.1 * noise(
        rng, "baseline", samples, 250, leads=12
    )


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_each_made_rhythm_is_read_as_what_it_is_and_as_nothing_else(rhythm: str) -> None:
    right = 0
    for seed in range(4):
        _trace, values = made(seed, rhythm)
        right += {sign.key for sign in read_rhythm(values, 250, LEADS, method="rules").signs} == WANTED[rhythm]
    assert right >= 3


@pytest.mark.parametrize(("bpm", "key"), [(42, "sinus_bradycardia"), (75, "sinus"), (125, "sinus_tachycardia")])
def test_the_rate_names_sinus_rhythm(bpm: float, key: str) -> None:
    reading = read_rhythm(made(1, bpm=bpm)[1], 250, LEADS, method="rules")
    assert [sign.key for sign in reading.signs] == [key]
    assert reading.signs[0].figures["rate"] == pytest.approx(bpm, abs=2)


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
