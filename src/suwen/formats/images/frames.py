"""The frames of a DICOM object, each with its own place, rescale and what tells it from others of its series."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from suwen.formats.images.headers import Header
from suwen.formats.images.notices import refusal
from suwen.formats.images.objects import DicomObject

__all__ = ["Form", "Frame", "form_of", "frames_of", "not_an_image"]

_MAX_SIDE = 65_535
_MAX_FRAMES = 100_000
_UNSTATED = 0.0
_FARTHEST = 1e6  # mm: nobody is imaged a kilometre from the origin
_SHORTEST, _LONGEST = 1e-6, 1e4  # mm between samples, from electron microscopes to whole bodies

# What is no image by its SOP class (DICOM PS3.4 annex B.5 and PS3.6 annex A); the longest prefix that fits counts.
_OTHERS = {
    "1.2.840.10008.1.3.10": "index",
    "1.2.840.10008.5.1.4.1.1.9.": "waveform",
    "1.2.840.10008.5.1.4.1.1.11.": "presentation",
    "1.2.840.10008.5.1.4.1.1.66": "raw",
    "1.2.840.10008.5.1.4.1.1.66.1": "registration",
    "1.2.840.10008.5.1.4.1.1.66.3": "registration",
    "1.2.840.10008.5.1.4.1.1.66.4": "segmentation",
    "1.2.840.10008.5.1.4.1.1.66.5": "segmentation",
    "1.2.840.10008.5.1.4.1.1.66.7": "segmentation",
    "1.2.840.10008.5.1.4.1.1.88.": "report",
    "1.2.840.10008.5.1.4.1.1.104.": "document",
    "1.2.840.10008.5.1.4.1.1.481.": "radiotherapy",
    "1.2.840.10008.5.1.4.1.1.481.1": "",  # an RT image is a radiograph
    "1.2.840.10008.5.1.4.39.": "palette",
}
_OTHER_MODALITIES = {"SR": "report", "PR": "presentation", "SEG": "segmentation", "KO": "report", "REG": "registration"}


@dataclass(frozen=True, slots=True)
class Form:
    """How the samples of an object are coded (DICOM PS3.3 C.7.6.3)."""

    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    allocated: int
    stored: int
    high: int
    signed: bool

    @property
    def frame_bits(self) -> int:
        """Bits of one frame as it is declared."""
        return self.rows * self.columns * self.samples * self.allocated


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame: `number` counts from 1; the headers say where each of its facts stands (per frame, shared or top)."""

    source: DicomObject
    form: Form
    number: int = 1
    own: Header | None = None
    shared: Header | None = None

    def facts(self, sequence: str) -> Header:
        """Where the attributes of a functional group stand: in the frame's own group, the shared one, or on top."""
        for group in (self.own, self.shared):
            found = group.items(sequence) if group is not None else ()
            if found:
                return found[0]
        return self.source.header

    @cached_property
    def sop_instance(self) -> str:
        """UID of the object."""
        return self.source.sop_instance

    @cached_property
    def position(self) -> tuple[float, ...]:
        """Centre of the first sample (x, y, z; mm, LPS), () where absent or damaged."""
        found = self.facts("PlanePositionSequence").numbers("ImagePositionPatient")
        if not found:
            detectors = self.source.header.items("DetectorInformationSequence")
            if len(detectors) == 1 and self.form.frames == 1:
                found = detectors[0].numbers("ImagePositionPatient")
        return found if len(found) == 3 and max(map(abs, found)) < _FARTHEST else ()

    @cached_property
    def orientation(self) -> tuple[float, ...]:
        """Directions along a row and along a column, six numbers, () where absent or damaged."""
        found = self.facts("PlaneOrientationSequence").numbers("ImageOrientationPatient")
        if not found:
            detectors = self.source.header.items("DetectorInformationSequence")
            found = detectors[0].numbers("ImageOrientationPatient") if len(detectors) == 1 else ()
        return found if len(found) == 6 and max(map(abs, found)) < 2 else ()

    @cached_property
    def measures(self) -> Header:
        """Where pixel spacing and slice thickness stand."""
        return self.facts("PixelMeasuresSequence")

    @cached_property
    def spacing(self) -> tuple[float, ...]:
        """Pixel Spacing (between rows, between columns; mm), () where absent, damaged or not above 0."""
        found = self.measures.numbers("PixelSpacing")
        return found if len(found) == 2 and all(_SHORTEST < one < _LONGEST for one in found) else ()

    @cached_property
    def thickness(self) -> float:
        """Slice Thickness (mm), 0 where absent or no length."""
        found = self.measures.number("SliceThickness") or 0.0
        return found if _SHORTEST < found < _LONGEST else 0.0

    @cached_property
    def image_type(self) -> tuple[str, ...]:
        """Frame Type or Image Type in capitals."""
        for sequence in ("MRImageFrameTypeSequence", "CTImageFrameTypeSequence"):
            found = self.facts(sequence).words("FrameType")
            if found:
                return tuple(one.upper() for one in found)
        return tuple(one.upper() for one in self.source.header.words("ImageType"))

    @cached_property
    def kind(self) -> tuple[object, ...]:
        """What separates images for certain: series, modality, size, image type, echo, b-value, stack, reference."""
        top = self.source.header
        echo = self.facts("MREchoSequence")
        return (
            top.word("SeriesInstanceUID"),
            top.word("Modality"),
            self.form.rows,
            self.form.columns,
            self.form.samples,
            self.image_type,
            top.word("EchoNumbers"),
            echo.number("EffectiveEchoTime") or top.number("EchoTime") or _UNSTATED,
            top.number("InversionTime") or _UNSTATED,
            self.facts("MRDiffusionSequence").number("DiffusionBValue") or _UNSTATED,
            self.facts("FrameContentSequence").word("StackID"),
            top.word("FrameOfReferenceUID"),
            tuple(round(one, 5) for one in self.spacing),
            (self.source.pixels, self.form.photometric == "MONOCHROME1"),
            self.source.stored.name if self.form.frames > 1 or top.items("ModalityLUTSequence") else "",
        )

    @cached_property
    def moments(self) -> tuple[object, ...]:
        """What may separate images that lie at the same places: time, direction, heart phase, acquisition."""
        top, content = self.source.header, self.facts("FrameContentSequence")
        diffusion = self.facts("MRDiffusionSequence")
        directions = diffusion.items("DiffusionGradientDirectionSequence") or (diffusion,)
        heart = self.facts("CardiacSynchronizationSequence").number("NominalCardiacTriggerDelayTime")
        return (
            content.number("TemporalPositionIndex") or top.number("TemporalPositionIdentifier"),
            (diffusion.word("DiffusionDirectionality"), directions[0].numbers("DiffusionGradientOrientation")),
            heart if heart is not None else top.number("TriggerTime"),
            top.number("AcquisitionNumber"),
        )

    @cached_property
    def order(self) -> tuple[float, int, str]:
        """The order in which frames were numbered, for those that have no place."""
        return self.source.header.number("InstanceNumber") or 0.0, self.number, self.sop_instance


def not_an_image(source: DicomObject) -> str:
    """What an object is when it is no image ("report", "segmentation", "radiotherapy" ...), "" for images."""
    sop_class = source.sop_class
    fitting = [
        prefix for prefix in _OTHERS if sop_class == prefix or (prefix[-1] == "." and sop_class.startswith(prefix))
    ]
    exact = max(fitting, key=len, default="")
    return _OTHERS[exact] if exact else _OTHER_MODALITIES.get(source.header.word("Modality"), "")


def form_of(source: DicomObject) -> Form:
    """Read and check how the samples are coded; nothing declared is believed beyond what the file can hold.

    Raises:
        FormatError: a needed attribute is absent or contradicts another, or the file is shorter than it declares.

    """
    header = source.header
    found = {
        name: header.whole(name)
        for name in ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel")
    }
    frames = header.whole("NumberOfFrames") if "NumberOfFrames" in header else 1
    allocated = found["BitsAllocated"] or 0
    stored = found["BitsStored"] or allocated
    form = Form(
        rows=found["Rows"] or 0,
        columns=found["Columns"] or 0,
        frames=frames if frames is not None else 0,
        samples=found["SamplesPerPixel"] or 1,
        photometric=header.word("PhotometricInterpretation").upper() or "MONOCHROME2",
        allocated=allocated,
        stored=stored,
        high=stored - 1 if found["HighBit"] is None else found["HighBit"],
        signed=header.whole("PixelRepresentation") == 1,
    )
    _require(form)
    _require_bytes(source, form)
    return form


def _require(form: Form) -> None:
    if not (0 < form.rows <= _MAX_SIDE and 0 < form.columns <= _MAX_SIDE):
        raise refusal("no_size")
    if not 0 < form.frames <= _MAX_FRAMES:
        raise refusal("frames", most=_MAX_FRAMES)
    if form.samples not in (1, 3) or form.allocated not in (1, 8, 16, 32, 64):
        raise refusal("samples", samples=form.samples, bits=form.allocated)
    if not 0 < form.stored <= form.allocated or not form.stored - 1 <= form.high < form.allocated:
        raise refusal("bits", stored=form.stored, high=form.high, allocated=form.allocated)


def _require_bytes(source: DicomObject, form: Form) -> None:
    at_hand = source.stored.size - source.offset
    if not source.native:
        if form.frames > max(at_hand // 8, 1):  # a fragment has a header of eight bytes (PS3.5 annex A.4)
            raise refusal("fragments")
        return
    bits = form.frame_bits * form.frames
    if form.photometric == "YBR_FULL_422":
        bits = bits * 2 // 3
    declared, there = (bits + 7) // 8, min(source.length, at_hand)
    if declared > there:
        raise refusal("short", declared=declared, there=there)


def frames_of(source: DicomObject) -> tuple[Frame, ...]:
    """Every frame of an object, in the order stored; FormatError as of `form_of`."""
    form = form_of(source)
    per_frame = source.header.items("PerFrameFunctionalGroupsSequence")
    shared = next(iter(source.header.items("SharedFunctionalGroupsSequence")), None)
    if per_frame and len(per_frame) != form.frames:
        raise refusal("groups", frames=form.frames, described=len(per_frame))
    return tuple(
        Frame(source, form, number + 1, per_frame[number] if per_frame else None, shared)
        for number in range(form.frames)
    )
