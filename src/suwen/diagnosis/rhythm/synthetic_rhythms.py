"""What a made ECG is made of: when the heart beats in each rhythm, and the waves of its beats as vectors in space."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["P_WAVE", "RHYTHMS", "MadeBeat", "Plan", "Wave", "atrial_field", "planned", "waves_of"]

RHYTHMS = (
    "sinus", "af", "first_degree", "wenckebach", "complete_block", "pvc", "pac", "pause", "rbbb", "lbbb",
    "flutter", "mobitz_ii", "two_to_one", "high_grade", "blocked_pac", "sinus_arrhythmia", "bigeminy", "vt",
    "wide_tachycardia", "junctional", "paced", "preexcitation", "incomplete_rbbb", "left_anterior", "left_posterior",
)  # fmt: skip
_WITHOUT_P = frozenset({"af", "flutter", "junctional", "paced", "wide_tachycardia"})


@dataclass(frozen=True, slots=True)
class Wave:
    """One Gaussian: seconds of its middle from R, standard deviation in seconds, and (left, foot, front) in mV."""

    name: str
    middle: float
    width: float
    vector: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class MadeBeat:
    """A beat: seconds of R, its kind, seconds from the middle of P to R (none: no P belongs to it), RR before it."""

    at: float
    kind: str
    pr: float | None
    interval: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Beats in order, the seconds of P waves that no beat follows, and the seconds of pacing spikes."""

    beats: tuple[MadeBeat, ...]
    loose: tuple[float, ...] = ()
    spikes: tuple[float, ...] = ()


P_WAVE = Wave("p", 0.0, 0.018, (0.07, 0.10, 0.03))


def planned(rng: np.random.Generator, rhythm: str, seconds: float, bpm: float) -> Plan:
    """When the heart beats: `bpm` is the rate of the sinus node, or of the ventricles where it does not lead."""
    own = _OWN.get(rhythm)
    plan = own(rng, seconds, bpm) if own else _usual(rng, rhythm, seconds, bpm)
    beats = tuple(beat for beat in plan.beats if beat.at < seconds - 0.5 / 1000)
    return Plan(beats, tuple(one for one in plan.loose if one < seconds), plan.spikes)


def _usual(rng: np.random.Generator, rhythm: str, seconds: float, bpm: float) -> Plan:
    """A beat after the other, each by the rhythm's own step."""
    mean = 60.0 / bpm
    beats: list[MadeBeat] = []
    loose: list[float] = []
    at, count, pr = float(rng.uniform(0.2, 0.2 + mean)), 0, _PR.get(rhythm, 0.14)
    before = mean
    while at < seconds + 0.5:
        interval = mean * (1 + 0.03 * np.sin(2 * np.pi * 0.25 * at) + 0.01 * rng.standard_normal())
        count += 1
        if rhythm == "af":
            interval = mean * np.clip(rng.lognormal(0, 0.24), 0.45, 2.0)
        if rhythm == "sinus_arrhythmia":
            interval = mean * (1 + 0.12 * np.sin(2 * np.pi * 0.2 * at))
        kind, lag = _kind(rhythm, count, pr)
        beats.append(MadeBeat(at, kind, lag, before))
        before = _step(rhythm, count, float(interval), mean)
        loose += _loose(rhythm, count, at, mean, before)
        at += before
    spikes = tuple(beat.at - 0.055 for beat in beats) if rhythm == "paced" else ()
    return Plan(tuple(beats), tuple(loose), spikes)


_PR = {"first_degree": 0.26, "preexcitation": 0.13, "mobitz_ii": 0.17}


def _kind(rhythm: str, count: int, pr: float) -> tuple[str, float | None]:
    """Of the beat of this number: its kind, and from P to R."""
    if rhythm in _WITHOUT_P:
        return ("V" if rhythm == "wide_tachycardia" else "N"), None
    ventricular = {
        "pvc": count % 5 == 4, "bigeminy": count % 2 == 0, "vt": 8 <= count % 14 < 14,
    }  # fmt: skip
    if ventricular.get(rhythm):
        return "V", None
    if rhythm == "pac" and count % 5 == 4:
        return "S", 0.12
    if rhythm == "wenckebach":
        return "N", 0.15 + 0.06 * ((count - 1) % 3)
    return "N", pr


def _step(rhythm: str, count: int, interval: float, mean: float) -> float:
    """Seconds to the next beat: premature ones come early, and a pause follows."""
    own = _STEPS.get(rhythm)
    return own(count, interval, mean) if own else interval


def _wenckebach_step(count: int, interval: float, mean: float) -> float:  # noqa: ARG001
    return mean + 0.06 if count % 3 else 2 * mean - 0.12


def _vt_step(count: int, interval: float, mean: float) -> float:
    """Seven sinus beats, six from the ventricle at 167 a minute, and a pause."""
    return {7: 0.6 * mean, 13: 1.3 * mean}.get(count % 14, 0.36 if 8 <= count % 14 < 13 else interval)


_STEPS: Mapping[str, Callable[[int, float, float], float]] = {
    "wenckebach": _wenckebach_step,
    "vt": _vt_step,
    "pause": lambda count, interval, mean: 3.2 if count % 6 == 5 else interval,  # noqa: ARG005
    "blocked_pac": lambda count, interval, mean: 1.6 * mean + 0.12 if count % 5 == 4 else interval,
    "mobitz_ii": lambda count, interval, mean: interval + mean if count % 4 == 3 else interval,
    "bigeminy": lambda count, interval, mean: (0.58 if count % 2 else 1.42) * mean,  # noqa: ARG005
    "paced": lambda count, interval, mean: mean,  # noqa: ARG005
    "junctional": lambda count, interval, mean: mean,  # noqa: ARG005
    "wide_tachycardia": lambda count, interval, mean: mean,  # noqa: ARG005
    "pvc": lambda count, interval, mean: {3: 0.58 * mean, 4: 1.42 * mean}.get(count % 5, interval),
    "pac": lambda count, interval, mean: {3: 0.62 * mean, 4: 1.1 * mean}.get(count % 5, interval),
}


def _loose(rhythm: str, count: int, at: float, mean: float, step: float) -> list[float]:
    """The P wave in the step after a beat that no QRS follows, if there is one."""
    if rhythm == "wenckebach" and count % 3 == 0:
        return [at - 0.27 + mean]
    if rhythm == "mobitz_ii" and count % 4 == 3:
        return [at - _PR[rhythm] + step / 2]
    if rhythm == "blocked_pac" and count % 5 == 4:
        return [at + 0.55 * mean - 0.02]
    return []


def _apart(rng: np.random.Generator, seconds: float, bpm: float) -> Plan:
    mean = 60.0 / bpm
    loose = tuple(float(at) for at in np.arange(rng.uniform(0, mean), seconds, mean))
    there = np.arange(rng.uniform(0.2, 1.2), seconds, 60 / 38)
    return Plan(tuple(MadeBeat(float(at), "V", None, 60 / 38) for at in there), loose)


def _every(ratio: int) -> Callable[[np.random.Generator, float, float], Plan]:
    """One of `ratio` P waves is conducted, at a constant PR; `bpm` is the rate of the P waves."""

    def plan(rng: np.random.Generator, seconds: float, bpm: float) -> Plan:
        mean, begin = 60.0 / bpm, float(rng.uniform(0.05, 0.4))
        atrial = (
            begin + mean * np.arange(int(seconds / mean) + 1) + 0.006 * rng.standard_normal(int(seconds / mean) + 1)
        )
        beats = tuple(MadeBeat(float(at) + 0.16, "N", 0.16, ratio * mean) for at in atrial[::ratio])
        return Plan(beats, tuple(float(at) for number, at in enumerate(atrial) if number % ratio))

    return plan


def _flutter(rng: np.random.Generator, seconds: float, bpm: float) -> Plan:
    """Of 300 waves a minute (see `atrial_field`) one in two to one in four is conducted, nearest to `bpm`."""
    cycle, ratio = 0.2, int(np.clip(round(300 / bpm), 2, 4))
    at, beats, before = 0.2 + 0.16, [], ratio * cycle
    while at < seconds:
        beats.append(MadeBeat(at + float(rng.normal(0, 0.003)), "N", None, before))
        odd = len(beats) % 7 == 6
        before = cycle * ((ratio + 1 if ratio == 2 else ratio - 1) if odd else ratio)
        at += before
    return Plan(tuple(beats))


_OWN = {"complete_block": _apart, "flutter": _flutter, "two_to_one": _every(2), "high_grade": _every(3)}


def atrial_field(rng: np.random.Generator, rhythm: str, total: int, rate: float) -> NDArray[np.float64] | None:
    """What the atria add all the time, (3, time) in mV: waves of fibrillation or of flutter; none elsewhere."""
    if rhythm == "af":
        return _fibrillation(rng, total, rate)
    if rhythm != "flutter":
        return None
    # a saw that falls slowly and rises fast in the foot leads, as of the typical (counterclockwise) flutter
    turn = 2 * np.pi * 5.0 * np.arange(total) / rate
    saw = sum(np.sin(k * turn) / k for k in range(1, 5))
    return np.asarray(np.array([0.01, 0.12, 0.03])[:, None] * saw, np.float64)


def _fibrillation(rng: np.random.Generator, total: int, rate: float) -> NDArray[np.float64]:
    """Waves of the atria at about six a second, their rate and height drifting."""
    time = np.arange(total) / rate
    wander = np.cumsum(rng.standard_normal(total)) * 0.02 / np.sqrt(rate)
    wave = np.sin(2 * np.pi * (rng.uniform(5, 7) * time + wander) + rng.uniform(0, 6.28))
    height = 0.035 * (1 + 0.4 * np.sin(2 * np.pi * 0.3 * time + rng.uniform(0, 6.28)))
    field = np.array([0.5, 0.7, 1.0])[:, None] * (height * (wave + 0.3 * np.sin(2 * np.arcsin(wave))))
    return np.asarray(field, np.float64)


_LATE = {  # what comes last in QRS where a bundle does not conduct
    "rbbb": Wave("s2", 0.072, 0.016, (-0.5, 0.05, 0.9)),
    "lbbb": Wave("s2", 0.058, 0.024, (0.9, 0.1, -0.9)),
    "incomplete_rbbb": Wave("s2", 0.034, 0.0102, (-0.55, 0.03, 0.95)),
    "preexcitation": Wave("delta", -0.036, 0.016, (0.26, 0.34, 0.20)),
}


def waves_of(kind: str, rhythm: str, axis: float) -> tuple[Wave, ...]:
    """QRS and T of a beat; the vectors turn with the axis (degrees) in the frontal plane."""
    if kind == "V" or rhythm == "paced":
        side = (-0.9, 1.2, 0.9) if kind == "V" else (0.8, -1.0, -0.9)
        return (
            Wave("r", 0.0, 0.030, side),
            Wave("s", 0.065, 0.028, (-side[0] / 3, -side[1] / 2.4, -side[2] / 2.25)),
            Wave("t", 0.33, 0.055, (-side[0] / 3.6, -side[1] / 4, -side[2] / 3.6)),
        )
    turned = -1.0 if rhythm == "lbbb" else 1.0
    wide = (_LATE[rhythm],) if rhythm in _LATE else ()
    return (*_body(rhythm, axis), *wide, Wave("t", 0.29, 0.042, (0.25 * turned, 0.22 * turned, 0.20 * turned)))


def _body(rhythm: str, axis: float) -> tuple[Wave, ...]:
    """Septum, free wall and base: q, r and s. A fascicle that is blocked turns the first part against the second."""
    degrees = {"left_anterior": -60.0, "left_posterior": 115.0}.get(rhythm, axis)
    angle = np.deg2rad(degrees)
    left, foot = float(np.cos(angle)), float(np.sin(angle))
    first = 0.25 if rhythm.startswith("left_") else 0.08
    q = Wave("q", -0.026, 0.0075, (-first * left, -first * foot, 0.15))
    if rhythm in {"preexcitation", "lbbb"}:  # the septum is reached from the wrong side: no q
        q = Wave("q", -0.026, 0.0075, (0.08 * left, 0.08 * foot, 0.05 if rhythm == "preexcitation" else 0.15))
    return (
        q,
        Wave("r", 0.0, 0.0105, (1.2 * left, 1.2 * foot, -0.45)),
        Wave("s", 0.026, 0.0085, (-0.15 * left, -0.15 * foot, -0.5)),
    )
