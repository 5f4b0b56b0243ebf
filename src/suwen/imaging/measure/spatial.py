"""Where intensities lie in a region: peaks in a ball of 1 cm³, Moran's I and Geary's C (IBSI 1 manual 3.1 and 3.2)."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from suwen.imaging.measure.discretise import Prepared
from suwen.imaging.measure.frame import Mask, Numbers

__all__ = ["autocorrelation", "peaks"]

Complex = NDArray[np.complex128]
RADIUS = (3 / (4 * np.pi)) ** (1 / 3) * 10  # mm, of a ball of 1 cm³


def peaks(ready: Prepared) -> dict[str, float]:
    """Local (VJGA) and global (0F91) intensity peak: the mean of the ball around the brightest sample of the region,
    and the greatest mean of the ball around any sample of it. Samples beyond the image do not count.
    """
    # In a sheared grid a ball reaches further along an axis than its spacing says: the planes stand closer.
    reach = np.ceil(RADIUS * np.linalg.norm(np.linalg.inv(ready.vectors), axis=0)).astype(int)
    box = _box(ready.part, reach)
    image, part, values = ready.image[box], ready.part[box], ready.values[box]
    sides = _sides([max(side, one + 1) + one for side, one in zip(part.shape, reach.tolist(), strict=True)])
    ball = fft.rfftn((_distances(sides, ready.vectors) <= RADIUS).astype(np.float64))
    total = _around(np.where(image, values, 0.0), ball, sides)[part]
    means = total / np.round(_around(image.astype(np.float64), ball, sides)[part])
    own = values[part]
    return {"peak_loc": float(means[own == own.max()].max()), "peak_glob": float(means.max())}


def _box(part: Mask, reach: NDArray[np.int64] | int = 0) -> tuple[slice, ...]:
    places = np.argwhere(part)
    low, high = np.maximum(places.min(axis=0) - reach, 0), places.max(axis=0) + 1 + reach
    return tuple(slice(int(one), int(other)) for one, other in zip(low, high, strict=True))


def _around(field: Numbers, weight: Complex, sides: tuple[int, ...]) -> Numbers:
    """Sum of `field` around each of its samples, weighed by displacement; by Fourier transform."""
    whole = fft.irfftn(fft.rfftn(field, sides) * weight, sides)
    return np.asarray(whole[tuple(slice(0, side) for side in field.shape)], dtype=np.float64)


def autocorrelation(ready: Prepared) -> dict[str, float]:
    """Moran's I (N365) and Geary's C (NPT7) with weights of one over distance, over all pairs, by Fourier transform."""
    box = _box(ready.part)
    part = ready.part[box]
    inside = ready.values[box][part]
    about = inside - inside.mean()
    spread = float((about**2).sum())
    if len(inside) < 2 or spread <= 0:
        return {"moran_i": float("nan"), "geary_c": float("nan")}
    sides = _sides([2 * side - 1 for side in part.shape])
    far = _distances(sides, ready.vectors)
    far[0, 0, 0] = np.inf  # a sample is no neighbour of itself
    weight = fft.rfftn(1 / far)
    field = np.zeros(part.shape)
    field[part] = about
    near = _around(field, weight, sides)[part]
    reach = _around(part.astype(np.float64), weight, sides)[part]
    whole, product_sum = float(reach.sum()), float((about * near).sum())
    apart = 2 * (float((about**2 * reach).sum()) - product_sum)
    count = len(inside)
    return {
        "moran_i": count / whole * product_sum / spread,
        "geary_c": (count - 1) / (2 * whole) * apart / spread,
    }


def _sides(least: list[int]) -> tuple[int, ...]:
    return tuple(int(fft.next_fast_len(one, real=True)) for one in least)


def _distances(sides: tuple[int, ...], vectors: Numbers) -> Numbers:
    """Length of every displacement within a box, laid out as the Fourier transform wants it: negative ones behind."""
    steps = [np.arange(side, dtype=np.float64) for side in sides]
    moves = [np.where(one * 2 < len(one), one, one - len(one)) for one in steps]
    products = vectors @ vectors.T
    squares = np.zeros(sides)
    for own, other in combinations_with_replacement(range(3), 2):
        if products[own, other]:
            twice = 1.0 if own == other else 2.0
            squares += _laid(moves[own], own) * (twice * products[own, other]) * _laid(moves[other], other)
    return np.sqrt(np.maximum(squares, 0.0, out=squares), out=squares)


def _laid(line: Numbers, axis: int) -> Numbers:
    return line.reshape([-1 if axis == own else 1 for own in range(3)])
