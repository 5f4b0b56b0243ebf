"""Samples of WFDB signal files decoded: https://physionet.org/physiotools/wag/signal-5.htm (signal(5), WFDB 10.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError

__all__ = ["MISSING", "SIZES", "decoded", "samples_within"]

Whole = NDArray[np.int32]

# The value that stands for a sample that is not there.
MISSING = {
    16: -(2**15), 24: -(2**23), 32: -(2**31), 61: -(2**15), 80: -(2**7), 160: -(2**15), 212: -(2**11), 310: -(2**9),
    311: -(2**9),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Packing:
    """So many samples in so many bytes, and how they come out of them."""

    samples: int
    size: int
    unpack: Callable[[bytes], NDArray[np.signedinteger]]


def _as(kind: str, shift: int = 0) -> Callable[[bytes], NDArray[np.signedinteger]]:
    def unpack(data: bytes) -> NDArray[np.signedinteger]:
        found = np.frombuffer(data, kind).astype(np.int32)
        return found - np.int32(shift) if shift else found

    return unpack


def _three_bytes(data: bytes) -> NDArray[np.signedinteger]:
    parts = np.frombuffer(data, np.uint8).reshape(-1, 3).astype(np.int32)
    return _signed(parts[:, 0] | parts[:, 1] << 8 | parts[:, 2] << 16, 24)


def _twelve_bits(data: bytes) -> NDArray[np.signedinteger]:
    parts = np.frombuffer(data, np.uint8).reshape(-1, 3)
    made = np.empty((len(parts), 2), np.int16)
    made[:, 0] = parts[:, 0] | (parts[:, 1] & np.int16(0x0F)) << 8
    made[:, 1] = parts[:, 2] | (parts[:, 1] & np.int16(0xF0)) << 4
    return ((made ^ np.int16(0x800)) - np.int16(0x800)).ravel()


def _ten_bits(data: bytes) -> NDArray[np.signedinteger]:
    """Format 310: two words whose bits 1-10 are two samples and whose five top bits are the third."""
    words = np.frombuffer(data, "<u2").reshape(-1, 2).astype(np.int32)
    made = np.empty((len(words), 3), np.int32)
    made[:, :2] = words >> 1 & 0x3FF
    made[:, 2] = words[:, 0] >> 11 & 0x1F | (words[:, 1] >> 11 & 0x1F) << 5
    return _signed(made.ravel(), 10)


def _ten_bits_packed(data: bytes) -> NDArray[np.signedinteger]:
    words = np.frombuffer(data, "<u4")
    made = np.stack([words >> np.uint32(shift) & np.uint32(0x3FF) for shift in (0, 10, 20)], 1)
    return _signed(made.astype(np.int32).ravel(), 10)


def _signed(values: Whole, bits: int) -> Whole:
    top = np.int32(1 << bits - 1)
    return (values ^ top) - top


_PACKINGS = {
    8: _Packing(1, 1, _as("i1")),
    16: _Packing(1, 2, _as("<i2")),
    24: _Packing(1, 3, _three_bytes),
    32: _Packing(1, 4, _as("<i4")),
    61: _Packing(1, 2, _as(">i2")),
    80: _Packing(1, 1, _as("u1", 128)),
    160: _Packing(1, 2, _as("<u2", 32_768)),
    212: _Packing(2, 3, _twelve_bits),
    310: _Packing(3, 4, _ten_bits),
    311: _Packing(3, 4, _ten_bits_packed),
}
SIZES = {kind: (one.samples, one.size) for kind, one in _PACKINGS.items()}


def samples_within(kind: int, size: int) -> int:
    """How many samples so many bytes of a format hold; FormatError where the format is not known."""
    if kind not in _PACKINGS:
        raise FormatError(
            f"signal format {kind} is not read; formats {', '.join(map(str, _PACKINGS))} are",
            zh=f"不支持信号格式 {kind}；支持 {'、'.join(map(str, _PACKINGS))}",
        )
    packing = _PACKINGS[kind]
    groups, rest = divmod(size, packing.size)
    # A last group may end early: two bytes of format 212 hold one sample, four bits of which fill the second byte.
    return groups * packing.samples + (1 if kind == 212 and rest == 2 else 1 if kind == 310 and rest >= 2 else 0)


def decoded(kind: int, data: bytes, count: int) -> NDArray[np.signedinteger]:
    """The first `count` samples as whole numbers; format 8 gives the differences. `count` is within the bytes."""
    packing = _PACKINGS[kind]
    groups = -(-count // packing.samples)
    data = data[: groups * packing.size]
    return packing.unpack(data + b"\0" * (groups * packing.size - len(data)))[:count]
