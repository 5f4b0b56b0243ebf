"""Names of labels that stand in a NIfTI file beside its header: ours as JSON, and the label tables of Caret's XML."""

from __future__ import annotations

import gzip
import json
import re
import struct
import zlib
from collections.abc import Iterator

from suwen.formats.images.stored import Stored, kind_of

__all__ = ["label_names"]

_MOST = 1 << 20  # bytes of extensions that are looked at
_COMMENT, _IGNORED = 6, 0  # codes of a comment, and of one that readers may ignore, where TotalSegmentator writes
_CARET = re.compile(rb'<Label\s+Key="(\d{1,9})"[^>]{0,300}>\s*<!\[CDATA\[(.{1,300}?)\]\]>', re.DOTALL)


def label_names(stored: Stored) -> tuple[tuple[int, str], ...]:
    """Labels and their names, in the order of the labels; none where the file names none, or not legibly."""
    try:
        with stored.open() as raw:
            stream = gzip.GzipFile(fileobj=raw) if kind_of(stored.head()) == "gzip" else raw
            data = stream.read(_MOST)
    except (OSError, EOFError, zlib.error):
        return ()
    found: dict[int, str] = {}
    for code, content in _extensions(data):
        found |= _of_json(content) if code == _COMMENT else _of_caret(content) if code == _IGNORED else {}
    return tuple(sorted(found.items()))


def _extensions(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Code and content of each extension (NIfTI-1 and 2): a flag of four bytes after the header, then size and code."""
    at = 540 if data[4:7] in (b"n+2", b"ni2") else 348
    order = "<" if data[:4] in (b"\\\x01\0\0", b"\x1c\x02\0\0") else ">"
    if data[at : at + 1] in (b"", b"\0"):
        return
    at += 4
    while at + 8 <= len(data):
        size, code = struct.unpack_from(f"{order}ii", data, at)
        if size < 16 or size % 16 or at + size > len(data):
            return
        yield code, data[at + 8 : at + size].rstrip(b"\0")
        at += size


def _of_json(content: bytes) -> dict[int, str]:
    try:
        told = json.loads(content)
    except (UnicodeDecodeError, ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    return {int(key): str(name) for key, name in told.items() if re.fullmatch(r"[1-9]\d{0,8}", key)}


def _of_caret(content: bytes) -> dict[int, str]:
    return {int(key): name.decode("utf-8", "replace").strip() for key, name in _CARET.findall(content) if int(key)}
