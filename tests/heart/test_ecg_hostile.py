"""Proves that no trace, however odd, breaks the reading of an ECG, and that noise alone never raises an alarm."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from ecg_maker import made
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suwen.diagnosis.rhythm import read_rhythm
from suwen.diagnosis.rhythm.filters import resampled
from suwen.diagnosis.rhythm.findings import findings
from suwen.diagnosis.rhythm.nouns import Reading
from suwen.diagnosis.rhythm.synthetic import LEADS, noise, synthetic_ecg
from suwen.diagnosis.rhythm.vocabulary import FIGURES, SIGNS
from suwen.errors import SuwenError
from suwen.formats.waveforms.nouns import Recording
from suwen.report.ecg_data import ecg_json
from suwen.report.ecg_nouns import Paper, ReadEcg
from suwen.report.ecg_page import ecg_html
from suwen.report.ecg_paper import ecg_svg
from suwen.report.ecg_pdf import ecg_pdf
from suwen.subject import Sex

ODD = ("lead 1", "ii", "AVR", "avl", "V10", "V3R", "MLII", "", "导联一", "X" * 200, "<b>", "II #2", "V1.", "-aVR")
SHAPES = (
    "beats", "white", "motion", "constant", "square", "spikes", "two beats", "ramp", "missing", "one missing", "holes",
    "huge", "tiny", "alike", "infinite",
)  # fmt: skip


def _trace(shape: str, rng: np.random.Generator, leads: int, count: int, rate: float) -> np.ndarray:
    """A trace (leads, time) of the shape."""
    time = np.arange(count) / rate
    if shape in ("beats", "holes", "one missing", "huge", "tiny", "alike", "two beats"):
        values = np.zeros((leads, count))
        every = 0.8 if shape != "two beats" else max(time[-1] / 2, 0.3) if count else 1.0
        for at in np.arange(0.2, count / rate, every):
            values += rng.normal(1, 0.3, (leads, 1)) * np.exp(-0.5 * ((time - at) / 0.012) ** 2)
        values += 0.01 * rng.standard_normal(values.shape)
    elif shape in ("white", "motion"):
        values = noise(rng, shape, count, rate, leads=leads).astype(float)
    elif shape == "square":
        values = np.tile(np.sign(np.sin(2 * np.pi * 1.3 * time)), (leads, 1))
    elif shape == "spikes":
        values = np.where(rng.random((leads, count)) < 2 / rate, 5.0, 0.0)
    else:
        values = np.full((leads, count), {"missing": np.nan}.get(shape, 0.3)) + (time if shape == "ramp" else 0)
    return _spoilt(shape, rng, values)


def _spoilt(shape: str, rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    if shape == "holes":
        values[rng.random(values.shape) < 0.2] = np.nan
        values[:, values.shape[1] // 3 : values.shape[1] // 2] = np.nan
    if shape == "one missing":
        values[0] = np.nan
    if shape == "alike":
        values[:] = values[:1]
    if shape == "infinite":
        values[:, ::7] = np.inf
    return (values * {"huge": 1e30, "tiny": 1e-30}.get(shape, 1.0)).astype(np.float32)


def _sound(reading: Reading, seconds: float, names: tuple[str, ...]) -> None:
    """Figures are finite and known, places lie within the trace, findings go with the signs in both languages."""
    assert reading.signs
    for sign in reading.signs:
        assert sign.key in SIGNS
        assert set(sign.figures) <= set(FIGURES)
        assert np.isfinite(list(sign.figures.values())).all(), sign
        assert all(0 <= one.begin <= one.end <= seconds for one in sign.places), (sign, seconds)
        assert {one.lead for one in sign.places} <= {"", *names}
    for lang in ("en", "zh"):
        assert len(findings(reading, lang)) == len(reading.signs)
        assert all(reading.quality.said(lang))


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    shape=st.sampled_from(SHAPES),
    seed=st.integers(0, 2**16),
    leads=st.integers(1, 20),
    rate=st.sampled_from([20.0, 50.0, 99.7, 125.0, 250.0, 360.0, 500.0, 1_000.0, 4_000.0]),
    seconds=st.sampled_from([0.0, 0.1, 0.5, 1.0, 1.7, 3.0, 10.0, 30.0, 300.0]),
    standard=st.booleans(),
    age=st.sampled_from([None, 0.0, 0.1, 3.0, 17.9, 40.0, 120.0]),
    sex=st.sampled_from([None, *Sex]),
    method=st.sampled_from(["rules", "auto"]),
)
def test_no_trace_breaks_the_reading(  # noqa: PLR0917
    shape: str, seed: int, leads: int, rate: float, seconds: float, standard: bool, age: float, sex: Sex, method: str
) -> None:
    count = max(1, int(min(seconds * rate, 2e5 / leads)))
    values = _trace(shape, np.random.default_rng(seed), leads, count, rate)
    names = tuple([*(LEADS if standard else ()), *ODD, *(f"{one} b" for one in LEADS)][:leads])
    try:
        reading = read_rhythm(values, rate, names, method=method, age=age, sex=sex)
    except SuwenError:
        return
    _sound(reading, count / rate, names)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("leads", "rate", "seconds"), [(12, 250.0, 10.0), (1, 20.0, 2.0), (3, 500.0, 1.0)])
def test_every_trace_is_drawn_or_refused_in_a_sentence(shape: str, leads: int, rate: float, seconds: float) -> None:
    values = _trace(shape, np.random.default_rng(1), leads, int(seconds * rate), rate)
    names = LEADS if leads == 12 else tuple(ODD[:leads])
    reading = read_rhythm(values, rate, names, method="rules", age=0.0, sex=Sex.FEMALE)
    recording = Recording("a", names, rate, values)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for lang in ("en", "zh"):
        read = ReadEcg(recording, reading, findings(reading, lang), None, 0.0, Sex.FEMALE)
        for draw in (
            lambda read=read, lang=lang: ecg_svg(read, Paper(), lang=lang),
            lambda read=read, lang=lang: ecg_html(read, Paper(), lang=lang, created=now),
            lambda read=read, lang=lang: ecg_pdf(read, Paper(), lang=lang, created=now),
        ):
            try:
                drawn = draw()
            except SuwenError:
                continue
            assert drawn
            assert isinstance(drawn, bytes) or not {"NaN", "nan mV", "Infinity"} & set(drawn.split())
        assert ecg_json(read, lang)


@pytest.mark.parametrize("number", range(24))
def test_noise_raises_no_alarm(number: int) -> None:
    """Muscle, motion, white noise, drift and mains of twelve, two and one lead, by rules and as shipped."""
    rng = np.random.default_rng([20_261_126, number])
    kind = ("white", "muscle", "motion", "baseline", "mains", "motion")[number % 6]
    leads = (12, 2, 1)[number % 3]
    values = noise(rng, kind, 5_000, 500.0, leads=leads) * float(10 ** rng.uniform(-1, 0.5))
    reading = read_rhythm(values, 500.0, LEADS[:leads], method=("auto", "rules")[number // 12], age=60)
    assert [sign.key for sign in reading.signs if SIGNS[sign.key].urgency == 3] == []


def test_doubt_is_said_in_place_of_what_noise_looks_like_and_mentions_fibrillation() -> None:
    rng = np.random.default_rng(3)
    reading = read_rhythm(noise(rng, "motion", 5_000, 500.0, leads=12), 500.0, LEADS, method="rules")
    assert [sign.key for sign in reading.signs] == ["doubtful"]
    assert "fibrillation" in reading.signs[0].said("en")
    assert "室颤" in reading.signs[0].said("zh") or "心室颤动" in reading.signs[0].said("zh")


@pytest.mark.parametrize("bpm", [30.0, 70.0, 150.0])
@pytest.mark.parametrize("rhythm", ["sinus", "af", "pvc", "vt", "complete_block", "wide_tachycardia", "flutter"])
def test_hearts_are_not_doubted(rhythm: str, bpm: float) -> None:
    """At every rate, with noise of a fair trace: the doubt must not swallow what it stands before."""
    rng = np.random.default_rng(11)
    whole = synthetic_ecg(rng, rhythm=rhythm, bpm=bpm, rate=500.0)
    values = whole.values + 0.03 * noise(rng, "muscle", whole.values.shape[1], 500.0, leads=12)
    assert read_rhythm(values, 500.0, LEADS).sign("doubtful") is None
    if rhythm != "pvc":  # where every third beat is one, the rules without the network are unsure of a fast trace
        assert read_rhythm(values, 500.0, LEADS, method="rules").sign("doubtful") is None


def test_the_order_of_the_leads_changes_nothing() -> None:
    values = made({"II": {"j": 0.3}, "V2": {"j": 0.4}}, spoilt=0.01)
    order = np.random.default_rng(2).permutation(12)
    one = read_rhythm(values, 500.0, LEADS, method="rules", age=50)
    other = read_rhythm(values[order], 500.0, tuple(LEADS[at] for at in order), method="rules", age=50)
    assert [sign.key for sign in one.signs] == [sign.key for sign in other.signs]
    for left, right in zip(one.signs, other.signs, strict=True):
        assert left.figures == pytest.approx(right.figures, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("hertz", [50.0, 49.9])
@pytest.mark.parametrize("rhythm", ["sinus", "rbbb", "lbbb", "first_degree", "two_to_one"])
def test_mains_hum_changes_no_sign(rhythm: str, hertz: float) -> None:
    """0.05 mV in all leads, as it comes with a loose electrode: before it was taken out it hid bundle-branch blocks."""
    whole = synthetic_ecg(np.random.default_rng(4), rhythm=rhythm, rate=500.0)
    time = np.arange(whole.values.shape[1]) / 500
    clean = whole.values + 0.004 * noise(np.random.default_rng(5), "white", len(time), 500.0, leads=12)
    humming = clean + 0.05 * np.sin(2 * np.pi * hertz * time + 1).astype(np.float32)
    one, other = (read_rhythm(values, 500.0, LEADS, method="rules") for values in (clean, humming))
    assert {sign.key for sign in one.signs} == {sign.key for sign in other.signs}


@pytest.mark.parametrize("left_out", range(12))
def test_leaving_a_lead_out_adds_no_territory(left_out: int) -> None:
    values = made({"II": {"j": 0.25}, "V3": {"j": 0.4}, "V4": {"j": 0.3}}, spoilt=0.005)
    kept = [at for at in range(12) if at != left_out]
    whole = read_rhythm(values, 500.0, LEADS, method="rules", age=50, sex=Sex.MALE).sign("st_elevation")
    part = read_rhythm(values[kept], 500.0, tuple(LEADS[at] for at in kept), method="rules", age=50, sex=Sex.MALE)
    assert whole is not None
    raised = part.sign("st_elevation")
    assert {one.lead for one in raised.places} <= {one.lead for one in whole.places} if raised else True


@pytest.mark.parametrize("rhythm", ["sinus", "rbbb", "lbbb", "first_degree", "two_to_one"])
def test_twice_the_samples_say_the_same(rhythm: str) -> None:
    whole = synthetic_ecg(np.random.default_rng(8), rhythm=rhythm, rate=250.0)
    values = whole.values + 0.004 * noise(np.random.default_rng(5), "white", whole.values.shape[1], 250.0, leads=12)
    one = read_rhythm(values, 250.0, LEADS, method="rules")
    other = read_rhythm(resampled(values, 250.0, 500.0), 500.0, LEADS, method="rules")
    assert {sign.key for sign in one.signs} == {sign.key for sign in other.signs}
