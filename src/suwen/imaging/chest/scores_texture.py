"""Density and texture of lungs, cell by cell: fixed wavelets, nothing learned, so that little data suffice afterwards.

A scattering transform of two layers (Bruna & Mallat, IEEE TPAMI 2013:1872-1886): what a wavelet of each size and
direction answers, and how those answers themselves change from place to place, each averaged over a cell.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from suwen.imaging.chest.scores_input import SIDE

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["CELLS", "CHANNELS", "textures"]

CELLS = 16  # a side
_SIZES, _DIRECTIONS = 5, 6
_FINEST = 0.35  # cycles a sample; each size has half the frequency of the one before
_ALONG, _ACROSS = 0.45, 0.30  # bandwidths, of the frequency
_CENTRE, _SPREAD = 0.5, 0.29  # mean and standard deviation of ranks spread evenly over 0..1
_SECOND = tuple((one, two) for one in range(_SIZES - 1) for two in range(one + 1, min(one + 3, _SIZES)))
CHANNELS = 2 + _SIZES * _DIRECTIONS + 2 * len(_SECOND)  # density, roughness; first layer; second, along and across


def textures(ranks: Tensor) -> Tensor:
    """Ranks (n, SIDE, SIDE) in 0..1 to (n, CHANNELS, CELLS, CELLS), logarithms but for the first, the density."""
    import torch  # noqa: PLC0415
    from torch.nn import functional  # noqa: PLC0415

    given = (ranks - _CENTRE) / _SPREAD
    density = _pooled(given)
    ground = functional.interpolate(density[:, None], (SIDE, SIDE), mode="bilinear", align_corners=False)[:, 0]
    found = [density[:, None], 0.5 * (_pooled((given - ground) ** 2) + 1e-4).log()[:, None]]
    bank = _bank()
    answers = torch.fft.ifft2(torch.fft.fft2(given)[:, None, None] * bank).abs()
    first = _pooled(answers)
    found.append((first + 0.01).log().flatten(1, 2))
    whole = first.mean(2)
    for one, two in _SECOND:
        again = torch.fft.fft2(answers[:, one])
        for turn in (0, _DIRECTIONS // 2):
            change = torch.fft.ifft2(again * torch.roll(bank[two], -turn, 0)).abs().mean(1)
            found.append(((_pooled(change) + 0.001) / (whole[:, one] + 0.02)).log()[:, None])
    return torch.cat(found, 1)


def _pooled(planes: Tensor) -> Tensor:
    """Means over the cells: (..., SIDE, SIDE) to (..., CELLS, CELLS)."""
    edge = SIDE // CELLS
    return planes.reshape(*planes.shape[:-2], CELLS, edge, CELLS, edge).mean((-3, -1))


@cache
def _bank() -> Tensor:
    """Wavelets in frequency (sizes, directions, SIDE, SIDE): one bump each, on one side of zero."""
    import torch  # noqa: PLC0415

    down, across = np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE)[None]
    rows = []
    for size in range(_SIZES):
        middle = _FINEST / 2**size
        for direction in range(_DIRECTIONS):
            angle = np.pi * direction / _DIRECTIONS
            along = across * np.cos(angle) + down * np.sin(angle)
            beside = down * np.cos(angle) - across * np.sin(angle)
            bump = ((along - middle) / (_ALONG * middle)) ** 2 + (beside / (_ACROSS * middle)) ** 2
            rows.append(np.exp(-bump / 2))
    return torch.from_numpy(np.stack(rows).astype(np.float32)).view(_SIZES, _DIRECTIONS, SIDE, SIDE)
