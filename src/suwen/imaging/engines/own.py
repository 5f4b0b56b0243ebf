"""Our own networks that draw outlines, shipped or trained here, as engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from suwen.errors import InputError
from suwen.finding import Maker
from suwen.formats.images.nouns import Image
from suwen.imaging.engines.nouns import Progress, Segmentation, require_same_grid
from suwen.imaging.engines.orient import order_to
from suwen.learn.model import Model

__all__ = ["Own"]


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """A model of masks with its card; `channels` name the images it takes, `turn` the axes of what it was trained on.

    NIfTI arrays as they are stored run along the first axis to the right, then to the front, then to the head: `RAS`.
    """

    model: Model
    channels: tuple[str, ...] = ("image",)
    turn: str = "RAS"

    @property
    def name(self) -> str:
        """Name of the card."""
        return self.model.card.name

    @property
    def names(self) -> Mapping[int, str]:
        """Classes of the card but the first, which is nothing."""
        return dict(enumerate(self.model.card.classes[1:], 1))

    def segment(self, images: Sequence[Image], *, progress: Progress | None = None) -> Segmentation:
        """Outline the structures. Raises InputError where the images are not those wanted, or lie on several grids."""
        grid = require_same_grid(images, self.channels)
        if len(grid.shape) != 3:
            raise InputError(
                f"{self.name} outlines volumes; this image is flat", zh=f"{self.name} 勾画容积数据；该图像是平面的"
            )
        order = order_to(grid, self.turn)
        labels = self.model.labels(np.stack([order.apply(one.float_values()) for one in images]))
        if progress is not None:
            progress(1, 1)
        card = self.model.card
        return Segmentation(order.undo(labels), self.names, grid, Maker(card.name, card.version, card.weights_sha256))
