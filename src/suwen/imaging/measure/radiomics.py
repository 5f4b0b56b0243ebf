"""Radiomic features of a region by the definitions of IBSI 1 (Zwanenburg, Radiology 2020;295:328; arXiv:1612.07003)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.imaging.measure.catalogue import of_family
from suwen.imaging.measure.discretise import Prepared, levels_of, prepare
from suwen.imaging.measure.frame import Numbers, frame_of, require_mask, require_values
from suwen.imaging.measure.intensity import histogram, statistics, volume_histogram
from suwen.imaging.measure.nouns import Feature, Settings
from suwen.imaging.measure.shape import morphology
from suwen.imaging.measure.spatial import peaks
from suwen.imaging.measure.texture import cooccurrence, dependence, distances, runs, tone_difference, zones
from suwen.subject.grid import Grid

__all__ = ["radiomics"]


def radiomics(
    mask: NDArray[Any], grid: Grid, values: NDArray[Any], *, settings: Settings | None = None
) -> dict[str, Feature]:
    """Features by the names of the IBSI tables ("morph_volume", "cm_contrast_3D_comb"), in their order.

    `mask` and `values` have the shape of `grid`. A flat image, or one without scale, has no features of shape and no
    peaks; a flat image is one slice. A feature that is not defined for the region is NaN.

    Raises:
        InputError: shapes differ, the mask is empty, intensities are not numbers, or a flat image or one without
            scale shall be interpolated.

    """
    settings = settings or Settings()
    region = require_mask(mask, grid)
    image = require_values(values, region)
    frame = frame_of(grid)
    solid = len(grid.shape) == 3
    if settings.spacing is not None and not (solid and frame.unit == "mm"):
        raise InputError(
            "only a volume with a scale can be interpolated to a spacing in mm",
            zh="只有带标度的容积数据才能按毫米间距插值",
        )
    vectors = frame.vectors
    if not solid:
        region, image, vectors = region[None], image[None], np.pad(vectors, ((1, 0), (1, 0))) + np.diag([1.0, 0, 0])
    ready = prepare(image, region, vectors, settings)
    found = _of_shape(ready) if solid and frame.unit == "mm" else {}
    return found | _of_intensity(ready, settings) | _of_texture(ready, settings, solid=solid)


def _named(family: str, rows: Mapping[str, float], suffix: str = "") -> dict[str, Feature]:
    return {
        f"{family}_{name}{suffix}": Feature(float(rows[name]), ibsi, _unit(unit))
        for name, ibsi, unit in of_family(family)
    }


def _unit(short: str) -> str:
    words = {"L": "mm", "L2": "mm²", "L3": "mm³", "/L": "1/mm", "I": "intensity", "I2": "intensity²"}
    return words.get(short, short.replace("I", "intensity").replace("L3", "mm³"))


def _listed(family: str, aggregations: Mapping[str, Numbers]) -> dict[str, Feature]:
    names = [name for name, _, _ in of_family(family)]
    found = dict[str, Feature]()
    for way, row in aggregations.items():
        found |= _named(family, dict(zip(names, row[: len(names)].tolist(), strict=True)), f"_{way}")
    return found


def _of_shape(ready: Prepared) -> dict[str, Feature]:
    return _named("morph", morphology(ready)) | _named("loc", peaks(ready))


def _levels(ready: Prepared, settings: Settings) -> NDArray[np.int64]:
    low = settings.limits[0] if settings.limits else None
    return levels_of(ready.values[ready.part], settings.bins, low)


def _of_intensity(ready: Prepared, settings: Settings) -> dict[str, Feature]:
    inside = ready.values[ready.part]
    return (
        _named("stat", statistics(inside))
        | _named("ih", histogram(_levels(ready, settings)))
        | _named("ivh", volume_histogram(inside, settings))
    )


def _of_texture(ready: Prepared, settings: Settings, *, solid: bool) -> dict[str, Feature]:
    levels = np.zeros(ready.part.shape, dtype=np.int64)
    levels[ready.part] = _levels(ready, settings)
    box = _tight(ready.shape)
    levels, shape = levels[box], ready.shape[box]
    ways: Sequence[bool] = [False] * (settings.flat or not solid) + [True] * (settings.solid and solid)
    found = dict[str, dict[str, Numbers]]()
    for way in ways:
        sizes, depths = zones(levels, distances(shape, solid=way), solid=way)
        of_way = {
            "cm": cooccurrence(levels, solid=way),
            "rlm": runs(levels, solid=way),
            "szm": sizes,
            "dzm": depths,
            "ngt": tone_difference(levels, solid=way),
            "ngl": dependence(levels, solid=way),
        }
        found = {family: found.get(family, {}) | rows for family, rows in of_way.items()}
    return {name: one for family, rows in found.items() for name, one in _listed(family, rows).items()}


def _tight(shape: NDArray[np.bool_]) -> tuple[slice, ...]:
    """The box of the region with its empty border, so that textures cost what the region costs."""
    sides = [np.flatnonzero(shape.any(axis=tuple(set(range(3)) - {axis}))) for axis in range(3)]
    return tuple(slice(int(side[0]) - 1, int(side[-1]) + 2) for side in sides)
