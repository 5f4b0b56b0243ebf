"""From masks to outlines: the borders between pixels, as closed polygons that enclose exactly the mask."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.formats.images.writing.nouns import Mask, Outline

__all__ = ["outlines", "simplify"]

Corner = tuple[int, int]
_TURNS = ((0, 1), (1, 0), (0, -1), (-1, 0))  # right, down, left, up: clockwise as a picture is seen
_MOST = 8_000  # points: a polygon of coordinates is one value of DICOM, below 65,536 bytes (PS3.5 7.1.2)


def outlines(mask: Mask, *, slice_number: int = 0, most: int = _MOST) -> tuple[Outline, ...]:
    """Closed polygons around the parts of a mask (rows, columns) and around their holes, the longest first.

    Parts that touch only at a corner are apart. The polygons run along the sides of pixels, so they enclose exactly the
    pixels of the mask; one of more than `most` points is simplified by as little as brings it below.

    Raises InputError: the mask has not two axes.
    """
    if mask.ndim != 2:
        raise InputError(
            f"an outline is that of one slice (rows, columns), not of the shape {mask.shape}",
            zh=f"轮廓属于单个层面（行、列），而非形状 {mask.shape}",
        )
    found = []
    for loop in _loops(mask):
        points = np.array(loop, np.float64) - 0.5  # corners of pixels, where whole numbers are their centres
        tolerance = 0.5
        while len(points) > most:
            points, tolerance = simplify(points, tolerance), tolerance * 2
        found.append(Outline(tuple((float(row), float(column)) for row, column in points), slice_number))
    return tuple(sorted(found, key=lambda one: -len(one.points)))


def _loops(mask: Mask) -> Iterator[list[Corner]]:
    """Follow each border once, the mask on the right hand: the corners where it turns, the first again at the end."""
    edges = _edges(mask)
    unseen = {(at, heading): None for at, headings in edges.items() for heading in sorted(headings)}
    while unseen:
        at, heading = next(iter(unseen))
        steps: list[tuple[Corner, int]] = []
        while (at, heading) in unseen:
            del unseen[at, heading]
            steps.append((at, heading))
            at = (at[0] + _TURNS[heading][0], at[1] + _TURNS[heading][1])
            heading = _turn(edges[at], heading)
        corners = [here for number, (here, way) in enumerate(steps) if way != steps[number - 1][1]]
        yield [*corners, corners[0]]


def _turn(ways: set[int], heading: int) -> int:
    """To the right first: so parts that touch at a corner stay apart."""
    return next(way for way in ((heading + 1) % 4, heading, (heading + 3) % 4) if way in ways)


def _edges(mask: Mask) -> dict[Corner, set[int]]:
    """Where a border starts at a corner, and which way it runs."""
    padded = np.pad(mask, 1)
    inner = padded[1:-1, 1:-1]
    sides = (
        (inner & ~padded[:-2, 1:-1], (0, 0), 0),  # the upper side runs right
        (inner & ~padded[1:-1, 2:], (0, 1), 1),
        (inner & ~padded[2:, 1:-1], (1, 1), 2),
        (inner & ~padded[1:-1, :-2], (1, 0), 3),
    )
    edges: dict[Corner, set[int]] = {}
    for border, (down, right), heading in sides:
        for row, column in np.argwhere(border).tolist():
            edges.setdefault((row + down, column + right), set()).add(heading)
    return edges


def simplify(points: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """Leave out points (n, 2) nearer than `tolerance` pixels to the line that stays (Douglas and Peucker, 1973)."""
    keep = np.zeros(len(points), bool)
    keep[[0, -1]] = True
    todo = [(0, len(points) - 1)]
    while todo:
        low, high = todo.pop()
        if high - low < 2:
            continue
        away = _distance(points[low + 1 : high], points[low], points[high])
        farthest = int(away.argmax())
        if away[farthest] > tolerance:
            middle = low + 1 + farthest
            keep[middle] = True
            todo += [(low, middle), (middle, high)]
    return points[keep]


def _distance(points: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    along, offset = end - start, points - start
    length = float(np.hypot(*along))
    if length == 0:
        return np.asarray(np.hypot(offset[:, 0], offset[:, 1]), np.float64)
    return np.asarray(np.abs(along[0] * offset[:, 1] - along[1] * offset[:, 0]) / length, np.float64)
