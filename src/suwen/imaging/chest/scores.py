"""Learned scores of a frontal chest radiograph: how the whole image speaks for pneumonia and for opacity, and where.

The networks answer cell by cell and the sign of the whole is pooled from their answers, so that the heat map is their
evidence itself and not an explanation made afterwards; only the pneumonia score adds a line over all cells, which has
no map of its own. What the scores can and cannot tell stands on the card (`suwen card chest`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.finding import Chance
from suwen.formats.images.nouns import Image, View
from suwen.imaging.chest.nouns import Anatomy, Mask, Score
from suwen.imaging.chest.scores_input import Lungs, lay_lungs, spread_back
from suwen.imaging.chest.scores_network import LABELS, SIGNS, Seen, look, maker, readout

__all__ = ["log_odds", "out_of_fold", "scores"]

_LUNG = 0.5  # probability from which a place is lung


def scores(image: Image, *, anatomy: Anatomy | None = None) -> tuple[Score, ...]:
    """The scores "pneumonia" and "opacity" of a frontal chest radiograph (rows, columns), each with its heat map.

    `chance` is calibrated on the radiographs that a network did not learn from (out of fold) and holds at the share of
    sick people there, which `calibration` names; its interval runs from the least to the greatest answer of the
    networks. `lift` does not depend on that share. With `anatomy` the heat lies in its lungs, else in those that the
    score finds itself; the chance is the same.

    Raises:
        InputError: the image is a volume, a lateral view, too small, or shows nothing; or outlines of another shape.
        MissingExtraError: PyTorch is not installed.

    """
    if image.values.ndim != 2:
        raise InputError(
            "a chest radiograph has rows and columns only; this image is a volume",
            zh="胸部 X 线片只有行和列；该图像是容积数据",
        )
    if image.view is View.LATERAL:
        raise InputError(
            "this is a lateral view; the scores were learned from frontal views only",
            zh="这是侧位片；评分仅从正位片学得",
        )
    if anatomy is not None and anatomy.right_lung.shape != image.values.shape:
        raise InputError(
            f"outlines of {anatomy.right_lung.shape} do not lie on an image of {image.values.shape}",
            zh=f"形状为 {anatomy.right_lung.shape} 的轮廓与形状为 {image.values.shape} 的图像不符",
        )
    lungs = lay_lungs(image.values)
    return _read(image, lungs, look(lungs), anatomy)


def out_of_fold(image: Image, fold: int) -> tuple[Score, ...]:
    """The scores by those networks alone that did not learn from this fold: for figures on images learned from."""
    lungs = lay_lungs(image.values)
    seen, folds = look(lungs), len(readout().levels)
    each = len(seen.maps) // folds
    mine = slice(fold * each, (fold + 1) * each)
    return _read(image, lungs, Seen(seen.maps[mine], seen.signs[mine]), None)


def _read(image: Image, lungs: Lungs, seen: Seen, anatomy: Anatomy | None) -> tuple[Score, ...]:
    field = _field(image, lungs, anatomy)
    return tuple(_score(name, one, seen, lungs, field) for name, one in readout().scores.items())


def log_odds(read: Mapping[str, Any], signs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Calibrated log-odds (n,) of signs (n, SIGNS), by the weights that the readout gives to each sign."""
    weights = np.array([float(read["weights"].get(name, 0.0)) for name in SIGNS])
    return np.asarray(signs @ weights + float(read["level"]))


def _score(name: str, read: Mapping[str, Any], seen: Seen, lungs: Lungs, field: Mask) -> Score:
    each = log_odds(read, seen.signs)
    middle = float(each.mean())
    usual = math.log(read["share"] / (1 - read["share"]))
    chance = Chance(_chance(middle), _chance(float(each.min())), _chance(float(each.max())), str(read["calibrated"]))
    return Score(name, chance, (middle - usual) / math.log(10), _heat(read["map"], seen, lungs, field), maker())


def _chance(odds: float) -> float:
    return 0.5 * (1 + math.tanh(odds / 2))


def _heat(channel: str, seen: Seen, lungs: Lungs, field: Mask) -> NDArray[np.float32]:
    """0 to 1 on the grid of the image: the cells' mean log-odds of one channel, as probabilities, in the lungs."""
    odds = seen.maps.mean(0)[(*LABELS, "shadow").index(channel)]
    spread = spread_back(odds, lungs.box, (field.shape[0], field.shape[1]))
    heat = np.where(field, 0.5 * (1 + np.tanh(spread / 2)), 0).astype(np.float32)
    heat.flags.writeable = False
    return heat


def _field(image: Image, lungs: Lungs, anatomy: Anatomy | None) -> Mask:
    """Where heat may lie: the lungs as outlined, or as the score sees them; everywhere when none is found."""
    shape = (image.values.shape[0], image.values.shape[1])
    own = anatomy.lungs if anatomy is not None else spread_back(lungs.right + lungs.left, lungs.box, shape) > _LUNG
    return own if own.any() else np.ones(shape, bool)
