"""The anatomy of a frontal chest radiograph: lungs, heart and mediastinum as masks on the image's own grid.

A lung is the whole lung field beside the mediastinum and above the diaphragm, opaque parts included; what lies behind
the heart or below the dome of the diaphragm is not. The mediastinum is the shadow between the lungs from the thoracic
inlet to the diaphragm, the heart included; the heart is its part below the great vessels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.formats.images.nouns import Image, View
from suwen.imaging.chest.anatomy_input import Frame, resampled
from suwen.imaging.chest.anatomy_network import chances, maker
from suwen.imaging.chest.anatomy_outline import certainty, margins
from suwen.imaging.chest.anatomy_plausible import implausible
from suwen.imaging.chest.nouns import Anatomy, Mask

__all__ = ["anatomy"]


def anatomy(image: Image) -> Anatomy:
    """Outline both lungs, the heart and the mediastinum of a frontal chest radiograph (rows, columns).

    Raises:
        InputError: the image is a volume, a lateral view, shows no frontal thorax, or what was found in it cannot be
            the anatomy of one; nothing is drawn then.
        MissingExtraError: PyTorch is not installed.

    """
    if image.values.ndim != 2:
        raise InputError(
            "a chest radiograph has rows and columns only; this image is a volume",
            zh="胸部 X 线片只有行和列；该图像是容积数据",
        )
    if image.view is View.LATERAL:
        raise InputError(
            "this is a lateral view; lungs and heart are outlined in frontal views only",
            zh="这是侧位片；肺和心脏仅在正位片上勾画",
        )
    found, frame = chances(image.values)
    lines = margins(found)
    sure = certainty(found, lines)
    problem = implausible(lines, sure)
    if problem:
        raise InputError(
            f"no frontal chest radiograph is seen in this image: {problem.en}", zh=f"该图像中未见正位胸片：{problem.zh}"
        )
    right, left, whole = (_mask(one, frame) for one in (lines.right_lung, lines.left_lung, lines.mediastinum))
    heart = _mask(lines.heart, frame) & whole
    return Anatomy(_kept(right), _kept(left), _kept(heart), _kept(whole), sure, maker())


def _mask(margin: NDArray[np.float32], frame: Frame) -> Mask:
    """Where the margin, brought to the pixels of the image, is above 0: the outline runs between small pixels."""
    inside = margin[frame.top : frame.top + frame.rows, frame.left : frame.left + frame.columns]
    mask: Mask = resampled(inside, frame.shape) > 0
    return mask


def _kept(mask: Mask) -> Mask:
    mask.flags.writeable = False
    return mask
