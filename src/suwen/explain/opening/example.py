"""One stored input read from a picture, an array, a volume or a row of a table, with what is known of where it lies."""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import DataError, FormatError, InputError, NotFoundError
from suwen.learn.clean.extra import needed
from suwen.learn.clean.labels_table import chosen_column, read_table
from suwen.learn.clean.reading_images import PICTURES, read_picture
from suwen.learn.clean.reading_volumes import LARGEST, VOLUMES
from suwen.learn.nouns import Array

__all__ = ["Example", "Rows", "read_example"]

_MOST = 2 * 2**30  # bytes of one array, unpacked
_ROW = re.compile(r"(?P<file>.+\.(?:csv|tsv)):(?P<row>\d+)", re.IGNORECASE)
_ARRAY = re.compile(r"(?P<file>.+\.npz):(?P<key>[^:]+):(?P<at>\d+)", re.IGNORECASE)
_TAKEN = (
    "an input is a picture (scan.png), a NIfTI volume (scan.nii.gz), one example of an array (file.npz:val_images:12) "
    "or one row of a table (file.csv:3)"
)


@dataclass(frozen=True, slots=True)
class Rows:
    """The table that a row stands in: names of its columns of numbers, and its other rows (n, features)."""

    columns: tuple[str, ...]
    others: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """One input as it is stored: (*spatial), (channels, *spatial) or (features,).

    `kind` is picture, array, volume or row; `name` is the file's name and, where it holds several examples, which one;
    never its folder, which may name a patient. `spacing` in mm and `affine` (4, 4) are those of a NIfTI file.
    """

    values: Array
    kind: str
    name: str
    file: Path = Path()
    spacing: tuple[float, ...] = ()
    affine: NDArray[np.float64] | None = None
    rows: Rows | None = None


def read_example(text: str) -> Example:
    """Read what INPUT of the command line names: FILE, FILE.npz:KEY:INDEX (from 0) or FILE.csv:ROW (from 1).

    Raises:
        NotFoundError: there is no such file.
        FormatError, DataError: it cannot be read, or is damaged.
        InputError: it does not say which example, or that example does not exist.

    """
    if row := _ROW.fullmatch(text):
        return _row(_there(row["file"]), int(row["row"]))
    if one := _ARRAY.fullmatch(text):
        return _one_of(_there(one["file"]), one["key"], int(one["at"]))
    file = _there(text)
    name = file.name.lower()
    if name.endswith(VOLUMES):
        return _volume(file)
    if name.endswith(PICTURES):
        return _picture(file)
    if name.endswith(".npz"):
        with _opened(file) as packed:
            keys = ", ".join(one.removesuffix(".npy") for one in packed.namelist())
        raise InputError(f"say which example of {file.name}: {file.name}:ARRAY:INDEX; its arrays are {keys or 'none'}")
    if name.endswith((".csv", ".tsv")):
        raise InputError(f"say which row of {file.name}: {file.name}:ROW, where 1 is the first below the header")
    raise FormatError(f"{file.name} cannot be explained: {_TAKEN}")


def _there(text: str) -> Path:
    file = Path(text)
    if not file.is_file():
        raise NotFoundError(f"there is no file {file.name}: {_TAKEN}")
    return file


def _picture(file: Path) -> Example:
    try:
        return Example(read_picture(file).values, "picture", file.name, file)
    except FormatError as reason:
        raise FormatError(f"{file.name} {reason}; give a PNG or JPEG file") from None


def _volume(file: Path) -> Example:
    """A volume (x, y, z). Threat: a header may claim more voxels than the memory holds."""
    nibabel = needed("nibabel", "nibabel")
    # What nibabel lets out for damaged files, besides its own errors.
    damaged = (OSError, EOFError, ValueError, TypeError, KeyError, OverflowError, zlib.error)
    try:
        image = nibabel.load(file)
        shape = tuple(int(side) for side in image.shape)
    except (*damaged, nibabel.filebasedimages.ImageFileError):
        raise FormatError(f"{file.name} is not a NIfTI volume; give a .nii or .nii.gz file") from None
    if math.prod(shape) > LARGEST or min(shape, default=0) < 1:
        raise FormatError(f"{file.name} claims {' x '.join(map(str, shape))} voxels, more than can be read; cut it")
    try:
        values = np.asarray(image.dataobj)
    except (*damaged, MemoryError):
        raise FormatError(f"{file.name} is cut off or damaged; get it anew") from None
    while values.ndim > 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != 3 or values.dtype.kind not in "biuf":
        raise FormatError(f"{file.name} has values of shape {shape}, not one number a voxel; take one volume out of it")
    spacing = tuple(float(one) for one in image.header.get_zooms()[:3])
    return Example(values, "volume", file.name, file, spacing, np.asarray(image.affine, np.float64))


def _opened(file: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError):
        raise FormatError(f"{file.name} is not a whole .npz file; get it anew") from None


def _one_of(file: Path, key: str, at: int) -> Example:
    with _opened(file) as packed:
        members = {one.filename.removesuffix(".npy"): one for one in packed.infolist()}
        if key not in members:
            raise InputError(f"{file.name} holds no array {key}; its arrays are {', '.join(members) or 'none'}")
        array = _array(packed, members[key], f"{key} of {file.name}")
    if array.ndim < 2 or not 0 <= at < len(array):
        raise InputError(f"{key} of {file.name} has examples 0 to {len(array) - 1 if array.ndim else 0}, not {at}")
    return Example(np.asarray(array[at]), "array", f"{file.name}:{key}:{at}", file)


def _array(packed: zipfile.ZipFile, member: zipfile.ZipInfo, what: str) -> Array:
    """Threat: a header that claims terabytes takes the memory before any byte is read; pickles run code."""
    shaped = np.lib.format
    try:
        with packed.open(member) as stream:
            version = shaped.read_magic(stream)
            head: Any = shaped.read_array_header_1_0 if version == (1, 0) else shaped.read_array_header_2_0
            shape, _, dtype = head(stream)
        if dtype.kind not in "biuf" or math.prod(shape) * dtype.itemsize > min(_MOST, member.file_size):
            raise FormatError(f"{what} holds no numbers, or claims more than is there; store it as a plain array")
        with packed.open(member) as stream:
            return np.asarray(shaped.read_array(stream, allow_pickle=False))
    except (ValueError, EOFError, OSError, zipfile.BadZipFile, NotImplementedError, zlib.error) as reason:
        if isinstance(reason, FormatError):
            raise
        raise FormatError(f"{what} is damaged or no plain array; get the file anew") from None


def _row(file: Path, row: int) -> Example:
    table = read_table(file)
    if not 1 <= row <= len(table.rows):
        raise InputError(f"{file.name} has rows 1 to {len(table.rows)} below its header, not {row}")
    if table.bad:
        raise DataError(f"line {table.bad[0]} of {file.name} has more or fewer cells than its header; mend it")
    named = {chosen_column(table, "", what) for what in ("label", "group", "split")}
    read = {name: _numbers(table.column(name)) for name in table.header if name not in named}
    numbers = {name: values for name, values in read.items() if values is not None}
    kept = tuple(numbers)
    if not kept:
        raise FormatError(f"{file.name} has no column of numbers; the model's columns must be numbers")
    whole = np.stack([numbers[name] for name in kept], axis=1)
    one = whole[row - 1]
    if not np.isfinite(one).all():
        missing = ", ".join(name for name, value in zip(kept, one, strict=True) if not np.isfinite(value))
        raise InputError(f"row {row} of {file.name} lacks a value in {missing}; fill it in, or take another row")
    others = np.delete(whole, row - 1, axis=0)
    rows = Rows(kept, others[np.isfinite(others).all(axis=1)])
    return Example(one, "row", f"{file.name}:{row}", file, rows=rows)


def _numbers(cells: tuple[str | None, ...]) -> NDArray[np.float64] | None:
    try:
        return np.array([math.nan if cell is None else float(cell) for cell in cells])
    except ValueError:
        return None
