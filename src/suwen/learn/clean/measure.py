"""The single pass over the data: each example is read once, measured, and let go."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np

from suwen.errors import DataError, FormatError
from suwen.learn.clean.extra import needed
from suwen.learn.clean.nouns import (
    Array,
    Form,
    Holding,
    Loaded,
    MaskFacts,
    Measured,
    Sample,
    Severity,
    Sign,
    Suggestion,
    Suspicion,
)
from suwen.learn.clean.sketch import bits_of, sketch_of, texture_of

__all__ = ["measure", "measure_all"]

_PART = 1 << 20  # bytes hashed at a time


def measure_all(
    holding: Holding, notify: Callable[[int, int], None] = lambda _done, _all: None
) -> tuple[tuple[Measured, ...], list[Suspicion]]:
    """Every sample measured, in order, and a suspicion for each that cannot be read; nothing stops at one bad file."""
    measured, found = [], []
    for at, sample in enumerate(holding.samples):
        try:
            measured.append(measure(sample, holding.load(at), holding.form))
        except (FormatError, DataError) as reason:
            measured.append(Measured(sample, _file_digest(sample), readable=False))
            facts = {"reason": str(reason).splitlines()[0]}
            found.append(Suspicion(Sign.UNREADABLE, (sample.name,), Severity.GRAVE, Suggestion.REPAIR, 1.0, facts))
        notify(at + 1, len(holding.samples))
    return tuple(measured), found


def measure(sample: Sample, loaded: Loaded, form: Form) -> Measured:
    """Measure one example."""
    values = loaded.values
    finite = np.isfinite(values)
    known = values if finite.all() else values[finite]
    low, middle, high = (float(one) for one in np.quantile(known, (0.01, 0.5, 0.99))) if known.size else (0.0, 0.0, 0.0)
    content = hashlib.sha256(f"{values.shape}".encode() + np.ascontiguousarray(values).tobytes()).hexdigest()
    sketch = values.astype(np.float32) if form is Form.TABLES else sketch_of(values, form)
    seen = form is not Form.TABLES
    return Measured(
        sample=sample,
        digest=_file_digest(sample) or content,
        content=content,
        shape=values.shape,
        spacing=loaded.spacing,
        axes=loaded.axes,
        quantiles=(low, middle, high),
        extremes=(float(known.min()), float(known.max())) if known.size else (0.0, 0.0),
        finite=float(finite.mean()) if values.size else 0.0,
        bits=bits_of(sketch, form) if seen else np.zeros(0, bool),
        sketch=sketch,
        texture=texture_of(sketch, form) if seen else np.zeros(0, np.float32),
        mask=None if loaded.mask is None else _mask_facts(loaded.mask, loaded.gap),
    )


def _file_digest(sample: Sample) -> str:
    if sample.file is None:
        return ""
    hashed = hashlib.sha256()
    try:
        with sample.file.open("rb") as file:
            while part := file.read(_PART):
                hashed.update(part)
    except OSError:
        return ""
    return hashed.hexdigest()


def _mask_facts(mask: Array, gap: float) -> MaskFacts:
    whole = bool(np.isfinite(mask).all() and np.array_equal(mask, np.rint(mask)))
    classes = np.rint(np.nan_to_num(mask)).astype(np.int64)
    numbers, counts = np.unique(classes, return_counts=True)
    voxels = {int(one): int(many) for one, many in zip(numbers, counts, strict=True) if one != 0}
    few = dict(list(voxels.items())[:64])  # an intensity image given as a mask has thousands of "classes"
    return MaskFacts(mask.shape, gap, voxels, whole, {one: _pieces(classes == one) for one in few})


def _pieces(where: Array) -> tuple[int, ...]:
    label = needed("scipy.ndimage", "scipy").label
    numbered, _ = label(where, structure=np.ones((3,) * where.ndim))  # touching by a corner is touching
    return tuple(sorted((int(one) for one in np.bincount(numbered.ravel())[1:]), reverse=True))
