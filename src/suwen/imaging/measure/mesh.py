"""The surface of a mask as triangles: marching cubes at the midpoints of the edges (IBSI 1 manual, section 3.1).

The table of the 256 cubes is not typed in but derived: on each face of a cube the border runs with the inside on one
side, an ambiguous face (two inside corners on a diagonal) is always cut so that the inside corners are joined, and the
pieces are linked to loops. Neighbouring cubes decide by the face they share, so the surface is closed for every mask.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from suwen.imaging.measure.frame import Mask, Numbers

__all__ = ["border_points", "bulk", "outline", "triangles"]

Point = tuple[int, int, int]


def border_points(mask: Mask) -> Numbers:
    """Midpoints between each inside sample and its outside neighbours along the axes: (n, axes), in array indices.

    They are the corners of the surface of `triangles`; the mask needs an empty border.
    """
    found = []
    for axis in range(mask.ndim):
        change = np.diff(mask, axis=axis)  # of bool: True where neighbours differ
        points = np.argwhere(change).astype(np.float64)
        points[:, axis] += 0.5
        found.append(points)
    return np.concatenate(found)


def bulk(mask: Mask, vectors: Numbers) -> tuple[float, float]:
    """Volume inside the surface (IBSI RNU0) and its area (IBSI C0JK), in true lengths.

    Equal cubes hold equal pieces of the surface, so cubes are counted by kind and no triangle is made. The volume is
    the flux of the place through the surface: of each kind within its cube, and of the corners of its cubes.
    """
    kinds, corner = _cubes(mask)
    firsts, table = _table()
    faces = table / 2.0
    normals = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0]) / 2
    true = np.cross((faces[:, 1] - faces[:, 0]) @ vectors, (faces[:, 2] - faces[:, 0]) @ vectors)
    kind_of = np.repeat(np.arange(256), np.diff(firsts))
    area = np.bincount(kind_of, weights=np.linalg.norm(true, axis=1) / 2, minlength=256)
    flux = np.bincount(kind_of, weights=(normals * faces[:, 0]).sum(axis=1), minlength=256)
    number = np.bincount(kinds, minlength=256)
    total = float(number @ flux)
    for axis in range(3):
        pointing = np.bincount(kind_of, weights=normals[:, axis], minlength=256)
        total += float(np.bincount(kinds, weights=corner[:, axis], minlength=256) @ pointing)
    return abs(total) / 3 * float(abs(np.linalg.det(vectors))), float(number @ area)


def triangles(mask: Mask) -> Numbers:
    """Triangles of the surface, (n, 3 corners, 3 axes) in array indices, all turned alike; for drawing and export.

    The mask is a volume with an empty border.
    """
    kinds, corner = _cubes(mask)
    firsts, table = _table()
    counts = firsts[kinds.astype(np.intp) + 1] - firsts[kinds]
    cubes = np.repeat(np.arange(len(kinds)), counts)
    order = np.arange(len(cubes)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(table[firsts[kinds[cubes]] + order] / 2 + corner[cubes][:, None, :])


def _cubes(mask: Mask) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Kind (which of its eight corners are inside) and first corner of each cube that the surface passes."""
    kind = np.zeros(tuple(side - 1 for side in mask.shape), dtype=np.uint8)
    for bit, (z, y, x) in enumerate(product((0, 1), repeat=3)):
        part = mask[z : z + kind.shape[0], y : y + kind.shape[1], x : x + kind.shape[2]]
        kind |= part.view(np.uint8) << np.uint8(bit)
    where = np.flatnonzero((kind != 0) & (kind != 255))
    return kind.ravel()[where], np.stack(np.unravel_index(where, kind.shape), axis=1)


@cache
def _table() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows = [_triangles_of(kind) for kind in range(256)]
    firsts = np.cumsum([0, *(len(row) for row in rows)])
    return firsts, np.array([triangle for row in rows for triangle in row], dtype=np.int64)


def _triangles_of(kind: int) -> list[tuple[Point, Point, Point]]:
    inside: set[Point] = {(z, y, x) for bit, (z, y, x) in enumerate(product((0, 2), repeat=3)) if kind >> bit & 1}
    follows: dict[Point, Point] = {}
    for axis, side in product(range(3), (0, 2)):
        follows.update(_cuts(inside, axis, side))
    found = []
    while follows:
        start, point = follows.popitem()
        loop = [start]
        while point != start:
            loop.append(point)
            point = follows.pop(point)
        found += _filled(loop)
    return found


def _filled(loop: list[Point]) -> list[tuple[Point, Point, Point]]:
    """Triangles that fill a loop. Where it is not flat there is a choice, and the greatest area is taken (then the
    least volume): of the simple rules it is the one that meets the consensus values of IBSI, and turning or
    mirroring the cube does not change it.
    """
    ways = np.array(_ways(0, len(loop) - 1))
    faces = np.array(loop, dtype=np.float64)[ways]
    normals = np.cross(faces[:, :, 1] - faces[:, :, 0], faces[:, :, 2] - faces[:, :, 0])
    area = np.linalg.norm(normals, axis=2).sum(axis=1).round(6)
    under = np.linalg.det(faces).sum(axis=1).round(6)
    best = ways[np.lexsort((under, -area))[0]]
    return [(loop[one], loop[two], loop[three]) for one, two, three in best.tolist()]


@cache
def _ways(first: int, last: int) -> list[list[tuple[int, int, int]]]:
    if last - first < 2:
        return [[]]
    return [
        [*before, *after, (first, middle, last)]
        for middle in range(first + 1, last)
        for before in _ways(first, middle)
        for after in _ways(middle, last)
    ]


def _cuts(inside: set[Point], axis: int, side: int) -> dict[Point, Point]:
    """Pieces of the border on one face, each from the edge where a walk around the face leaves the inside, to where
    it came in: walked counter-clockwise as seen from outside the cube.
    """
    others = [(axis + 1) % 3, (axis + 2) % 3]
    walk = [(0, 0), (2, 0), (2, 2), (0, 2)]
    ring: list[Point] = []
    for step in walk if side else walk[::-1]:
        corner = [side] * 3
        corner[others[0]], corner[others[1]] = step
        ring.append((corner[0], corner[1], corner[2]))
    middle = [_middle(ring[one], ring[(one + 1) % 4]) for one in range(4)]
    leaves = [one for one in range(4) if ring[one] in inside and ring[(one + 1) % 4] not in inside]
    cuts = {}
    for leave in leaves:
        enter = leave + 1
        while ring[(enter + 1) % 4] not in inside:
            enter += 1
        cuts[middle[leave]] = middle[enter % 4]
    return cuts


def _middle(one: Point, other: Point) -> Point:
    return (one[0] + other[0]) // 2, (one[1] + other[1]) // 2, (one[2] + other[2]) // 2


def outline(mask: Mask) -> Numbers:
    """Border of a flat mask with an empty rim as pieces, (n, 2 ends, 2 axes), in array indices: marching squares."""
    kind = np.zeros(tuple(side - 1 for side in mask.shape), dtype=np.uint8)
    for bit, (y, x) in enumerate(product((0, 1), repeat=2)):
        kind |= mask[y : y + kind.shape[0], x : x + kind.shape[1]].view(np.uint8) << np.uint8(bit)
    pieces = []
    for each in range(1, 15):
        corner = np.argwhere(kind == each)
        inside: set[Point] = {
            (0, 2 * y, 2 * x) for bit, (y, x) in enumerate(product((0, 1), repeat=2)) if each >> bit & 1
        }
        for begin, end in _cuts(inside, 0, 0).items():
            pieces.append(np.array([begin[1:], end[1:]]) / 2 + corner[:, None, :])
    return np.concatenate(pieces)
