"""Files of waveforms made for tests, each encoder written from its standard and knowing nothing of the readers."""

from __future__ import annotations

import binascii
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]

RANGES = {8: 7, 16: 15, 24: 23, 32: 31, 61: 15, 80: 7, 160: 15, 212: 11, 310: 9, 311: 9}  # bits beside the sign
NAMES = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


def trace(leads: int = 2, length: int = 1_000, rate: float = 500.0, seed: int = 7) -> NDArray[np.float64]:
    """Something like an electrocardiogram in mV, shape (leads, length): a beat a second with noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(length) / rate
    beat = np.exp(-(((time % 1.0 - 0.4) / 0.012) ** 2)) + 0.25 * np.exp(-(((time % 1.0 - 0.65) / 0.05) ** 2))
    sizes = np.linspace(0.6, 1.4, leads)[:, None]
    return sizes * beat + 0.02 * rng.standard_normal((leads, length))


def packed(kind: int, numbers: Sequence[int]) -> bytes:
    """Samples of one signal file in a WFDB format, bit by bit."""
    if kind == 8:
        return bytes((one - before) & 0xFF for before, one in zip([numbers[0], *numbers[:-1]], numbers, strict=True))
    if kind in {16, 24, 32, 61}:
        order = "big" if kind == 61 else "little"
        return b"".join(int(one).to_bytes({61: 2}.get(kind, kind // 8), order, signed=True) for one in numbers)
    if kind in {80, 160}:
        size = kind // 80
        return b"".join(int(one + (1 << (8 * size - 1))).to_bytes(size, "little") for one in numbers)
    return _grouped(kind, list(numbers))


def _grouped(kind: int, numbers: list[int]) -> bytes:
    size = {212: 2, 310: 3, 311: 3}[kind]
    numbers += [0] * (-len(numbers) % size)
    made = b""
    for at in range(0, len(numbers), size):
        group = numbers[at : at + size]
        if kind == 212:
            a, b = (one & 0xFFF for one in group)
            made += bytes((a & 0xFF, a >> 8 | b >> 8 << 4, b & 0xFF))
        elif kind == 310:
            a, b, c = (one & 0x3FF for one in group)
            made += struct.pack("<HH", a << 1 | (c & 0x1F) << 11, b << 1 | c >> 5 << 11)
        else:
            a, b, c = (one & 0x3FF for one in group)
            made += struct.pack("<I", a | b << 10 | c << 20)
    return made


def write_record(
    folder: Path, name: str, kind: int, numbers: Whole, *, names: Sequence[str] = NAMES, gain: str = "200(0)/mV",
    rate: float = 250.0, offset: int = 0, frames: int = 1,
) -> Path:  # fmt: skip
    """A WFDB record of one file: `numbers` (signals, time); format 8 gets a file for each signal."""
    lines = [f"{name} {len(numbers)} {rate:g} {numbers.shape[1] // frames}"]
    form = f"{kind}" + (f"x{frames}" if frames > 1 else "") + (f"+{offset}" if offset else "")
    for at, row in enumerate(numbers):
        file = f"{name}_{at}.dat" if kind == 8 else f"{name}.dat"
        total = (int(row.sum()) + 32_768) % 65_536 - 32_768
        lines.append(f"{file} {form} {gain} 0 0 {int(row[0])} {total} 0 {names[at]}")
        if kind == 8:
            (folder / file).write_bytes(b"\xee" * offset + packed(kind, row.tolist()))
    if kind != 8:
        frame = numbers.reshape(len(numbers), -1, frames).transpose(1, 0, 2)
        (folder / f"{name}.dat").write_bytes(b"\xee" * offset + packed(kind, frame.reshape(-1).tolist()))
    path = folder / f"{name}.hea"
    path.write_text("\n".join(lines) + "\n", "ascii")
    return path


def mit_marks(marks: Sequence[tuple[int, int, bytes]]) -> bytes:
    """Annotations (time, code, text) in the MIT format, with skips where they are far apart, and the end mark."""
    made, before = b"", 0
    for time, code, text in marks:
        step, before = time - before, time
        if not 0 <= step < 1_024:
            high, low = step >> 16, step & 0xFFFF
            made += struct.pack("<HhH", 59 << 10, high, low)
            step = 0
        made += struct.pack("<H", code << 10 | step)
        if text:
            made += struct.pack("<H", 63 << 10 | len(text)) + text + b"\0" * (len(text) % 2)
    return made + b"\0\0"


def edf(
    signals: Sequence[tuple[str, str, tuple[float, float], tuple[int, int], Whole]], *, records: int,
    seconds: float = 1.0, kind: str = "", annotations: Sequence[bytes] = (), patient: str = "X", is_bdf: bool = False,
) -> bytes:  # fmt: skip
    """An EDF or BDF file: each signal (label, unit, physical range, digital range, whole numbers of all records)."""
    size = 3 if is_bdf else 2
    texts = -(-max((len(one) for one in annotations), default=0) // size)
    rows = [
        (label, unit, physical, digital, len(numbers) // records) for label, unit, physical, digital, numbers in signals
    ]
    if annotations:
        rows.append(("BDF Annotations" if is_bdf else "EDF Annotations", "", (-1, 1), (-32_768, 32_767), texts))
    head = b"\xffBIOSEMI" if is_bdf else b"0       "
    head += f"{patient:80}{'Startdate 01-JAN-1985 X X X':80}01.01.8500.00.00".encode()
    head += f"{256 * (len(rows) + 1):<8}{kind:44}{records:<8}".encode()
    head += f"{seconds:<8g}{len(rows):<4}".encode()
    columns = [
        (16, [row[0] for row in rows]), (80, [""] * len(rows)), (8, [row[1] for row in rows]),
        (8, [f"{row[2][0]:g}" for row in rows]), (8, [f"{row[2][1]:g}" for row in rows]),
        (8, [str(row[3][0]) for row in rows]), (8, [str(row[3][1]) for row in rows]),
        (80, ["HP:0.05Hz LP:150Hz Mueller"] * len(rows)), (8, [str(row[4]) for row in rows]), (32, [""] * len(rows)),
    ]  # fmt: skip
    head += b"".join(f"{cell:{width}}".encode("latin-1") for width, cells in columns for cell in cells)
    body = b""
    for at in range(records):
        for *_, numbers in signals:
            part = numbers.reshape(records, -1)[at]
            body += b"".join(int(one).to_bytes(size, "little", signed=True) for one in part)
        if annotations:
            body += annotations[at].ljust(texts * size, b"\0")
    return head + body


_LEAD_CODES = {"I": 1, "II": 2, "V1": 3, "V2": 4, "V3": 5, "V4": 6, "V5": 7, "V6": 8, "III": 61, "aVR": 62}


def scp(
    numbers: Whole, names: Sequence[str], *, order: int = 2, coding: str = "default", flags: int = 0, bimodal: int = 0,
    nanovolts: int = 2_500, microseconds: int = 2_000,
) -> bytes:  # fmt: skip
    """A minimal SCP-ECG record: sections 0, 1 (a patient and filters), 2 where coded, 3 and 6."""
    rows = [np.diff(row, prepend=0) if order == 1 else _second(row) if order == 2 else row for row in numbers]
    coded = [_bits(row.tolist(), coding) if coding else row.astype("<i2").tobytes() for row in rows]
    three = struct.pack("<BB", len(names), flags | 4 | len(names) << 3 & 0xF8)
    three += b"".join(struct.pack("<IIB", 1, numbers.shape[1], _LEAD_CODES[name]) for name in names)
    six = struct.pack("<HHBB", nanovolts, microseconds, order, bimodal)
    six += b"".join(struct.pack("<H", len(one)) for one in coded) + b"".join(coded)
    one = (
        b"\x00" + struct.pack("<H", 8) + b"Mueller\0" + b"\x1b\x02\x00\x05\x00" + b"\x1c\x02\x00\x96\x00" + b"\xff\0\0"
    )
    sections = {1: one, 3: three, 6: six}
    if coding == "default":
        sections[2] = struct.pack("<H", 19_999)
    elif coding == "own":  # 0: "0"; literals of eight and of sixteen bits: "10", "11"; first bit lowest
        codes = ((1, 1, 1, 0, 0b0), (2, 10, 1, 0, 0b01), (2, 18, 1, 0, 0b11))
        sections[2] = struct.pack("<HH", 1, 3) + b"".join(struct.pack("<BBBhI", *code) for code in codes)
    return _scp_file(sections)


def _second(row: Whole) -> Whole:
    made = row.copy()
    made[2:] = row[2:] - 2 * row[1:-1] + row[:-2]
    return made


def _bits(numbers: Sequence[int], coding: str) -> bytes:
    text = ""
    for one in numbers:
        if one == 0:
            text += "0"
        elif coding == "default" and abs(one) <= 8:
            text += "1" * abs(one) + "0" + ("1" if one < 0 else "0")
        elif -128 <= one <= 127:
            text += ("1111111110" if coding == "default" else "10") + f"{one & 0xFF:08b}"
        else:
            text += ("1111111111" if coding == "default" else "11") + f"{one & 0xFFFF:016b}"
    text += "0" * (-len(text) % 8)
    return bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8))


def _scp_section(number: int, body: bytes) -> bytes:
    body += b"\0" * (len(body) % 2)
    rest = struct.pack("<HIBB6s", number, 16 + len(body), 20, 20, b"SCPECG" if number == 0 else b"") + body
    return struct.pack("<H", binascii.crc_hqx(rest, 0xFFFF)) + rest


def _scp_file(sections: dict[int, bytes]) -> bytes:
    made = {number: _scp_section(number, body) for number, body in sorted(sections.items())}
    place = 6 + 16 + 10 * (len(made) + 1)
    pointers = struct.pack("<HII", 0, 16 + 10 * (len(made) + 1), 7)
    for number, section in made.items():
        pointers += struct.pack("<HII", number, len(section), place + 1)
        place += len(section)
    whole = _scp_section(0, pointers) + b"".join(made.values())
    rest = struct.pack("<I", 6 + len(whole)) + whole
    return struct.pack("<H", binascii.crc_hqx(rest, 0xFFFF)) + rest


def aecg(
    numbers: Whole, names: Sequence[str], *, scale: str = '<scale value="2.5" unit="uV"/>', increment: str = "0.002",
    times: str = "TIME_ABSOLUTE", annotations: str = "", head: str = "",
) -> bytes:  # fmt: skip
    """An HL7 annotated electrocardiogram of one series; `annotations` is XML of the annotation set."""
    start = 'value="20021122091000.000"' if times == "TIME_ABSOLUTE" else 'value="1.5" unit="s"'
    kind = "GLIST_TS" if times == "TIME_ABSOLUTE" else "GLIST_PQ"
    sequences = (
        f'<component><sequence><code code="{times}" codeSystem="2.16.840.1.113883.5.4"/>'
        f'<value xsi:type="{kind}"><head {start}/><increment value="{increment}" unit="s"/></value>'
        "</sequence></component>"
    )
    for name, row in zip(names, numbers, strict=True):
        sequences += (
            f'<component><sequence><code code="MDC_ECG_LEAD_{name.upper()}" codeSystem="2.16.840.1.113883.6.24"/>'
            f'<value xsi:type="SLIST_PQ"><origin value="0" unit="uV"/>{scale}'
            f"<digits>{' '.join(map(str, row.tolist()))}</digits></value></sequence></component>"
        )
    marks = f"<subjectOf><annotationSet>{annotations}</annotationSet></subjectOf>" if annotations else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}'
        '<AnnotatedECG xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        "<componentOf><timepointEvent><componentOf><subjectAssignment><subject><trialSubject><subjectDemographicPerson>"
        "<name>Mueller</name></subjectDemographicPerson></trialSubject></subject></subjectAssignment></componentOf>"
        f"</timepointEvent></componentOf><component><series><component><sequenceSet>{sequences}</sequenceSet></component>"
        f"{marks}</series></component></AnnotatedECG>"
    ).encode()


def wave_mark(value: str, low: str, high: str) -> str:
    """An annotation of aECG: a wave with its times."""
    return (
        f'<component><annotation><code code="MDC_ECG_WAVC"/><value xsi:type="CE" code="{value}"/><support>'
        '<supportingROI><component><boundary><code code="TIME_ABSOLUTE"/><value xsi:type="IVL_TS">'
        f'<low value="{low}"/><high value="{high}"/></value></boundary></component></supportingROI></support>'
        "</annotation></component>"
    )


def mat_4(name: str, values: NDArray[np.int16]) -> bytes:
    """A MATLAB file of level 4 with one matrix of 16-bit numbers."""
    head = struct.pack("<5i", 30, *values.shape, 0, len(name) + 1) + name.encode() + b"\0"
    return head + values.astype("<i2").tobytes(order="F")


def mat_5(name: str, values: NDArray[np.float64], *, field: str = "", compress: bool = True) -> bytes:
    """A MATLAB file of level 5 with one matrix of doubles, in a field of a structure where one is named."""
    matrix = _mat_matrix(6, name if not field else "", values.shape, _mat_part(9, values.astype("<f8").tobytes("F")))
    if field:
        body = struct.pack("<HHi", 5, 4, 32) + _mat_part(1, field.encode().ljust(32, b"\0")) + matrix
        matrix = _mat_matrix(2, name, (1, 1), body)
    if compress:
        packed_matrix = zlib.compress(matrix)
        matrix = struct.pack("<2I", 15, len(packed_matrix)) + packed_matrix
    return b"MATLAB 5.0 MAT-file made for a test".ljust(124) + struct.pack("<H", 0x0100) + b"IM" + matrix


def _mat_part(kind: int, data: bytes) -> bytes:
    return struct.pack("<2I", kind, len(data)) + data + b"\0" * (-len(data) % 8)


def _mat_matrix(kind: int, name: str, shape: Sequence[int], body: bytes) -> bytes:
    flags = _mat_part(6, struct.pack("<2I", kind, 0))
    sides = _mat_part(5, struct.pack(f"<{len(shape)}i", *shape))
    return _mat_part(14, flags + sides + _mat_part(1, name.encode()) + body)
