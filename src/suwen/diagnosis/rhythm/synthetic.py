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

from suwen.errors import InputError

__all__ = ["LEADS", "NOISES", "RHYTHMS", "Synthetic", "Wave", "noise", "synthetic_ecg"]

Floats = NDArray[np.float32]
LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
RHYTHMS = ("sinus", "af", "first_degree", "wenckebach", "complete_block", "pvc", "pac", "pause", "rbbb", "lbbb")
NOISES = ("baseline", "mains", "muscle", "motion", "white")
_EDGE = 2.8  # standard deviations from the middle of a wave to where it is 2 % of its height
_TANGENT = 2.0  # and to where its steepest tangent meets the level
# directions of the chest leads in the horizontal plane: degrees from the left towards the front
_CHEST = {"V1": 115.0, "V2": 94.0, "V3": 75.0, "V4": 58.0, "V5": 30.0, "V6": 0.0}


@dataclass(frozen=True, slots=True)
class Wave:
    """One Gaussian: seconds of its middle from R, standard deviation in seconds, and (left, foot, front) in mV."""

    name: str
    middle: float
    width: float
    vector: tuple[float, float, float]


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


@dataclass(frozen=True, slots=True)
class _Beat:
    at: float  # seconds of R
    kind: str
    pr: float | None  # seconds from the middle of P to R; none: no P belongs to the beat
    interval: float  # seconds to the beat before


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
        raise InputError(f"there is no made rhythm {rhythm!r}; there are {', '.join(RHYTHMS)}")
    if set(names) - set(LEADS):
        raise InputError(f"made leads are {', '.join(LEADS)}")
    if not (0 < seconds <= 90_000 and 20 <= rate <= 20_000 and 15 <= bpm <= 300):
        raise InputError("made traces last up to 25 hours, at 20 to 20,000 Hz and 15 to 300 beats a minute")
    beats, loose = _schedule(rng, rhythm, seconds, bpm)
    total = round(seconds * rate)
    field = np.zeros((3, total))
    shape = {kind: _waves(kind, rhythm, axis) for kind in "NVS"}
    rows = [_draw(field, rate, beat, shape[beat.kind]) for beat in beats]
    for at in loose:
        _add(field, rate, at, _P)
    if rhythm == "af":
        field += _fibrillation(rng, total, rate)
    fiducials = {name: np.array([row[name] for row in rows]) * rate for name in _NAMES}
    own = [beat.at - beat.pr for beat in beats if beat.pr is not None]
    return Synthetic(
        np.asarray(_seen(field, names), np.float32),
        rate,
        tuple(names),
        np.array([beat.at for beat in beats]) * rate,
        tuple(beat.kind for beat in beats),
        fiducials,
        np.array(sorted([*own, *loose])) * rate,
    )


def noise(rng: np.random.Generator, kind: str, samples: int, rate: float, *, leads: int = 1) -> Floats:
    """Noise (leads, samples) of about one mV (standard deviation); multiply it as wished.

    Raises:
        InputError: the kind is not known.

    """
    if kind not in NOISES:
        raise InputError(f"there is no noise {kind!r}; there are {', '.join(NOISES)}")
    made = np.stack([_NOISE[kind](rng, samples, rate) for _ in range(leads)])
    spread = made.std(axis=1, keepdims=True)
    return np.asarray(made / np.where(spread > 0, spread, 1), np.float32)


_P = Wave("p", 0.0, 0.018, (0.07, 0.10, 0.03))
_NAMES = ("p_on", "p_peak", "p_off", "qrs_on", "qrs_off", "t_peak", "t_off")


def _schedule(rng: np.random.Generator, rhythm: str, seconds: float, bpm: float) -> tuple[list[_Beat], list[float]]:
    """Beats in order, and P waves (seconds) that no beat follows."""
    mean = 60.0 / bpm
    if rhythm == "complete_block":
        loose = [float(at) for at in np.arange(rng.uniform(0, mean), seconds, mean)]
        beats = [_Beat(float(at), "V", None, 60 / 38) for at in np.arange(rng.uniform(0.2, 1.2), seconds, 60 / 38)]
        return beats, loose
    beats, loose = [], []
    at, count, pr = float(rng.uniform(0.2, 0.2 + mean)), 0, {"first_degree": 0.26}.get(rhythm, 0.14)
    before = mean
    while at < seconds + 0.5:
        kind, interval = "N", mean * (1 + 0.03 * np.sin(2 * np.pi * 0.25 * at) + 0.01 * rng.standard_normal())
        count += 1
        lag: float | None = pr
        if rhythm == "af":
            lag, interval = None, float(mean * np.clip(rng.lognormal(0, 0.24), 0.45, 2.0))
        elif rhythm in {"pvc", "pac"} and count % 5 == 4:
            kind = "V" if rhythm == "pvc" else "S"
            lag = None if rhythm == "pvc" else 0.12
        elif rhythm == "wenckebach":
            lag = 0.15 + 0.06 * ((count - 1) % 3)
        beats.append(_Beat(at, kind, lag, before))
        step = _step(rhythm, count, float(interval), mean)
        if rhythm == "wenckebach" and count % 3 == 0:
            loose.append(at - 0.27 + mean)
            step = 2 * mean - 0.12
        elif rhythm == "wenckebach":
            step = mean + 0.06
        before = step
        at += step
    inside = [beat for beat in beats if beat.at < seconds - 0.5 / 1000]
    return inside, [one for one in loose if one < seconds]


def _step(rhythm: str, count: int, interval: float, mean: float) -> float:
    """Seconds to the next beat: premature ones come early, and a pause follows."""
    if rhythm == "pause" and count % 6 == 5:
        return 3.2
    early = {"pvc": 0.58, "pac": 0.62}.get(rhythm)
    if early and count % 5 == 3:
        return early * mean
    if early and count % 5 == 4:
        return (2 - early) * mean if rhythm == "pvc" else mean * 1.1
    return interval


def _waves(kind: str, rhythm: str, axis: float) -> tuple[Wave, ...]:
    """QRS and T of a beat; the vectors turn with the axis in the frontal plane."""
    angle = np.deg2rad(axis)
    left, foot = float(np.cos(angle)), float(np.sin(angle))
    if kind == "V":
        return (
            Wave("r", 0.0, 0.030, (-0.9, 1.2, 0.9)),
            Wave("s", 0.065, 0.028, (0.3, -0.5, -0.4)),
            Wave("t", 0.33, 0.055, (0.25, -0.30, -0.25)),
        )
    body = (
        Wave("q", -0.026, 0.0075, (-0.08 * left, -0.08 * foot, 0.15)),
        Wave("r", 0.0, 0.0105, (1.2 * left, 1.2 * foot, -0.45)),
        Wave("s", 0.026, 0.0085, (-0.15 * left, -0.15 * foot, -0.5)),
    )
    late = {"rbbb": Wave("s2", 0.072, 0.016, (-0.5, 0.05, 0.9)), "lbbb": Wave("s2", 0.058, 0.024, (0.9, 0.1, -0.9))}
    wide = (late[rhythm],) if rhythm in late else ()
    turned = -1.0 if rhythm == "lbbb" else 1.0
    return (*body, *wide, Wave("t", 0.29, 0.042, (0.25 * turned, 0.22 * turned, 0.20 * turned)))


def _draw(field: NDArray[np.float64], rate: float, beat: _Beat, waves: Sequence[Wave]) -> dict[str, float]:
    """Add one beat to the field; gives its fiducials in seconds. T comes later after a long interval."""
    stretch = float(np.clip(np.sqrt(beat.interval), 0.6, 1.25))
    times = dict.fromkeys(_NAMES, float("nan"))
    if beat.pr is not None:
        middle = beat.at - beat.pr
        _add(field, rate, middle, _P)
        times |= {"p_on": middle - _TANGENT * _P.width, "p_peak": middle, "p_off": middle + _TANGENT * _P.width}
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
        leads[name] = 0.9 * (np.cos(angle) * left + np.sin(angle) * front) + 0.1 * foot
    return np.stack([leads[name] for name in names])


def _fibrillation(rng: np.random.Generator, total: int, rate: float) -> NDArray[np.float64]:
    """Waves of the atria at about six a second, their rate and height drifting."""
    time = np.arange(total) / rate
    wander = np.cumsum(rng.standard_normal(total)) * 0.02 / np.sqrt(rate)
    wave = np.sin(2 * np.pi * (rng.uniform(5, 7) * time + wander) + rng.uniform(0, 6.28))
    height = 0.035 * (1 + 0.4 * np.sin(2 * np.pi * 0.3 * time + rng.uniform(0, 6.28)))
    field = np.array([0.5, 0.7, 1.0])[:, None] * (height * (wave + 0.3 * np.sin(2 * np.arcsin(wave))))
    return np.asarray(field, np.float64)


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
