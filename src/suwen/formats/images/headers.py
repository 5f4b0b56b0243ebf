"""The header of a DICOM object read leniently and within bounds: plain values by keyword, damaged ones absent."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from suwen.errors import FormatError, InputError, MissingExtraError

__all__ = ["DAMAGE", "TAGS", "Header", "guarded", "import_pydicom"]

# What pydicom and the codecs are known to raise on damaged input: all of it means "this object is not readable".
DAMAGE: tuple[type[BaseException], ...] = (
    ValueError,  # also UnicodeError and pydicom's BytesLengthException
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    NotImplementedError,
    RuntimeError,  # also RecursionError
    OSError,
    EOFError,
    AssertionError,
    struct.error,
    MemoryError,
    zlib.error,
)

# Every attribute this room reads, so that nothing else of a header is even kept: group, element, and how it is coded
# (t text, n number as text, u unsigned and s signed 16 bit, l 32 bit, f float, d double, q sequence).
TAGS: dict[str, tuple[int, str]] = {
    "SpecificCharacterSet": (0x00080005, "t"),
    "ImageType": (0x00080008, "t"),
    "SOPClassUID": (0x00080016, "t"),
    "SOPInstanceUID": (0x00080018, "t"),
    "Modality": (0x00080060, "t"),
    "ConversionType": (0x00080064, "t"),
    "ReferencedSeriesSequence": (0x00081115, "q"),
    "ReferencedSOPInstanceUID": (0x00081155, "t"),
    "SourceImageSequence": (0x00082112, "q"),
    "DerivationImageSequence": (0x00089124, "q"),
    "Manufacturer": (0x00080070, "t"),
    "SeriesDescription": (0x0008103E, "t"),
    "ManufacturerModelName": (0x00081090, "t"),
    "FrameType": (0x00089007, "t"),
    "BodyPartExamined": (0x00180015, "t"),
    "ScanningSequence": (0x00180020, "t"),
    "SliceThickness": (0x00180050, "n"),
    "KVP": (0x00180060, "n"),
    "RepetitionTime": (0x00180080, "n"),
    "EchoTime": (0x00180081, "n"),
    "InversionTime": (0x00180082, "n"),
    "EchoNumbers": (0x00180086, "n"),
    "MagneticFieldStrength": (0x00180087, "n"),
    "SpacingBetweenSlices": (0x00180088, "n"),
    "TriggerTime": (0x00181060, "n"),
    "DistanceSourceToDetector": (0x00181110, "n"),
    "DistanceSourceToPatient": (0x00181111, "n"),
    "EstimatedRadiographicMagnificationFactor": (0x00181114, "n"),
    "GantryDetectorTilt": (0x00181120, "n"),
    "ExposureTime": (0x00181150, "n"),
    "XRayTubeCurrent": (0x00181151, "n"),
    "Exposure": (0x00181152, "n"),
    "ImagerPixelSpacing": (0x00181164, "n"),
    "Grid": (0x00181166, "t"),
    "ConvolutionKernel": (0x00181210, "t"),
    "FlipAngle": (0x00181314, "n"),
    "NominalScannedPixelSpacing": (0x00182010, "n"),
    "ViewPosition": (0x00185101, "t"),
    "SequenceOfUltrasoundRegions": (0x00186011, "q"),
    "RegionSpatialFormat": (0x00186012, "u"),
    "RegionLocationMinX0": (0x00186018, "l"),
    "RegionLocationMinY0": (0x0018601A, "l"),
    "RegionLocationMaxX1": (0x0018601C, "l"),
    "RegionLocationMaxY1": (0x0018601E, "l"),
    "PhysicalUnitsXDirection": (0x00186024, "u"),
    "PhysicalUnitsYDirection": (0x00186026, "u"),
    "PhysicalDeltaX": (0x0018602C, "d"),
    "PhysicalDeltaY": (0x0018602E, "d"),
    "DiffusionDirectionality": (0x00189075, "t"),
    "DiffusionGradientDirectionSequence": (0x00189076, "q"),
    "EffectiveEchoTime": (0x00189082, "d"),
    "DiffusionBValue": (0x00189087, "d"),
    "DiffusionGradientOrientation": (0x00189089, "d"),
    "MREchoSequence": (0x00189114, "q"),
    "MRDiffusionSequence": (0x00189117, "q"),
    "CardiacSynchronizationSequence": (0x00189118, "q"),
    "MRImageFrameTypeSequence": (0x00189226, "q"),
    "CTImageFrameTypeSequence": (0x00189329, "q"),
    "StudyInstanceUID": (0x0020000D, "t"),
    "SeriesInstanceUID": (0x0020000E, "t"),
    "AcquisitionNumber": (0x00200012, "n"),
    "InstanceNumber": (0x00200013, "n"),
    "PatientOrientation": (0x00200020, "t"),
    "ImagePositionPatient": (0x00200032, "n"),
    "ImageOrientationPatient": (0x00200037, "n"),
    "FrameOfReferenceUID": (0x00200052, "t"),
    "ImageLaterality": (0x00200062, "t"),
    "Laterality": (0x00200060, "t"),
    "TemporalPositionIdentifier": (0x00200100, "n"),
    "StackID": (0x00209056, "t"),
    "FrameContentSequence": (0x00209111, "q"),
    "PlanePositionSequence": (0x00209113, "q"),
    "PlaneOrientationSequence": (0x00209116, "q"),
    "TemporalPositionIndex": (0x00209128, "l"),
    "NominalCardiacTriggerDelayTime": (0x00209153, "d"),
    "DimensionIndexValues": (0x00209157, "l"),
    "SamplesPerPixel": (0x00280002, "u"),
    "PhotometricInterpretation": (0x00280004, "t"),
    "PlanarConfiguration": (0x00280006, "u"),
    "NumberOfFrames": (0x00280008, "n"),
    "Rows": (0x00280010, "u"),
    "Columns": (0x00280011, "u"),
    "PixelSpacing": (0x00280030, "n"),
    "BitsAllocated": (0x00280100, "u"),
    "BitsStored": (0x00280101, "u"),
    "HighBit": (0x00280102, "u"),
    "PixelRepresentation": (0x00280103, "u"),
    "PixelPaddingValue": (0x00280120, "s"),
    "PixelPaddingRangeLimit": (0x00280121, "s"),
    "PixelSpacingCalibrationType": (0x00280A02, "t"),
    "WindowCenter": (0x00281050, "n"),
    "WindowWidth": (0x00281051, "n"),
    "RescaleIntercept": (0x00281052, "n"),
    "RescaleSlope": (0x00281053, "n"),
    "RescaleType": (0x00281054, "t"),
    "WindowCenterWidthExplanation": (0x00281055, "t"),
    "VOILUTFunction": (0x00281056, "t"),
    "LUTDescriptor": (0x00283002, "s"),
    "LUTData": (0x00283006, "s"),
    "ModalityLUTSequence": (0x00283000, "q"),
    "VOILUTSequence": (0x00283010, "q"),
    "LossyImageCompression": (0x00282110, "t"),
    "LossyImageCompressionRatio": (0x00282112, "n"),
    "PixelMeasuresSequence": (0x00289110, "q"),
    "FrameVOILUTSequence": (0x00289132, "q"),
    "PixelValueTransformationSequence": (0x00289145, "q"),
    "DetectorInformationSequence": (0x00540022, "q"),
    "Units": (0x00541001, "t"),
    "SegmentationType": (0x00620001, "t"),
    "SegmentSequence": (0x00620002, "q"),
    "SegmentNumber": (0x00620004, "u"),
    "SegmentLabel": (0x00620005, "t"),
    "SegmentIdentificationSequence": (0x0062000A, "q"),
    "ReferencedSegmentNumber": (0x0062000B, "u"),
    "MaximumFractionalValue": (0x0062000E, "u"),
    "SharedFunctionalGroupsSequence": (0x52009229, "q"),
    "PerFrameFunctionalGroupsSequence": (0x52009230, "q"),
}
_LIBRARIES = frozenset({"nibabel", "PIL", "pydicom"})
_CODES = {"u": "H", "s": "H", "l": "I", "f": "f", "d": "d"}


def import_pydicom() -> Any:
    """The pydicom package; MissingExtraError names the extra where it is not installed."""
    try:
        import pydicom  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("pydicom", "imaging") from error
    return pydicom


@contextmanager
def guarded(message: str, *, zh: str = "") -> Iterator[None]:
    """Turn whatever a parser or codec raises on damaged bytes into one FormatError with this message.

    Some libraries have errors of their own outside of `DAMAGE`, and codecs written in Rust panic outside of Exception.
    """
    try:
        yield
    except (InputError, MissingExtraError):
        raise
    except DAMAGE as error:
        raise FormatError(message, zh=zh) from error
    except _foreign() as error:
        raise FormatError(message, zh=zh) from error


def _foreign() -> tuple[type[BaseException], ...]:
    """Errors that libraries derive from Exception themselves, and the panic PyO3 derives from BaseException.

    They are looked for when something was raised, as no reader of pictures is imported before it is needed.
    """
    known = (*Exception.__subclasses__(), *BaseException.__subclasses__())
    return tuple(
        one for one in known if one.__name__ == "PanicException" or one.__module__.partition(".")[0] in _LIBRARIES
    )


class Header:
    """Attributes of a data set or of one item of a sequence, by keyword of `TAGS`; unreadable ones count as absent."""

    __slots__ = ("_set",)

    def __init__(self, dataset: Any) -> None:
        self._set = dataset

    def _raw(self, keyword: str) -> Any:
        try:
            return self._set.get_item(TAGS[keyword][0])
        except DAMAGE:
            return None

    def __contains__(self, keyword: str) -> bool:
        element = self._raw(keyword)
        return element is not None and element.value not in (None, b"", "")

    def words(self, keyword: str) -> tuple[str, ...]:
        """The values as text, stripped; () where absent or empty."""
        element = self._raw(keyword)
        value = None if element is None else element.value
        if isinstance(value, bytes):
            value = value.decode("ascii", "replace")
        elif value is not None and not isinstance(value, str):
            value = "\\".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        text = (value or "").strip(" \0")
        return tuple(one.strip(" \0") for one in text.split("\\")) if text else ()

    def word(self, keyword: str) -> str:
        """The first value as text, "" where absent."""
        return next(iter(self.words(keyword)), "")

    def text(self, keyword: str) -> str:
        """A text in the character set of the object, "" where absent or undecodable."""
        if self._raw(keyword) is None:
            return ""
        try:
            with guarded(""):
                return str(self._set[TAGS[keyword][0]].value).strip(" \0")
        except FormatError:
            return ""

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """The values as finite numbers; () where absent or where one of them is none."""
        code = TAGS[keyword][1]
        try:
            found = (
                tuple(float(one) for one in self.words(keyword))
                if code in "nt"
                else self._binary(keyword, _CODES[code])
            )
        except DAMAGE:
            return ()
        return found if all(map(math.isfinite, found)) else ()

    def _binary(self, keyword: str, code: str) -> tuple[float, ...]:
        element = self._raw(keyword)
        value: Any = None if element is None else element.value
        if not isinstance(value, bytes):
            many = value if hasattr(value, "__iter__") else (value,)
            return tuple(float(one) for one in many if one is not None)
        order = "<" if getattr(element, "is_little_endian", True) else ">"
        return struct.unpack(f"{order}{len(value) // struct.calcsize(code)}{code}", value)

    def number(self, keyword: str) -> float | None:
        """The first value as a number, None where absent."""
        return next(iter(self.numbers(keyword)), None)

    def whole(self, keyword: str) -> int | None:
        """The first value as a whole number, None where absent or a fraction."""
        found = self.number(keyword)
        return int(found) if found is not None and found == int(found) else None

    def items(self, keyword: str) -> tuple[Header, ...]:
        """The items of a sequence, () where absent or damaged."""
        if self._raw(keyword) is None:
            return ()
        try:
            with guarded(""):
                return tuple(Header(one) for one in self._set[TAGS[keyword][0]].value)
        except FormatError:
            return ()
