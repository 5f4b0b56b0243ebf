"""Filters that move nothing: symmetric kernels, mirrored ends, gaps bridged and put back as gaps.

A kernel that is its own mirror image delays every frequency by the same time, which is taken off again: peaks stay
where they are. Cut-offs follow the AHA/ACC/HRS recommendation of 2007 (Kligfield et al., Circulation 2007;115:1306):
diagnostic traces keep 0.05 Hz (0.67 Hz when the phase is linear, as here) to 150 Hz.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError

__all__ = ["bandpass", "bridged", "checked", "lowpass", "notch", "resampled", "smoothed", "without_baseline"]

Floats = NDArray[np.float32]
_MOST = 1e7  # mV, and more than any unsigned count of a converter of 16 or 22 bits
_BLOCK = 1 << 16  # samples of a stretch that is transformed at once
_LONG = 1 << 20  # samples whose running mean is computed at once
_PIECES = 512  # places of a slow line that are computed at once


def checked(values: Any, rate: float) -> Floats:
    """The trace as float32 (leads, time), a copy; one lead may come as (time,). What no amplifier gives is a gap.

    Raises:
        InputError: the array has other axes, no numbers or no lead, or `rate` is no frequency from 20 to 20,000 Hz.

    """
    try:
        with np.errstate(over="ignore"):
            trace = np.array(values, np.float32)
    except (TypeError, ValueError):
        raise InputError("a trace is an array of numbers, in millivolts", zh="波形须为以毫伏计的数字数组") from None
    if trace.ndim == 1:
        trace = trace[None]
    if trace.ndim != 2 or not trace.shape[0]:
        raise InputError(
            f"a trace has the axes leads and time, not the shape {trace.shape}",
            zh=f"波形的两轴为导联和时间，而非形状 {trace.shape}",
        )
    if not 20 <= rate <= 20_000:
        raise InputError(
            f"an ECG is sampled 20 to 20,000 times a second, not {rate:g} times; give the rate in Hz",
            zh=f"心电图采样率为每秒 20 至 20,000 次，而非 {rate:g} 次；请以 Hz 给出",
        )
    if trace.size and not (trace.min() >= -_MOST and trace.max() <= _MOST):
        trace[~(np.abs(trace) <= _MOST)] = np.nan
    return trace


def bandpass(values: Any, rate: float, low: float, high: float) -> Floats:
    """What lies between `low` and `high` Hz (half amplitude there), every peak in its place; gaps stay gaps.

    Raises:
        InputError: see `checked`, or the cut-offs are not in order.

    """
    if not 0 < low < high:
        raise InputError(
            f"a band goes from a lower to a higher frequency, not from {low:g} to {high:g} Hz",
            zh=f"频带须由低到高，而非 {low:g} 至 {high:g} Hz",
        )
    return _low(_undrifted(checked(values, rate), rate, low), rate, high)


def lowpass(values: Any, rate: float, high: float) -> Floats:
    """What lies below `high` Hz; above half the rate nothing is there to be taken away."""
    return _low(checked(values, rate), rate, high)


def without_baseline(values: Any, rate: float, low: float = 0.67) -> Floats:
    """The trace less everything slower than `low` Hz: breathing, sweat, drift."""
    return _undrifted(checked(values, rate), rate, low)


def _low(trace: Floats, rate: float, high: float) -> Floats:
    return trace if high >= 0.45 * rate else _over_gaps(trace, _sinc(high / rate))


def _undrifted(trace: Floats, rate: float, low: float) -> Floats:
    """The trace less what is slow, in its place."""
    filled, gaps = trace, _bridge(trace)
    # computed at a lower rate, where the kernel is short: what is slow is the same there
    step = max(1, int(rate / (24 * low)))
    slow = _every(filled, _sinc(1 / (2.5 * step)), step) if step > 1 else filled
    drift = _over_gaps(slow, _sinc(low * step / rate))
    for lead, line in zip(filled, drift, strict=True):
        if step > 1:
            _take_off(lead, line, step)
        else:
            np.subtract(lead, line, out=lead)
    filled[gaps] = np.nan
    return filled


def _every(filled: Floats, kernel: NDArray[np.float64], step: int) -> Floats:
    """Every `step`-th sample of what a symmetric kernel of odd length leaves of the trace."""
    if filled.shape[1] < 2:
        return filled.copy()
    half = len(kernel) // 2
    found = np.empty((len(filled), -(-filled.shape[1] // step)), np.float32)
    for begin in range(0, found.shape[1], _PIECES):
        last = min(begin + _PIECES, found.shape[1]) - 1
        part = _around(filled, begin * step - half, last * step + half + 1)
        pieces = np.lib.stride_tricks.sliding_window_view(part, len(kernel), axis=1)[:, ::step]
        found[:, begin : last + 1] = pieces.astype(np.float64) @ kernel
    return found


def _take_off(lead: Floats, line: Floats, step: int) -> None:
    """Subtract from the lead (time,) a line whose samples stand at every `step`-th of it; in stretches of it."""
    for begin in range(0, len(lead), _BLOCK):
        end = min(begin + _BLOCK, len(lead))
        first = max(0, begin // step - 2)
        there = np.arange(begin, end) / step - first
        lead[begin:end] -= _between(line[first : end // step + 4], there)


def notch(values: Any, rate: float, mains: float = 50.0) -> Floats:
    """The trace less the mains at `mains` Hz and its first harmonic, followed through changes of its strength."""
    trace = checked(values, rate)
    filled, gaps = bridged(trace)
    for hertz in (mains, 2 * mains):
        if hertz < 0.45 * rate:
            filled = filled - _hum(filled, rate, hertz)
    filled[gaps] = np.nan
    return np.asarray(filled, np.float32)


def smoothed(values: Any, width: int) -> Floats:
    """Running mean over `width` samples (made odd) along the last axis, mirrored at the ends."""
    trace = np.atleast_2d(np.asarray(values, np.float32))
    half = max(0, width // 2)
    if not half or trace.shape[1] < 2:
        return trace.copy()
    found = np.empty_like(trace)
    for begin in range(0, trace.shape[1], _LONG):
        part = _around(trace, begin - half, min(begin + _LONG, trace.shape[1]) + half)
        sums = np.zeros((len(part), part.shape[1] + 1))
        np.cumsum(part, axis=1, dtype=np.float64, out=sums[:, 1:])
        found[:, begin : begin + _LONG] = (sums[:, 2 * half + 1 :] - sums[:, : -2 * half - 1]) / (2 * half + 1)
    return found


def resampled(values: Any, rate: float, to: float) -> Floats:
    """The trace at `to` Hz: nothing that the new rate could not show remains; sample n stands at n / to seconds."""
    trace = checked(values, rate)
    if abs(rate - to) < 1e-9 * rate:
        return trace
    kept = _low(trace, rate, 0.42 * to) if to < rate else trace
    steps = int(np.floor((trace.shape[1] - 1) * to / rate)) + 1 if trace.shape[1] else 0
    found = np.zeros((len(kept), steps), np.float32)
    for begin in range(0, steps, _BLOCK):
        part = np.arange(begin, min(begin + _BLOCK, steps)) * (rate / to)
        first = max(0, int(part[0]) - 1)
        for lead, row in zip(kept, found, strict=True):
            row[begin : begin + _BLOCK] = _between(lead[first : int(part[-1]) + 4], part - first)
    return found


def bridged(values: Floats, *, copy: bool = True) -> tuple[Floats, NDArray[np.bool_]]:
    """The trace with straight lines over its gaps (not a number, or infinite), and where they were.

    A lead that is all gap is nought. Without `copy` the trace given is changed.
    """
    filled = values.copy() if copy else values
    return filled, _bridge(filled)


def _bridge(trace: Floats) -> NDArray[np.bool_]:
    """Put straight lines over the gaps of a trace, in its place; a lead that is all gap is nought. Gives the gaps."""
    if not trace.size or (np.isfinite(trace.min()) and np.isfinite(trace.max())):
        return np.zeros(trace.shape, bool)  # of which the system gives no page before one is written
    gaps = ~np.isfinite(trace)
    trace[gaps] = 0
    places = np.arange(trace.shape[1])
    for lead, hole in zip(trace, gaps, strict=True):
        if hole.any() and not hole.all():
            lead[hole] = np.interp(places[hole], places[~hole], lead[~hole])
    return gaps


def _over_gaps(trace: Floats, kernel: NDArray[np.float64]) -> Floats:
    """Each lead with a kernel; the trace given has its gaps bridged after that."""
    gaps = _bridge(trace)
    found = np.empty_like(trace)
    for lead, row in zip(trace, found, strict=True):
        _convolve(lead, kernel, row)
    found[gaps] = np.nan
    return found


def _convolve(lead: Floats, kernel: NDArray[np.float64], found: Floats) -> None:
    """One lead with a symmetric kernel of odd length, in blocks of the Fourier transform, into `found`."""
    if len(lead) < 2:
        found[:] = lead
        return
    half = len(kernel) // 2
    block = max(_BLOCK, 1 << int(np.ceil(np.log2(4 * half + 2))))
    if len(lead) + 2 * half < block:
        block = 1 << int(np.ceil(np.log2(len(lead) + 2 * half)))
    pattern = np.fft.rfft(kernel, block)
    step = block - 2 * half
    for begin in range(0, len(lead), step):
        size = min(step, len(lead) - begin)
        piece = _around(lead[None], begin - half, begin + size + half)[0]
        piece = np.fft.irfft(np.fft.rfft(piece, block) * pattern, block)
        found[begin : begin + size] = piece[2 * half : 2 * half + size]


def _around(trace: Floats, begin: int, end: int) -> Floats:
    """Samples `begin` to `end` (leads, time) of a trace that goes on beyond its ends as its own mirror image."""
    size = trace.shape[1]
    if begin >= 0 and end <= size:
        return trace[:, begin:end]
    turn = max(1, 2 * (size - 1))
    places = np.arange(begin, end) % turn
    return np.asarray(trace[:, np.minimum(places, turn - places) if size > 1 else np.zeros_like(places)])


def _sinc(cut: float) -> NDArray[np.float64]:
    """Windowed sinc (Blackman) that halves the amplitude at `cut` cycles a sample; it sums to one.

    It is kept short, and so falls gently from half the cut-off to one and a half of it: a steeper one rings beside QRS.
    """
    half = int(np.ceil(1.4 / cut))
    steps = np.arange(-half, half + 1)
    kernel = 2 * cut * np.sinc(2 * cut * steps) * np.blackman(2 * half + 1)
    return np.asarray(kernel / kernel.sum())


def _hum(filled: Floats, rate: float, hertz: float) -> Floats:
    """The sine at `hertz`, its strength followed over about two seconds, on the trace without its slower parts."""
    fast = filled - lowpass(filled, rate, hertz / 2)
    turning = np.exp(-2j * np.pi * hertz / rate * np.arange(filled.shape[1]))
    width = int(2 * rate)
    parts = fast * turning
    real, imaginary = smoothed(parts.real, width), smoothed(parts.imag, width)
    return np.asarray(2 * ((real + 1j * imaginary) * turning.conj()).real, np.float32)


def _between(lead: Floats, there: NDArray[np.floating[Any]]) -> Floats:
    """Cubic (Catmull-Rom) values between samples; outside, the last one."""
    if not len(lead):
        return np.zeros(len(there), np.float32)
    last = len(lead) - 1
    at = np.clip(there, 0, last)
    left = np.floor(at).astype(np.int64)
    share = np.asarray(at - left, np.float32)
    a, b, c, d = (lead[np.clip(left + move, 0, last)] for move in (-1, 0, 1, 2))
    curve = (2 * a - 5 * b + 4 * c - d) + share * (3 * (b - c) + d - a)
    return np.asarray(b + 0.5 * share * (c - a + share * curve), np.float32)
