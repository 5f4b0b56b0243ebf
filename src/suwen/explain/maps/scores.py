"""Scores of a heat map: insertion and deletion by the network, pointing, overlap and energy against a mask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.explain.maps.baseline import Baseline, replacement
from suwen.explain.maps.network import Score, prepared
from suwen.explain.maps.network import scores as network_scores

__all__ = ["Curve", "best_overlap", "deletion", "energy_inside", "insertion", "overlap", "pointing"]


@dataclass(frozen=True, slots=True)
class Curve:
    """The target's score after each share of voxels, most important first, was inserted or deleted."""

    shares: tuple[float, ...]
    scores: tuple[float, ...]

    @property
    def area(self) -> float:
        """Area under the curve by the trapezoid rule; in 0..1 for a probability."""
        return float(np.trapezoid(self.scores, self.shares))


def insertion(  # noqa: PLR0913 - a setting each
    model: nn.Module,
    inputs: NDArray[Any],
    target: int,
    values: NDArray[Any],
    *,
    rng: np.random.Generator,
    baseline: Baseline | NDArray[Any] = Baseline.BLUR,
    steps: int = 28,
    score: Score = Score.PROBABILITY,
    batch: int = 32,
) -> Curve:
    """The score while the voxels of the example return to its baseline, the highest of the map first; more is better.

    Petsiuk et al. 2018 (RISE), who insert into a blurred image and delete towards a plain one: inserting into a plain
    one rewards sharp edges that the insertion itself makes. `rng` decides between voxels of the same value only.
    """
    example, plain = _pair(model, inputs, target, baseline)
    order = _order(values, example, rng)
    return _curve(model, target, (plain, example), order, steps=steps, score=score, batch=batch)


def deletion(  # noqa: PLR0913 - a setting each
    model: nn.Module,
    inputs: NDArray[Any],
    target: int,
    values: NDArray[Any],
    *,
    rng: np.random.Generator,
    baseline: Baseline | NDArray[Any] = Baseline.MEAN,
    steps: int = 28,
    score: Score = Score.PROBABILITY,
    batch: int = 32,
) -> Curve:
    """The score while the voxels of the example give way to its baseline, the highest first; less is better."""
    example, plain = _pair(model, inputs, target, baseline)
    order = _order(values, example, rng)
    return _curve(model, target, (example, plain), order, steps=steps, score=score, batch=batch)


def pointing(values: NDArray[Any], mask: NDArray[Any], *, tolerance: float = 0.0) -> float:
    """1 where the map's highest voxel lies in the mask or within `tolerance` voxels of it, else 0 (Zhang et al. 2016).

    Where several voxels share the highest value, the share of them that hit: a constant map points nowhere, and gets
    what chance gives.
    """
    where = _mask_of(values, mask)
    away = ndimage.distance_transform_edt(~where)
    return float(np.mean(away[values == values.max()] <= tolerance))


def overlap(values: NDArray[Any], mask: NDArray[Any], *, threshold: float = 0.5) -> float:
    """Intersection over union of the mask with the voxels of at least `threshold` times the map's maximum."""
    where, highest = _mask_of(values, mask), float(values.max())
    return _iou(values >= threshold * highest, where) if highest > 0 else 0.0


def best_overlap(values: NDArray[Any], mask: NDArray[Any]) -> float:
    """The highest intersection over union that any threshold reaches: an upper bound, chosen with the mask in sight."""
    where = _mask_of(values, mask).ravel()
    order = np.argsort(-values.ravel(), kind="stable")
    ranked = values.ravel()[order]
    inside = np.cumsum(where[order])
    iou = inside / (np.arange(1, where.size + 1) + where.sum() - inside)
    ends = np.append(ranked[1:] != ranked[:-1], True)  # a threshold takes all voxels of one value, or none
    return float(iou[ends].max())


def energy_inside(values: NDArray[Any], mask: NDArray[Any]) -> float:
    """Share of the map's positive part that lies in the mask (Wang et al. 2020); 0 where nothing is positive."""
    where, positive = _mask_of(values, mask), np.maximum(np.asarray(values, float), 0)
    total = float(positive.sum())
    return float(positive[where].sum()) / total if total > 0 else 0.0


def _pair(
    model: nn.Module, inputs: NDArray[Any], target: int, baseline: Baseline | NDArray[Any]
) -> tuple[Tensor, Tensor]:
    example = prepared(model, inputs, target)[0]
    return example, torch.from_numpy(replacement(inputs, baseline).copy()).to(example)


def _curve(
    model: nn.Module,
    target: int,
    ends: tuple[Tensor, Tensor],
    order: NDArray[np.int64],
    *,
    steps: int,
    score: Score,
    batch: int,
) -> Curve:
    if steps < 1:
        raise InputError(f"a curve has at least one step, not {steps}", zh=f"曲线至少有一步，而非 {steps}")
    counts = np.unique(np.round(np.linspace(0, order.size, steps + 1)).astype(int))
    found = network_scores(model, _changed(*ends, order, counts), target, score=score, batch=batch)
    return Curve(tuple((counts / order.size).tolist()), tuple(found.tolist()))


def _changed(first: Tensor, last: Tensor, order: NDArray[np.int64], counts: NDArray[np.int64]) -> Iterator[Tensor]:
    channels = len(first)
    for count in counts:
        image = first.clone()
        chosen = torch.from_numpy(order[:count]).to(first.device)
        image.view(channels, -1)[:, chosen] = last.reshape(channels, -1)[:, chosen]
        yield image


def _order(values: NDArray[Any], example: Tensor, rng: np.random.Generator) -> NDArray[np.int64]:
    """Voxels from the highest value to the lowest; equals in an order drawn, not in that of rows."""
    if np.shape(values) != tuple(example.shape[1:]):
        raise InputError(
            f"a map of shape {np.shape(values)} does not fit an example of {tuple(example.shape[1:])}",
            zh=f"形状为 {np.shape(values)} 的热图与 {tuple(example.shape[1:])} 的样本不符",
        )
    flat = np.asarray(values, float).ravel()
    return np.lexsort((rng.random(flat.size), -flat))


def _mask_of(values: NDArray[Any], mask: NDArray[Any]) -> NDArray[np.bool_]:
    where = np.asarray(mask) > 0
    if where.shape != np.shape(values):
        raise InputError(
            f"a mask of shape {where.shape} does not fit a map of {np.shape(values)}",
            zh=f"形状为 {where.shape} 的掩膜与 {np.shape(values)} 的热图不符",
        )
    if not where.any():
        raise InputError("the mask is empty: there is nothing to point at", zh="掩膜为空：没有可指向的区域")
    return where


def _iou(these: NDArray[np.bool_], those: NDArray[np.bool_]) -> float:
    union = int(np.count_nonzero(these | those))
    return np.count_nonzero(these & those) / union if union else 0.0
