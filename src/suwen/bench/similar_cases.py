"""Benchmark similar-cases: does a case from another publication with the same disease stand among the nearest?

Eligible are the library cases whose disease another publication describes too. Knowledge rows that cite only the
publication of the case asked about are left out, and so are its cases.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from suwen.bench.cases import read_solved
from suwen.bench.result import Result
from suwen.bench.setting import Options, digest, open_engine, over_processes
from suwen.diagnosis import Engine, assess, similar
from suwen.diagnosis.features import closure
from suwen.subject import Code, Feature, Patient

__all__ = ["run"]

ANCHORS: Mapping[str, Mapping[str, Any]] = {
    "information-content cosine": {
        "top1": 0.481,
        "top5": 0.608,
        "top10": 0.662,
        "ms_per_query": 4,
        "source": "1,061 of 6,365 eligible cases, all of phenopacket-store",
    }
}
_ENGINE: Engine
Row = dict[str, float]


def run(options: Options, notify: Callable[[int, int], None] = lambda _done, _all: None) -> Result:
    """Ask for the nearest cases of every eligible case of the folder's library."""
    global _ENGINE  # noqa: PLW0603  # forked workers inherit it
    begin = time.perf_counter()
    _ENGINE = open_engine(options)
    chosen = _eligible(options)
    rows = list(over_processes(_ask, chosen, notify=notify))
    metrics = {f"top{k}": _hits(rows, f"top{k}") for k in (1, 5, 10)}
    metrics["ms_per_query"] = 1000 * float(np.median([row["seconds"] for row in rows]))
    cosine = {f"top{k}": _hits(rows, f"cosine{k}") for k in (1, 5, 10)}
    cosine["ms_per_query"] = 1000 * float(np.median([row["cosine_seconds"] for row in rows]))
    return Result(
        "similar-cases",
        digest(options.data / "diagnosis/cases.jsonl.xz"),
        len(rows),
        metrics,
        {"plain cosine": cosine},
        ANCHORS,
        seconds=time.perf_counter() - begin,
    )


def _hits(rows: list[Row], name: str) -> float:
    return float(np.mean([row[name] for row in rows])) if rows else float("nan")


def _eligible(options: Options) -> list[int]:
    """Cases of the library asked about, those of the benchmark's own folder where it has any of its own."""
    library = _ENGINE.library
    if library is None:
        return []
    publications: dict[str, set[str]] = {}
    for diagnosis, publication in zip(library.diagnoses, library.publications, strict=True):
        publications.setdefault(diagnosis, set()).add(publication)
    mine = _own(options)
    found = [
        case
        for case, diagnosis in enumerate(library.diagnoses)
        if len(publications[diagnosis]) > 1 and library.ids[case] in mine
    ]
    if options.limit is None or options.limit >= len(found):
        return found
    return sorted(np.random.default_rng(options.seed).choice(found, options.limit, replace=False).tolist())


def _own(options: Options) -> set[str]:
    return {patient.id for patient in read_solved(options.data / "diagnosis/cases.jsonl.xz")}


def _ask(case: int) -> Row:
    library, ontology = _ENGINE.library, _ENGINE.knowledge.ontology
    if library is None:
        return {}
    terms = library.observed.columns(case).tolist()
    features = tuple(Feature(Code(ontology.ids[term])) for term in terms)
    patient = Patient(library.ids[case], features, publication=library.publications[case])
    begin = time.perf_counter()
    found = similar(assess(patient, knowledge=_ENGINE, without=True, lenient=True), most=10)
    seconds = time.perf_counter() - begin
    begin = time.perf_counter()
    similarity = _ENGINE.similarity(closure(terms, ontology)) * library.without(patient.publication)
    nearest = np.argsort(-similarity, kind="stable")[:10]
    cosine_seconds = time.perf_counter() - begin
    mine = library.diagnoses[case]
    same = [one.diagnosis.value == mine for one in found]
    plain = [library.diagnoses[one] == mine for one in nearest]
    row = {f"top{k}": float(any(same[:k])) for k in (1, 5, 10)}
    row |= {f"cosine{k}": float(any(plain[:k])) for k in (1, 5, 10)}
    return {**row, "seconds": seconds, "cosine_seconds": cosine_seconds}
