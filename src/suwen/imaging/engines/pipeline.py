"""A network with the steps around it: turned, resampled, scaled, read by tiles, and its answers brought back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.finding import Maker
from suwen.formats.images.nouns import Image
from suwen.imaging.engines.nouns import Progress, Segmentation, require_same_grid
from suwen.imaging.engines.orient import Order, order_to
from suwen.imaging.engines.resample import called, new_shape, resampled
from suwen.imaging.engines.tiles import Floats, Tiling, tiled

__all__ = ["Pipeline", "Step"]

Step = Callable[[Floats], Floats]  # intensities (channels, slices, rows, columns) to the same shape


@dataclass(frozen=True, slots=True, eq=False)
class Pipeline:
    """An engine of another format: `network` takes a tile (channels, *tile) and gives raw answers (outputs, *tile).

    `turn` are orientation codes for the axes of the network's input, empty for as stored. `spacing` (mm) is for those
    axes, empty for as stored. `overlapping` networks answer one structure an output (a sigmoid), later over earlier;
    others one class an output, the first being nothing.
    """

    name: str
    names: Mapping[int, str]
    channels: tuple[str, ...]
    network: Callable[[Floats], Floats]
    tiling: Tiling
    digest: str
    steps: tuple[Step, ...] = ()
    turn: str = ""
    spacing: tuple[float, ...] = ()
    order: int = 1
    overlapping: bool = False
    version: str = field(default="")

    def segment(self, images: Sequence[Image], *, progress: Progress | None = None) -> Segmentation:
        """Outline the structures. Raises InputError where the images are not those wanted, or lie on several grids."""
        grid = require_same_grid(images, self.channels)
        if len(grid.shape) != 3 or grid.spacing is None:
            raise InputError(
                f"{self.name} outlines volumes; this image is flat", zh=f"{self.name} 勾画容积数据；该图像是平面的"
            )
        order = order_to(grid, self.turn) if self.turn else Order((0, 1, 2), (False,) * 3)
        values = np.stack([order.apply(one.float_values()) for one in images])
        labels = self._labels(values, order.spacing(grid.spacing), progress)
        return Segmentation(order.undo(labels), self.names, grid, Maker(self.name, self.version, self.digest))

    def _labels(self, values: Floats, spacing: tuple[float, ...], progress: Progress | None) -> NDArray[np.uint16]:
        before = values.shape[1:]
        wanted = self.spacing or spacing
        ready = resampled(values, new_shape(before, spacing, wanted), (wanted, wanted), order=self.order)
        for step in self.steps:
            ready = step(ready)
        outputs = max(self.names) + (not self.overlapping)
        answers = tiled(self.network, ready.astype(np.float32), outputs, self.tiling, progress)
        regions = sorted(self.names) if self.overlapping else ()
        return called(answers, before, (wanted, wanted), regions)
