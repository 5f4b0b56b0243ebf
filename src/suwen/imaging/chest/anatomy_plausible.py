"""Whether outlines can be those of a frontal chest radiograph: sizes, places and proportions within measured ranges.

The ranges are a house rule: the least and the greatest of the outlines drawn on 47 images of NIH ChestX-ray14 with a
wide margin; the least certainty is a little below that of any of 351 images. They hold for whole radiographs in which
the thorax fills a fair part of the picture.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from suwen.imaging.chest.anatomy_outline import Margins
from suwen.subject import Saying

__all__ = ["RANGES", "features", "implausible"]

RANGES: Mapping[str, tuple[float, float, Saying]] = {
    "right area": (0.012, 0.40, Saying("the right lung has no plausible size", "右肺大小不合理")),
    "left area": (0.010, 0.40, Saying("the left lung has no plausible size", "左肺大小不合理")),
    "mediastinum area": (
        0.012,
        0.35,
        Saying("the shadow between the lungs has no plausible size", "两肺之间阴影的大小不合理"),
    ),
    "right to left": (0.3, 4.0, Saying("the two lungs differ too much in size", "两肺大小相差过大")),
    "sides": (0.10, 0.65, Saying("the two lungs do not lie side by side", "两肺并非左右并列")),
    "level": (-0.35, 0.40, Saying("the two lungs do not lie at the same height", "两肺不在同一高度")),
    "between": (
        0.25,
        0.80,
        Saying("the shadow of heart and vessels does not lie between the lungs", "心脏大血管影不在两肺之间"),
    ),
    "right shape": (1.3, 8.0, Saying("the right lung has no plausible shape", "右肺形状不合理")),
    "left shape": (1.3, 11.0, Saying("the left lung has no plausible shape", "左肺形状不合理")),
    "heart share": (
        0.25,
        0.97,
        Saying("no heart is found in the shadow between the lungs", "两肺之间的阴影中未见心脏"),
    ),
    "certainty": (0.66, 1.0, Saying("the outlines are not certain enough", "轮廓不够确定")),
}
_LEAST = 16  # pixels of the small square: less is nothing


def features(lines: Margins, certainty: float) -> dict[str, float]:
    """Sizes (shares of the square), places and proportions; empty where a structure is missing."""
    right, left = lines.right_lung > 0, lines.left_lung > 0
    middle, heart = lines.mediastinum > 0, (lines.heart > 0) & (lines.mediastinum > 0)
    if min(int(one.sum()) for one in (right, left, middle, heart)) < _LEAST:
        return {}
    (ry, rx), (ly, lx), (_, mx) = _centre(right), _centre(left), _centre(middle)
    high = (_extent(right)[0] + _extent(left)[0]) / 2
    return {
        "right area": float(right.mean()),
        "left area": float(left.mean()),
        "mediastinum area": float(middle.mean()),
        "right to left": float(right.sum() / left.sum()),
        "sides": (lx - rx) / right.shape[1],
        "level": (ry - ly) / high,
        "between": (mx - rx) / max(lx - rx, 1e-6) if lx > rx else -1.0,
        "right shape": _slender(right),
        "left shape": _slender(left),
        "heart share": float(heart.sum() / middle.sum()),
        "certainty": certainty,
    }


def implausible(lines: Margins, certainty: float) -> Saying | None:
    """What speaks against a frontal chest radiograph, or nothing."""
    found = features(lines, certainty)
    if not found:
        return Saying("lungs and heart are not found", "未找到肺和心脏")
    return next((words for name, (low, high, words) in RANGES.items() if not low <= found[name] <= high), None)


def _centre(mask: NDArray[np.bool_]) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return float(rows.mean()), float(columns.mean())


def _extent(mask: NDArray[np.bool_]) -> tuple[int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)


def _slender(mask: NDArray[np.bool_]) -> float:
    """Height over mean width."""
    high = _extent(mask)[0]
    return high * high / float(mask.sum())
