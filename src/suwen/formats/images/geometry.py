"""Slices placed in the patient: an even grid where there is one, parts of it where slices are missing, else none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from suwen.errors import Problem
from suwen.formats.images.frames import Frame
from suwen.formats.images.notices import notice
from suwen.subject import Grid
from suwen.subject.grid import Affine, Scale

__all__ = ["Placed", "affine_of", "affine_rows", "is_placed", "normal_of", "place"]

_OFF_GRID = 0.1  # a slice may lie this share of the distance, and at most so many mm, off the even grid
_NOTICED_OFF = 0.01  # mm or share, from which this is said
_TILT = 0.1  # degrees from which a lean is said; smaller ones are rounding, and are kept in the affine all the same
_MOST_PARTS = 8
_MOST_STEPS = 100
_RIGHT_ANGLE = 1e-2

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Placed:
    """Frames that lie on one grid, and what was noticed while placing them."""

    frames: tuple[Frame, ...]
    grid: Grid
    noticed: tuple[Problem, ...] = ()


def is_placed(frame: Frame) -> bool:
    """Whether position and orientation are given and make a right-angled plane (DICOM PS3.3 C.7.6.2.1.1)."""
    if not frame.position or not frame.orientation:
        return False
    row, column = np.array(frame.orientation[:3]), np.array(frame.orientation[3:])
    lengths = abs(float(row @ row) - 1), abs(float(column @ column) - 1)
    return max(*lengths, abs(float(row @ column))) < _RIGHT_ANGLE


def normal_of(frame: Frame) -> Vector:
    """Unit vector out of the plane of a placed frame: row direction × column direction."""
    found: Vector = np.cross(frame.orientation[:3], frame.orientation[3:])
    return found / np.linalg.norm(found)


def affine_of(step: Vector, frame: Frame, spacing: Sequence[float]) -> Affine:
    """The affine (slice, row, column) to LPS of slices that start at a frame and go on by `step` (mm).

    A row index goes along the column direction by the distance between rows, a column index along the row direction
    by the distance between columns (DICOM PS3.3 C.7.6.2.1.1).
    """
    row, column = np.array(frame.orientation[:3]), np.array(frame.orientation[3:])
    down = column / np.linalg.norm(column) * spacing[0]
    across = row / np.linalg.norm(row) * spacing[1]
    matrix = np.stack([step, down, across, np.array(frame.position)], axis=1)
    return affine_rows(matrix)


def affine_rows(matrix: Vector) -> Affine:
    """The first three rows of a matrix of four columns as an affine of plain numbers, without a minus before 0."""
    first, second, third = (
        (float(a) + 0.0, float(b) + 0.0, float(c) + 0.0, float(d) + 0.0) for a, b, c, d in matrix[:3]
    )
    return first, second, third, (0.0, 0.0, 0.0, 1.0)


def place(frames: Sequence[Frame]) -> list[Placed]:
    """Lay frames of one kind and orientation, in order along their normal, on as few even grids as are true.

    A gap or a change of the distance cuts the series there: no slice is made up and none is moved. A series without
    any even grid becomes one image without millimetres.
    """
    first = frames[0]
    shape = (len(frames), first.form.rows, first.form.columns)
    if not first.spacing:
        return [Placed(tuple(frames), Grid(shape), (notice("no_scale"),))]
    if len(frames) == 1:
        return [_single(first)]
    positions = np.array([one.position for one in frames], np.float64)
    parts = _parts(positions, normal_of(first))
    if parts is None:
        lengths = np.linalg.norm(np.diff(positions, axis=0), axis=1)
        said = notice("irregular", least=float(lengths.min()), most=float(lengths.max()))
        return [Placed(tuple(frames), Grid(shape), (said,))]
    return [_even(frames[start:end], positions[start:end], said) for start, end, said in parts]


def _single(frame: Frame) -> Placed:
    normal, rows, columns = normal_of(frame), frame.form.rows, frame.form.columns
    thickness = frame.thickness
    if thickness > 0:
        spacing = (thickness, *frame.spacing)
        grid = Grid((1, rows, columns), spacing, Scale.PATIENT, affine_of(normal * thickness, frame, frame.spacing))
        return Placed((frame,), grid, (notice("single", distance=thickness),))
    flat = Grid((rows, columns), frame.spacing, Scale.PATIENT, affine_of(normal, frame, frame.spacing))
    return Placed((frame,), flat, (notice("flat"),))


def _even(frames: Sequence[Frame], positions: Vector, said: tuple[Problem, ...]) -> Placed:
    if len(frames) == 1:
        alone = _single(frames[0])
        return Placed(alone.frames, alone.grid, (*said, *alone.noticed))
    first, count = frames[0], len(frames)
    step = (positions[-1] - positions[0]) / (count - 1)
    length = float(np.linalg.norm(step))
    affine = affine_of(step, first, first.spacing)
    grid = Grid((count, first.form.rows, first.form.columns), (length, *first.spacing), Scale.PATIENT, affine)
    return Placed(tuple(frames), grid, (*said, *_remarks(first, positions, step)))


def _remarks(first: Frame, positions: Vector, step: Vector) -> list[Problem]:
    """What a reader must know of an even grid: its lean, positions rounded in the header, gaps or overlap."""
    made: list[Problem] = []
    length, distance = float(np.linalg.norm(step)), abs(float(step @ normal_of(first)))
    lean = math.degrees(math.acos(min(1.0, distance / length)))
    if lean > _TILT:
        made.append(notice("tilt", degrees=round(lean, 2)))
    off = _off_grid(positions, step)
    if off > max(_NOTICED_OFF, _NOTICED_OFF * length):
        made.append(notice("rounded", most=off))
    thickness = first.thickness
    if thickness > 0 and abs(thickness - distance) > max(_NOTICED_OFF, 2 * _NOTICED_OFF * distance):
        made.append(notice("gaps" if thickness < distance else "overlap", thickness=thickness, distance=distance))
    return made


def _off_grid(positions: Vector, step: Vector) -> float:
    """How far (mm) the slice farthest off lies from the even grid that starts at the first."""
    even = positions[0] + np.arange(len(positions))[:, None] * step
    return float(np.linalg.norm(positions - even, axis=1).max())


def _allowed(length: float) -> float:
    return _OFF_GRID * min(1.0, length)


Part = tuple[int, int, tuple[Problem, ...]]


def _parts(positions: Vector, normal: Vector) -> list[Part] | None:
    """Ranges of slices that lie evenly, with what is said of each; None where no even grid fits."""
    steps = np.diff(positions, axis=0)
    if (steps @ normal).min() <= 1e-3 * np.linalg.norm(steps, axis=1).max():
        return None  # slices side by side: no stack
    mean = (positions[-1] - positions[0]) / len(steps)
    if _off_grid(positions, mean) <= _allowed(float(np.linalg.norm(mean))):
        return [(0, len(positions), ())]
    usual = _usual(steps)
    if usual is None:
        return None
    cuts = _cuts(steps, usual)
    bounds = [0, *(cut + 1 for cut in cuts), len(positions)]
    ranges = list(pairwise(bounds))
    if len(ranges) > _MOST_PARTS or (len(positions) > 3 and len(ranges) > len(positions) / 2):
        return None
    return [(start, end, _said(steps, usual, start, end)) for start, end in ranges]


def _usual(steps: Vector) -> Vector | None:
    """The step most slices are apart by; of several the shortest, as a gap is never shorter than what it skips.

    None where there are too many different ones for any to be usual.
    """
    different = np.unique(np.round(steps, 2), axis=0)
    if len(different) > _MOST_STEPS:
        return None
    alike = [
        int((np.linalg.norm(steps - one, axis=1) <= _allowed(float(np.linalg.norm(one)))).sum()) for one in different
    ]
    best = max(range(len(different)), key=lambda at: (alike[at], -float(np.linalg.norm(different[at]))))
    near = np.linalg.norm(steps - different[best], axis=1) <= _allowed(float(np.linalg.norm(different[best])))
    return np.asarray(steps[near].mean(axis=0) if near.any() else different[best], np.float64)


def _cuts(steps: Vector, usual: Vector) -> list[int]:
    """The steps between which the series is cut: lone ones that are not usual, and the first of another even run."""
    cuts: list[int] = []
    at = 0
    while at < len(steps):
        length = _allowed(float(np.linalg.norm(steps[at])))
        end = at + 1
        while end < len(steps) and np.linalg.norm(steps[end] - steps[at]) <= length:
            end += 1
        is_usual = float(np.linalg.norm(steps[at] - usual)) <= _allowed(float(np.linalg.norm(usual)))
        follows = bool(at) and at - 1 not in cuts
        if (not is_usual and end - at == 1) or follows:
            cuts.append(at)
        at = end
    return cuts


def _said(steps: Vector, usual: Vector, start: int, end: int) -> tuple[Problem, ...]:
    """What is said of a part: slices missing beside it where the gap is a multiple, or the distance it has."""
    length = float(np.linalg.norm(usual))
    own = steps[start] if end - start > 1 else usual
    is_usual = float(np.linalg.norm(own - usual)) <= _allowed(length)
    missing = 0
    for edge in ([start - 1] if start else []) + ([end - 1] if end - 1 < len(steps) else []):
        times = round(float(steps[edge] @ usual) / length**2)
        if times > 1 and float(np.linalg.norm(steps[edge] - times * usual)) <= _allowed(length):
            missing += times - 1
    if missing and is_usual:
        return (notice("missing", count=missing),)
    return (notice("unequal", distance=float(np.linalg.norm(own))),)
