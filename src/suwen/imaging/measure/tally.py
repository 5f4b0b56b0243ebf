"""Texture matrices as counted pairs: how they are merged or averaged over slices and directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.imaging.measure.frame import Mask, Numbers

__all__ = ["FLAT", "SOLID", "Describe", "Tally", "count", "directions", "emphases", "over_slices", "shifted"]

Whole = NDArray[np.int64]
Describe = Callable[[Whole, Whole, Whole, float], Numbers]
_BY_COUNTING = 20_000_000  # keys up to this are counted in a table, more by sorting

FLAT = ((0, 0, 1), (0, 1, -1), (0, 1, 0), (0, 1, 1))
SOLID = tuple(
    (z, y, x) for z in (0, 1) for y in (-1, 0, 1) for x in (-1, 0, 1) if (z, y, x) > (0, 0, 0)
)  # 13 of 26 neighbours: the others are their opposites


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Entries of a sparse matrix a slice: `number` times `row` (grey level) met `column` in the slice `group`."""

    group: Whole
    row: Whole
    column: Whole
    number: Whole


def directions(solid: bool) -> tuple[tuple[int, int, int], ...]:
    """The unique directions of neighbours: 13 in a volume, 4 in a slice."""
    return SOLID if solid else FLAT


def count(group: Whole, row: Whole, column: Whole) -> Tally:
    """Count equal triples."""
    if not len(row):
        return Tally(group, row, column, np.zeros(0, dtype=np.int64))
    rows, columns = int(row.max()) + 1, int(column.max()) + 1
    key = (group * rows + row) * columns + column
    if (int(group.max()) + 1) * rows * columns <= _BY_COUNTING:
        table = np.bincount(key)
        found = np.flatnonzero(table)
        number = table[found]
    else:
        found, number = np.unique(key, return_counts=True)
    return Tally(found // columns // rows, found // columns % rows, found % columns, number)


def over_slices(
    tallies: Sequence[Tally], voxels: Whole, describe: Describe, *, directed: bool, solid: bool
) -> dict[str, Numbers]:
    """Features by way of aggregation, keyed as in the IBSI tables: "2D_avg", "2D_comb", "2_5D_avg", ..., "3D".

    `tallies` holds one a direction, `voxels` the number of samples in each slice.
    """
    total = float(voxels.sum())
    every = _describe(tallies, describe, total * len(tallies))
    if solid and not directed:
        return {"3D": every}
    apart = np.mean([_describe([one], describe, total) for one in tallies], axis=0)
    if solid:
        return {"3D_avg": apart, "3D_comb": every}
    used = np.flatnonzero(voxels).tolist()
    merged = [
        _describe([_only(one, group) for one in tallies], describe, voxels[group] * len(tallies)) for group in used
    ]
    if not directed:
        return {"2D": _average(merged), "2_5D": every}
    single = [_describe([_only(one, group)], describe, float(voxels[group])) for group in used for one in tallies]
    return {"2D_avg": _average(single), "2D_comb": _average(merged), "2_5D_avg": apart, "2_5D_comb": every}


def _only(tally: Tally, group: int) -> Tally:
    first, last = np.searchsorted(tally.group, [group, group + 1])
    part = slice(first, last)
    return Tally(tally.group[part], tally.row[part], tally.column[part], tally.number[part])


def _average(rows: Sequence[Numbers]) -> Numbers:
    known = np.array([row for row in rows if not np.isnan(row).all()])
    return known.mean(axis=0) if len(known) else np.array(rows[0])


def _describe(tallies: Sequence[Tally], describe: Describe, voxels: float) -> Numbers:
    row = np.concatenate([one.row for one in tallies])
    column = np.concatenate([one.column for one in tallies])
    number = np.concatenate([one.number for one in tallies])
    if not len(row):
        return describe(row, column, number, voxels)
    columns = int(column.max()) + 1
    found, place = np.unique(row * columns + column, return_inverse=True)
    return describe(found // columns, found % columns, np.bincount(place, weights=number).astype(np.int64), voxels)


def emphases(row: Whole, column: Whole, number: Whole, voxels: float) -> Numbers:
    """The 16 features that GLRLM, GLSZM, GLDZM and NGLDM share, and the energy that only NGLDM has.

    Order of the IBSI tables: short, long, low grey, high grey, their four products, grey level non-uniformity and
    its normalised form, the same of the other axis, percentage, two variances, entropy, energy. NaN: nothing counted.
    """
    total = float(number.sum())
    if not total:
        return np.full(17, np.nan)
    i, j, share = row.astype(np.float64), column.astype(np.float64), number / total
    by_row, by_column = np.bincount(row, weights=number), np.bincount(column, weights=number)
    products = [(share * i**a * j**b).sum() for a, b in ((-2, -2), (2, -2), (-2, 2), (2, 2))]
    uneven = [(by_row**2).sum() / total, (by_row**2).sum() / total**2]
    uneven += [(by_column**2).sum() / total, (by_column**2).sum() / total**2]
    single = [(share / j**2).sum(), (share * j**2).sum(), (share / i**2).sum(), (share * i**2).sum()]
    spread = [(share * (one - (share * one).sum()) ** 2).sum() for one in (i, j)]
    entropy = -(share * np.log2(share)).sum()
    return np.array([*single, *products, *uneven, total / voxels, *spread, entropy, (share**2).sum()])


def shifted(array: NDArray[np.int64] | Mask, step: tuple[int, int, int]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Slices of an array that lay each sample beside its neighbour at `step`."""
    here = tuple(slice(max(0, -one), side - max(0, one)) for one, side in zip(step, array.shape, strict=True))
    there = tuple(slice(max(0, one), side - max(0, -one)) for one, side in zip(step, array.shape, strict=True))
    return here, there
