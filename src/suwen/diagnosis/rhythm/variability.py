"""Heart-rate variability by the Task Force of the ESC and NASPE (Circulation 1996;93:1043): time and frequency domain.

Only intervals between normal beats count (NN). Beats said to be ectopic take the intervals before and after with them;
where no kinds are given, intervals that leave the median of their surroundings by more than a fifth are left out
(Malik's rule of 20 %), and how many is said. In the frequency domain gaps are bridged by cubic interpolation at 4 Hz.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError

__all__ = ["BANDS", "Variability", "lomb_power", "normal_intervals", "variability", "welch_power"]

Floats = NDArray[np.float64]
BANDS = {"vlf": (0.0033, 0.04), "lf": (0.04, 0.15), "hf": (0.15, 0.40)}  # Hz, table 2 of the Task Force
_RATE = 4.0  # Hz of the evenly sampled intervals
_BIN = 1000 / 128  # ms, width of the bins of the triangular index, chapter "Geometrical methods"


@dataclass(frozen=True, slots=True)
class Variability:
    """Figures in ms (power in ms^2, pNN50 in percent); None where the trace is too short for one.

    `used` of `total` intervals were normal. SDANN and the SDNN index need two stretches of five minutes, LF two
    minutes, HF one; the triangular index twenty minutes.
    """

    total: int
    used: int
    mean_nn: float | None = None
    sdnn: float | None = None
    rmssd: float | None = None
    pnn50: float | None = None
    sdann: float | None = None
    sdnn_index: float | None = None
    triangular: float | None = None
    vlf: float | None = None
    lf: float | None = None
    hf: float | None = None
    lf_hf: float | None = None
    lf_nu: float | None = None
    hf_nu: float | None = None


def variability(seconds: Any, *, kinds: Any = None, method: str = "welch") -> Variability:
    """Variability of beats at these times (seconds, in order); `kinds` names each beat, "N" is normal.

    Raises:
        InputError: times are not numbers in order, kinds are of another number, or the method is not "welch" or "lomb".

    """
    if method not in ("welch", "lomb"):
        raise InputError(
            f"power is computed by welch or lomb, not by {method!r}", zh=f"功率谱用 welch 或 lomb 计算，而非 {method!r}"
        )
    times, nn, keep = normal_intervals(seconds, kinds=kinds)
    used = nn[keep]
    if len(used) < 2:
        return Variability(len(nn), len(used))
    follow = keep[1:] & keep[:-1]
    steps = np.diff(nn)[follow]
    parts = _stretches(times[keep], used)
    power = _powers(times[keep], used, method)
    return Variability(
        len(nn),
        len(used),
        mean_nn=float(used.mean()),
        sdnn=float(used.std(ddof=1)),
        rmssd=float(np.sqrt(np.mean(steps**2))) if len(steps) else None,
        pnn50=float(100 * np.mean(np.abs(steps) > 50)) if len(steps) else None,
        sdann=float(np.std([part.mean() for part in parts], ddof=1)) if len(parts) > 1 else None,
        sdnn_index=float(np.mean([part.std(ddof=1) for part in parts])) if len(parts) > 1 else None,
        triangular=_triangular(used) if times[keep][-1] - times[keep][0] >= 1200 else None,
        **power,
    )


def normal_intervals(seconds: Any, *, kinds: Any = None) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Time of each interval's end (s), the intervals (ms), and which are between normal beats.

    Raises:
        InputError: times are not numbers in order, or kinds are of another number.

    """
    times = np.asarray(seconds, np.float64)
    if times.ndim != 1 or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise InputError(
            "beats are given as times in seconds, each later than the one before",
            zh="搏动须以秒为单位的时间给出，且逐个递增",
        )
    nn = np.diff(times) * 1000
    keep = (nn >= 250) & (nn <= 3000)
    if kinds is not None:
        named = np.asarray(list(kinds))
        if len(named) != len(times):
            raise InputError(
                f"there are {len(times)} beats and {len(named)} kinds",
                zh=f"有 {len(times)} 个搏动和 {len(named)} 个类型",
            )
        normal = named == "N"
        keep &= normal[1:] & normal[:-1]
    else:
        keep &= np.abs(nn / _surroundings(nn) - 1) <= 0.2
    return times[1:], nn, keep


def welch_power(times: Floats, nn: Floats) -> tuple[Floats, Floats]:
    """Frequencies (Hz) and power density (ms^2/Hz) of intervals, evenly sampled at 4 Hz, by Welch 1967.

    Stretches of 256 s at most, half overlapping, under a Hann window; each less its mean.
    """
    grid = np.arange(times[0], times[-1], 1 / _RATE)
    even = _spline(times, nn, grid)
    size = min(len(even), int(256 * _RATE))
    window = np.hanning(size + 1)[:-1]
    starts = range(0, len(even) - size + 1, max(1, size // 2))
    spectra = []
    for start in starts:
        part = even[start : start + size]
        spectra.append(np.abs(np.fft.rfft((part - part.mean()) * window)) ** 2)
    density = 2 * np.mean(spectra, axis=0) / (_RATE * (window**2).sum())
    return np.asarray(np.fft.rfftfreq(size, 1 / _RATE), np.float64), np.asarray(density, np.float64)


def lomb_power(times: Floats, nn: Floats) -> tuple[Floats, Floats]:
    """The same by Lomb 1976 and Scargle 1982, from the intervals as they stand, nothing resampled."""
    span = times[-1] - times[0]
    frequencies = np.arange(1, int(0.5 * span) + 1) / span
    angle = 2 * np.pi * frequencies
    moved = nn - nn.mean()
    power = np.empty(len(frequencies))
    for place, omega in enumerate(angle):
        shift = np.arctan2(np.sin(2 * omega * times).sum(), np.cos(2 * omega * times).sum()) / (2 * omega)
        cosine, sine = np.cos(omega * (times - shift)), np.sin(omega * (times - shift))
        power[place] = (moved @ cosine) ** 2 / max((cosine**2).sum(), 1e-12)
        power[place] += (moved @ sine) ** 2 / max((sine**2).sum(), 1e-12)
    return frequencies, power * span / len(nn)


def _powers(times: Floats, nn: Floats, method: str) -> dict[str, float | None]:
    span = times[-1] - times[0]
    names: dict[str, float | None] = dict.fromkeys(("vlf", "lf", "hf", "lf_hf", "lf_nu", "hf_nu"))
    if span < 60 or len(nn) < 20:
        return names
    frequencies, density = (welch_power if method == "welch" else lomb_power)(times, nn)
    width = float(frequencies[1] - frequencies[0])
    band = {
        name: float(density[(frequencies >= low) & (frequencies < high)].sum() * width)
        for name, (low, high) in BANDS.items()
    }
    names["hf"] = band["hf"]
    if span >= 120:
        both = band["lf"] + band["hf"]
        names |= {"lf": band["lf"], "lf_hf": band["lf"] / band["hf"] if band["hf"] > 0 else None}
        names |= {"lf_nu": 100 * band["lf"] / both, "hf_nu": 100 * band["hf"] / both} if both > 0 else {}
    if span >= 300:
        names["vlf"] = band["vlf"]
    return names


def _surroundings(nn: Floats) -> Floats:
    """Median of eleven intervals around each."""
    if not len(nn):
        return nn
    padded = np.pad(nn, 5, mode="reflect" if len(nn) > 5 else "edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 11), axis=1))


def _stretches(times: Floats, nn: Floats) -> list[Floats]:
    """The intervals of every whole five minutes that are at least half covered."""
    number = ((times - times[0]) // 300).astype(int)
    whole = int((times[-1] - times[0]) // 300)
    parts = [nn[number == one] for one in range(whole)]
    return [part for part in parts if part.sum() >= 150_000]


def _triangular(nn: Floats) -> float:
    """All intervals over the height of their histogram, in bins of 1/128 s."""
    counts = np.bincount((nn / _BIN).astype(int))
    return float(len(nn) / counts.max())


def _spline(times: Floats, values: Floats, grid: Floats) -> Floats:
    """Natural cubic spline through the points, read at the grid (all within)."""
    width = np.diff(times)
    slope = np.diff(values) / width
    n = len(times)
    # the tridiagonal system of second derivatives, forwards and backwards (Thomas)
    ratio, right = np.zeros(n), np.zeros(n)
    for k in range(1, n - 1):
        below = 2 * (width[k - 1] + width[k]) - width[k - 1] * ratio[k - 1]
        ratio[k] = width[k] / below
        right[k] = (6 * (slope[k] - slope[k - 1]) - width[k - 1] * right[k - 1]) / below
    second = np.zeros(n)
    for k in range(n - 2, 0, -1):
        second[k] = right[k] - ratio[k] * second[k + 1]
    at = np.clip(np.searchsorted(times, grid, "right") - 1, 0, n - 2)
    near, step = grid - times[at], width[at]
    first = slope[at] - step * (2 * second[at] + second[at + 1]) / 6
    return np.asarray(
        values[at] + near * (first + near * (second[at] / 2 + near * (second[at + 1] - second[at]) / (6 * step)))
    )
