"""What a file is by its first bytes, whatever it is called: nothing is read as what it only claims to be."""

from __future__ import annotations

import codecs
import struct
from collections.abc import Collection
from enum import Enum

from suwen.errors import FormatError

__all__ = ["HEAD", "Kind", "kind_of", "require_kind"]

HEAD = 352  # bytes to look at: the header of NIfTI-1 with its magic is the longest


class Kind(Enum):
    """Kinds of files that are taken somewhere in this house."""

    DICOM = "DICOM"
    PNG = "PNG"
    JPEG = "JPEG"
    PDF = "PDF"
    JSON = "JSON"
    XML = "XML"
    NIFTI = "NIfTI"
    GZIP = "gzip"
    ZIP = "ZIP"
    TEXT = "text"
    UNKNOWN = "an unknown kind"


_MAGIC = (
    (0, b"\x89PNG\r\n\x1a\n", Kind.PNG),  # ISO/IEC 15948, 5.2
    (0, b"\xff\xd8\xff", Kind.JPEG),  # ITU-T T.81, B.1.1.3
    (0, b"%PDF-", Kind.PDF),  # ISO 32000-1, 7.5.2
    (0, b"\x1f\x8b\x08", Kind.GZIP),  # RFC 1952, 2.3.1
    (0, b"PK\x03\x04", Kind.ZIP),  # APPNOTE 6.3.10, 4.3.7
    (0, b"PK\x05\x06", Kind.ZIP),  # an empty one
    (128, b"DICM", Kind.DICOM),  # DICOM PS3.10, 7.1
)
_NIFTI = {(348, 344, b"n+1\0"), (348, 344, b"ni1\0"), (540, 4, b"n+2\0"), (540, 4, b"ni2\0")}
_BLANK = b" \t\r\n"


def kind_of(head: bytes) -> Kind:
    """The kind of a file by its first bytes (`HEAD` of them suffice)."""
    for at, magic, kind in _MAGIC:
        if head[at : at + len(magic)] == magic:
            return kind
    return Kind.NIFTI if _is_nifti(head) else _text(head)


def require_kind(head: bytes, allowed: Collection[Kind], *, claimed: str = "") -> Kind:
    """The kind of a file, if it is one of those allowed and what `claimed` (a media type, "" for none) says.

    Raises FormatError, which quotes neither the file nor its name.
    """
    found = kind_of(head)
    if found not in allowed:
        names = ", ".join(sorted(one.value for one in allowed))
        raise FormatError(
            f"the file is {found.value}, and here are taken: {names}", zh=f"文件类型为 {found.value}，此处接收：{names}"
        )
    said = _CLAIMS.get(claimed.partition(";")[0].strip().lower(), found)
    if said is not found:
        raise FormatError(
            f"the file is called {said.value} and is {found.value}; send it as what it is",
            zh=f"文件标为 {said.value}，实为 {found.value}；请按实际类型发送",
        )
    return found


_CLAIMS = {
    "application/dicom": Kind.DICOM,
    "image/png": Kind.PNG,
    "image/jpeg": Kind.JPEG,
    "application/pdf": Kind.PDF,
    "application/json": Kind.JSON,
    "application/fhir+json": Kind.JSON,
    "application/xml": Kind.XML,
    "text/xml": Kind.XML,
    "application/fhir+xml": Kind.XML,
    "application/gzip": Kind.GZIP,
    "application/zip": Kind.ZIP,
    "text/plain": Kind.TEXT,
}


def _is_nifti(head: bytes) -> bool:
    """NIfTI-1.1 and NIfTI-2: the length of the header in either order of bytes, and the magic in its place."""
    if len(head) < 4:
        return False
    lengths = {struct.unpack(order, head[:4])[0] for order in ("<i", ">i")}
    return any(length in lengths and head[at : at + 4] == magic for length, at, magic in _NIFTI)


def _text(head: bytes) -> Kind:
    try:  # one that may end within a sign, since only the head of a file is here
        text = codecs.getincrementaldecoder("utf-8")().decode(head.removeprefix(codecs.BOM_UTF8))
    except UnicodeDecodeError:
        return Kind.UNKNOWN
    begin = text.lstrip(_BLANK.decode())[:1]
    if any(ord(sign) < 32 and sign not in "\t\r\n\f" for sign in text):
        return Kind.UNKNOWN
    return {"{": Kind.JSON, "[": Kind.JSON, "<": Kind.XML}.get(begin, Kind.TEXT if begin else Kind.UNKNOWN)
