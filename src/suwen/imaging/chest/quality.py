"""Whether a frontal chest radiograph can be read: projection, position, breath, exposure, coverage, detail; judged."""

from __future__ import annotations

from collections.abc import Mapping

from suwen.errors import InputError
from suwen.formats.images.nouns import Image, View
from suwen.imaging.chest.nouns import Anatomy, Mask
from suwen.imaging.chest.quality_limits import LIMITS, PROJECTION_SOURCE, Limit
from suwen.imaging.chest.quality_measures import measured
from suwen.imaging.chest.quality_nouns import Aspect, Grade, Quality
from suwen.imaging.chest.quality_words import PROJECTION, UNMEASURED, WORDS

__all__ = ["quality"]

_LANGUAGES = ("en", "zh")
_FINE = ("sharpness",)  # not judged where noise is what is fine


def quality(image: Image, anatomy: Anatomy) -> Quality:
    """Judge a frontal chest radiograph (rows, columns) by its grey values and its outlines.

    Every aspect has its value, its limits, a sentence in both languages and the source. Rotation, inspiration and
    penetration are judged by proxies, and say so: neither the ends of the clavicles nor ribs are found.

    Raises:
        InputError: outlines and image are of different shapes, a lung is missing, or the view is lateral.

    """
    if anatomy.heart.shape != image.values.shape:
        raise InputError(
            f"outlines of {anatomy.heart.shape} do not lie on an image of {image.values.shape}",
            zh=f"形状为 {anatomy.heart.shape} 的轮廓与形状为 {image.values.shape} 的图像不符",
        )
    if image.view not in PROJECTION:
        raise InputError("the quality of a lateral view is not judged here", zh="此处不评价侧位片的质量")
    if not (anatomy.right_lung.any() and anatomy.left_lung.any() and anatomy.mediastinum.any()):
        raise InputError(
            "quality is judged on both lungs and the mediastinum, and one of them is not outlined",
            zh="质量评价需要两肺和纵隔，而其中之一未勾画",
        )
    found = measured(image, anatomy)
    ends = _ends(anatomy.lungs)
    noisy = _grade(found["noise"], LIMITS["noise"]) is not Grade.OK
    kept = {name: value for name, value in found.items() if not (noisy and name in _FINE)}
    return Quality((_projection(image.view), *(_aspect(name, kept.get(name), ends) for name in LIMITS)))


def _projection(view: View) -> Aspect:
    grade = Grade.OK if view is View.PA else Grade.LIMITED
    return Aspect("projection", grade, None, (None, None), (None, None), PROJECTION[view], PROJECTION_SOURCE)


def _aspect(name: str, value: float | None, ends: Mapping[str, str]) -> Aspect:
    limit, (title, well, low, high) = LIMITS[name], WORDS[name]
    if value is None:
        words = {lang: UNMEASURED[lang].format(name=title[lang]) for lang in _LANGUAGES}
        return Aspect(name, Grade.LIMITED, None, limit.limited, limit.unusable, words, limit.source)
    grade = _grade(value, limit)
    said = well if grade is Grade.OK else low if _below(value, limit) else high
    facts = {"value": value, "percent": abs(value) * 100, "times": 2 ** min(abs(value), 10.0)}
    words = {lang: said[lang].format(**facts, ends=ends[lang]) for lang in _LANGUAGES}
    return Aspect(name, grade, value, limit.limited, limit.unusable, words, limit.source)


def _grade(value: float, limit: Limit) -> Grade:
    for grade, (low, high) in ((Grade.UNUSABLE, limit.unusable), (Grade.LIMITED, limit.limited)):
        if (low is not None and value < low) or (high is not None and value > high):
            return grade
    return Grade.OK


def _below(value: float, limit: Limit) -> bool:
    return limit.limited[0] is not None and value < limit.limited[0]


def _ends(lungs: Mask) -> Mapping[str, str]:
    """Which borders of the image the lungs reach."""
    reached = (
        (lungs[0].any(), "apices above", "上方肺尖"),
        (lungs[-1].any(), "bases below", "下方肺底"),
        (lungs[:, 0].any(), "right side", "右侧"),
        (lungs[:, -1].any(), "left side", "左侧"),
    )
    return {
        "en": ", ".join(english for at, english, _ in reached if at),
        "zh": "、".join(chinese for at, _, chinese in reached if at),
    }
