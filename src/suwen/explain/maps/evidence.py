"""Evidence from a heat map: each area as a box in the stored image, with what the model loses without it, measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from suwen.errors import InputError
from suwen.explain.maps.baseline import Baseline, replacement
from suwen.explain.maps.geometry import Box, Geometry
from suwen.explain.maps.network import Score, prepared, scores
from suwen.explain.maps.nouns import HeatMap
from suwen.explain.maps.regions import areas
from suwen.finding import Bearing, Evidence
from suwen.subject import Region

__all__ = ["evidence"]

_FLAT = 0.05  # log10: the odds change by less than an eighth, which nobody should read as a reason
_LN10 = math.log(10)
_BASELINES = {
    "en": {Baseline.MEAN: "the image's mean", Baseline.BLUR: "a blurred copy", Baseline.ZERO: "zero"},
    "zh": {Baseline.MEAN: "图像均值", Baseline.BLUR: "模糊图像", Baseline.ZERO: "零值"},
}
_OTHER = {"en": "a reference image", "zh": "参考图像"}
_SENTENCES = {
    Bearing.SUPPORTS: {
        "en": "The area {place} speaks for {name}: with {filler} in its place the model's odds fall to {share} of "
        "what they were ({method}, areas above {threshold:.0%} of the map's maximum)",
        "zh": "区域（{place}）支持“{name}”：以{filler}替换后，模型给出的比值降至原来的 {share}"
        "（{method}，取热图最大值 {threshold:.0%} 以上的区域）",
    },
    Bearing.AGAINST: {
        "en": "The area {place} is bright in the map, yet speaks against {name}: with {filler} in its place the "
        "model's odds rise to {share} times what they were ({method}, areas above {threshold:.0%} of the maximum)",
        "zh": "区域（{place}）在热图中突出，实则不支持“{name}”：以{filler}替换后，模型给出的比值升至原来的 {share} 倍"
        "（{method}，取热图最大值 {threshold:.0%} 以上的区域）",
    },
    Bearing.NEUTRAL: {
        "en": "The area {place} is bright in the map, but hardly matters for {name}: with {filler} in its place the "
        "model's odds become {share} times what they were ({method}, areas above {threshold:.0%} of the maximum)",
        "zh": "区域（{place}）在热图中突出，但对“{name}”几乎无影响：以{filler}替换后，"
        "模型给出的比值变为原来的 {share} 倍（{method}，取热图最大值 {threshold:.0%} 以上的区域）",
    },
}
_AXES = {
    ("en", 2): ("rows", "columns"),
    ("en", 3): ("slices", "rows", "columns"),
    ("zh", 2): ("行", "列"),
    ("zh", 3): ("层", "行", "列"),
}


def evidence(  # noqa: PLR0913 - a setting each
    heat_map: HeatMap,
    *,
    model: nn.Module,
    inputs: NDArray[Any],
    image: str,
    classes: Sequence[str],
    source: str,
    lang: str = "en",
    geometry: Geometry | None = None,
    baseline: Baseline | NDArray[Any] = Baseline.MEAN,
    score: Score = Score.LOG_ODDS,
    threshold: float = 0.5,
    most: int = 3,
) -> tuple[Evidence, ...]:
    """What the map's areas are worth to the model: one Evidence for each of the `most` hottest, hottest first.

    Each area's box is replaced in the input (channels, *spatial) by the baseline and the model asked again: `weight` is
    the measured fall of its log-odds, over ln 10. So an area that only looks bright gets no weight, whatever the map
    says. Weights of several areas do not add up: the model may need only one of them. `geometry` leads from the
    network's input back to the stored image, named `image`; areas wholly in padding are left out.

    Raises:
        InputError: if the map, the geometry or the classes do not fit the input, or `lang` is neither en nor zh.

    """
    grid = geometry or Geometry.of(np.shape(inputs)[1:])
    _fits(heat_map, np.shape(inputs), grid, classes, lang)
    found = areas(heat_map.values, threshold=threshold, most=most)
    losses = _losses(model, inputs, heat_map.target, [area.box for area in found], baseline=baseline, score=score)
    pairs = [(grid.box_to_stored(*area.box), loss / _LN10) for area, loss in zip(found, losses, strict=True)]
    filler = _OTHER[lang] if not isinstance(baseline, Baseline) else _BASELINES[lang][baseline]
    told = {"name": classes[heat_map.target], "filler": filler, "method": heat_map.method, "threshold": threshold}
    return tuple(
        Evidence(_bearing(weight), Region(image, *box), weight, _sentence(box, weight, lang, told), source)
        for box, weight in pairs
        if box is not None
    )


def _fits(heat_map: HeatMap, shape: tuple[int, ...], grid: Geometry, classes: Sequence[str], lang: str) -> None:
    if heat_map.values.shape != shape[1:] or grid.shape != shape[1:]:
        raise InputError(
            f"a map of {heat_map.values.shape} and a geometry of {grid.shape} do not fit an input of {shape[1:]}",
            zh=f"形状为 {heat_map.values.shape} 的热图和 {grid.shape} 的几何与 {shape[1:]} 的输入不符",
        )
    if not 0 <= heat_map.target < len(classes):
        raise InputError(
            f"the map is for class {heat_map.target}, but {len(classes)} classes are named",
            zh=f"热图针对类别 {heat_map.target}，而只命名了 {len(classes)} 个类别",
        )
    if lang not in _OTHER:
        raise InputError(f"there are sentences in en and zh, not in {lang!r}", zh=f"语句有 en 和 zh，没有 {lang!r}")


def _losses(
    model: nn.Module,
    inputs: NDArray[Any],
    target: int,
    boxes: Sequence[Box],
    *,
    baseline: Baseline | NDArray[Any],
    score: Score,
) -> list[float]:
    """By how much the score falls where each box in turn is replaced."""
    example = prepared(model, inputs, target)[0]
    filler = torch.from_numpy(replacement(inputs, baseline).copy()).to(example)
    copies = [example]
    for low, high in boxes:
        where = (slice(None), *(slice(a, b) for a, b in zip(low, high, strict=True)))
        changed = example.clone()
        changed[where] = filler[where]
        copies.append(changed)
    whole, *without = scores(model, copies, target, score=score, batch=1)
    return [float(whole - one) for one in without]


def _bearing(weight: float) -> Bearing:
    if abs(weight) < _FLAT:
        return Bearing.NEUTRAL
    return Bearing.SUPPORTS if weight > 0 else Bearing.AGAINST


def _sentence(box: Box, weight: float, lang: str, told: dict[str, Any]) -> str:
    names = _AXES[lang, len(box[0])]
    sides = [(name, low + 1, high) for name, low, high in zip(names, *box, strict=True)]  # readers count from 1
    if lang == "zh":
        place = "，".join(f"第 {low}–{high} {name}" for name, low, high in sides)
    else:
        place = ", ".join(f"{name} {low}–{high}" for name, low, high in sides)
    return _SENTENCES[_bearing(weight)][lang].format(place=place, share=f"{10**-weight:.2g}", **told)
