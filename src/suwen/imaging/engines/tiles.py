"""A volume read tile by tile: overlapping tiles, weighted towards their middle, within a bound of memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations, product
from math import ceil

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.imaging.engines.nouns import Progress

__all__ = ["Floats", "Tiling", "starts", "tiled"]

Floats = NDArray[np.float32]
Network = Callable[[Floats], Floats]
_MEMORY = 4 << 30


class Tiling:
    """How a volume is cut: the tile, the step as a share of it, the axes mirrored, and the memory allowed (bytes)."""

    __slots__ = ("memory", "mirror", "step", "tile")

    def __init__(
        self, tile: Sequence[int], *, step: float = 0.5, mirror: Sequence[int] = (), memory: int = _MEMORY
    ) -> None:
        if not 0 < step <= 1 or not tile or min(tile) < 1:
            raise InputError(
                f"a tiling has a tile of at least one voxel an axis and a step in 0..1, not {tile}, {step}",
                zh=f"分块每轴至少一个体素，步长为 0 至 1，而非 {tile}、{step}",
            )
        self.tile, self.step, self.mirror, self.memory = tuple(tile), step, tuple(mirror), memory


def tiled(network: Network, values: Floats, classes: int, tiling: Tiling, progress: Progress | None = None) -> Floats:
    """Answers (classes, *spatial) of a network for `values` (channels, *spatial), as the weighted mean over the tiles.

    `network` takes one tile (channels, *tile) and gives (classes, *tile). Volumes smaller than a tile are padded with
    zeros on both sides. Tiles overlap and count by a Gaussian around their middle (sigma an eighth of the side), as
    in nnU-Net (Isensee 2021). Mirrored copies along each combination of `mirror` are averaged.
    Raises InputError where the answers would need more memory than allowed.
    """
    padded, inside = _padded(values, tiling.tile)
    size = padded.shape[1:]
    needed = 4 * (classes + 1) * int(np.prod(size, dtype=np.int64))
    if needed > tiling.memory:
        raise InputError(
            f"outlining needs {needed / 2**30:.1f} GiB for {classes} structures on {'x'.join(map(str, size))} voxels, "
            f"{tiling.memory / 2**30:.1f} GiB are allowed; allow more, or cut the volume to the part in question",
            zh=f"在 {'×'.join(map(str, size))} 个体素上勾画 {classes} 个结构需要 {needed / 2**30:.1f}"
            f" GiB，允许 {tiling.memory / 2**30:.1f} GiB；"
            "请提高上限，或截取所需部分",
        )
    total, weight = np.zeros((classes, *size), np.float32), np.zeros(size, np.float32)
    middle = _middle(tiling.tile)
    places = list(product(*starts(size, tiling.tile, tiling.step)))
    for done, place in enumerate(places, 1):
        at = tuple(slice(a, a + n) for a, n in zip(place, tiling.tile, strict=True))
        answer = _mirrored(network, padded[(slice(None), *at)], tiling.mirror)
        if answer.shape != (classes, *tiling.tile):
            raise InputError(
                f"the network answers {answer.shape} for a tile, {(classes, *tiling.tile)} were expected",
                zh=f"网络对一个图块的输出为 {answer.shape}，应为 {(classes, *tiling.tile)}",
            )
        total[(slice(None), *at)] += answer * middle
        weight[at] += middle
        if progress is not None:
            progress(done, len(places))
    total /= weight
    found: Floats = total[(slice(None), *inside)]
    return found


def starts(size: Sequence[int], tile: Sequence[int], step: float) -> list[list[int]]:
    """First voxels of the tiles along each axis: evenly spread, at most `step` of a tile apart, the last at the end."""
    found = []
    for n, side in zip(size, tile, strict=True):
        count = ceil((n - side) / (side * step)) + 1
        stride = (n - side) / max(1, count - 1)
        found.append(sorted({round(stride * one) for one in range(count)}))
    return found


def _padded(values: Floats, tile: Sequence[int]) -> tuple[Floats, tuple[slice, ...]]:
    missing = [max(0, side - n) for n, side in zip(values.shape[1:], tile, strict=True)]
    before = [one // 2 for one in missing]
    widths = [(0, 0), *((a, one - a) for a, one in zip(before, missing, strict=True))]
    inside = tuple(slice(a, a + n) for a, n in zip(before, values.shape[1:], strict=True))
    return np.pad(values, widths) if any(missing) else values, inside


@lru_cache(maxsize=4)
def _middle(tile: tuple[int, ...]) -> Floats:
    """Weight of each voxel of a tile: a Gaussian around the middle, greatest 1, nowhere 0."""
    found = np.ones(tile)
    for axis, side in enumerate(tile):
        line = np.exp(-0.5 * ((np.arange(side) - side // 2) / (side / 8)) ** 2)
        found *= line.reshape([-1 if at == axis else 1 for at in range(len(tile))])
    single: Floats = (found / found.max()).astype(np.float32)
    np.maximum(single, np.float32(6e-9), out=single)  # the least that half precision tells from 0, as nnU-Net
    single.flags.writeable = False
    return single


def _mirrored(network: Network, tile: Floats, mirror: Sequence[int]) -> Floats:
    """The mean over the tile and its mirrored copies; `mirror` counts spatial axes from 0."""
    ways = [axes for n in range(len(mirror) + 1) for axes in combinations([one + 1 for one in mirror], n)]
    total = network(np.ascontiguousarray(tile))
    for axes in ways[1:]:
        total = total + np.flip(network(np.ascontiguousarray(np.flip(tile, axes))), axes)
    mean: Floats = total / np.float32(len(ways))
    return mean
