"""Write masks as one NIfTI label map on the exact grid of an image: named labels, and nothing that names a patient."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError, Problem
from suwen.formats.images.nouns import Image
from suwen.formats.images.writing.dicom import load
from suwen.formats.images.writing.file import write_file
from suwen.formats.images.writing.nouns import Mask
from suwen.subject import Grid

__all__ = ["nifti_affine", "write_nifti"]

_DESCRIPTION = "Suwen label map"
_LABEL_INTENT = 1002  # NIFTI_INTENT_LABEL
_COMMENT = 6  # the extension code of a comment


def write_nifti(path: Path, image: Image, masks: Sequence[tuple[str, Mask]]) -> None:
    """Write named `masks` (shape as the image) as labels 1, 2, 3 ... of one NIfTI-1 file, gzipped where it is named so.

    The file's axes are column, row, slice of the image; its sform takes them to the patient's millimetres (x to the
    right, y to the front, z to the head: RAS), the exact affine of the grid in single precision; the qform too where
    the grid is not sheared. An image without a place has spacing only. Names stand as JSON in a comment of the header.

    Raises:
        InputError: masks do not fit the image or overlap, or the name of the file is not one of NIfTI.
        DataError: the file cannot be written.

    """
    if not path.name.endswith((".nii", ".nii.gz")):
        raise InputError(
            f"{path.name} is not the name of a NIfTI file; let it end with .nii.gz",
            zh=f"{path.name} 不是 NIfTI 文件名；请以 .nii.gz 结尾",
        )
    nibabel = load("nibabel")
    labels = _labels(image, masks)
    # Given an affine, the library would call it a place even where there is none
    made = nibabel.Nifti1Image(labels, nifti_affine(image.grid) if image.grid.affine is not None else None)
    _head(made.header, image.grid)
    names = json.dumps({str(number): name for number, (name, _) in enumerate(masks, 1)}, ensure_ascii=False)
    made.header.extensions.append(nibabel.nifti1.Nifti1Extension(_COMMENT, names.encode()))
    data: bytes = made.to_bytes()
    write_file(path, gzip.compress(data, mtime=0) if path.name.endswith(".gz") else data)


def _labels(image: Image, masks: Sequence[tuple[str, Mask]]) -> NDArray[np.uint8 | np.uint16]:
    shape = image.values.shape
    problems = [
        Problem(
            name,
            f"the mask has the shape {mask.shape}, the image {shape}",
            zh_what=f"掩膜的形状为 {mask.shape}，图像为 {shape}",
        )
        for name, mask in masks
        if mask.shape != shape
    ]
    if problems or not masks:
        raise InputError(
            "the masks do not fit the image" if problems else "there is no mask to write",
            problems,
            zh=f"{'掩膜与图像不符' if problems else '没有可写的掩膜'}",
        )
    labels = np.zeros(shape, np.uint8 if len(masks) < 256 else np.uint16)
    for number, (name, mask) in enumerate(masks, 1):
        if labels[mask].any():
            raise InputError(
                f"the mask {name!r} overlaps one before it; a voxel has one label: give it its own file",
                zh=f"掩膜 {name!r} 与前面的掩膜重叠；一个体素只有一个标签：请单独给出文件",
            )
        labels[mask] = number
    flat = labels if labels.ndim == 3 else labels[np.newaxis]
    return np.asfortranarray(flat.transpose(2, 1, 0))


def nifti_affine(grid: Grid) -> NDArray[np.float64]:
    """The affine (4, 4) from column, row, slice to RAS millimetres; spacing alone where the grid has no place."""
    if grid.affine is None:
        spacing = (1.0,) * (3 - len(grid.shape)) + (grid.spacing or (1.0,) * len(grid.shape))
        return np.diag([*spacing[::-1], 1.0])
    lps = np.array(grid.affine, np.float64)[:, [2, 1, 0, 3]]
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps


def _head(header: Any, grid: Grid) -> None:
    header["descrip"] = _DESCRIPTION.encode()
    header.set_intent(_LABEL_INTENT, allow_unknown=True)
    header.set_xyzt_units("mm" if grid.spacing else "unknown")
    affine = nifti_affine(grid)
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if grid.affine is None:
        header.set_zooms(lengths)
        return
    axes = affine[:3, :3] / lengths
    square = bool(np.allclose(axes.T @ axes, np.eye(3), atol=1e-5))
    header.set_sform(affine, code="scanner")
    header.set_qform(affine, code="scanner" if square else "unknown", strip_shears=True)
