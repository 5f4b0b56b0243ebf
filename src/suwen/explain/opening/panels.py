"""Pictures of an opened model: the input, its heat map over it and outlines, of a volume three slices, all as PNG."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.explain.maps import HeatMap, overlay
from suwen.explain.opening.opened import Picture
from suwen.learn.clean.extra import needed

__all__ = ["COLOURS", "Panels", "label_volume", "panels"]

_SIDE, _WIDE = 448, 960  # pixels of an image, and of three slices beside each other
_LARGEST = 1024  # pixels a side; a film of 3000 is averaged down for the page
_GAP = 2
COLOURS = ((230, 120, 20), (20, 130, 220), (40, 170, 80), (200, 60, 150))  # of classes 1, 2 ..., then from the start
_TINT = 0.5


@dataclass(frozen=True, slots=True)
class Panels:
    """PNG of the input, of its map (empty without one) and of its outlines (empty without any).

    Of a volume `voxel` is where the three slices meet, in indices of the stored array; `planes` says what they are:
    `patient` (sagittal, coronal, axial, the patient's left on the right) or `axes` (first, second, third axis).
    """

    plain: bytes
    heat: bytes
    outlines: bytes
    voxel: tuple[int, ...] = ()
    planes: str = ""


def panels(picture: Picture, *, target: int = 0) -> Panels:
    """Draw a picture; the contour of class `target` lies over the map where there are outlines.

    Raises MissingExtraError where Pillow is not installed.
    """
    heat = None if picture.heat is None else picture.heat.values
    voxel = _strongest(picture) if picture.stored.ndim == 3 else ()
    side = _WIDE if voxel else _SIDE
    stored = _flat(picture, np.asarray(picture.stored, np.float64), voxel, fill=None)
    labels = None if picture.labels is None else _flat(picture, picture.labels, voxel, fill=0)
    drawn = b""
    if heat is not None and picture.heat is not None:
        flat = _flat(picture, heat, voxel, fill=0)
        shown = HeatMap(
            np.asarray(flat, np.float32),
            picture.heat.method,
            picture.heat.target,
            picture.heat.model,
            picture.heat.placed,
        )
        mask = None if labels is None else labels == target
        drawn = overlay(stored, shown, mask=mask, side=side)
    planes = ("axes" if picture.affine is None else "patient") if voxel else ""
    outlines = b"" if labels is None else _tinted(stored, labels, side)
    return Panels(_tinted(stored, None, side), drawn, outlines, voxel, planes)


def label_volume(picture: Picture) -> bytes:
    """The label map as NIfTI-1 (.nii.gz) with the affine of the input, always the same bytes for the same labels.

    A new header: that of the input may name the patient.
    """
    nibabel = needed("nibabel", "nibabel")
    image = nibabel.Nifti1Image(np.asarray(picture.labels, np.uint8), picture.affine)
    image.header.set_xyzt_units("mm")
    written = io.BytesIO()
    with gzip.GzipFile(fileobj=written, mode="wb", mtime=0) as packed:
        packed.write(image.to_bytes())
    return written.getvalue()


def _strongest(picture: Picture) -> tuple[int, ...]:
    """The voxel of the most heat; without a map the middle of the outlines, or of the volume."""
    if picture.heat is not None and float(picture.heat.values.max()) > 0:
        at = np.unravel_index(int(picture.heat.values.argmax()), picture.heat.values.shape)
        return tuple(int(one) for one in at)
    inside = np.argwhere(picture.labels > 0) if picture.labels is not None else np.empty((0, 3))
    middle = np.median(inside, axis=0) if len(inside) else np.array(picture.stored.shape) // 2
    return tuple(int(one) for one in middle)


def _flat(picture: Picture, values: NDArray[Any], voxel: tuple[int, ...], *, fill: float | None) -> NDArray[Any]:
    """An image as it is, or a volume's three slices beside each other; `fill` None fills with the smallest value."""
    if not voxel:
        return _smaller(values)
    slices = _slices(picture, values, voxel)
    height = max(one.shape[0] for one in slices)
    empty = min(float(one.min()) for one in slices) if fill is None else fill
    found = []
    for one in slices:
        above = (height - one.shape[0]) // 2
        rows = (above, height - one.shape[0] - above)
        found.append(np.pad(one, (rows, (_GAP, _GAP)), constant_values=empty))
    return np.concatenate(found, axis=1)


def _slices(picture: Picture, values: NDArray[Any], voxel: tuple[int, ...]) -> list[NDArray[Any]]:
    """Three orthogonal slices through a voxel, as a reader is used to them, each voxel as long as it is wide."""
    at, spacing = voxel, picture.spacing or (1.0, 1.0, 1.0)
    if picture.affine is None:
        cut = [(values.take(at[axis], axis), [s for a, s in enumerate(spacing) if a != axis]) for axis in range(3)]
        return [_isotropic(one, sides, min(spacing)) for one, sides in cut]
    orientations = needed("nibabel.orientations", "nibabel")
    turn = orientations.io_orientation(picture.affine)
    turned = orientations.apply_orientation(values, turn)
    there, sides = [0, 0, 0], [1.0, 1.0, 1.0]
    for axis, (goes, way) in enumerate(turn):
        there[int(goes)] = at[axis] if way > 0 else values.shape[axis] - 1 - at[axis]
        sides[int(goes)] = spacing[axis]
    found = []
    for axis in range(3):
        # Axes now point right, to the front and up. Up is up, and right is left, as in the radiological convention.
        one = turned.take(there[axis], axis).T[::-1]
        one = one if axis == 0 else one[:, ::-1]
        kept = [side for a, side in enumerate(sides) if a != axis]
        found.append(_isotropic(one, kept[::-1], min(spacing)))
    return found


def _isotropic(values: NDArray[Any], spacing: Sequence[float], least: float) -> NDArray[Any]:
    """Repeat rows or columns so that a millimetre is as long in every direction of every slice."""
    if least <= 0:
        return values
    for axis, (side, step) in enumerate(zip(values.shape, spacing, strict=True)):
        many = max(1, round(side * step / least))
        values = values.take(np.minimum((np.arange(many) + 0.5) * side / many, side - 1).astype(int), axis)
    return values


def _smaller(values: NDArray[Any]) -> NDArray[Any]:
    """Means of blocks, for numbers; the first of each block, for classes."""
    by = -(-max(values.shape) // _LARGEST)
    if by == 1:
        return values
    if values.dtype.kind in "biu":
        return np.asarray(values[::by, ::by][: values.shape[0] // by, : values.shape[1] // by])
    rows, columns = (side // by for side in values.shape)
    return np.asarray(values[: rows * by, : columns * by].reshape(rows, by, columns, by).mean(axis=(1, 3)))


def _tinted(grey: NDArray[Any], labels: NDArray[Any] | None, side: int) -> bytes:
    """PNG of grey values as large as the map beside it; the places of each class in its colour."""
    low, high = float(grey.min()), float(grey.max())
    zoom = max(round(side / max(grey.shape)), 1)
    base = 255 * ((grey - low) / (high - low) if high > low else np.zeros_like(grey))
    painted = np.repeat(base[..., None], 3, axis=-1)
    if labels is not None:
        tint = np.array(COLOURS, np.float64)[(labels.astype(int) - 1) % len(COLOURS)]
        painted = np.where((labels > 0)[..., None], (1 - _TINT) * painted + _TINT * tint, painted)
    large = np.kron(np.round(painted), np.ones((zoom, zoom, 1))).astype(np.uint8)
    written = io.BytesIO()
    needed("PIL.Image", "pillow").fromarray(large).save(written, "PNG", optimize=True)
    return written.getvalue()
