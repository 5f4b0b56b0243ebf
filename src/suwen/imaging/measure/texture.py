"""Texture of a region by IBSI 1: GLCM, GLRLM, GLSZM, GLDZM, NGTDM and NGLDM (manual, sections 3.6 to 3.11).

All take `levels`, grey levels of a box (slice, row, column) with 0 outside the region and one empty sample around, and
return features by aggregation in the order of the IBSI tables. Neighbours are at Chebyshev distance 1; matrices of
co-occurrence are symmetric; zones are 26-connected (8 in a slice).
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from suwen.imaging.measure.cooccurrence import describe_pairs
from suwen.imaging.measure.frame import Mask, Numbers
from suwen.imaging.measure.tally import Tally, count, directions, emphases, over_slices, shifted

__all__ = ["cooccurrence", "dependence", "distances", "runs", "tone_difference", "zones"]

Levels = NDArray[np.int64]


def _voxels(levels: Levels) -> Levels:
    return np.asarray((levels > 0).sum(axis=(1, 2)), dtype=np.int64)


def cooccurrence(levels: Levels, *, solid: bool) -> dict[str, Numbers]:
    """GLCM (LFYI): 25 features."""
    tallies = []
    for step in directions(solid):
        here, there = shifted(levels, step)
        one, other = levels[here], levels[there]
        both = (one > 0) & (other > 0)
        group = np.nonzero(both)[0]
        tallies.append(count(np.zeros_like(group) if solid else group + here[0].start, one[both], other[both]))
    describe = describe_pairs(int(levels.max()))
    return over_slices(tallies, _voxels(levels), describe, directed=True, solid=solid)


def runs(levels: Levels, *, solid: bool) -> dict[str, Numbers]:
    """GLRLM (TP0I): 16 features, and the energy that is not of IBSI last."""
    plane = levels.shape[1] * levels.shape[2]
    strides = (plane, levels.shape[2], 1)
    tallies = [
        _runs_along(levels, sum(a * b for a, b in zip(step, strides, strict=True))) for step in directions(solid)
    ]
    return over_slices(tallies, _voxels(levels), emphases, directed=True, solid=solid)


def _runs_along(levels: Levels, stride: int) -> Tally:
    """Runs in one direction: samples `stride` apart in memory stand side by side once the array is folded so wide.

    The empty border of the box stands between two lines, so no run goes from one to the next.
    """
    flat = levels.ravel()
    rows = -(-len(flat) // stride)
    folded = np.zeros(rows * stride, dtype=np.int64)
    folded[: len(flat)] = flat
    lines = np.pad(folded.reshape(rows, stride).T, ((0, 0), (0, 1))).ravel()  # a 0 between two residues
    begins = np.flatnonzero(np.diff(lines, prepend=-1))
    lengths = np.diff(begins, append=len(lines))
    level = lines[begins]
    kept = level > 0
    residue, row = begins[kept] // (rows + 1), begins[kept] % (rows + 1)
    group = (row * stride + residue) // (levels.shape[1] * levels.shape[2])
    return count(group, level[kept], lengths[kept])


def _labelled(levels: Levels, solid: bool) -> tuple[Levels, Levels]:
    """Number of the zone of each sample of the region (in memory order), and the places of those samples."""
    places = np.flatnonzero(levels)
    number = np.full(levels.shape, -1, dtype=np.int64)
    number[levels > 0] = np.arange(len(places))
    ends = []
    for step in directions(solid):
        here, there = shifted(levels, step)
        same = (levels[here] == levels[there]) & (levels[here] > 0)
        ends.append((number[here][same], number[there][same]))
    one, other = (np.concatenate(side) for side in zip(*ends, strict=True))
    graph = coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(len(places), len(places)))
    return connected_components(graph, directed=False)[1].astype(np.int64), places


def zones(levels: Levels, depth: Levels, *, solid: bool) -> tuple[dict[str, Numbers], dict[str, Numbers]]:
    """GLSZM (9SAK) and GLDZM (VMDZ): 16 features each. `depth`: distance of each sample to the border."""
    zone, places = _labelled(levels, solid)
    size = np.bincount(zone)
    first = np.zeros(len(size), dtype=np.int64)
    first[zone] = places
    nearest = np.full(len(size), np.iinfo(np.int64).max)
    np.minimum.at(nearest, zone, depth.ravel()[places])
    level = levels.ravel()[first]
    group = first // (levels.shape[1] * levels.shape[2])
    group = np.zeros_like(group) if solid else group
    voxels = _voxels(levels)
    sizes = over_slices([count(group, level, size)], voxels, emphases, directed=False, solid=solid)
    return sizes, over_slices([count(group, level, nearest)], voxels, emphases, directed=False, solid=solid)


def distances(shape: Mask, *, solid: bool) -> Levels:
    """Steps along the axes from each sample out of the morphological mask: 1 at its border (IBSI 1 manual 3.9)."""
    if solid:
        return np.asarray(ndimage.distance_transform_cdt(shape, metric="taxicab"), dtype=np.int64)
    return np.stack([ndimage.distance_transform_cdt(one, metric="taxicab") for one in shape]).astype(np.int64)


def _neighbours(solid: bool) -> list[tuple[int, int, int]]:
    reach = (-1, 0, 1)
    return [step for step in product(reach if solid else (0,), reach, reach) if any(step)]


def dependence(levels: Levels, *, solid: bool) -> dict[str, Numbers]:
    """NGLDM (REK0), coarseness 0: 17 features."""
    alike = np.zeros(levels.shape, dtype=np.int64)
    for step in _neighbours(solid):
        here, there = shifted(levels, step)
        alike[here] += levels[here] == levels[there]
    inside = levels > 0
    group = np.nonzero(inside)[0]
    group = np.zeros_like(group) if solid else group
    tally = count(group, levels[inside], alike[inside] + 1)
    return over_slices([tally], _voxels(levels), emphases, directed=False, solid=solid)


def tone_difference(levels: Levels, *, solid: bool) -> dict[str, Numbers]:
    """NGTDM (IPET): 5 features."""
    total, known = np.zeros(levels.shape, dtype=np.int64), np.zeros(levels.shape, dtype=np.int64)
    for step in _neighbours(solid):
        here, there = shifted(levels, step)
        total[here] += levels[there]
        known[here] += levels[there] > 0
    used = (levels > 0) & (known > 0)
    group, level = np.nonzero(used)[0], levels[used]
    apart = np.abs(level - total[used] / known[used])
    most = int(levels.max()) + 1
    key, size = group * most + level, levels.shape[0] * most
    number = np.bincount(key, minlength=size).reshape(-1, most).astype(np.float64)
    difference = np.bincount(key, weights=apart, minlength=size).astype(np.float64).reshape(-1, most)
    every = _tones(number.sum(axis=0), difference.sum(axis=0))
    if solid:
        return {"3D": every}
    slices = [_tones(a, b) for a, b in zip(number, difference, strict=True) if a.any()]
    return {"2D": np.mean(slices, axis=0) if slices else every, "2_5D": every}


def _tones(number: Numbers, difference: Numbers) -> Numbers:
    """Coarseness, contrast, busyness, complexity, strength; NaN where no sample has a neighbour."""
    level = np.flatnonzero(number).astype(np.float64)
    total = number.sum()
    if not total:
        return np.full(5, np.nan)
    share, gap = number[number > 0] / total, difference[number > 0]
    i, j = level[:, None], level[None, :]
    p, q = share[:, None], share[None, :]
    weighted = float((share * gap).sum())
    kinds = len(level)
    contrast = (p * q * (i - j) ** 2).sum() * gap.sum() / total / (kinds * (kinds - 1)) if kinds > 1 else 0.0
    swing = np.abs(i * p - j * q).sum()
    complexity = (np.abs(i - j) * (p * gap[:, None] + q * gap[None, :]) / (p + q)).sum() / total
    strength = ((p + q) * (i - j) ** 2).sum() / gap.sum() if gap.sum() else 0.0
    coarseness = 1 / weighted if weighted else 1e6  # the value IBSI gives a flat region
    return np.array([coarseness, contrast, weighted / swing if swing else 0.0, complexity, strength])
