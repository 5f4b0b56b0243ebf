"""Reads the outlines drawn on NIH chest radiographs and fills them: a label for every pixel of the network's square."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from suwen.imaging.chest.anatomy_input import squared

__all__ = ["Labels", "Picture", "drawn", "labels", "picture"]

Points = NDArray[np.float64]
Labels = NDArray[np.uint8]
Picture = NDArray[np.float32]

_FINE = 4  # the square is filled so many times finer, then brought back


def drawn(file: Path) -> Mapping[str, Mapping[str, Any]]:
    """The drawn outlines by name of the image."""
    found: Mapping[str, Mapping[str, Any]] = json.loads(file.read_text("utf-8"))["images"]
    return found


def picture(file: Path, side: int) -> Picture:
    """A stored radiograph as the network sees it, (side, side)."""
    with Image.open(file) as opened:
        return squared(np.asarray(opened.convert("L")), side)[0]


def labels(outline: Mapping[str, Any], side: int) -> Labels:
    """(side, side): 0 background, 1 right lung, 2 left lung, 3 heart, 4 upper mediastinum; for square images."""
    borders = _curve(outline["right_border"], closed=False), _curve(outline["left_border"], closed=False)
    middle = _filled(np.vstack([borders[0], borders[1][::-1]]), side)
    (x0, y0), (x1, y1) = outline["heart_base"]
    below = _filled(np.array([(0, y0), (x0, y0), (x1, y1), (1, y1), (1, 1), (0, 1)]), side)
    found = np.where(middle, np.where(below, 3, 4), 0).astype(np.uint8)
    for label, name in ((1, "right_lung"), (2, "left_lung")):
        found[_largest(_filled(_curve(outline[name], closed=True), side) & ~middle)] = label
    return found


def _curve(points: Any, *, closed: bool, steps: int = 8) -> Points:
    """A Catmull-Rom curve through the points."""
    given = np.array(points, np.float64)
    ring = np.vstack([given[-1:], given, given[:2]] if closed else [given[:1], given, given[-1:]])
    a, b, c, d = (ring[at : len(ring) - 3 + at, None] for at in range(4))
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    curve = ((2 * b) + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3) / 2
    flat: Points = curve.reshape(-1, 2)
    return flat if closed else np.vstack([flat, given[-1:]])


def _filled(points: Points, side: int) -> NDArray[np.bool_]:
    fine = Image.new("L", (side * _FINE, side * _FINE), 0)
    ImageDraw.Draw(fine).polygon([(float(x), float(y)) for x, y in points * side * _FINE], fill=255)
    mask: NDArray[np.bool_] = np.asarray(fine.resize((side, side), Image.Resampling.BOX)) > 127
    return mask


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    parts, n = ndimage.label(mask)
    kept: NDArray[np.bool_] = parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:])) if n else mask
    return kept
