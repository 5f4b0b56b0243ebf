"""What is learned from: examples with labels, names and groups, and whom they may not be separated from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError

__all__ = ["Array", "Examples", "Task"]

Array = NDArray[Any]


class Task(Enum):
    """What a model answers: one class an example, a class for every voxel or step, or a number."""

    CLASSES = "classes"  # labels: (n,) integers 0..len(classes)-1
    MASKS = "masks"  # labels: (n, *spatial) integers, 0 is background
    NUMBERS = "numbers"  # labels: (n,) floats


@dataclass(frozen=True, slots=True)
class Examples:
    """Examples of one data set, in one order.

    `inputs`: images (n, channels, height, width), volumes (n, channels, depth, height, width), signals (n, channels,
    time) or tables (n, features); any numeric dtype; where shapes differ, an array of arrays. `groups` name the
    patient, publication, site or scaffold of each example: examples of one group never stand on both sides of a split.
    `attributes` are further columns (sex, age, site, view) for subgroups and confounders; an unknown value is None.
    `spacing` is in mm, in the order of the stored axes.
    """

    inputs: Array
    labels: Array
    task: Task
    classes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    features: tuple[str, ...] = ()  # names of the columns of a table
    spacing: tuple[float, ...] = ()
    source: str = ""
    licence: str = ""
    attributes: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.inputs)
        columns: dict[str, Array | tuple[Any, ...]] = {
            "labels": self.labels,
            "names": self.names,
            "groups": self.groups,
            **self.attributes,
        }
        for name, column in columns.items():
            if len(column) not in (n, 0) or (name == "labels" and len(column) != n):
                raise InputError(f"{n} examples have {len(column)} {name}: give one for each")

    def __len__(self) -> int:
        return len(self.inputs)

    def chosen(self, index: Sequence[int] | Array) -> Examples:
        """The examples at `index` (integers or a boolean mask), in that order."""
        where = np.asarray(index)
        rows = np.flatnonzero(where) if where.dtype == bool else where.astype(np.int64)

        def pick(column: tuple[Any, ...]) -> tuple[Any, ...]:
            return tuple(column[row] for row in rows) if column else ()

        return replace(
            self,
            inputs=self.inputs[rows],
            labels=self.labels[rows],
            names=pick(self.names),
            groups=pick(self.groups),
            attributes={name: pick(column) for name, column in self.attributes.items()},
        )

    def digest(self) -> str:
        """SHA-256 over shapes, types and bytes of inputs and labels: what a card names as its data."""
        hashed = hashlib.sha256()
        for column in (self.inputs, self.labels):
            for array in column if column.dtype == object else [column]:
                hashed.update(f"{array.dtype.str}{array.shape}".encode())
                hashed.update(np.ascontiguousarray(array).tobytes())
        return hashed.hexdigest()
