"""Unpacking what strangers packed: bounded by what really comes out, no entities, no paths out of the archive."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn

from suwen.errors import FormatError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["inflated", "parsed_xml", "unzipped"]

_STEP, _PART = 64 * 1024, 16 * 1024  # bytes at a time, out of a ZIP file and into a gzip file
_GZIP = 16 + zlib.MAX_WBITS
_SMALLEST = 256  # bytes of a member on average: millions of empty ones would take minutes, and give nothing
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_DEEPEST = 200  # elements within elements; FHIR and CDA stay far below


def inflated(content: bytes, *, most: int) -> bytes:
    """The bytes in a gzip file (RFC 1952, also of several members), at most `most`. Raises FormatError."""
    out, whole, members = bytearray(), True, 0
    unpacking = zlib.decompressobj(_GZIP)
    for at in range(0, len(content), _PART):
        part = content[at : at + _PART]
        while part:
            if whole:
                unpacking, members = zlib.decompressobj(_GZIP), members + 1
            try:
                out += unpacking.decompress(part, most + 1 - len(out))
            except zlib.error as error:
                raise FormatError(
                    "the gzip file is damaged; send it again", zh="gzip 文件已损坏；请重新发送"
                ) from error
            if len(out) > most or members > 16 + len(content) // _SMALLEST:
                raise FormatError(
                    f"the gzip file holds more than {most} bytes or too many parts; send less at once",
                    zh=f"gzip 文件解压后超过 {most} 字节或分段过多；请分批发送",
                )
            part, whole = unpacking.unused_data, unpacking.eof
    if not whole:
        raise FormatError("the gzip file is cut off; send it again", zh="gzip 文件不完整；请重新发送")
    return bytes(out)


def unzipped(content: bytes, *, most: int, files: int = 10_000) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file in a ZIP file, at most `most` bytes and `files` files in all.

    What the archive says of its sizes is not believed: what comes out is counted. Refused are names that lead out of
    it, links, what is encrypted, and methods of packing other than deflate. Raises FormatError.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [one for one in archive.infolist() if not one.is_dir()]
            if len(entries) > files:
                raise FormatError(
                    f"the ZIP file holds {len(entries)} files; send at most {files} at once",
                    zh=f"ZIP 文件含 {len(entries)} 个文件；一次最多发送 {files} 个",
                )
            left = most
            for one in entries:
                _require_plain(one)
                data = _bounded(archive, one, left, most)
                left -= len(data)
                yield one.filename, data
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError("the ZIP file is damaged; send it again", zh="ZIP 文件已损坏；请重新发送") from error


def _bounded(archive: zipfile.ZipFile, one: zipfile.ZipInfo, left: int, most: int) -> bytes:
    out = bytearray()
    with archive.open(one) as packed:
        while part := packed.read(_STEP):
            out += part
            if len(out) > left:
                raise FormatError(
                    f"the ZIP file holds more than {most} bytes; send less at once",
                    zh=f"ZIP 文件解压后超过 {most} 字节；请分批发送",
                )
    return bytes(out)


def _require_plain(one: zipfile.ZipInfo) -> None:
    """Refuse what is no plain file within the archive; a name is told to nobody, it may be a patient's."""
    path = PurePosixPath(one.filename)
    leads_out = path.is_absolute() or ".." in path.parts or "\\" in one.orig_filename or ":" in path.parts[0]
    if leads_out or "\0" in one.orig_filename or not one.filename.isprintable():
        raise FormatError(
            "the ZIP file holds a name that leads out of it; nothing of it was read",
            zh="ZIP 文件含有指向包外的文件名；未读取任何内容",
        )
    if stat.S_ISLNK(one.external_attr >> 16):
        raise FormatError("the ZIP file holds a link; nothing of it was read", zh="ZIP 文件含有链接；未读取任何内容")
    if one.flag_bits & 0x1 or one.compress_type not in _METHODS:
        raise FormatError(
            "the ZIP file is encrypted or packed in an unusual way; pack it with deflate",
            zh="ZIP 文件已加密或压缩方式不常见；请用 deflate 重新压缩",
        )


def parsed_xml(content: bytes) -> Element:
    """The root of an XML document without a document type, so without entities to expand or files to fetch.

    Raises FormatError: a document type (entity expansion, XXE: CWE-776, CWE-611), too deep, or no XML.
    """
    from xml.etree.ElementTree import ParseError, fromstring  # noqa: PLC0415 (looked through first)
    from xml.parsers import expat  # noqa: PLC0415

    parser, depth = expat.ParserCreate(), 0

    def begin(*_: Any) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise FormatError(
                f"the XML document is more than {_DEEPEST} elements deep", zh=f"XML 文档嵌套超过 {_DEEPEST} 层"
            )

    def end(*_: Any) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_: Any) -> NoReturn:
        raise FormatError(
            "the XML document declares a document type; send it without one",
            zh="XML 文档含有文档类型声明；请去除后发送",
        )

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(content, True)
        return fromstring(content)  # noqa: S314
    except (expat.ExpatError, ParseError, ValueError, LookupError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(
            "the XML document cannot be read; check that it is whole", zh="无法读取 XML 文档；请检查其是否完整"
        ) from error
