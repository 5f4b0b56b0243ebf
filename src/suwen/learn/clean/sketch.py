"""A small copy of an example, its perceptual hash and its texture: by these duplicates and outliers are seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from suwen.learn.clean.extra import needed
from suwen.learn.clean.nouns import Array, Form

__all__ = ["bits_of", "shrunk", "sketch_of", "texture_of"]

SIDE = 28  # of the small copy of an image, in pixels
SIDE_VOLUME = 16
STEPS = 256  # of the small copy of a signal, in each channel
_LOW = {Form.IMAGES: 16, Form.VOLUMES: 6, Form.SIGNALS: 48}  # frequencies kept by the hash along each axis
_DIRECTIONS = 9
_BANDS = 24


def sketch_of(values: Array, form: Form) -> Array:
    """A small copy with mean 0 and variance 1 (float32); values that are not finite count as the median.

    Brightness, contrast and size go: what stays is what the picture, volume or signal looks like.
    """
    finite = np.isfinite(values)
    floats = values.astype(np.float32)
    if not finite.all():
        floats = np.where(finite, floats, np.median(floats[finite]) if finite.any() else 0.0).astype(np.float32)
    sides = {Form.IMAGES: (SIDE, SIDE), Form.VOLUMES: (SIDE_VOLUME,) * 3, Form.SIGNALS: (len(values), STEPS)}[form]
    small = shrunk(floats, sides)
    axis = 1 if form is Form.SIGNALS else None
    spread = small.std(axis=axis, keepdims=True)
    level = small.mean(axis=axis, keepdims=True)
    return np.asarray((small - level) / np.where(spread > 0, spread, 1.0), np.float32)


def shrunk(values: Array, sides: Sequence[int]) -> Array:
    """The mean over even blocks along each axis, so that every part counts; where an axis is short, it is stretched."""
    for axis, side in enumerate(sides):
        length = values.shape[axis]
        if length == side:
            continue
        if length < side:
            values = np.take(values, np.arange(side) * length // side, axis=axis)
            continue
        # Cumulated sums give the mean between any two borders, whole or not, in one pass.
        summed = np.insert(np.cumsum(values, axis=axis, dtype=np.float64), 0, 0.0, axis=axis)
        borders = np.linspace(0, length, side + 1)
        below = np.floor(borders).astype(int)
        above = np.minimum(below + 1, length)
        share = (borders - below).reshape([-1 if one == axis else 1 for one in range(values.ndim)])
        at = np.take(summed, below, axis) * (1 - share) + np.take(summed, above, axis) * share
        values = np.diff(at, axis=axis) * (side / length)
    return values.astype(np.float32)


def bits_of(sketch: Array, form: Form) -> Array:
    """Perceptual hash (bool): the signs of the low frequencies of the cosine transform against their median.

    After pHash (Zauner 2010, "Implementation and benchmarking of perceptual image hash functions"), in one, two or
    three dimensions; the constant term is left out.
    """
    fft = needed("scipy.fft", "scipy")
    low = _LOW[form]
    axes = (1,) if form is Form.SIGNALS else tuple(range(sketch.ndim))
    waves = fft.dctn(sketch, axes=axes, norm="ortho")
    kept = waves[:, 1 : low + 1] if form is Form.SIGNALS else waves[tuple(slice(low) for _ in axes)]
    flat = kept.ravel() if form is Form.SIGNALS else kept.ravel()[1:]
    return np.asarray(flat > np.median(flat), bool)


def texture_of(sketch: Array, form: Form) -> Array:
    """What the small copy is made of (float32): gradients of images and volumes, frequencies of signals.

    Histograms of oriented gradients after Dalal and Triggs 2005 (CVPR), in cells of 4 and 7 pixels, normalised over the
    image and square-rooted.
    """
    if form is Form.IMAGES:
        return np.concatenate([_gradients(sketch, cell) for cell in (4, 7)])
    if form is Form.VOLUMES:
        return _blocks(sketch)
    return _bands(sketch)


def _gradients(image: Array, cell: int) -> Array:
    down, right = np.gradient(image)
    size = np.hypot(right, down)
    turn = (np.arctan2(down, right) % np.pi) / np.pi * _DIRECTIONS
    lower = np.floor(turn).astype(int) % _DIRECTIONS
    share = turn - np.floor(turn)
    rows, columns = image.shape[0] // cell, image.shape[1] // cell
    found = []
    for direction in range(_DIRECTIONS):
        part = size * ((lower == direction) * (1 - share) + ((lower + 1) % _DIRECTIONS == direction) * share)
        found.append(part[: rows * cell, : columns * cell].reshape(rows, cell, columns, cell).mean(axis=(1, 3)))
    flat = np.stack(found, axis=-1).ravel()
    total = flat.sum()
    return np.asarray(np.sqrt(flat / total) if total > 0 else flat, np.float32)


def _blocks(volume: Array) -> Array:
    """Mean size of the gradient in 64 blocks: where a volume has edges."""
    size = np.sqrt(sum(one**2 for one in np.gradient(volume)))
    side = volume.shape[0] // 4
    return np.asarray(size.reshape(4, side, 4, side, 4, side).mean(axis=(1, 3, 5)).ravel(), np.float32)


def _bands(signal: Array) -> Array:
    """Logarithm of the power of each channel in bands of equal width on a logarithmic scale of frequency."""
    power = np.abs(np.fft.rfft(signal, axis=1))[:, 1:] ** 2
    borders = np.unique(np.geomspace(1, power.shape[1], _BANDS).astype(int)) - 1
    return np.asarray(np.log1p(np.add.reduceat(power, borders, axis=1)).ravel(), np.float32)
