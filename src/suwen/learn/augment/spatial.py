"""Rotation, scaling, shearing, shifting, mirroring and elastic deformation of a batch of images or volumes.

A whole batch is resampled in one call of `grid_sample`, in one interpolation for all changes together: on one core
this is several times faster than resampling example after example, and an image is blurred once, not once a change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from suwen.errors import InputError
from suwen.learn.augment.draws import between

__all__ = ["Spatial", "moved", "rotations"]


@dataclass(frozen=True, slots=True)
class Spatial:
    """Random affine and elastic change; each example draws its own.

    `rotation` in degrees about every axis, `scale` the most an axis-free zoom departs from 1 (0.1: 0.9 to 1.1 on a log
    scale), `shift` in fractions of the side, `shear` as tangent, `mirrored` the spatial axes (0 is the first after the
    channels) that may be flipped, each with probability 1/2: name only axes along which the label keeps its meaning.
    `elastic` is the largest displacement in fractions of the side, on a grid of `knots` points a side, smoothly
    interpolated. An example is changed with `probability`; what comes in from outside is the border's value. `spacing`
    is the size of a voxel along each axis (empty: all alike): else turning flat voxels shears what they show.
    """

    rotation: float = 10.0
    scale: float = 0.1
    shift: float = 0.05
    shear: float = 0.0
    mirrored: tuple[int, ...] = ()
    elastic: float = 0.0
    knots: int = 4
    probability: float = 0.9
    padding: str = "border"
    spacing: tuple[float, ...] = ()

    def __call__(
        self, inputs: Tensor, masks: Tensor | None, generator: torch.Generator
    ) -> tuple[Tensor, Tensor | None]:
        """Change (n, channels, *spatial) and, by nearest neighbour at the same places, masks (n, *spatial)."""
        spatial = inputs.ndim - 2
        if spatial not in (2, 3):
            raise InputError(f"spatial augmentation needs images or volumes, not an input of {inputs.ndim} dimensions")
        if self.spacing and len(self.spacing) != spatial:
            raise InputError(f"{spatial} axes have {len(self.spacing)} spacings: give one for each")
        theta = self._theta(len(inputs), spatial, generator)
        waves = self._waves(inputs, generator) if self.elastic > 0 else None
        return moved(inputs, masks, theta, waves=waves, spacing=self.spacing, padding=self.padding)

    def _theta(self, n: int, spatial: int, generator: torch.Generator) -> Tensor:
        """(n, spatial, spatial + 1): where each output place is read from; coordinates run fastest axis first."""
        unit = torch.eye(spatial).repeat(n, 1, 1)
        zoom = torch.exp(between(n, generator) * math.log1p(self.scale))[:, None, None]
        matrix = rotations(between((n, 1 if spatial == 2 else 3), generator) * math.radians(self.rotation))
        shear = between((n, spatial, spatial), generator) * self.shear * (1 - torch.eye(spatial))
        matrix = matrix @ (unit + shear) * zoom
        shift = between((n, spatial, 1), generator) * 2 * self.shift
        theta = torch.cat([matrix, shift], dim=2)
        still = torch.cat([unit, torch.zeros(n, spatial, 1)], dim=2)
        chosen = torch.rand(n, generator=generator)[:, None, None] < self.probability
        theta = torch.where(chosen, theta, still)
        return self._mirror(theta, spatial, generator)

    def _mirror(self, theta: Tensor, spatial: int, generator: torch.Generator) -> Tensor:
        for axis in self.mirrored:
            flip = torch.where(torch.rand(len(theta), generator=generator) < 0.5, -1.0, 1.0)
            signs = torch.ones(len(theta), spatial)
            signs[:, spatial - 1 - axis] = flip
            theta = theta * signs[:, :, None]
        return theta

    def _waves(self, inputs: Tensor, generator: torch.Generator) -> Tensor:
        """(n, *spatial, axes): smooth displacements in the grid's units, at most `elastic` of a side."""
        n, axes = len(inputs), inputs.ndim - 2
        knots = between((n, axes, *[self.knots] * axes), generator) * 2 * self.elastic
        chosen = torch.rand(n, generator=generator) < self.probability
        knots = knots * chosen.view(n, *[1] * (axes + 1))
        mode = "bicubic" if axes == 2 else "trilinear"
        there = knots.to(inputs.device, inputs.dtype)
        return functional.interpolate(there, size=list(inputs.shape[2:]), mode=mode, align_corners=True).movedim(1, -1)


def moved(
    inputs: Tensor,
    masks: Tensor | None,
    theta: Tensor,
    *,
    waves: Tensor | None = None,
    spacing: tuple[float, ...] = (),
    padding: str = "border",
) -> tuple[Tensor, Tensor | None]:
    """Resample (n, channels, *spatial), and masks (n, *spatial) by nearest neighbour, at places given by `theta`.

    `theta` (n, axes, axes + 1): the linear part, in lengths, and the shift, in half sides, by which each place of the
    answer is read; coordinates begin at the middle and run fastest axis first, as torch has them. `waves`
    (n, *spatial, axes) are added to the places, in half sides.
    """
    size = list(inputs.shape)
    sides = [side * length for side, length in zip(size[2:], spacing or [1.0] * len(size[2:]), strict=True)]
    grid = functional.affine_grid(_in_sides(theta, sides).to(inputs.device, inputs.dtype), size, align_corners=False)
    if waves is not None:
        grid = grid + waves
    changed = functional.grid_sample(inputs, grid, padding_mode=padding, align_corners=False)
    if masks is None:
        return changed, None
    there = functional.grid_sample(
        masks[:, None].to(inputs.dtype), grid, mode="nearest", padding_mode="zeros", align_corners=False
    )
    return changed, there[:, 0].round().to(masks.dtype)


def rotations(angles: Tensor) -> Tensor:
    """Rotation matrices (n, 2, 2) of one angle, or (n, 3, 3) of three angles about the three axes, in radians."""
    cos, sin = torch.cos(angles), torch.sin(angles)
    if angles.shape[1] == 1:
        rows = torch.stack([cos[:, 0], -sin[:, 0], sin[:, 0], cos[:, 0]], dim=1)
        return rows.view(-1, 2, 2)
    turned = torch.eye(3).repeat(len(angles), 1, 1)
    for axis, (i, j) in enumerate(((0, 1), (0, 2), (1, 2))):
        turn = torch.eye(3).repeat(len(angles), 1, 1)
        turn[:, i, i], turn[:, j, j] = cos[:, axis], cos[:, axis]
        turn[:, i, j], turn[:, j, i] = -sin[:, axis], sin[:, axis]
        turned = turned @ turn
    return turned


def _in_sides(theta: Tensor, lengths: list[float]) -> Tensor:
    """The same change in coordinates that run from -1 to 1 along every side, so that a turned oblong is not sheared."""
    sides = torch.tensor(lengths[::-1], dtype=theta.dtype)
    linear = theta[:, :, :-1] * sides[None, None, :] / sides[None, :, None]
    return torch.cat([linear, theta[:, :, -1:]], dim=2)
