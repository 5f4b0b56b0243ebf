"""Describes each shadow as a radiologist does: place, size, shape, margin, density, cavity, calcification, number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from suwen.imaging.chest.clear import Clear
from suwen.imaging.chest.geometry import Extent, Profile, extent, profile, rim
from suwen.imaging.chest.nouns import Mask, Side
from suwen.imaging.chest.plane import LungPlane, Plane, Values
from suwen.imaging.chest.shadow_nouns import Density, Judged, Margin, Number, Shadow, Shape, Size, Zone
from suwen.imaging.chest.shadows import NODULE, Candidate, Search
from suwen.subject import Region

__all__ = ["HILUM", "describe"]

HILUM = (0.0, 0.45)  # lung coordinates (u, v): the hilar point lies a little above the middle of the lung
_APEX = 0.12  # of the height: above the clavicle in most upright radiographs
_ZONE_SHARE = 0.2  # of the shadow, for a zone to be named beside the main one
_SHARP, _SOFT = 0.016, 0.027  # of the height of the lung: 4 mm and 6.5 mm of 240 mm
_FAINT = 0.35  # of the way from clear lung to heart
_CAVITY_DROP, _CAVITY_CLOSED, _CAVITY_LEAST = 0.35, 0.85, 8.0
_DIFFUSE = 0.35  # of both lungs
_SAME = 0.15  # in lung coordinates: how near a mirror image lies


def describe(
    found: Sequence[Candidate], plane: Plane, clear: Clear, search: Search, *, image: str = ""
) -> tuple[Shadow, ...]:
    """Describe the shadows found on a plane, in their order; `image` names the image in their regions."""
    shadows = []
    centres = []
    for one in found:
        lung = plane.lung(one.side)
        if lung is not None:
            shadows.append(_shadow(one, lung, plane, clear, search, image))
            centres.append(
                (float(np.mean(lung.u[one.mask & lung.field])), float(np.mean(lung.v[one.mask & lung.field])))
            )
    number = _number(shadows, plane)
    return tuple(
        replace(one, number=number, mirrored=_mirrored(at, shadows, centres)) for at, one in enumerate(shadows)
    )


def _shadow(one: Candidate, lung: LungPlane, plane: Plane, clear: Clear, search: Search, image: str) -> Shadow:
    mask = one.mask & lung.field
    u, v = lung.u[mask], lung.v[mask]
    size, seen = _size(mask, lung, plane)
    across = profile(plane.density, mask, lung.field)
    ahead = _excess(mask, one.side, search, across)
    border = _touches(mask, lung)
    shape = _shape(seen, size, touches=border[0])
    zones = _zones(v)
    low, high = plane.box(mask)
    edge = None if across.width is None else across.width / plane.lung_height
    cavity = _cavity(plane, mask, across) if shape in (Shape.ROUND, Shape.OVAL) else Judged.NOT_JUDGED
    calcified = _calcified(plane, lung, mask, ahead)
    return Shadow(
        mask=plane.full(mask),
        region=Region(image, low, high),
        side=one.side,
        zone=zones[0],
        zones=zones,
        apical=bool(np.mean(v < _APEX) > 0.25),
        perihilar=_from_hilum(float(u.mean()), float(v.mean()), mask, lung),
        pleural=border[0],
        costophrenic=border[1],
        size=size,
        shape=shape,
        margin=_margin(edge),
        edge=edge,
        density=Density.CALCIFIED
        if calcified is Judged.PRESENT
        else Density.FAINT
        if ahead < _FAINT
        else Density.DENSE,
        excess=ahead,
        homogeneous=_homogeneous(plane, mask, ahead),
        cavity=cavity,
        calcification=calcified,
        # A bronchus is 2 to 3 mm wide and branches; nothing here tells it from a rib gap reliably.
        air_bronchogram=Judged.NOT_JUDGED,
        mirrored=False,
        number=Number.SOLITARY,
        nodular=one.kind == NODULE,
        strength=one.strength,
        certainty=clear.beyond(search.answer(one.kind), one.strength),
    )


def _size(mask: Mask, lung: LungPlane, plane: Plane) -> tuple[Size, Extent]:
    share = float(mask.sum() / max(1, lung.field.sum()))
    if plane.mm is None:
        return Size(share), extent(mask)
    seen = extent(mask, plane.mm)
    return Size(share, seen.long, seen.short), seen


def _zones(v: Values) -> tuple[Zone, ...]:
    """Zones that hold a fifth of the shadow or more, the fullest first."""
    third = np.clip((v * 3).astype(int), 0, 2)
    shares = np.bincount(third, minlength=3) / max(1, len(third))
    order = sorted(range(3), key=lambda one: -shares[one])
    return tuple(tuple(Zone)[one] for one in order if shares[one] >= _ZONE_SHARE) or (tuple(Zone)[order[0]],)


def _from_hilum(u: float, v: float, mask: Mask, lung: LungPlane) -> float:
    """Distance of the centre from the hilum over the height of the lung, on the plane and not in lung coordinates."""
    row = lung.top + HILUM[1] * lung.height
    at = int(np.clip(round(row), lung.top, lung.bottom))
    held = np.flatnonzero(lung.field[at])
    if not len(held):
        return float(np.hypot(u, v - HILUM[1]))
    hilum = held[-1] if lung.side is Side.RIGHT else held[0]
    rows, across = (one.mean() for one in np.nonzero(mask))
    return float(np.hypot(rows - row, across - hilum) / lung.height)


def _touches(mask: Mask, lung: LungPlane) -> tuple[bool, bool]:
    """Whether the shadow reaches the outer pleura (lateral, apical or diaphragmatic), and the costophrenic angle."""
    reach = 0.02 * lung.height
    from scipy.ndimage import binary_dilation  # noqa: PLC0415

    border = lung.field & ~_eroded(lung.field)
    outer = border & ((lung.u > 0.5) | (lung.v < 0.08) | (lung.v > 0.9))
    wide = binary_dilation(mask, iterations=max(1, round(reach)))
    contact = int((outer & wide).sum())
    angle = lung.field & (lung.u > 0.7) & (lung.v > 0.85)
    return contact >= max(4, 0.02 * int(outer.sum())), bool((mask & angle).sum() > 0.3 * max(1, int(angle.sum())))


def _eroded(field: Mask) -> Mask:
    from scipy.ndimage import binary_erosion  # noqa: PLC0415

    return np.asarray(binary_erosion(field))


def _shape(seen: Extent, size: Size, *, touches: bool) -> Shape:
    thin = seen.elongation >= 3.5
    if thin:
        return Shape.BAND
    if size.share >= 0.2 or (size.share >= 0.06 and touches and seen.solidity > 0.8):
        return Shape.LOBAR if seen.solidity > 0.6 else Shape.PATCHY
    if seen.solidity > 0.87 and seen.elongation < 1.35:
        return Shape.ROUND
    if seen.solidity > 0.87 and seen.elongation < 2.2:
        return Shape.OVAL
    return Shape.PATCHY if seen.solidity < 0.68 else Shape.IRREGULAR


def _margin(edge: float | None) -> Margin:
    """Sharp under 4 mm of 240, ill-defined over 6.5; between them neither is claimed."""
    if edge is None or _SHARP < edge < _SOFT:
        return Margin.NOT_JUDGED
    return Margin.SHARP if edge <= _SHARP else Margin.ILL_DEFINED


def _excess(mask: Mask, side: Side, search: Search, across: Profile) -> float:
    """How far the shadow lies above clear lung at its place; against its surroundings where those were seen."""
    above = search.above[side][mask]
    whole = float(np.nanmean(above))
    return whole if np.isnan(across.outside) else max(whole, across.inside - across.outside)


def _homogeneous(plane: Plane, mask: Mask, excess: float) -> bool:
    """Whether, beside a slope, density varies inside by less than a third of the height of the shadow."""
    inner = _eroded(mask)
    rows, across = np.nonzero(inner if inner.sum() >= 12 else mask)
    values = plane.density[rows, across]
    slope = np.stack([rows, across, np.ones(len(rows))], 1).astype(float)
    rest = values - slope @ np.linalg.lstsq(slope, values, rcond=None)[0]
    return bool(rest.std() < 0.33 * max(excess, 0.05))


def _cavity(plane: Plane, mask: Mask, across: Profile) -> Judged:
    """A centre darker than a closed rim by a third of the rim's height over the lung around it.

    Not judged in shadows too small to have a wall and a hole, or whose surroundings were not seen.
    """
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415

    deepest = float(distance_transform_edt(np.pad(mask, 1)).max())
    if 2 * deepest < _CAVITY_LEAST or np.isnan(across.outside):
        return Judged.NOT_JUDGED
    centre, level, closed = rim(plane.density, mask)
    dark = level - centre > _CAVITY_DROP * (level - across.outside)
    return Judged.PRESENT if level > across.outside and dark and closed >= _CAVITY_CLOSED else Judged.ABSENT


def _calcified(plane: Plane, lung: LungPlane, mask: Mask, excess: float) -> Judged:
    """Denser than the ribs of the same lung, and than the heart, and more than clear lung by half the way to it."""
    ribs = lung.mask & ~mask & (lung.u > 0.35)
    if ribs.sum() < 50:
        return Judged.NOT_JUDGED
    rib = float(np.quantile(plane.density[ribs], 0.98))
    inner = float(np.quantile(plane.density[mask], 0.75))
    return Judged.PRESENT if inner > max(1.05, rib + 0.1) and excess > 0.5 else Judged.ABSENT


def _number(shadows: Sequence[Shadow], plane: Plane) -> Number:
    areas = {side: sum(one.size.share for one in shadows if one.side is side) for side in (Side.RIGHT, Side.LEFT)}
    if len(plane.lungs) == 2 and min(areas.values()) >= _DIFFUSE:
        return Number.DIFFUSE
    return Number.MULTIPLE if len(shadows) > 1 else Number.SOLITARY


def _mirrored(at: int, shadows: Sequence[Shadow], centres: Sequence[tuple[float, float]]) -> bool:
    return any(
        shadows[other].side is not shadows[at].side
        and float(np.hypot(centres[other][0] - centres[at][0], centres[other][1] - centres[at][1])) < _SAME
        for other in range(len(shadows))
    )
