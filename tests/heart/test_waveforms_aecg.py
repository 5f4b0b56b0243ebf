"""HL7 aECG: digits, scale and origin become millivolts, marks find their samples, and hostile XML is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from waveform_makers import NAMES, aecg, trace, wave_mark

from suwen.errors import FormatError
from suwen.formats.waveforms import Mark, MarkKind, read_recording

NUMBERS = np.rint(trace(12) * 400).astype(np.int64)


def _file(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "a.xml"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("times", ["TIME_ABSOLUTE", "TIME_RELATIVE"])
def test_digits_become_millivolts(tmp_path: Path, times: str) -> None:
    found = read_recording(_file(tmp_path, aecg(NUMBERS, NAMES, times=times)))
    assert np.allclose(found.samples, NUMBERS * 2.5e-3, atol=1e-6)
    assert (found.leads, found.rate) == (NAMES, 500)
    assert found.start == (1.5 if times == "TIME_RELATIVE" else 0)
    assert not any(word in repr(found) for word in ("Mueller", "2002"))


def test_marks_find_their_samples(tmp_path: Path) -> None:
    marks = wave_mark("MDC_ECG_WAVC_PWAVE", "20021122091000.100", "20021122091000.220")
    marks += wave_mark("Mueller", "20021122091000.100", "20021122091000.220")
    marks += (
        '<component><annotation><code code="MDC_ECG_HEART_RATE"/><value xsi:type="PQ" value="62" unit="bpm"/>'
        "</annotation></component>"
    )
    found = read_recording(_file(tmp_path, aecg(NUMBERS, NAMES, annotations=marks)))
    assert found.annotations == (
        Mark(0, MarkKind.MEASUREMENT, "MDC_ECG_HEART_RATE 62 bpm"),
        Mark(50, MarkKind.WAVE, "P", "", 110),
    )


def test_entities_and_document_types_are_refused(tmp_path: Path) -> None:
    for head in (
        '<!DOCTYPE AnnotatedECG [<!ENTITY a "1 1 1 1 1"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE AnnotatedECG SYSTEM "file:///etc/passwd">',
    ):
        with pytest.raises(FormatError, match="document type"):
            read_recording(_file(tmp_path, aecg(NUMBERS, NAMES, head=head)))
    deep = b"<AnnotatedECG>" + b"<a>" * 5_000
    with pytest.raises(FormatError, match="too many"):
        read_recording(_file(tmp_path, deep))


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"scale": ""}, "scale"),
        ({"scale": '<scale value="x" unit="uV"/>'}, "number"),
        ({"increment": "0"}, "above 0"),
        ({"increment": "nan"}, "number"),
        ({"scale": '<scale value="1" unit="kg"/>'}, "unit of voltage"),
    ],
)
def test_what_is_refused(tmp_path: Path, how: dict[str, str], says: str) -> None:
    with pytest.raises(FormatError, match=says):
        read_recording(_file(tmp_path, aecg(NUMBERS[:1], NAMES[:1], **how)))


def test_missing_digits_become_nan_and_words_are_refused(tmp_path: Path) -> None:
    data = aecg(NUMBERS[:2], NAMES[:2])
    first = " ".join(map(str, NUMBERS[0, :3].tolist())).encode()
    found = read_recording(_file(tmp_path, data.replace(first, b"NA NaN null", 1)))
    assert np.isnan(found.samples[0, :3]).all()
    assert np.isfinite(found.samples[:, 3:]).all()
    with pytest.raises(FormatError, match="digits"):
        read_recording(_file(tmp_path, data.replace(first, b"1 two 3", 1)))


def test_nested_marks_with_relative_times_leads_and_filters(tmp_path: Path) -> None:
    boundaries = (
        '<component><boundary><code code="TIME_RELATIVE"/><value><low value="1600" unit="ms"/>'
        '<high value="1700" unit="ms"/></value></boundary></component>'
        '<component><boundary><code code="MDC_ECG_LEAD_AVL"/></boundary></component>'
    )
    wave = (
        '<component><annotation><code code="MDC_ECG_BEAT"/><component><annotation><code code="MDC_ECG_WAVC"/>'
        f'<value code="MDC_ECG_WAVC_QRSWAVE"/><support><supportingROI>{boundaries}</supportingROI></support>'
        "</annotation></component></annotation></component>"
    )
    data = aecg(NUMBERS, NAMES, times="TIME_RELATIVE", annotations=wave).decode()
    control = (
        '<controlVariable><controlVariable><code code="MDC_ECG_CTL_VBL_ATTR_FILTER_LOW_PASS"/><component>'
        '<controlVariable><code code="MDC_ECG_CTL_VBL_ATTR_FILTER_CUTOFF_FREQ"/><value value="150" unit="Hz"/>'
        "</controlVariable></component></controlVariable></controlVariable>"
    )
    found = read_recording(_file(tmp_path, data.replace("<series>", f"<series>{control}").encode()))
    assert found.annotations == (Mark(50, MarkKind.WAVE, "QRS", "aVL", 100),)
    assert ("MDC_ECG_CTL_VBL_ATTR_FILTER_LOW_PASS", "150 Hz") in found.acquired
