"""A task whose truth is known: a bright blob in a noisy image, and nothing else, decides the class."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

RADIUS = 3.0


def blobs(
    n: int, shape: tuple[int, ...], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.bool_]]:
    """Images (n, 1, *shape), labels (every second image holds a blob) and masks (n, *shape) of the blobs."""
    images = rng.normal(0, 0.2, (n, 1, *shape)).astype(np.float32)
    labels = np.arange(n) % 2
    masks = np.zeros((n, *shape), bool)
    axes = np.meshgrid(*(np.arange(side) for side in shape), indexing="ij")
    for row in np.flatnonzero(labels):
        centre = [rng.uniform(RADIUS, side - 1 - RADIUS) for side in shape]
        away = np.sqrt(sum((axis - at) ** 2 for axis, at in zip(axes, centre, strict=True)))
        masks[row] = away <= RADIUS
        images[row, 0] += np.exp(-(away**2) / (2 * 1.5**2)).astype(np.float32)
    return images, labels, masks


def fresh(axes: int, width: int = 8) -> nn.Sequential:
    """Two stages of convolutions, one pooling between them, the mean over cells and a linear answer."""
    conv, norm = (nn.Conv2d, nn.BatchNorm2d) if axes == 2 else (nn.Conv3d, nn.BatchNorm3d)
    pool, mean = (nn.MaxPool2d, nn.AdaptiveAvgPool2d) if axes == 2 else (nn.MaxPool3d, nn.AdaptiveAvgPool3d)
    return nn.Sequential(
        *(conv(1, width, 3, padding=1), norm(width), nn.ReLU(inplace=True), pool(2)),
        *(conv(width, 2 * width, 3, padding=1), norm(2 * width), nn.ReLU(inplace=True)),
        *(mean(1), nn.Flatten(), nn.Linear(2 * width, 2)),
    )


def taught(
    images: NDArray[np.float32], labels: NDArray[np.int64], *, seed: int = 0, steps: int = 100, batch: int = 32
) -> nn.Sequential:
    """A small network after `steps` of Adam; the same for the same seed."""
    rng, threads = np.random.default_rng(seed), torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = fresh(images.ndim - 2)
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    x, y = torch.from_numpy(images), torch.from_numpy(labels)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        rows = torch.from_numpy(rng.integers(0, len(x), batch))
        loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    torch.set_num_threads(threads)
    return net.eval()


@cache
def flat_net() -> nn.Sequential:
    images, labels, _ = blobs(400, (24, 20), np.random.default_rng(1))
    return taught(images, labels)


@cache
def solid_net() -> nn.Sequential:
    images, labels, _ = blobs(160, (10, 12, 14), np.random.default_rng(2))
    return taught(images, labels, steps=80, batch=16)


def held_out(n: int, shape: tuple[int, ...] = (24, 20)) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """`n` images with a blob that no network saw, (n, 1, *shape), and the blobs' masks."""
    images, labels, masks = blobs(2 * n, shape, np.random.default_rng(3))
    return images[labels == 1], masks[labels == 1]
