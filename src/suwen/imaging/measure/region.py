"""Everything that is measured of one region: size, shape, place, intensities and margin."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull

from suwen.imaging.measure import crofton
from suwen.imaging.measure.diameters import Line, longest_in_slice, plane_of, widest
from suwen.imaging.measure.extremes import outermost
from suwen.imaging.measure.frame import Frame, Mask, Numbers, Piece, cut, frame_of, require_mask, require_values
from suwen.imaging.measure.intensity import statistics
from suwen.imaging.measure.margin import margin
from suwen.imaging.measure.mesh import bulk, outline
from suwen.imaging.measure.nouns import Box, Diameter, Margin, Measures
from suwen.subject.grid import Grid

__all__ = ["measure"]


def measure(mask: NDArray[Any], grid: Grid, *, values: NDArray[Any] | None = None) -> Measures:
    """Measures of one region of a flat image or a volume, in true lengths: spacing, and shear where there is one.

    `mask` (bool, or 0 and 1) and `values` have the shape of `grid`; several parts are measured as one region. With
    `values` the intensities and the margin are described too. Where the grid has no scale, lengths are in pixels.

    Raises:
        InputError: shapes differ, the mask is empty, or intensities of the region are not finite numbers.

    """
    region = require_mask(mask, grid)
    image = None if values is None else require_values(values, region)
    frame, piece = frame_of(grid), cut(region)
    flat = len(grid.shape) == 2
    number, long, short, plane = _in_slice(piece, frame, flat)
    section = piece.mask if flat else piece.mask[number]
    hull = ConvexHull(outermost(piece.mask))
    area = float(np.count_nonzero(section)) * abs(float(np.linalg.det(plane)))
    around = crofton.perimeter(section, plane)
    return Measures(
        unit=frame.unit,
        samples=int(np.count_nonzero(piece.mask)),
        parts=int(ndimage.label(piece.mask, np.ones((3,) * region.ndim))[1]),
        **_lengths(piece, frame, grid, hull, (number, long, short)),
        mean_diameter=(long[0] + short[0]) / 2,
        slice=None if flat else int(number + piece.corner[0]),
        area=area,
        perimeter=around,
        circularity=4 * np.pi * area / around**2,
        **_hull_and_bulk(piece, frame, hull),
        **_place(piece, grid),
        **_axes(piece, frame),
        box=_box(piece, frame),
        intensity=None if image is None else statistics(image[region]),
        margin=None if image is None else _margin(piece, image, frame),
        touches_edge=_touches(region),
    )


def _in_slice(piece: Piece, frame: Frame, flat: bool) -> tuple[int, Line, Line, Numbers]:
    plane = plane_of(frame.vectors)
    number, long, short = longest_in_slice(piece.mask[None] if flat else piece.mask, plane)
    return number, long, short, plane


def _lengths(piece: Piece, frame: Frame, grid: Grid, hull: ConvexHull, found: tuple[int, Line, Line]) -> dict[str, Any]:
    number, *lines = found
    flat = piece.mask.ndim == 2
    named = dict(zip(("longest", "across"), lines, strict=True))
    named_lines = {}
    for name, (length, one, other) in named.items():
        ends = [one, other] if flat else [np.insert(end, 0, number) for end in (one, other)]
        named_lines[name] = _diameter((length, ends[0], ends[1]), piece, frame, grid)
    far = named["longest"] if flat else widest(hull, frame.vectors)
    return named_lines | {"widest": _diameter(far, piece, frame, grid)}


def _diameter(line: Line, piece: Piece, frame: Frame, grid: Grid) -> Diameter:
    one, other = (tuple(float(part) for part in end + piece.corner) for end in line[1:])
    placed = grid.affine is not None and frame.unit == "mm"
    return Diameter(line[0], frame.unit, (one, other), (grid.point(one), grid.point(other)) if placed else None)


def _hull_and_bulk(piece: Piece, frame: Frame, hull: ConvexHull) -> dict[str, Any]:
    if piece.mask.ndim == 2:
        ends = outline(piece.mask)
        inner = abs(float((ends[:, 0, 0] * ends[:, 1, 1] - ends[:, 0, 1] * ends[:, 1, 0]).sum())) / 2
        names = ("volume", "surface", "mesh_volume", "mesh_surface", "sphericity", "compactness")
        return dict.fromkeys(names) | {"solidity": inner / float(hull.volume)}
    volume, area = np.count_nonzero(piece.mask) * frame.cell, crofton.surface(piece.mask, frame.vectors)
    inner, outer = bulk(piece.mask, frame.vectors)
    return {
        "volume": float(volume),
        "surface": area,
        "mesh_volume": inner,
        "mesh_surface": outer,
        "sphericity": float((36 * np.pi * volume**2) ** (1 / 3) / area),
        "compactness": float(36 * np.pi * volume**2 / area**3),
        "solidity": inner / (float(hull.volume) * frame.cell),
    }


def _sums(mask: Mask) -> tuple[Numbers, Numbers]:
    """Mean index and covariance of indices of a mask, from its projections: a large region needs no list of places."""
    size, total = mask.ndim, np.count_nonzero(mask)
    lines = [mask.sum(axis=tuple(set(range(size)) - {axis})) for axis in range(size)]
    places = [np.arange(len(line), dtype=np.float64) for line in lines]
    mean = np.array([(line * place).sum() / total for line, place in zip(lines, places, strict=True)])
    about = [place - middle for place, middle in zip(places, mean, strict=True)]
    spread = np.diag([(line * one**2).sum() / total for line, one in zip(lines, about, strict=True)])
    for one, other in combinations(range(size), 2):
        table = mask.sum(axis=tuple(set(range(size)) - {one, other}))
        spread[one, other] = spread[other, one] = about[one] @ table @ about[other] / total
    return mean, spread


def _place(piece: Piece, grid: Grid) -> dict[str, Any]:
    centre = tuple(float(one) for one in _sums(piece.mask)[0] + piece.corner)
    placed = grid.affine is not None and grid.spacing is not None
    return {"centre": centre, "centre_lps": grid.point(centre) if placed else None}


def _axes(piece: Piece, frame: Frame) -> dict[str, Any]:
    spread = frame.vectors.T @ _sums(piece.mask)[1] @ frame.vectors
    values, vectors = np.linalg.eigh(spread)
    sizes = 4 * np.sqrt(np.maximum(values[::-1], 0.0))
    known = sizes[0] > 1e-9 * frame.steps.min()
    return {
        "axes": tuple(tuple(float(part) for part in row) for row in vectors[:, ::-1].T),
        "axis_lengths": tuple(float(one) for one in sizes),
        "elongation": float(sizes[1] / sizes[0]) if known else None,
        "flatness": float(sizes[2] / sizes[0]) if known and len(sizes) == 3 else None,
    }


def _box(piece: Piece, frame: Frame) -> Box:
    first = tuple(int(one) + 1 for one in piece.corner)
    shape = [side - 2 for side in piece.mask.shape]
    behind = tuple(one + side for one, side in zip(first, shape, strict=True))
    sides = tuple(float(side * step) for side, step in zip(shape, frame.steps, strict=True))
    return Box(first, behind, sides, frame.unit)


def _margin(piece: Piece, image: Numbers, frame: Frame) -> Margin | None:
    """The border in a box with room for its normals; outside the image intensities are unknown."""
    room = 8
    reach = [int(np.ceil(room * float(frame.cell ** (1 / image.ndim)) / step)) for step in frame.steps]
    first = [int(one) + 1 for one in piece.corner]
    wanted = [
        (low - room_of, low + side - 2 + room_of)
        for low, side, room_of in zip(first, piece.mask.shape, reach, strict=True)
    ]
    box = tuple(slice(max(0, low), min(side, high)) for (low, high), side in zip(wanted, image.shape, strict=True))
    pads = [(max(0, -low), max(0, high - side)) for (low, high), side in zip(wanted, image.shape, strict=True)]
    near = np.pad(image[box], pads, constant_values=np.nan)
    inner = tuple(slice(1, side - 1) for side in piece.mask.shape)
    mask = np.pad(piece.mask[inner], [(one, one) for one in reach])
    return margin(mask, near, frame)


def _touches(region: Mask) -> bool:
    return any(bool(region.take(end, axis=axis).any()) for axis in range(region.ndim) for end in (0, -1))
