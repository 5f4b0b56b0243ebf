"""Benchmark rhythm: episodes of atrial fibrillation and flutter in long traces of two leads, from when to when.

Records of the China Physiological Signal Challenge 2021, as many as lie in the data folder; fibrillation and flutter
are scored together, as the challenge does.

- `af.sensitivity`, `af.ppv`: episodes found, and episodes said that are right, by overlap (ANSI/AAMI EC57), with
  `.low` and `.high` by drawing patients again; `af.episodes`, `af.said`, `af.false` count them;
- `af.duration.sensitivity`, `af.duration.ppv`: the same of the time;
- `af.borders.within1`, `.within2`: begins and ends that lie within so many beats, of the episodes found;
- `af.class.accuracy`: none, paroxysmal or persistent; `af.challenge`: mean points of the challenge (at most 3 for a
  record with one episode);
- `af.beats.auroc`: the odds of single beats;
- `af.day.seconds`: what 24 hours of one lead add, once beats are found and delineated.

Of the twelve-lead records of CinC2021: `KEY.auroc` with `.low` and `.high` for each sign whose label at least three
traces bear and three do not, their mean `labels.auroc` over `labels.n`, and of all labels together
`labels.sensitivity` and `labels.ppv` of the signs named outright. Nothing was learned from these labels.

Who was learned from is judged by weights learned anew without him (leave one patient out): `af.left_out` counts these
patients. `af.unseen.` are the figures of those that nothing was learned from, where there are any, and `af.known.`
those of shipped weights on patients they know, which flatter.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.bench.result import Result
from suwen.bench.rhythm_fit import Lesson, fitted
from suwen.bench.rhythm_labels import label_metrics, neurokit_metrics, traces
from suwen.bench.rhythm_scores import Judged, auroc, joined, judged, rates_of, with_intervals
from suwen.bench.rhythm_traces import FOLDER, Holter, holters
from suwen.bench.setting import Options, digest
from suwen.diagnosis.rhythm.beats import Beats, find_beats
from suwen.diagnosis.rhythm.delineation import Delineation, delineate
from suwen.diagnosis.rhythm.episodes import runs
from suwen.diagnosis.rhythm.fibrillation import fibrillating, fibrillation
from suwen.diagnosis.rhythm.flutter import flutter
from suwen.diagnosis.rhythm.kinds import beat_kinds
from suwen.diagnosis.rhythm.nouns import Span
from suwen.diagnosis.rhythm.odds import Weights, shipped_weights
from suwen.diagnosis.rhythm.synthetic import synthetic_ecg
from suwen.diagnosis.rhythm.unevenness import before_qrs, slowed, unevenness

__all__ = ["Prepared", "lessons", "plain_rule", "prepared", "run"]

Notify = Callable[[int, int], None]
ANCHORS: Mapping[str, Mapping[str, Any]] = {
    "NeuroKit2 0.2": {"source": "it finds beats, and has no detector of fibrillation"},
    "target": {
        "af.sensitivity": 0.95, "af.ppv": 0.95, "af.duration.sensitivity": 0.95, "af.duration.ppv": 0.95,
        "source": "what this project set itself",
    },
}  # fmt: skip
_WINDOW, _UNEVEN = 32, 0.1  # beats, and RMSSD over mean RR (Dash et al., Ann Biomed Eng 2009;37:1701)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A trace with its beats found, their kinds and fiducials, and whether each lies in an annotated episode."""

    trace: Holter
    beats: Beats
    kinds: tuple[str, ...]
    found: Delineation
    truth: NDArray[np.bool_]

    @property
    def pieces(self) -> NDArray[np.float64]:
        """The places before QRS."""
        return before_qrs(self.trace.values, self.trace.rate, self.found)


def run(options: Options, notify: Notify = lambda _done, _all: None) -> Result:
    """Ours and the baselines on the same records. Raises DataError where data are missing."""
    begin = time.perf_counter()
    cases = list(holters(options.data))
    if options.limit is not None and options.limit < len(cases):
        chosen = np.random.default_rng(options.seed).choice(len(cases), options.limit, replace=False)
        cases = [cases[int(at)] for at in sorted(chosen)]
    ready = [prepared(one) for one in cases]
    notify(1, 4)
    weights = _honest(ready)
    notify(2, 4)
    metrics = _ours(ready, weights, options.seed)
    notify(3, 4)
    twelve = traces(options.data)
    metrics |= label_metrics(twelve, options.seed) | {"af.day.seconds": _day(options.seed)}
    notify(4, 4)
    files = sorted((options.data / FOLDER).glob("*.*"))
    peers = _baselines(ready)
    named = neurokit_metrics(twelve, options.seed)
    if named:
        peers.setdefault("NeuroKit2 beats, RMSSD of RR", {}).update(named)
    spent = time.perf_counter() - begin
    return Result("rhythm", digest(*files), len(cases) + len(twelve), metrics, peers, ANCHORS, seconds=spent)


def prepared(trace: Holter) -> Prepared:
    """What the detector is given."""
    beats = find_beats(trace.values, trace.rate)
    found = delineate(trace.values, trace.rate, beats.samples)
    truth = np.zeros(len(beats.samples), bool)
    for begin, end in trace.spans:
        truth |= (beats.seconds >= begin) & (beats.seconds <= end)
    return Prepared(trace, beats, beat_kinds(trace.values, trace.rate, beats.samples), found, truth)


def lessons(ready: Sequence[Prepared]) -> list[Lesson]:
    """What can be learned from them."""
    return [
        Lesson(unevenness(one.pieces, one.trace.rate, one.kinds, one.found), one.truth, one.trace.patient)
        for one in ready
        if len(one.beats.samples) > 1
    ]


def _honest(ready: Sequence[Prepared]) -> dict[str, Weights]:
    """Weights by patient: learned anew without him where the shipped ones learned from him."""
    shipped = shipped_weights()
    known = lessons([one for one in ready if one.trace.patient in shipped.patients])
    found = {one.trace.patient: shipped for one in ready}
    for patient in sorted(set(found) & set(shipped.patients)):
        found[patient] = fitted([one for one in known if one.patient != patient])
    return found


def _spans(one: Prepared, weights: Weights) -> tuple[Span, ...]:
    """Fibrillation by these weights, and flutter, together."""
    trace = one.trace
    if len(one.beats.samples) < 2:
        return ()
    waves = flutter(trace.values, trace.rate, one.beats, one.kinds, one.found).spans
    spans = fibrillation(trace.values, trace.rate, one.beats, one.kinds, one.found, weights=weights)
    return joined([*spans, *waves])


def _ours(ready: Sequence[Prepared], weights: Mapping[str, Weights], seed: int) -> dict[str, float]:
    shipped = shipped_weights()
    done = [judged(one.trace, _spans(one, weights[one.trace.patient])) for one in ready]
    metrics = with_intervals(done, np.random.default_rng(seed))
    metrics["af.left_out"] = float(len({one.trace.patient for one in ready} & set(shipped.patients)))
    known = [judged(one.trace, _spans(one, shipped)) for one in ready if one.trace.patient in shipped.patients]
    metrics |= _under("known", known)
    metrics |= _under("unseen", [one for one in done if one.patient not in shipped.patients])
    metrics["af.beats.auroc"] = _of_beats(ready, weights)
    return metrics


def _under(name: str, cases: Sequence[Judged]) -> dict[str, float]:
    if not cases:
        return {}
    figures = rates_of(cases)
    return {f"af.{name}.{key}": figures[f"af.{key}"] for key in ("sensitivity", "ppv")}


def _of_beats(ready: Sequence[Prepared], weights: Mapping[str, Weights]) -> float:
    some = [one for one in ready if len(one.beats.samples) > 1]
    odds = [fibrillating(one.pieces, one.beats, one.kinds, one.found, weights[one.trace.patient]) for one in some]
    return auroc(np.concatenate([one.truth for one in some]), np.concatenate(odds)) if some else 0.5


def plain_rule(seconds: NDArray[np.float64]) -> tuple[Span, ...]:
    """The plain rule: windows of 32 beats whose RMSSD is over a tenth of the mean RR, joined."""
    found: list[Span] = []
    for first in range(0, max(1, len(seconds) - _WINDOW + 1), _WINDOW // 2):
        rr = np.diff(seconds[first : first + _WINDOW])
        if len(rr) > 4 and float(np.sqrt(np.mean(np.diff(rr) ** 2))) > _UNEVEN * float(rr.mean()):
            found.append((float(seconds[first]), float(seconds[first + len(rr)])))
    return joined(found)


def _baselines(ready: Sequence[Prepared]) -> dict[str, dict[str, float]]:
    """The plain rule on our beats, and on those of NeuroKit2 where it is installed."""
    rule = [judged(one.trace, plain_rule(one.beats.seconds)) for one in ready]
    coefficient = [judged(one.trace, _tateno_glass(one.beats.seconds)) for one in ready]
    found = {"RMSSD of RR": rates_of(rule), "variation of RR": rates_of(coefficient)}
    if find_spec("neurokit2") is not None:
        theirs = [judged(one.trace, plain_rule(_by_neurokit(one.trace))) for one in ready]
        found["NeuroKit2 beats, RMSSD of RR"] = rates_of(theirs)
    return found


def _tateno_glass(seconds: NDArray[np.float64]) -> tuple[Span, ...]:
    """Windows of 50 intervals whose coefficient of variation is near .24, as in fibrillation (Tateno & Glass 2001)."""
    inside = np.zeros(len(seconds), bool)
    rr = np.diff(seconds)
    for at in range(len(rr)):
        some = rr[max(0, at - 25) : at + 25]
        inside[at + 1] = len(some) > 4 and abs(float(some.std() / some.mean()) - 0.24) < 0.12
    return tuple((float(seconds[first]), float(seconds[last - 1])) for first, last in runs(inside) if last - first >= 5)


def _by_neurokit(trace: Holter) -> NDArray[np.float64]:
    from importlib import import_module  # noqa: PLC0415

    _signals, info = import_module("neurokit2").ecg_peaks(trace.values[-1], sampling_rate=int(trace.rate))
    return np.asarray(info["ECG_R_Peaks"], np.float64) / trace.rate


def _day(seed: int) -> float:
    """Seconds of one core for 24 hours of one made lead: one hour twenty-four times over."""
    hour = synthetic_ecg(np.random.default_rng(seed), seconds=3600, rate=250.0, names=("II",))
    beats = find_beats(hour.values, 250.0, method="rules")
    found = delineate(hour.values, 250.0, beats.samples)
    shift = (np.arange(24) * hour.values.shape[1])[:, None]
    names = ("beats", "p_on", "p_peak", "p_off", "qrs_on", "qrs_off", "t_peak", "t_off")
    day = Delineation(*((getattr(found, name)[None] + shift).ravel() for name in names))
    samples = (beats.samples[None] + shift).ravel()
    every = Beats(samples, np.tile(beats.confidence, 24), 250.0, "rules")
    values, kinds = np.tile(hour.values, (1, 24)), ("N",) * len(samples)
    core = time.process_time()
    slow = slowed(values, 250.0)
    fibrillation(slow, 100.0, every, kinds, day)
    flutter(slow, 100.0, every, kinds, day)
    return time.process_time() - core
