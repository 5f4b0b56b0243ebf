"""Write masks as a DICOM segmentation: several binary segments, each coded, on the very pixels of the source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError, Problem
from suwen.formats.images.nouns import Image
from suwen.formats.images.writing.dicom import Clock, MakeUid, building, concept, equipment, load, stamp, write_object
from suwen.formats.images.writing.nouns import SUWEN, Language, Segment, Software, Written
from suwen.formats.images.writing.seg_sources import fitted, stands_alone
from suwen.formats.images.writing.source import Origin, read_origin

__all__ = ["write_seg"]

SERIES_NUMBER = 7001  # far above the numbers a scanner gives


def write_seg(
    path: Path,
    image: Image,
    segments: Sequence[Segment],
    *,
    clock: Clock,
    uid: MakeUid,
    lang: Language = "en",
    software: Software = SUWEN,
) -> Written:
    """Write `segments` as one Segmentation object (DICOM PS3.3 A.51) of the study of `image`.

    Slices without a mask are left out; an object whose masks are all empty keeps them all. A radiograph without a place
    in the patient gets none here: its segmentation lies pixel on pixel on the image it names (Derivation Image macro),
    which is what the standard asks where the source has no frame of reference.

    Raises:
        InputError: masks do not fit the image, the image is not from DICOM files, or its header cannot carry them.
        DataError: the file cannot be written.

    """
    _require_fit(image, segments)
    origin = read_origin(image)
    _require_frames(image, origin)
    sources = fitted(origin, image.grid)
    hd = load("highdicom")
    with building("a segmentation"):
        made = hd.seg.Segmentation(
            source_images=sources,
            pixel_array=_pixels(image, segments, origin),
            segmentation_type="BINARY",
            segment_descriptions=[_described(one, number, uid, lang) for number, one in enumerate(segments, 1)],
            series_instance_uid=uid(),
            series_number=SERIES_NUMBER,
            sop_instance_uid=uid(),
            instance_number=1,
            content_label="SEGMENTATION",
            content_description={"en": "Segmentation by software", "zh": "软件分割"}[lang],
            series_description={"en": "Segmentation", "zh": "分割"}[lang],
            **equipment(software),
        )
        if "FrameOfReferenceUID" not in made:  # then the sides of the picture are known from nothing else
            made.PatientOrientation = origin.first.get("PatientOrientation")
            _drop_measures(made)
        if stands_alone(origin):
            _name_frame(made, origin.places[0][1])
        stamp(made, origin.first, clock=clock, uid=uid)
    return write_object(path, made)


def _require_fit(image: Image, segments: Sequence[Segment]) -> None:
    problems = [
        Problem(
            f"segment {number}",
            f"its mask has the shape {one.mask.shape}, the image {image.values.shape}",
            zh_what=f"其掩膜的形状为 {one.mask.shape}，图像为 {image.values.shape}",
        )
        for number, one in enumerate(segments, 1)
        if one.mask.shape != image.values.shape
    ]
    problems += [
        Problem(
            f"segment {number}",
            f"its mask holds {one.mask.dtype}",
            "give True and False",
            zh_what=f"其掩膜的类型为 {one.mask.dtype}",
            zh_remedy="请给出 True 和 False",
        )
        for number, one in enumerate(segments, 1)
        if one.mask.dtype != np.bool_
    ]
    if problems or not segments:
        raise InputError(
            "the masks do not fit the image" if problems else "there is no segment to write",
            problems,
            zh=f"{'掩膜与图像不符' if problems else '没有可写的分割区'}",
        )


def _require_frames(image: Image, origin: Origin) -> None:
    shape = image.values.shape[-2:]
    header = origin.first
    if (int(header.Rows), int(header.Columns)) != shape:
        raise InputError(
            f"the image has {shape[0]} x {shape[1]} pixels, its source {header.Rows} x {header.Columns}: "
            "bring the masks back to the pixels of the source",
            zh=f"图像为 {shape[0]}×{shape[1]} 像素，其来源为 {header.Rows}×{header.Columns}：请将掩膜还原到来源的像素",
        )
    if len(origin.headers) > 1 and any("NumberOfFrames" in one for one in origin.headers):
        raise InputError(
            "a segmentation refers to one object of many frames, not to several; write one for each",
            zh="一个分割只引用一个多帧对象，不能引用多个；请各写一个",
        )


def _drop_measures(made: Any) -> None:
    """Without a place there is no thickness of a slice, and the macro is not whole: size is that of the source."""
    shared = made.SharedFunctionalGroupsSequence[0]
    if "PixelMeasuresSequence" in shared:
        del shared.PixelMeasuresSequence


def _name_frame(made: Any, frame: int) -> None:
    """Say which frame of the source is meant."""
    for group in made.PerFrameFunctionalGroupsSequence:
        for derivation in group.get("DerivationImageSequence", ()):
            for source in derivation.SourceImageSequence:
                source.ReferencedFrameNumber = frame


def _pixels(image: Image, segments: Sequence[Segment], origin: Origin) -> NDArray[np.uint8]:
    """Masks by frame of the source: (frames, rows, columns), of the number of the segment where none overlap."""
    whole = [one.mask if image.values.ndim == 3 else one.mask[np.newaxis] for one in segments]
    if stands_alone(origin):
        return np.stack([one[0] for one in whole], -1)[np.newaxis].astype(np.uint8)
    header = origin.first
    frames = int(header.get("NumberOfFrames") or 1) if len(origin.headers) == 1 else len(origin.headers)
    at = [frame - 1 if len(origin.headers) == 1 else number for number, frame in origin.places]
    if max(at) >= frames:
        raise InputError(
            f"the source has {frames} frames, the image names frame {max(at) + 1}",
            zh=f"来源有 {frames} 帧，而图像引用第 {max(at) + 1} 帧",
        )
    if len(segments) < 256 and not _overlap(whole):
        labels = np.zeros((frames, *whole[0].shape[1:]), np.uint8)
        for number, mask in enumerate(whole, 1):
            labels[at] += mask * np.uint8(number)
        return labels
    stack = np.zeros((frames, *whole[0].shape[1:], len(segments)), np.uint8)
    for number, mask in enumerate(whole):
        stack[at, :, :, number] = mask
    return stack


def _overlap(masks: Sequence[NDArray[np.bool_]]) -> bool:
    seen = np.zeros_like(masks[0])
    for mask in masks:
        if (seen & mask).any():
            return True
        seen |= mask
    return False


def _described(segment: Segment, number: int, uid: MakeUid, lang: Language) -> Any:
    hd = load("highdicom")
    algorithm = segment.algorithm
    identified = hd.AlgorithmIdentificationSequence(
        name=algorithm.name[:64], version=algorithm.version[:64], family=concept(algorithm.family, lang)
    )
    label = (segment.label or segment.kind.said(lang))[:64]
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=label,
        segmented_property_category=concept(segment.category, lang),
        segmented_property_type=concept(segment.kind, lang),
        algorithm_type=algorithm.kind,
        algorithm_identification=None if algorithm.kind == "MANUAL" else identified,
        tracking_uid=segment.tracking.uid if segment.tracking else uid(),
        tracking_id=segment.tracking.name if segment.tracking else label,
        anatomic_regions=[concept(segment.site, lang)] if segment.site else None,
        display_color=hd.color.CIELabColor.from_rgb(*segment.colour) if segment.colour else None,
    )
