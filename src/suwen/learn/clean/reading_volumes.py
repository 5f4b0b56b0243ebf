"""Read a folder of NIfTI volumes with masks (images/ and labels/), or with a table of labels."""

from __future__ import annotations

import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from suwen.errors import FormatError
from suwen.learn.clean.extra import needed
from suwen.learn.clean.labels_table import Columns, chosen_column, read_table
from suwen.learn.clean.nouns import (
    Array,
    Form,
    Holding,
    Loaded,
    Remark,
    Sample,
    Severity,
    Sign,
    Suggestion,
    Suspicion,
)

__all__ = ["VOLUMES", "read_volumes"]

VOLUMES = (".nii.gz", ".nii")
LARGEST = 400_000_000  # voxels
_IMAGES = ("images", "imagestr", "image", "img", "imgs")
_MASKS = ("labels", "labelstr", "masks", "label", "mask", "segmentations", "seg")
_ENDINGS = (
    "_0000",
    "_label",
    "_labels",
    "_seg",
    "_mask",
    "-label",
    "-seg",
    "-mask",
)  # what names of one case differ by


def read_volumes(folder: Path, columns: Columns) -> Holding:
    """Volumes below images/ (or in the folder itself), each with the mask of the same name below labels/ or masks/.

    Raises FormatError, DataError, InputError.
    """
    images_in = _below(folder, _IMAGES) or folder
    masks_in = _below(folder, _MASKS)
    images, hidden = _files(images_in)
    if masks_in is not None:
        images = [one for one in images if masks_in not in one.parents]
        masks = {_case(one): one for one in _files(masks_in)[0]}
        return _with_masks(folder, images, masks, hidden)
    return _with_table(folder, images, columns, hidden)


def _with_masks(folder: Path, images: list[Path], masks: dict[str, Path], hidden: int) -> Holding:
    cases = {_case(one) for one in images}
    orphans = [file.name for case, file in masks.items() if case not in cases]
    found = [
        Suspicion(Sign.NO_LABEL, (one.name,), Severity.GRAVE, Suggestion.LABEL, 1.0)
        for one in images
        if _case(one) not in masks
    ] + [Suspicion(Sign.NO_IMAGE, (one,), Severity.NOTABLE, Suggestion.REPAIR, 1.0) for one in orphans]

    def load(at: int) -> Loaded:
        return _volume(images[at], masks.get(_case(images[at])))

    return Holding(
        Form.VOLUMES,
        folder.name,
        tuple(Sample(one.name, file=one) for one in images),
        load,
        tuple(found),
        masks=True,
        orphans=tuple(orphans),
        remarks=_hidden(hidden),
    )


def _with_table(folder: Path, images: list[Path], columns: Columns, hidden: int) -> Holding:
    tables = sorted(folder.glob("*.csv"))
    labels: dict[str, tuple[str | None, str, str, dict[str, str | None]]] = {}
    remarks = _hidden(hidden)
    if len(tables) == 1:
        table = read_table(tables[0])
        label = chosen_column(table, columns.label, "label", required=True)
        group = chosen_column(table, columns.group, "group")
        split = chosen_column(table, columns.split, "split")
        key = next((name for name in table.header if name not in {label, group, split}), table.header[0])
        for row in table.rows:
            cells = dict(zip(table.header, row, strict=True))
            rest = {name: value for name, value in cells.items() if name not in {key, label, group, split}}
            given = (cells[label], cells.get(group) or "", cells.get(split) or "", rest)
            labels[_case(Path(cells[key] or ""))] = given
    samples = []
    for one in images:
        label_, group_, split_, rest = labels.pop(_case(one), (None, "", "", {}))
        samples.append(Sample(one.name, label_, group_, split_, one, rest))
    found = [
        Suspicion(Sign.NO_LABEL, (one.name,), Severity.GRAVE, Suggestion.LABEL, 1.0)
        for one in samples
        if one.label is None
    ] + [Suspicion(Sign.NO_IMAGE, (one,), Severity.NOTABLE, Suggestion.REPAIR, 1.0) for one in labels]
    return Holding(
        Form.VOLUMES,
        folder.name,
        tuple(samples),
        lambda at: _volume(images[at], None),
        tuple(found),
        orphans=tuple(labels),
        remarks=remarks,
    )


def _below(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((one for one in sorted(folder.iterdir()) if one.is_dir() and one.name.lower() in names), None)


def _files(folder: Path) -> tuple[list[Path], int]:
    """The volumes, and how many hidden ones (a Mac leaves a ._ file beside each) were passed over."""
    every = [one for one in sorted(folder.rglob("*")) if one.name.lower().endswith(VOLUMES)]
    seen = [one for one in every if not one.name.startswith(".")]
    return seen, len(every) - len(seen)


def _hidden(number: int) -> tuple[Remark, ...]:
    return (Remark("hidden", {"n": number}),) if number else ()


def _case(file: Path) -> str:
    name = file.name.lower()
    name = next((name.removesuffix(one) for one in VOLUMES if name.endswith(one)), name)
    return next((name.removesuffix(one) for one in _ENDINGS if name.endswith(one)), name)


def _volume(file: Path, mask: Path | None) -> Loaded:
    image, values = _read(file)
    zooms = tuple(round(float(one), 6) for one in image.header.get_zooms()[:3])
    axes = "".join(one or "?" for one in needed("nibabel", "nibabel").aff2axcodes(image.affine))
    if mask is None:
        return Loaded(values, spacing=zooms, axes=axes)
    try:
        other, labels = _read(mask)
    except FormatError as reason:
        raise FormatError(f"its mask {reason}") from None
    return Loaded(values, labels, zooms, axes, _gap(image.affine, other.affine, values.shape))


def _read(file: Path) -> tuple[Any, Array]:
    """The image and its values, (x, y, z). Threat: a header may claim more voxels than the memory holds."""
    nibabel = needed("nibabel", "nibabel")
    # What nibabel lets out for damaged files, besides its own errors.
    damaged = (OSError, EOFError, ValueError, TypeError, KeyError, OverflowError, zlib.error)
    try:
        image = nibabel.load(file)
        shape = image.shape
    except (*damaged, nibabel.filebasedimages.ImageFileError):
        raise FormatError("is not a NIfTI volume") from None
    if math.prod(shape) > LARGEST or min(shape, default=0) < 1:
        raise FormatError(f"claims {' x '.join(map(str, shape))} voxels")
    try:
        values = np.asarray(image.dataobj)
    except (*damaged, MemoryError):
        raise FormatError("is cut off or damaged") from None
    while values.ndim > 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != 3 or values.dtype.kind not in "biuf":
        raise FormatError(f"has values of shape {shape} and type {values.dtype}, not one number a voxel")
    return image, values.astype(np.float32) if values.dtype.itemsize > 4 else values


def _gap(image: Array, mask: Array, shape: tuple[int, ...]) -> float:
    """How far apart (mm) the two affines put the corner that they disagree on most."""
    corners = np.array(np.meshgrid(*([0, side - 1] for side in shape), [1], indexing="ij")).reshape(4, -1)
    return float(np.linalg.norm(((image - mask) @ corners)[:3], axis=0).max())
