"""Lines of a file, plain or gzip, in any of the usual encodings, in bounded memory whatever the file claims to be."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from suwen.errors import FormatError, NotFoundError
from suwen.formats.molecules.notices import refusal
from suwen.subject import Saying

__all__ = ["LIMIT", "MOST_LINE", "LineTooLongError", "Source", "check_text", "lines_of"]

LIMIT = 8 * 2**30  # bytes of a file once unpacked: ten million molecules with their fields
MOST_LINE = 2**20  # bytes of one line; a structure and its fields take a thousandth of that
_CHUNK = 2**16
_FREE = 2**24  # bytes that may be unpacked whatever the ratio
_RATIO = 100  # gzip packs tables of molecules 3 to 30 times; a bomb 1,000 times
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_KINDS = (
    (b"PK\x03\x04", Saying("a ZIP archive or an Excel workbook", "ZIP 压缩包或 Excel 工作簿")),
    (b"\xd0\xcf\x11\xe0", Saying("an old Office file", "旧版 Office 文件")),
    (b"%PDF", Saying("a PDF", "PDF")),
    (b"\x89PNG", Saying("a picture", "图片")),
    (b"\xff\xd8\xff", Saying("a picture", "图片")),
)
_CONTROL = bytes({*range(32), 127} - set(b"\t\n\v\f\r\x1a\x1b"))
_FOREIGN = 0.02  # share of control characters beyond which bytes are no text


class LineTooLongError(Exception):
    """Stands for a line of more than `MOST_LINE` bytes, which was passed over."""


class Source:
    """A file that yields bytes up to a limit; packed ones are unpacked on the way.

    Raises:
        NotFoundError: nothing is at this path.
        FormatError: it is no plain file, or may not be read.

    """

    __slots__ = ("_ahead", "_file", "_left", "_limit", "_packed", "_read")

    def __init__(self, path: Path, limit: int) -> None:
        self._left = self._limit = limit
        self._read = 0
        self._ahead: bytes | FormatError = b""
        # A pipe or a device would hang or never end.
        if not path.is_file():
            if not path.exists():
                raise NotFoundError(f"there is no file {path}", zh=f"没有文件 {path}")
            raise FormatError("not a plain file", zh="不是普通文件")
        try:
            with path.open("rb") as file:
                packed = file.read(2) == b"\x1f\x8b"
            self._packed = path.stat().st_size if packed else 0
            self._file = cast(io.BufferedReader, gzip.open(path)) if packed else path.open("rb")  # noqa: SIM115 (closed at exit)
        except OSError as error:
            raise FormatError(
                "the file cannot be read; look at its permissions", zh="无法读取文件；请检查其权限"
            ) from error

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def head(self) -> bytes:
        """The first bytes, which `chunk` gives again; b"" where they cannot be had, which `chunk` tells."""
        try:
            self._ahead = self.chunk()
        except FormatError as error:
            self._ahead = error
            return b""
        return self._ahead

    def chunk(self) -> bytes:
        """Some more bytes, b"" at the end; FormatError where the file is damaged or unpacks to too much."""
        ahead, self._ahead = self._ahead, b""
        if isinstance(ahead, FormatError):
            raise ahead
        return ahead or self._more()

    def _more(self) -> bytes:
        try:
            data = self._file.read1(_CHUNK)  # what is there already, so that a file cut short gives all it has
        except (OSError, EOFError, zlib.error) as error:
            raise refusal("damaged") from error
        self._read += len(data)
        most = min(self._limit, max(_FREE, _RATIO * self._packed)) if self._packed else self._limit
        if self._read > most:
            raise refusal("bomb", most=most)
        return data


def check_text(source: Source) -> None:
    """Refuse a file that has not been read from where its first bytes are no text, whatever its name says.

    Raises FormatError, which names the kind where it is a usual one.
    """
    head = source.head()
    kind = next((kind for mark, kind in _KINDS if head.startswith(mark)), None)
    if kind:
        raise FormatError(
            f"this is {kind.en}, and no text; export its molecules as .csv, .smi or .sdf",
            zh=f"这是{kind.zh}，并非文本；请将分子导出为 .csv、.smi 或 .sdf",
        )
    if any(head.startswith(mark) for mark, _encoding in _MARKS):
        return
    if len(head) - len(head.translate(None, _CONTROL)) > max(1.0, _FOREIGN * len(head)):
        raise FormatError(
            "this is a binary file, and no text in UTF-8, UTF-16 with its mark, or GB 18030",
            zh="这是二进制文件，不是 UTF-8、带标记的 UTF-16 或 GB 18030 文本",
        )


def lines_of(source: Source) -> Iterator[str | LineTooLongError]:
    """The lines without their ends; one that is too long is passed over and stands as an error in its place.

    A byte-order mark decides the encoding; without one a line is UTF-8, or else GB 18030 (which GBK and GB 2312 are
    part of), or else Latin-1.

    Raises:
        FormatError: the file cannot be unpacked further; what came before is sound.

    """
    first = source.chunk()
    mark, encoding = next(((mark, name) for mark, name in _MARKS if first.startswith(mark)), (b"", ""))
    first = first[len(mark) :]
    if encoding.startswith("utf-16"):
        yield from _split(_recoded(first, source, encoding))
    else:
        yield from _split(_chunks(first, source))


def _chunks(first: bytes, source: Source) -> Iterator[bytes]:
    data = first
    while data:
        yield data
        data = source.chunk()


def _recoded(first: bytes, source: Source, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for data in _chunks(first, source):
        yield decoder.decode(data).encode("utf-8", "replace")


def _split(chunks: Iterator[bytes]) -> Iterator[str | LineTooLongError]:
    rest, over = b"", False
    for data in chunks:
        whole, rest = _whole_lines(rest + data)
        for line in whole:
            too_long, over = over or len(line) > MOST_LINE, False
            yield LineTooLongError() if too_long else _decoded(line)
        if len(rest) > MOST_LINE:
            rest, over = b"", True
    if over:
        yield LineTooLongError()
    elif rest:
        yield from map(_decoded, rest.splitlines())


def _whole_lines(data: bytes) -> tuple[list[bytes], bytes]:
    """Lines that have ended, and the rest; a carriage return at the end may be half of an end of line."""
    if data.endswith(b"\n"):
        return data.splitlines(), b""
    lines = data.splitlines(keepends=True)
    rest = lines.pop() if lines else b""
    return [line.rstrip(b"\r\n") for line in lines], rest


def _decoded(line: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("latin-1")
