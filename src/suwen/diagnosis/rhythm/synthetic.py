"""ECGs that are made, not recorded: sums of Gaussian waves in space, so that every fiducial is known exactly.

After the dynamical model of McSharry et al. (IEEE Trans Biomed Eng 2003;50:289), whose waves are Gaussians of the
phase; here they are Gaussians of time with a direction in space each, seen by the twelve leads, so that the laws of
Einthoven and Goldberger hold and the electrical axis is known. QRS begins and ends where
its outer waves fall below 2 % of their height (2.8 standard deviations); P and T where the tangent at their steepest
flank meets the level, exactly 2 standard deviations from the middle of a Gaussian.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.synthetic_rhythms import (
    P_WAVE,
    RHYTHMS,
    MadeBeat,
    Wave,
    atrial_field,
    planned,
    waves_of,
)
from suwen.errors import InputError

__all__ = ["LEADS", "NOISES", "RHYTHMS", "Synthetic", "Wave", "noise", "synthetic_ecg"]

Floats = NDArray[np.float32]
LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
NOISES = ("baseline", "mains", "muscle", "motion", "white")
_EDGE = 2.8  # standard deviations from the middle of a wave to where it is 2 % of its height
_TANGENT = 2.0  # and to where its steepest tangent meets the level
# directions of the chest leads in the horizontal plane: degrees from the left towards the front
_CHEST = {"V1": 115.0, "V2": 85.0, "V3": 45.0, "V4": 30.0, "V5": 5.0, "V6": -15.0}
_NEAR = 1.6  # they lie nearer to the heart than the limbs, and see it larger


@dataclass(frozen=True, slots=True, eq=False)
class Synthetic:
    """A trace (leads, time) in mV, with what is true of it.

    `beats` are the samples of R as real numbers, `kinds` of each beat ("N" conducted, "V" ventricular, "S" premature
    atrial). `fiducials` by name ("p_on", "p_peak", "p_off", "qrs_on", "qrs_off", "t_peak", "t_off"): a sample a beat,
    not a number where the beat has no such wave. `p_waves` are the samples of all P waves, conducted or not.
    """

    values: Floats
    rate: float
    names: tuple[str, ...]
    beats: NDArray[np.float64]
    kinds: tuple[str, ...]
    fiducials: Mapping[str, NDArray[np.float64]]
    p_waves: NDArray[np.float64]


def synthetic_ecg(
    rng: np.random.Generator,
    *,
    seconds: float = 10.0,
    rate: float = 250.0,
    rhythm: str = "sinus",
    bpm: float = 70.0,
    names: Sequence[str] = LEADS,
    axis: float = 50.0,
) -> Synthetic:
    """A trace of the rhythm; equal generators give equal traces. `axis` is the frontal axis of QRS in degrees.

    Raises:
        InputError: rhythm or lead is not known, or a number is out of range.

    """
    if rhythm not in RHYTHMS:
        raise InputError(
            f"there is no made rhythm {rhythm!r}; there are {', '.join(RHYTHMS)}",
            zh=f"没有合成心律 {rhythm!r}；有 {'、'.join(RHYTHMS)}",
        )
    if set(names) - set(LEADS):
        raise InputError(f"made leads are {', '.join(LEADS)}", zh=f"合成导联为 {'、'.join(LEADS)}")
    if not (0 < seconds <= 90_000 and 20 <= rate <= 20_000 and 15 <= bpm <= 300):
        raise InputError(
            "made traces last up to 25 hours, at 20 to 20,000 Hz and 15 to 300 beats a minute",
            zh="合成波形最长 25 小时，采样率 20 至 20,000 Hz，心率每分钟 15 至 300 次",
        )
    plan = planned(rng, rhythm, seconds, bpm)
    total = round(seconds * rate)
    field = np.zeros((3, total))
    shape = {kind: waves_of(kind, rhythm, axis) for kind in "NVS"}
    rows = [_draw(field, rate, beat, shape[beat.kind]) for beat in plan.beats]
    for at in plan.loose:
        _add(field, rate, at, P_WAVE)
    more = atrial_field(rng, rhythm, total, rate)
    if more is not None:
        field += more
    _spike(field, rate, plan.spikes)
    fiducials = {name: np.array([row[name] for row in rows]) * rate for name in _NAMES}
    own = [beat.at - beat.pr for beat in plan.beats if beat.pr is not None]
    return Synthetic(
        np.asarray(_seen(field, names), np.float32),
        rate,
        tuple(names),
        np.array([beat.at for beat in plan.beats]) * rate,
        tuple(beat.kind for beat in plan.beats),
        fiducials,
        np.array(sorted([*own, *plan.loose])) * rate,
    )


def noise(rng: np.random.Generator, kind: str, samples: int, rate: float, *, leads: int = 1) -> Floats:
    """Noise (leads, samples) of about one mV (standard deviation); multiply it as wished.

    Raises:
        InputError: the kind is not known.

    """
    if kind not in NOISES:
        raise InputError(
            f"there is no noise {kind!r}; there are {', '.join(NOISES)}",
            zh=f"没有噪声 {kind!r}；有 {'、'.join(NOISES)}",
        )
    made = np.stack([_NOISE[kind](rng, samples, rate) for _ in range(leads)])
    spread = made.std(axis=1, keepdims=True)
    return np.asarray(made / np.where(spread > 0, spread, 1), np.float32)


_NAMES = ("p_on", "p_peak", "p_off", "qrs_on", "qrs_off", "t_peak", "t_off")


def _draw(field: NDArray[np.float64], rate: float, beat: MadeBeat, waves: Sequence[Wave]) -> dict[str, float]:
    """Add one beat to the field; gives its fiducials in seconds. T comes later after a long interval."""
    stretch = float(np.clip(np.sqrt(beat.interval), 0.6, 1.25))
    times = dict.fromkeys(_NAMES, float("nan"))
    if beat.pr is not None:
        middle = beat.at - beat.pr
        _add(field, rate, middle, P_WAVE)
        times |= {"p_on": middle - _TANGENT * P_WAVE.width, "p_peak": middle, "p_off": middle + _TANGENT * P_WAVE.width}
    for wave in waves:
        shown = wave if wave.name != "t" else Wave("t", wave.middle * stretch, wave.width * stretch, wave.vector)
        _add(field, rate, beat.at, shown)
        if shown.name == "t":
            peak = beat.at + shown.middle
            times |= {"t_peak": peak, "t_off": peak + _TANGENT * shown.width}
    body = [wave for wave in waves if wave.name != "t"]
    times["qrs_on"] = beat.at + min(wave.middle - _EDGE * wave.width for wave in body)
    times["qrs_off"] = beat.at + max(wave.middle + _EDGE * wave.width for wave in body)
    return times


def _add(field: NDArray[np.float64], rate: float, at: float, wave: Wave) -> None:
    middle, reach = (at + wave.middle) * rate, 5 * wave.width * rate
    begin, end = max(0, int(middle - reach)), min(field.shape[1], int(middle + reach) + 2)
    if begin < end:
        bell = np.exp(-0.5 * ((np.arange(begin, end) - middle) / (wave.width * rate)) ** 2)
        field[:, begin:end] += np.array(wave.vector)[:, None] * bell


def _spike(field: NDArray[np.float64], rate: float, times: Sequence[float]) -> None:
    """Pulses of a pacemaker: 2 ms, or one sample where that is longer."""
    for at in times:
        begin = round(at * rate)
        if 0 <= begin < field.shape[1]:
            field[:, begin : begin + max(1, round(0.002 * rate))] += np.array([[0.7], [1.0], [0.5]])


def _seen(field: NDArray[np.float64], names: Sequence[str]) -> NDArray[np.float64]:
    """Field (left, foot, front) seen by leads: I is the left, aVF stands on it, with Goldberger's smaller gain."""
    left, foot, front = field
    one = left
    two = 0.5 * left + np.sqrt(0.75) * foot
    three = two - one
    leads = {"I": one, "II": two, "III": three}
    leads |= {"aVR": -(one + two) / 2, "aVL": (one - three) / 2, "aVF": (two + three) / 2}
    for name, degrees in _CHEST.items():
        angle = np.deg2rad(degrees)
        leads[name] = _NEAR * (np.cos(angle) * left + np.sin(angle) * front) + 0.1 * foot
    return np.stack([leads[name] for name in names])


def _baseline(rng: np.random.Generator, samples: int, rate: float) -> NDArray[np.float64]:
    time = np.arange(samples) / rate
    found = np.zeros(samples)
    for _ in range(4):
        found += rng.uniform(0.3, 1) * np.sin(2 * np.pi * rng.uniform(0.05, 0.5) * time + rng.uniform(0, 6.28))
    return found


def _mains(rng: np.random.Generator, samples: int, rate: float) -> NDArray[np.float64]:
    phase = 2 * np.pi * float(rng.choice([50.0, 60.0])) * np.arange(samples) / rate + rng.uniform(0, 6.28)
    return np.asarray(np.sin(phase))


def _muscle(rng: np.random.Generator, samples: int, rate: float) -> NDArray[np.float64]:
    """Broad noise in bursts: its strength rises and falls over seconds."""
    fast = np.diff(rng.standard_normal(samples + 1))
    knots = rng.gamma(1.0, 1.0, max(2, int(samples / rate * 1.5) + 2))
    return np.asarray(fast * np.interp(np.linspace(0, len(knots) - 1, samples), np.arange(len(knots)), knots))


def _motion(rng: np.random.Generator, samples: int, rate: float) -> NDArray[np.float64]:
    """Jumps of an electrode that fade, and slow bumps as wide as a QRS or a T wave."""
    found = np.zeros(samples)
    time = np.arange(samples) / rate
    for _ in range(max(1, rng.poisson(0.7 * samples / rate))):
        at, size = rng.uniform(0, samples / rate), rng.standard_normal()
        if rng.random() < 0.5:
            found += np.where(time >= at, size * np.exp(-np.clip(time - at, 0, None) / rng.uniform(0.03, 0.6)), 0.0)
        else:
            found += size * np.exp(-0.5 * ((time - at) / rng.uniform(0.015, 0.15)) ** 2)
    return found


def _white(rng: np.random.Generator, samples: int, rate: float) -> NDArray[np.float64]:  # noqa: ARG001
    return np.asarray(rng.standard_normal(samples), np.float64)


_NOISE = {"baseline": _baseline, "mains": _mains, "muscle": _muscle, "motion": _motion, "white": _white}
