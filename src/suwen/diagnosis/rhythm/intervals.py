"""Intervals, corrected QT, heart rate and frontal axis from fiducials, with their units and sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from suwen.diagnosis.rhythm.delineation import Delineation
from suwen.errors import InputError

__all__ = ["FORMULAS", "Intervals", "frontal_axis", "intervals", "qt_corrected"]

FORMULAS = ("bazett", "fridericia", "framingham", "hodges")
_PAUSE = 2000.0  # ms


@dataclass(frozen=True, slots=True)
class Intervals:
    """Medians over beats: `pr`, `qrs`, `qt`, `rr` and corrected QT in ms; `axis` in degrees.

    `rate` is what a reader counts on the strip, beats a minute over the whole time: the mean of RR, pauses left out,
    and not the median, which premature beats and their pauses do not move. None: it cannot be measured. `beats` counts
    those that gave the RR.
    """

    pr: float | None
    qrs: float | None
    qt: float | None
    rr: float | None
    rate: float | None
    qtc: Mapping[str, float]
    axis: float | None
    beats: int


def qt_corrected(qt: float, rr: float, formula: str = "fridericia") -> float:
    """QT in ms corrected for the rate by RR in ms.

    Bazett 1920: QT / sqrt(RR); Fridericia 1920: QT / cube root of RR; Framingham (Sagie et al. 1992):
    QT + 154 (1 - RR); Hodges 1983: QT + 1.75 (rate - 60); RR in seconds, QT in ms.

    Raises:
        InputError: the formula is not known, or QT or RR cannot be of a living heart, as when given in seconds.

    """
    if not 100 <= qt <= 1000:
        raise InputError(
            f"QT is given in ms, from 100 to 1000; {qt:g} is not", zh=f"QT 以毫秒计，为 100 至 1000；{qt:g} 不符"
        )
    if not 150 <= rr <= 6000:
        raise InputError(
            f"RR is given in ms, from 150 to 6000; {rr:g} is not", zh=f"RR 以毫秒计，为 150 至 6000；{rr:g} 不符"
        )
    seconds = rr / 1000
    made = {
        "bazett": qt / seconds**0.5,
        "fridericia": qt / seconds ** (1 / 3),
        "framingham": qt + 154 * (1 - seconds),
        "hodges": qt + 1.75 * (60 / seconds - 60),
    }
    if formula not in made:
        raise InputError(
            f"QT is corrected by {', '.join(FORMULAS)}, not by {formula!r}",
            zh=f"QT 校正公式为 {'、'.join(FORMULAS)}，而非 {formula!r}",
        )
    return float(made[formula])


def frontal_axis(one: float, foot: float) -> float | None:
    """Degrees of the frontal axis, -180 to 180, of net sizes (area or height) in I and aVF; None where both are nought.

    aVF is an augmented lead, by 2 / sqrt(3) smaller than I for the same vector (Burger & van Milaan 1948).
    """
    if not (np.isfinite(one) and np.isfinite(foot)) or np.hypot(one, foot) < 1e-6:
        return None
    return float(np.rad2deg(np.arctan2(foot * 2 / np.sqrt(3), one)))


def intervals(
    found: Delineation, beats: Any, rate: float, *, names: Sequence[str] = (), median: Any = None
) -> Intervals:
    """Medians over the beats of a delineation; `beats` in samples; with the median beat (leads, time) also the axis.

    RR beyond 0.2 to 6 s are left out; of the rate also those from 2 s that are half as long again as usual, which are
    pauses or a gap of the trace. QT is corrected with the median RR.
    """
    rr = np.diff(np.sort(np.asarray(beats, np.float64))) * (1000 / rate)
    rr = rr[(rr >= 200) & (rr <= 6000)]
    usual = float(np.median(rr)) if len(rr) else None
    qt = _span(found.qrs_on, found.t_off, rate)
    corrected = {}
    if qt is not None and usual is not None and 100 <= qt <= 1000:
        corrected = {name: qt_corrected(qt, usual, name) for name in FORMULAS}
    return Intervals(
        _span(found.p_on, found.qrs_on, rate),
        _span(found.qrs_on, found.qrs_off, rate),
        qt,
        usual,
        60_000 / float(rr[(rr < _PAUSE) | (rr <= 1.5 * usual)].mean()) if usual else None,
        corrected,
        _axis(found, names, median),
        len(rr),
    )


def _span(begin: Any, end: Any, rate: float) -> float | None:
    """Median distance in ms over the beats that have both; None where fewer than one in five, or none, has."""
    lengths = (np.asarray(end) - np.asarray(begin)) * (1000 / rate)
    there = lengths[np.isfinite(lengths) & (lengths > 0)]
    if not len(there) or len(there) < 0.2 * len(lengths):
        return None
    return float(np.median(there))


def _axis(found: Delineation, names: Sequence[str], median: Any) -> float | None:
    """From net areas of the QRS of the median beat, all limb leads that are there."""
    if median is None or not len(found.qrs_on):
        return None
    beat, centre = np.asarray(median, np.float64), np.shape(median)[1] // 2
    there = np.isfinite(found.qrs_on)
    if not there.any():
        return None
    before, after = (np.median(one[there]) for one in (found.beats - found.qrs_on, found.qrs_off - found.beats))
    begin, end = max(0, int(centre - before)), int(centre + after) + 1
    level = beat[:, begin : begin + 1]
    area = dict(zip(names, (beat[:, begin:end] - level).sum(axis=1), strict=False))
    return _of_limbs(area)


def _of_limbs(area: Mapping[str, float]) -> float | None:
    """Least squares of the frontal vector over the limb leads given; two that are not parallel are needed."""
    half, tall = 0.5, np.sqrt(3) / 2
    seen = {
        "I": (1.0, 0.0), "II": (half, tall), "III": (-half, tall), "aVF": (0.0, tall), "aVL": (0.75, -tall / 2),
        "aVR": (-0.75, -tall / 2),
    }  # fmt: skip
    rows = [(direction, area[name]) for name, direction in seen.items() if name in area and np.isfinite(area[name])]
    if len(rows) < 2:
        return None
    left, foot = np.linalg.lstsq(np.array([d for d, _ in rows]), np.array([a for _, a in rows]), rcond=None)[0]
    return frontal_axis(float(left), float(foot) * tall)
