"""Episodes out of odds: the likeliest course over the beats, none shorter than five, with borders put to the beat.

The course is the best path of two states (Viterbi 1967) that pays for every change. A border is then moved to where
intervals and P waves change: on the one side they are as in the beats before, on the other they are not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["course", "moved_borders", "runs"]

Floats = NDArray[np.float64]
_CHANGE = 12.0  # what a change of state costs, in log odds
_MOST = 4.0  # log odds that one beat can bring
_LEAST = 5  # beats of an episode, and between two (CPSC2021)
_REACH = 6  # beats that a border may move
_BESIDE = 12  # beats beside the border that say how the rhythm was


def course(odds: Floats) -> NDArray[np.bool_]:
    """Whether each beat lies in an episode, by the log odds (beats,)."""
    state = _path(np.clip(odds, -_MOST, _MOST).tolist())
    for kind in (False, True):
        for begin, end in runs(state == kind):
            inside = begin > 0 and end < len(state)
            if end - begin < _LEAST and (kind or inside):
                state[begin:end] = not kind
    return state


def _path(odds: list[float]) -> NDArray[np.bool_]:
    """The best path: half the odds are paid or won by either state."""
    calm, ill = -odds[0] / 2, odds[0] / 2
    turned: list[tuple[bool, bool]] = [(False, False)]  # whether the best way to each state comes from the other
    for one in odds[1:]:
        to_calm, to_ill = ill - _CHANGE > calm, calm - _CHANGE > ill
        calm, ill = (
            (ill - _CHANGE if to_calm else calm) - one / 2,
            (calm - _CHANGE if to_ill else ill) + one / 2,
        )
        turned.append((to_calm, to_ill))
    state = np.zeros(len(odds), bool)
    at = ill > calm
    for number in range(len(odds) - 1, -1, -1):
        state[number] = at
        at ^= turned[number][at]
    return state


def runs(where: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Begins and ends (excluded) of what is true in a row."""
    edges = np.diff(np.concatenate([[0], where.astype(np.int8), [0]]))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


def moved_borders(state: NDArray[np.bool_], intervals: Floats, pieces: Floats) -> NDArray[np.bool_]:
    """The course with its borders where the rhythm changes.

    `intervals` (beats,) are ln RR before each beat; `pieces` (beats, steps) the places before QRS.
    """
    found = np.zeros(len(state), bool)
    spans = runs(state)
    for number, (begin, end) in enumerate(spans):
        last = spans[number - 1][1] if number else 0
        following = spans[number + 1][0] if number + 1 < len(spans) else len(state)
        first, final = begin, end
        if begin > 0:
            first = _begin(intervals, pieces, range(max(last, begin - _BESIDE), begin), begin, end)
        if end < len(state):
            final = _end(intervals, pieces, range(end, min(following, end + _BESIDE)), first, end)
        found[first : max(final, first + 1)] = True
    return found


def _begin(x: Floats, pieces: Floats, calm: range, begin: int, end: int) -> int:
    """The first beat of the episode: from it on intervals fit the rhythm beside no more."""
    gain = _strangeness(x, pieces, calm)
    low, high = max(calm.start + 2, begin - _REACH), min(begin + _REACH, end - _LEAST)
    if high <= low:
        return begin
    before = np.concatenate([[0.0], np.cumsum(gain[low:high])])
    return low + int(np.argmin(before))  # what lies before should be calm: its sum of strangeness the lowest


def _end(x: Floats, pieces: Floats, calm: range, begin: int, end: int) -> int:
    """One past the last beat of the episode; the interval to the next beat is a pause and belongs to neither."""
    gain = _strangeness(x, pieces, calm, shift=1)
    low, high = max(end - _REACH, begin + _LEAST), min(end + _REACH, calm.stop - 1)
    if high <= low:
        return end
    inside = np.concatenate([[0.0], np.cumsum(gain[low:high])])
    return low + int(np.argmax(inside))


def _strangeness(x: Floats, pieces: Floats, calm: range, *, shift: int = 0) -> Floats:
    """Of every beat near, how much likelier it is of the episode than of the calm rhythm beside it, in log odds.

    With `shift` the interval after a beat is looked at, not that before.
    """
    near = slice(max(0, calm.start - 2 * _REACH), calm.stop + 2 * _REACH)
    beside = x[calm.start + (1 if shift else 0) : calm.stop]
    found = np.zeros(len(x))
    if len(beside) < 2:
        return found
    middle = float(np.median(beside))
    spread = max(0.03, float(np.median(np.abs(beside - middle))))
    aside = np.abs(np.roll(x, -shift)[near] - middle)
    likely = 0.9 / (2 * spread) * np.exp(-aside / spread) + 0.1  # a tenth may be premature, anywhere
    found[near] = np.log(0.8) - np.log(likely)
    usual = np.median(pieces[calm.start : calm.stop], axis=0)
    sizes = np.linalg.norm(pieces[near], axis=1) * np.linalg.norm(usual)
    like = pieces[near] @ usual / np.maximum(sizes, 1e-9)
    clear = float(np.clip(np.median(like[_inside(calm, near)]) - 0.4, 0, 0.6)) / 0.6
    found[near] += clear * np.clip(4 * (0.5 - like), -2, 2)
    return found


def _inside(calm: range, near: slice) -> slice:
    return slice(calm.start - near.start, calm.stop - near.start)
