"""Numbers in the Huffman codes of SCP-ECG: EN 1064:2005+A1:2007 / ISO 11073-91064:2009, section 5.5 and annex C."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from suwen.errors import FormatError

__all__ = ["DEFAULT", "Code", "Tables", "numbers_in", "tables_in"]

Tables = tuple[dict[tuple[int, int], "Code"], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """What a prefix means: a value, a literal of so many bits that follows, or the change to another table."""

    value: int = 0
    literal: int = 0
    table: int | None = None


def _default() -> dict[tuple[int, int], Code]:
    """The default table: 0 is "0"; ±n is n ones, a zero and the sign; nine ones and one more bit are literals."""
    made = {(1, 0): Code(0)}
    for size in range(1, 9):
        ones = (1 << size) - 1
        made[(size + 2, ones << 2)] = Code(size)
        made[(size + 2, ones << 2 | 1)] = Code(-size)
    made[(10, 0b1111111110)] = Code(literal=8)
    made[(10, 0b1111111111)] = Code(literal=16)
    return made


DEFAULT: Tables = (_default(),)
_DEFAULT_MARK = 19_999
_LONGEST = 32


def tables_in(body: bytes) -> Tables:
    """The tables of section 2, or the default one where its number 19999 stands there; FormatError where damaged."""
    try:
        (count,) = struct.unpack_from("<H", body)
        if count == _DEFAULT_MARK:
            return DEFAULT
        if not 0 < count <= 64:
            raise FormatError("section 2 of the SCP file names no Huffman table", zh="SCP 文件第 2 节没有哈夫曼表")
        made, at = [], 2
        for _ in range(count):
            (codes,) = struct.unpack_from("<H", body, at)
            at += 2
            table = {}
            for _ in range(codes):
                length, total, mode, value, code = struct.unpack_from("<BBBhI", body, at)
                at += 9
                table[(length, _reversed(code, length))] = _code(length, total, mode, value)
            made.append(table)
    except struct.error as error:
        raise FormatError("section 2 of the SCP file ends early", zh="SCP 文件第 2 节提前结束") from error
    return tuple(made)


def _code(length: int, total: int, mode: int, value: int) -> Code:
    if not (1 <= length <= _LONGEST and length <= total <= length + 16):
        raise FormatError(
            "a Huffman code of the SCP file has no plausible length", zh="SCP 文件的某个哈夫曼码长度不合理"
        )
    if mode == 0:  # the code changes the table, value tells to which, counted from 1
        return Code(table=value - 1)
    return Code(literal=total - length) if total > length else Code(value)


def _reversed(code: int, length: int) -> int:
    """Base codes are stored with their first bit lowest."""
    made = 0
    for at in range(min(length, _LONGEST)):
        made = made << 1 | (code >> at & 1)
    return made


def numbers_in(data: bytes, count: int, tables: Tables) -> list[int]:
    """The first `count` numbers of a stream of bits, highest bit first; fewer where the stream ends.

    FormatError where bits stand there that are no code.
    """
    found: list[int] = []
    table, prefix, length, at = tables[0], 0, 0, 0
    most = 8 * len(data)
    while len(found) < count and at < most:
        prefix = prefix << 1 | (data[at >> 3] >> (7 - (at & 7)) & 1)
        length, at = length + 1, at + 1
        code = table.get((length, prefix))
        if code is None:
            if length >= _LONGEST:
                raise FormatError(
                    "the samples of the SCP file are not in its Huffman codes; the file is damaged",
                    zh="SCP 文件的采样数据不符合其哈夫曼编码；文件已损坏",
                )
            continue
        if code.table is not None:
            table = _changed(tables, code.table)
        elif code.literal:
            if at + code.literal > most:
                break
            found.append(_literal(data, at, code.literal))
            at += code.literal
        else:
            found.append(code.value)
        prefix = length = 0
    return found


def _changed(tables: Tables, number: int) -> dict[tuple[int, int], Code]:
    if not 0 <= number < len(tables):
        raise FormatError(
            "the samples of the SCP file change to a Huffman table that is not there",
            zh="SCP 文件的采样数据引用了不存在的哈夫曼表",
        )
    return tables[number]


def _literal(data: bytes, at: int, bits: int) -> int:
    """A signed number of so many bits at a place in the stream."""
    first, last = at >> 3, (at + bits + 7) >> 3
    word = int.from_bytes(data[first:last], "big") >> (8 * last - at - bits) & (1 << bits) - 1
    return word - (1 << bits) if word >> bits - 1 else word
