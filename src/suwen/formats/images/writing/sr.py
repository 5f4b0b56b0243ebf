"""Write measurements as a DICOM structured report (TID 1500): findings, sites, regions, numbers, qualities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from suwen.errors import InputError
from suwen.formats.images.nouns import Image
from suwen.formats.images.writing.dicom import (
    Clock,
    MakeUid,
    building,
    concept,
    equipment,
    load,
    quiet,
    stamp,
    unit,
    write_object,
)
from suwen.formats.images.writing.nouns import (
    SUWEN,
    Group,
    Language,
    Measured,
    Outline,
    SegmentReference,
    Side,
    Software,
    Term,
    Tracking,
    Written,
)
from suwen.formats.images.writing.source import Origin, read_origin
from suwen.subject import Code

__all__ = ["write_sr"]

SERIES_NUMBER = 7002
_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
_SIDES: dict[Side, Term] = {
    "right": Term(Code("SCT:24028007", "Right"), "右侧"),
    "left": Term(Code("SCT:7771000", "Left"), "左侧"),
    "both": Term(Code("SCT:51440002", "Right and left"), "双侧"),
}
_PROCEDURES = {
    "CT": Term(Code("SCT:77477000", "Computed tomography"), "计算机断层扫描"),
    "MR": Term(Code("SCT:113091000", "Magnetic resonance imaging"), "磁共振成像"),
    "US": Term(Code("SCT:16310003", "Ultrasonography"), "超声检查"),
    "": Term(Code("SCT:168537006", "Plain radiography"), "X线平片"),
}
_ANY = Term(Code("SCT:363679005", "Imaging"), "影像检查")


@dataclass(frozen=True, slots=True, eq=False)
class _Setting:
    """What every part of one report shares."""

    origin: Origin
    uid: MakeUid
    lang: Language
    segmentations: dict[str, Any]  # header by SOP instance UID
    flat: bool


def write_sr(
    path: Path,
    image: Image,
    groups: Sequence[Group],
    *,
    clock: Clock,
    uid: MakeUid,
    lang: Language = "en",
    software: Software = SUWEN,
) -> Written:
    """Write `groups` as a report of the study of `image` (DICOM PS3.16 TID 1500; SOP class Comprehensive SR, of a
    volume Comprehensive 3D SR).

    A group with an outline on one slice, or a segment of a flat image, follows TID 1410, with a segment of a volume
    TID 1411, with neither (and for what was measured along lines) TID 1501. The observer is the software; the report is
    complete, preliminary and not verified: no person has read it.

    Raises:
        InputError: there is nothing to report, a region lies outside the image, or the image is not from DICOM files.
        DataError: the file cannot be written.

    """
    if not groups:
        raise InputError(
            "there is no finding to report; a measurement report has at least one group",
            zh="没有可报告的所见；测量报告至少须有一组",
        )
    hd = load("highdicom")
    origin = read_origin(image)
    setting = _Setting(origin, uid, lang, _segmentations(groups), image.values.ndim == 2)
    kind = hd.sr.Comprehensive3DSR if image.values.ndim == 3 else hd.sr.ComprehensiveSR
    with building("a structured report"):
        made = kind(
            evidence=[*origin.headers, *setting.segmentations.values()],
            content=_report(image, groups, setting, software)[0],
            series_instance_uid=uid(),
            series_number=SERIES_NUMBER,
            sop_instance_uid=uid(),
            instance_number=1,
            is_complete=True,
            series_description={"en": "Measurements", "zh": "影像测量"}[lang],
            **equipment(software),
        )
        stamp(made, origin.first, clock=clock, uid=uid)
    return write_object(path, made)


def _segmentations(groups: Sequence[Group]) -> dict[str, Any]:
    pydicom = load("pydicom")
    found: dict[str, Any] = {}
    for group in groups:
        if isinstance(group.region, SegmentReference) and group.region.written.sop_instance not in found:
            written = group.region.written
            with quiet():
                try:
                    header = pydicom.dcmread(written.path, stop_before_pixels=True)
                except (OSError, pydicom.errors.InvalidDicomError):
                    raise InputError(
                        f"the segmentation {written.path.name} cannot be read; write it first",
                        zh=f"无法读取分割 {written.path.name}；请先写出",
                    ) from None
            if header.SOPInstanceUID != written.sop_instance or header.SOPClassUID != _SEGMENTATION:
                raise InputError(
                    f"{written.path.name} is not the segmentation the group refers to",
                    zh=f"{written.path.name} 不是该组所引用的分割",
                )
            found[written.sop_instance] = header
    return found


def _report(image: Image, groups: Sequence[Group], setting: _Setting, software: Software) -> Any:
    sr = load("highdicom").sr
    codes = load("pydicom.sr.codedict").codes
    lang = setting.lang
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=setting.uid(),
        name=software.name,
        manufacturer_name=software.manufacturer,
        model_name=f"{software.name} {software.version}",
        serial_number=software.serial,
    )
    tongue = {"en": ("en", "English"), "zh": ("zh", "中文")}[lang]
    return sr.MeasurementReport(
        observation_context=sr.ObservationContext(
            observer_device_context=sr.ObserverContext(
                observer_type=codes.DCM.Device, observer_identifying_attributes=device
            )
        ),
        procedure_reported=concept(_procedure(image), lang),
        imaging_measurements=[one for number, group in enumerate(groups, 1) for one in _group(group, number, setting)],
        title=concept(Term(Code("DCM:126000", "Imaging Measurement Report"), "影像测量报告"), lang),
        language_of_content_item_and_descendants=sr.LanguageOfContentItemAndDescendants(
            sr.CodedConcept(tongue[0], "RFC5646", tongue[1])
        ),
    )


def _procedure(image: Image) -> Term:
    modality = "" if image.modality in ("CR", "DX", "RG", "DR") else image.modality
    return _PROCEDURES.get(modality, _ANY)


def _group(group: Group, number: int, setting: _Setting) -> list[Any]:
    """Measurement groups of one finding: that of its region, and one for what was measured along lines.

    Measurements of a region carry no coordinates of their own (TID 1419), so lines stand in a group of TID 1501 with
    the same tracking identifier.
    """
    sr = load("highdicom").sr
    lined = tuple(one for one in group.measured if one.line is not None)
    plain = tuple(one for one in group.measured if one.line is None)
    shared = _shared(group, number, setting)
    if group.region is None:
        whole = {
            **_measurements(group.measured, setting),
            **_qualities(group, setting),
            "source_images": _flat(setting),
        }
        return [sr.MeasurementsAndQualitativeEvaluations(**shared, **whole)]
    kind, place = _placed(group.region, setting)
    found = [kind(**place, **shared, **_measurements(plain, setting), **_qualities(group, setting))]
    if lined:
        found.append(sr.MeasurementsAndQualitativeEvaluations(**shared, **_measurements(lined, setting)))
    return found


def _flat(setting: _Setting) -> list[Any] | None:
    """The image a finding without a region was seen on, where there is only one."""
    if len(setting.origin.places) != 1:
        return None
    header = setting.origin.first
    return [
        load("highdicom").sr.SourceImageForMeasurementGroup(
            header.SOPClassUID, header.SOPInstanceUID, _many(setting.origin.frames(0))
        )
    ]


def _placed(region: Outline | SegmentReference, setting: _Setting) -> tuple[Any, dict[str, Any]]:
    sr = load("highdicom").sr
    if isinstance(region, Outline):
        return sr.PlanarROIMeasurementsAndQualitativeEvaluations, {"referenced_region": _region(region, setting)}
    frames = _segment_frames(region, setting)
    if setting.flat and len(frames) == 1:
        planar = _segment_frame(region, frames[0], setting)
        return sr.PlanarROIMeasurementsAndQualitativeEvaluations, {"referenced_segment": planar}
    return sr.VolumetricROIMeasurementsAndQualitativeEvaluations, {"referenced_segment": _segment(region, setting)}


def _shared(group: Group, number: int, setting: _Setting) -> dict[str, Any]:
    algorithm = group.algorithm
    return {
        "tracking_identifier": _tracking(group, number, setting),
        "finding_type": concept(group.finding, setting.lang),
        "finding_sites": _sites(group, setting.lang),
        "algorithm_id": algorithm
        and load("highdicom").sr.AlgorithmIdentification(name=algorithm.name, version=algorithm.version),
    }


def _measurements(measured: Sequence[Measured], setting: _Setting) -> dict[str, Any]:
    return {"measurements": [_measurement(one, setting) for one in measured]}


def _qualities(group: Group, setting: _Setting) -> dict[str, Any]:
    sr, lang = load("highdicom").sr, setting.lang
    pairs = ((concept(one.question, lang), concept(one.answer, lang)) for one in group.qualities)
    return {"qualitative_evaluations": [sr.QualitativeEvaluation(*pair) for pair in pairs]}


def _tracking(group: Group, number: int, setting: _Setting) -> Any:
    known = group.tracking or _segment_tracking(group.region, setting)
    known = known or Tracking(f"{group.finding.said(setting.lang)} {number}", setting.uid())
    return load("highdicom").sr.TrackingIdentifier(uid=known.uid, identifier=known.name)


def _segment_tracking(region: Outline | SegmentReference | None, setting: _Setting) -> Tracking | None:
    """A group that speaks of a segment is tracked as that segment is."""
    if not isinstance(region, SegmentReference):
        return None
    item = _segment_item(region, setting)
    return Tracking(str(item.TrackingID), str(item.TrackingUID)) if "TrackingUID" in item else None


def _segment_item(region: SegmentReference, setting: _Setting) -> Any:
    header = setting.segmentations[region.written.sop_instance]
    for item in header.SegmentSequence:
        if int(item.SegmentNumber) == region.number:
            return item
    raise InputError(
        f"{region.written.path.name} has no segment {region.number}; they are numbered from 1",
        zh=f"{region.written.path.name} 没有分割区 {region.number}；编号从 1 开始",
    )


def _sites(group: Group, lang: Language) -> list[Any] | None:
    if group.site is None:
        if group.laterality is not None:
            raise InputError(
                "a side is the side of something; name the site of the finding too",
                zh="侧别须有所属部位；请同时给出所见的部位",
            )
        return None
    side = concept(_SIDES[group.laterality], lang) if group.laterality else None
    return [load("highdicom").sr.FindingSite(concept(group.site, lang), laterality=side)]


def _measurement(measured: Measured, setting: _Setting) -> Any:
    sr = load("highdicom").sr
    lines = None
    if measured.line is not None:
        lines = [sr.CoordinatesForMeasurement(**_coordinates(measured.line, setting))]
    return sr.Measurement(
        name=concept(measured.kind, setting.lang),
        value=float(measured.value),
        unit=unit(measured.unit, setting.lang),
        derivation=concept(measured.derivation, setting.lang) if measured.derivation else None,
        referenced_coordinates=lines,
    )


def _region(outline: Outline, setting: _Setting) -> Any:
    if not outline.closed and outline.kind != "POINT":
        raise InputError(
            "the outline of a finding is closed: its last point is its first", zh="所见的轮廓须闭合：末点即首点"
        )
    return load("highdicom").sr.ImageRegion(**_coordinates(outline, setting))


def _coordinates(outline: Outline, setting: _Setting) -> dict[str, Any]:
    header = setting.origin.header(outline.slice)
    # Of a report, the outer corner of the first pixel is 0\0 and its centre .5\.5, column first (PS3.3 C.18.6.1.1)
    data = np.array([(column + 0.5, row + 0.5) for row, column in outline.points])
    if data.min() < 0 or (data > (int(header.Columns), int(header.Rows))).any():
        raise InputError(
            "a region lies outside the image; its points are rows and columns of the image",
            zh="某区域位于图像之外；其各点须为图像的行和列",
        )
    source = load("highdicom").sr.SourceImageForRegion(
        referenced_sop_class_uid=header.SOPClassUID,
        referenced_sop_instance_uid=header.SOPInstanceUID,
        referenced_frame_numbers=_many(setting.origin.frames(outline.slice)),
    )
    return {"graphic_type": outline.kind, "graphic_data": data, "source_image": source}


def _many(frame: int | None) -> list[int] | None:
    return None if frame is None else [frame]


def _segment_frames(region: SegmentReference, setting: _Setting) -> list[int]:
    """The frames of a segmentation, from 1, that show one segment of it."""
    header = setting.segmentations[region.written.sop_instance]
    shared = header.SharedFunctionalGroupsSequence[0]
    groups = enumerate(header.PerFrameFunctionalGroupsSequence, 1)
    named = ((at, one if "SegmentIdentificationSequence" in one else shared) for at, one in groups)
    return [
        at for at, one in named if int(one.SegmentIdentificationSequence[0].ReferencedSegmentNumber) == region.number
    ]


def _segment_frame(region: SegmentReference, frame: int, setting: _Setting) -> Any:
    sr = load("highdicom").sr
    header = setting.origin.first
    reference = sr.ReferencedSegmentationFrame(
        sop_class_uid=_SEGMENTATION,
        sop_instance_uid=region.written.sop_instance,
        frame_number=frame,
        segment_number=region.number,
        source_image=sr.SourceImageForSegmentation(
            header.SOPClassUID, header.SOPInstanceUID, _many(setting.origin.frames(0))
        ),
    )
    del reference[0].ReferencedSOPSequence[0].ReferencedSegmentNumber  # a frame or a segment, never both (PS3.3 C.18.4)
    return reference


def _segment(region: SegmentReference, setting: _Setting) -> Any:
    sr = load("highdicom").sr
    _segment_item(region, setting)
    header = setting.segmentations[region.written.sop_instance]
    series = header.ReferencedSeriesSequence[0]
    return sr.ReferencedSegment(
        sop_class_uid=_SEGMENTATION,
        sop_instance_uid=region.written.sop_instance,
        segment_number=region.number,
        source_series=sr.SourceSeriesForSegmentation(series.SeriesInstanceUID),
    )
