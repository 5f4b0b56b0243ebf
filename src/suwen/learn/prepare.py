"""From stored values to what a network sees, by a few plain steps that a card holds and that can be traced back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.learn.nouns import Array

__all__ = ["Prepare"]


@dataclass(frozen=True, slots=True)
class Prepare:
    """Values and shape of one input, in this order.

    1. `clip`: values outside these two percentiles of the input itself are moved to them (None: not done). It takes
       away what a few wild voxels do.
    2. `scale`: `each` to zero mean and unit spread of the input itself, `fixed` by `mean` and `spread`, `unit` from
       0..255 to 0..1, `none`.
    3. `shape`: cut or padded to this size about the middle, padding with the smallest value (None: as it is).
    4. `pool`: blocks of this many voxels a side become their mean (1: not done).
    5. `distance`: for a volume that is a mask (above 0 is inside), one more channel: the distance to the outside in
       pooled voxels, of each block the greatest. Half the thickness of an organ stands there to be read off.

    A row of a table has only `columns`: mean and spread of each column, by which it is scaled; what is unknown (NaN)
    stays unknown.
    """

    clip: tuple[float, float] | None = None
    scale: str = "each"
    mean: float = 0.0
    spread: float = 1.0
    shape: tuple[int, ...] | None = None
    pool: int = 1
    distance: bool = False
    columns: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if self.scale not in ("each", "fixed", "unit", "none"):
            raise InputError(f"values are scaled each, fixed, unit or none, not {self.scale}")

    def __call__(self, values: Array) -> NDArray[np.float32]:
        """(channels, *spatial) of any numeric type to float32, channels together.

        Raises:
            InputError: a value is not a finite number.

        """
        out = np.asarray(values, np.float32)
        if out.ndim == 1:
            return self._row(out)
        if not np.isfinite(out).all():
            raise InputError("an input holds values that are not finite numbers; clean the data first")
        if self.clip is not None:
            out = np.clip(out, *np.percentile(out, self.clip))
        out = self._scaled(out)
        if self.shape is not None:
            out = fitted(out, self.shape, fill=float(out.min()))
        if not self.distance:
            return _pooled(out, self.pool, np.mean)
        depth = np.stack([_depth(channel > 0) for channel in out]) / np.float32(self.pool)
        return np.concatenate([_pooled(out, self.pool, np.mean), _pooled(depth, self.pool, np.max)])

    def _row(self, row: NDArray[np.float32]) -> NDArray[np.float32]:
        if np.isinf(row).any():
            raise InputError("a row of the table holds an infinite value; clean the data first")
        if not self.columns:
            return row
        if len(self.columns) != len(row):
            raise InputError(f"the preparation knows {len(self.columns)} columns, and a row has {len(row)}")
        means, spreads = np.array(self.columns, np.float64).T
        return np.asarray((row.astype(np.float64) - means) / spreads, np.float32)

    def _scaled(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.scale == "each":
            spread = np.float32(max(float(values.std()), 1e-6))
            return np.asarray((values - values.mean()) / spread, np.float32)
        if self.scale == "fixed":
            return (values - np.float32(self.mean)) / np.float32(self.spread)
        return values / np.float32(255) if self.scale == "unit" else values

    @property
    def traceable(self) -> bool:
        """Whether every place of the prepared input is one place of the stored one."""
        return self.pool == 1 and not self.distance

    def mask(self, labels: Array) -> Array:
        """The labels of voxels (*spatial) brought to the same shape, 0 outside."""
        return labels if self.shape is None else fitted(labels[None], self.shape, fill=0)[0]

    def back(self, answer: Array, shape: tuple[int, ...]) -> Array:
        """An answer (..., *self.shape) brought back to the stored shape, 0 where it was cut off."""
        if self.shape is None:
            return answer
        lead = answer.shape[: answer.ndim - len(shape)]
        return fitted(answer.reshape(-1, *answer.shape[len(lead) :]), shape, fill=0).reshape(*lead, *shape)

    def values(self) -> dict[str, Any]:
        """The steps as plain values for a card."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Prepare:
        """The steps from a card's plain values.

        Raises:
            InputError: a name is none of theirs.

        """
        tuples: dict[str, Any] = {name: _frozen(value) for name, value in values.items()}
        try:
            return cls(**tuples)
        except TypeError as error:
            raise InputError("the card names steps of preparation that this release does not know") from error


def _plain(value: Any) -> Any:
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _frozen(value: Any) -> Any:
    return tuple(_frozen(one) for one in value) if isinstance(value, list | tuple) else value


def _pooled(values: NDArray[np.float32], pool: int, how: Callable[..., Any]) -> NDArray[np.float32]:
    """Blocks of `pool` a side of (channels, *spatial) as one value each; what does not fill a block is left out."""
    if pool == 1:
        return values
    sides = [side // pool for side in values.shape[1:]]
    cut = values[(slice(None), *(slice(side * pool) for side in sides))]
    blocks = cut.reshape(values.shape[0], *(size for side in sides for size in (side, pool)))
    return np.ascontiguousarray(how(blocks, axis=tuple(range(2, blocks.ndim, 2))), np.float32)


def _depth(inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance of every voxel inside to the nearest outside; the outside begins at the border of the array."""
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415

    found = np.zeros(inside.shape, np.float32)
    places = np.argwhere(inside)
    if len(places):
        box = tuple(slice(low, high + 1) for low, high in zip(places.min(0), places.max(0), strict=True))
        padded = np.pad(inside[box], 1)
        found[box] = distance_transform_edt(padded)[(slice(1, -1),) * inside.ndim]
    return found


def fitted(values: Array, shape: tuple[int, ...], *, fill: float) -> Array:
    """(channels, *spatial) cut or padded about the middle to (channels, *shape)."""
    cuts, pads = [slice(None)], [(0, 0)]
    for have, want in zip(values.shape[1:], shape, strict=True):
        before = max(0, have - want) // 2
        cuts.append(slice(before, before + min(have, want)))
        left = max(0, want - have) // 2
        pads.append((left, max(0, want - have) - left))
    return np.pad(values[tuple(cuts)], pads, constant_values=fill)
