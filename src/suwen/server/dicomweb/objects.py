"""An object given out as it came, in another transfer syntax, or by its frames (PS3.18 10.4 and 8.7.3)."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from fastapi import HTTPException

from suwen.errors import FormatError, InputError
from suwen.formats.images.budget import Budget
from suwen.formats.images.codestreams import require_size
from suwen.formats.images.decoding import by_gdcm
from suwen.formats.images.frames import Form, form_of
from suwen.formats.images.guarded_codec import GuardedCodec
from suwen.formats.images.headers import guarded, import_pydicom
from suwen.formats.images.objects import open_object
from suwen.formats.images.stored import Stored
from suwen.server.dicomweb.accepting import EXPLICIT, OCTETS, STORED

__all__ = ["BESIDE", "bulk", "codec_for", "frame_type", "frames", "opened", "parsed", "recoded"]

_IMPLICIT = "1.2.840.10008.1.2"
_MEMORY = 2**28  # bytes that decoding one object may take
_BYTE = 8
_TURNS = threading.BoundedSemaphore(4)  # processes that decode at once
BESIDE = frozenset({"1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"})  # lossless JPEG, which GDCM alone decodes
_OPEN = frozenset({_IMPLICIT, EXPLICIT, "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"})
_NATIVE_OUT = frozenset({_IMPLICIT, EXPLICIT})
_COMPRESSED = (  # PS3.18 table 8.7.3-5; the first that fits
    ("1.2.840.10008.1.2.4.8", "image/jls"),
    ("1.2.840.10008.1.2.4.9", "image/jp2"),
    ("1.2.840.10008.1.2.4.20", "image/jphc"),
    ("1.2.840.10008.1.2.4.", "image/jpeg"),
    ("1.2.840.10008.1.2.5", "image/dicom-rle"),
)


def parsed(data: bytes) -> Any:
    """The data set of an object. Raises FormatError."""
    pydicom = import_pydicom()
    with guarded("the object cannot be read"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom says much about what it mends
        return pydicom.dcmread(io.BytesIO(data))


def recoded(data: bytes, stored: str, wanted: str) -> bytes:
    """An object in a transfer syntax: as it is where that is wanted, else with open samples.

    Raises HTTPException 406 for a syntax that it is not turned into, or samples that cannot be decoded.
    """
    if wanted in {STORED, stored}:
        return data
    if wanted not in _NATIVE_OUT:
        raise HTTPException(406, f"this object is had as {stored}, or without compression")
    dataset = opened(data, stored)
    dataset.file_meta.TransferSyntaxUID = wanted
    out = io.BytesIO()
    try:
        with guarded("it cannot be encoded anew"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            little, implicit = wanted != "1.2.840.10008.1.2.2", wanted == _IMPLICIT
            import_pydicom().dcmwrite(out, dataset, implicit_vr=implicit, little_endian=little)
    except FormatError:
        raise HTTPException(406, f"this object is had as {stored} only") from None
    return out.getvalue()


def opened(data: bytes, stored: str) -> Any:
    """The data set of an object with samples that lie open. Raises HTTPException 406 where they cannot be decoded."""
    dataset = parsed(data)
    if stored in _OPEN or "PixelData" not in dataset:
        return dataset
    try:
        with guarded("its samples cannot be decoded"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            form = form_of(open_object(Stored("object", None, data), Budget(_MEMORY)))
            if by_gdcm(stored, form):
                with _TURNS:
                    _decode_beside(dataset, form, stored)
            else:
                dataset.decompress(as_rgb=True, generate_instance_uid=False, decoding_plugin=codec_for(stored))
    except InputError:
        raise HTTPException(406, f"its samples cannot be decoded here; ask for them as {stored}") from None
    return dataset


def _beside(data: bytes, stored: str, numbers: Sequence[int]) -> Iterator[bytes]:
    """Single frames of lossless JPEG, and no others, so that a viewer which asks for each decodes each once."""
    try:
        with guarded("its samples cannot be decoded"), _TURNS, closing(GuardedCodec()) as codec:
            form = form_of(open_object(Stored("object", None, data), Budget(_MEMORY)))
            dataset, found = parsed(data), []
            for one in numbers:
                frame = import_pydicom().encaps.get_frame(dataset.PixelData, one - 1, number_of_frames=form.frames)
                require_size(frame, form)
                samples = codec.decode(frame, form, stored)
                found.append(samples.astype(samples.dtype.newbyteorder("<")).tobytes())
    except InputError:
        raise HTTPException(406, f"its samples cannot be decoded here; ask for them as {stored}") from None
    return iter(found)


def _decode_beside(dataset: Any, form: Form, stored: str) -> None:
    """Decode lossless JPEG, frame by frame, in a process of its own: what only GDCM can do."""
    Budget(_MEMORY).require(form.frame_bits // 8 * form.frames)
    parts = []
    with closing(GuardedCodec()) as codec:
        for frame in import_pydicom().encaps.generate_frames(dataset.PixelData, number_of_frames=form.frames):
            require_size(frame, form)
            found = codec.decode(frame, form, stored)
            parts.append(found.astype(found.dtype.newbyteorder("<")).tobytes())
    samples = b"".join(parts)
    dataset.PixelData = samples + bytes(len(samples) % 2)
    dataset["PixelData"].VR = "OW" if form.allocated > _BYTE else "OB"
    dataset["PixelData"].is_undefined_length = False
    if form.samples > 1:
        dataset.PlanarConfiguration = 0
    if dataset.get("PhotometricInterpretation") == "YBR_FULL_422":
        dataset.PhotometricInterpretation = "YBR_FULL"  # every sample is there now
    dataset.file_meta.TransferSyntaxUID = EXPLICIT


def codec_for(syntax: str) -> str:
    """The codec that decodes a compressed syntax. Raises FormatError where there is none that is trusted here.

    Threat: a crafted stream ends the process of GDCM, and with it the server; the reader of images runs it beside.
    """
    known = import_pydicom().pixels.get_decoder(syntax).available_plugins
    found = next((one for one in known if one != "gdcm"), "")
    if not found:
        raise FormatError("no codec for this transfer syntax is installed")
    return found


def frame_type(stored: str, wanted: str, media: str) -> str:
    """The content type of the part of a frame."""
    if stored in _OPEN or wanted not in {STORED, stored}:
        return f"{OCTETS}; transfer-syntax={EXPLICIT}"
    kind = media if media == OCTETS else next((kind for lead, kind in _COMPRESSED if stored.startswith(lead)), OCTETS)
    return f"{kind}; transfer-syntax={stored}"


def frames(data: bytes, stored: str, wanted: str, numbers: Sequence[int]) -> Iterator[bytes]:
    """Frames by number from 1: open samples, or the compressed stream where the stored syntax is wanted.

    Raises NotFoundError by way of HTTPException 404 for a frame there is not, 406 as `recoded`.
    """
    dataset = parsed(data)
    if "PixelData" not in dataset:
        raise HTTPException(404, "this object has no frames")
    count = int(dataset.get("NumberOfFrames") or 1)
    if not all(1 <= one <= count for one in numbers):
        raise HTTPException(404, f"this object has the frames 1 to {count}")
    if stored not in _OPEN and wanted in {STORED, stored}:
        return _streams(dataset, count, numbers)
    if wanted not in {STORED, *_NATIVE_OUT}:
        raise HTTPException(406, f"frames are had as {stored}, or without compression")
    if stored in BESIDE:
        return _beside(data, stored, numbers)
    return _samples(opened(data, stored), stored, count, numbers)


def _streams(dataset: Any, count: int, numbers: Sequence[int]) -> Iterator[bytes]:
    encaps = import_pydicom().encaps
    for one in numbers:
        with guarded("the frames cannot be told apart"):
            yield encaps.get_frame(dataset.PixelData, one - 1, number_of_frames=count)


def _samples(dataset: Any, stored: str, count: int, numbers: Sequence[int]) -> Iterator[bytes]:
    bits = (
        int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("SamplesPerPixel", 1)) * int(dataset.BitsAllocated)
    )
    if dataset.get("PhotometricInterpretation") == "YBR_FULL_422":
        bits = bits * 2 // 3
    if bits % 8 and count > 1:
        raise HTTPException(406, "frames of single bits are had with their whole object only")
    size, data = -(-bits // 8), bytes(dataset.PixelData)
    for one in numbers:
        part = data[(one - 1) * size : one * size]
        yield _swapped(part, int(dataset.BitsAllocated)) if stored == "1.2.840.10008.1.2.2" else part


def _swapped(part: bytes, bits: int) -> bytes:
    import numpy as np  # noqa: PLC0415

    return np.frombuffer(part, np.dtype(f">u{max(bits // 8, 1)}")).byteswap().tobytes()


def bulk(data: bytes, tag: str) -> bytes:
    """The value of a large attribute as its bytes. Raises HTTPException 404."""
    try:
        element = parsed(data)[int(tag, 16)]
        value = element.value
    except (KeyError, ValueError, InputError):
        raise HTTPException(404, "this object has no such attribute") from None
    if not isinstance(value, bytes):
        raise HTTPException(404, "this attribute stands in the metadata")
    return value
