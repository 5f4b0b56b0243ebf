"""The shipped network that finds abnormal shadows: how each place of the lungs speaks for four kinds of them.

It learned from shadows painted into radiographs without finding (`recipes/chest_shadows.py`), never from outlines of
real ones; what it can and cannot tell stands on its card (`suwen card chest_shadows`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from suwen.errors import MissingExtraError
from suwen.finding import Maker
from suwen.imaging.chest.nouns import Mask, Side
from suwen.imaging.chest.plane import Plane, Values

if TYPE_CHECKING:
    from torch import nn

    from suwen.learn.card import Card

__all__ = ["KINDS", "NAME", "SIDE", "Film", "answers", "evidence", "film", "maker", "network_input"]

NAME = "chest_shadows"
KINDS = ("opacity", "nodule", "effusion", "pneumothorax")
SIDE = 128  # samples of the square that the plane is brought to: about 2.1 mm each in an adult
_OUTSIDE = -0.5  # what the coordinates of the lung are where there is none
_CENTRE, _TIMES = 0.5, 2.0  # density to about mean 0 and spread 1
_FARTHEST = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """A plane on the network's square (SIDE, SIDE): density, field of each lung, lung coordinates, where mirrored.

    `mirror` (SIDE, SIDE) is the flat index of the place with the same coordinates in the other lung; its own index
    where there is no other lung. `mm` is the size of a sample (rows, columns), or None.
    """

    density: Values
    right: Mask
    left: Mask
    u: Values
    v: Values
    mirror: NDArray[np.intp]
    mm: tuple[float, float] | None

    @property
    def field(self) -> Mask:
        """Both lungs."""
        both: Mask = self.right | self.left
        return both


def film(plane: Plane) -> Film:
    """Bring a plane with at least one lung to the network's square. Raises MissingExtraError without PyTorch."""
    density = _resized(plane.density)
    near = np.ix_(*(_nearest(count) for count in plane.density.shape))
    fields = {one.side: one.field[near] for one in plane.lungs}
    none = np.zeros((SIDE, SIDE), bool)
    right, left = fields.get(Side.RIGHT, none), fields.get(Side.LEFT, none)
    u, v = np.full((2, SIDE, SIDE), np.nan, np.float32)
    for one in plane.lungs:
        held = fields[one.side]
        u[held], v[held] = one.u[near][held], one.v[near][held]
    by = tuple(count / SIDE for count in plane.density.shape)
    mm = None if plane.mm is None else (plane.mm[0] * by[0], plane.mm[1] * by[1])
    return Film(density, right, left, u, v, _mirrored(right, left, u, v), mm)


def _nearest(count: int) -> NDArray[np.intp]:
    return np.clip(((np.arange(SIDE) + 0.5) * count / SIDE).astype(np.intp), 0, count - 1)


def _resized(values: Values, shape: tuple[int, int] = (SIDE, SIDE)) -> Values:
    from suwen.imaging.chest.anatomy_input import resampled  # noqa: PLC0415

    return resampled(values, shape)


def _mirrored(right: Mask, left: Mask, u: Values, v: Values) -> NDArray[np.intp]:
    """Place of the other lung with the same coordinates: rows by v, then columns by u within the row."""
    found = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    if not (right.any() and left.any()):
        return found
    for mine, other, medial_first in ((right, left, True), (left, right, False)):
        rows = np.flatnonzero(other.any(axis=1))
        row = np.clip(np.rint(rows[0] + v[mine] * (rows[-1] - rows[0])).astype(int), rows[0], rows[-1])
        first, last = other.argmax(axis=1), SIDE - 1 - other[:, ::-1].argmax(axis=1)
        medial, lateral = (first, last) if medial_first else (last, first)
        across = np.rint(medial[row] + u[mine] * (lateral[row] - medial[row])).astype(int)
        found[mine] = row * SIDE + np.clip(across, 0, SIDE - 1)
    return found


def network_input(density: Values, place: Film) -> Values:
    """Channels (4, SIDE, SIDE): density, density of the mirrored place, and lung coordinates u and v.

    Density is put anew: 0 the clearest tenth of the lungs and 1 what it was, so that a shadow over much of the lungs
    cannot be told by the scale alone.
    """
    field = place.field
    clear = float(np.quantile(density[field], 0.1)) if field.any() else 0.0
    scaled = (density - clear) / max(1.0 - clear, 0.2)
    scaled = np.clip((scaled - _CENTRE) * _TIMES, -_FARTHEST, _FARTHEST)
    other = np.where(field, scaled.ravel()[place.mirror], 0)
    coordinates = (np.where(field, one, _OUTSIDE) for one in (place.u, place.v))
    return np.stack([scaled, other, *coordinates]).astype(np.float32)


@cache
def _loaded() -> tuple[nn.Module, Card]:
    try:
        from suwen.learn.weights import Trust, load_model, pins, shipped  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("torch", "learn") from error
    return load_model(shipped(NAME), Trust(pinned=pins()))


def answers(network: nn.Module, given: Values) -> Values:
    """Log-odds (n, kinds, SIDE, SIDE) of inputs (n, 4, SIDE, SIDE): mean of the picture and its mirror image."""
    import torch  # noqa: PLC0415

    with torch.inference_mode():
        one = torch.from_numpy(np.ascontiguousarray(given))
        found = (network(one) + network(one.flip(3)).flip(3)) / 2
    return np.asarray(found.numpy(), np.float32)


def evidence(plane: Plane) -> Mapping[str, Values]:
    """Log-odds of each of `KINDS` in every place of the plane; not calibrated.

    Raises:
        MissingExtraError: PyTorch is not installed.

    """
    network, _ = _loaded()
    place = film(plane)
    found = answers(network, network_input(place.density, place)[None])[0]
    shape = (plane.density.shape[0], plane.density.shape[1])
    return {kind: _resized(one, shape) for kind, one in zip(KINDS, found, strict=True)}


def maker() -> Maker:
    """The model as it is named in findings: card name, version, digest of the data it learned from."""
    card = _loaded()[1]
    return Maker(f"model {card.name}", card.version, card.data[0].digest if card.data else "")
