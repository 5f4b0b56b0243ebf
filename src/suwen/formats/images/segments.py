"""DICOM segmentations read: frames laid by their positions into arrays of labels, with the names of the segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError, InputError
from suwen.formats.images.budget import Budget
from suwen.formats.images.decoding import Decoder
from suwen.formats.images.frames import Frame, frames_of, not_an_image
from suwen.formats.images.geometry import affine_of, is_placed, normal_of
from suwen.formats.images.headers import Header
from suwen.formats.images.objects import DicomObject, open_object
from suwen.formats.images.stored import Stored
from suwen.subject import Grid
from suwen.subject.grid import Scale

__all__ = ["Segments", "read_segmentation", "read_segments"]

Found = tuple[NDArray[Any], Grid, tuple[tuple[int, str], ...]]

_HALF = 0.5  # a fraction from which a sample belongs to a segment (DICOM PS3.3 C.8.20.2: fractions of a maximum)
_SAME = 1e-2  # mm
_MOST_SLICES = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """A segmentation whose segments may overlap: each of `planes` holds labels of which none lies over another.

    Planes have the shape (slices, rows, columns) of `grid`; where the segmentation is not placed in the patient `grid`
    is None, the only slice lies pixel on pixel on the image it names. `names` are by segment number; `series` and
    `images` the UIDs of what was outlined, as far as they are said.
    """

    planes: tuple[NDArray[np.uint16], ...]
    names: tuple[tuple[int, str], ...]
    grid: Grid | None
    series: str
    images: frozenset[str]


def read_segments(stored: Stored, budget: Budget) -> Segments:
    """Labels of a DICOM SEG, laid apart where segments overlap.

    Raises:
        FormatError: it is no segmentation, or damaged, or its frames lie neither on one even grid nor on one image.
        InputError: it is larger than the budget.

    """
    source = open_object(stored, budget)
    if not_an_image(source) != "segmentation" or not source.pixels:
        raise FormatError("this DICOM object is no segmentation with samples", zh="该 DICOM 对象不是含采样值的分割")
    frames = frames_of(source)
    named = frozenset(one for frame in frames for one in _images(frame))
    slices, grid = _laid(frames, named)
    shape = grid.shape if grid is not None else (1, frames[0].form.rows, frames[0].form.columns)
    planes: list[NDArray[np.uint16]] = []
    with Decoder(budget) as decoder:
        for masked in _by_segment(frames, slices):
            budget.require(int(np.prod(shape)) * 2)
            one = np.zeros(shape, np.uint16)
            _fill(one, masked, decoder)
            _add(planes, one, budget)
    return Segments(tuple(planes), _names(source), grid, _series(source), named)


def _laid(frames: Sequence[Frame], named: frozenset[str]) -> tuple[list[int], Grid | None]:
    if all(is_placed(one) and one.spacing for one in frames):
        return _grid(frames)
    if len(named) == 1:
        return [0] * len(frames), None
    raise FormatError(
        "the frames of this segmentation are not placed in the patient", zh="该分割的各帧未在患者体内定位"
    )


def _by_segment(frames: Sequence[Frame], slices: Sequence[int]) -> Iterator[list[tuple[Frame, int]]]:
    """Frames with their slices, those of each segment together; a label map holds all of its segments at once."""
    groups: dict[int, list[tuple[Frame, int]]] = {}
    for frame, at in zip(frames, slices, strict=True):
        whole = frame.source.header.word("SegmentationType") == "LABELMAP"
        groups.setdefault(0 if whole else _number(frame), []).append((frame, at))
    yield from (groups[number] for number in sorted(groups))


def _add(planes: list[NDArray[np.uint16]], one: NDArray[np.uint16], budget: Budget) -> None:
    """Lay a segment into the first plane in which nothing is in its way."""
    inside = one > 0
    for plane in planes:
        if not plane[inside].any():
            plane[inside] = one[inside]
            return
    budget.take(one.nbytes)
    planes.append(one)


def _images(frame: Frame) -> Iterator[str]:
    for group in (frame.own, frame.shared):
        for derivation in group.items("DerivationImageSequence") if group is not None else ():
            for one in derivation.items("SourceImageSequence"):
                yield one.word("ReferencedSOPInstanceUID")


def _series(source: DicomObject) -> str:
    found = source.header.items("ReferencedSeriesSequence")
    return found[0].word("SeriesInstanceUID") if found else ""


def read_segmentation(stored: Stored, budget: Budget) -> Found:
    """Labels (slices, rows, columns), their grid, and the names by segment number of a DICOM SEG.

    Raises:
        FormatError: it is no segmentation, or damaged, or its frames are not placed on one even grid.
        InputError: segments overlap, or it is larger than the budget.

    """
    source = open_object(stored, budget)
    if not_an_image(source) != "segmentation" or not source.pixels:
        raise FormatError("this DICOM object is no segmentation with samples", zh="该 DICOM 对象不是含采样值的分割")
    frames = frames_of(source)
    if not all(is_placed(one) and one.spacing for one in frames):
        raise FormatError(
            "the frames of this segmentation are not placed in the patient", zh="该分割的各帧未在患者体内定位"
        )
    slices, grid = _grid(frames)
    budget.take(int(np.prod(grid.shape)) * 2)
    labels = np.zeros(grid.shape, np.uint16)
    with Decoder(budget) as decoder:
        _fill(labels, zip(frames, slices, strict=True), decoder)
    return labels, grid, _names(source)


def _fill(labels: NDArray[np.uint16], frames: Iterable[tuple[Frame, int]], decoder: Decoder) -> None:
    """Lay every frame into its slice: numbers as they are, or the samples of one segment."""
    for frame, at in frames:
        header, samples = frame.source.header, decoder.samples(frame)
        kind = header.word("SegmentationType")
        if kind == "LABELMAP":
            _lay(labels[at], samples > 0, samples)
        elif kind == "FRACTIONAL":
            most = header.number("MaximumFractionalValue") or 255.0
            _lay(labels[at], samples >= most * _HALF, _number(frame))
        else:
            _lay(labels[at], samples > 0, _number(frame))


def _lay(target: NDArray[np.uint16], inside: NDArray[np.bool_], label: Any) -> None:
    if np.any(target[inside]):
        raise InputError(
            "segments of this mask overlap: one number a sample cannot say so; give them as single files",
            zh="该掩膜的各分割区重叠，无法用每个采样点一个数表示；请分别给出文件",
        )
    target[inside] = label[inside] if isinstance(label, np.ndarray) else label


def _number(frame: Frame) -> int:
    found = frame.facts("SegmentIdentificationSequence").whole("ReferencedSegmentNumber")
    if found is None or not 0 < found < 65536:
        raise FormatError(
            "a frame of this segmentation does not say which segment it shows", zh="该分割有一帧未说明所示的分割区"
        )
    return found


def _names(source: DicomObject) -> tuple[tuple[int, str], ...]:
    items: Sequence[Header] = source.header.items("SegmentSequence")
    return tuple((number, one.text("SegmentLabel")) for one in items if (number := one.whole("SegmentNumber")))


def _grid(frames: Sequence[Frame]) -> tuple[list[int], Grid]:
    """The slice each frame lies in, and the even grid of all of them; empty slices between are part of it."""
    first, normal = frames[0], normal_of(frames[0])
    if any(np.abs(np.subtract(one.orientation, first.orientation)).max() > 1e-3 for one in frames):
        raise FormatError("the frames of this segmentation lie in different directions", zh="该分割的各帧方向不同")
    positions = np.array([one.position for one in frames])
    along = positions @ normal
    places = np.unique(np.round(along / _SAME)) * _SAME
    gaps = np.diff(places)
    measured = first.measures.number("SpacingBetweenSlices") or first.measures.number("SliceThickness") or 0.0
    step = measured if measured > 0 else float(gaps.min()) if len(gaps) else 1.0
    if len(gaps) and abs(gaps.min() / step - round(gaps.min() / step)) > _SAME * 10:
        step = float(gaps.min())
    slices = np.rint((along - along.min()) / step).astype(int)
    origin = int(along.argmin())
    far = int(slices.max())
    if far >= _MOST_SLICES:
        raise FormatError("the frames of this segmentation lie too far apart", zh="该分割的各帧相距过远")
    vector = (positions[slices.argmax()] - positions[origin]) / far if far else normal * step
    off = positions - (positions[origin] + slices[:, None] * vector)
    if np.linalg.norm(off, axis=1).max() > max(_SAME, step / 10):
        raise FormatError(
            "the frames of this segmentation are not on one even grid", zh="该分割的各帧不在同一均匀网格上"
        )
    shape = (far + 1, first.form.rows, first.form.columns)
    spacing = (float(np.linalg.norm(vector)), *first.spacing)
    return slices.tolist(), Grid(shape, spacing, Scale.PATIENT, affine_of(vector, frames[origin], first.spacing))
