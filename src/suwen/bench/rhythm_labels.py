"""How well graded scores of a reading order twelve-lead traces by what readers said of them: AUROC for each label.

A sign is said or not; here each label has a number instead, taken from what was measured, so that traces that are
near a limit count as near. Signs that were named rank before all others of equal number. None was fitted to labels.
"""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from suwen.bench.qrs_traces import FOLDER
from suwen.diagnosis.rhythm.labels import LABELS, labelled
from suwen.diagnosis.rhythm.nouns import LeadWaves, Reading
from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.errors import InputError
from suwen.formats.waveforms import MarkKind, Recording, read_recording
from suwen.learn.measure import auc, bootstrap
from suwen.subject import Sex

__all__ = ["SCORES", "Labelled", "label_metrics", "named_metrics", "neurokit_metrics", "score", "traces"]

Score = Callable[[Reading], float]
_LATERAL, _CHEST = ("I", "II", "V4", "V5", "V6"), ("V1", "V2", "V3", "V4", "V5", "V6")
_LIMB = ("I", "II", "III", "aVR", "aVL", "aVF")
_LEAST = 3  # traces of a label, and without it, below which no AUROC is given


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A trace with the signs that its labels speak of, and age and sex as the header states them."""

    name: str
    recording: Recording
    signs: frozenset[str]
    age: float | None
    sex: Sex | None


def traces(folder: Path) -> list[Labelled]:
    """The records of CinC2021, in order of name."""
    found = []
    for file in sorted((folder / FOLDER / "cinc2021").glob("*.hea")):
        recording = read_recording(file)
        codes = [mark.text.removeprefix("SNOMED CT ") for mark in recording.marked(MarkKind.STATEMENT)]
        found.append(Labelled(file.stem, recording, labelled(codes), *_about(file)))
    return found


def _about(header: Path) -> tuple[float | None, Sex | None]:
    lines = [line.lstrip("# ") for line in header.read_text("utf-8").splitlines() if line.startswith("#")]
    words = dict(line.split(":", 1) for line in lines if ":" in line)
    age = words.get("Age", "").strip()
    sex = {"male": Sex.MALE, "female": Sex.FEMALE}.get(words.get("Sex", "").strip().lower())
    return (float(age) if age.isdigit() else None), sex


def label_metrics(cases: Sequence[Labelled], seed: int = 0) -> dict[str, float]:
    """AUROC of every label that enough traces bear, with its interval, and the mean over them."""
    readings = [
        read_rhythm(one.recording.samples, one.recording.rate, one.recording.leads, age=one.age, sex=one.sex)
        for one in cases
    ]
    scores = {key: [score(key, one) for one in readings] for key in LABELS}
    return named_metrics(cases, scores, seed) | _agreement(cases, readings)


def named_metrics(cases: Sequence[Labelled], scores: Mapping[str, Sequence[float]], seed: int = 0) -> dict[str, float]:
    """`KEY.auroc` with `.low` and `.high`, where at least three traces bear the label and three do not."""
    metrics: dict[str, float] = {}
    for key, values in scores.items():
        truth = np.array([key in one.signs for one in cases])
        if min(truth.sum(), (~truth).sum()) < _LEAST:
            continue
        metrics[f"{key}.auroc"] = auc(truth, np.array(values))
        try:
            found = bootstrap(auc, truth, np.array(values), rng=np.random.default_rng(seed), n=1000)
        except InputError:
            continue
        if found.low is not None and found.high is not None:
            metrics |= {f"{key}.low": found.low, f"{key}.high": found.high}
    every = [value for name, value in metrics.items() if name.endswith(".auroc")]
    return metrics | ({"labels.auroc": float(np.mean(every)), "labels.n": float(len(every))} if every else {})


def _agreement(cases: Sequence[Labelled], readings: Sequence[Reading]) -> dict[str, float]:
    """Over all labels together: the share of what readers said that was found, and of what was found that they said."""
    said = [frozenset(one.key for one in reading.signs) & LABELS.keys() for reading in readings]
    both = sum(len(case.signs & found) for case, found in zip(cases, said, strict=True))
    truth, found = sum(len(case.signs) for case in cases), sum(map(len, said))
    return {"labels.sensitivity": both / max(truth, 1), "labels.ppv": both / max(found, 1)}


def score(key: str, reading: Reading) -> float:
    """How far the reading speaks for the sign; what was named outright comes before what was not."""
    graded = SCORES[key](reading) if key in SCORES else 0.0
    graded = graded if math.isfinite(graded) else 0.0
    return graded / (1 + abs(graded)) + (1.0 if reading.sign(key) is not None else 0.0)


def neurokit_metrics(cases: Sequence[Labelled], seed: int = 0) -> dict[str, float]:
    """The same of rules upon what NeuroKit2 finds in lead II: rate, unevenness, early beats. Empty where it is not."""
    try:
        neurokit = importlib.import_module("neurokit2")
    except ImportError:
        return {}
    rows = [_peer_scores(neurokit, one.recording) for one in cases]
    return named_metrics(cases, {key: [row[key] for row in rows] for key in rows[0]}, seed) if rows else {}


def _peer_scores(neurokit: Any, recording: Recording) -> dict[str, float]:
    lead = np.nan_to_num(recording.lead("II" if "II" in recording.leads else recording.leads[0]).astype(np.float64))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            clean = neurokit.ecg_clean(lead, sampling_rate=int(recording.rate))
            found = neurokit.ecg_peaks(clean, sampling_rate=int(recording.rate))[1]["ECG_R_Peaks"]
        except (IndexError, ValueError, ZeroDivisionError):  # what it raises where it finds no peak
            found = []
    rr = np.diff(np.asarray(found, np.float64)) / recording.rate
    usual = float(np.median(rr)) if len(rr) else 0.8
    rate, uneven = 60 / usual, float(np.std(rr) / np.mean(rr)) if len(rr) > 2 else 0.0
    early = float((rr < 0.875 * usual).sum())
    named = {"sinus_bradycardia": -rate, "sinus_tachycardia": rate, "sinus_arrhythmia": uneven, "af": uneven}
    return named | {"sinus": -uneven - max(0.0, 60 - rate, rate - 100) / 50, "pac": early, "pvc": early}


def _rate(reading: Reading) -> float:
    return reading.intervals.rate or 75.0


def _of(reading: Reading, names: Sequence[str]) -> list[LeadWaves]:
    return [reading.waves[name] for name in names if name in reading.waves]


def _top(values: Sequence[float]) -> float:
    return max(values, default=0.0)


def _sinus(reading: Reading) -> float:
    rate = _rate(reading)
    return 3 * reading.atria.alike - 5 * reading.atria.irregular - max(0.0, 60 - rate, rate - 100) / 10


def _arrhythmia(reading: Reading) -> float:
    rr = reading.beats.intervals
    spread = float(np.std(rr) / np.mean(rr)) if len(rr) > 2 else 0.0
    return 10 * spread * reading.atria.alike - 3 * sum(kind != "N" for kind in reading.kinds) / max(1, len(rr))


def _kinds(kind: str) -> Score:
    return lambda reading: float(sum(one == kind for one in reading.kinds))


def _late_right(reading: Reading) -> float:
    first, sides = _of(reading, ("V1", "V2")), _of(reading, ("I", "V6"))
    late = _top([one.r2 for one in first]) - min((one.s for one in sides), default=0.0)
    return late * ((reading.intervals.qrs or 90) - 80) / 20


def _late_left(reading: Reading) -> float:
    first = _of(reading, ("V1",))
    right = first[0].r + first[0].s if first else 0.0
    return -right * ((reading.intervals.qrs or 90) - 90) / 20


def _voltage(reading: Reading) -> float:
    waves = reading.waves
    sokolow = -waves["V1"].s + max(waves["V5"].r, waves["V6"].r) if {"V1", "V5", "V6"} <= waves.keys() else 0.0
    cornell = waves["aVL"].r - waves["V3"].s if {"aVL", "V3"} <= waves.keys() else 0.0
    return max(sokolow / 3.5, cornell / 2.4)


def _right_voltage(reading: Reading) -> float:
    first = _of(reading, ("V1",))
    return first[0].r + first[0].s + (reading.intervals.axis or 0) / 90 if first else 0.0


SCORES: Mapping[str, Score] = MappingProxyType(
    {
        "sinus": _sinus,
        "sinus_bradycardia": lambda one: (60 - _rate(one)) / 10 + one.atria.alike,
        "sinus_tachycardia": lambda one: (_rate(one) - 100) / 10 + one.atria.alike,
        "sinus_arrhythmia": _arrhythmia,
        "af": lambda one: 10 * one.atria.irregular - 3 * one.atria.alike,
        "pvc": _kinds("V"),
        "pac": _kinds("S"),
        "first_degree": lambda one: ((one.intervals.pr or 160) - 200) / 40,
        "short_pr": lambda one: (120 - (one.intervals.pr or 160)) / 20,
        "rbbb": _late_right,
        "incomplete_rbbb": _late_right,
        "lbbb": _late_left,
        "wide_qrs": lambda one: ((one.intervals.qrs or 90) - 110) / 10,
        "left_anterior": lambda one: (-45 - (one.intervals.axis or 0)) / 30,
        "left_axis": lambda one: (-30 - (one.intervals.axis or 0)) / 30,
        "right_axis": lambda one: ((one.intervals.axis or 0) - 90) / 30,
        "st_elevation": lambda one: 10 * _top([wave.j for wave in one.waves.values()]),
        "st_depression": lambda one: 10 * _top([-wave.j for name, wave in one.waves.items() if name != "aVR"]),
        "q_waves": lambda one: 10 * _top([-wave.q for name, wave in one.waves.items() if name != "aVR"]),
        "poor_r": lambda one: 0.3 - _top([wave.r for wave in _of(one, ("V3",))]),
        "lvh": _voltage,
        "rvh": _right_voltage,
        "low_voltage": lambda one: -_top([wave.r - min(wave.q, wave.s) for wave in _of(one, _LIMB)]),
        "long_qt": lambda one: (one.intervals.qtc.get("fridericia", 410.0) - 450) / 20,
        "short_qt": lambda one: (360 - one.intervals.qtc.get("fridericia", 410.0)) / 20,
        "t_inversion": lambda one: 10 * _top([-wave.t for wave in _of(one, (*_LATERAL, "aVF", "V2", "V3"))]),
        "t_flat": lambda one: -10 * float(np.median([wave.t for wave in _of(one, _LATERAL)] or [0.3])),
        "t_tall": lambda one: _top([wave.t for wave in _of(one, _CHEST)]),
    }
)
