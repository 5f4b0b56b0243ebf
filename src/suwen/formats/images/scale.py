"""What a millimetre means on a projection, an ultrasound or a captured picture (DICOM PS3.3 10.7.1.3, C.8.5.5)."""

from __future__ import annotations

from suwen.errors import Problem
from suwen.formats.images.frames import Frame
from suwen.formats.images.geometry import affine_of, is_placed, normal_of
from suwen.formats.images.headers import Header
from suwen.formats.images.notices import notice, reason
from suwen.subject import Grid
from suwen.subject.grid import Scale

__all__ = ["flat_grid", "is_flat"]

Spacing = tuple[float, ...]
Found = tuple[Spacing, Scale, tuple[Problem, ...]]

_PROJECTIONS = frozenset(
    {"CR", "DX", "MG", "RG", "IO", "PX", "XA", "RF", "RTIMAGE", "XC", "GM", "OP", "ES", "SM", "DG"}
)
_ULTRASOUND = frozenset({"US", "IVUS"})
_RADIOGRAPHS = frozenset({"CR", "DX", "MG", "RG", "IO", "PX", "XA", "RF", "RTIMAGE"})
_SLICES = frozenset({"CT", "MR", "PT"})
_RECONSTRUCTED = ("1.2.840.10008.5.1.4.1.1.13.1.", "1.2.840.10008.5.1.4.1.1.6.2")  # tomosynthesis, rotation, 3-D echo
_MOSAIC = "MOSAIC"  # Siemens lays all slices of a moment side by side in one frame, and the place given is no corner
_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # a picture of a screen may carry the modality of what was shown on it
_CM = 3.0  # physical units of an ultrasound region (PS3.3 C.8.5.5.1.15)
_EQUAL = 1e-4  # share by which two spacings may differ and still be the same number, rounded


def is_flat(frame: Frame) -> bool:
    """Whether a frame is a picture by itself and no slice: radiograph, ultrasound, scout of CT, photograph, mosaic."""
    top = frame.source.header
    if frame.source.sop_class.startswith(_RECONSTRUCTED):
        return False
    if _MOSAIC in frame.image_type:
        return True
    scout = top.word("Modality") == "CT" and "LOCALIZER" in frame.image_type
    return scout or top.word("Modality") in _PROJECTIONS | _ULTRASOUND


def flat_grid(frame: Frame, stated: Spacing | None) -> tuple[Grid, tuple[Problem, ...]]:
    """The grid of one frame read as a flat image; the `stated` spacing (row, column; mm) serves where it has none."""
    shape = (frame.form.rows, frame.form.columns)
    spacing, scale, said = _found(frame)
    if not spacing:
        if stated is None:
            return Grid(shape), said
        return Grid(shape, stated, Scale.STATED), (notice("stated"),)
    if stated is not None:
        said = (*said, notice("stated_not_used"))
    placed = is_placed(frame) and scale in (Scale.PATIENT, Scale.DETECTOR) and frame.spacing == spacing
    affine = affine_of(normal_of(frame), frame, spacing) if placed else None
    return Grid(shape, spacing, scale, affine), said


def _found(frame: Frame) -> Found:
    top = frame.source.header
    modality = top.word("Modality")
    if _MOSAIC in frame.image_type:
        return (), Scale.NONE, (notice("mosaic"),)
    if modality in _ULTRASOUND or top.items("SequenceOfUltrasoundRegions"):
        return _ultrasound(top, frame)
    if modality == "CT" and "LOCALIZER" in frame.image_type and frame.spacing:
        return frame.spacing, Scale.DETECTOR, (notice("scout_scale"),)
    captured = frame.source.sop_class.startswith(_CAPTURE) and not is_placed(frame)
    if modality in _SLICES and frame.spacing and not captured:
        return frame.spacing, Scale.PATIENT, (notice("unplaced"),) if not is_placed(frame) else ()
    return _projected(frame, modality)


def _pair(header: Header, keyword: str) -> Spacing:
    found = header.numbers(keyword)
    return found if len(found) == 2 and all(1e-6 < one < 1e4 for one in found) else ()


def _same(one: Spacing, other: Spacing) -> bool:
    return all(abs(a - b) <= _EQUAL * max(a, b) for a, b in zip(one, other, strict=True))


def _projected(frame: Frame, modality: str) -> Found:
    """Pixel Spacing, Imager Pixel Spacing and what tells whether the first was corrected (PS3.3 10.7.1.3)."""
    top = frame.source.header
    pixel, imager = frame.spacing, _pair(top, "ImagerPixelSpacing")
    how = top.word("PixelSpacingCalibrationType").upper()
    if pixel and (how in ("GEOMETRY", "FIDUCIAL") or (imager and not _same(pixel, imager))):
        by = reason({"GEOMETRY": "geometry", "FIDUCIAL": "fiducial"}.get(how, "some_way"))
        return pixel, Scale.CALIBRATED, (notice("calibrated", how=by),)
    if imager:
        return _at_detector(top, imager)
    film = _pair(top, "NominalScannedPixelSpacing")
    if film:
        return film, Scale.DETECTOR, (notice("film"),)
    if pixel and modality in _RADIOGRAPHS | {"NM"}:
        return pixel, Scale.DETECTOR, (notice("not_said"),)
    if pixel:
        shown = " × ".join(f"{one:g}" for one in pixel)
        return (), Scale.NONE, (notice("not_trusted", spacing=shown),)
    return (), Scale.NONE, (notice("no_scale"),)


def _at_detector(top: Header, imager: Spacing) -> Found:
    """Spacing at the detector, divided by the estimated magnification where the header has it (above 1)."""
    factor = top.number("EstimatedRadiographicMagnificationFactor") or 0.0
    if factor > 1:
        spacing = tuple(one / factor for one in imager)
        return spacing, Scale.CALIBRATED, (notice("magnified", factor=factor),)
    return imager, Scale.DETECTOR, (notice("detector"),)


def _ultrasound(top: Header, frame: Frame) -> Found:
    """The scale of the region that is measured in centimetres both ways; None fits where regions differ."""
    regions = [
        one
        for one in top.items("SequenceOfUltrasoundRegions")
        if one.number("PhysicalUnitsXDirection") == _CM == one.number("PhysicalUnitsYDirection")
        and (one.number("PhysicalDeltaX") or 0) != 0 != (one.number("PhysicalDeltaY") or 0)
    ]
    if not regions:
        return (), Scale.NONE, (notice("no_scale"),)
    if any(_beyond(one, frame) for one in regions):
        return (), Scale.NONE, (notice("beyond"),)
    scales = [_delta(one) for one in regions]
    if not all(_same(scales[0], one) for one in scales):
        return (), Scale.NONE, (notice("regions"),)
    return scales[0], Scale.PATIENT, tuple(said for one in regions for said in _bounds(one, frame))


def _delta(region: Header) -> Spacing:
    down, across = region.number("PhysicalDeltaY") or 0.0, region.number("PhysicalDeltaX") or 0.0
    return abs(down) * 10, abs(across) * 10


def _edges(region: Header) -> tuple[int, int, int, int]:
    """First and last row, first and last column."""
    top, bottom, left, right = (
        int(region.number(f"RegionLocation{name}") or 0) for name in ("MinY0", "MaxY1", "MinX0", "MaxX1")
    )
    return top, bottom, left, right


def _beyond(region: Header, frame: Frame) -> bool:
    """Whether it reaches beyond the image; by one it may, as some count the last row and column from 1."""
    _, bottom, _, right = _edges(region)
    return bottom > frame.form.rows or right > frame.form.columns


def _bounds(region: Header, frame: Frame) -> tuple[Problem, ...]:
    edges = _edges(region)
    whole = edges[0] <= 0 and edges[2] <= 0 and edges[1] >= frame.form.rows - 1 and edges[3] >= frame.form.columns - 1
    if whole:
        return ()
    return (notice("region", top=edges[0], bottom=edges[1], left=edges[2], right=edges[3]),)
