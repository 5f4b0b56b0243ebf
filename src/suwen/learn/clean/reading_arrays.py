"""Read one .npz whose arrays are named train_images, train_labels, val_images ... or inputs and labels."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from suwen.errors import DataError, FormatError, Problem
from suwen.learn.clean.nouns import Array, Form, Holding, Loaded, Sample, Severity, Sign, Suggestion, Suspicion

__all__ = ["array_holding", "read_arrays"]

LARGEST = 8 * 1024**3  # bytes of all arrays together, unpacked
_INPUTS = ("images", "volumes", "signals", "inputs", "x")
_LABELS = ("labels", "y")
_GROUPS = ("groups", "patients")

Parts = dict[str, dict[str, Array]]  # split → inputs, labels, groups


def read_arrays(file: Path) -> Holding:
    """Read the arrays. Raises FormatError naming every array that cannot be used, DataError."""
    return array_holding(_parts(_arrays(file), file.name), file.name)


def array_holding(parts: Parts, source: str) -> Holding:
    """A holding of arrays by split ("" for none); inputs (n, h, w), (n, d, h, w), signals (n, channels, time).

    Colour images (n, h, w, 3) count as grey; labels (n,) or (n, 1), or masks of the shape of the inputs.
    """
    form = _form(parts, source)
    samples, rows, found = [], [], []
    masks = any(part["labels"].ndim > 2 for part in parts.values() if "labels" in part)
    for split, part in parts.items():
        for at in range(len(part["inputs"])):
            name = f"{split}/{at:05d}" if split else f"{at:05d}"
            group = str(part["groups"][at]) if "groups" in part else ""
            samples.append(Sample(name, None if masks else _label(part, at), group, split))
            rows.append((split, at))
            if not masks and samples[-1].label is None:
                found.append(Suspicion(Sign.NO_LABEL, (name,), Severity.GRAVE, Suggestion.LABEL, 1.0))

    def load(number: int) -> Loaded:
        split, at = rows[number]
        part = parts[split]
        return Loaded(_grey(part["inputs"][at], form), part["labels"][at] if masks else None)

    return Holding(form, source, tuple(samples), load, tuple(found), masks=masks)


def _arrays(file: Path) -> dict[str, Array]:
    try:
        with zipfile.ZipFile(file) as packed:
            problems = _claims(packed)
            if problems:
                raise FormatError(f"{file.name} cannot be used", problems)
        with np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (zipfile.BadZipFile, ValueError, EOFError, KeyError, NotImplementedError) as reason:
        if isinstance(reason, FormatError):
            raise
        raise FormatError(f"{file.name} is not a whole .npz file, or holds objects that are not arrays") from None
    except OSError as reason:
        raise DataError(f"cannot read {file.name}: {reason.strerror or 'it is damaged'}") from None


def _claims(packed: zipfile.ZipFile) -> list[Problem]:
    """What headers claim against what is there. Threat: a header that claims terabytes takes the memory before any
    byte is read, and a few packed bytes may unpack to as much.
    """
    problems = []
    total = sum(one.file_size for one in packed.infolist())
    if total > LARGEST:
        problems.append(Problem("", f"it unpacks to {total:,} bytes, of at most {LARGEST:,}", "clean a part of it"))
    for one in packed.infolist():
        with packed.open(one) as stream:
            claimed = _claimed(stream)
        if claimed is None:
            problems.append(Problem(one.filename, "is not a plain array"))
        elif claimed > one.file_size:
            problems.append(Problem(one.filename, f"claims {claimed:,} bytes and has {one.file_size:,}"))
    return problems


def _claimed(stream: IO[bytes]) -> int | None:
    shaped = np.lib.format
    try:
        version = shaped.read_magic(stream)
        read: Any = shaped.read_array_header_1_0 if version == (1, 0) else shaped.read_array_header_2_0
        shape, _, dtype = read(stream)
    except (ValueError, EOFError, zipfile.BadZipFile):
        return None
    return None if dtype.hasobject else math.prod(shape) * int(dtype.itemsize)


def _parts(arrays: dict[str, Array], source: str) -> Parts:
    parts: Parts = {}
    for name, array in arrays.items():
        split, role = _role(name)
        if role:
            parts.setdefault(split, {})[role] = array
    kept = {split: part for split, part in parts.items() if "inputs" in part}
    if not kept:
        raise FormatError(
            f"{source} has no inputs: name arrays images and labels, or train_images, train_labels, val_images ..., "
            f"not {', '.join(arrays) or 'nothing'}"
        )
    problems = [
        Problem(f"{split}_{role}".strip("_"), f"has {len(array)} rows for {len(part['inputs'])} inputs")
        for split, part in kept.items()
        for role, array in part.items()
        if array.ndim == 0 or len(array) != len(part["inputs"])
    ] + [Problem(f"{split}_labels".strip("_"), "is missing") for split, part in kept.items() if "labels" not in part]
    if problems:
        raise FormatError(f"{source} cannot be used", problems)
    return kept


def _role(name: str) -> tuple[str, str]:
    low = name.lower()
    for role, words in (("inputs", _INPUTS), ("labels", _LABELS), ("groups", _GROUPS)):
        for word in words:
            if low == word:
                return "", role
            if low.endswith(f"_{word}"):
                return low[: -len(word) - 1], role
    return "", ""


def _form(parts: Parts, source: str) -> Form:
    shapes = {part["inputs"].shape[1:] for part in parts.values()}
    if len(shapes) != 1:
        raise FormatError(f"{source}: splits have inputs of different shapes: {' and '.join(map(str, sorted(shapes)))}")
    shape = shapes.pop()
    if any(part["inputs"].dtype.kind not in "biuf" for part in parts.values()) or 0 in shape:
        raise FormatError(f"{source}: inputs must be numbers, at least one for each example")
    if len(shape) == 1:
        return Form.TABLES
    if len(shape) == 2:
        # Few rows and many columns are channels over time: no radiograph is sixteen times as wide as it is high.
        return Form.SIGNALS if shape[1] >= 16 * shape[0] else Form.IMAGES
    if len(shape) == 3:
        return Form.IMAGES if shape[-1] in {1, 3, 4} or shape[0] in {1, 3} else Form.VOLUMES
    if len(shape) == 4 and 1 in {shape[0], shape[-1]}:
        return Form.VOLUMES
    raise FormatError(f"{source}: inputs of shape {shape} are neither tables, signals, images nor volumes")


def _grey(values: Array, form: Form) -> Array:
    if form is Form.VOLUMES and values.ndim == 4:
        return values[0] if values.shape[0] == 1 else values[..., 0]
    if form is not Form.IMAGES or values.ndim == 2:
        return values
    axis = -1 if values.shape[-1] in {1, 3, 4} else 0
    colours = np.moveaxis(values, axis, -1)
    return np.asarray(colours[..., :3].mean(axis=-1))


def _label(part: dict[str, Array], at: int) -> str | None:
    row = np.atleast_1d(part["labels"][at])
    if row.dtype.kind == "f" and not np.isfinite(row).all():
        return None
    if len(row) > 1:  # one column a class
        return "|".join(str(one) for one in np.flatnonzero(row))
    one = row[0]
    return str(int(one)) if row.dtype.kind in "biu" or (row.dtype.kind == "f" and float(one).is_integer()) else str(one)
