"""Reads bulk files of FHIR, one resource a line, without holding more than one line.

Format: http://hl7.org/fhir/R4/nd-json.html, as the Bulk Data exports have it.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from suwen.errors import FormatError, NotFoundError, Problem
from suwen.formats.fhir.checking.validate import check
from suwen.formats.fhir.nouns import Entry
from suwen.formats.fhir.tree import parse_tree

__all__ = ["MAX_LINE", "Line", "open_lines", "read_lines"]

MAX_LINE = 16 * 2**20  # bytes; a longer one is reported, and passed by in pieces
_PIECE = 2**20
_MARK = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank: its number from 1, where it ends (bytes from the start of the unpacked file).

    `entry` is None where there are problems.
    """

    number: int
    end_offset: int
    entry: Entry | None = field(repr=False)
    problems: tuple[Problem, ...] = ()
    remarks: tuple[Problem, ...] = ()


@contextmanager
def open_lines(path: Path) -> Iterator[IO[bytes]]:
    """Open a bulk file for `read_lines`, packed with gzip or plain, told by its first bytes.

    Raises NotFoundError where there is no such file.
    """
    try:
        with path.open("rb") as raw:
            is_packed = raw.read(2) == _GZIP
            raw.seek(0)
            if not is_packed:
                yield raw
                return
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield unpacked  # type: ignore[misc]  # a stream of bytes, though not declared as one
    except (FileNotFoundError, IsADirectoryError):
        raise NotFoundError(f"no such file: {path.name}", zh=f"没有此文件：{path.name}") from None


def read_lines(file: IO[bytes], *, start: int = 0, number: int = 0) -> Iterator[Line]:
    """Read every line of an open file; what is wrong with one does not keep the others.

    To go on after a stop, give as `start` the `end_offset` of the last line that was dealt with, and its `number`.

    Raises FormatError: the compressed file is damaged or cut short.
    """
    try:
        file.seek(start)
        while True:
            data, length = _line(file)
            if not length:
                return
            text = data.removeprefix(_MARK) if start == 0 else data
            number, start = number + 1, start + length
            if length > MAX_LINE:
                problem = Problem(
                    f"line {number}",
                    f"longer than {MAX_LINE // 2**20} MiB",
                    "give one resource a line",
                    zh_what=f"超过 {MAX_LINE // 2**20} MiB",
                    zh_remedy="请每行一个资源",
                )
                yield Line(number, start, None, (problem,))
            elif text.strip():
                yield _read(text, number, start)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise FormatError(
            f"the compressed file is damaged or cut short after line {number}",
            zh=f"压缩文件在第 {number} 行之后损坏或中断",
        ) from None


def _line(file: IO[bytes]) -> tuple[bytes, int]:
    """The next line and its length; of one that is too long only the length counts, and its rest is passed by."""
    data = file.readline(MAX_LINE + 1)
    length = len(data)
    if length <= MAX_LINE:
        return data, length
    piece = data
    data = b""
    while piece and not piece.endswith(b"\n"):
        piece = file.readline(_PIECE)
        length += len(piece)
    return data, length


def _read(data: bytes, number: int, end_offset: int) -> Line:
    where = f"line {number}"
    try:
        tree = parse_tree(data.decode())
    except UnicodeDecodeError:
        return Line(number, end_offset, None, (Problem(where, "not text in UTF-8", zh_what="不是 UTF-8 文本"),))
    except FormatError as error:
        return Line(number, end_offset, None, (Problem(where, str(error), zh_what=error.said("zh")),))
    if not isinstance(tree, dict) or tree.get("resourceType") == "Bundle":
        problem = Problem(
            where,
            "one resource is expected, and no Bundle",
            "give a Bundle as a document of its own",
            zh_what="此处须为单个资源，而非 Bundle",
            zh_remedy="请将 Bundle 作为单独文档给出",
        )
        return Line(number, end_offset, None, (problem,))
    checked = check(tree)
    entry = None if checked.problems else Entry(tree, "", where)
    return Line(number, end_offset, entry, _placed(checked.problems, where), _placed(checked.remarks, where))


def _placed(problems: tuple[Problem, ...], where: str) -> tuple[Problem, ...]:
    return tuple(replace(one, where=f"{where}, {one.where}" if one.where else where) for one in problems)
