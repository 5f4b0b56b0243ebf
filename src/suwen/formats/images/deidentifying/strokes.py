"""A simple detector of burnt-in text: rows of small strokes of one extreme value and one height."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import MissingExtraError
from suwen.formats.images.deidentifying.nouns import Region

__all__ = ["text_like"]

_HEIGHT = (5, 64)
_ALONG = 5
_STROKE = 9
_CONTRAST, _EXTREME = 0.3, 0.1


def text_like(frame: NDArray[Any]) -> tuple[Region, ...]:
    """Regions of one frame (rows, columns) that look like a line of text: five strokes or more, alike in height.

    Looks for strokes thinner than 9 pixels that reach nearly the brightest or the darkest value; not for handwriting,
    slanted, faint or large text. A suspicion, never a promise: an image without a suspicion may hold text. Raises
    MissingExtraError without scipy.
    """
    if frame.ndim != 2 or frame.size == 0 or frame.min() == frame.max():
        return ()
    low, high = float(frame.min()), float(frame.max())
    bright = ((frame.astype(np.float32) - low) * (255 / (high - low))).astype(np.uint8)
    return tuple(region for side in (bright, 255 - bright) for region in _lines(_strokes(side)))


def _strokes(frame: NDArray[np.uint8]) -> list[Region]:
    """Connected thin parts of the size of a letter that stand out from what is around them (white top-hat)."""
    try:
        from scipy import ndimage  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("scipy", "imaging") from None
    extreme = frame > 255 * (1 - _EXTREME)
    if not extreme.any():
        return []
    mask = frame - _opened(frame) > 255 * _CONTRAST
    labels, count = ndimage.label(mask, structure=np.ones((3, 3), dtype=int))
    reached = np.zeros(count + 1, dtype=bool)
    reached[labels[extreme]] = True
    return [
        (columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
        for number, (rows, columns) in enumerate(ndimage.find_objects(labels), 1)
        if reached[number] and _is_letter(rows.stop - rows.start, columns.stop - columns.start)
    ]


def _opened(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey opening by a square of 9 pixels: what is thinner than it is gone."""
    found = frame
    for turn in (np.minimum, np.maximum):
        for axis in (0, 1):
            found = _slid(found, turn, axis)
    return found


def _slid(frame: NDArray[np.uint8], turn: Any, axis: int) -> NDArray[np.uint8]:
    """The least or greatest of 9 neighbours along an axis, by doubling: 2, 4, 8, then 9 (much faster than windows)."""
    margin = [(0, 0), (0, 0)]
    margin[axis] = (_STROKE // 2, _STROKE // 2)
    wide = np.moveaxis(np.pad(frame, margin, mode="edge"), axis, 0)
    two = turn(wide[:-1], wide[1:])
    four = turn(two[:-2], two[2:])
    eight = turn(four[:-4], four[4:])
    found: NDArray[np.uint8] = np.moveaxis(turn(eight[:-1], wide[8:]), 0, axis)
    return found


def _is_letter(height: int, width: int) -> bool:
    return _HEIGHT[0] <= height <= _HEIGHT[1] and width <= 2 * height


def _lines(strokes: list[Region]) -> list[Region]:
    """Strokes that stand beside each other on one line, from left to right with gaps no wider than they are high."""
    lines: list[list[Region]] = []
    for one in sorted(strokes):
        line = next((line for line in reversed(lines) if _continues(line[-1], one)), None)
        if line is None:
            lines.append([one])
        else:
            line.append(one)
    return [_around(line) for line in lines if len(line) >= _ALONG]


def _continues(last: Region, one: Region) -> bool:
    height = max(last[3], one[3])
    gap = one[0] - (last[0] + last[2])
    shared = min(last[1] + last[3], one[1] + one[3]) - max(last[1], one[1])
    return -1 <= gap <= 1.6 * height and shared >= 0.6 * min(last[3], one[3]) and min(last[3], one[3]) >= 0.55 * height


def _around(line: list[Region]) -> Region:
    left, top = min(one[0] for one in line), min(one[1] for one in line)
    right, bottom = max(one[0] + one[2] for one in line), max(one[1] + one[3] for one in line)
    return left, top, right - left, bottom - top
