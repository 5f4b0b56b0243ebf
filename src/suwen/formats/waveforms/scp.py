"""SCP-ECG files read: EN 1064:2005+A1:2007 / ISO 11073-91064:2009, sections 0, 1 (filters only), 2, 3 and 6."""

from __future__ import annotations

import binascii
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError, Problem
from suwen.formats.waveforms.blocks import Block, Channel
from suwen.formats.waveforms.budget import Budget
from suwen.formats.waveforms.notices import notice
from suwen.formats.waveforms.scp_huffman import Tables, numbers_in, tables_in

__all__ = ["is_scp", "read_scp"]

_LEADS = {
    1: "I", 2: "II", 3: "V1", 4: "V2", 5: "V3", 6: "V4", 7: "V5", 8: "V6", 9: "V7", 10: "V2R", 11: "V3R", 12: "V4R",
    13: "V5R", 14: "V6R", 15: "V7R", 16: "X", 17: "Y", 18: "Z", 19: "CC5", 20: "CM5", 61: "III", 62: "aVR", 63: "aVL",
    64: "aVF", 65: "-aVR", 66: "V8", 67: "V9", 68: "V8R", 69: "V9R", 70: "D", 71: "A", 72: "J",
}  # fmt: skip
_SECTION_HEADER = 16
_MOST_SECTIONS = 1_100
_MOST_LEADS = 40  # codes are undone bit by bit, so more would take minutes
_BYTES_OF_NUMBER = 48  # what a whole number in a list takes while codes are read


@dataclass(frozen=True, slots=True)
class _Lead:
    """A lead of section 3: its name and its first and last sample, counted from 1."""

    name: str
    first: int
    last: int


def is_scp(data: bytes) -> bool:
    """Whether bytes begin as an SCP-ECG record does."""
    return data[16:22] == b"SCPECG"


def read_scp(data: bytes, budget: Budget) -> list[Block]:
    """The rhythm data of an SCP-ECG record; of section 1 only the filters are read, never the patient.

    Raises:
        FormatError: sections are missing, damaged (CRC), or compressed with subtraction of a reference beat or
            bimodally, which is not undone here.
        InputError: the record is above the limit.

    """
    try:
        sections = _sections(data)
        if 3 not in sections or 6 not in sections:
            raise FormatError(
                "the SCP file has no rhythm data (sections 3 and 6)", zh="SCP 文件没有节律数据（第 3 节和第 6 节）"
            )
        noticed: list[Problem] = []
        leads = _leads(sections[3])
        block = _rhythm(sections[6], leads, tables_in(sections[2]) if 2 in sections else None, budget, noticed)
        block.acquired = [("Format", "SCP-ECG"), *_filters(sections.get(1, b""))]
    except struct.error as error:
        raise FormatError("a section of the SCP file ends early", zh="SCP 文件的某一节提前结束") from error
    block.noticed += noticed
    return [block]


def _sections(data: bytes) -> dict[int, bytes]:
    """The body of every section by number, each with its CRC checked; FormatError where one does not agree."""
    crc, size = struct.unpack_from("<HI", data)
    if size > len(data):
        raise FormatError(
            f"the SCP file says {size} bytes and has {len(data)}; fetch it again",
            zh=f"SCP 文件标称 {size} 字节，实际 {len(data)} 字节；请重新获取",
        )
    if binascii.crc_hqx(data[2:size], 0xFFFF) != crc:
        raise FormatError(
            "the checksum (CRC) of the SCP file does not agree; it is damaged",
            zh="SCP 文件的校验和（CRC）不符；文件已损坏",
        )
    pointers = _section(data, 6, None)
    found = {}
    for at in range(0, min(len(pointers), 10 * _MOST_SECTIONS) - 9, 10):
        number, length, index = struct.unpack_from("<HII", pointers, at)
        if length > _SECTION_HEADER and index and number:
            found[number] = _section(data[:size], index - 1, number)
    return found


def _section(data: bytes, at: int, number: int | None) -> bytes:
    crc, name, length = struct.unpack_from("<HHI", data, at)
    if name != (number or 0) or not _SECTION_HEADER <= length <= len(data) - at:
        raise FormatError(
            "a section of the SCP file is not where section 0 says", zh="SCP 文件的某一节不在第 0 节所述位置"
        )
    if binascii.crc_hqx(data[at + 2 : at + length], 0xFFFF) != crc:
        raise FormatError(
            f"the checksum (CRC) of section {name} of the SCP file does not agree; it is damaged",
            zh=f"SCP 文件第 {name} 节的校验和（CRC）不符；文件已损坏",
        )
    return data[at + _SECTION_HEADER : at + length]


def _leads(body: bytes) -> list[_Lead]:
    count, flags = struct.unpack_from("<BB", body)
    if flags & 1:
        raise FormatError(
            "the SCP file is compressed by subtracting a reference beat, which is not undone here; "
            "export it without compression, or as DICOM or aECG",
            zh="SCP 文件采用减去参考搏动的压缩方式，此处无法还原；请不压缩导出，或导出为 DICOM 或 aECG",
        )
    if not 0 < count <= _MOST_LEADS:
        raise FormatError(
            f"the SCP file names {count} leads; 1 to {_MOST_LEADS} are read",
            zh=f"SCP 文件列出 {count} 个导联；可读取 1 至 {_MOST_LEADS} 个",
        )
    made = []
    for at in range(count):
        first, last, code = struct.unpack_from("<IIB", body, 2 + 9 * at)
        if not 0 < first <= last < 2**31:
            raise FormatError(
                "a lead of the SCP file has no plausible first and last sample", zh="SCP 文件某导联的首末采样点不合理"
            )
        made.append(_Lead(_LEADS.get(code, f"SCP {code}"), first, last))
    return made


def _rhythm(body: bytes, leads: list[_Lead], tables: Tables | None, budget: Budget, noticed: list[Problem]) -> Block:
    """The samples of section 6: undone codes, undone differences, in µV."""
    nanovolts, microseconds, order, bimodal = struct.unpack_from("<HHBB", body)
    if bimodal:
        raise FormatError(
            "the SCP file is compressed bimodally, which is not undone here; export it without compression",
            zh="SCP 文件采用双模式压缩，此处无法还原；请不压缩导出",
        )
    if not nanovolts or not microseconds or order > 2:
        raise FormatError(
            "the SCP file states no step in volts, no interval, or an unknown way of differences",
            zh="SCP 文件未说明电压步长或采样间隔，或差分方式未知",
        )
    sizes = struct.unpack_from(f"<{len(leads)}H", body, 6)
    start, end = min(lead.first for lead in leads), max(lead.last for lead in leads)
    length = end - start + 1
    budget.take(4 * length * len(leads))
    values = np.full((len(leads), length), np.nan, np.float32)
    at = 6 + 2 * len(leads)
    for row, (lead, size) in enumerate(zip(leads, sizes, strict=True)):
        if at + size > len(body):
            raise FormatError("the samples of the SCP file end early", zh="SCP 文件的采样数据提前结束")
        count = lead.last - lead.first + 1
        budget.require(_BYTES_OF_NUMBER * min(count, 8 * size))
        whole = _undone(_stored(body[at : at + size], count, tables), order)
        first = lead.first - start
        values[row, first : first + len(whole)] = whole * (nanovolts / 1e3)
        if len(whole) < count:
            noticed.append(notice("cut", where=lead.name, found=len(whole), count=count))
        at += size
    channels = [Channel(lead.name, "uV") for lead in leads]
    return Block(values, channels, 1e6 / microseconds, (start - 1) * microseconds / 1e6)


def _stored(data: bytes, count: int, tables: Tables | None) -> NDArray[np.float64]:
    if tables is None:
        return np.frombuffer(data, "<i2", min(count, len(data) // 2)).astype(np.float64)
    return np.array(numbers_in(data, count, tables), np.float64)


def _undone(numbers: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Samples of first or second differences; the first one or two numbers are samples themselves."""
    if order == 1:
        return np.cumsum(numbers)
    if order == 2 and len(numbers) > 1:
        steps = numbers.copy()
        steps[1] -= steps[0]
        steps[1:] = np.cumsum(steps[1:])
        return np.cumsum(steps)
    return numbers


def _filters(body: bytes) -> list[tuple[str, str]]:
    """The filters of section 1: tag 27 in hundredths of a Hz, tag 28 in Hz. All other tags are passed over unread."""
    found, at = [], 0
    while at + 3 <= len(body) and body[at] != 255:
        tag, size = struct.unpack_from("<BH", body, at)
        if tag in {27, 28} and size >= 2 and at + 5 <= len(body):
            (value,) = struct.unpack_from("<H", body, at + 3)
            name, hertz = ("High-pass filter", value / 100) if tag == 27 else ("Low-pass filter", value)
            found.append((name, f"{hertz:g} Hz"))
        at += 3 + size
    return found
