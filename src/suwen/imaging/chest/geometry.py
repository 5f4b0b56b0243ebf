"""Geometry of a shadow on the plane: diameters, hull, outline, and how its density runs across its edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.imaging.chest.nouns import Mask
from suwen.imaging.chest.plane import Values

__all__ = ["Extent", "Profile", "extent", "profile", "rim"]

_NEAR, _FAR = 2.0, 6.0  # samples from the edge, where inside and outside are read
_SECTORS = 16


@dataclass(frozen=True, slots=True)
class Extent:
    """Longest diameter, longest across it (both in the unit of `spacing`), and the share of the hull that is filled."""

    long: float
    short: float
    solidity: float

    @property
    def elongation(self) -> float:
        """How many times longer than wide."""
        return self.long / max(self.short, 1e-6)


@dataclass(frozen=True, slots=True)
class Profile:
    """Density across the edge: well inside, well outside, and the samples over which it falls; None: no edge seen."""

    inside: float
    outside: float
    width: float | None


def extent(mask: Mask, spacing: tuple[float, float] = (1.0, 1.0)) -> Extent:
    """Diameters of a mask between the outer edges of its samples: the farthest pair, and the width across it."""
    from scipy.spatial import ConvexHull  # noqa: PLC0415

    rows, across = np.nonzero(mask)
    # Middles of the edges: corners would make every disc half a sample too wide on each side.
    edges = ((-0.5, 0.0), (0.5, 0.0), (0.0, -0.5), (0.0, 0.5))
    corners = np.concatenate([np.stack([rows + down, across + over], 1) for down, over in edges])
    hull = ConvexHull(corners)
    points = corners[hull.vertices] * np.asarray(spacing)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    one, other = np.unravel_index(apart.argmax(), apart.shape)
    along = (points[one] - points[other]) / max(float(apart.max()), 1e-9)
    short = float(np.ptp(points @ np.array([-along[1], along[0]])))
    return Extent(float(apart.max()), short, float(mask.sum() / hull.volume))


def profile(density: Values, mask: Mask, field: Mask) -> Profile:
    """Density by the distance from the edge, read only inside the lung, where no other border runs along."""
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415

    box = _around(mask, int(_FAR) + 2)
    density, mask = density[box], mask[box]
    open_field = distance_transform_edt(np.pad(field[box], 1))[1:-1, 1:-1] > _NEAR
    depth = np.where(mask, distance_transform_edt(mask) - 0.5, 0.5 - distance_transform_edt(~mask))
    deepest = float(depth.max())
    inside = density[depth >= min(_NEAR, 0.6 * deepest)]
    outside = density[(depth <= -3.0) & (depth >= -_FAR) & open_field]
    if not inside.size or outside.size < 8:
        level = float(np.median(density[mask]))
        return Profile(float(np.median(inside)) if inside.size else level, float("nan"), None)
    within, without = float(np.median(inside)), float(np.median(outside))
    return Profile(within, without, _width(density, depth, open_field, within - without, deepest))


def _width(
    density: Values, depth: NDArray[np.float64], open_field: Mask, contrast: float, deepest: float
) -> float | None:
    """Samples over which the density falls: the contrast over its steepest fall, on the mean profile."""
    if contrast <= 0:
        return None
    places = np.arange(-_FAR + 1, min(_FAR, deepest) + 0.01, 1.0)
    means = []
    for place in places:
        here = open_field & (np.abs(depth - place) <= 0.5)
        means.append(float(density[here].mean()) if here.sum() >= 4 else np.nan)
    steps = np.diff(np.asarray(means))
    if not np.isfinite(steps).any() or np.nanmax(steps) <= 0:
        return None
    return float(contrast / np.nanmax(steps))


def rim(density: Values, mask: Mask) -> tuple[float, float, float]:
    """Density of the centre, of the rim (median of the brightest place in each of 16 directions), and the share of
    directions whose rim stands above the centre by half of the rim's height.
    """
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415

    box = _around(mask, 2)
    density, mask = density[box], mask[box]
    depth = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    row, across = (float(one.mean()) for one in np.nonzero(depth >= 0.7 * depth.max()))
    rows, columns = np.nonzero(mask)
    far = np.hypot(rows - row, columns - across)
    reach = max(1.0, 0.35 * float(depth.max()))
    centre = float(density[rows, columns][far <= reach].mean())
    sector = ((np.arctan2(rows - row, columns - across) / (2 * np.pi) % 1) * _SECTORS).astype(int) % _SECTORS
    outer = far > reach
    highest = np.full(_SECTORS, np.nan)
    for one in range(_SECTORS):
        held = density[rows, columns][outer & (sector == one)]
        if held.size >= 3:
            highest[one] = np.quantile(held, 0.85)
    level = float(np.nanmedian(highest)) if np.isfinite(highest).any() else centre
    closed = float(np.mean(np.nan_to_num(highest, nan=-np.inf) > centre + 0.5 * (level - centre)))
    return centre, level, closed


def _around(mask: Mask, pad: int) -> tuple[slice, slice]:
    rows, across = (np.flatnonzero(mask.any(axis=1 - axis)) for axis in (0, 1))
    return (
        slice(max(0, int(rows[0]) - pad), int(rows[-1]) + pad + 1),
        slice(max(0, int(across[0]) - pad), int(across[-1]) + pad + 1),
    )
