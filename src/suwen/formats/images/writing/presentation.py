"""Write a grayscale softcopy presentation state: outlines, lines and words over the source, with a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from suwen.errors import InputError
from suwen.formats.images.nouns import Image, Window
from suwen.formats.images.writing.dicom import Clock, MakeUid, building, equipment, load, stamp, write_object
from suwen.formats.images.writing.nouns import SUWEN, Language, Mark, Software, Written
from suwen.formats.images.writing.source import Origin, read_origin

__all__ = ["Presentation", "write_presentation"]

SERIES_NUMBER = 7003
_NEVER_TURNED = ("CT", "PT", "NM", "MR")  # as read: values that mean something stay as they are
_LAYER = "FINDINGS"
_COLOUR = (240, 228, 66)  # yellow of Okabe and Ito (2008), told from grey by every eye


@dataclass(frozen=True, slots=True)
class Presentation:
    """What is shown over an image: marks, and a window in the unit of the image; without one that of the source."""

    marks: tuple[Mark, ...]
    window: Window | None = None


def write_presentation(
    path: Path,
    image: Image,
    shown: Presentation,
    *,
    clock: Clock,
    uid: MakeUid,
    lang: Language = "en",
    software: Software = SUWEN,
) -> Written:
    """Write a presentation state (DICOM PS3.3 A.33.1) for every source of `image`.

    Points are in units of pixels of the source (PIXEL, PS3.3 C.10.5), so a viewer draws them where they belong at any
    zoom. A picture in colour takes none.

    Raises:
        InputError: a mark lies outside the image, the source is in colour, or the image is not from DICOM files.
        DataError: the file cannot be written.

    """
    origin = read_origin(image)
    _require_grey(origin)
    hd = load("highdicom")
    layer = hd.pr.GraphicLayer(
        layer_name=_LAYER,
        order=1,
        description={"en": "Findings by software", "zh": "软件所见"}[lang],
        display_color=hd.color.CIELabColor.from_rgb(*_COLOUR),
    )
    with building("a presentation state"):
        made = hd.pr.GrayscaleSoftcopyPresentationState(
            referenced_images=list(origin.headers),
            series_instance_uid=uid(),
            series_number=SERIES_NUMBER,
            sop_instance_uid=uid(),
            instance_number=1,
            content_label=_LAYER,
            content_description={"en": "Findings and measurements", "zh": "所见与测量"}[lang],
            graphic_layers=[layer] if shown.marks else None,
            graphic_annotations=_annotations(shown.marks, origin, layer) or None,
            voi_lut_transformations=_window(shown.window, origin.first),
            presentation_lut_transformation=hd.PresentationLUTTransformation(
                presentation_lut_shape="INVERSE" if _inverse(origin) else "IDENTITY"
            ),
            series_description={"en": "Marked findings", "zh": "所见标注"}[lang],
            **equipment(software),
        )
        _keep_aspect(made, origin.first)
        made.Laterality = origin.first.get("Laterality", "")
        stamp(made, origin.first, clock=clock, uid=uid)
    return write_object(path, made)


def _inverse(origin: Origin) -> bool:
    return bool(origin.first.get("PhotometricInterpretation") == "MONOCHROME1")


def _require_grey(origin: Origin) -> None:
    if any(int(header.get("SamplesPerPixel") or 1) != 1 for header in origin.headers):
        raise InputError(
            "a picture in colour takes no grey presentation state; write a secondary capture instead",
            zh="彩色图片不能用灰度显示状态；请改写为二次采集",
        )
    scales = {(one.get("RescaleSlope"), one.get("RescaleIntercept"), one.get("RescaleType")) for one in origin.headers}
    if len(scales) > 1:
        raise InputError(
            "the slices are rescaled each in its own way (as in PET); write a presentation state for each",
            zh="各层的重标度不同（如 PET）；请为每层各写一个显示状态",
        )
    if len(origin.headers) > 1 and any("NumberOfFrames" in one for one in origin.headers):
        raise InputError(
            "a presentation state refers to one object of many frames; write one for each",
            zh="一个显示状态只引用一个多帧对象；请各写一个",
        )


def _window(window: Window | None, header: Any) -> list[Any] | None:
    if window is None:
        return None
    hd = load("highdicom")
    return [
        hd.pr.SoftcopyVOILUTTransformation(
            window_center=_centre(window, header),
            window_width=window.width,
            window_explanation=window.name[:64] or None,
        )
    ]


def _centre(window: Window, header: Any) -> float:
    """The centre in values of the source, which the image holds turned over where small was bright.

    A value and its turned-over one add up to the least and the greatest there can be; a linear window is not quite
    symmetric (PS3.3 C.11.2.1.2.1), hence the 1.
    """
    if header.get("PhotometricInterpretation") != "MONOCHROME1" or header.get("Modality") in _NEVER_TURNED:
        return window.centre
    if "ModalityLUTSequence" in header:
        raise InputError(
            "this source has a table of values and small ones are bright: give no window, its own is kept",
            zh="该来源有数值表且小值较亮：请勿给出窗位，保留其自身的设置",
        )
    stored = int(header.BitsStored)
    ends = -1 if int(header.get("PixelRepresentation") or 0) else (1 << stored) - 1  # least and greatest, added
    slope, intercept = float(header.get("RescaleSlope") or 1), float(header.get("RescaleIntercept") or 0)
    return slope * ends + 2 * intercept - window.centre + 1


def _annotations(marks: Sequence[Mark], origin: Origin, layer: Any) -> list[Any]:
    """One annotation a slice, so that each mark is drawn on its own slice only."""
    hd = load("highdicom")
    slices: dict[int, list[Mark]] = {}
    for mark in marks:
        slices.setdefault(mark.outline.slice, []).append(mark)
    return [
        hd.pr.GraphicAnnotation(
            referenced_images=[origin.header(number)],
            graphic_layer=layer,
            referenced_frame_number=origin.frames(number),
            graphic_objects=[_drawn(one, origin.header(number)) for one in here],
            text_objects=[_said(one, origin.header(number)) for one in here if one.text] or None,
        )
        for number, here in sorted(slices.items())
    ]


def _points(mark: Mark, header: Any) -> Any:
    # The outer corner of the first pixel is 0\0, its centre .5\.5, column before row (PS3.3 C.10.5.1.2)
    data = np.array([(column + 0.5, row + 0.5) for row, column in mark.outline.points])
    if data.min() < 0 or (data > (int(header.Columns), int(header.Rows))).any():
        raise InputError(
            "a mark lies outside the image; its points are rows and columns of the image",
            zh="某标记位于图像之外；其各点须为图像的行和列",
        )
    return data


def _drawn(mark: Mark, header: Any) -> Any:
    tracked = {"tracking_id": mark.tracking.name, "tracking_uid": mark.tracking.uid} if mark.tracking else {}
    return load("highdicom").pr.GraphicObject(
        graphic_type=mark.outline.kind, graphic_data=_points(mark, header), units="PIXEL", **tracked
    )


def _said(mark: Mark, header: Any) -> Any:
    points = _points(mark, header)
    anchor = points[points[:, 0].argmax()]  # at the right end of what is drawn, so words stand beside it
    return load("highdicom").pr.TextObject(
        text_value=mark.text[:1024], units="PIXEL", anchor_point=tuple(anchor.tolist()), anchor_point_visible=False
    )


def _keep_aspect(made: Any, header: Any) -> None:
    """Pixels that are not square are shown as they are."""
    spacing = header.get("PixelSpacing") or header.get("ImagerPixelSpacing")
    if spacing is None and "SharedFunctionalGroupsSequence" in header:
        measures = header.SharedFunctionalGroupsSequence[0].get("PixelMeasuresSequence")
        spacing = measures[0].get("PixelSpacing") if measures else None
    if spacing is not None:
        for area in made.DisplayedAreaSelectionSequence:
            area.PresentationPixelSpacing = spacing
            del area.PresentationPixelAspectRatio
