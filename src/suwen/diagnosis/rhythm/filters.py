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


def checked(values: Any, rate: float) -> Floats:
    """The trace as float32 (leads, time), a copy; one lead may come as (time,). What no amplifier gives is a gap.

    Raises:
        InputError: the array has other axes, no numbers or no lead, or `rate` is no frequency from 20 to 20,000 Hz.

    """
    try:
        with np.errstate(over="ignore"):
            trace = np.array(values, np.float32)
    except (TypeError, ValueError):
        raise InputError("a trace is an array of numbers, in millivolts") from None
    if trace.ndim == 1:
        trace = trace[None]
    if trace.ndim != 2 or not trace.shape[0]:
        raise InputError(f"a trace has the axes leads and time, not the shape {trace.shape}")
    if not 20 <= rate <= 20_000:
        raise InputError(f"an ECG is sampled 20 to 20,000 times a second, not {rate:g} times; give the rate in Hz")
    trace[~(np.abs(trace) <= _MOST)] = np.nan
    return trace


def bandpass(values: Any, rate: float, low: float, high: float) -> Floats:
    """What lies between `low` and `high` Hz (half amplitude there), every peak in its place; gaps stay gaps.

    Raises:
        InputError: see `checked`, or the cut-offs are not in order.

    """
    if not 0 < low < high:
        raise InputError(f"a band goes from a lower to a higher frequency, not from {low:g} to {high:g} Hz")
    return lowpass(without_baseline(values, rate, low), rate, high)


def lowpass(values: Any, rate: float, high: float) -> Floats:
    """What lies below `high` Hz; above half the rate nothing is there to be taken away."""
    trace = checked(values, rate)
    if high >= 0.45 * rate:
        return trace.copy()
    return _over_gaps(trace, _sinc(high / rate))


def without_baseline(values: Any, rate: float, low: float = 0.67) -> Floats:
    """The trace less everything slower than `low` Hz: breathing, sweat, drift."""
    trace = checked(values, rate)
    filled, gaps = bridged(trace)
    # computed at a lower rate, where the kernel is short: what is slow is the same there
    step = max(1, int(rate / (24 * low)))
    slow = lowpass(filled, rate, rate / (2.5 * step))[:, ::step] if step > 1 else filled
    drift = _over_gaps(slow, _sinc(low * step / rate))
    if step > 1:
        there = np.arange(trace.shape[1]) / step
        drift = np.stack([_between(lead, there) for lead in drift])
    return np.asarray(np.where(gaps, np.float32(np.nan), filled - drift), np.float32)


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
    padded = _mirrored(trace, half)
    sums = np.zeros((len(padded), padded.shape[1] + 1))
    np.cumsum(padded, axis=1, dtype=np.float64, out=sums[:, 1:])
    return np.asarray((sums[:, 2 * half + 1 :] - sums[:, : -2 * half - 1]) / (2 * half + 1), np.float32)


def resampled(values: Any, rate: float, to: float) -> Floats:
    """The trace at `to` Hz: nothing that the new rate could not show remains; sample n stands at n / to seconds."""
    trace = checked(values, rate)
    if abs(rate - to) < 1e-9 * rate:
        return trace.copy()
    kept = lowpass(trace, rate, 0.42 * to) if to < rate else trace
    there = np.arange(int(np.floor((trace.shape[1] - 1) * to / rate)) + 1 if trace.shape[1] else 0) * (rate / to)
    return np.stack([_between(lead, there) for lead in kept])


def bridged(values: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """The trace with straight lines over its gaps (not a number, or infinite), and where they were."""
    gaps = ~np.isfinite(values)
    if not gaps.any():
        return values.copy(), gaps
    filled = np.where(gaps, np.float32(0), values)
    places = np.arange(values.shape[1])
    for lead, hole in zip(filled, gaps, strict=True):
        if hole.any() and not hole.all():
            lead[hole] = np.interp(places[hole], places[~hole], lead[~hole])
    return filled, gaps


def _over_gaps(trace: Floats, kernel: NDArray[np.float64]) -> Floats:
    filled, gaps = bridged(trace)
    found = np.stack([_convolved(lead, kernel) for lead in filled])
    found[gaps] = np.nan
    return found


def _convolved(lead: Floats, kernel: NDArray[np.float64]) -> Floats:
    """One lead with a symmetric kernel of odd length, in blocks of the Fourier transform."""
    if len(lead) < 2:
        return lead.copy()
    half = len(kernel) // 2
    block = max(_BLOCK, 1 << int(np.ceil(np.log2(4 * half + 2))))
    if len(lead) + 2 * half < block:
        block = 1 << int(np.ceil(np.log2(len(lead) + 2 * half)))
    padded = _mirrored(lead[None], half)[0]
    pattern = np.fft.rfft(kernel, block)
    step, found = block - 2 * half, np.empty(len(lead), np.float32)
    for begin in range(0, len(lead), step):
        piece = np.fft.irfft(np.fft.rfft(padded[begin : begin + block], block) * pattern, block)
        size = min(step, len(lead) - begin)
        found[begin : begin + size] = piece[2 * half : 2 * half + size]
    return found


def _mirrored(trace: Floats, half: int) -> Floats:
    """Both ends turned over point by point, so that level and slope go on; a short trace is turned several times."""
    if half < trace.shape[1]:  # what np.pad does, without its price, which counts when beats are looked at one by one
        return np.concatenate([trace[:, half:0:-1], trace, trace[:, -2 : -half - 2 : -1]], axis=1)
    edge = "reflect" if trace.shape[1] > 1 else "edge"
    return np.pad(trace, ((0, 0), (half, half)), mode=edge, **({"reflect_type": "even"} if edge == "reflect" else {}))  # type: ignore[call-overload,no-any-return]


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
