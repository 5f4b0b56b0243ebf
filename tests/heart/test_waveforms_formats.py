"""EDF, MATLAB, DICOM and tables: voltages, rates and marks come out as they were put in, and nobody's name."""

from __future__ import annotations

import importlib
import io
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waveform_makers import NAMES, edf, mat_4, mat_5, trace

from suwen.datasets import folder
from suwen.errors import FormatError, InputError
from suwen.formats.waveforms import TWELVE, MarkKind, matlab_arrays, notice_key, read_recording, read_recordings
from suwen.formats.waveforms.names import millivolts, standard_lead

CPSC = folder() / "heart" / "ecg"
MATS = sorted(CPSC.glob("cpsc20*/**/*.mat"))
needs_data = pytest.mark.skipif(not MATS, reason="reference data heart/ecg are not in the data folder (SUWEN_DATA)")


def _file(tmp_path: Path, name: str, data: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def _dicom_maker() -> ModuleType:
    pytest.importorskip("pydicom")
    return importlib.import_module("dicom_ecg_maker")


def _keys(found: object) -> set[str]:
    return {notice_key(one) for one in found.noticed}


@pytest.mark.parametrize(
    ("given_", "standard"),
    [
        ("ecg lead avr", "aVR"), ("AVF", "aVF"), ("MDC_ECG_LEAD_V3", "V3"), ("Lead I (Einthoven)", "I"), ("EKG1", "I"),
        ("ECG II", "II"), ("v 4", "V4"), ("MLII", "MLII"), ("mlii", "MLII"), ("D3", "D3"), ("DII", "II"),
        ("ECG", "ECG"),        ("Nasal", "Nasal"), ("", ""), ("V4r", "V4R"), ("x" * 99, "x" * 24),
    ],
)  # fmt: skip
def test_names_of_leads(given_: str, standard: str) -> None:
    assert standard_lead(given_) == standard
    assert standard_lead(standard) == standard


def test_units_of_voltage() -> None:
    assert [millivolts(one) for one in ("mV", "mv", "uV", "µV", "V", "nV", "mmHg", "", "%")] == [
        1, 1, 1e-3, 1e-3, 1e3, 1e-6, None, None, None
    ]  # fmt: skip


@given(
    ranges=st.tuples(st.integers(-5_000, -1), st.integers(1, 5_000)),
    digital=st.sampled_from(((-32_768, 32_767), (-2_048, 2_047), (0, 4_095))),
    unit=st.sampled_from(("uV", "mV")),
    is_bdf=st.booleans(),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_edf_scales_between_its_two_ranges(
    tmp_path: Path, ranges: tuple[int, int], digital: tuple[int, int], unit: str, is_bdf: bool
) -> None:
    numbers = np.random.default_rng(3).integers(digital[0], digital[1] + 1, 600)
    data = edf([("ECG II", unit, ranges, digital, numbers)], records=3, is_bdf=is_bdf, patient="Mueller")
    found = read_recording(_file(tmp_path, "a.edf", data))
    share = (numbers - digital[0]) / (digital[1] - digital[0])
    expected = (ranges[0] + share * (ranges[1] - ranges[0])) * (1e-3 if unit == "uV" else 1)
    assert np.allclose(found.samples[0], expected, atol=1e-3 * (ranges[1] - ranges[0]) / 1_000, rtol=1e-5)
    assert (found.leads, found.rate) == (("II",), 200)
    assert "Mueller" not in repr(found)
    assert ("Filters", "HP:0.05Hz LP:150Hz") in found.acquired


def test_edf_keeps_rates_apart_and_leaves_other_signals_out(tmp_path: Path) -> None:
    wide = np.rint(trace(1, 1_000)[0] * 1_000).astype(np.int64)
    signals = [
        ("ECG I", "uV", (-32_768, 32_767), (-32_768, 32_767), wide),
        ("Resp thorax", "uV", (-1, 1), (-100, 100), wide[:50] % 100),
        ("SpO2", "%", (0, 100), (0, 100), wide[:50] % 100),
    ]
    found = read_recording(_file(tmp_path, "a.edf", edf(signals, records=2)))
    assert (found.leads, found.rate) == (("I",), 500)
    assert np.allclose(found.samples[0], wide / 1_000)
    assert {"other_part"} == _keys(found) - {"saturated"}
    assert len(read_recordings(tmp_path / "a.edf")) == 1


def test_a_channel_of_the_same_rate_that_is_no_electrocardiogram_is_left_out_and_named(tmp_path: Path) -> None:
    numbers = np.rint(trace(1, 600, 200)[0] * 1_000).astype(np.int64)
    signals = [
        (label, unit, (-32_768, 32_767), (-32_768, 32_767), numbers) for label, unit in (("V1", "uV"), ("ABP", "mmHg"))
    ]
    found = read_recording(_file(tmp_path, "a.edf", edf(signals, records=3)))
    assert found.leads == ("V1",)
    assert [(one.where, notice_key(one)) for one in found.noticed] == [("ABP", "not_ecg")]
    with pytest.raises(FormatError, match="none of voltage"):
        read_recording(tmp_path / "a.edf", leads=["ABP"])


def test_a_gain_beyond_all_floats_gives_missing_samples(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.csv", b"I (mV)\n" + b"0.5\n1e300\n" * 50 + b"0.25\n")
    found = read_recording(path, rate=250)
    assert int(np.isnan(found.samples).sum()) == 50
    assert "missing" in _keys(found)


def test_edf_plus_gaps_and_marks(tmp_path: Path) -> None:
    numbers = np.rint(trace(1, 600, 200)[0] * 1_000).astype(np.int64)
    texts = [
        b"+2\x14\x14\0",
        b"+3\x14\x14\0+3.5\x150.25\x14Atrial fibrillation\x14\0",
        b"+10\x14\x14\0+10.1\x14Herr Mueller\x14\0",
    ]
    signals = [("ECG", "uV", (-32_768, 32_767), (-32_768, 32_767), numbers)]
    found = read_recording(_file(tmp_path, "a.edf", edf(signals, records=3, kind="EDF+D", annotations=texts)))
    assert found.samples.shape == (1, 9 * 200)
    assert found.start == 2
    assert np.isnan(found.samples[0, 400:1_600]).all()
    assert np.allclose(found.samples[0, 1_600:], numbers[400:] / 1_000)
    assert [(one.sample, one.until, one.kind, one.text) for one in found.annotations] == [
        (300, 350, MarkKind.RHYTHM, "AFIB")
    ]
    assert {"gap", "missing", "free_text"} <= _keys(found)
    assert "Mueller" not in repr(found)
    overlapping = [b"+2\x14\x14\0", b"+2.5\x14\x14\0", b"+9\x14\x14\0"]
    with pytest.raises(FormatError, match="overlap"):
        read_recording(_file(tmp_path, "b.edf", edf(signals, records=3, kind="EDF+D", annotations=overlapping)))


def test_edf_that_was_cut_or_lies(tmp_path: Path) -> None:
    numbers = np.rint(trace(1, 600, 200)[0] * 1_000).astype(np.int64)
    data = edf([("ECG", "uV", (-32_768, 32_767), (-32_768, 32_767), numbers)], records=3)
    found = read_recording(_file(tmp_path, "a.edf", data[:-300]))
    assert found.samples.shape == (1, 400)
    assert "cut" in _keys(found)
    running = data[:236] + b"-1      " + data[244:]
    assert "length_unknown" in _keys(read_recording(_file(tmp_path, "b.edf", running)))
    with pytest.raises(InputError, match="limit"):
        read_recording(tmp_path / "a.edf", limit=1_000)


@pytest.mark.parametrize("compress", [True, False])
def test_matlab_of_cpsc2018_needs_a_rate_and_names_its_guesses(tmp_path: Path, compress: bool) -> None:
    samples = trace(12, 500)
    path = _file(tmp_path, "a.mat", mat_5("ECG", samples, field="data", compress=compress))
    with pytest.raises(InputError, match="rate"):
        read_recording(path)
    found = read_recording(path, rate=500)
    assert np.array_equal(found.samples, samples.astype(np.float32))
    assert found.leads == TWELVE
    assert {"names_assumed", "unit_guessed"} <= _keys(found)
    stated = read_recording(path, rate=500, unit="uV", leads=[f"V{one}" for one in range(1, 10)] + ["I", "II", "III"])
    assert np.allclose(stated.samples * 1_000, samples, atol=1e-5)
    assert not {"names_assumed", "unit_guessed"} & _keys(stated)


def test_matlab_val_in_microvolts_and_a_column_of_one_lead(tmp_path: Path) -> None:
    numbers = np.rint(trace(12, 500) * 1_000).astype(np.int16)
    found = read_recording(_file(tmp_path, "a.mat", mat_4("val", numbers)), rate=500)
    assert np.allclose(found.samples, numbers / 1_000)
    column = trace(1, 500).T
    one = read_recording(_file(tmp_path, "b.mat", mat_5("ecg", column)), rate=500, leads=["II"])
    assert one.leads == ("II",)
    assert np.array_equal(one.samples, column.T.astype(np.float32))
    with pytest.raises(InputError, match="plausible in none"):
        read_recording(_file(tmp_path, "c.mat", mat_5("ecg", column * 1e-4)), rate=500)
    with pytest.raises(FormatError, match=r"7\.3"):
        read_recording(_file(tmp_path, "d.mat", b"MATLAB 7.3 MAT-file" + b"\0" * 600), rate=500)


def test_a_bomb_in_a_matlab_file_is_stopped(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.mat", mat_5("ecg", np.zeros((4_000, 1_000))))
    assert path.stat().st_size < 100_000
    with pytest.raises(InputError, match="limit"):
        read_recording(path, rate=500, limit=4 * 2**20)


@needs_data
@pytest.mark.parametrize("path", MATS, ids=[f"{path.parent.name}-{path.stem}" for path in MATS])
def test_open_matlab_files_agree_with_scipy(path: Path) -> None:
    loadmat = pytest.importorskip("scipy.io").loadmat
    if path.stem.startswith("R_"):
        peaks = matlab_arrays(path.read_bytes())["R_peak"]
        assert np.array_equal(peaks, loadmat(path)["R_peak"])
        return
    stored = loadmat(path)
    samples = stored["ECG"]["data"][0, 0] if "ECG" in stored else stored["ecg"].T
    found = read_recording(path, rate=500, unit="mV")
    assert np.array_equal(found.samples, samples.astype(np.float32))
    assert not any(word in repr(found) for word in ("Male", "Female"))


def test_tables_in_many_dialects(tmp_path: Path) -> None:
    samples = trace(2, 300)
    rows = [f"{at / 500:.3f},{one:.6f},{other:.6f}" for at, (one, other) in enumerate(samples.T)]
    path = _file(tmp_path, "a.csv", "\n".join(["time (s),ecg ii (mV),V5 [uV]", *rows]).encode())
    found = read_recording(path)
    assert (found.leads, found.rate) == (("II", "V5"), 500)
    assert np.allclose(found.samples[0], samples[0], atol=1e-6)
    assert np.allclose(found.samples[1], samples[1] / 1_000, atol=1e-6)
    german = "\r\n".join(["I;II", *(f"{one:.6f};{other:.6f}".replace(".", ",") for one, other in samples.T)])
    comma = read_recording(_file(tmp_path, "b.csv", german.encode("utf-16")), rate=500, unit="mV")
    assert np.allclose(comma.samples, samples, atol=1e-6)
    bare = "\n".join(f"{one:.6f}\t{other:.6f}" for one, other in samples.T).encode()
    with pytest.raises(InputError, match="rate"):
        read_recording(_file(tmp_path, "c.tsv", bare))
    named = read_recording(tmp_path / "c.tsv", rate=500, leads=["aVR", "V1"])
    assert named.leads == ("aVR", "V1")
    assert "unit_guessed" in _keys(named)


def test_a_column_of_numbers_of_lines_is_no_lead_and_a_table_has_a_limit(tmp_path: Path) -> None:
    samples = trace(1, 300)[0]
    rows = [f"{at},{one:.6f}" for at, one in enumerate(samples)]
    path = _file(tmp_path, "a.csv", "\n".join(["# rate: 250", "# unit: mV", "sample,V1", *rows]).encode())
    found = read_recording(path)
    assert (found.leads, found.rate) == (("V1",), 250)
    assert not found.noticed
    narrow = _file(tmp_path, "b.csv", b"I,II\n" + b"1,2\n" * 5_000)
    with pytest.raises(InputError, match="limit"):
        read_recording(narrow, rate=250, limit=10 * narrow.stat().st_size)
    with pytest.raises(InputError, match="were stated"):
        read_recording(path, rate=500)


def test_tables_that_are_refused(tmp_path: Path) -> None:
    for text, says in (
        ("I,II\n1,2\n3\n", "columns"),
        ("I,II\n1,2\n3,four\n", "word"),
        ("time,I\n0,1\n1,2\n5,3\n6,4\n", "evenly"),
        ("", "empty"),
        ("only words\n", "no lines"),
        ("\0\1\2", "neither"),
    ):
        with pytest.raises(FormatError, match=says):
            read_recording(_file(tmp_path, "a.csv", text.encode()), rate=500, unit="mV")


def test_dicom_channels_scale_by_sensitivity_and_baseline(tmp_path: Path) -> None:
    maker = _dicom_maker()
    dicom_ecg, group = maker.dicom_ecg, maker.group
    numbers = np.rint(trace(12) * 400).astype(np.int16)
    numbers[3, 5:8] = -32_768
    made = group(numbers, NAMES, sensitivity=2.5, baseline=10, padding=-32_768)
    averaged = group(numbers[:, :300], NAMES)
    averaged.WaveformOriginality = "DERIVED"
    path = _file(tmp_path, "a.dcm", dicom_ecg([made, averaged]))
    found = read_recording(path)
    assert np.isnan(found.samples[3, 5:8]).all()
    expected = (numbers * 2.5 + 10) / 1_000
    assert np.allclose(np.delete(found.samples, 3, 0), np.delete(expected, 3, 0), atol=1e-6)
    assert (found.leads, found.rate) == (NAMES, 500)
    assert "Mueller" not in repr(found)
    assert ["derived" in _keys(one) for one in read_recordings(path)] == [False, True]
    second = dicom_ecg([made, group(numbers, NAMES)])
    with pytest.raises(InputError, match="2 recordings"):
        read_recording(_file(tmp_path, "b.dcm", second))


def test_dicom_that_is_no_electrocardiogram_or_deflated_is_refused(tmp_path: Path) -> None:
    maker = _dicom_maker()
    dicom_ecg, group = maker.dicom_ecg, maker.group
    made = [group(np.ones((2, 50), np.int16), NAMES[:2])]
    with pytest.raises(FormatError, match="no 12-lead"):
        read_recording(_file(tmp_path, "a.dcm", dicom_ecg(made, sop_class="1.2.840.10008.5.1.4.1.1.2")))
    deflated = dicom_ecg(made, syntax="1.2.840.10008.1.2.1.99")
    with pytest.raises(FormatError, match="transfer syntax"):
        read_recording(_file(tmp_path, "b.dcm", deflated))


def test_the_electrocardiogram_of_pydicom_agrees_with_its_arrays() -> None:
    pydicom = pytest.importorskip("pydicom")
    name = importlib.import_module("pydicom.data").get_testdata_file("waveform_ecg.dcm")
    source = pydicom.dcmread(io.BytesIO(Path(name).read_bytes()))
    for number, found in enumerate(read_recordings(name)):
        assert np.allclose(found.samples, source.waveform_array(number).T / 1_000, atol=1e-6)
        assert found.leads == NAMES
    found = read_recording(name)
    measured = {mark.text for mark in found.marked(MarkKind.MEASUREMENT)}
    assert {"RR Interval 982 ms", "QT Interval 368 ms"} <= measured
    assert {mark.text for mark in found.marked(MarkKind.WAVE)} >= {"P onset", "QRS onset", "T offset"}
    shown = repr(found)
    assert not any(word in shown for word in ("642341", "19710123", "Galliera", "RITMO", "2013"))
