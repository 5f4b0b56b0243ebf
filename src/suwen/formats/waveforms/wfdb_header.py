"""Headers of WFDB records, parsed: https://physionet.org/physiotools/wag/header-5.htm (header(5), WFDB 10.7)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from suwen.errors import FormatError
from suwen.formats.waveforms.blocks import MOST_CHANNELS
from suwen.subject import Saying

__all__ = ["Header", "Segment", "Signal", "header_in"]

_MOST_SEGMENTS = 100_000
_MOST_SAMPLES = 2**40

# A name of a file that is one: a header must not reach into other folders.
_NAME = re.compile(r"^[A-Za-z0-9_\-][A-Za-z0-9_\-.]*$")
_RECORD = re.compile(r"^(?P<name>[^\s/]+)(?:/(?P<segments>\d+))?$")
_FORMAT = re.compile(r"^(?P<kind>\d+)(?:x(?P<frame>\d+))?(?::(?P<skew>\d+))?(?:\+(?P<offset>\d+))?$")
_GAIN = re.compile(r"^(?P<gain>[-+]?[\d.]+(?:[eE][-+]?\d+)?)(?:\((?P<baseline>[-+]?\d+)\))?(?:/(?P<unit>\S+))?$")


@dataclass(frozen=True, slots=True)
class Signal:
    """One line of a header: where its samples lie and how a sample becomes a voltage. `gain` 0 is none stated."""

    file: str
    kind: int
    frame: int = 1
    skew: int = 0
    offset: int = 0
    gain: float = 0.0
    baseline: int = 0
    unit: str = "mV"
    resolution: int = 0
    zero: int = 0
    first: int = 0
    checksum: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a record of several segments; the name "~" is a gap."""

    name: str
    length: int


@dataclass(frozen=True, slots=True)
class Header:
    """A record: its signals, or its segments; `length` in frames, None where it is not stated."""

    signals: tuple[Signal, ...]
    segments: tuple[Segment, ...]
    channels: int
    rate: float
    length: int | None
    counter: float
    diagnoses: tuple[str, ...] = ()


def header_in(text: str) -> Header:
    """The header of a record; FormatError where a line cannot be read. Comments are left out but for codes of Dx.

    Comments and the date of the recording are never kept: they hold age, sex, medication and names.
    """
    lines = [line.strip() for line in text.splitlines()]
    said = [line for line in lines if line and not line.startswith("#")]
    if not said:
        raise FormatError("the header is empty", zh="头文件为空")
    fields = said[0].split()
    record = _RECORD.match(fields[0])
    if record is None or len(fields) < 2:
        raise FormatError(
            "the first line of the header names no record and number of signals", zh="头文件首行没有记录名和信号数"
        )
    channels = _whole(fields[1], Saying("the number of signals", "信号数"), MOST_CHANNELS)
    rate, counter = _rates(fields[2]) if len(fields) > 2 else (250.0, 250.0)
    length = _whole(fields[3], Saying("the number of samples", "采样点数"), _MOST_SAMPLES) if len(fields) > 3 else 0
    segments: tuple[Segment, ...] = ()
    signals: tuple[Signal, ...] = ()
    if record["segments"] is not None:
        segments = _segments(
            said[1:], _whole(record["segments"], Saying("the number of segments", "分段数"), _MOST_SEGMENTS)
        )
    else:
        signals = _signals(said[1:], channels)
    return Header(signals, segments, channels, rate, length or None, counter, _diagnoses(lines))


def _rates(text: str) -> tuple[float, float]:
    """Frames a second and counts a second: "360/720(0)" → (360, 720)."""
    rate, _, counter = text.partition("/")
    frames = _number(rate, Saying("the rate", "采样率"))
    if frames <= 0:
        raise FormatError("the rate of the header is not above 0", zh="头文件的采样率不大于 0")
    return frames, _number(counter.partition("(")[0], Saying("the counter", "计数频率")) if counter else frames


def _signals(lines: list[str], count: int) -> tuple[Signal, ...]:
    if len(lines) < count:
        raise FormatError(
            f"the header says {count} signals and describes {len(lines)}",
            zh=f"头文件标称 {count} 个信号，实际描述了 {len(lines)} 个",
        )
    return tuple(_signal(line) for line in lines[:count])


def _signal(line: str) -> Signal:
    fields = line.split(maxsplit=8)
    form = _FORMAT.match(fields[1]) if len(fields) > 1 else None
    if form is None or not (_NAME.match(fields[0]) or fields[0] == "~"):
        raise FormatError(
            "a line of the header names no plain file and format; only files of the same folder are read",
            zh="头文件某行没有普通文件名和格式；只读取同一文件夹中的文件",
        )
    gain = _GAIN.match(fields[2]) if len(fields) > 2 else None
    if len(fields) > 2 and gain is None:
        raise FormatError("the gain of a signal cannot be read", zh="无法读取某信号的增益")
    resolution, zero, first = (_whole_signed(fields[at]) if len(fields) > at else 0 for at in (3, 4, 5))
    steps = _number(gain["gain"], Saying("the gain", "增益")) if gain is not None else 0.0
    stated = gain["baseline"] if gain is not None else None
    return Signal(
        file=fields[0],
        kind=_whole(form["kind"], Saying("the format", "格式"), 1_000),
        frame=max(1, _whole(form["frame"] or "1", Saying("the samples of a frame", "每帧采样点数"), 10_000)),
        skew=_whole(form["skew"] or "0", Saying("the skew", "偏移"), 10_000_000),
        offset=_whole(form["offset"] or "0", Saying("the offset", "起始偏置"), _MOST_SAMPLES),
        gain=steps,
        baseline=_whole_signed(stated) if stated is not None else zero,
        unit=(gain["unit"] if gain is not None and gain["unit"] else "mV"),
        resolution=resolution,
        zero=zero,
        first=first if len(fields) > 5 else zero,
        checksum=_whole_signed(fields[6]) if len(fields) > 6 else None,
        name=fields[8] if len(fields) > 8 else "",
    )


def _segments(lines: list[str], count: int) -> tuple[Segment, ...]:
    if len(lines) < count or not count:
        raise FormatError(
            f"the header says {count} segments and names {len(lines)}",
            zh=f"头文件标称 {count} 段，实际列出 {len(lines)} 段",
        )
    made = []
    for line in lines[:count]:
        fields = line.split()
        if len(fields) < 2 or not (_NAME.match(fields[0]) or fields[0] == "~"):
            raise FormatError(
                "a line of the header names no segment of the same folder and its length",
                zh="头文件某行未列出同一文件夹中的分段及其长度",
            )
        made.append(Segment(fields[0], _whole(fields[1], Saying("the length of a segment", "分段长度"), _MOST_SAMPLES)))
    return tuple(made)


def _diagnoses(lines: list[str]) -> tuple[str, ...]:
    """Codes of SNOMED CT in a comment "# Dx: 426783006,55930002", as the challenges of PhysioNet write them."""
    codes: list[str] = []
    for line in lines:
        found = re.match(r"^#\s*Dx:\s*([\d,\s]{1,400})$", line)
        if found is not None:
            codes += [code for code in re.split(r"[,\s]+", found[1]) if 6 <= len(code) <= 18]
    return tuple(codes)


def _number(text: str, what: Saying) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise FormatError(f"{what.en} of the header is no number", zh=f"头文件的 {what.zh} 不是数字")
    return number


def _whole(text: str, what: Saying, most: int) -> int:
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII) or int(text) > most:
        raise FormatError(
            f"{what.en} of the header is no whole number from 0 to {most}",
            zh=f"头文件的 {what.zh} 不是 0 至 {most} 的整数",
        )
    return int(text)


def _whole_signed(text: str) -> int:
    if not re.fullmatch(r"[-+]?\d{1,15}", text, re.ASCII):
        raise FormatError("a whole number of the header cannot be read", zh="无法读取头文件中的整数")
    return int(text)
