"""A process of its own that decodes JPEG frames by GDCM, run as a script: damaged frames end it instead of Suwen.

GDCM ends the whole process on some damaged frames (an exception that no one catches), which no Python code can hold.
It reads from its standard input, for each frame, the lengths of a description in JSON and of the frame, then both; it
answers with a length and the samples, or with the length 0. It imports nothing of Suwen.
"""

from __future__ import annotations

import json
import struct
import sys
from typing import Any, BinaryIO

__all__ = ["main"]

_SPARE = 2 << 30  # address space of Python and GDCM themselves


def main(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer frames until the input ends."""
    while len(lengths := source.read(12)) == 12:
        described, size = struct.unpack("<IQ", lengths)
        form = json.loads(source.read(described))
        data = _decoded(source.read(size), form)
        sink.write(struct.pack("<Q", len(data)) + data)
        sink.flush()


def _decoded(frame: bytes, form: dict[str, Any]) -> bytes:
    """Samples of one frame, little-endian, colours pixel by pixel; b"" where GDCM cannot decode it."""
    import gdcm  # noqa: PLC0415

    _bound(form["rows"] * form["columns"] * form["samples"] * form["allocated"] // 8)
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(frame)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((form["columns"], form["rows"], 1))
    image.SetDataElement(element)
    # Said to be grey or RGB, whatever it is: colours are changed by who asks, knowing the header.
    kind = gdcm.PhotometricInterpretation.RGB if form["samples"] > 1 else gdcm.PhotometricInterpretation.MONOCHROME2
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(form["syntax"])))
    stored = form["stored"]
    image.SetPixelFormat(gdcm.PixelFormat(form["samples"], form["allocated"], stored, stored - 1, form["signed"]))
    if form["samples"] > 1:
        image.SetPlanarConfiguration(0)
    try:
        found = image.GetBuffer()
    except (ValueError, RuntimeError):
        return b""
    return found.encode("utf-8", "surrogateescape") if isinstance(found, str) else bytes(found)


def _bound(size: int) -> None:
    """Let this process have no more memory than a sound frame needs; where the system knows no bound, none is set."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:
        return
    most = _SPARE + 8 * size
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else min(most, hard), hard))


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
