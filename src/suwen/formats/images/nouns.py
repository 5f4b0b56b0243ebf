"""Images and studies as they come in: samples with their place in millimetres, and what was noticed while reading."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError, Problem
from suwen.subject import Grid

__all__ = ["Image", "Source", "Study", "View", "Window"]

Values = NDArray[np.generic]


class View(Enum):
    """How a radiograph was taken (DICOM View Position)."""

    PA = "PA"
    AP = "AP"
    LATERAL = "LATERAL"
    UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Window:
    """A window of grey values: its centre and width in the unit of the image, and its name where one was given."""

    centre: float
    width: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """The stored object one slice came from, so that what is written can name it: UIDs, frame from 1, and the file."""

    sop_class: str
    sop_instance: str
    frame: int = 1
    file: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One image of a study: a radiograph (rows, columns), or a volume (slices, rows, columns) of one series.

    `values` are read-only, in the unit said (HU for CT; empty where the unit is arbitrary), rescaled, and greater is
    brighter: MONOCHROME1 is turned over. Integers stay integers where the rescale keeps them so, else float32.
    `sources` has one entry a slice. `acquired` are technical facts of the header (kVp, kernel, device), never such as
    name the patient. `noticed` says what a reader must know: no scale, tilt, missing slices, lossy compression.
    """

    id: str
    values: Values
    grid: Grid
    modality: str = ""
    unit: str = ""
    body_part: str = ""
    view: View = View.UNKNOWN
    laterality: str = ""
    description: str = ""
    windows: tuple[Window, ...] = ()
    sources: tuple[Source, ...] = ()
    acquired: tuple[tuple[str, str], ...] = ()
    noticed: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        if self.values.shape != self.grid.shape:
            raise InputError(
                f"samples of the shape {self.values.shape} do not lie on a grid of {self.grid.shape}",
                zh=f"形状为 {self.values.shape} 的采样值与 {self.grid.shape} 的网格不符",
            )
        self.values.flags.writeable = False

    def float_values(self) -> NDArray[np.float32]:
        """The samples as float32, read-only, shape as `values`."""
        found: NDArray[Any] = self.values.astype(np.float32, copy=False)
        found.flags.writeable = False
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """One examination: its images by series, and what could not be read of it and why. `id` is its UID or a digest."""

    id: str
    images: tuple[Image, ...]
    left_out: tuple[Problem, ...] = ()
