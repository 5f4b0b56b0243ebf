"""DICOM segmentations read: frames laid by their positions into one array of labels, with the names of the segments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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

__all__ = ["read_segmentation"]

Found = tuple[NDArray[Any], Grid, tuple[tuple[int, str], ...]]

_HALF = 0.5  # a fraction from which a sample belongs to a segment (DICOM PS3.3 C.8.20.2: fractions of a maximum)
_SAME = 1e-2  # mm
_MOST_SLICES = 20_000


def read_segmentation(stored: Stored, budget: Budget) -> Found:
    """Labels (slices, rows, columns), their grid, and the names by segment number of a DICOM SEG.

    Raises:
        FormatError: it is no segmentation, or damaged, or its frames are not placed on one even grid.
        InputError: segments overlap, or it is larger than the budget.

    """
    source = open_object(stored, budget)
    if not_an_image(source) != "segmentation" or not source.pixels:
        raise FormatError("this DICOM object is no segmentation with samples")
    frames = frames_of(source)
    if not all(is_placed(one) and one.spacing for one in frames):
        raise FormatError("the frames of this segmentation are not placed in the patient")
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
        raise InputError("segments of this mask overlap: one number a sample cannot say so; give them as single files")
    target[inside] = label[inside] if isinstance(label, np.ndarray) else label


def _number(frame: Frame) -> int:
    found = frame.facts("SegmentIdentificationSequence").whole("ReferencedSegmentNumber")
    if found is None or not 0 < found < 65536:
        raise FormatError("a frame of this segmentation does not say which segment it shows")
    return found


def _names(source: DicomObject) -> tuple[tuple[int, str], ...]:
    items: Sequence[Header] = source.header.items("SegmentSequence")
    return tuple((number, one.text("SegmentLabel")) for one in items if (number := one.whole("SegmentNumber")))


def _grid(frames: Sequence[Frame]) -> tuple[list[int], Grid]:
    """The slice each frame lies in, and the even grid of all of them; empty slices between are part of it."""
    first, normal = frames[0], normal_of(frames[0])
    if any(np.abs(np.subtract(one.orientation, first.orientation)).max() > 1e-3 for one in frames):
        raise FormatError("the frames of this segmentation lie in different directions")
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
        raise FormatError("the frames of this segmentation lie too far apart")
    vector = (positions[slices.argmax()] - positions[origin]) / far if far else normal * step
    off = positions - (positions[origin] + slices[:, None] * vector)
    if np.linalg.norm(off, axis=1).max() > max(_SAME, step / 10):
        raise FormatError("the frames of this segmentation are not on one even grid")
    shape = (far + 1, first.form.rows, first.form.columns)
    spacing = (float(np.linalg.norm(vector)), *first.spacing)
    return slices.tolist(), Grid(shape, spacing, Scale.PATIENT, affine_of(vector, frames[origin], first.spacing))
