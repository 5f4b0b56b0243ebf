"""WFDB records: every format gives the voltages that were packed, sums are checked, marks find their place.

On the open records the values agree with the package wfdb where it is installed, and with the headers' own sums.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waveform_makers import RANGES, mit_marks, trace, write_record

from suwen.datasets import folder
from suwen.errors import FormatError, InputError, NotFoundError
from suwen.formats.waveforms import MarkKind, notice_key, read_recording, read_recordings, write_csv, write_wfdb
from suwen.formats.waveforms.nouns import Recording

ECG = folder() / "heart" / "ecg"
HEADERS = sorted(ECG.glob("*/*.hea"))
needs_data = pytest.mark.skipif(not HEADERS, reason="reference data heart/ecg are not in the data folder (SUWEN_DATA)")


def _numbers(kind: int, signals: int, length: int, seed: int) -> np.ndarray:
    """Whole numbers within a format, without the value that means missing; small steps for format 8."""
    rng = np.random.default_rng(seed)
    top = 1 << RANGES[kind]
    if kind == 8:
        return np.cumsum(rng.integers(-100, 101, (signals, length)), axis=1)
    return rng.integers(-top + 1, top, (signals, length))


@given(
    kind=st.sampled_from(sorted(RANGES)), signals=st.integers(1, 4), length=st.integers(2, 60), seed=st.integers(0, 99)
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_format_gives_back_what_was_packed(
    tmp_path: Path, kind: int, signals: int, length: int, seed: int
) -> None:
    numbers = _numbers(kind, signals, length, seed)
    path = write_record(tmp_path, "r", kind, numbers, gain="128(3)/mV", offset=24 if seed % 2 else 0)
    found = read_recording(path)
    assert np.array_equal(found.samples, ((numbers - 3) / 128).astype(np.float32))
    assert found.rate == 250
    assert not {"checksum", "cut"} & {notice_key(one) for one in found.noticed}


@pytest.mark.parametrize("kind", sorted(set(RANGES) - {8}))
def test_the_value_of_a_missing_sample_becomes_nan(tmp_path: Path, kind: int) -> None:
    numbers = _numbers(kind, 2, 40, 1)
    numbers[1, 7:9] = -(1 << RANGES[kind])
    found = read_recording(write_record(tmp_path, "r", kind, numbers))
    assert np.flatnonzero(np.isnan(found.samples[1])).tolist() == [7, 8]
    assert not np.isnan(found.samples[0]).any()
    assert [(one.where, one.what) for one in found.noticed if notice_key(one) == "missing"] == [
        ("II", "missing: 2 samples (5 %) are not there")
    ]


def test_a_changed_sample_breaks_the_sum_and_a_cut_file_is_told(tmp_path: Path) -> None:
    path = write_record(tmp_path, "r", 16, _numbers(16, 2, 100, 2))
    data = bytearray((tmp_path / "r.dat").read_bytes())
    data[11] ^= 4
    (tmp_path / "r.dat").write_bytes(data)
    assert [one.where for one in read_recording(path).noticed if notice_key(one) == "checksum"] == ["II"]
    (tmp_path / "r.dat").write_bytes(data[:200])
    found = read_recording(path)
    assert found.samples.shape == (2, 50)
    assert "cut off: 50 of 100 samples are there" in [one.what for one in found.noticed]


def test_leads_of_other_rates_are_recordings_of_their_own(tmp_path: Path) -> None:
    slow, fast = np.arange(10) + 100, np.arange(40) * 3
    flat = np.concatenate([np.concatenate(([one], four)) for one, four in zip(slow, fast.reshape(10, 4), strict=True)])
    (tmp_path / "r.dat").write_bytes(flat.astype("<i2").tobytes())
    (tmp_path / "r.hea").write_text(
        "r 2 125 10\nr.dat 16 100/mV 16 0 100 0 0 I\nr.dat 16x4 100/mV 16 0 0 0 0 II\n", "ascii"
    )
    (tmp_path / "r.atr").write_bytes(mit_marks([(3, 1, b"")]))
    one, other = read_recordings(tmp_path / "r")
    assert (one.leads, one.rate, other.leads, other.rate) == (("I",), 125, ("II",), 500)
    assert np.allclose(one.samples[0], slow / 100)
    assert np.allclose(other.samples[0], fast / 100)
    assert (one.annotations[0].sample, other.annotations[0].sample) == (3, 12)
    with pytest.raises(InputError, match="2 recordings"):
        read_recording(tmp_path / "r")
    assert read_recording(tmp_path / "r", leads=["ii"]).leads == ("II",)


def test_skew_shifts_a_signal_and_leaves_missing_samples(tmp_path: Path) -> None:
    path = write_record(tmp_path, "r", 16, np.stack([np.arange(1, 51), np.arange(1, 51)]))
    path.write_text(
        path.read_text("ascii").replace("r.dat 16 200(0)/mV 0 0 1 1275 0 II", "r.dat 16:5 200(0)/mV 0 0 1 1275 0 II")
    )
    found = read_recording(path)
    assert np.allclose(found.samples[1, :45] * 200, np.arange(6, 51))
    assert np.isnan(found.samples[1, 45:]).all()


def test_segments_follow_one_another_with_gaps_and_changing_leads(tmp_path: Path) -> None:
    first, second = _numbers(16, 2, 30, 3), _numbers(212, 1, 20, 4)
    write_record(tmp_path, "a", 16, first, names=("II", "V5"))
    write_record(tmp_path, "b", 212, second, names=("V5",))
    (tmp_path / "lay.hea").write_text("lay 2 250 0\n~ 0 200/mV 0 0 0 0 0 II\n~ 0 200/mV 0 0 0 0 0 V5\n", "ascii")
    (tmp_path / "r.hea").write_text("r/4 2 250 60\nlay 0\na 30\n~ 10\nb 20\n", "ascii")
    found = read_recording(tmp_path / "r.hea")
    assert found.leads == ("II", "V5")
    assert np.allclose(found.samples[:, :30], first / 200)
    assert np.allclose(found.samples[1, 40:], second[0] / 200)
    assert np.isnan(found.samples[0, 30:]).all()
    assert np.isnan(found.samples[1, 30:40]).all()
    assert "gaps: the recording was interrupted 1 times; missing samples stand there" in [
        one.what for one in found.noticed
    ]


def test_a_header_cannot_have_one_file_read_again_and_again(tmp_path: Path) -> None:
    (tmp_path / "a.dat").write_bytes(b"\1\0" * 50_000)
    (tmp_path / "a.hea").write_text("a 1 250 1\na.dat 16 200/mV 16 0 1 1 0 I\n", "ascii")
    (tmp_path / "r.hea").write_text("r/500 1 250 500\n" + "a 1\n" * 500, "ascii")
    with pytest.raises(InputError, match="limit"):
        read_recording(tmp_path / "r.hea", limit=10**6)
    (tmp_path / "a.hea").write_text("a 1 250 9\na.dat 16 200/mV 16 0 1 9 0 I\n", "ascii")
    with pytest.raises(FormatError, match="longer"):
        read_recording(tmp_path / "r.hea")


def test_marks_of_the_mit_format(tmp_path: Path) -> None:
    write_record(tmp_path, "r", 16, _numbers(310, 1, 200_000, 5))
    marks = [
        (0, 22, b"## time resolution: 500"),
        (36, 28, b"(AFIB\0"),
        (200, 1, b""),
        (300, 5, b"Mr Smith"),
        (200_000, 8, b""),
    ]
    (tmp_path / "r.atr").write_bytes(mit_marks(marks))
    found = read_recording(tmp_path / "r")
    assert [(one.sample, one.kind, one.text) for one in found.annotations] == [
        (18, MarkKind.RHYTHM, "AFIB"),
        (100, MarkKind.BEAT, "N"),
        (150, MarkKind.BEAT, "V"),
        (100_000, MarkKind.BEAT, "A"),
    ]
    assert [notice_key(one) for one in found.noticed] == ["free_text"]
    (tmp_path / "r.qrs").write_bytes(mit_marks([(7, 1, b"")])[:-2])
    chosen = read_recording(tmp_path / "r.qrs")
    assert [one.sample for one in chosen.annotations] == [7]
    assert [notice_key(one) for one in chosen.noticed] == ["marks_damaged"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("../r.dat 16 200/mV 16 0 0 0 0 I", "same folder"),
        ("/etc/passwd 16 200/mV 16 0 0 0 0 I", "same folder"),
        ("r.dat 99 200/mV 16 0 0 0 0 I", "format 99"),
        ("r.dat 16 200/mmHg 16 0 0 0 0 I", "no channel"),
        ("r.dat 16 200/mV 16 0 0 0 0 ABP", "no channel"),
        ("r.dat 16 two/mV 16 0 0 0 0 I", "gain"),
        ("gone.dat 16 200/mV 16 0 0 0 0 I", "not there"),
    ],
)
def test_headers_that_are_refused(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "r.dat").write_bytes(b"\1\0" * 100)
    (tmp_path / "r.hea").write_text(f"r 1 250 100\n{line}\n", "ascii")
    with pytest.raises(FormatError, match=says):
        read_recording(tmp_path / "r.hea")


def test_a_header_that_lies_about_its_length_allocates_nothing(tmp_path: Path) -> None:
    (tmp_path / "r.dat").write_bytes(b"\1\0" * 100)
    (tmp_path / "r.hea").write_text("r 1 250 900000000000\nr.dat 16 200/mV 16 0 0 0 0 I\n", "ascii")
    assert read_recording(tmp_path / "r.hea").samples.shape == (1, 100)
    (tmp_path / "r.hea").write_text("r/2 1 250 0\n~ 900000000000\na 100\n", "ascii")
    write_record(tmp_path, "a", 16, _numbers(16, 1, 100, 6))
    with pytest.raises(InputError, match="limit"):
        read_recording(tmp_path / "r.hea")


def test_what_a_reader_must_know_of_gain_flat_and_saturated(tmp_path: Path) -> None:
    numbers = np.rint(trace(3) * 200).astype(np.int64)
    numbers[1] = 5
    numbers[2] = np.clip(numbers[2] * 20, -2_047, 2_047)
    path = write_record(tmp_path, "r", 16, numbers, gain="0")
    found = read_recording(path)
    keys = [(one.where, notice_key(one)) for one in found.noticed]
    assert {("I", "not_calibrated"), ("II", "flat"), ("III", "saturated")} <= set(keys)
    assert ("I", "saturated") not in keys
    assert ("I", "flat") not in keys


def test_absent_things_are_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_recording(tmp_path / "nothing")
    path = write_record(tmp_path, "r", 16, _numbers(16, 2, 50, 6))
    with pytest.raises(NotFoundError, match="V9"):
        read_recording(path, leads=["V9"])
    with pytest.raises(InputError, match="were stated"):
        read_recording(path, rate=100)


def test_written_records_come_back(tmp_path: Path) -> None:
    samples = trace(3).astype(np.float32)
    samples[1, 10:20] = np.nan
    recording = Recording("x", ("I", "aVR", "V1"), 500.0, samples)
    packed = read_recording(write_wfdb(recording, tmp_path, "rec"))
    assert np.allclose(packed.samples, samples, atol=1e-4, equal_nan=True)
    table = read_recording(write_csv(recording, tmp_path / "rec2.csv"))
    assert np.array_equal(table.samples, samples, equal_nan=True)
    assert packed.leads == table.leads == recording.leads
    assert packed.rate == table.rate == 500
    assert not table.samples.flags.writeable


@needs_data
@pytest.mark.parametrize("path", HEADERS, ids=[path.stem for path in HEADERS])
def test_open_records_add_up_to_the_sums_of_their_headers(path: Path) -> None:
    found = read_recording(path)
    assert np.isfinite(found.samples).all()
    assert not {notice_key(one) for one in found.noticed} - {"marks_outside", "flat", "saturated", "amplitude"}


@needs_data
def test_record_100_is_as_published() -> None:
    """2,239 normal, 33 atrial premature, 1 ventricular premature beat (MIT-BIH directory, Moody and Mark 1992)."""
    found = read_recording(ECG / "mitdb" / "100")
    beats = [mark.text for mark in found.marked(MarkKind.BEAT)]
    assert (len(beats), beats.count("N"), beats.count("A"), beats.count("V")) == (2_273, 2_239, 33, 1)
    assert (found.leads, found.rate, found.samples.shape) == (("MLII", "V5"), 360, (2, 650_000))
    assert found.samples[:, 0].tolist() == pytest.approx([-0.145, -0.065])
    assert "69" not in "".join(value for _, value in found.acquired)


@needs_data
@pytest.mark.parametrize("path", HEADERS, ids=[path.stem for path in HEADERS])
def test_open_records_agree_with_wfdb(path: Path) -> None:
    wfdb = pytest.importorskip("wfdb", reason="the package wfdb is not installed")
    record = wfdb.rdrecord(str(path.with_suffix("")))
    found = read_recording(path)
    assert np.array_equal(found.samples, record.p_signal.T.astype(np.float32), equal_nan=True)
    assert found.rate == record.fs
