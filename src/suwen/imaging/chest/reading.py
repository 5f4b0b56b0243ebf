"""Reads a chest radiograph: anatomy, quality, scores, shadows, signs, measures, and findings with their evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from suwen.errors import InputError
from suwen.finding import Finding, Maker
from suwen.formats.images.nouns import Image, View
from suwen.imaging.chest.anatomy import anatomy as outline
from suwen.imaging.chest.clear import Clear, load_clear
from suwen.imaging.chest.describe import describe
from suwen.imaging.chest.diseases import Opinion, weigh
from suwen.imaging.chest.likelihoods import Table, load_table
from suwen.imaging.chest.nouns import Anatomy, Mask, Score
from suwen.imaging.chest.plane import lay
from suwen.imaging.chest.proportions import Proportions, proportions
from suwen.imaging.chest.quality import quality as judge
from suwen.imaging.chest.quality_nouns import Grade, Quality
from suwen.imaging.chest.scores import scores as score
from suwen.imaging.chest.shadow_nouns import Context, Shadow, Sign
from suwen.imaging.chest.shadows import detect, look
from suwen.imaging.chest.signs import find_signs
from suwen.imaging.chest.words import describe_lungs, describe_shadow
from suwen.imaging.measure import Measures, measure
from suwen.subject import Code, Kind, Reference, Saying, Scale

__all__ = ["ChestReading", "Shown", "read_chest", "read_shadows", "strongest_place"]

_VERSION = "1"


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What the plane showed: shadows, signs and whole-lung measures."""

    shadows: tuple[Shadow, ...]
    signs: tuple[Sign, ...]
    proportions: Proportions


@dataclass(frozen=True, slots=True, eq=False)
class ChestReading:
    """One radiograph as it was read; nothing in it is tied to a language before `findings` or `sentences` is asked.

    `measures` are those of each shadow, in their order. `remarks` say what limits this reading. `opinions` hold the
    diseases, the most supported first.
    """

    image: str
    anatomy: Anatomy
    quality: Quality
    scores: tuple[Score, ...]
    shadows: tuple[Shadow, ...]
    signs: tuple[Sign, ...]
    measures: tuple[Measures, ...]
    proportions: Proportions
    opinions: tuple[Opinion, ...]
    remarks: tuple[Saying, ...]
    maker: Maker
    study: Reference

    def findings(self, lang: str = "en") -> tuple[Finding, ...]:
        """One finding a disease, with its evidence in `lang` ("en" or "zh"), the most supported first."""
        if lang not in ("en", "zh"):
            raise InputError(f"the language is 'en' or 'zh', not {lang!r}", zh=f"语言须为 'en' 或 'zh'，而非 {lang!r}")
        return tuple(
            Finding(
                self.study,
                Code(one.code, one.label.said(lang)),
                one.chance(lang),
                tuple(reason.evidence(lang) for reason in one.reasons),
                self.maker,
                one.region,
            )
            for one in self.opinions
        )

    def sentences(self, lang: str = "en") -> tuple[str, ...]:
        """The shadows as a report says them: one sentence on both lungs, then one a shadow."""
        return (describe_lungs(self.shadows, lang), *(describe_shadow(one, lang) for one in self.shadows))


def read_chest(
    image: Image,
    *,
    context: Context | None = None,
    anatomy: Anatomy | None = None,
    scores: Sequence[Score] | None = None,
    clear: Clear | None = None,
    table: Table | None = None,
) -> ChestReading:
    """Read a frontal chest radiograph. `anatomy` and `scores` are drawn here unless they are given.

    Raises:
        InputError: the image is no frontal chest radiograph.
        MissingExtraError: PyTorch is not installed, and `anatomy` or `scores` were not given.

    """
    if image.values.ndim != 2:
        raise InputError(
            f"a chest radiograph is flat; this image has the shape {image.values.shape}",
            zh=f"胸部 X 线片是平面图像；该图像的形状为 {image.values.shape}",
        )
    if image.view is View.LATERAL:
        raise InputError(
            "this is a lateral view: shadows are read from frontal radiographs only",
            zh="这是侧位片：仅从正位胸片判读阴影",
        )
    known, table, context = clear or load_clear(), table or load_table(), context or Context()
    drawn = anatomy or outline(image)
    learned = tuple(score(image, anatomy=drawn) if scores is None else scores)
    seen = judge(image, drawn)
    turned = seen.aspect("rotation").grade is not Grade.OK
    shown = read_shadows(image, drawn, scores=learned, clear=known, turned=turned)
    opinions = weigh(shown.signs, shown.shadows, learned, context, table=table)
    digest = sha256(f"{table.digest} {known.source}".encode()).hexdigest()
    return ChestReading(
        image.id,
        drawn,
        seen,
        learned,
        shown.shadows,
        shown.signs,
        tuple(measure(one.mask, image.grid, values=image.values) for one in shown.shadows),
        shown.proportions,
        opinions,
        _remarks(image, drawn, seen),
        Maker("suwen-chest-reading", _VERSION, digest),
        Reference(Kind.STUDY, image.id),
    )


def read_shadows(
    image: Image,
    anatomy: Anatomy,
    *,
    scores: Sequence[Score] = (),
    clear: Clear | None = None,
    turned: bool = False,
) -> Shown:
    """Shadows and signs alone; `turned`: the patient stood askew, so no shift is judged.

    Raises InputError where the masks of the anatomy do not lie on the grid of the image, or hold no lung.
    """
    if anatomy.right_lung.shape != image.values.shape:
        raise InputError(
            f"masks of the shape {anatomy.right_lung.shape} do not lie on an image of {image.values.shape}",
            zh=f"形状为 {anatomy.right_lung.shape} 的掩膜与形状为 {image.values.shape} 的图像不符",
        )
    known = clear or load_clear()
    plane = lay(image.float_values(), image.grid, anatomy)
    if not plane.lungs:
        raise InputError(
            "no lungs were outlined in this image: nothing can be read from it", zh="该图像中未勾画出肺：无法判读"
        )
    search = look(plane, known, scores=scores)
    shadows = describe(detect(plane, known, search), plane, known, search, image=image.id)
    signs = find_signs(plane, known, search, shadows, view=image.view, turned=turned, image=image.id)
    return Shown(shadows, signs, proportions(plane, search))


def strongest_place(
    image: Image, anatomy: Anatomy, *, scores: Sequence[Score] = (), clear: Clear | None = None
) -> tuple[tuple[int, int], Mask]:
    """The pixel (row, column) that shadow speaks for most, and the mask of all shadows; for benchmarks."""
    known = clear or load_clear()
    plane = lay(image.float_values(), image.grid, anatomy)
    search = look(plane, known, scores=scores)
    whole = np.zeros(plane.density.shape, bool)
    for one in detect(plane, known, search):
        whole |= one.mask
    best = np.max([np.nan_to_num(one, nan=-np.inf) for one in search.opacity.values()], axis=0)
    at = np.unravel_index(int(best.argmax()), best.shape)
    row, across = (
        int(np.clip(round(start + step * float(one)), 0, end - 1))
        for start, step, one, end in zip(plane.origin, plane.step, at, plane.shape, strict=True)
    )
    return (row, across), plane.full(whole)


_MAGNIFIED = Saying(
    "Lengths are measured at the detector: the body is magnified, so they are upper bounds.",
    "长度按探测器平面测量，人体存在放大，故为上限值。",
)
_UNSCALED = Saying(
    "The image has no scale: sizes are shares of the lung, and nothing is given in millimetres.",
    "图像无比例尺：大小以肺野百分比表示，不给出毫米值。",
)
_NOT_PA = Saying(
    "The view is not PA: the heart is magnified and the lungs are less expanded; cardiomegaly is not judged.",
    "非后前位片：心影放大、肺扩张较差，不判断心影增大。",
)
_UNSURE = Saying(
    "The outlines of the lungs are uncertain, so places and shares are too.", "肺野轮廓不确定，位置与比例相应不确定。"
)
_OTHER_PART = Saying(
    "The header names another part of the body than the chest: check that this is a chest radiograph.",
    "头信息所注部位不是胸部：请核对是否为胸片。",
)
_PARTS = ("CHEST", "THORA", "LUNG", "HEART", "RIB", "STERN", "TSPINE", "BODY", "胸", "肺")
_LEAST_SURE = 0.7


def _remarks(image: Image, anatomy: Anatomy, seen: Quality) -> tuple[Saying, ...]:
    part = image.body_part.upper()
    found = [_OTHER_PART] if part and not any(one in part for one in _PARTS) else []
    if image.grid.scale is Scale.DETECTOR:
        found.append(_MAGNIFIED)
    if image.grid.scale is Scale.NONE:
        found.append(_UNSCALED)
    if image.view is not View.PA:
        found.append(_NOT_PA)
    if anatomy.certainty < _LEAST_SURE:
        found.append(_UNSURE)
    found += [Saying(one.words["en"], one.words["zh"]) for one in seen.aspects if one.grade is not Grade.OK]
    return tuple(found)
