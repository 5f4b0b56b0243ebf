"""What was read as what DICOM and NIfTI can hold: segments, groups of measurements, masks by name."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from suwen.errors import InputError
from suwen.finding import Maker
from suwen.formats.images.writing.nouns import (
    MORPHOLOGY,
    Algorithm,
    Group,
    Mark,
    Mask,
    Measured,
    Outline,
    Quality,
    Segment,
    SegmentReference,
    Side,
    Term,
    Written,
)
from suwen.formats.images.writing.outline import outlines
from suwen.imaging.chest.reading import ChestReading
from suwen.imaging.chest.shadow_nouns import Judged, Shadow
from suwen.imaging.measure import Diameter, measure
from suwen.imaging.reading import ImageReading
from suwen.imaging.structures import Structure
from suwen.subject import Code

__all__ = ["groups", "marks", "masks", "segments"]

# SNOMED CT and DICOM codes (DICOM PS3.16 CID 7191, 7460, 7470, 4030)
_RIGHT = Term(Code("SCT:3341006", "Right lung"), "右肺")
_LEFT = Term(Code("SCT:44029006", "Left lung"), "左肺")
_HEART = Term(Code("SCT:80891009", "Heart"), "心脏")
_LUNG = Term(Code("SCT:39607008", "Lung"), "肺")
_LESION = Term(Code("SCT:52988006", "Lesion"), "病灶")
_LONG = Term(Code("SCT:103339001", "Long Axis"), "长径")
_SHORT = Term(Code("SCT:103340004", "Short Axis"), "短径")
_AREA = Term(Code("SCT:42798000", "Area"), "面积")
_VOLUME = Term(Code("SCT:118565006", "Volume"), "体积")
_ATTENUATION = Term(Code("DCM:112031", "Attenuation Coefficient"), "衰减系数")
_MEAN = Term(Code("SCT:373098007", "Mean"), "均值")
_SPREAD = Term(Code("SCT:386136009", "Standard Deviation"), "标准差")
_SHARE = Term(Code("SUWEN:share-of-lung", "Share of the lung"), "占肺野比例")
_RATIO = Term(Code("SUWEN:cardiothoracic-ratio", "Cardiothoracic ratio"), "心胸比")
_MARGIN = Term(Code("SUWEN:margin", "Margin"), "边缘")
_SHAPE = Term(Code("SUWEN:shape", "Shape"), "形状")
_DENSITY = Term(Code("SUWEN:density", "Density"), "密度")
_CAVITY = Term(Code("SUWEN:cavity", "Cavity"), "空洞")
_BEFORE_SHADOWS = 3  # segments of a chest: two lungs and the heart
_ANSWERS = {
    "round": "圆形", "oval": "椭圆形", "irregular": "不规则形", "band": "条带状", "lobar or segmental": "大片状",
    "patchy": "斑片状", "sharp": "清楚", "ill-defined": "模糊", "not judged": "未判断", "faint": "淡薄",
    "dense": "致密", "calcified": "钙化", "present": "有", "absent": "无",
}  # fmt: skip


def segments(read: ImageReading) -> tuple[Segment, ...]:
    """Segments of one image: lungs, heart and each shadow of a chest, or the structures of a volume.

    Raises InputError where nothing was outlined.
    """
    if read.chest is not None:
        return tuple(_chest_segments(read.chest))
    if read.drawn is None:
        raise InputError(
            "nothing was outlined in this image, so that there is no segmentation to write",
            zh="该图像中未勾画任何区域，因此没有分割可写",
        )
    drawn = read.drawn
    return tuple(
        Segment(drawn.labels == label, _named(name), _algorithm(drawn.by), label=name)
        for label, name in sorted(drawn.names.items())
    )


def masks(read: ImageReading) -> tuple[tuple[str, Mask], ...]:
    """Masks by name, none over another: shadows come before the lung they lie in. Raises InputError as `segments`."""
    found: list[tuple[str, Mask]] = []
    taken = np.zeros(read.image.grid.shape, np.bool_)
    for one in reversed(segments(read)):
        found.append((one.label or one.kind.code.label, one.mask & ~taken))
        taken |= one.mask
    return tuple(reversed(found))


def groups(read: ImageReading, written: Written | None = None) -> tuple[Group, ...]:
    """Groups of measurements for a structured report; they refer to the segments where these were written.

    Raises InputError where nothing was measured.
    """
    found = tuple(_chest_groups(read, written) if read.chest is not None else _structure_groups(read, written))
    if not found:
        raise InputError(
            "nothing was measured in this image, so that there is no report of measurements to write",
            zh="该图像中没有任何测量，因此没有测量报告可写",
        )
    return found


def marks(read: ImageReading) -> tuple[Mark, ...]:
    """Outlines with their names for a presentation state: shadows of a chest, or structures by slice.

    Raises InputError where nothing was outlined.
    """
    drawn = segments(read)[_BEFORE_SHADOWS if read.chest is not None else 0 :]
    found = [
        Mark(line, one.label or one.kind.code.label)
        for one in drawn
        for at in _slices(one.mask)
        for line in outlines(one.mask if one.mask.ndim == 2 else one.mask[at], slice_number=at)
    ]
    if not found:
        raise InputError(
            "nothing was outlined in this image, so that there is nothing to show over it",
            zh="该图像中未勾画任何区域，因此没有可叠加显示的内容",
        )
    return tuple(found)


def _slices(mask: Mask) -> list[int]:
    return [0] if mask.ndim == 2 else [int(at) for at in np.flatnonzero(mask.any((1, 2)))]


def _named(name: str) -> Term:
    return Term(Code(f"SUWEN:{name.replace(' ', '-')[:50]}", name), name)


def _algorithm(by: Maker) -> Algorithm:
    return Algorithm(by.name, by.version or by.data_digest[:12] or "unknown")


def _chest_segments(chest: ChestReading) -> Iterator[Segment]:
    known, by = chest.anatomy, _algorithm(chest.anatomy.by)
    for mask, kind in ((known.right_lung, _RIGHT), (known.left_lung, _LEFT), (known.heart, _HEART)):
        yield Segment(mask, kind, by)
    for number, one in enumerate(chest.shadows, 1):
        yield Segment(
            one.mask, _LESION, _algorithm(chest.maker), MORPHOLOGY, f"shadow {number}", _RIGHT if _right(one) else _LEFT
        )


def _right(one: Shadow) -> bool:
    return one.side.value == "right"


def _chest_groups(read: ImageReading, written: Written | None) -> Iterator[Group]:
    chest = read.chest
    if chest is None:
        return
    if "cardiothoracic" in chest.proportions:
        ratio = Measured(_RATIO, float(chest.proportions["cardiothoracic"]), "1")
        yield Group(_HEART, measured=(ratio,), algorithm=_algorithm(chest.maker))
    for number, one in enumerate(chest.shadows, _BEFORE_SHADOWS + 1):
        region = _box(one.mask) if written is None else SegmentReference(written, number)
        yield _shadow_group(read, one, region, _algorithm(chest.maker))


def _shadow_group(read: ImageReading, one: Shadow, region: Outline | SegmentReference, by: Algorithm) -> Group:
    found = measure(one.mask, read.image.grid)
    measured = [Measured(_SHARE, 100 * one.size.share, "%")]
    if found.unit == "mm":
        measured += [_along(_LONG, found.longest), _along(_SHORT, found.across), Measured(_AREA, found.area, "mm2")]
    said = [(_SHAPE, one.shape.value), (_MARGIN, one.margin.value), (_DENSITY, one.density.value)]
    said += [(_CAVITY, one.cavity.value)] if one.cavity is not Judged.NOT_JUDGED else []
    side: Side = "right" if _right(one) else "left"
    return Group(_LESION, _LUNG, side, region, tuple(measured), tuple(_answer(*each) for each in said), None, by)


def _answer(question: Term, answer: str) -> Quality:
    return Quality(question, Term(Code(f"SUWEN:{answer.replace(' ', '-')}", answer), _ANSWERS[answer]))


def _along(kind: Term, line: Diameter) -> Measured:
    ends = tuple((float(end[-2]), float(end[-1])) for end in line.ends)
    at = int(line.ends[0][0]) if len(line.ends[0]) == 3 else 0
    return Measured(kind, line.length, "mm", line=Outline(ends, at) if ends[0] != ends[1] else None)


def _box(mask: Mask) -> Outline:
    """The box of a shadow as a closed line; its outline itself is in the segmentation."""
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    top, bottom = float(rows[0]), float(rows[-1])
    left, right = float(columns[0]), float(columns[-1])
    return Outline(((top, left), (top, right), (bottom, right), (bottom, left), (top, left)))


def _structure_groups(read: ImageReading, written: Written | None) -> Iterator[Group]:
    for number, one in enumerate(read.structures, 1):
        if one.measures is not None and one.measures.unit == "mm":
            region = None if written is None else SegmentReference(written, number)
            measured = tuple(_structure_measures(one, read))
            yield Group(_named(one.name), region=region, measured=measured, algorithm=_algorithm(one.by))


def _structure_measures(one: Structure, read: ImageReading) -> Iterator[Measured]:
    found = one.measures
    if found is None:
        return
    if found.volume is not None:
        yield Measured(_VOLUME, found.volume / 1000, "cm3")
    else:
        yield Measured(_AREA, found.area, "mm2")
    yield _along(_LONG, found.longest)
    if found.across.length > 0:
        yield _along(_SHORT, found.across)
    told = found.intensity
    if told is not None and read.image.unit == "HU":
        yield Measured(_ATTENUATION, told["mean"], "HU", derivation=_MEAN)
        yield Measured(_ATTENUATION, told["var"] ** 0.5, "HU", derivation=_SPREAD)
