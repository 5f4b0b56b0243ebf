"""Benchmark rare-disease: the rank of the true disease in published solved cases, with calibration and coverage.

Modes: A all curated knowledge; B without the rows that cite only the case's own publication (cases whose disease then
has no knowledge left are misses); C the PhenoBrain test set over OMIM and ORPHA, any accepted code counts. Solved cases
of the same publication never count, and the weights are those whose fitting never saw the publication. Only present HPO
terms are used. Ties stand in the middle of their ranks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from suwen.bench.cases import read_solved
from suwen.bench.naive import Naive
from suwen.bench.result import Result
from suwen.bench.setting import Options, digest, open_engine, over_processes
from suwen.diagnosis import Assessment, Engine, Explainer, assess
from suwen.errors import DataError
from suwen.subject import Code, Feature, Patient

__all__ = ["run"]

ANCHORS: Mapping[str, Mapping[str, Any]] = {
    "Exomiser": {"a.top1": 0.355, "a.top3": 0.463, "a.top10": 0.585, "source": "Reese et al., Eur J Hum Genet 2026"},
    "o1-preview": {"a.top1": 0.236, "a.top3": 0.312, "a.top10": 0.368, "source": "Reese et al., Eur J Hum Genet 2026"},
    "PhenoBrain": {
        "c.top1": 0.304,
        "c.top3": 0.483,
        "c.top10": 0.640,
        "c.median_rank": 4,
        "source": "npj Digit Med 2025;8:68, all 873 cases",
    },
}
_ENGINE: Engine
_NAIVE: Naive
Row = dict[str, float]


def run(options: Options, notify: Callable[[int, int], None] = lambda _done, _all: None) -> Result:
    """Run all modes whose data lie in the folder. Raises DataError when there are no cases at all."""
    global _ENGINE, _NAIVE  # noqa: PLW0603  # forked workers inherit them
    begin, home = time.perf_counter(), options.data / "diagnosis"
    files = [home / name for name in ("cases_reese.jsonl.xz", "cases.jsonl.xz", "coded_cases.json")]
    if not files[0].is_file() and not files[1].is_file():
        raise DataError(f"{home} holds neither cases_reese.jsonl.xz nor cases.jsonl.xz")
    _ENGINE = open_engine(options)
    _NAIVE = Naive(_ENGINE.knowledge)
    metrics: Row = {}
    peers: dict[str, Row] = {"naive likelihood ratio": {}, "one-sided Resnik": {}}
    counted = 0
    sets = [("", files[0]), ("cases.", files[1])] if files[0].is_file() else [("", files[1])]
    for prefix, file in sets:
        if file.is_file():
            patients = _limited(read_solved(file), options)
            rows = list(over_processes(_both_modes, patients, notify=notify))
            counted += len(rows)
            _collect(rows, prefix, metrics, peers)
    if files[2].is_file():
        coded = _coded(files[2], options)
        found = list(over_processes(_coded_case, coded, notify=notify))
        counted += len(found)
        _ranks(metrics, "c", [row["rank"] for row in found])
        _ranks(peers["naive likelihood ratio"], "c", [row["naive"] for row in found])
        _ranks(peers["one-sided Resnik"], "c", [row["resnik"] for row in found])
    timed = Options(options.data, options.limit or 300, options.seed)
    metrics["ms_per_case"] = _speed(_limited(read_solved(sets[0][1]), timed))
    return Result("rare-disease", digest(*files), counted, metrics, peers, ANCHORS, seconds=time.perf_counter() - begin)


def _limited(patients: list[Patient], options: Options) -> list[Patient]:
    if options.limit is None or options.limit >= len(patients):
        return patients
    chosen = np.random.default_rng(options.seed).choice(len(patients), options.limit, replace=False)
    return [patients[at] for at in np.sort(chosen)]


def _both_modes(patient: Patient) -> Row:
    """Ranks in A and B by the differential and the baselines; in B also probability, correctness and set."""
    present = _present(patient)
    row: Row = {}
    for mode, without in (("a", False), ("b", True)):
        weighed = assess(present, knowledge=_ENGINE, prefixes=("OMIM",), without=without, lenient=True)
        true = weighed.knowledge.diseases.number.get(patient.diagnoses[0].code.value)
        usable = true is not None and bool(weighed.features.observed)
        row[mode] = weighed.rank(true) if usable and true is not None else np.inf
        left_out = _ENGINE.left_out(patient.publication, without=without)
        ratio, resnik = _NAIVE.scores(weighed.features.observed, left_out)
        row[f"{mode}.naive"] = _rank(ratio, true if usable else None, weighed)
        row[f"{mode}.resnik"] = _rank(resnik, true if usable else None, weighed)
        if mode == "b":
            row |= _calibrated(weighed, true if usable else None)
    return row


def _present(patient: Patient) -> Patient:
    """The case as the protocol sees it: present terms and the publication, nothing else."""
    return Patient(patient.id, patient.observed, publication=patient.publication)


def _rank(score: np.ndarray, true: int | None, weighed: Assessment) -> float:
    if true is None or not weighed.scope[true]:
        return float("inf")
    inside = score[weighed.scope]
    return 1.0 + float((inside > score[true]).sum()) + (float((inside == score[true]).sum()) - 1) / 2


def _calibrated(weighed: Assessment, true: int | None) -> Row:
    order, chance = weighed.order, weighed.chance
    listed = true is not None and bool(weighed.scope[true])
    ahead = int((chance[weighed.scope] > weighed.none).sum())
    none_inside = ahead < weighed.shortlist
    diseases = weighed.shortlist - int(none_inside)
    inside = listed and true is not None and bool((order[:diseases] == true).any())
    return {
        "chance": float(chance[order[0]]) if len(order) else 0.0,
        "right": float(listed and order[0] == true),
        "listed": float(listed),
        "covered_strict": float(inside),
        "covered": float(inside or (not listed and none_inside)),
        "set": float(diseases),
    }


def _collect(rows: Sequence[Row], prefix: str, metrics: Row, peers: dict[str, Row]) -> None:
    for mode in ("a", "b"):
        _ranks(metrics, prefix + mode, [row[mode] for row in rows])
        _ranks(peers["naive likelihood ratio"], prefix + mode, [row[f"{mode}.naive"] for row in rows])
        _ranks(peers["one-sided Resnik"], prefix + mode, [row[f"{mode}.resnik"] for row in rows])
    metrics[f"{prefix}b.unrankable"] = 1.0 - _mean(rows, "listed")
    naive = peers["naive likelihood ratio"][f"{prefix}b.top1"]
    metrics[f"{prefix}b.ratio_naive"] = metrics[f"{prefix}b.top1"] / naive if naive else float("nan")
    metrics[f"{prefix}ece"] = expected_calibration_error([r["chance"] for r in rows], [r["right"] for r in rows])
    metrics[f"{prefix}coverage90"] = _mean(rows, "covered")
    metrics[f"{prefix}coverage90_strict"] = _mean(rows, "covered_strict")
    metrics[f"{prefix}set_size90"] = _mean(rows, "set")
    metrics[f"{prefix}set_size90_median"] = float(np.median([row["set"] for row in rows]))


def _mean(rows: Sequence[Row], name: str) -> float:
    return float(np.mean([row[name] for row in rows]))


def _ranks(into: Row, prefix: str, ranks: Sequence[float]) -> None:
    rank = np.array(ranks)
    into[f"{prefix}.top1"] = float((rank <= 1.5).mean())  # two that share the first place each count as first
    into[f"{prefix}.top3"] = float((rank <= 3).mean())
    into[f"{prefix}.top10"] = float((rank <= 10).mean())
    into[f"{prefix}.mrr"] = float((1 / rank).mean())
    median = float(np.median(rank))
    into[f"{prefix}.median_rank"] = median if np.isfinite(median) else 1e9


def expected_calibration_error(chance: Sequence[float], right: Sequence[float], bins: int = 10) -> float:
    """Mean gap between stated probability and share of hits over equal-width bins, weighted by their cases.

    Naeini et al., AAAI 2015. `chance` and `right` (0 or 1) have one entry per case, of its most probable disease.
    """
    stated, hit = np.array(chance), np.array(right)
    place = np.minimum((stated * bins).astype(int), bins - 1)
    gaps = [abs(stated[place == b].mean() - hit[place == b].mean()) * (place == b).sum() for b in set(place.tolist())]
    return float(sum(gaps) / len(stated))


def _coded(file: Path, options: Options) -> list[tuple[Patient, tuple[str, ...]]]:
    try:
        document = json.loads(file.read_text("utf-8"))
        cases = [
            (Patient(f"coded-{at}", tuple(Feature(Code(term)) for term in terms)), tuple(codes))
            for at, (terms, codes) in enumerate(document)
        ]
    except (ValueError, TypeError) as reason:
        raise DataError(f"{file} is not a list of [terms, codes]: {reason}") from None
    return cases[: options.limit]


def _coded_case(case: tuple[Patient, tuple[str, ...]]) -> Row:
    """Best rank of any accepted code; a code stands for its group of equivalents."""
    patient, codes = case
    weighed = assess(patient, knowledge=_ENGINE, lenient=True)
    diseases = weighed.knowledge.diseases
    accepted = {int(diseases.equivalent[diseases.number[code]]) for code in codes if code in diseases.number}
    ratio, resnik = _NAIVE.scores(weighed.features.observed)
    plain = [diseases.number[code] for code in codes if code in diseases.number]
    known = np.diff(_NAIVE.by_disease.start) > 0
    return {
        "rank": min((weighed.rank(one) for one in accepted), default=np.inf),
        "naive": min((_plain_rank(ratio, one, known) for one in plain), default=np.inf),
        "resnik": min((_plain_rank(resnik, one, known) for one in plain), default=np.inf),
    }


def _plain_rank(score: np.ndarray, true: int, known: np.ndarray) -> float:
    inside = score[known]
    return 1.0 + float((inside > score[true]).sum()) + (float((inside == score[true]).sum()) - 1) / 2


def _speed(patients: Sequence[Patient]) -> float:
    """Median milliseconds of a whole differential (ten findings with evidence) over OMIM and ORPHA, warm, one
    process.
    """
    present = [_present(patient) for patient in patients if patient.observed]
    times = []
    for round_ in range(2):
        for patient in present:
            begin = time.perf_counter()
            Explainer(assess(patient, knowledge=_ENGINE, lenient=True)).findings(10)
            if round_:
                times.append(time.perf_counter() - begin)
    return 1000 * float(np.median(times)) if times else 0.0
