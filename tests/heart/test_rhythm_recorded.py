"""Proves on recorded traces that beats are found: hard strips of CPSC2019, record 100, twelve leads of CinC2021."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from suwen import datasets
from suwen.bench.qrs import judged_strip, pan_tompkins, run
from suwen.bench.qrs_traces import FOLDER, mitdb, pairs_of_twelve, read_beats, strips
from suwen.bench.setting import Options
from suwen.diagnosis.rhythm.beats import find_beats
from suwen.diagnosis.rhythm.matching import matched, together
from suwen.diagnosis.rhythm.network import NAME, score_of
from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.diagnosis.rhythm.synthetic import synthetic_ecg
from suwen.errors import DataError
from suwen.learn.weights import SHIPPED

has_network = pytest.mark.skipif(not (SHIPPED / f"{NAME}.safetensors").exists(), reason="no network qrs is shipped")


@pytest.fixture
def folder() -> Path:
    found = datasets.folder()
    if not (found / FOLDER).is_dir():
        pytest.skip("heart/ecg is not in the data folder (SUWEN_DATA)")
    return found


def test_the_rules_find_the_beats_of_hard_strips_better_than_pan_and_tompkins(folder: Path) -> None:
    cases = strips(folder)
    rules = together(judged_strip(one, find_beats(one.values, one.rate, method="rules").samples) for one in cases)
    plain = together(judged_strip(one, pan_tompkins(one.values[0], one.rate)) for one in cases)
    assert rules.f1 > 0.92
    assert rules.f1 > plain.f1


@pytest.mark.parametrize("lead", [slice(0, 2), slice(0, 1), slice(1, 2)])
def test_record_100_is_read_as_annotated(folder: Path, lead: slice) -> None:
    record = mitdb(folder)
    assert len(record.beats) == 2273
    found = find_beats(record.values[lead], record.rate, method="rules").samples
    assert matched(record.beats, found, 0.15 * record.rate).f1 > 0.999


@has_network
def test_the_network_reads_record_100_which_it_never_saw(folder: Path) -> None:
    record = mitdb(folder)
    found = find_beats(record.values, record.rate, method="learned")
    assert found.method == "learned"
    assert matched(record.beats, found.samples, 0.15 * record.rate).f1 > 0.999


@has_network
def test_the_network_answers_alike_in_one_piece_and_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    from suwen.diagnosis.rhythm import network  # noqa: PLC0415

    inputs = network.network_input(synthetic_ecg(np.random.default_rng(0), seconds=60, names=("II",)).values, 250)
    whole = score_of(network._loaded(), inputs)
    monkeypatch.setattr(network, "_STRETCH", 300)
    assert np.allclose(score_of(network._loaded(), inputs), whole, atol=1e-4)


@has_network
@pytest.mark.parametrize("samples", [1, 2, 99, 100, 101, 403, 1000])
@pytest.mark.parametrize("kind", ["noise", "gaps", "spikes", "huge"])
def test_the_network_answers_clearly_whatever_it_is_given(kind: str, samples: int) -> None:
    rng = np.random.default_rng(samples)
    values = rng.standard_normal((2, samples))
    values = {
        "noise": values,
        "gaps": np.where(values > 0, np.nan, values),
        "spikes": np.where(values > 2.5, np.inf, 0.0),
        "huge": values * 1e30,
    }[kind]
    reading = read_rhythm(values, 250, ("I", "II"))
    assert reading.signs
    assert (np.diff(reading.beats.samples) > 0).all()


def test_twelve_leads_are_read_without_failing_and_the_leads_agree(folder: Path) -> None:
    for _name, values, rate, names in pairs_of_twelve(folder):
        reading = read_rhythm(values, rate, names, method="rules")
        assert len(reading.beats.samples) >= 4
        alone = find_beats(values[names.index("II")], rate, method="rules").samples
        assert matched(reading.beats.samples, alone, 0.1 * rate).f1 > 0.7


def test_annotations_are_read_with_their_jumps(tmp_path: Path) -> None:
    # an N at 18, then a jump of 70,000, an aux text of 3 bytes, a V at 70,118, and the end
    words = [
        1 << 10 | 18,
        59 << 10,
        70_000 >> 16,
        70_000 & 0xFFFF,
        22 << 10,
        63 << 10 | 3,
        0x4141,
        0x41,
        5 << 10 | 100,
        0,
    ]
    (tmp_path / "made.atr").write_bytes(np.array(words, "<u2").tobytes())
    beats, codes = read_beats(tmp_path / "made.atr")
    assert beats.tolist() == [18, 70_118]
    assert codes == (1, 5)
    with pytest.raises(DataError, match="cannot read"):
        read_beats(tmp_path / "none.atr")


def test_the_benchmark_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="missing"):
        run(Options(tmp_path))
