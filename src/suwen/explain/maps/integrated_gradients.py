"""Integrated gradients: the score's difference from a baseline, shared out exactly (Sundararajan et al. 2017)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.explain.maps.baseline import Baseline, replacement
from suwen.explain.maps.network import Score, channel_gradients, prepared
from suwen.explain.maps.nouns import FloatMap

__all__ = ["integrated_gradients"]


def integrated_gradients(  # noqa: PLR0913 - a setting each
    model: nn.Module,
    inputs: NDArray[Any],
    target: int,
    *,
    baseline: Baseline | NDArray[Any] = Baseline.MEAN,
    steps: int = 50,
    score: Score = Score.LOGIT,
    batch: int = 16,
    noise: float = 0.0,
    samples: int = 1,
    rng: np.random.Generator | None = None,
) -> FloatMap:
    """Signed map (*spatial) of one example (channels, *spatial), summed over channels.

    Without noise its sum is the score of the example less that of the baseline (completeness), as closely as `steps`
    points of Gauss-Legendre quadrature come. `noise` > 0 averages over `samples` noisy copies (SmoothGrad, Smilkov et
    al. 2017), its standard deviation in shares of the image's range; that needs `rng`. At most `batch` copies are held.
    """
    if noise > 0 and rng is None:
        raise InputError("noise needs a random generator: pass rng", zh="噪声需要随机数发生器：请给出 rng")
    if steps < 1 or samples < 1 or batch < 1:
        raise InputError(
            f"steps, samples and batch are at least 1, not {steps}, {samples} and {batch}",
            zh=f"步数、样本数和批量至少为 1，而非 {steps}、{samples} 和 {batch}",
        )
    example = prepared(model, inputs, target)
    start = torch.from_numpy(replacement(inputs, baseline).copy())[None].to(example)
    total = torch.zeros_like(example, dtype=torch.float64)
    for copy in _copies(example, noise, samples, rng):
        total += _along(model, start, copy, target, steps=steps, score=score, batch=batch)
    return (total[0].sum(0) / (samples if noise > 0 else 1)).float().cpu().numpy()


def _copies(example: Tensor, noise: float, samples: int, rng: np.random.Generator | None) -> list[Tensor]:
    if not noise or rng is None:
        return [example]
    width = noise * float(example.max() - example.min())
    drawn = rng.normal(0, width, (samples, *example.shape)).astype(np.float32)
    return [example + torch.from_numpy(one).to(example) for one in drawn]


def _along(
    model: nn.Module, start: Tensor, end: Tensor, target: int, *, steps: int, score: Score, batch: int
) -> Tensor:
    """(end - start) times the mean gradient on the straight line between them, (1, channels, *spatial)."""
    nodes, shares = np.polynomial.legendre.leggauss(steps)
    total = torch.zeros_like(end, dtype=torch.float64)
    for first in range(0, steps, batch):
        at = torch.tensor((nodes[first : first + batch] + 1) / 2, dtype=end.dtype).to(end)
        share = torch.tensor(shares[first : first + batch] / 2).to(total)
        spread = (-1, *(1,) * (end.ndim - 1))
        gradient = channel_gradients(model, start + at.reshape(spread) * (end - start), target, score=score)
        total += (share.reshape(spread) * gradient).sum(0, keepdim=True)
    return total * (end - start)
