"""A DICOM object opened: its header parsed up to the pixel data, and where these lie in the file."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from suwen.errors import FormatError
from suwen.formats.images.budget import Budget
from suwen.formats.images.headers import TAGS, Header, guarded, import_pydicom
from suwen.formats.images.notice_strings import REASONS
from suwen.formats.images.notices import reason, refusal
from suwen.formats.images.stored import Stored

__all__ = ["NATIVE", "DicomObject", "open_object"]

_IMPLICIT, _EXPLICIT, _BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
_DEFLATED = "1.2.840.10008.1.2.1.99"
NATIVE = frozenset({_IMPLICIT, _EXPLICIT, _BIG, _DEFLATED})  # samples lie open in the file (DICOM PS3.5 annex A)
_PIXELS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
_UNDEFINED = 0xFFFFFFFF
_HEAD = 1 << 16
_TAGS = [tag for tag, _ in TAGS.values()]


@dataclass(frozen=True, slots=True)
class _Meta:
    """The file meta information: transfer syntax, where the data set starts, and what the object calls itself."""

    syntax: str = ""
    start: int = 0
    sop_class: str = ""
    sop_instance: str = ""


@dataclass(frozen=True, slots=True)
class DicomObject:
    """A header and the place of its samples: `length` bytes from `offset`; `pixels` is "" where there are none."""

    stored: Stored
    header: Header
    syntax: str
    sop_class: str
    sop_instance: str
    pixels: str = ""
    offset: int = 0
    length: int = 0

    @property
    def native(self) -> bool:
        """Whether the samples lie open in the file."""
        return self.length != _UNDEFINED and self.syntax in NATIVE

    @property
    def big_endian(self) -> bool:
        """Whether the bytes of a sample are in the order most significant first."""
        return self.syntax == _BIG


def open_object(stored: Stored, budget: Budget) -> DicomObject:
    """Parse the header of a DICOM file; its samples are not read.

    Raises:
        FormatError: not DICOM, or so damaged that its header cannot be read.
        InputError: a deflated object is larger than the budget when inflated.

    """
    pydicom = import_pydicom()
    with (
        guarded(reason("header"), zh=REASONS["header"]["zh"]),
        warnings.catch_warnings(),
        pydicom.config.disable_value_validation(),
    ):
        warnings.simplefilter("ignore")  # pydicom says much about what it mends
        return _opened(stored, budget)


def _opened(stored: Stored, budget: Budget) -> DicomObject:
    with stored.open() as stream:
        head = stream.read(_HEAD)
        meta = _meta(head)
        if meta.syntax == _DEFLATED:
            return _opened(_inflated(stored, stream, meta, budget), budget)
        found = _in_head(stored, head, meta)
        return found if found is not None and found.pixels else _parsed(stored, stream, meta)


def _in_head(stored: Stored, head: bytes, meta: _Meta) -> DicomObject | None:
    """Mostly all of a header is in the first bytes of a large file; None where it goes on beyond."""
    try:
        with guarded(""):
            return _parsed(stored, io.BytesIO(head), meta) if len(head) == _HEAD else None
    except FormatError:
        return None


def _parsed(stored: Stored, stream: BinaryIO, meta: _Meta) -> DicomObject:
    """Parse up to the pixel data."""
    pydicom = import_pydicom()
    stream.seek(meta.start)
    syntax = meta.syntax
    if syntax:
        implicit, little = syntax == _IMPLICIT, syntax != _BIG
        dataset = pydicom.filereader.read_dataset(stream, implicit, little, stop_when=_at_pixels, specific_tags=_TAGS)
        implicit = dataset.original_encoding[0]
    else:
        dataset = pydicom.dcmread(stream, force=True, stop_before_pixels=True, specific_tags=_TAGS)
        implicit, little = dataset.original_encoding
        syntax = _IMPLICIT if implicit else _EXPLICIT if little else _BIG
    header = Header(dataset)
    names = header.word("SOPClassUID") or meta.sop_class, header.word("SOPInstanceUID") or meta.sop_instance
    pixels, offset, length = _pixels_at(stream, syntax, implicit)
    return DicomObject(stored, header, syntax, *names, pixels, offset, length)


def _at_pixels(tag: int, _vr: str | None, _length: int) -> bool:
    return tag >> 16 == 0x7FE0 and int(tag) in _PIXELS  # the shift first: tags of pydicom compare slowly


def _meta(head: bytes) -> _Meta:
    """What the file meta information says (DICOM PS3.10 7.1); nothing without a preamble."""
    if head[128:132] != b"DICM":
        return _Meta()
    at, found = 132, {}
    while head[at : at + 2] == b"\x02\0" and at + 12 <= len(head):
        long = head[at + 4 : at + 6] in (b"OB", b"UN", b"OW", b"SQ", b"UT")
        length = struct.unpack_from("<I" if long else "<H", head, at + (8 if long else 6))[0]
        value = at + (12 if long else 8)
        found[head[at + 2]] = head[value : value + length]
        at = value + length
    syntax, sop_class, instance = (found.get(one, b"").decode("ascii", "replace").strip(" \0") for one in (0x10, 2, 3))
    return _Meta(syntax, at, sop_class, instance) if syntax else _Meta(sop_class=sop_class, sop_instance=instance)


def _inflated(stored: Stored, stream: BinaryIO, meta: _Meta, budget: Budget) -> Stored:
    """The same object with its data set inflated, within the budget: a few kilobytes may inflate to gigabytes."""
    stream.seek(meta.start)
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    data = unpacker.decompress(stream.read(), budget.left)
    if not unpacker.eof and unpacker.unconsumed_tail:
        budget.take(budget.left + 1)
    budget.take(len(data))
    kept = _uid(2, meta.sop_class) + _uid(3, meta.sop_instance) + _uid(0x10, _EXPLICIT)
    group = struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(kept))
    return Stored(stored.name, stored.path, b"\0" * 128 + b"DICM" + group + kept + data)


def _uid(element: int, value: str) -> bytes:
    data = value.encode("ascii", "replace")
    data += b"\0" * (len(data) % 2)
    return struct.pack("<HH2sH", 2, element, b"UI", len(data)) + data


def _pixels_at(stream: BinaryIO, syntax: str, implicit: bool) -> tuple[str, int, int]:
    """The element the parser stopped at: its keyword, and where and how long its value is."""
    at = stream.tell()
    head = stream.read(12)
    order = ">" if syntax == _BIG else "<"
    if len(head) < 8:
        return "", 0, 0
    group, element = struct.unpack(f"{order}HH", head[:4])
    keyword = _PIXELS.get(group << 16 | element, "")
    if not keyword:
        return "", 0, 0
    if implicit:
        return keyword, at + 8, struct.unpack(f"{order}I", head[4:8])[0]
    if len(head) < 12:
        raise refusal("header")
    return keyword, at + 12, struct.unpack(f"{order}I", head[8:12])[0]
