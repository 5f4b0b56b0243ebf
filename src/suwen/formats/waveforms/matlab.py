"""MATLAB files of level 4 and 5 parsed into arrays, bounded: MAT-File Format, MathWorks, R2019b, chapters 1 and 2."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError, InputError
from suwen.formats.waveforms.budget import Budget

__all__ = ["is_matlab", "matlab_arrays"]

Arrays = dict[str, NDArray[np.generic]]

_KINDS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_LEVEL_4 = {0: "f8", 1: "f4", 2: "i4", 3: "i2", 4: "u2", 5: "u1"}
_MATRIX, _COMPRESSED = 14, 15
_STRUCT, _NUMERIC = 2, range(6, 16)
_MOST_ARRAYS = 1_000
_DEEPEST = 4


def is_matlab(data: bytes) -> bool:
    """Whether bytes begin as a MATLAB file of level 5, or as a header of level 4 that can be true."""
    if data[:10] == b"MATLAB 5.0" or data[:10] == b"MATLAB 7.3":
        return True
    if len(data) < 21:
        return False
    kind, rows, columns, imaginary, name = struct.unpack("<5i", data[:20])
    plausible = 0 <= kind < 60 and kind % 10 in {0, 1} and kind // 10 in _LEVEL_4
    return plausible and rows > 0 and columns > 0 and imaginary in {0, 1} and 1 < name <= 64


def matlab_arrays(data: bytes, budget: Budget | None = None) -> Arrays:
    """Every numeric array of a file by name, with the fields of structures as "ECG.data"; text is left out.

    Raises:
        FormatError: the file is damaged, of level 7.3 (HDF5), or of an order of bytes that is not read.
        InputError: it would need more than the budget.

    """
    if data[:10] == b"MATLAB 7.3":
        raise FormatError(
            "a MATLAB file of level 7.3 is not read; save it with -v7 or as CSV",
            zh="不支持 7.3 版 MATLAB 文件；请用 -v7 保存或存为 CSV",
        )
    found: Arrays = {}
    budget = budget or Budget()
    try:
        if data[:10] == b"MATLAB 5.0":
            _level_5(data, budget, found)
        else:
            _level_4(data, found)
    except (struct.error, zlib.error, ValueError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise FormatError("the MATLAB file is damaged", zh="MATLAB 文件已损坏") from error
    return found


def _level_4(data: bytes, found: Arrays) -> None:
    at = 0
    while at + 20 <= len(data) and len(found) < _MOST_ARRAYS:
        kind, rows, columns, imaginary, length = struct.unpack("<5i", data[at : at + 20])
        at += 20
        if kind // 10 not in _LEVEL_4 or kind % 10 not in {0, 1} or not 0 < length <= 64 or min(rows, columns) < 0:
            raise FormatError(
                "the MATLAB file is damaged or of an order of bytes that is not read",
                zh="MATLAB 文件已损坏，或字节序不支持",
            )
        name = data[at : at + length].rstrip(b"\0").decode("ascii", "replace")
        at += length
        form = np.dtype("<" + _LEVEL_4[kind // 10])
        size = rows * columns * form.itemsize
        if size > len(data) - at:
            raise FormatError("the MATLAB file ends before its samples do", zh="MATLAB 文件在采样数据结束之前中断")
        if kind % 10 == 0:
            found[name] = np.frombuffer(data, form, rows * columns, at).reshape((rows, columns), order="F")
        at += size * (1 + (imaginary == 1))


@dataclass(frozen=True, slots=True)
class _Element:
    """One element of level 5: its kind and bytes."""

    kind: int
    data: memoryview


def _level_5(data: bytes, budget: Budget, found: Arrays) -> None:
    if data[126:128] != b"IM":
        raise FormatError(
            "the MATLAB file has its bytes in an order that is not read; save it on another computer",
            zh="该 MATLAB 文件的字节序不支持；请在其他计算机上保存",
        )
    for element in _elements(memoryview(data)[128:]):
        if element.kind == _COMPRESSED:
            for inner in _elements(memoryview(_inflated(element.data, budget))):
                _matrix(inner, "", budget, found, 0)
        else:
            _matrix(element, "", budget, found, 0)


def _inflated(data: memoryview, budget: Budget) -> bytes:
    """The bytes of a compressed element, never more than the budget has: a few bytes can unfold to gigabytes."""
    machine = zlib.decompressobj()
    pieces = []
    rest: bytes = bytes(data)
    while rest and not machine.eof:
        piece = machine.decompress(rest, 2**20)
        budget.take(len(piece))
        pieces.append(piece)
        rest = machine.unconsumed_tail
        if not piece and not rest:
            break
    return b"".join(pieces)


def _elements(data: memoryview) -> Iterator[_Element]:
    at = 0
    while at + 8 <= len(data):
        kind, size = struct.unpack("<2I", data[at : at + 8])
        if kind >> 16:  # a small element: its size and kind share one word, four bytes of data follow
            yield _Element(kind & 0xFFFF, data[at + 4 : at + 4 + min(kind >> 16, 4)])
            at += 8
            continue
        if size > len(data) - at - 8:
            raise FormatError("the MATLAB file ends before its samples do", zh="MATLAB 文件在采样数据结束之前中断")
        yield _Element(kind, data[at + 8 : at + 8 + size])
        at += 8 + size + (0 if kind == _COMPRESSED else -size % 8)


def _matrix(element: _Element, prefix: str, budget: Budget, found: Arrays, depth: int) -> None:
    """One array: numbers are kept, the fields of a structure visited, anything else passed over."""
    if element.kind != _MATRIX or len(found) >= _MOST_ARRAYS or depth > _DEEPEST or not len(element.data):
        return
    parts = _elements(element.data)
    flags, shape, name = (next(parts, None) for _ in range(3))
    if flags is None or shape is None or name is None or len(flags.data) < 8:
        raise FormatError("the MATLAB file is damaged: an array has no shape", zh="MATLAB 文件已损坏：某数组没有形状")
    kind = flags.data[0]
    is_complex = bool(flags.data[1] & 0x08)
    path = prefix or bytes(name.data).rstrip(b"\0").decode("ascii", "replace")[:64]
    if kind == _STRUCT:
        _fields(parts, path, budget, found, depth)
    elif kind in _NUMERIC and not is_complex:
        body = next(parts, None)
        if body is not None:
            found[path] = _numbers(body, np.frombuffer(shape.data, "<i4").tolist())


def _fields(parts: Iterator[_Element], path: str, budget: Budget, found: Arrays, depth: int) -> None:
    width, names = next(parts, None), next(parts, None)
    if width is None or names is None or len(width.data) < 4:
        raise FormatError(
            "the MATLAB file is damaged: a structure names no fields", zh="MATLAB 文件已损坏：某结构没有字段名"
        )
    step = int(np.frombuffer(width.data, "<i4")[0])
    if not 1 <= step <= 64:
        raise FormatError(
            "the MATLAB file is damaged: names of fields have no length", zh="MATLAB 文件已损坏：字段名没有长度"
        )
    keys = [bytes(names.data[at : at + step]).split(b"\0")[0] for at in range(0, len(names.data), step)]
    for key, element in zip(keys[:_MOST_ARRAYS], parts, strict=False):
        _matrix(element, f"{path}.{key.decode('ascii', 'replace')}", budget, found, depth + 1)


def _numbers(body: _Element, shape: list[int]) -> NDArray[np.generic]:
    form = _KINDS.get(body.kind)
    if form is None or any(side < 0 for side in shape) or not 2 <= len(shape) <= 8:
        raise FormatError(
            "the MATLAB file is damaged: an array of no kind or shape", zh="MATLAB 文件已损坏：某数组没有类型或形状"
        )
    values = np.frombuffer(body.data, "<" + form, len(body.data) // np.dtype(form).itemsize)
    if math.prod(shape) != len(values):
        raise FormatError(
            "the MATLAB file is damaged: an array has not as many numbers as its shape says",
            zh="MATLAB 文件已损坏：某数组的元素个数与形状不符",
        )
    return values.reshape(shape, order="F")
