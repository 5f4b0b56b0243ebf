"""DICOM electrocardiograms read: PS3.3 A.34 and C.10.9 (2024e), multiplex groups of 12-lead, general and ambulatory."""

from __future__ import annotations

import importlib.util
import io
import math
import struct
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError, InputError, MissingExtraError
from suwen.formats.waveforms.blocks import MOST_CHANNELS, Block, Channel
from suwen.formats.waveforms.budget import Budget
from suwen.formats.waveforms.dicom_marks import marks_of
from suwen.formats.waveforms.notices import notice

__all__ = ["is_dicom", "read_dicom"]

# 12-lead, general, ambulatory, general of 32 bits
_CLASSES = tuple(f"1.2.840.10008.5.1.4.1.1.9.1.{number}" for number in (1, 2, 3, 4))
_SYNTAXES = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")
_KINDS = {"SB": "i1", "UB": "u1", "SS": "i2", "US": "u2", "SL": "i4", "UL": "u4"}
_ACQUIRED = ("Manufacturer", "ManufacturerModelName", "SoftwareVersions")
_MOST_GROUPS = 64
# What a damaged data set makes pydicom raise.
_DAMAGE = (
    ValueError, TypeError, AttributeError, LookupError, ArithmeticError, EOFError, NotImplementedError, struct.error,
    RecursionError, OSError, MemoryError,
)  # fmt: skip


def is_dicom(data: bytes) -> bool:
    """Whether bytes begin as a DICOM file does."""
    return data[128:132] == b"DICM"


def read_dicom(data: bytes, budget: Budget) -> list[Block]:
    """The multiplex groups of a DICOM electrocardiogram, one block each; averaged beats are marked as derived.

    Raises:
        FormatError: the object is damaged, of another SOP class, or of an encoding that is not read.
        InputError: it is above the limit.
        MissingExtraError: pydicom is not installed.

    """
    if importlib.util.find_spec("pydicom") is None:
        raise MissingExtraError("pydicom", "imaging")
    with _damage_told():
        source = _opened(data)
        groups = list(source.get("WaveformSequence") or [])
        if not 0 < len(groups) <= _MOST_GROUPS:
            raise FormatError("the DICOM object holds no waveforms", zh="该 DICOM 对象不含波形")
        blocks = [_block(group, budget, _is_little(source)) for group in groups]
        acquired = [(name, str(source.get(name) or "")[:64]) for name in _ACQUIRED]
        for number, block in enumerate(blocks, 1):
            block.acquired[:0] = [("Format", "DICOM"), *((name, value) for name, value in acquired if value)]
            names = [channel.name for channel in block.channels]
            found = marks_of(source, number, names, block.rate or 1.0)
            block.marks += found.marks
            if found.free_texts:
                block.noticed.append(notice("free_text", count=found.free_texts))
    return blocks


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except _DAMAGE as error:
        raise FormatError(
            "the DICOM object is damaged and cannot be read", zh="该 DICOM 对象已损坏，无法读取"
        ) from error


def _opened(data: bytes) -> Any:
    """The data set; a deflated one is refused before it is unfolded, as a few bytes can become gigabytes."""
    import pydicom  # noqa: PLC0415
    from pydicom.filereader import read_dataset  # noqa: PLC0415

    stream = io.BytesIO(data)
    stream.seek(132)
    meta = read_dataset(stream, is_implicit_VR=False, is_little_endian=True, stop_when=lambda tag, *_: tag.group != 2)
    if str(meta.get("TransferSyntaxUID", "")) not in _SYNTAXES:
        raise FormatError(
            "the DICOM object is encoded in a transfer syntax that electrocardiograms do not have",
            zh="该 DICOM 对象的传输语法不用于心电图",
        )
    source = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True)
    if str(source.get("SOPClassUID", "")) not in _CLASSES:
        raise FormatError(
            "the DICOM object is no 12-lead, general or ambulatory electrocardiogram",
            zh="该 DICOM 对象不是 12 导联、普通或动态心电图",
        )
    return source


def _is_little(source: Any) -> bool:
    return str(source.file_meta.TransferSyntaxUID) != _SYNTAXES[2]


def _block(group: Any, budget: Budget, is_little: bool) -> Block:
    count, length = int(group.NumberOfWaveformChannels), int(group.NumberOfWaveformSamples)
    if not 0 < count <= MOST_CHANNELS or length <= 0:
        raise FormatError(
            "a waveform of the DICOM object has no channels or no samples", zh="该 DICOM 对象的某段波形没有通道或采样点"
        )
    budget.take(4 * count * length)
    digital, noticed = _digital(group, count, length, is_little), []
    if len(digital) < length:
        noticed.append(notice("cut", found=len(digital), count=length))
    definitions = list(group.ChannelDefinitionSequence)
    if len(definitions) != count:
        raise FormatError(
            f"the DICOM object says {count} channels and defines {len(definitions)}",
            zh=f"该 DICOM 对象标称 {count} 个通道，实际定义了 {len(definitions)} 个",
        )
    budget.require(32 * len(digital))
    values = np.full((count, length), np.nan, np.float32)
    channels = []
    for at, definition in enumerate(definitions):
        channels.append(_laid(values[at], digital[:, at], definition, group))
    rate = float(group.SamplingFrequency)
    start = float(group.get("MultiplexGroupTimeOffset") or 0) / 1e3
    made = Block(values, channels, rate, start, acquired=_filters(definitions), noticed=noticed)
    made.is_derived = str(group.get("WaveformOriginality", "")).upper() == "DERIVED"
    return made


def _digital(group: Any, count: int, length: int, is_little: bool) -> NDArray[np.generic]:
    """The whole numbers as stored, shape (samples, channels): channels alternate."""
    kind = str(group.WaveformSampleInterpretation)
    if kind not in _KINDS:
        raise FormatError(
            "the samples of the DICOM object are companded (µ-law, A-law) or of an unknown kind",
            zh="该 DICOM 对象的采样值经压扩（µ 律、A 律）或类型未知",
        )
    form = np.dtype((("<" if is_little else ">") if kind[0] != "B" else "") + _KINDS[kind])
    if int(group.WaveformBitsAllocated) != 8 * form.itemsize:
        raise FormatError(
            "the samples of the DICOM object have another width than their kind says",
            zh="该 DICOM 对象的采样位宽与其类型不符",
        )
    data = group.WaveformData
    there = min(length, len(data) // (form.itemsize * count))
    return np.frombuffer(data, form, there * count).reshape(there, count)


def _laid(row: NDArray[np.float32], digital: NDArray[Any], definition: Any, group: Any) -> Channel:
    """Put the voltages of a channel into its row: sample × sensitivity × correction + baseline (C.10.9.1.4.4)."""
    source = definition.ChannelSourceSequence[0]
    name = str(source.get("CodeMeaning") or source.get("CodeValue") or "")
    sensitivity, unit = definition.get("ChannelSensitivity"), ""
    factor = 1.0
    if sensitivity is not None:
        factor = float(sensitivity) * float(definition.get("ChannelSensitivityCorrectionFactor") or 1)
        units = definition.get("ChannelSensitivityUnitsSequence") or []
        unit = str(units[0].CodeValue) if len(units) else ""
    offset = float(definition.get("ChannelBaseline") or 0)
    physical = digital.astype(np.float64) * factor + offset
    padding = _padding(group, digital.dtype)
    if padding is not None:
        physical[digital == padding] = np.nan
    row[: len(physical)] = physical
    return Channel(
        name, unit or ("uV" if sensitivity is not None else ""), _ends(definition, digital.dtype, factor, offset)
    )


def _padding(group: Any, form: np.dtype[Any]) -> int | None:
    stored = group.get("WaveformPaddingValue")
    if stored is None or isinstance(stored, int):
        return stored
    data = bytes(stored)
    return int(np.frombuffer(data, form, 1)[0]) if len(data) >= form.itemsize else None


def _ends(definition: Any, form: np.dtype[Any], factor: float, offset: float) -> tuple[float, float] | None:
    bits = int(definition.get("WaveformBitsStored") or 8 * form.itemsize)
    if not 2 <= bits <= 32 or not math.isfinite(factor):
        return None
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if form.kind == "i" else (0, (1 << bits) - 1)
    first, last = sorted((low * factor + offset, high * factor + offset))
    return first, last


def _filters(definitions: Sequence[Any]) -> list[tuple[str, str]]:
    """The filters that the channels went through, where all of them agree."""
    found = []
    for keyword, name in (
        ("FilterLowFrequency", "High-pass filter"), ("FilterHighFrequency", "Low-pass filter"),
        ("NotchFilterFrequency", "Notch filter"),
    ):  # fmt: skip
        values = {float(one[keyword].value) for one in definitions if one.get(keyword) is not None}
        if len(values) == 1:
            found.append((name, f"{values.pop():g} Hz"))
    return found
