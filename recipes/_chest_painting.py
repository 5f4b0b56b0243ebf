"""Augmentation of chest radiographs: other places and exposures, and disease painted in under the same outlines."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from suwen.imaging.chest.anatomy_input import DARK

__all__ = ["Painter", "nothing"]

_BRIGHT = 1.8


@dataclass(frozen=True)
class Painter:
    """Draws the augmentation of a batch from one generator of random numbers."""

    rng: np.random.Generator

    def __call__(self, pictures: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures (n, 1, side, side) and labels (n, side, side), changed together."""
        moved, kept = self._moved(pictures, labels)
        for one, label in zip(moved, kept, strict=True):
            grey = self._ill(one[0], label)
            one[0] = self._exposed(self._covered(grey))
        return moved, kept

    def _between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def _chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def normal(self, *shape: int) -> Tensor:
        """Values of the standard normal distribution."""
        return torch.from_numpy(self.rng.standard_normal(shape).astype(np.float32))

    def waves(self, side: int, knots: int) -> Tensor:
        """Smooth random values (side, side) through `knots` by `knots` of them."""
        coarse = self.normal(1, 1, knots, knots)
        return functional.interpolate(coarse, size=(side, side), mode="bicubic", align_corners=True)[0, 0]

    def _moved(self, pictures: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Turned by 12 degrees, scaled by 30 %, shifted by a fifth, stretched and bent; frames of any grey around."""
        n, side = len(pictures), pictures.shape[-1]
        turns = np.stack([self._affine() for _ in range(n)])
        grid = functional.affine_grid(torch.from_numpy(turns), [n, 1, side, side], align_corners=False)
        bend = functional.interpolate(
            self.normal(n, 2, 5, 5) * 0.03, size=(side, side), mode="bicubic", align_corners=True
        )
        grid = grid + bend.permute(0, 2, 3, 1)
        outside = self._between(DARK, _BRIGHT) if self._chance(0.3) else DARK
        if self._chance(0.3):
            moved = functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
        else:
            moved = functional.grid_sample(pictures - outside, grid, align_corners=False) + outside
        kept = functional.grid_sample(labels[:, None].float(), grid, mode="nearest", align_corners=False)[:, 0].long()
        return moved, kept

    def _affine(self) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        angle, scale = math.radians(self._between(-12, 12)), math.exp(self._between(-0.25, 0.3))
        stretch = math.exp(self._between(-0.14, 0.14))
        cosine, sine = math.cos(angle) * scale, math.sin(angle) * scale
        rows = [[cosine * stretch, -sine, self._between(-0.2, 0.2)], [sine, cosine / stretch, self._between(-0.2, 0.2)]]
        return np.array(rows, np.float32)

    def _ill(self, grey: Tensor, label: Tensor) -> Tensor:
        """Opacities within the lungs, and in a quarter of the pictures fluid that rises from the base of a lung."""
        lungs = ((label == 1) | (label == 2)).float()
        if self._chance(0.6):
            for _ in range(int(self.rng.integers(0, 4))):
                grey = self._opacity(grey, lungs)
        if self._chance(0.25):
            for side in (1, 2):
                if self._chance(0.6) and bool((label == side).any()):
                    grey = self._fluid(grey, (label == side).float())
        return grey

    def _opacity(self, grey: Tensor, lungs: Tensor) -> Tensor:
        places = lungs.nonzero()
        if len(places) < 20:
            return grey
        side = len(grey)
        y, x = (places[int(self.rng.integers(len(places)))] / side).tolist()
        high, wide, turn = self._between(0.03, 0.28), self._between(0.03, 0.28), self._between(0, math.pi)
        rows, columns = torch.meshgrid(torch.linspace(0, 1, side), torch.linspace(0, 1, side), indexing="ij")
        u = ((columns - x) * math.cos(turn) + (rows - y) * math.sin(turn)) / wide
        v = ((rows - y) * math.cos(turn) - (columns - x) * math.sin(turn)) / high
        blob = torch.exp(-((u * u + v * v) ** self._between(1, 3)))
        if self._chance(0.5):
            blob = blob * (1 + 0.4 * self.waves(side, 12)).clamp(0, 1.5)
        within = _soft(lungs, 5) if self._chance(0.8) else torch.ones_like(lungs)
        return _over(grey, blob * within * self._between(0.3, 1), self._between(0.3, 1.6))

    def _fluid(self, grey: Tensor, lung: Tensor) -> Tensor:
        side = len(grey)
        rows = lung.any(1).nonzero()
        top, base = float(rows.min()) / side, float(rows.max()) / side
        level = base - (base - top) * self._between(0.05, 1.0 if self._chance(0.3) else 0.6)
        down, across = torch.meshgrid(torch.linspace(0, 1, side), torch.linspace(0, 1, side), indexing="ij")
        rises = torch.sigmoid(
            (down - level + 0.08 * torch.cos((across - 0.5) * 2 * math.pi)) / self._between(0.005, 0.04)
        )
        return _over(grey, rises * _soft(lung, 3) * self._between(0.5, 1), self._between(0.6, 1.5))

    def _covered(self, grey: Tensor) -> Tensor:
        """Squares cut out, and a bright wire."""
        side = len(grey)
        if self._chance(0.3):
            for _ in range(int(self.rng.integers(1, 4))):
                high, wide = (int(self._between(0.03, 0.25) * side) for _ in range(2))
                top, left = int(self.rng.integers(side - high)), int(self.rng.integers(side - wide))
                grey[top : top + high, left : left + wide] = self._between(DARK, _BRIGHT)
        if self._chance(0.3):
            ends, t = self.rng.random((2, 2)), np.linspace(0, 1, 2 * side)[:, None]
            way = ends[0] * (1 - t) + ends[1] * t + 0.1 * np.sin(t * math.pi * self.rng.integers(1, 3))
            at = np.clip(way * side, 0, side - 1).astype(np.int64)
            grey[at[:, 0], at[:, 1]] = self._between(1, 2)
        return grey

    def _exposed(self, grey: Tensor) -> Tensor:
        """Another gamma, contrast, brightness, shading, noise or sharpness; one in twelve is a negative."""
        unit = ((grey - DARK) / (_BRIGHT - DARK)).clamp(0, 1) ** math.exp(self._between(-0.6, 0.6))
        grey = unit * (_BRIGHT - DARK) + DARK
        if self._chance(1 / 12):
            grey = _BRIGHT + DARK - grey
        grey = grey * self._between(0.7, 1.3) + self._between(-0.3, 0.3)
        if self._chance(0.4):
            grey = grey + self._between(0.1, 0.6) * self.waves(len(grey), 3)
        if self._chance(0.3):
            grey = grey + self.normal(*grey.shape) * self._between(0.02, 0.2)
        return _soft(grey, int(self.rng.integers(1, 4)) * 2 + 1) if self._chance(0.25) else grey


def nothing(side: int, rng: np.random.Generator) -> Tensor:
    """A picture (side, side) that shows no thorax: a slope, waves of any size, noise, stripes, a disc."""
    painter = Painter(rng)
    rows, columns = torch.meshgrid(torch.linspace(-1, 1, side), torch.linspace(-1, 1, side), indexing="ij")
    kind, turn = int(rng.integers(5)), float(rng.uniform(0, 2 * math.pi))
    slope = rows * math.sin(turn) + columns * math.cos(turn)
    radius = torch.sqrt((rows - rng.uniform(-0.4, 0.4)) ** 2 + (columns - rng.uniform(-0.4, 0.4)) ** 2)
    found = (
        slope,
        painter.waves(side, int(rng.integers(3, 40))),
        painter.normal(side, side),
        torch.sin(slope * float(rng.uniform(3, 60))),
        (radius < rng.uniform(0.3, 0.95)).float() * (1 + 0.3 * painter.waves(side, 8)),
    )[kind]
    return (found - found.mean()) / found.std().clamp(min=1e-3)


def _soft(grey: Tensor, width: int) -> Tensor:
    return functional.avg_pool2d(grey[None, None], width, 1, width // 2, count_include_pad=False)[0, 0]


def _over(grey: Tensor, weight: Tensor, value: float) -> Tensor:
    weight = weight.clamp(0, 1)
    return grey * (1 - weight) + weight * value
