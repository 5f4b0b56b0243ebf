"""The shipped network that outlines lungs, heart and mediastinum: probabilities on its own small square."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from suwen.errors import MissingExtraError
from suwen.finding import Maker
from suwen.imaging.chest.anatomy_input import Frame, squared

if TYPE_CHECKING:
    from torch import nn

    from suwen.learn.card import Card

__all__ = ["CLASSES", "NAME", "chances", "maker"]

CLASSES = ("background", "right lung", "left lung", "heart", "upper mediastinum")
NAME = "chest_anatomy"


@cache
def _loaded() -> tuple[nn.Module, Card]:
    try:
        from suwen.learn.weights import Trust, load_model, pins, shipped  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("torch", "learn") from error
    return load_model(shipped(NAME), Trust(pinned=pins()))


def chances(values: NDArray[np.generic]) -> tuple[NDArray[np.float32], Frame]:
    """Probabilities (5, side, side) of `CLASSES` for a radiograph (rows, columns), and where the image lies there.

    They are the softmax of the network: how sure it is, not calibrated.

    Raises:
        InputError: the image shows nothing or is too small.
        MissingExtraError: PyTorch is not installed.

    """
    network, card = _loaded()
    import torch  # noqa: PLC0415

    square, frame = squared(values, int(card.training["side"]))
    with torch.inference_mode():
        found = network(torch.from_numpy(square)[None, None]).softmax(1)[0].numpy()
    return np.asarray(found, np.float32), frame


def maker() -> Maker:
    """The model as it is named in findings: card name, version, digest of the drawn outlines it learned from."""
    card = _loaded()[1]
    return Maker(f"model {card.name}", card.version, card.data[0].digest if card.data else "")
