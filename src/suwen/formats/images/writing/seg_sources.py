"""Headers of sources made fit for a segmentation: what slices share said once, what has no place treated as flat."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from suwen.errors import InputError
from suwen.formats.images.writing.dicom import load
from suwen.formats.images.writing.source import Origin
from suwen.subject import Grid

__all__ = ["fitted", "stands_alone"]

_SHARED = ("PixelMeasuresSequence", "PlaneOrientationSequence")
_ALIKE = 1e-3  # of a direction: what scanners round differently from slice to slice


def stands_alone(origin: Origin) -> bool:
    """Whether this is one frame of many that has no place in the patient: it stands for itself, as radiographs do."""
    return origin.frames(0) is not None and not _has_place(origin.first)


def fitted(origin: Origin, grid: Grid) -> list[Any]:
    """Copies of the headers as the Segmentation of highdicom wants them; the originals stay as they were read.

    Raises InputError: slices lean differently, or several frames of a source have no place in the patient.
    """
    if stands_alone(origin):
        if len(origin.places) > 1:
            raise InputError(
                "the frames of this source have no place in the patient; write one for each frame",
                zh="该来源的各帧未在患者体内定位；请为每帧各写一个",
            )
        return [_alone(origin.first, grid)]
    headers = [_copied(header) for header in origin.headers]
    for header in headers:
        if "PerFrameFunctionalGroupsSequence" in header:
            header.SharedFunctionalGroupsSequence = [_shared(header)]
        elif "ImageOrientationPatient" in header:
            _straighten(header, headers[0])
            if "SliceThickness" not in header and grid.spacing:
                header.SliceThickness = round(grid.spacing[0], 6)
            if "SpacingBetweenSlices" in header:  # often wrong or below 0; it is taken from where the slices lie
                del header.SpacingBetweenSlices
    return headers


def _has_place(header: Any) -> bool:
    return load("highdicom").spatial.get_image_coordinate_system(header) is not None


def _copied(dataset: Any) -> Any:
    made = load("pydicom").Dataset()
    for element in dataset:
        made.add(copy.copy(element))  # a value set later is set in the element
    if hasattr(dataset, "file_meta"):
        made.file_meta = dataset.file_meta
    return made


def _alone(header: Any, grid: Grid) -> Any:
    hd = load("highdicom")
    alone = _copied(header)
    measures = load("pydicom").Dataset()
    tall, wide = grid.spacing[-2:] if grid.spacing else (1.0, 1.0)
    measures.PixelMeasuresSequence = hd.PixelMeasuresSequence(pixel_spacing=(tall, wide), slice_thickness=None)
    alone.SharedFunctionalGroupsSequence = [measures]
    if "PerFrameFunctionalGroupsSequence" in alone:
        del alone.PerFrameFunctionalGroupsSequence
    alone.NumberOfFrames = 1
    return alone


def _shared(header: Any) -> Any:
    """The shared functional groups, with the spacing and orientation that some devices say frame by frame."""
    given = header.get("SharedFunctionalGroupsSequence")
    shared = _copied(given[0]) if given else load("pydicom").Dataset()
    for keyword in _SHARED:
        if keyword not in shared and keyword in header.PerFrameFunctionalGroupsSequence[0]:
            shared.add(header.PerFrameFunctionalGroupsSequence[0][keyword])
    return shared


def _straighten(header: Any, first: Any) -> None:
    """Slices of one volume lie alike; the last digits of some scanners do not."""
    own, shared = (np.array(one.ImageOrientationPatient, float) for one in (header, first))
    if np.abs(own - shared).max() > _ALIKE:
        raise InputError(
            "the slices of this image do not lie alike; write a segmentation for each part that does",
            zh="该图像的各层方位不同；请为方位相同的各部分分别写分割",
        )
    header.ImageOrientationPatient = first.ImageOrientationPatient
