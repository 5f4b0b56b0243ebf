"""Makes twelve leads of beats by the heights of their waves, so that what should be measured is known beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from math import erf

import numpy as np

from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.diagnosis.rhythm.synthetic import LEADS, noise
from suwen.subject import Sex

RATE = 500.0
# heights in mV of I, II and the chest leads of a healthy heart; III and the augmented leads follow
HEALTHY: Mapping[str, Mapping[str, float]] = {
    "I": {"p": 0.06, "r": 0.7, "s": -0.1, "t": 0.2},
    "II": {"p": 0.12, "q": -0.06, "r": 1.1, "s": -0.1, "t": 0.32},
    "V1": {"p": 0.04, "r": 0.25, "s": -0.9, "t": 0.06},
    "V2": {"p": 0.05, "r": 0.5, "s": -1.3, "t": 0.5},
    "V3": {"p": 0.05, "r": 0.8, "s": -0.8, "t": 0.5},
    "V4": {"p": 0.05, "r": 1.3, "s": -0.45, "t": 0.45},
    "V5": {"p": 0.05, "q": -0.05, "r": 1.2, "s": -0.2, "t": 0.35},
    "V6": {"p": 0.05, "q": -0.06, "r": 0.95, "s": -0.08, "t": 0.25},
}
# seconds of the middle of a wave from R, and its standard deviation
PLACES = {
    "p": (-0.16, 0.016),
    "p2": (-0.12, 0.016),
    "q": (-0.030, 0.006),
    "r": (0.0, 0.009),
    "s": (0.030, 0.007),
    "r2": (0.058, 0.006),
    "notch": (0.042, 0.004),
    "t": (0.27, 0.040),
}


def made(
    heights: Mapping[str, Mapping[str, float]] | None = None,
    *,
    bpm: float = 65.0,
    seconds: float = 10.0,
    late: float = 0.0,
    wide: float = 1.0,
    spoilt: float = 0.0,
    seed: int = 0,
) -> np.ndarray:
    """Twelve leads (in the order of LEADS) at 500 Hz; `heights` change those of the healthy heart, lead by lead.

    `j` shifts the ST segment (with `slope`, in mV over 80 ms, it goes on rising); `late` delays T by seconds, `wide`
    stretches QRS; `spoilt` is white noise in mV, with five times as much drift.
    """
    rows = {lead: dict(HEALTHY[lead]) | dict((heights or {}).get(lead, {})) for lead in HEALTHY}
    time = np.arange(round(seconds * RATE)) / RATE
    leads = {lead: np.zeros(len(time)) for lead in rows}
    for at in np.arange(0.35, seconds, 60 / bpm):
        for lead, row in rows.items():
            leads[lead] += _beat(time - at, row, late, wide, min(1.0, (60 / bpm) ** 0.5))
    one, two = leads["I"], leads["II"]
    leads |= {"III": two - one, "aVR": -(one + two) / 2, "aVL": one - two / 2, "aVF": two - one / 2}
    values = np.stack([leads[lead] for lead in LEADS]).astype(np.float32)
    rng = np.random.default_rng(seed)
    white, drift = (noise(rng, kind, values.shape[1], RATE, leads=12) for kind in ("white", "baseline"))
    return values + max(spoilt, 0.002) * white + 5 * spoilt * drift  # no recorder is without any noise


def _beat(time: np.ndarray, row: Mapping[str, float], late: float, wide: float, fast: float) -> np.ndarray:
    """One beat with R at 0; in a fast heart T comes `fast` times as late."""
    line = np.zeros(len(time))
    for name, height in row.items():
        if name in PLACES:
            middle, width = PLACES[name]
            stretch = wide if name in ("q", "r", "s", "r2", "notch") else 1.0
            stretch = fast if name == "t" else stretch
            moved = middle * stretch + (late if name == "t" else 0.0)
            wider = width * stretch * row.get(f"{name}_wide", 1.0)
            line += height * np.exp(-0.5 * ((time - moved) / wider) ** 2)
    if row.get("j"):
        line += _segment(time, row["j"], row.get("slope", 0.0), 0.03 * wide, 0.27 * fast + late)
    return line


def _segment(time: np.ndarray, level: float, slope: float, begin: float, end: float) -> np.ndarray:
    """A level that is reached within QRS and left with T; at its end of QRS (50 ms after R) it is `level`."""
    inside = (time > -0.2) & (time < 0.8)
    near = time[inside]
    rise = np.array([0.5 * (1 + erf((one - begin) / 0.007)) for one in near])
    fall = np.array([0.5 * (1 - erf((one - end) / 0.05)) for one in near])
    line = np.zeros(len(time))
    line[inside] = (level + slope * np.clip(near - 0.05, 0, None) / 0.08) * rise * fall
    return line


def signs_of(
    heights: Mapping[str, Mapping[str, float]] | None = None,
    *,
    age: float | None = 60.0,
    sex: Sex | None = Sex.MALE,
    **rest: float,
) -> dict[str, object]:
    """Signs by key that are read from what `made` makes."""
    return read(made(heights, **rest), age=age, sex=sex)


def read(
    values: np.ndarray, *, age: float | None = 60.0, sex: Sex | None = Sex.MALE, names: tuple[str, ...] = LEADS
) -> dict[str, object]:
    """Signs by key of a trace at 500 Hz."""
    reading = read_rhythm(values, RATE, names, method="rules", age=age, sex=sex)
    return {sign.key: sign for sign in reading.signs}
