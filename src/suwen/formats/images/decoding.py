"""Stored samples of single frames: straight from the file where they lie open, through a codec where not."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.formats.images.budget import Budget
from suwen.formats.images.codestreams import require_size
from suwen.formats.images.frames import Form, Frame
from suwen.formats.images.guarded_codec import GuardedCodec
from suwen.formats.images.headers import guarded, import_pydicom
from suwen.formats.images.notice_strings import REASONS
from suwen.formats.images.notices import reason, refusal
from suwen.formats.images.objects import DicomObject

__all__ = ["Decoder", "by_gdcm", "grey", "stored_type"]

Samples = NDArray[Any]

# The codecs asked for a transfer syntax, in this order; GDCM is asked for what only it can do, in a process beside.
_CODECS = (
    ("1.2.840.10008.1.2.4.8", ("pyjpegls", "pylibjpeg")),  # JPEG-LS
    ("1.2.840.10008.1.2.4.9", ("pylibjpeg", "pillow")),  # JPEG 2000
    ("1.2.840.10008.1.2.4.20", ("pylibjpeg",)),  # high-throughput JPEG 2000
    ("1.2.840.10008.1.2.4.5", ("pillow", "pylibjpeg")),  # JPEG of 8 bits
    ("1.2.840.10008.1.2.5", ("pylibjpeg", "pydicom")),  # RLE
)
_LOSSLESS_JPEG = frozenset({"1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"})
_EXTENDED_JPEG = "1.2.840.10008.1.2.4.51"


def stored_type(frame: Frame) -> np.dtype[Any]:
    """The numpy type of the samples as they are stored, in the byte order of the file."""
    order = ">" if frame.source.big_endian else "<"
    if frame.source.pixels == "FloatPixelData":
        return np.dtype(f"{order}f4")
    if frame.source.pixels == "DoubleFloatPixelData":
        return np.dtype(f"{order}f8")
    return np.dtype(f"{order}{'i' if frame.form.signed else 'u'}{max(frame.form.allocated // 8, 1)}")


def grey(colours: Samples) -> Samples:
    """Brightness of red, green and blue (ITU-R BT.601), rounded, of the type given; shape (rows, columns, 3)."""
    if np.array_equal(colours[..., 0], colours[..., 1]) and np.array_equal(colours[..., 1], colours[..., 2]):
        return np.ascontiguousarray(colours[..., 0])
    bright = np.zeros(colours.shape[:2], np.float64)
    for at, weight in enumerate((0.299, 0.587, 0.114)):
        bright += weight * colours[..., at]
    return np.rint(bright).astype(colours.dtype)


class Decoder:
    """Reads frames one by one; keeps the last object open, so that many frames of one object are read once.

    A context manager: on leaving, the process that decodes beside this one is ended.
    """

    __slots__ = ("_beside", "_budget", "_dataset", "_of")

    def __init__(self, budget: Budget) -> None:
        self._budget, self._beside = budget, GuardedCodec()
        self._of: DicomObject | None = None
        self._dataset: Any = None

    def __enter__(self) -> Decoder:
        return self

    def __exit__(self, *_: object) -> None:
        self._beside.close()

    def samples(self, frame: Frame, into: Samples | None = None) -> Samples:
        """The stored samples of a frame (rows, columns), colours made grey, bits beyond Bits Stored not yet cleared.

        `into`, an array of the same shape and item size, is filled and returned where the samples lie open.

        Raises:
            FormatError: the samples are damaged, cut short, or in a transfer syntax that is not read.

        """
        if self._lies_open(frame):
            return _read(frame, into)
        with guarded(reason("decode"), zh=REASONS["decode"]["zh"]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom says much about what it mends
            return self._decoded(frame)

    @staticmethod
    def _lies_open(frame: Frame) -> bool:
        form, source = frame.form, frame.source
        whole_bytes = form.allocated in (16, 32, 64) or (form.allocated == 8 and not source.big_endian)
        return source.native and form.samples == 1 and whole_bytes and not form.photometric.startswith("PALETTE")

    def _decoded(self, frame: Frame) -> Samples:
        pixels = import_pydicom().pixels
        form, source = frame.form, frame.source
        transient = form.frame_bits // 8 * 3 + (form.rows * form.columns * 16 if form.samples > 1 else 0)
        self._budget.require(transient)
        dataset = self._open(source, form)
        options: dict[str, Any] = {"index": frame.number - 1, "raw": form.samples == 1}
        if not source.native:
            data = self._compressed(dataset, frame)
            require_size(data, form)
            if by_gdcm(source.syntax, form):
                return self._coloured(self._beside.decode(data, form, source.syntax), form)
        decoder = pixels.get_decoder(source.syntax)
        if not source.native:
            options["decoding_plugin"] = _plugin(source.syntax, decoder.available_plugins)
        found: Samples = decoder.as_array(dataset, **options)[0]
        if form.photometric.startswith("PALETTE"):
            found = pixels.apply_color_lut(found, dataset)
        if found.ndim == 3:
            found = grey(found)
        if found.shape != (form.rows, form.columns):
            raise refusal("decode")
        return found

    @staticmethod
    def _coloured(found: Samples, form: Form) -> Samples:
        """A frame decoded beside, made grey; lossless JPEG holds colours as the header names them."""
        if found.ndim == 2:
            return found
        if form.photometric.startswith("YBR"):
            found = import_pydicom().pixels.convert_color_space(found, "YBR_FULL", "RGB")
        return grey(found)

    @staticmethod
    def _compressed(dataset: Any, frame: Frame) -> bytes:
        encaps = import_pydicom().encaps
        data: bytes = encaps.get_frame(dataset.PixelData, frame.number - 1, number_of_frames=frame.form.frames)
        return data

    def _open(self, source: DicomObject, form: Form) -> Any:
        """The whole data set, its description of samples replaced by the one that was checked."""
        if self._of is source:
            return self._dataset
        self._budget.require(source.stored.size)
        pydicom = import_pydicom()
        with source.stored.open() as stream:
            dataset = pydicom.dcmread(stream, force=True)
        dataset.file_meta.TransferSyntaxUID = source.syntax
        dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = form.rows, form.columns, form.samples
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = form.allocated, form.stored, form.high
        dataset.PixelRepresentation, dataset.NumberOfFrames = int(form.signed), form.frames
        dataset.PhotometricInterpretation = form.photometric
        if form.samples > 1 and dataset.get("PlanarConfiguration") not in (0, 1):
            dataset.PlanarConfiguration = 0
        self._of, self._dataset = source, dataset
        return dataset


def by_gdcm(syntax: str, form: Form) -> bool:
    """Whether only GDCM decodes samples of this form: it is asked in a process beside (`GuardedCodec`)."""
    return syntax in _LOSSLESS_JPEG or (syntax == _EXTENDED_JPEG and form.allocated == 16)


def _plugin(syntax: str, available: tuple[str, ...]) -> str:
    wanted = next((names for prefix, names in _CODECS if syntax.startswith(prefix)), ())
    found = next((name for name in wanted if name in available), None)
    if found is None:
        raise refusal("no_codec")
    return found


def _read(frame: Frame, into: Samples | None) -> Samples:
    form, source, kind = frame.form, frame.source, stored_type(frame)
    shape = (form.rows, form.columns)
    wanted = form.rows * form.columns * kind.itemsize
    fits = into is not None and into.flags.c_contiguous and into.itemsize == kind.itemsize and into.shape == shape
    target = into.view(kind) if into is not None and fits else np.empty(shape, kind)
    try:
        with source.stored.open() as stream:
            stream.seek(source.offset + (frame.number - 1) * wanted)
            got = stream.readinto(target.data.cast("B"))  # type: ignore[attr-defined]
    except OSError as error:
        raise InputError("the file cannot be read any more", zh="文件已无法读取") from error
    if got != wanted:
        raise refusal("short", declared=wanted, there=got)
    return target if kind.isnative else target.astype(kind.newbyteorder("="))
