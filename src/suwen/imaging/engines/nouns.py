"""What every segmentation engine takes and gives: images of one place in, labels on their grid out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.finding import Maker
from suwen.formats.images.nouns import Image
from suwen.subject import Grid

__all__ = ["Engine", "Labels", "Progress", "Segmentation", "require_same_grid"]

Labels = NDArray[np.unsignedinteger[Any]]
Progress = Callable[[int, int], None]  # tiles done, tiles in all


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """Labels (slices, rows, columns) on `grid`, 0 where nothing was found, and what each label is called."""

    labels: Labels
    names: Mapping[int, str]
    grid: Grid
    by: Maker

    def __post_init__(self) -> None:
        if self.labels.shape != self.grid.shape:
            raise InputError(
                f"labels of the shape {self.labels.shape} do not lie on a grid of {self.grid.shape}",
                zh=f"形状为 {self.labels.shape} 的标签与形状为 {self.grid.shape} 的网格不符",
            )
        self.labels.flags.writeable = False

    def mask(self, name: str) -> NDArray[np.bool_]:
        """Where one structure is. Raises InputError for a name that the engine does not know."""
        numbers = [number for number, one in self.names.items() if one == name]
        if not numbers:
            raise InputError(
                f"{self.by.name} draws no {name!r}; it draws {', '.join(sorted(self.names.values()))}",
                zh=f"{self.by.name} 不勾画 {name!r}；它勾画 {'、'.join(sorted(self.names.values()))}",
            )
        found: NDArray[np.bool_] = np.isin(self.labels, numbers)
        return found


class Engine(Protocol):
    """A way to outline structures: our own networks, and networks of others read from a folder."""

    @property
    def name(self) -> str:
        """What a finding names as its maker."""

    @property
    def names(self) -> Mapping[int, str]:
        """Labels from 1 and what they stand for."""

    @property
    def channels(self) -> tuple[str, ...]:
        """The images wanted, in their order: `CT`, or `T1`, `FLAIR`."""

    def segment(self, images: Sequence[Image], *, progress: Progress | None = None) -> Segmentation:
        """Outline the structures. Raises InputError where the images are not those wanted, or lie on several grids."""


def require_same_grid(images: Sequence[Image], channels: Sequence[str]) -> Grid:
    """The grid all images lie on, to a thousandth of a millimetre.

    Raises InputError where their number is not that of the channels, one has no scale, or grids differ.
    """
    if len(images) != len(channels):
        raise InputError(
            f"the network wants {len(channels)} image(s) ({', '.join(channels)}), {len(images)} were given",
            zh=f"该网络需要 {len(channels)} 幅图像（{'、'.join(channels)}），给出了 {len(images)} 幅",
        )
    first = images[0].grid
    for one in images:
        if one.grid.spacing is None:
            raise InputError(
                "the network measures in millimetres, and an image has no scale; state its spacing",
                zh="该网络以毫米计，而某图像没有标度；请说明其间距",
            )
        if one.grid.shape != first.shape or not _close(one.grid, first):
            raise InputError(
                "the images do not lie on one grid; bring them onto one before they are outlined together",
                zh="各图像不在同一网格上；请先对齐再一起勾画",
            )
    return first


def _close(one: Grid, other: Grid) -> bool:
    pairs: list[tuple[Any, Any]] = [(one.spacing, other.spacing)]
    if one.affine is not None and other.affine is not None:
        pairs.append((one.affine, other.affine))
    return all(np.allclose(a, b, rtol=0, atol=1e-3) for a, b in pairs)
