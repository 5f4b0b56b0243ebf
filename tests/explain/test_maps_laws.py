"""What the methods must give where the answer can be worked out: linear models, completeness, expectation, symmetry."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from bright_blob import flat_net, fresh, held_out
from torch import nn

from suwen.errors import InputError
from suwen.explain.maps import (
    Baseline,
    Score,
    grad_cam,
    insertion,
    integrated_gradients,
    layer_cam,
    multi_scale_occlusion,
    occlusion,
    replacement,
    rise,
)

SHAPE = (2, 6, 5)


class Linear(nn.Module):
    """Logits are weights times the image: class 0 gets none, class 1 has `weight` (channels, *spatial)."""

    def __init__(self, weight: np.ndarray) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.from_numpy(np.stack([np.zeros_like(weight), weight])))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1) @ self.weight.flatten(1).T


@pytest.fixture
def linear() -> tuple[Linear, np.ndarray, np.ndarray, np.ndarray]:
    """Model, its weights, an example and a baseline."""
    rng = np.random.default_rng(0)
    weight, example, start = (rng.normal(size=SHAPE).astype(np.float32) for _ in range(3))
    return Linear(weight), weight, example, start


@pytest.mark.parametrize("steps", [1, 7, 50])
def test_integrated_gradients_of_a_linear_model(
    linear: tuple[Linear, np.ndarray, np.ndarray, np.ndarray], steps: int
) -> None:
    model, weight, example, start = linear
    found = integrated_gradients(model, example, 1, baseline=start, steps=steps)
    assert np.allclose(found, (weight * (example - start)).sum(0), atol=1e-5)


@pytest.mark.parametrize("baseline", list(Baseline))
def test_integrated_gradients_share_out_the_difference(baseline: Baseline) -> None:
    """Completeness: the sum of the map is the difference of logits."""
    images, _ = held_out(3)
    for image in images:
        found = integrated_gradients(flat_net(), image, 1, baseline=baseline, steps=200)
        pair = torch.from_numpy(np.stack([image, replacement(image, baseline)]))
        with torch.no_grad():
            whole, none = flat_net()(pair)[:, 1].tolist()
        assert abs(found.sum() - (whole - none)) < 1e-2


def test_noise_averages_around_the_map_without_it(linear: tuple[Linear, np.ndarray, np.ndarray, np.ndarray]) -> None:
    """SmoothGrad's mean over copies is the map itself for a linear model, up to the drawn noise's mean."""
    model, weight, example, start = linear
    settings = {"baseline": start, "steps": 2, "noise": 0.1, "samples": 4000}
    found = integrated_gradients(model, example, 1, rng=np.random.default_rng(1), **settings)
    error = 0.1 * np.ptp(example) / np.sqrt(4000) * np.sqrt((weight**2).sum(0))
    assert np.all(np.abs(found - (weight * (example - start)).sum(0)) < 5 * error)
    with pytest.raises(InputError, match="rng"):
        integrated_gradients(model, example, 1, noise=0.1)


@pytest.mark.parametrize(("window", "stride"), [(1, 1), (2, 1), ((3, 3), (1, 2)), (5, 4)])
def test_occlusion_of_a_linear_model(
    linear: tuple[Linear, np.ndarray, np.ndarray, np.ndarray],
    window: int | tuple[int, int],
    stride: int | tuple[int, int],
) -> None:
    """Covering a window takes exactly the sum of weights times differences in it; a voxel gets the mean of those."""
    model, weight, example, start = linear
    gain = (weight * (example - start)).sum(0)
    found = occlusion(model, example, 1, window=window, stride=stride, baseline=start)
    sides = window if isinstance(window, tuple) else (window, window)
    steps = stride if isinstance(stride, tuple) else (stride, stride)
    rows, columns = (
        sorted({round(low) for low in np.linspace(0, n - side, -(-(n - side) // step) + 1)})
        for n, side, step in zip(gain.shape, sides, steps, strict=True)
    )
    total, count = np.zeros_like(gain), np.zeros_like(gain)
    for row in rows:
        for column in columns:
            where = (slice(row, row + sides[0]), slice(column, column + sides[1]))
            total[where] += gain[where].sum()
            count[where] += 1
    assert count.all()
    assert np.allclose(found, total / count, atol=1e-4)


def test_rise_expects_weights_times_differences() -> None:
    """Masks of one voxel a cell on a square image, a linear score: E = (1 - share) w (x - baseline), per voxel."""
    rng = np.random.default_rng(2)
    weight, example, start = (rng.normal(size=(1, 5, 5)).astype(np.float32) for _ in range(3))
    for share in (0.3, 0.5):
        settings = {"masks": 10_000, "cells": 5, "share": share, "baseline": start, "batch": 1000}
        found = rise(Linear(weight), example, 1, rng=np.random.default_rng(3), score=Score.LOGIT, **settings)
        gain = (weight * (example - start))[0]
        error = np.sqrt((gain**2).sum() * share * (1 - share) * (1 / share - 1) / 10_000) + 1e-3
        assert np.all(np.abs(found - (1 - share) * gain) < 5 * error)


def test_maps_of_a_symmetrical_model_are_symmetrical() -> None:
    """Windows, cells and interpolation are centred: what is the same left and right is explained the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = fresh(2).eval()
    for module in net.modules():
        if isinstance(module, nn.Conv2d):  # kernels that are their own mirror images
            module.weight.data = (
                module.weight + module.weight.flip(2) + module.weight.flip(3) + module.weight.flip(2, 3)
            ) / 4
    rng = np.random.default_rng(4)
    image = rng.normal(size=(1, 24, 20)).astype(np.float32)
    image = (image + image[:, ::-1] + image[:, :, ::-1] + image[:, ::-1, ::-1]) / 4
    maps = [
        grad_cam(net, image, 1),
        layer_cam(net, image, 1),
        integrated_gradients(net, image, 1),
        occlusion(net, image, 1, window=4, stride=3),
        occlusion(net, image, 1, window=6, stride=4),
        multi_scale_occlusion(net, image, 1),
    ]
    for values in maps:
        assert np.abs(values).max() > 0
        assert np.allclose(values, values[::-1], atol=1e-4 * np.abs(values).max())
        assert np.allclose(values, values[:, ::-1], atol=1e-4 * np.abs(values).max())


def test_a_layer_of_strides_is_not_shifted() -> None:
    """Kernel 3, stride 2, padding 1, thrice: a map merely stretched over the input would lie 3.5 voxels off."""

    class Strides(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(*(nn.Conv2d(1, 1, 3, 2, 1, bias=False) for _ in range(3)))
            for conv in self.body:
                nn.init.constant_(conv.weight, 1 / 9)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            score = self.body(x).mean((1, 2, 3))
            return torch.stack([-score, score], 1)

    image = np.zeros((1, 64, 64), np.float32)
    image[:, 31:34, 31:34] = 1  # centred at 32, where a cell of stride 8 lies
    values = grad_cam(Strides(), image, 1)
    centre = np.average(np.arange(64), weights=values.sum(1))
    assert abs(centre - 32) < 0.1


def test_the_true_mask_is_inserted_better_than_chance() -> None:
    images, masks = held_out(8)
    rng = np.random.default_rng(5)
    true, drawn = [], []
    for image, mask in zip(images, masks, strict=True):
        for areas, values in ((true, mask), (drawn, rng.random(mask.shape))):
            areas.append(insertion(flat_net(), image, 1, values, rng=rng, baseline=Baseline.MEAN).area)
    assert np.mean(true) > np.mean(drawn) + 0.1
