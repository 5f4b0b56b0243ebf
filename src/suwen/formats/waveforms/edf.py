"""EDF, EDF+ and BDF read: Kemp et al., Electroencephalogr Clin Neurophysiol 1992;82:391, and edfplus.info (2003)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError, Problem
from suwen.formats.waveforms.blocks import MOST_CHANNELS, Block, Channel
from suwen.formats.waveforms.budget import Budget
from suwen.formats.waveforms.edf_marks import Onsets, onsets_in
from suwen.formats.waveforms.notices import notice
from suwen.subject import Saying

__all__ = ["is_edf", "read_edf"]

_FIELDS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
_EDF, _BDF = b"0       ", b"\xffBIOSEMI"


@dataclass(frozen=True, slots=True)
class _Signal:
    """One signal of the header; `start` is its first sample within a record, `count` its samples a record."""

    label: str
    unit: str
    physical: tuple[float, float]
    digital: tuple[float, float]
    filters: str
    start: int
    count: int

    @property
    def is_annotation(self) -> bool:
        """Whether it holds texts instead of samples."""
        return self.label in {"EDF Annotations", "BDF Annotations"}


@dataclass(frozen=True, slots=True)
class _Header:
    """The header: signals, how many records there are, seconds of a record, bytes of a sample."""

    signals: tuple[_Signal, ...]
    records: int
    seconds: float
    size: int
    is_interrupted: bool
    body: int


def is_edf(data: bytes) -> bool:
    """Whether bytes begin as EDF or BDF does."""
    return data[:8] in {_EDF, _BDF} and len(data) >= 256


def read_edf(data: bytes, budget: Budget) -> list[Block]:
    """The blocks of an EDF or BDF file, one for each rate; identification of patient and recording is never read.

    Raises:
        FormatError: the header is wrong, or records of EDF+D overlap.
        InputError: the file is above the limit.

    """
    header = _header(data)
    noticed: list[Problem] = []
    records = _records(header, data, noticed)
    width = sum(signal.count for signal in header.signals)
    budget.require(4 * records * width)
    onsets = _onsets(header, data, records)
    starts = _starts(header, onsets, records, noticed)
    if onsets.free_texts:
        noticed.append(notice("free_text", count=onsets.free_texts))
    groups: dict[int, list[_Signal]] = {}
    for signal in header.signals:
        if not signal.is_annotation and signal.count:
            groups.setdefault(signal.count, []).append(signal)
    made = [_block(header, members, data, starts, onsets, budget) for members in groups.values()]
    if not made or not records:
        raise FormatError("the file holds no signals or no records", zh="文件不含信号或数据记录")
    for block in made:
        block.noticed += noticed
    return made


def _header(data: bytes) -> _Header:
    size = 2 if data[:8] == _EDF else 3
    count = _whole(data[252:256], Saying("number of signals", "信号数"))
    if not 0 < count <= MOST_CHANNELS or len(data) < 256 * (count + 1):
        raise FormatError(
            "the header names no signals, or more than it describes", zh="文件头未列出信号，或列出的多于其描述的"
        )
    seconds = _number(data[244:252], Saying("seconds of a record", "数据记录秒数"))
    columns, at = [], 256
    for width in _FIELDS:
        columns.append([data[at + width * one : at + width * (one + 1)] for one in range(count)])
        at += width * count
    signals, start = [], 0
    for one in range(count):
        signal = _signal([column[one] for column in columns], start)
        signals.append(signal)
        start += signal.count
    if not start:
        raise FormatError("no signal of the file has samples", zh="文件中没有任何信号含采样点")
    if not 1e-4 <= seconds <= 1e6 and not all(signal.is_annotation for signal in signals):
        raise FormatError("a record of the file lasts no time", zh="文件的数据记录时长为零")
    is_interrupted = data[192:197] in {b"EDF+D", b"BDF+D"}
    records = _whole(data[236:244], Saying("number of records", "数据记录数"))
    return _Header(tuple(signals), records, seconds, size, is_interrupted, 256 * (count + 1))


def _signal(fields: list[bytes], start: int) -> _Signal:
    text = [one.decode("latin-1").strip() for one in fields]
    physical = (
        _number(fields[3], Saying("physical minimum", "物理最小值")),
        _number(fields[4], Saying("physical maximum", "物理最大值")),
    )
    digital = (
        _number(fields[5], Saying("digital minimum", "数字最小值")),
        _number(fields[6], Saying("digital maximum", "数字最大值")),
    )
    count = _whole(fields[8], Saying("samples of a record", "每条数据记录的采样点数"))
    if not 0 <= count <= 10_000_000:
        raise FormatError(
            "a signal has no plausible number of samples in a record", zh="某信号在一条数据记录中的采样点数不合理"
        )
    if digital[0] >= digital[1] and not text[0].endswith("Annotations"):
        raise FormatError("the digital range of a signal is empty", zh="某信号的数字量程为空")
    return _Signal(text[0], text[2], physical, digital, _filters(text[7]), start, count)


def _filters(text: str) -> str:
    """The filters as the format writes them ("HP:0.1Hz LP:75Hz N:50Hz"); other words could be anything."""
    return " ".join(re.findall(r"(?:HP|LP|N):\s?[0-9.]{1,8}\s?k?Hz", text))


def _number(data: bytes, what: Saying) -> float:
    try:
        number = float(data.decode("ascii").strip().replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise FormatError(f"the {what.en} of the header is no number", zh=f"文件头的 {what.zh} 不是数字")
    return number


def _whole(data: bytes, what: Saying) -> int:
    number = _number(data, what)
    if number != int(number):
        raise FormatError(f"the {what.en} of the header is no whole number", zh=f"文件头的 {what.zh} 不是整数")
    return int(number)


def _records(header: _Header, data: bytes, noticed: list[Problem]) -> int:
    there = (len(data) - header.body) // (header.size * sum(signal.count for signal in header.signals))
    if header.records < 0:
        noticed.append(notice("length_unknown"))
        return there
    if there < header.records:
        count = max(signal.count for signal in header.signals)
        noticed.append(notice("cut", found=there * count, count=header.records * count))
    return min(there, header.records)


def _onsets(header: _Header, data: bytes, records: int) -> Onsets:
    """When each record starts, and the marks, from the signals of annotations."""
    width = header.size * sum(signal.count for signal in header.signals)
    found = Onsets()
    for signal in header.signals:
        if signal.is_annotation:
            first = header.body + header.size * signal.start
            pieces = [data[first + width * at :][: header.size * signal.count] for at in range(records)]
            onsets_in(pieces, found)
    return found


def _starts(header: _Header, onsets: Onsets, records: int, noticed: list[Problem]) -> NDArray[np.float64]:
    """Seconds at which each record starts; in a file without interruptions one follows the other."""
    even = np.arange(records, dtype=np.float64) * np.float64(header.seconds)
    if not header.is_interrupted:
        return even + np.float64(onsets.records[0] if onsets.records else 0.0)
    if len(onsets.records) < records:
        raise FormatError(
            "the file has interruptions (EDF+D) and does not tell when its records start",
            zh="文件有中断（EDF+D），但未说明各数据记录的起始时间",
        )
    starts = np.array(onsets.records[:records], np.float64)
    steps = np.diff(starts)
    if (steps < header.seconds - 1e-6).any():
        raise FormatError("records of the file overlap in time", zh="文件的数据记录在时间上重叠")
    gaps = int((steps > header.seconds + 1e-6).sum())
    if gaps:
        noticed.append(notice("gap", count=gaps))
    return starts


def _block(
    header: _Header, members: list[_Signal], data: bytes, starts: NDArray[np.float64], onsets: Onsets, budget: Budget
) -> Block:
    """Signals of one rate, every record at its place."""
    count = members[0].count
    rate = count / header.seconds
    places = np.rint((starts - starts[0]) * rate).astype(np.int64) if len(starts) else np.zeros(0, np.int64)
    length = int(places[-1]) + count if len(places) else 0
    budget.take(4 * length * len(members))
    budget.require(32 * len(starts) * count)
    values = np.full((len(members), length), np.nan, np.float32)
    whole = length == len(starts) * count
    for row, signal in enumerate(members):
        scaled = _scaled(_digital(header, signal, data, len(starts)), signal)
        if whole:
            values[row] = scaled.reshape(-1)
        else:
            for place, record in zip(places.tolist(), scaled, strict=True):
                values[row, place : place + count] = record
    channels = [Channel(one.label, one.unit, _ends(one)) for one in members]
    first = float(starts[0]) if len(starts) else 0.0
    acquired = [("Format", "EDF" if header.size == 2 else "BDF")]
    acquired += [("Filters", one) for one in sorted({signal.filters for signal in members if signal.filters})]
    return Block(values, channels, rate, first, onsets.marks(rate, first), acquired)


def _digital(header: _Header, signal: _Signal, data: bytes, records: int) -> NDArray[np.int32]:
    """The whole numbers of a signal, shape (records, samples of a record)."""
    width = sum(one.count for one in header.signals)
    raw = np.frombuffer(data, np.uint8, header.size * width * records, header.body)
    cells = raw.reshape(records, width, header.size)[:, signal.start : signal.start + signal.count]
    made = cells[..., 0].astype(np.int32) | cells[..., 1].astype(np.int32) << 8
    if header.size == 3:
        made |= cells[..., 2].astype(np.int32) << 16
    top = np.int32(1 << 8 * header.size - 1)
    signed: NDArray[np.int32] = (made ^ top) - top
    return signed


def _scaled(digital: NDArray[np.int32], signal: _Signal) -> NDArray[np.float64]:
    step = (signal.physical[1] - signal.physical[0]) / (signal.digital[1] - signal.digital[0])
    scaled: NDArray[np.float64] = (digital.astype(np.float64) - signal.digital[0]) * step + signal.physical[0]
    return scaled


def _ends(signal: _Signal) -> tuple[float, float]:
    low, high = sorted(signal.physical)
    return low, high
