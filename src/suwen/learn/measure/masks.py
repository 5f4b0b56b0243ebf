"""Segmentations against truth: overlap, surface distances in mm, volumes and lesions found.

Masks are (height, width) or (depth, height, width), truthy inside; spacing is in mm, slowest axis first.

Empty masks have defined answers, so that a missed structure counts and is not silently dropped: when both are empty,
overlaps are 1 and distances 0; when one is empty, overlaps are 0 and distances the diagonal of the image, the worst it
allows (the convention of BraTS). `MaskScores.empty` says which was empty, for readers who prefer to leave it out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.learn.measure import checked
from suwen.learn.measure.checked import Floats

__all__ = [
    "Lesions",
    "MaskScores",
    "dice",
    "hausdorff95",
    "iou",
    "lesions",
    "mask_scores",
    "surface_dice",
    "surface_distance",
    "surface_distances",
    "volume_error",
]

Mask = NDArray[np.bool_]
_MM3_PER_ML = 1000.0


@dataclass(frozen=True, slots=True)
class Lesions:
    """Lesions (connected parts) of the truth and how many were found; of the prediction and how many are real."""

    truth: int
    found: int
    predicted: int
    real: int

    @property
    def f1(self) -> float:
        """Harmonic mean of found / truth and real / predicted; 1 when there are none at all, 0 when none agree."""
        if not self.truth and not self.predicted:
            return 1.0
        share = self.found / self.truth if self.truth else 0.0
        right = self.real / self.predicted if self.predicted else 0.0
        return 2 * share * right / (share + right) if share + right else 0.0


@dataclass(frozen=True, slots=True)
class MaskScores:
    """All measures of one class in one case: distances in mm, volumes in mL.

    `empty` says which mask was: "", "truth", "predicted" or "both".
    """

    dice: float
    iou: float
    hausdorff95: float
    surface_distance: float
    volume: float
    volume_error: float
    lesion_f1: float
    empty: str

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def dice(truth: Any, predicted: Any) -> float:
    """Twice the overlap over the sum of the sizes, 0..1 (Dice 1945)."""
    one, two = _both(truth, predicted)
    size = int(one.sum()) + int(two.sum())
    return 2 * int((one & two).sum()) / size if size else 1.0


def iou(truth: Any, predicted: Any) -> float:
    """Overlap over union, 0..1 (Jaccard 1901)."""
    one, two = _both(truth, predicted)
    union = int((one | two).sum())
    return int((one & two).sum()) / union if union else 1.0


def hausdorff95(
    truth: Any, predicted: Any, *, spacing: Sequence[float], connectivity: int = 1, percentile: float = 95.0
) -> float:
    """Larger of the two 95th percentiles of surface distances, in mm; `percentile` 100 is the Hausdorff distance."""
    distances = surface_distances(truth, predicted, spacing=spacing, connectivity=connectivity)
    if isinstance(distances, float):
        return distances
    return max(float(np.percentile(side, percentile)) for side in distances)


def surface_distance(truth: Any, predicted: Any, *, spacing: Sequence[float], connectivity: int = 1) -> float:
    """Average symmetric surface distance in mm: mean over the surface voxels of both masks (Heimann 2009)."""
    distances = surface_distances(truth, predicted, spacing=spacing, connectivity=connectivity)
    return distances if isinstance(distances, float) else float(np.concatenate(distances).mean())


def surface_dice(
    truth: Any, predicted: Any, *, spacing: Sequence[float], tolerance: float, connectivity: int = 1
) -> float:
    """Share of the surface voxels of both masks within `tolerance` mm of the other surface, 0..1.

    After Nikolov 2018, counting voxels and not areas.
    """
    if not tolerance >= 0:
        raise InputError(f"the tolerance is {tolerance} mm: give 0 or more")
    distances = surface_distances(truth, predicted, spacing=spacing, connectivity=connectivity)
    if isinstance(distances, float):
        return float(distances == 0)
    return float(np.mean(np.concatenate(distances) <= tolerance))


def surface_distances(
    truth: Any, predicted: Any, *, spacing: Sequence[float], connectivity: int = 1
) -> tuple[Floats, Floats] | float:
    """Distance in mm of each surface voxel of either mask to the other's surface; one number when a mask is empty.

    A surface voxel has a neighbour outside the mask or the image: across a face (`connectivity` 1: 4 or 6 neighbours)
    or also across edges and corners (as many as there are axes: 8 or 26). Distances run between voxel centres, by the
    exact Euclidean transform. Raises MissingExtraError without scipy.
    """
    one, two = _both(truth, predicted)
    steps = _spacing(spacing, one)
    if not 1 <= connectivity <= one.ndim:
        raise InputError(f"connectivity {connectivity} of {one.ndim} axes: give 1 to the number of axes")
    if not one.any() or not two.any():
        reach = math.sqrt(sum((size * step) ** 2 for size, step in zip(one.shape, steps, strict=True)))
        return reach if one.any() or two.any() else 0.0
    ndimage = checked.scipy("ndimage")
    one, two = _cropped(one, two)
    shape = ndimage.generate_binary_structure(one.ndim, connectivity)
    edges = [mask & ~ndimage.binary_erosion(mask, shape) for mask in (one, two)]
    fields = [ndimage.distance_transform_edt(~edge, sampling=steps) for edge in edges]
    return fields[1][edges[0]], fields[0][edges[1]]


def volume_error(truth: Any, predicted: Any, *, spacing: Sequence[float]) -> float:
    """Predicted minus true volume, in mL."""
    one, two = _both(truth, predicted)
    return (int(two.sum()) - int(one.sum())) * math.prod(_spacing(spacing, one)) / _MM3_PER_ML


def lesions(truth: Any, predicted: Any, *, overlap: float = 0.0, connectivity: int | None = None) -> Lesions:
    """Count lesions: a connected part is found (or real) when more than a share `overlap` of it lies in the other mask.

    `connectivity` is as for surfaces, by default across corners too. Raises MissingExtraError without scipy.
    """
    one, two = _both(truth, predicted)
    if not 0 <= overlap < 1:
        raise InputError(f"the overlap is {overlap}: give a share from 0 to below 1")
    shape = checked.scipy("ndimage").generate_binary_structure(one.ndim, connectivity or one.ndim)
    counted = [_covered(mine, other, shape, overlap) for mine, other in ((one, two), (two, one))]
    return Lesions(*counted[0], *counted[1])


def mask_scores(
    truth: Any, predicted: Any, *, spacing: Sequence[float], classes: Sequence[str]
) -> dict[str, MaskScores]:
    """All measures for each class of two label maps.

    `classes` are named from label 0, which is background and left out. Raises InputError for a label without a name.
    """
    one, two = np.asarray(truth), np.asarray(predicted)
    highest = max(int(one.max(initial=0)), int(two.max(initial=0)))
    if highest >= len(classes):
        raise InputError(
            f"the masks hold label {highest}, but only {len(classes)} classes are named, background included"
        )
    return {name: _scored(one == label, two == label, spacing) for label, name in enumerate(classes) if label}


def _scored(one: Mask, two: Mask, spacing: Sequence[float]) -> MaskScores:
    distances = surface_distances(one, two, spacing=spacing)
    far, near = (
        (distances, distances)
        if isinstance(distances, float)
        else (max(float(np.percentile(side, 95)) for side in distances), float(np.concatenate(distances).mean()))
    )
    empty = {(True, True): "", (False, True): "truth", (True, False): "predicted", (False, False): "both"}
    return MaskScores(
        dice=dice(one, two),
        iou=iou(one, two),
        hausdorff95=far,
        surface_distance=near,
        volume=int(one.sum()) * math.prod(_spacing(spacing, one)) / _MM3_PER_ML,
        volume_error=volume_error(one, two, spacing=spacing),
        lesion_f1=lesions(one, two).f1,
        empty=empty[bool(one.any()), bool(two.any())],
    )


def _both(truth: Any, predicted: Any) -> tuple[Mask, Mask]:
    one, two = (np.asarray(mask) for mask in (truth, predicted))
    if one.shape != two.shape or one.ndim not in (2, 3) or not one.size:
        raise InputError(f"masks of shape {one.shape} and {two.shape}: give two of one shape, with two or three axes")
    for mask in (one, two):
        if mask.dtype.kind == "f" and np.isnan(mask).any():
            raise InputError(f"{int(np.isnan(mask).sum())} voxels of a mask are NaN: decide what is inside first")
    return one.astype(bool), two.astype(bool)


def _spacing(spacing: Sequence[float], mask: Mask) -> tuple[float, ...]:
    steps = tuple(float(step) for step in spacing)
    if len(steps) != mask.ndim or not all(0 < step < math.inf for step in steps):
        raise InputError(f"spacing {steps} for a mask of {mask.ndim} axes: give one positive length in mm for each")
    return steps


def _cropped(one: Mask, two: Mask) -> tuple[Mask, Mask]:
    """Both masks cut to the box that holds them: the distances stay, the time falls."""
    box = []
    for axis in range(one.ndim):
        others = tuple(other for other in range(one.ndim) if other != axis)
        held = np.flatnonzero((one | two).any(axis=others))
        box.append(slice(int(held[0]), int(held[-1]) + 1))
    return one[tuple(box)], two[tuple(box)]


def _covered(mine: Mask, other: Mask, shape: Any, overlap: float) -> tuple[int, int]:
    """Number of connected parts of `mine`, and of those that lie in `other` for more than the share asked for."""
    labelled, count = checked.scipy("ndimage").label(mine, shape)
    size = np.bincount(labelled.ravel(), minlength=count + 1)[1:]
    inside = np.bincount(labelled[other], minlength=count + 1)[1:]
    return int(count), int((inside > overlap * size).sum())
