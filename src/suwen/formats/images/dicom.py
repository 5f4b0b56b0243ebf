"""DICOM objects made into images: radiographs one by one, slices joined to volumes where they lie on one grid."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from suwen.errors import FormatError, InputError, Problem
from suwen.formats.images.budget import Budget
from suwen.formats.images.decoding import Decoder
from suwen.formats.images.frames import Frame
from suwen.formats.images.geometry import Placed, place
from suwen.formats.images.headers import TAGS, Header
from suwen.formats.images.notices import notice, unreadable
from suwen.formats.images.nouns import Image, Source, View, Window
from suwen.formats.images.pixels import Samples, samples_of
from suwen.formats.images.scale import flat_grid, is_flat
from suwen.formats.images.series import stacks_of, without_copies

__all__ = ["DicomReading", "read_frames"]

Spacing = tuple[float, ...]
Progress = Callable[[int, int], None]

_VIEWS = {
    "PA": View.PA,
    "AP": View.AP,
    **dict.fromkeys(("LL", "RL", "LATERAL", "LAT", "LLAT", "RLAT"), View.LATERAL),
}
# Technical facts of a header that name nobody; numbers are kept only where they are numbers.
_ACQUIRED = (
    "Manufacturer", "ManufacturerModelName", "ImageType", "KVP", "XRayTubeCurrent", "ExposureTime", "Exposure", "Grid",
    "DistanceSourceToDetector", "DistanceSourceToPatient", "ConvolutionKernel", "SliceThickness", "GantryDetectorTilt",
    "MagneticFieldStrength", "ScanningSequence", "RepetitionTime", "EchoTime", "InversionTime", "FlipAngle",
    "PatientOrientation",
)  # fmt: skip
_LOSSY = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81")


@dataclass(slots=True)
class DicomReading:
    """Images read so far and what was left out."""

    budget: Budget
    decoder: Decoder
    stated: Spacing | None = None
    progress: Progress = lambda _done, _all: None
    images: list[Image] = field(default_factory=list)
    left_out: list[Problem] = field(default_factory=list)
    done: int = 0
    total: int = 0


def read_frames(frames: Sequence[Frame], reading: DicomReading) -> None:
    """Make images of the frames of one study and add them to `reading`; what is damaged is left out and named."""
    reading.total = len(frames)
    marks: dict[tuple[int, int], object] = {}

    def mark(frame: Frame) -> object:
        name = (id(frame.source), frame.number)
        if name not in marks:
            marks[name] = _mark(frame, reading.decoder)
        return marks[name]

    flat = [one for one in frames if is_flat(one)]
    kept, copies = without_copies(sorted(flat, key=lambda one: one.order), mark)
    said = (notice("copies", count=copies),) if copies else ()
    for frame in kept:
        _read_flat(frame, said, reading)
    for stack in stacks_of([one for one in frames if not is_flat(one)], mark):
        if stack.placed:
            _read_placed(stack.frames, tuple(stack.noticed), reading)
        else:
            for frame in stack.frames:
                _read_flat(frame, tuple(stack.noticed), reading)
    reading.images[:] = _with_ids(reading.images)


def _mark(frame: Frame, decoder: Decoder) -> object:
    """What two frames of the same samples have in common; a damaged frame is like no other."""
    try:
        samples = decoder.samples(frame)
    except InputError:
        return object()
    return frame.form, hashlib.blake2b(np.ascontiguousarray(samples).data).digest()


def _read_flat(frame: Frame, said: tuple[Problem, ...], reading: DicomReading) -> None:
    grid, noticed = flat_grid(frame, reading.stated)
    of_many = (notice("cine", number=frame.number, count=frame.form.frames),) if frame.form.frames > 1 else ()
    placed = Placed((frame,), grid, (*said, *noticed, *of_many))
    try:
        reading.images.append(_image(placed, reading))
    except InputError as error:
        _leave_out(frame, error, reading)


def _read_placed(frames: Sequence[Frame], said: tuple[Problem, ...], reading: DicomReading) -> None:
    """Volumes of frames in order; a frame that cannot be decoded is left out, and the gap it leaves is noticed."""
    for placed in place(frames):
        whole = Placed(placed.frames, placed.grid, (*said, *placed.noticed))
        try:
            reading.images.append(_image(whole, reading))
        except FormatError as error:
            sound = _sound(placed.frames, reading)
            if sound and len(sound) < len(placed.frames):
                _read_placed(sound, said, reading)
            elif sound:
                _leave_out(placed.frames[0], error, reading)
        except InputError as error:
            _leave_out(placed.frames[0], error, reading)


def _sound(frames: Sequence[Frame], reading: DicomReading) -> list[Frame]:
    """The frames that can be decoded; the others are left out by name."""
    sound = []
    for frame in frames:
        try:
            reading.decoder.samples(frame)
        except InputError as error:
            _leave_out(frame, error, reading)
        else:
            sound.append(frame)
    return sound


def _leave_out(frame: Frame, error: Exception, reading: DicomReading) -> None:
    reading.left_out.append(unreadable(frame.source.stored.name, error))


def _image(placed: Placed, reading: DicomReading) -> Image:
    frames, grid, first = placed.frames, placed.grid, placed.frames[0]
    done = reading.done
    samples = samples_of(
        frames, reading.decoder, reading.budget, lambda count: reading.progress(done + count, reading.total)
    )
    reading.done += len(frames)
    top = first.source.header
    return Image(
        id=_name(first, len(grid.shape) == 2),
        values=samples.values.reshape(grid.shape),
        grid=grid,
        modality=top.word("Modality"),
        unit=samples.unit,
        body_part=top.word("BodyPartExamined"),
        view=_VIEWS.get(top.word("ViewPosition").upper(), View.UNKNOWN),
        laterality=top.word("ImageLaterality") or top.word("Laterality"),
        description=top.text("SeriesDescription"),
        windows=_windows(first, samples),
        sources=tuple(_source(one) for one in frames),
        acquired=_acquired(top),
        noticed=(*placed.noticed, *samples.noticed, *_remarks(frames)),
    )


def _source(frame: Frame) -> Source:
    return Source(frame.source.sop_class, frame.sop_instance, frame.number, frame.source.stored.path)


def _name(frame: Frame, flat: bool) -> str:
    series, own = frame.source.header.word("SeriesInstanceUID"), frame.sop_instance
    if flat and own:
        return own if frame.form.frames == 1 else f"{own}#{frame.number}"
    return series or own or hashlib.sha256(frame.source.stored.name.encode()).hexdigest()[:16]


def _with_ids(images: Sequence[Image]) -> list[Image]:
    """The images with ids that differ: a second of one series ends with #2, a third with #3."""
    seen: Counter[str] = Counter()
    made = []
    for image in images:
        seen[image.id] += 1
        made.append(image if seen[image.id] == 1 else replace(image, id=f"{image.id}#{seen[image.id]}"))
    return made


def _windows(frame: Frame, samples: Samples) -> tuple[Window, ...]:
    """The windows of the header, in the unit of the values; turned over with them (DICOM PS3.3 C.11.2.1.2)."""
    facts = frame.facts("FrameVOILUTSequence")
    centres, widths = facts.numbers("WindowCenter"), facts.numbers("WindowWidth")
    names = facts.words("WindowCenterWidthExplanation")
    linear = facts.word("VOILUTFunction").upper() in ("", "LINEAR")
    made = []
    for at, (centre, width) in enumerate(zip(centres, widths, strict=False)):
        middle = centre if samples.mirror is None else samples.mirror - centre + (1 if linear else 0)
        if width > 0:
            made.append(Window(middle, width, names[at] if at < len(names) else ""))
    return tuple(made)


def _acquired(top: Header) -> tuple[tuple[str, str], ...]:
    found = []
    for keyword in _ACQUIRED:
        words = top.words(keyword)
        if words and (TAGS[keyword][1] != "n" or top.numbers(keyword)):
            found.append((keyword, "\\".join(words)))
    return tuple(found)


def _remarks(frames: Sequence[Frame]) -> list[Problem]:
    made = [notice("localizer")] if "LOCALIZER" in frames[0].image_type else []
    if any(one.source.header.word("LossyImageCompression") == "01" or one.source.syntax in _LOSSY for one in frames):
        ratio = max(one.source.header.number("LossyImageCompressionRatio") or 0.0 for one in frames)
        made.append(notice("lossy_ratio", ratio=ratio) if ratio > 1 else notice("lossy"))
    if any(one.source.header.items("VOILUTSequence") for one in frames[:1]):
        made.append(notice("display_table"))
    return made
