"""The size a compressed frame says it has, read before a codec is asked: a frame that lies is a trap for memory."""

from __future__ import annotations

import struct

from suwen.formats.images.frames import Form
from suwen.formats.images.notices import refusal

__all__ = ["require_size"]

_SOI, _JP2 = b"\xff\xd8", b"\0\0\0\x0cjP  "
_SIZ = b"\xff\x4f\xff\x51"
# Start of frame: JPEG (ISO/IEC 10918-1 table B.1, without DHT, JPG and DAC) and JPEG-LS (ISO/IEC 14495-1)
_SOF = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length


def require_size(data: bytes, form: Form) -> None:
    """Refuse a JPEG, JPEG-LS or JPEG 2000 frame whose own size is not the one of the header; RLE has none.

    Raises:
        FormatError: the sizes differ, or the frame has no readable size although it is of these kinds.

    """
    if data.startswith(_SOI):
        found = _jpeg(data)
    elif data.startswith((_SIZ, _JP2)):
        found = _jpeg_2000(data)
    else:
        return
    declared = (form.rows, form.columns, form.samples)
    if found is None:
        raise refusal("decode")
    if found != declared:
        raise refusal("codestream", inside=_shown(found), declared=_shown(declared))


def _shown(size: tuple[int, int, int]) -> str:
    return f"{size[0]} × {size[1]} × {size[2]}"


def _jpeg(data: bytes) -> tuple[int, int, int] | None:
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _SOF:
            return struct.unpack_from(">HHB", data, at + 5) if at + 10 <= len(data) else None
        at += 2 if marker in _BARE else 2 + struct.unpack_from(">H", data, at + 2)[0]
    return None


def _jpeg_2000(data: bytes) -> tuple[int, int, int] | None:
    at = data.find(_SIZ)
    if at < 0 or at + 42 > len(data):
        return None
    right, bottom, left, top = struct.unpack_from(">4I", data, at + 8)
    return bottom - top, right - left, struct.unpack_from(">H", data, at + 40)[0]
