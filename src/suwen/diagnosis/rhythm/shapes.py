"""The shapes of QRS: which beats look alike, how wide each is, and whether the usual P wave stands before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.filters import bandpass, bridged, smoothed

__all__ = ["Shapes", "beat_shapes", "unexpected"]

Floats = NDArray[np.float64]
_SAME = 0.75  # correlation from which two complexes have one shape
_AT_ONCE = 240  # beats that are compared each with each
_MANY = 4000  # usual beats of which the P wave is averaged
_SAMPLES = 1_000_000  # of pieces that are looked at at once
_REACH = 0.16  # s to both sides of R in which QRS is


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """Of each beat: `like`, the correlation with the usual complex; `width` of QRS and its begin `on` in samples.

    `led` is the correlation of the 0.2 s before QRS with those of usual beats (its P wave). `clean` is the trace
    (leads, time) from 1 to 30 Hz that all of this was measured in.
    """

    like: Floats
    width: NDArray[np.int64]
    on: NDArray[np.int64]
    led: Floats
    clean: NDArray[np.float32]

    @property
    def usual(self) -> NDArray[np.bool_]:
        """Which beats have the usual shape."""
        return self.like >= _SAME

    @property
    def breadth(self) -> Floats:
        """Width over that of the usual beats."""
        there = self.width[self.usual]
        return np.asarray(self.width / max(float(np.median(there)) if len(there) else 1.0, 1.0), np.float64)


def beat_shapes(values: Any, rate: float, places: NDArray[np.int64]) -> Shapes:
    """Shapes of the beats at the samples `places` of a trace (leads, time); at least two beats.

    The usual shape is that of most beats; of two that are about as frequent (bigeminy), the narrower one.

    Raises:
        InputError: the trace is no array of leads and time.

    """
    clean, _gaps = bridged(bandpass(values, rate, 1.0, 30.0), copy=False)
    on, width = _edges(clean, rate, places)
    reach = round(0.12 * rate)
    like = _compared(clean, places, (-reach, reach + 1), _usual_shape(clean, places, reach, width))
    usual = np.flatnonzero(like >= _SAME)
    usual = usual if len(usual) else np.arange(len(places))
    span = (-round(0.2 * rate), -round(0.03 * rate))
    before = _cut(clean, on[_spread(usual, _MANY)], *span)
    middle = np.median(before - before.mean(axis=2, keepdims=True), axis=0)
    return Shapes(like, width, on, _compared(clean, on, span, _whole(middle.reshape(-1))), clean)


def unexpected(shapes: Shapes, rate: float, places: NDArray[np.int64], number: int) -> float:
    """How much there is before a beat that does not stand there after other beats: a premature P on the T wave.

    The 0.2 s before QRS, less what follows usual beats nearby at the same distance, over how much those differ among
    themselves; 1 is as usual, 0 cannot be told.
    """
    last = places[number - 1]
    begin = max(shapes.on[number] - round(0.22 * rate) - last, round(0.12 * rate))
    end = shapes.on[number] - round(0.05 * rate) - last
    if number < 2 or end - begin < 0.05 * rate:  # T depends on the interval before it
        return 0.0
    near = np.arange(max(0, number - 12), min(len(places) - 1, number + 12))
    free = shapes.on[near + 1] - places[near] > end + round(0.03 * rate)
    peers = near[free & shapes.usual[near] & (near != number - 1)]
    if len(peers) < 4:
        return 0.0
    stack = _cut(shapes.clean, places[peers], int(begin), int(end))
    stack = _level(stack)
    own = _level(_cut(shapes.clean, np.array([last]), int(begin), int(end)))
    rest = _unlike(np.concatenate([own, stack]), np.median(stack, axis=0))
    return float(rest[0] / max(float(np.median(rest[1:])), 1e-6))


def _cut(clean: NDArray[np.float32], places: NDArray[np.int64], begin: int, end: int) -> Floats:
    """Pieces (beats, leads, time) from `begin` to `end` samples after each place; beyond the trace its last value."""
    window = np.clip(places[:, None] + np.arange(begin, end), 0, clean.shape[1] - 1)
    return np.asarray(clean[:, window].transpose(1, 0, 2), np.float64)


def _unlike(pieces: Floats, middle: Floats) -> Floats:
    """How much (root mean square) is left of each piece when the middle one, as high and as late as fits, is taken off.

    T comes earlier or later by what the interval before it was; that is no P wave.
    """
    terms = np.stack([middle.ravel(), np.gradient(middle, axis=1).ravel()], axis=1)
    lines = pieces.reshape(len(pieces), -1).T
    fit, *_ = np.linalg.lstsq(terms, lines, rcond=None)
    return np.asarray(np.sqrt(((lines - terms @ fit) ** 2).mean(axis=0)))


def _level(pieces: Floats) -> Floats:
    """Pieces less their straight lines: a slow begin of QRS is none of a P wave."""
    time = np.arange(pieces.shape[2]) - (pieces.shape[2] - 1) / 2
    slope = (pieces @ time) / (time @ time)
    return np.asarray(pieces - pieces.mean(axis=2, keepdims=True) - slope[..., None] * time)


def _unit(pieces: Floats) -> Floats:
    """Each piece less the mean of each lead, as one vector of length one."""
    moved = (pieces - pieces.mean(axis=2, keepdims=True)).reshape(len(pieces), -1)
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9))


def _whole(vector: Floats) -> Floats:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9))


def _spread(numbers: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """All numbers, or so many of them evenly spread."""
    chosen = np.unique(np.linspace(0, len(numbers) - 1, min(len(numbers), most)).astype(int))
    return np.asarray(numbers[chosen], np.int64)


def _parts(clean: NDArray[np.float32], places: NDArray[np.int64], width: int) -> list[NDArray[np.int64]]:
    """The places, so many at a time that pieces of this width of all leads fit into little memory."""
    many = max(1, _SAMPLES // (len(clean) * width))
    return [places[begin : begin + many] for begin in range(0, len(places), many)]


def _compared(clean: NDArray[np.float32], places: NDArray[np.int64], span: tuple[int, int], shape: Floats) -> Floats:
    """Correlation with a shape of the pieces (leads in a row) `span` samples around each place."""
    parts = _parts(clean, places, span[1] - span[0])
    return np.asarray(np.concatenate([_unit(_cut(clean, part, *span)) @ shape for part in parts]), np.float64)


def _usual_shape(clean: NDArray[np.float32], places: NDArray[np.int64], reach: int, width: NDArray[np.int64]) -> Floats:
    """The usual complex, as a vector of length one: that which most beats resemble, of two such the narrower."""
    chosen = _spread(np.arange(len(places)), _AT_ONCE)
    some, wide = _unit(_cut(clean, places[chosen], -reach, reach + 1)), width[chosen]
    alike = some @ some.T >= 0.8
    np.fill_diagonal(alike, val=True)  # a flat one too
    kinds: list[tuple[int, float, NDArray[np.bool_]]] = []
    left = np.ones(len(some), bool)
    while left.any() and len(kinds) < 4:
        lead = int(np.argmax((alike & left).sum(axis=1) * left))
        members = alike[lead] & left
        kinds.append((int(members.sum()), float(np.median(wide[members])), members))
        left &= ~members
    most = kinds[0][0]
    rivals = [kind for kind in kinds if kind[0] >= max(0.4 * most, 3)] or kinds[:1]
    least = min(kind[1] for kind in rivals)
    members = max((kind for kind in rivals if kind[1] <= 1.2 * least), key=lambda kind: kind[0])[2]
    return _whole(np.median(some[members], axis=0))


def _edges(
    clean: NDArray[np.float32], rate: float, places: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Begin of QRS and its width, in samples: from R outwards until it is slow for 20 ms."""
    speed = smoothed(_speed(clean), max(1, round(0.012 * rate)))
    reach, near, still = round(_REACH * rate), round(0.08 * rate), max(2, round(0.02 * rate))
    begins, widths = [], []
    for part in _parts(clean, places, 2 * reach + 1):
        line = _cut(speed, part, -reach, reach + 1)[:, 0]
        fast = line > 0.15 * line[:, reach - near : reach + near + 1].max(axis=1, keepdims=True)
        back, ahead = _outwards(fast[:, reach::-1], still), _outwards(fast[:, reach:], still)
        begins.append(part - back)
        widths.append(np.maximum(back + ahead, 1))
    return np.concatenate(begins), np.concatenate(widths)


def _speed(clean: NDArray[np.float32]) -> NDArray[np.float32]:
    """How fast all leads together move (time,), in stretches that need little memory."""
    found = np.empty(clean.shape[1], np.float32)
    for begin in range(0, len(found), _SAMPLES):
        first = max(0, begin - 1)
        part = np.gradient(clean[:, first : begin + _SAMPLES + 1], axis=1)[:, begin - first :][:, :_SAMPLES]
        found[begin : begin + _SAMPLES] = np.sqrt((part**2).mean(axis=0))
    return found


def _outwards(fast: NDArray[np.bool_], still: int) -> NDArray[np.int64]:
    """Steps from the first column to the last fast one before `still` slow ones in a row."""
    steps = fast.shape[1]
    last = np.maximum.accumulate(np.where(fast, np.arange(steps), 0), axis=1)
    ended = np.arange(steps) - last >= still
    first = np.where(ended.any(axis=1), np.argmax(ended, axis=1), steps - 1)
    return np.asarray(last[np.arange(len(fast)), first], np.int64)
