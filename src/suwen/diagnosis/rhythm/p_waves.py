"""P waves wherever they stand, before QRS, between beats or apart from them: looked for with QRS and T taken off.

The median QRS and T of the beats of a kind is subtracted from each of them; what remains is compared with the median P
wave (matched filter), or, where no P waves were delineated, with a bump as wide as one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.beats import Beats
from suwen.diagnosis.rhythm.delineation import Delineation
from suwen.diagnosis.rhythm.filters import bandpass, bridged, checked, resampled

__all__ = ["p_waves", "without_ventricles"]

Floats = NDArray[np.float64]
_RATE = 125.0  # Hz, enough for a wave of 80 ms
_HALF = 0.06  # s to both sides of the top of P
_ALIKE, _SIZE = 0.65, 0.45  # correlation with the median P, and size over its size, from which there is one
_ENOUGH = 500  # beats of which a median is made
_TAIL = 0.12  # s after R, from which on T is fitted
_LATER = 0.03  # s by which T comes earlier or later
_APART = 0.2  # s between two P waves at least (300 a minute)


def p_waves(trace: Any, rate: float, beats: Beats, kinds: tuple[str, ...], found: Delineation) -> Floats:
    """Seconds of the tops of all P waves of a trace (leads, time) in mV, conducted or not, in order.

    Those within QRS cannot be seen. Of flutter and fibrillation this says nothing.

    Raises:
        InputError: the trace is no array of leads and time.

    """
    if len(beats.samples) < 3:
        return np.zeros(0)
    clean = _clean(trace, rate)
    rest = without_ventricles(clean, _RATE, beats, kinds, found)
    pattern = _pattern(rest, beats, found)
    if pattern is None:
        return np.zeros(0)
    alike, size = _matched(rest, pattern)
    _hide(alike, beats, found)
    return _tops(np.where(size >= _SIZE, alike, 0.0), found, rate)


def without_ventricles(
    clean: NDArray[np.float32], rate: float, beats: Beats, kinds: tuple[str, ...], found: Delineation
) -> Floats:
    """The trace (leads, time) at `rate` less the median QRS and T of the beats of each kind, faded in and out."""
    rest = np.asarray(clean, np.float64).copy()
    places = np.round(beats.seconds * rate).astype(np.int64)
    begin = max(1, round((_median(found.beats - found.qrs_on, beats.rate, 0.06) + 0.03) * rate))
    end = max(2, round((_median(found.t_off - found.beats, beats.rate, 0.4) + 0.06) * rate))
    for kind in sorted(set(kinds)):
        own = places[np.array([one == kind for one in kinds], bool)]
        shape = _median_shape(clean, own, begin, end)
        if shape is not None:
            _take_off(
                rest, own, shape, _t_fits(clean, own, shape, (begin, round(_TAIL * rate), end), rate), begin, rate
            )
    return rest


def _median_shape(clean: NDArray[np.float32], own: NDArray[np.int64], begin: int, end: int) -> Floats | None:
    """The median of the beats (leads, time), sloped so that it ends where it begins; none of fewer than three."""
    whole = own[(own >= begin) & (own + end <= clean.shape[1])]
    if len(whole) < 3:
        return None
    whole = whole[np.unique(np.linspace(0, len(whole) - 1, min(len(whole), _ENOUGH)).astype(np.int64))]
    pieces = clean[:, whole[:, None] + np.arange(-begin, end)].transpose(1, 0, 2)
    shape = np.median(pieces - pieces[:, :, :1], axis=0)
    return np.asarray(shape - np.linspace(0, 1, begin + end) * shape[:, -1:], np.float64)


def _take_off(
    rest: Floats, own: NDArray[np.int64], shape: Floats, fits: tuple[Floats, Floats], begin: int, rate: float
) -> None:
    """Subtract the shape from each beat, its T as high and as late as it fits there, faded in and out."""
    size = shape.shape[1]
    steps = np.arange(size)
    fade = np.clip((np.minimum(steps, steps[::-1]) + 1) / (0.03 * rate), 0, 1)
    after = steps >= begin + round(_TAIL * rate)
    wave, slope = shape * after, np.gradient(shape, axis=1) * after
    for place, height, late in zip(own.tolist(), *fits, strict=True):
        first, last = max(0, begin - place), min(size, rest.shape[1] - place + begin)
        made = (shape + (height - 1) * wave + late * slope) * fade
        rest[:, place - begin + first : place - begin + last] -= made[:, first:last]


def _t_fits(
    clean: NDArray[np.float32], own: NDArray[np.int64], shape: Floats, cut: tuple[int, int, int], rate: float
) -> tuple[Floats, Floats]:
    """How high T of each beat is against the median (1: as high) and how late in samples, within what RR changes.

    Least squares over T (from `cut[1]` to `cut[2]` samples after R) with the median and its slope as terms.
    """
    begin, tail, end = cut
    wave = shape[:, begin + tail :]  # it ends at nought
    slope = np.gradient(wave, axis=1)
    terms = np.stack([wave.ravel(), slope.ravel()])
    inverse = np.linalg.pinv(terms @ terms.T)
    fits = []
    for part in np.array_split(own, len(own) // 2000 + 1):
        window = np.clip(part[:, None] + np.arange(tail, end), 0, clean.shape[1] - 1)
        pieces = clean[:, window].transpose(1, 0, 2).astype(np.float64)
        pieces -= pieces[:, :, -1:]
        fits.append(pieces.reshape(len(part), -1) @ terms.T @ inverse)
    heights, delays = np.concatenate(fits).T
    return np.clip(heights, 0.7, 1.3), np.clip(delays, -_LATER * rate, _LATER * rate)


def _clean(trace: Any, rate: float) -> NDArray[np.float32]:
    slow = resampled(checked(trace, rate), rate, _RATE) if rate > _RATE else resampled(trace, rate, _RATE)
    clean, _gaps = bridged(bandpass(slow, _RATE, 1.0, 25.0))
    return np.where(np.isfinite(clean), clean, np.float32(0)).astype(np.float32)


def _median(samples: Any, rate: float, otherwise: float) -> float:
    """Median in seconds of distances in samples; where none is there, `otherwise`."""
    there = np.asarray(samples)[np.isfinite(samples)]
    return float(np.median(there)) / rate if len(there) else otherwise


def _pattern(rest: Floats, beats: Beats, found: Delineation) -> Floats | None:
    """The median P (leads, time); of fewer than three, a bump in the direction in which most moves between beats."""
    half = round(_HALF * _RATE)
    tops = found.p_peak[np.isfinite(found.p_peak)] / beats.rate
    places = np.round(tops * _RATE).astype(np.int64)
    places = places[(places >= half) & (places + half < rest.shape[1])]
    if len(places) >= 3:
        return np.asarray(np.median(rest[:, places[:, None] + np.arange(-half, half + 1)], axis=1))
    quiet = np.ones(rest.shape[1], bool)
    for place in np.round(beats.seconds * _RATE).astype(int):
        quiet[max(0, place - round(0.08 * _RATE)) : place + round(0.12 * _RATE)] = False
    if quiet.sum() < _RATE:
        return None
    values, vectors = np.linalg.eigh(np.cov(rest[:, quiet]).reshape(len(rest), len(rest)))
    direction = vectors[:, -1]
    along = direction @ rest[:, quiet]
    if float((along**3).mean()) < 0:  # waves stand up from the level, whichever way the direction points
        direction = -direction
    bump = np.exp(-0.5 * (np.arange(-half, half + 1) / (0.022 * _RATE)) ** 2)
    return np.asarray(direction[:, None] * bump * 2 * np.sqrt(values[-1]))


def _matched(rest: Floats, pattern: Floats) -> tuple[Floats, Floats]:
    """Of every place, correlation with the pattern over all leads, and how large it is there (1: as the pattern)."""
    shape = pattern - pattern.mean(axis=1, keepdims=True)
    width = pattern.shape[1]
    square = float((shape**2).sum())
    along = np.zeros(rest.shape[1])
    power = np.zeros(rest.shape[1])
    one = np.ones(width)
    for lead, wave in zip(rest, shape, strict=True):
        along += np.convolve(lead, wave[::-1], "same")
        mean = np.convolve(lead, one, "same") / width
        power += np.maximum(np.convolve(lead**2, one, "same") - width * mean**2, 0)
    alike = along / np.maximum(np.sqrt(power * square), 1e-9)
    return alike, along / max(square, 1e-9)


def _hide(alike: Floats, beats: Beats, found: Delineation) -> None:
    """Nothing is looked for within QRS, where the median does not fit to the last."""
    on = np.where(np.isfinite(found.qrs_on), found.qrs_on / beats.rate, beats.seconds - 0.05)
    off = np.where(np.isfinite(found.qrs_off), found.qrs_off / beats.rate, beats.seconds + 0.06)
    for begin, end in zip(on, off, strict=True):
        alike[max(0, round((begin - 0.02) * _RATE)) : max(0, round((end + 0.03) * _RATE))] = 0


def _tops(score: Floats, found: Delineation, rate: float) -> Floats:
    """Tops of the score, the highest first, none nearer than `_APART`; where delineation saw a top too, its place."""
    inner = np.flatnonzero((score[1:-1] >= score[:-2]) & (score[1:-1] > score[2:]) & (score[1:-1] >= _ALIKE)) + 1
    kept: list[int] = []
    taken = np.zeros(len(score) + 1, bool)
    reach = round(_APART * _RATE)
    for at in inner[np.argsort(-score[inner], kind="stable")].tolist():
        if not taken[at]:
            kept.append(at)
            taken[max(0, at - reach) : at + reach + 1] = True
    tops = np.sort(np.array(kept, np.float64)) / _RATE
    seen = found.p_peak[np.isfinite(found.p_peak)] / rate
    if len(seen) and len(tops):
        right = np.clip(np.searchsorted(seen, tops), 1, len(seen) - 1) if len(seen) > 1 else np.zeros(len(tops), int)
        left = np.maximum(right - 1, 0)
        nearest = np.where(tops - seen[left] < seen[right] - tops, seen[left], seen[right])
        tops = np.where(np.abs(nearest - tops) < 0.03, nearest, tops)
    return tops
