"""Examples from a folder or file of data, as its manifest says: what a person excluded stays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from suwen.errors import InputError
from suwen.learn.clean.labels_table import Columns
from suwen.learn.clean.manifest import ManifestRow, read_manifest
from suwen.learn.clean.nouns import Form, Holding, Loaded, Sample, Sign
from suwen.learn.clean.reading import read_holding
from suwen.learn.nouns import Array, Examples, Task

__all__ = ["parts_of", "read_examples"]

_UNUSABLE = {Sign.UNREADABLE, Sign.NO_LABEL, Sign.NO_IMAGE, Sign.MISMATCHED}


def read_examples(
    path: Path,
    *,
    manifest: Path | None = None,
    columns: Columns | None = None,
    classes: Sequence[str] = (),
    source: str = "",
    licence: str = "",
) -> dict[str, Examples]:
    """The examples of `path` by the split they stand in ("" where there is none), read whole into memory.

    Without a `manifest`, examples that cannot be used at all (unreadable, without a label) are left out; with one, its
    rows decide: `keep` and the confirmed `label`. `classes` names the classes in their order, for labels that are
    numbers the name of each number; by default the labels sorted. Whoever has no group is a group of their own.

    Raises:
        FormatError, DataError: the data or the manifest cannot be read.
        InputError: nothing is left, or the manifest knows other examples.

    """
    holding = read_holding(path, columns)
    rows = {} if manifest is None else {row.name: row for row in read_manifest(manifest)}
    kept = _kept(holding, rows)
    if not kept:
        raise InputError(f"no example of {path.name} can be learned from")
    named = tuple(classes) or _classes(holding, kept)
    splits: dict[str, list[tuple[int, Sample]]] = {}
    for number, sample in kept:
        splits.setdefault(sample.split, []).append((number, sample))
    return {
        split: _examples(holding, chosen, named, source or holding.source, licence) for split, chosen in splits.items()
    }


def parts_of(examples: Mapping[str, Examples]) -> tuple[Examples, Examples]:
    """The training and the validation part of examples that come with a split.

    Raises:
        InputError: there is no such split.

    """
    names = {"training": ("train", "training"), "validation": ("val", "valid", "validation")}
    found = [next((examples[name] for name in choice if name in examples), None) for choice in names.values()]
    if found[0] is None or found[1] is None:
        there = ", ".join(sorted(name or "no name" for name in examples))
        raise InputError(f"the data have no parts for training and validation (they have: {there}); ask for a split")
    return found[0], found[1]


def _kept(holding: Holding, rows: Mapping[str, ManifestRow]) -> list[tuple[int, Sample]]:
    if rows:
        strangers = [sample.name for sample in holding.samples if sample.name not in rows]
        if strangers:
            raise InputError(
                f"the manifest lacks {len(strangers)} examples of the data, first {strangers[0]}; clean anew"
            )
        told = [(number, _told(sample, rows[sample.name])) for number, sample in enumerate(holding.samples)]
        return [(number, sample) for number, sample in told if sample is not None]
    unusable = {name for one in holding.found if one.sign in _UNUSABLE for name in one.where}
    return [(number, one) for number, one in enumerate(holding.samples) if one.name not in unusable]


def _told(sample: Sample, row: ManifestRow) -> Sample | None:
    if row.keep != "yes":
        return None
    return Sample(sample.name, row.label or sample.label, row.group, row.split, sample.file, sample.attributes)


def _classes(holding: Holding, kept: Sequence[tuple[int, Sample]]) -> tuple[str, ...]:
    if holding.masks:
        return ()
    labels = {sample.label or "" for _, sample in kept}
    if all(label.isdigit() for label in labels):
        return tuple(sorted(labels, key=int))
    return tuple(sorted(labels))


def _examples(
    holding: Holding, chosen: Sequence[tuple[int, Sample]], classes: tuple[str, ...], source: str, licence: str
) -> Examples:
    loaded = [holding.load(number) for number, _ in chosen]
    inputs = _stacked([_channelled(one.values, holding.form) for one in loaded])
    if holding.form is Form.TABLES and np.isinf(inputs).any():
        wild = int(np.isinf(inputs).any(1).sum())
        raise InputError(f"{wild} rows of the table hold an infinite value; clean the data first")
    names = sorted({name for _, sample in chosen for name in sample.attributes})
    labels, classes = _labels(holding, chosen, loaded, classes)
    return Examples(
        inputs,
        labels,
        Task.MASKS if holding.masks else Task.CLASSES,
        classes,
        tuple(sample.name for _, sample in chosen),
        tuple(sample.group or sample.name for _, sample in chosen),
        holding.features,
        loaded[0].spacing,
        source,
        licence,
        {name: tuple(sample.attributes.get(name) for _, sample in chosen) for name in names},
    )


def _labels(
    holding: Holding, chosen: Sequence[tuple[int, Sample]], loaded: Sequence[Loaded], classes: tuple[str, ...]
) -> tuple[Array, tuple[str, ...]]:
    if not holding.masks:
        digits = all((sample.label or "").isdigit() for _, sample in chosen)
        number = {str(at) if digits else name: at for at, name in enumerate(classes)}
        strange = {sample.label for _, sample in chosen if (sample.label or "") not in number}
        if strange:
            raise InputError(f"{len(strange)} labels are none of the classes {', '.join(classes)}")
        return np.array([number[sample.label or ""] for _, sample in chosen], np.int64), classes
    masks = [np.asarray(one.mask, np.uint8) for one in loaded]
    if classes:
        return _stacked(masks), classes
    return _stacked(masks), tuple(str(n) for n in range(1 + max(int(one.max()) for one in masks)))


def _channelled(values: Array, form: Form) -> Array:
    return values if form in (Form.TABLES, Form.SIGNALS) else values[None]


def _stacked(rows: Sequence[Array]) -> Array:
    """One array where the shapes agree, else an array of arrays."""
    if len({row.shape for row in rows}) == 1:
        return np.stack(rows)
    whole: Any = np.empty(len(rows), object)
    for at, row in enumerate(rows):
        whole[at] = row
    return np.asarray(whole)
