"""SCP-ECG: codes, differences and steps are undone, checksums are checked, and the patient of section 1 stays there."""

from __future__ import annotations

import binascii
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waveform_makers import scp, trace

from suwen.errors import FormatError
from suwen.formats.waveforms import read_recording

LEADS = ("I", "II", "V1", "V6", "aVR")


def _file(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "a.scp"
    path.write_bytes(data)
    return path


@given(
    order=st.integers(0, 2),
    coding=st.sampled_from(("", "default", "own")),
    steps=st.lists(st.integers(-900, 900) | st.integers(-9, 9), min_size=2, max_size=80),
    nanovolts=st.sampled_from((1_000, 2_500, 4_880)),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_codes_and_differences_are_undone(
    tmp_path: Path, order: int, coding: str, steps: list[int], nanovolts: int
) -> None:
    numbers = np.stack([np.array(steps), np.array(steps[::-1])])
    found = read_recording(_file(tmp_path, scp(numbers, LEADS[:2], order=order, coding=coding, nanovolts=nanovolts)))
    assert np.allclose(found.samples, numbers * nanovolts / 1e6, rtol=1e-5, atol=1e-7)
    assert (found.leads, found.rate) == (("I", "II"), 500)


def test_an_electrocardiogram_of_ten_seconds_comes_out_without_its_patient(tmp_path: Path) -> None:
    numbers = np.rint(trace(5, 5_000) * 400).astype(np.int64)
    found = read_recording(_file(tmp_path, scp(numbers, LEADS)))
    assert np.allclose(found.samples, numbers * 2.5e-3, atol=1e-6)
    assert found.leads == LEADS
    assert dict(found.acquired) == {"Format": "SCP-ECG", "High-pass filter": "0.05 Hz", "Low-pass filter": "150 Hz"}
    assert "Mueller" not in repr(found)


@pytest.mark.parametrize(("how", "says"), [({"flags": 1}, "reference beat"), ({"bimodal": 1}, "bimodal")])
def test_what_is_not_undone_is_refused(tmp_path: Path, how: dict[str, int], says: str) -> None:
    with pytest.raises(FormatError, match=says):
        read_recording(_file(tmp_path, scp(np.ones((2, 50), np.int64), LEADS[:2], **how)))


def test_every_changed_byte_is_noticed_by_a_checksum(tmp_path: Path) -> None:
    data = scp(np.rint(trace(2, 60) * 400).astype(np.int64), LEADS[:2])
    for at in list(range(16)) + list(range(22, len(data), 7)):
        damaged = bytearray(data)
        damaged[at] ^= 0x20
        with pytest.raises(FormatError):
            read_recording(_file(tmp_path, bytes(damaged)))


def test_a_damaged_section_is_noticed_behind_a_mended_whole(tmp_path: Path) -> None:
    data = bytearray(scp(np.rint(trace(2, 60) * 400).astype(np.int64), LEADS[:2]))
    data[-5] ^= 1
    data[:2] = struct.pack("<H", binascii.crc_hqx(bytes(data[2:]), 0xFFFF))
    with pytest.raises(FormatError, match="section 6"):
        read_recording(_file(tmp_path, bytes(data)))


def test_the_checksum_is_the_one_of_the_standard() -> None:
    """CRC-CCITT with 0xFFFF to begin with: 0x29B1 of the digits 1 to 9."""
    assert binascii.crc_hqx(b"123456789", 0xFFFF) == 0x29B1
