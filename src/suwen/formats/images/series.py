"""Frames sorted into images: mixed series are separated, copies dropped, and slices put in order along their normal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from suwen.errors import Problem
from suwen.formats.images.frames import Frame
from suwen.formats.images.geometry import is_placed, normal_of
from suwen.formats.images.notices import notice

__all__ = ["Stack", "stacks_of", "without_copies"]

_SAME_PLACE = 1e-3  # mm: positions are written with three or more decimals
_SAME_DIRECTION = 1e-3  # of a unit vector: 0.06 degrees
_MOST_DIRECTIONS = 500  # above, directions are told apart by their digits: comparing each with each would take hours

Mark = Callable[[Frame], object]


@dataclass(slots=True)
class Stack:
    """Frames that make one image, in order, and what was noticed while sorting them."""

    frames: list[Frame]
    placed: bool
    noticed: list[Problem] = field(default_factory=list)


def stacks_of(frames: Iterable[Frame], mark: Mark) -> list[Stack]:
    """Sort frames into images; `mark(frame)` is equal for two frames that hold the same samples.

    Series Instance UID, modality, size, image type, echo, b-value, stack and orientation always separate. Frames of
    one kind at one place are separated by time, diffusion direction, heart phase or acquisition, by the first of these
    that makes every place unique. What remains is dropped where it is a copy, or separated and noticed where not.
    """
    kinds: dict[tuple[object, ...], list[Frame]] = {}
    for frame in frames:
        kinds.setdefault((*frame.kind, is_placed(frame)), []).append(frame)
    found: list[Stack] = []
    for (*_, placed), members in kinds.items():
        if not placed:
            found.append(_unplaced(members, mark))
            continue
        for group in _by_direction(members):
            found += _by_place(group, mark)
    return found


def _unplaced(members: list[Frame], mark: Mark) -> Stack:
    kept, copies = without_copies(sorted(members, key=lambda one: one.order), mark)
    return Stack(kept, False, _copies(copies))


def _copies(count: int) -> list[Problem]:
    return [notice("copies", count=count)] if count else []


def without_copies(members: Sequence[Frame], mark: Mark) -> tuple[list[Frame], int]:
    """Frames without those of an object that is there twice with the same samples, and how many were dropped."""
    by_name: dict[tuple[str, int], list[Frame]] = {}
    for one in members:
        by_name.setdefault((one.sop_instance, one.number), []).append(one)
    dropped: set[int] = set()
    for (name, _), rivals in by_name.items():
        if not name or len(rivals) == 1:
            continue
        seen: set[object] = set()
        for one in rivals:
            found = mark(one)
            if found in seen:
                dropped.add(id(one))
            seen.add(found)
    return [one for one in members if id(one) not in dropped], len(dropped)


def _by_direction(members: list[Frame]) -> list[list[Frame]]:
    groups: dict[tuple[float, ...], list[Frame]] = {}
    for one in members:
        near = one.orientation
        if near not in groups:
            if len(groups) < _MOST_DIRECTIONS:
                near = next((known for known in groups if _alike(known, one.orientation)), near)
            else:
                near = tuple(round(value, 3) for value in near)
        groups.setdefault(near, []).append(one)
    return list(groups.values())


def _alike(one: Sequence[float], other: Sequence[float]) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= _SAME_DIRECTION


def _by_place(members: list[Frame], mark: Mark) -> list[Stack]:
    normal = normal_of(members[0])
    ordered = sorted(members, key=lambda one: (float(np.dot(one.position, normal)), one.order))
    kept, copies = without_copies(ordered, mark)
    noticed = _copies(copies)
    if not _repeats(kept):
        return [Stack(kept, True, noticed)]
    for which in range(len(kept[0].moments)):
        parts: dict[object, list[Frame]] = {}
        for one in kept:
            parts.setdefault(one.moments[which], []).append(one)
        if len(parts) > 1 and not any(_repeats(part) for part in parts.values()):
            return [Stack(part, True, list(noticed)) for part in parts.values()]
    return _by_layer(kept, mark, noticed)


def _repeats(members: Sequence[Frame]) -> bool:
    """Whether two of the frames, in order along their normal, lie at one place."""
    return any(_at_one_place(one, other) for one, other in pairwise(members))


def _at_one_place(one: Frame, other: Frame) -> bool:
    return max(abs(a - b) for a, b in zip(one.position, other.position, strict=True)) <= _SAME_PLACE


def _by_layer(members: list[Frame], mark: Mark, noticed: list[Problem]) -> list[Stack]:
    """Frames nothing tells apart: copies under other names are dropped, the rest laid into one image after another."""
    layers: list[list[Frame]] = []
    copies, here, seen = 0, 0, set[object]()
    for at, one in enumerate(members):
        if not at or not _at_one_place(members[at - 1], one):
            here, seen = 0, set()
        found = mark(one)
        if found in seen:
            copies += 1
            continue
        seen.add(found)
        if here == len(layers):
            layers.append([])
        layers[here].append(one)
        here += 1
    noticed = [*noticed, *_copies(copies)]
    if len(layers) > 1:
        noticed.append(notice("conflict", count=sum(map(len, layers[1:]))))
    return [Stack(layer, True, list(noticed)) for layer in layers]
