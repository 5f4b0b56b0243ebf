"""Phantoms of a chest radiograph: lungs, heart and known shadows painted at known places, for the tests of reading."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from suwen.finding import Maker
from suwen.formats.images.nouns import Image, View
from suwen.imaging.chest.nouns import Anatomy, Side
from suwen.subject import Grid, Scale

LUNG, HEART, BODY = 900.0, 2900.0, 2300.0  # grey values of clear lung, heart and chest wall


@dataclass(frozen=True)
class Phantom:
    """A radiograph of 350 mm a side with its true anatomy; painted on with `disc`, `ring`, `wedge` and the others."""

    values: NDArray[np.float32]
    anatomy: Anatomy
    mm: float

    def at(self, side: Side, u: float, v: float) -> tuple[float, float]:
        """Row and column of a place in lung coordinates: v from apex to base, u from the medial to the lateral edge."""
        lung = self.anatomy.right_lung if side is Side.RIGHT else self.anatomy.left_lung
        rows = np.flatnonzero(lung.any(axis=1))
        row = round(rows[0] + v * (rows[-1] - rows[0]))
        held = np.flatnonzero(lung[row])
        medial, lateral = (held[-1], held[0]) if side is Side.RIGHT else (held[0], held[-1])
        return float(row), float(medial + u * (lateral - medial))

    def paint(self, weight: NDArray[np.floating], height: float) -> Phantom:
        """Add a shadow of a height, a share of the way from lung to heart."""
        return replace(self, values=(self.values + weight * height * (HEART - LUNG)).astype(np.float32))

    def far(self, at: tuple[float, float], *, wide: float = 1.0) -> NDArray[np.float64]:
        """Distance (mm) of every pixel from a place; `wide` stretches it sideways."""
        rows, across = np.indices(self.values.shape)
        return np.hypot(rows - at[0], (across - at[1]) / wide) * self.mm

    def disc(
        self, at: tuple[float, float], across: float, height: float = 0.6, soft: float = 0.8, wide: float = 1.0
    ) -> Phantom:
        """A disc of a diameter (mm); `soft` is the Gaussian blur of its edge (mm)."""
        return self.paint(
            gaussian_filter((self.far(at, wide=wide) <= across / 2).astype(float), soft / self.mm), height
        )

    def ring(self, at: tuple[float, float], across: float, wall: float, height: float = 0.6) -> Phantom:
        """A cavity: a ring of an outer diameter and a wall (mm)."""
        far = self.far(at)
        weight = ((far <= across / 2) & (far > across / 2 - wall)).astype(float)
        return self.paint(gaussian_filter(weight, 0.8 / self.mm), height)

    def image(self, *, scaled: bool = True, view: View = View.PA, name: str = "phantom") -> Image:
        """As an image, with or without a scale."""
        spacing, scale = ((self.mm, self.mm), Scale.DETECTOR) if scaled else (None, Scale.NONE)
        grid = Grid(self.values.shape, spacing, scale)
        return Image(name, self.values.copy(), grid, modality="DX", view=view)

    def mirrored(self) -> Phantom:
        """The same patient turned over: right becomes left."""
        turn = {name: getattr(self.anatomy, name)[:, ::-1].copy() for name in ("heart", "mediastinum")}
        right, left = self.anatomy.left_lung[:, ::-1].copy(), self.anatomy.right_lung[:, ::-1].copy()
        anatomy = replace(self.anatomy, right_lung=right, left_lung=left, **turn)
        return replace(self, values=self.values[:, ::-1].copy(), anatomy=anatomy)


def phantom(*, size: int = 700, seed: int = 0) -> Phantom:
    """A clear chest (size, size) of 350 mm: two lungs with ribs, vessels as noise, and a heart towards the left."""
    mm = 350.0 / size
    rows, across = (one * mm for one in np.indices((size, size)))
    right, left = _lung(rows, across, 105.0, 78.0), _lung(rows, across, 245.0, 78.0)
    heart = ((rows - 220) / 50) ** 2 + ((across - 190) / 58) ** 2 <= 1
    middle = (np.abs(across - 175) < 28) & (rows > 40) & (rows < 270)
    mediastinum = heart | middle
    right, left = right & ~mediastinum, left & ~mediastinum
    rng = np.random.default_rng(seed)
    noise = gaussian_filter(rng.standard_normal((size, size)), 1.5 / mm)
    values = np.full((size, size), BODY)
    for lung, centre in ((right, 105.0), (left, 245.0)):
        edge = np.clip(np.abs(across - centre) / 60, 0, 1) ** 2
        base = LUNG + 350 * edge + 200 * np.clip((rows - 150) / 120, 0, 1) ** 2
        ribs = 110 * (np.sin(2 * np.pi * (rows + 0.25 * np.abs(across - 175)) / 24) > 0.4)
        values = np.where(lung, base + ribs, values)
    values = np.where(mediastinum, HEART, values)
    values = gaussian_filter(values, 1.0 / mm) + 60 * noise / noise.std() * 0.5
    anatomy = Anatomy(right, left, heart, mediastinum, 1.0, Maker("phantom"))
    return Phantom(values.astype(np.float32), anatomy, mm)


def _lung(rows: NDArray[np.floating], across: NDArray[np.floating], centre: float, half: float) -> NDArray[np.bool_]:
    """A lung 230 mm high: an ellipse above, straight below, on a dome that falls to the costophrenic angle."""
    outer = 105.0 if centre < 175 else 245.0
    tilt = (across - outer) * (-1 if centre < 175 else 1)
    width = half * np.sqrt(np.clip(1 - ((rows - 150) / 112) ** 2, 0, 1)) * 0.85
    width = np.where(rows > 150, half * 0.85, width)
    dome = 248 + 0.006 * np.clip(tilt + 30, 0, None) ** 2
    return (np.abs(across - centre) <= width) & (rows >= 38) & (rows <= dome)
