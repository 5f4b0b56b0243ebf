"""Shadows drawn into clear lungs: what an opacity is, learned where sick and well come from the same image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from suwen.imaging.chest.scores_input import SIDE, ranked
from suwen.imaging.chest.scores_texture import CELLS, textures

__all__ = ["COPIES", "Drawn", "by_cell", "draw_shadows", "drawn"]

Rows = NDArray[np.int64]

COPIES = 5  # of each clear radiograph, with other shadows drawn
_BATCH = 32


def drawn(ranks: Tensor, lungs: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Clear lungs (n, SIDE, SIDE) with one to three soft shadows each, and how dense these are in each place.

    A shadow goes towards the grey of heart and diaphragm of the same image, its edge uneven and its inside patchy; it
    keeps to one lung and lies in lower zones more often than in upper ones.
    """
    n, cover = len(ranks), torch.zeros_like(ranks)
    for often in (1.0, 0.5, 0.25):
        there = (torch.rand(n, generator=generator) < often).float()[:, None, None]
        cover = 1 - (1 - cover) * (1 - (_one_shadow(lungs, generator) * there).clamp(0, 0.95))
    level = 0.75 + 0.2 * torch.rand(n, generator=generator)
    grey = torch.stack([torch.quantile(one, q) for one, q in zip(ranks, level, strict=True)])[:, None, None]
    changed = ranks + cover * (grey - ranks).clamp_min(0)
    return changed, cover * (grey > ranks).float() * lungs.sum(1).clamp(0, 1)


def _one_shadow(lungs: Tensor, generator: torch.Generator) -> Tensor:
    n = len(lungs)

    def draw() -> Tensor:
        return torch.rand(n, 1, 1, generator=generator)

    line = torch.linspace(-1, 1, SIDE)
    down, across = torch.meshgrid(line, line, indexing="ij")
    likely = lungs.sum(1) * (1 + 0.8 * torch.sigmoid(4 * down))
    at = torch.multinomial(likely.flatten(1) + 1e-6, 1, generator=generator)[:, 0]
    row, column = line[at // SIDE][:, None, None], line[at % SIDE][:, None, None]
    high, wide = 0.10 + 0.336 * draw() ** 1.3, 0.09 + 0.2 * draw() ** 1.3
    turn = 2 * draw() - 1
    along = (across - column) * torch.cos(turn) + (down - row) * torch.sin(turn)
    beside = (down - row) * torch.cos(turn) - (across - column) * torch.sin(turn)
    uneven = 0.5 * _rough(n, 7, generator) + 0.25 * _rough(n, 17, generator)
    shape = torch.sigmoid((1 - (along / wide) ** 2 - (beside / high) ** 2 + uneven) / (0.2 + 0.6 * draw()))
    own = torch.where(column < 0, lungs[:, 0], lungs[:, 1])
    patchy = 0.75 + 0.25 * _rough(n, 25, generator).clamp(-1.5, 1.5) * draw()
    return (0.2 + 0.65 * draw()) * shape * (0.1 + 0.9 * own) * patchy.clamp(0.1, 1.3)


def _rough(n: int, knots: int, generator: torch.Generator) -> Tensor:
    noise = torch.randn(n, 1, knots, knots, generator=generator)
    return functional.interpolate(noise, (SIDE, SIDE), mode="bicubic", align_corners=True)[:, 0]


@dataclass(frozen=True)
class Drawn:
    """Textures of clear lungs with and without shadows, how dense these are by cell, and where the lungs are."""

    rows: Rows
    found: Tensor
    goal: Tensor
    weight: Tensor


def draw_shadows(ranks_of: Tensor, lungs_of: Tensor, rows: Rows) -> Drawn:
    """Each clear radiograph as it is, and COPIES of it with shadows."""
    generator = torch.Generator().manual_seed(0)
    parts: list[tuple[Tensor, Tensor, Tensor]] = []
    for copy in range(COPIES + 1):
        for start in range(0, len(rows), _BATCH):
            index = torch.from_numpy(rows[start : start + _BATCH])
            ranks, lungs = ranks_of[index], lungs_of[index]
            cover = torch.zeros_like(ranks)
            if copy:
                ranks, cover = drawn(ranks, lungs, generator)
                ranks = torch.from_numpy(np.stack([ranked(one.numpy() * np.float32(255)) for one in ranks]))
            parts.append((textures(ranks), by_cell(cover), by_cell(lungs.sum(1)).clamp(0, 1)))
    found, dense, inside = (torch.cat([part[place] for part in parts]) for place in range(3))
    goal = (dense / 0.25).clamp(0, 1)
    return Drawn(np.tile(rows, COPIES + 1), found, goal, inside * (1 + 2 * goal))


def by_cell(planes: Tensor) -> Tensor:
    return functional.avg_pool2d(planes[:, None], SIDE // CELLS)[:, 0]
