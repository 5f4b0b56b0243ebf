"""The examples a config names, parted as it says, and its lesson fitted to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from suwen.errors import DataError, FormatError, InputError
from suwen.learn.clean.labels_table import Columns
from suwen.learn.config import Config, Data
from suwen.learn.examples import parts_of, read_examples
from suwen.learn.lesson import Lesson
from suwen.learn.nets.catalogue import CATALOGUE
from suwen.learn.nouns import Array, Examples, Task
from suwen.learn.splits import by_hash, by_time, check, split

__all__ = ["Parts", "cohort_digest", "file_digest", "fitted_lesson", "parted", "read_parts"]


@dataclass(frozen=True)
class Parts:
    """What is learned from, what choices are made by, and what neither has seen, where there is such a part."""

    training: Examples
    validation: Examples
    test: Examples | None = None


def read_parts(data: Data) -> Parts:
    """Read the examples and part them.

    Raises:
        FormatError, DataError: the data or the manifest cannot be read.
        InputError: they cannot be parted as asked, a group would stand on both sides, or a part would be empty.

    """
    if data.path is None:
        raise InputError("data.path is missing: where the examples are")
    found = read_examples(
        data.path,
        manifest=data.manifest,
        columns=Columns(data.label, data.group),
        classes=data.classes,
        source=data.source,
        licence=data.licence,
    )
    found = {name: _spaced(part, data.spacing) for name, part in found.items()}
    by = data.split.by
    if by == "auto":
        by = "given" if {"train", "training"} & set(found) else "stratified"
    return _given(_aligned(found)) if by == "given" else _parted(joined(list(found.values())), data, by)


def parted(examples: Examples, data: Data) -> Parts:
    """Part examples that are in memory already, under the names of classes that the config gives.

    Raises:
        InputError: they cannot be parted as asked, a part would be empty, or there are more or fewer classes.

    """
    if data.split.by == "given":
        raise InputError("data.split.by: these examples have no parts of their own; ask for another split")
    if data.classes and len(data.classes) != len(examples.classes):
        raise InputError(f"data.classes: there are {len(examples.classes)} classes ({', '.join(examples.classes)})")
    named = replace(examples, classes=data.classes or examples.classes)
    return _parted(named, data, "stratified" if data.split.by == "auto" else data.split.by)


def _spaced(part: Examples, spacing: tuple[float, ...]) -> Examples:
    """Outlines are measured in mm, so how far apart their voxels lie must be known before hours of training."""
    if part.task is not Task.MASKS or (part.spacing and not spacing):
        return part
    axes = part.labels[0].ndim
    if len(spacing) != axes:
        raise InputError(f"data.spacing: outlines of {axes} axes need {axes} lengths in mm, as the files tell none")
    return replace(part, spacing=spacing)


def _given(found: Mapping[str, Examples]) -> Parts:
    training, validation = parts_of(found)
    test = next((found[name] for name in ("test", "testing") if name in found), None)
    groups = [part.groups or part.names for part in (training, validation, test) if part is not None]
    rows = np.cumsum([0, *map(len, groups)])
    places = {name: range(rows[at], rows[at + 1]) for at, name in enumerate(("train", "val", "test")[: len(groups)])}
    check(places, [one for part in groups for one in part])
    return Parts(training, validation, test)


def _parted(examples: Examples, data: Data, by: str) -> Parts:
    asked, groups = data.split, examples.groups or examples.names
    if by == "stratified":
        rows = split(examples, parts=asked.parts, salt=asked.salt)
    elif by == "hash":
        rows = by_hash(groups, parts=asked.parts, salt=asked.salt)
    else:
        rows = by_time(_times(examples, asked.column), *asked.cuts, groups=groups)
        if "val" not in rows:
            raise InputError("a split by time needs two cuts here: choices are made on what lies between them")
    empty = [name for name in ("train", "val") if not len(rows[name])]
    if empty:
        raise InputError(f"{len(set(groups))} groups are too few: {' and '.join(empty)} would hold no example")
    test = rows.get("test")
    kept = examples.chosen(test) if test is not None and len(test) else None
    return Parts(examples.chosen(rows["train"]), examples.chosen(rows["val"]), kept)


def _times(examples: Examples, column: str) -> Sequence[Any]:
    if column not in examples.attributes:
        there = ", ".join(examples.attributes) or "none"
        raise InputError(f"the data have no column {column!r} of times; they have {there}")
    times = examples.attributes[column]
    try:
        return [float(one) for one in times]
    except (TypeError, ValueError):
        return times


def joined(parts: Sequence[Examples]) -> Examples:
    """Parts of one data set together again, in their order."""
    first = parts[0]
    if len(parts) == 1:
        return first
    columns = sorted({name for part in parts for name in part.attributes})
    attributes = {
        name: tuple(one for part in parts for one in part.attributes.get(name, (None,) * len(part))) for name in columns
    }
    classes = max((part.classes for part in parts), key=len)
    return replace(
        first,
        inputs=_stacked([part.inputs for part in parts]),
        labels=_stacked([part.labels for part in parts]),
        classes=classes,
        names=tuple(one for part in parts for one in part.names),
        groups=tuple(one for part in parts for one in part.groups),
        attributes=attributes,
    )


def _stacked(columns: Sequence[Array]) -> Array:
    if len({column.shape[1:] for column in columns}) == 1 and all(column.dtype != object for column in columns):
        return np.concatenate(columns)
    whole: Any = np.empty(sum(map(len, columns)), object)
    whole[:] = [one for column in columns for one in column]
    return np.asarray(whole)


def _aligned(found: Mapping[str, Examples]) -> dict[str, Examples]:
    """The classes of the part that has most: of outlines each part names only those that occur in it."""
    classes = max((part.classes for part in found.values()), key=len)
    return {name: replace(part, classes=classes) if part.task is Task.MASKS else part for name, part in found.items()}


def fitted_lesson(config: Config, training: Examples) -> Lesson:
    """The lesson with what follows from the data: axes, channels, columns and classes, where the file does not say.

    Raises:
        InputError: the network cannot be one for these data, or the preparation does not take the first examples.

    """
    lesson = config.lesson
    table = training.inputs[0].ndim == 1
    if table and "prepare.scale" not in config.said:
        lesson = replace(lesson, prepare=replace(lesson.prepare, scale="none"))
    if table and lesson.prepare.scale != "none":
        raise InputError("a row of a table is not an image: prepare.scale must be none")
    if training.task is Task.MASKS and "plan.watch" not in config.said:
        lesson = replace(lesson, plan=replace(lesson.plan, watch="dice"))
    if table and not lesson.prepare.columns:
        lesson = replace(lesson, prepare=replace(lesson.prepare, columns=_columns(training.inputs)))
    shape = lesson.prepare(_hardest(training)).shape
    follows = {
        "axes": len(shape) - 1,
        "channels": shape[0],
        "features": shape[0],
        "kinds": [0] * shape[0],
        "outputs": len(training.classes) or 1,
    }
    kind, settings = lesson.network["kind"], lesson.network["settings"]
    known = {one.name for one in fields(CATALOGUE[kind].settings)}
    _suits(kind, known, table=table, masks=training.task is Task.MASKS)
    told = {name: value for name, value in follows.items() if name in known and name not in settings}
    return replace(lesson, network={"kind": kind, "settings": {**told, **settings}})


def _columns(rows: Array) -> tuple[tuple[float, float], ...]:
    """Mean and spread of what is known of each column; of a column that says nothing 0 and 1."""
    values = np.asarray(rows, np.float64)
    known = np.isfinite(values)
    count = np.maximum(known.sum(0), 1)
    means = np.where(known, values, 0).sum(0) / count
    spreads = np.sqrt((np.where(known, values - means, 0) ** 2).sum(0) / count)
    return tuple(
        (float(mean), float(spread) if spread > 0 else 1.0) for mean, spread in zip(means, spreads, strict=True)
    )


def _hardest(training: Examples) -> Array:
    """The example that the preparation is tried on: of a table a row with unknown values, where there is one."""
    inputs = training.inputs
    if inputs.dtype == object or inputs.ndim != 2:
        return np.asarray(inputs[0])
    unknown = np.flatnonzero(~np.isfinite(inputs.astype(np.float64)).all(1))
    return np.asarray(inputs[unknown[0]] if len(unknown) else inputs[0])


def _suits(kind: str, settings: set[str], *, table: bool, masks: bool) -> None:
    tables = bool({"features", "kinds"} & settings)
    if tables != table:
        what = "tables" if tables else "images, volumes or signals"
        raise InputError(f"network.kind: {kind} is a network for {what}, and the data are something else")
    if masks != (kind == "unet"):
        raise InputError(f"network.kind: outlines are drawn by unet, and classes told by the others; not by {kind}")


def cohort_digest(data: Data) -> str:
    """The digest that the manifest of a cohort names, "" where the config names no manifest.

    Raises:
        FormatError, DataError: it is no such manifest, or cannot be read.

    """
    if data.cohort is None:
        return ""
    try:
        digest = json.loads(data.cohort.read_text("utf-8"))["digest"]
    except OSError as reason:
        raise DataError(f"cannot read {data.cohort.name}: {reason.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        digest = None
    if not isinstance(digest, str) or len(digest) != 64:
        raise FormatError(f"{data.cohort.name} is no manifest of a cohort: it names no digest")
    return digest


def file_digest(file: Path) -> str:
    """SHA-256 (hex) of a file."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as reason:
        raise DataError(f"cannot read {file.name}: {reason.strerror}") from None
