"""Read a folder of pictures beside a table of labels, or one folder of pictures for each class."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from suwen.errors import FormatError, InputError
from suwen.learn.clean.extra import needed
from suwen.learn.clean.labels_table import Columns, Table, chosen_column, read_table
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

__all__ = ["PICTURES", "read_images", "read_picture"]

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
LARGEST = 200_000_000  # pixels
_SPLITS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})


def read_images(folder: Path, columns: Columns) -> Holding:
    """Pictures with labels from the only .csv in the folder, else from the names of the folders they lie in.

    Raises FormatError, DataError, InputError.
    """
    files = [
        one for one in sorted(folder.rglob("*")) if one.suffix.lower() in PICTURES and not one.name.startswith(".")
    ]
    tables = [one for one in sorted(folder.glob("*.csv")) if not one.name.startswith(".")]
    chosen = [one for one in tables if one.name.lower() == "labels.csv"] or tables
    if len(chosen) > 1:
        names = ", ".join(one.name for one in chosen)
        raise InputError(f"{folder.name} holds several tables ({names}); name the one with the labels labels.csv")
    if chosen:
        return _from_table(folder, files, chosen[0], columns)
    return _from_folders(folder, files)


def read_picture(file: Path) -> Loaded:
    """The grey values of a picture (height, width), in the range they are stored in. Raises FormatError."""
    image = needed("PIL.Image", "pillow")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a picture that claims more pixels than fit is an error, not a warning
            with image.open(file) as opened:
                if opened.width * opened.height > LARGEST:
                    raise FormatError(f"claims {opened.width} x {opened.height} pixels")
                return Loaded(_grey(np.asarray(opened.convert("RGB") if opened.mode in {"P", "CMYK"} else opened)))
    except FormatError:
        raise
    # Pillow raises these for damaged, cut off and hostile files, besides what it counts as a warning.
    except (OSError, ValueError, SyntaxError, EOFError, Warning, image.DecompressionBombError):
        raise FormatError("is not a whole picture") from None


def _grey(values: Array) -> Array:
    if values.ndim == 2:
        return values.astype(np.uint8) if values.dtype == bool else values
    if values.ndim != 3:
        raise FormatError("is not a flat picture")
    if values.shape[-1] in {2, 4}:  # the last channel is opacity
        values = values[..., :-1]
    first = values[..., :1]
    return (
        np.asarray(values[..., 0])
        if np.array_equal(values, np.broadcast_to(first, values.shape))
        else np.asarray(values.mean(axis=-1))
    )


def _from_table(folder: Path, files: list[Path], table_file: Path, columns: Columns) -> Holding:
    table = read_table(table_file)
    key = _name_column(table, files, table_file.name)
    label = chosen_column(table, columns.label, "label") or _only_other(table, key, columns)
    group = chosen_column(table, columns.group, "group")
    split = chosen_column(table, columns.split, "split")
    by_stem = {_stem(one.name): one for one in files}
    taken: set[Path] = set()
    samples, orphans, seen = [], [], set()
    for row in table.rows:
        cells = dict(zip(table.header, row, strict=True))
        file = _file_of(cells[key] or "", by_stem)
        if file is None:
            orphans.append(cells[key] or "?")
        elif file not in taken:
            taken.add(file)
            others = {name: value for name, value in cells.items() if name not in {key, label, group, split}}
            samples.append(
                Sample(file.name, cells[label], cells.get(group) or "", cells.get(split) or "", file, others)
            )
        else:
            seen.add(file.name)
    samples += [Sample(one.name, None, file=one) for one in files if one not in taken]
    found = (
        _unlabelled(samples)
        + _orphans(orphans)
        + [
            Suspicion(
                Sign.DUPLICATE,
                (name,),
                Severity.NOTABLE,
                Suggestion.REPAIR,
                1.0,
                {"how": "row", "table": table_file.name},
            )
            for name in sorted(seen)
        ]
    )
    remarks = [Remark("columns", {"label": label, "group": group or "-", "split": split or "-"})]
    if table.bad:
        remarks.append(Remark("bad_rows", {"n": len(table.bad), "lines": ", ".join(map(str, table.bad[:10]))}))
    return Holding(
        Form.IMAGES,
        folder.name,
        tuple(samples),
        lambda at: read_picture(samples[at].file or Path()),
        tuple(found),
        orphans=tuple(orphans),
        remarks=tuple(remarks),
    )


def _from_folders(folder: Path, files: list[Path]) -> Holding:
    """Class folders, below split folders if there are any: train/normal/1.png."""
    samples = []
    for file in files:
        parts = file.relative_to(folder).parts[:-1]
        split = parts[0] if parts and parts[0].lower() in _SPLITS else ""
        inner = parts[1:] if split else parts
        samples.append(Sample(file.relative_to(folder).as_posix(), inner[0] if inner else None, "", split, file))
    return Holding(
        Form.IMAGES,
        folder.name,
        tuple(samples),
        lambda at: read_picture(samples[at].file or Path()),
        tuple(_unlabelled(samples)),
        remarks=(Remark("class_folders"),),
    )


def _unlabelled(samples: list[Sample]) -> list[Suspicion]:
    return [
        Suspicion(Sign.NO_LABEL, (one.name,), Severity.GRAVE, Suggestion.LABEL, 1.0)
        for one in samples
        if one.label is None
    ]


def _orphans(names: list[str]) -> list[Suspicion]:
    return [Suspicion(Sign.NO_IMAGE, (one,), Severity.NOTABLE, Suggestion.REPAIR, 1.0) for one in names]


def _stem(name: str) -> str:
    stem = name.replace("\\", "/").rsplit("/", 1)[-1]
    head, dot, tail = stem.rpartition(".")
    return (head if dot and f".{tail.lower()}" in PICTURES else stem).lower()


def _file_of(key: str, by_stem: dict[str, Path]) -> Path | None:
    """The picture of a row: by its name without folder and ending, or, for a bare number, by that number."""
    stem = _stem(key)
    if stem in by_stem or not stem.isdecimal():
        return by_stem.get(stem)
    return next((by_stem[padded] for width in range(2, 13) if (padded := stem.zfill(width)) in by_stem), None)


def _name_column(table: Table, files: list[Path], source: str) -> str:
    by_stem = {_stem(one.name): one for one in files}
    counts = {
        name: len({found for cell in table.column(name) if cell and (found := _file_of(cell, by_stem))})
        for name in table.header
    }
    best = max(counts, key=lambda name: counts[name])
    if not counts[best]:
        raise FormatError(f"no column of {source} names the pictures beside it; one must hold their file names")
    return best


def _only_other(table: Table, key: str, columns: Columns) -> str:
    others = [name for name in table.header if name not in {key, columns.group, columns.split}]
    if len(others) == 1:
        return others[0]
    return chosen_column(table, "", "label", required=True)
