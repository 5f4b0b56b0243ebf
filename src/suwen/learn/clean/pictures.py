"""A small picture of an example for a person to look at: pixels of an image or slice, or the course of a signal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from suwen.errors import DataError, FormatError
from suwen.learn.clean.nouns import Array, Form, Holding, Loaded

__all__ = ["Picture", "pictures_of"]

SIDE = 128  # largest side in pixels
STEPS = 300
MOST_CHANNELS = 3


@dataclass(frozen=True, slots=True)
class Picture:
    """`pixels` (height, width) uint8 with `mask` of the same shape (classes, 0 outside), or `course` (channels, steps)
    scaled to 0..1; what does not apply is empty.
    """

    pixels: Array
    mask: Array
    course: Array


def pictures_of(holding: Holding, names: Iterable[str]) -> dict[str, Picture]:
    """Pictures of the examples of these names, as far as they can be read; tables have none."""
    wanted = set(names)
    found = {}
    for at, sample in enumerate(holding.samples):
        if sample.name not in wanted or holding.form is Form.TABLES:
            continue
        try:
            found[sample.name] = _picture(holding.load(at), holding.form)
        except (FormatError, DataError):
            continue  # it is told as unreadable
    return found


def _picture(loaded: Loaded, form: Form) -> Picture:
    none = np.zeros((0, 0), np.uint8)
    if form is Form.SIGNALS:
        return Picture(none, none, _course(loaded.values))
    if form is Form.IMAGES:
        return Picture(_grey(loaded.values), none, none)
    mask = loaded.mask if loaded.mask is not None and loaded.mask.shape == loaded.values.shape else None
    at = _slice(loaded.values, mask)
    # Stored first axis is left to right; a reader expects it to run across, and the second upwards.
    plane = np.rot90(loaded.values[:, :, at])
    marked = none if mask is None else _small(np.rot90(mask[:, :, at]))
    return Picture(_grey(plane), marked.astype(np.uint8), none)


def _slice(values: Array, mask: Array | None) -> int:
    """The slice with most of the mask, else the middle one."""
    if mask is None or not mask.any():
        return int(values.shape[2]) // 2
    return int(np.argmax(np.count_nonzero(mask, axis=(0, 1))))


def _grey(values: Array) -> Array:
    small = _small(values).astype(np.float32)
    known = small[np.isfinite(small)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    if values.dtype == np.uint8:
        low, high = min(low, 0.0), max(high, 255.0)
    if high <= low:
        return np.full(small.shape, 128, np.uint8)
    return np.asarray(np.nan_to_num((small - low) / (high - low) * 255, nan=0, posinf=255, neginf=0), np.uint8)


def _small(plane: Array) -> Array:
    step = max(1, -(-max(plane.shape) // SIDE))
    return plane[::step, ::step]


def _course(values: Array) -> Array:
    channels = values[:MOST_CHANNELS, :: max(1, values.shape[1] // STEPS)]
    known = channels[np.isfinite(channels)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    return np.asarray(np.nan_to_num((channels - low) / (high - low if high > low else 1.0), nan=0.5), np.float32)
