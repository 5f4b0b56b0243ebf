"""WFDB records read: header, signal files of one or several segments, and annotations, by numpy alone.

Written here rather than taken from the package wfdb 4.3.1: that one imports pandas, matplotlib, aiohttp and fsspec,
follows names of a header into other folders and to addresses, allocates what a header declares, and checks no sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError, InputError, NotFoundError, Problem
from suwen.formats.waveforms.blocks import Block, Channel
from suwen.formats.waveforms.budget import Budget, bytes_of
from suwen.formats.waveforms.names import standard_lead
from suwen.formats.waveforms.notices import notice
from suwen.formats.waveforms.nouns import Mark, MarkKind
from suwen.formats.waveforms.wfdb_header import Header, Signal, header_in
from suwen.formats.waveforms.wfdb_marks import marks_in
from suwen.formats.waveforms.wfdb_signal import MISSING, decoded, samples_within

__all__ = ["read_wfdb"]

_ANNOTATORS = ("atr", "ari", "qrs", "ecg", "man", "pu0", "pu")
_HEADER_BYTES = 8 * 2**20
_DEFAULT_GAIN = 200.0


@dataclass(frozen=True, slots=True)
class _Group:
    """Channels of one number of samples in a frame."""

    frame: int
    channels: list[Channel]
    values: NDArray[np.float32]


def read_wfdb(header: Path, budget: Budget, annotator: str = "") -> list[Block]:
    """The blocks of a record, one for each rate; annotations of `annotator`, or of the first of the usual ones there.

    Raises:
        FormatError: header or signal files cannot be read, or a format is not known.
        InputError: the record is above the limit.

    """
    parsed = _header(header, budget)
    noticed: list[Problem] = []
    groups, length = _groups(parsed, header.parent, budget, noticed)
    marks = _marks(header, parsed, annotator, budget, noticed)
    blocks = []
    for group in groups:
        scaled = [replace(mark, sample=mark.sample * group.frame) for mark in marks] if group.frame > 1 else marks
        acquired = [("Format", "WFDB"), ("Signal formats", _formats(parsed))]
        blocks.append(
            Block(group.values, group.channels, parsed.rate * group.frame, 0.0, list(scaled), acquired, list(noticed))
        )
    if not blocks or not length:
        raise FormatError("the record holds no samples", zh="记录中没有采样点")
    return blocks


def _formats(header: Header) -> str:
    return ", ".join(map(str, sorted({signal.kind for signal in header.signals}))) or "of its segments"


def _header(path: Path, budget: Budget) -> Header:
    data = bytes_of(path, budget)
    if len(data) > _HEADER_BYTES:
        raise FormatError("the header is too long to be one", zh="头文件过长")
    return header_in(data.decode("utf-8", "replace"))


def _groups(header: Header, folder: Path, budget: Budget, noticed: list[Problem]) -> tuple[list[_Group], int]:
    if header.segments:
        return _joined(header, folder, budget, noticed)
    return _single(header, folder, budget, noticed)


def _single(header: Header, folder: Path, budget: Budget, noticed: list[Problem]) -> tuple[list[_Group], int]:
    """A record of one segment: every signal file decoded and laid into the channels."""
    files = _files(header.signals, folder, budget)
    length = _length(header, files, noticed)
    shapes: dict[int, list[int]] = {}
    for at, signal in enumerate(header.signals):
        shapes.setdefault(signal.frame, []).append(at)
    budget.take(4 * length * sum(signal.frame for signal in header.signals))
    made = {frame: np.full((len(rows), length * frame), np.nan, np.float32) for frame, rows in shapes.items()}
    channels: dict[int, Channel] = {}
    for file, data in files.items():
        members = [at for at, signal in enumerate(header.signals) if signal.file == file]
        for at, digital in _digital(header.signals, members, data, length, budget):
            signal = header.signals[at]
            row = made[signal.frame][shapes[signal.frame].index(at)]
            channels[at] = _lay(row, digital, signal, header.length, noticed)
    most = max((signal.skew for signal in header.signals), default=0)
    if most:
        noticed.append(notice("skew", count=most))
    groups = [_Group(frame, [channels[at] for at in rows], made[frame]) for frame, rows in shapes.items()]
    return groups, length


def _files(signals: Sequence[Signal], folder: Path, budget: Budget) -> dict[str, bytes]:
    """The bytes of every signal file behind its offset."""
    files = {}
    for signal in signals:
        samples_within(signal.kind, 0)
        if signal.file not in files:
            files[signal.file] = bytes_of(folder / signal.file, budget)[signal.offset :]
    return files


def _length(header: Header, files: dict[str, bytes], noticed: list[Problem]) -> int:
    """How many frames there are: as stated, or as the shortest file holds."""
    found = []
    for file, data in files.items():
        members = [signal for signal in header.signals if signal.file == file]
        if len({signal.kind for signal in members}) > 1:
            raise FormatError(
                "signals of one file are of different formats; the header is wrong",
                zh="同一文件中的信号格式不同；头文件有误",
            )
        found.append(samples_within(members[0].kind, len(data)) // sum(signal.frame for signal in members))
    there = min(found, default=0)
    if header.length is None:
        noticed.append(notice("length_unknown"))
        return there
    if there < header.length:
        noticed.append(notice("cut", found=there, count=header.length))
    return min(there, header.length)


def _digital(
    signals: Sequence[Signal], members: list[int], data: bytes, length: int, budget: Budget
) -> list[tuple[int, NDArray[np.signedinteger]]]:
    """The whole numbers of each signal of one file, shape (length × frame,)."""
    width = sum(signals[at].frame for at in members)
    budget.require(20 * length * width)
    flat = decoded(signals[members[0]].kind, data, length * width).reshape(length, width)
    made, start = [], 0
    for at in members:
        columns = flat[:, start : start + signals[at].frame].reshape(-1)
        if signals[at].kind == 8:  # first differences
            columns = np.cumsum(columns, dtype=np.int64) + signals[at].first
        made.append((at, columns))
        start += signals[at].frame
    return made


def _lay(
    row: NDArray[np.float32],
    digital: NDArray[np.signedinteger],
    signal: Signal,
    stated: int | None,
    noticed: list[Problem],
) -> Channel:
    """Put the voltages of one signal into its row, shifted by its skew; what kind of channel it is."""
    is_whole = stated is not None and stated * signal.frame == len(digital)
    if is_whole and signal.checksum is not None and (int(digital.sum(dtype=np.int64)) - signal.checksum) % 65_536:
        noticed.append(notice("checksum", where=standard_lead(signal.name)))
    gain = signal.gain or _DEFAULT_GAIN
    physical = (digital.astype(np.float64) - signal.baseline) / gain
    if signal.kind in MISSING:
        physical[digital == MISSING[signal.kind]] = np.nan
    shift = min(signal.skew * signal.frame, len(row))
    row[: len(row) - shift] = physical[shift:]
    keys = () if signal.gain else ("not_calibrated",)
    return Channel(signal.name, signal.unit, _ends(signal, gain), keys)


def _ends(signal: Signal, gain: float) -> tuple[float, float] | None:
    """The voltages at the ends of the converter, where its resolution is stated."""
    if not 2 <= signal.resolution <= 32:
        return None
    half = 1 << signal.resolution - 1
    low, high = sorted((one - signal.baseline) / gain for one in (signal.zero - half, signal.zero + half - 1))
    return low, high


def _joined(header: Header, folder: Path, budget: Budget, noticed: list[Problem]) -> tuple[list[_Group], int]:
    """Segments one after another; leads are found by name, and a gap or an absent lead is missing samples."""
    length = sum(segment.length for segment in header.segments)
    layout = _layout(header, folder, budget)
    budget.take(4 * length * len(layout))
    values = np.full((len(layout), length), np.nan, np.float32)
    known: dict[str, Channel] = {}
    # One budget for all segments: a header may name the same large file a hundred thousand times.
    inner = Budget(budget.left)
    at = gaps = 0
    for segment in header.segments:
        if segment.name == "~":
            gaps += segment.length > 0
        elif segment.length:
            piece, found = _segment(folder / f"{segment.name}.hea", inner, noticed)
            if found > segment.length:
                raise FormatError(
                    "a segment is longer than the header of the record says", zh="某段比记录头文件所述更长"
                )
            for row, channel in enumerate(piece.channels):
                place = _place(layout, channel.name)
                values[place, at : at + found] = _alike(known, channel, piece.values[row])
        at += segment.length
    if gaps:
        noticed.append(notice("gap", count=gaps))
    channels = [known.get(name, Channel(name, "mV")) for name in layout]
    return [_Group(1, channels, values)], length


def _layout(header: Header, folder: Path, budget: Budget) -> list[str]:
    """The names of the leads: those of the layout header of a variable record, or of its first segment."""
    first = next((one for one in header.segments if one.name != "~"), None)
    if first is None:
        raise FormatError("every segment of the record is a gap", zh="记录的各段均为间断")
    inner = _header(folder / f"{first.name}.hea", budget)
    if inner.segments or not inner.signals:
        raise FormatError(
            "a segment has segments of its own or no signals; that is not allowed",
            zh="某段自身含有分段，或没有信号；这不允许",
        )
    names = [signal.name for signal in inner.signals]
    if len(set(names)) != len(names) or "" in names:
        raise FormatError("leads of a record of several segments need a name each", zh="分段记录的各导联须有名称")
    return names


def _place(layout: list[str], name: str) -> int:
    if name not in layout:
        raise FormatError(
            "a segment has a lead that the layout of the record does not name", zh="某段含有记录布局中没有的导联"
        )
    return layout.index(name)


def _segment(path: Path, budget: Budget, noticed: list[Problem]) -> tuple[_Group, int]:
    inner = _header(path, budget)
    if inner.segments:
        raise FormatError("a segment has segments of its own; that is not allowed", zh="某段自身含有分段；这不允许")
    groups, length = _single(inner, path.parent, budget, noticed)
    if len(groups) != 1 or groups[0].frame != 1:
        raise FormatError("segments with several samples in a frame are not read", zh="不支持一帧内有多个采样点的分段")
    return groups[0], length


def _alike(known: dict[str, Channel], channel: Channel, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The samples in the unit in which the lead first came; refuses another unit, as scaling it would be guessing."""
    first = known.setdefault(channel.name, channel)
    if first.unit != channel.unit:
        raise FormatError("a lead changes its unit between segments", zh="某导联在各段之间单位不同")
    return values


def _marks(header: Path, parsed: Header, annotator: str, budget: Budget, noticed: list[Problem]) -> list[Mark]:
    marks = [Mark(0, MarkKind.STATEMENT, f"SNOMED CT {code}") for code in parsed.diagnoses]
    path = _annotations(header, annotator)
    if path is None:
        return marks
    budget.require(100 * path.stat().st_size)
    found = marks_in(bytes_of(path, budget))
    if not found.is_whole:
        noticed.append(notice("marks_damaged"))
    if found.free_texts:
        noticed.append(notice("free_text", count=found.free_texts))
    factor = parsed.rate / found.clock if found.clock else 1.0
    scaled = [replace(one, sample=round(one.sample * factor)) for one in found.marks] if factor != 1 else found.marks
    return marks + scaled


def _annotations(header: Path, annotator: str) -> Path | None:
    if annotator:
        path = header.with_suffix(f".{annotator}")
        if not path.is_file():
            raise NotFoundError(
                "there is no file of annotations of that name beside the header", zh="头文件旁没有该名称的注释文件"
            )
        return path
    try:
        return next((one for name in _ANNOTATORS if (one := header.with_suffix(f".{name}")).is_file()), None)
    except (OSError, ValueError) as error:
        raise InputError("the folder of the record cannot be read", zh="无法读取记录所在的文件夹") from error
