"""The shape of a volume by IBSI 1: mesh, convex hull, principal axes, densities (manual, section 3.1)."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull
from scipy.special import eval_legendre

from suwen.imaging.measure.discretise import Prepared
from suwen.imaging.measure.extremes import outermost
from suwen.imaging.measure.frame import Numbers
from suwen.imaging.measure.mesh import bulk
from suwen.imaging.measure.spatial import autocorrelation

__all__ = ["farthest", "morphology", "principal"]


def morphology(ready: Prepared) -> dict[str, float]:
    """The features of shape (HCUG) that have a consensus value, in mm."""
    volume, area = bulk(ready.shape, ready.vectors)
    corners = outermost(ready.shape) @ ready.vectors
    hull = ConvexHull(corners)
    places = np.argwhere(ready.shape) @ ready.vectors
    count = len(places)
    # The consensus values of the digital phantom are those of the sample covariance, which divides by n - 1.
    lengths = 4 * np.sqrt(principal(places)[0] * count / max(1, count - 1))
    sides = np.ptp(corners, axis=0)
    inside = ready.values[ready.part]
    part = np.argwhere(ready.part) @ ready.vectors
    weighted = (part * inside[:, None]).sum(axis=0) / inside.sum() if inside.sum() else np.full(3, np.nan)
    boxed = 2 * (sides[0] * sides[1] + sides[1] * sides[2] + sides[0] * sides[2])
    return {
        "volume": volume,
        "vol_approx": count * float(abs(np.linalg.det(ready.vectors))),
        "area_mesh": area,
        **_roundness(volume, area),
        "com": float(np.linalg.norm(weighted - places.mean(axis=0))),
        "diam": farthest(corners[hull.vertices])[0],
        "pca_maj_axis": float(lengths[0]),
        "pca_min_axis": float(lengths[1]),
        "pca_least_axis": float(lengths[2]),
        "pca_elongation": _over(lengths[1], lengths[0]),
        "pca_flatness": _over(lengths[2], lengths[0]),
        "vol_dens_aabb": volume / float(sides.prod()),
        "area_dens_aabb": area / float(boxed),
        "vol_dens_aee": _over(6 * volume, np.pi * float(lengths.prod())),
        "area_dens_aee": _over(area, _ellipsoid_area(lengths / 2)),
        "vol_dens_conv_hull": volume / float(hull.volume),
        "area_dens_conv_hull": area / float(hull.area),
        "integ_int": volume * float(inside.mean()),
        **autocorrelation(ready),
    }


def _over(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _roundness(volume: float, area: float) -> dict[str, float]:
    ball = (36 * np.pi * volume**2) ** (1 / 3)
    return {
        "av": area / volume,
        "comp_1": volume / (np.pi**0.5 * area**1.5),
        "comp_2": 36 * np.pi * volume**2 / area**3,
        "sph_dispr": area / ball,
        "sphericity": ball / area,
        "asphericity": float((area**3 / (36 * np.pi * volume**2)) ** (1 / 3) - 1),
    }


def _ellipsoid_area(half: Numbers) -> float:
    """Area of an ellipsoid by Legendre polynomials up to order 20, as IBSI asks (manual 3.1.22)."""
    a, b, c = (float(one) for one in half)
    if not c:
        return 0.0
    alpha, beta = np.sqrt(1 - b**2 / a**2), np.sqrt(1 - c**2 / a**2)
    if alpha * beta < 1e-9:
        return float(4 * np.pi * a * b)
    at = (alpha**2 + beta**2) / (2 * alpha * beta)
    orders = np.arange(21)
    return float(4 * np.pi * a * b * ((alpha * beta) ** orders / (1 - 4 * orders**2) * eval_legendre(orders, at)).sum())


def principal(places: Numbers) -> tuple[Numbers, Numbers]:
    """Variances along the principal axes, the greatest first, and the axes as rows; `places` in true coordinates."""
    about = places - places.mean(axis=0)
    values, vectors = np.linalg.eigh(about.T @ about / len(places))
    return np.maximum(values[::-1], 0.0), vectors[:, ::-1].T


def farthest(points: Numbers) -> tuple[float, int, int]:
    """The greatest distance between two points and their numbers; all pairs, a block at a time."""
    best = (-1.0, 0, 0)
    squares = (points**2).sum(axis=1)
    block = max(1, 4_000_000 // len(points))
    for begin in range(0, len(points), block):
        part = points[begin : begin + block]
        far = squares[begin : begin + block, None] + squares[None, :] - 2 * part @ points.T
        place = int(far.argmax())
        value = float(far.flat[place])
        if value > best[0]:
            best = (value, begin + place // len(points), place % len(points))
    return float(np.linalg.norm(points[best[1]] - points[best[2]])), best[1], best[2]
