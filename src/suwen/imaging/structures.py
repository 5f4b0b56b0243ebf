"""Structures outlined in a volume or an image, each measured: extent, intensities, and how sure the measures are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from suwen.finding import Maker
from suwen.formats.images.nouns import Image
from suwen.imaging.engines.nouns import Segmentation
from suwen.imaging.measure import Measures, measure

__all__ = ["Structure", "measure_structures"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """One outlined structure: its label and name, its measures (None where nothing was drawn), and who drew it."""

    label: int
    name: str
    measures: Measures | None
    by: Maker

    @property
    def mean(self) -> float | None:
        """Mean intensity in the unit of the image."""
        found = None if self.measures is None else self.measures.intensity
        return None if found is None else found.get("mean")


def measure_structures(image: Image, drawn: Segmentation, *, progress: Progress | None = None) -> tuple[Structure, ...]:
    """Measure every structure of a segmentation on its image, in the order of the labels.

    A structure is measured within its box with a margin, which costs what it is large and not what the volume is.
    """
    found = []
    values = image.float_values()
    for done, (label, name) in enumerate(sorted(drawn.names.items()), 1):
        mask = drawn.labels == label
        measures = measure(mask, image.grid, values=values) if mask.any() else None
        found.append(Structure(label, name, measures, drawn.by))
        if progress is not None:
            progress(done, len(drawn.names))
    return tuple(found)


def largest_slice(drawn: Segmentation) -> int:
    """The slice that shows most of what was drawn; 0 of a flat image."""
    if drawn.labels.ndim == 2:
        return 0
    return int(np.count_nonzero(drawn.labels, axis=(1, 2)).argmax())
