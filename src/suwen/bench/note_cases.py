"""Benchmark notes: from a clinical note to the differential, beside the same case as it was coded by its authors.

The 60 notes (30 in each language) were written for this from the facts of solved cases of phenopacket-store
(BSD-3-Clause; the wording is ours), by an author who did not see what the reader makes of them. A rank is that of the
true disease among all OMIM diseases, with sex, age and excluded features; solved cases of its publication are left out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

import numpy as np

from suwen.bench.result import Result
from suwen.bench.setting import Options, open_engine
from suwen.diagnosis import Engine, assess
from suwen.diagnosis.notes import note_patient
from suwen.language.reader import NoteReader
from suwen.subject import Code, Feature, Patient, Sex

__all__ = ["run"]

TARGETS: dict[str, dict[str, Any]] = {
    "target": {
        "top10_ratio": 0.85,
        "source": "what the reader was built to reach: top 10 from the note as often as 0.85 times from the coded case",
    },
}


@dataclass(frozen=True, slots=True)
class _Case:
    """A note with its language, the case it was written from, the true disease, and phrases true beyond the case."""

    text: str
    lang: str
    coded: Patient
    disease: str
    extra: tuple[str, ...]


def run(options: Options, notify: Callable[[int, int], None] = lambda _done, _all: None) -> Result:
    """Measure on all 60 notes, or the first `limit` of them."""
    begin = time.perf_counter()
    engine = open_engine(options)
    cases = _cases()[: options.limit]
    reader = NoteReader(engine.knowledge)
    rows = []
    for done, case in enumerate(cases, start=1):
        rows.append(_row(case, reader, engine))
        notify(done, len(cases))
    ours, peer = _figures(rows)
    return Result(
        "notes",
        _digest(cases),
        len(cases),
        ours,
        {"as coded by the authors": peer},
        TARGETS,
        seconds=time.perf_counter() - begin,
    )


def _cases() -> list[_Case]:
    folder = resources.files("suwen.bench").joinpath("notes")
    index = json.loads(folder.joinpath("index.json").read_text("utf-8"))
    words = json.loads(folder.joinpath("words.json").read_text("utf-8"))
    return [
        _Case(
            folder.joinpath(one["file"]).read_text("utf-8"),
            one["lang"],
            _coded(one),
            one["disease"],
            tuple(words[one["file"]]["extra"]),
        )
        for one in index
    ]


def _coded(one: dict[str, Any]) -> Patient:
    features = [Feature(Code(code)) for code in one["observed"]]
    features += [Feature(Code(code), excluded=True) for code in one["excluded"]]
    return Patient(one["case"], tuple(features), Sex(one["sex"]), one["age_years"], publication=one["publication"])


def _row(case: _Case, reader: NoteReader, engine: Engine) -> dict[str, Any]:
    begin = time.perf_counter()
    note = reader.read(case.text)
    seconds = time.perf_counter() - begin
    read = note_patient(note.mentions, note.person, reader.ontology, name=case.coded.id).patient
    read = replace(read, publication=case.coded.publication)
    true, found = _codes(case.coded), _counted(read, case)
    return {
        "lang": case.lang,
        "ours": _rank(read, case.disease, engine),
        "coded": _rank(case.coded, case.disease, engine),
        "right": len(true & found),
        "true": len(true),
        "found": len(found),
        "near": sum(any(_akin(one, other, reader) for other in found) for one in true),
        "sex": note.person.sex is case.coded.sex,
        "age": note.person.age_years is not None,
        "ms": 1000 * seconds,
    }


def _codes(patient: Patient) -> set[str]:
    return {one.code.value for one in patient.observed}


def _counted(read: Patient, case: _Case) -> set[str]:
    """Present features that were read, without those from words that are true and not part of the coded case."""
    places = [(at, at + len(phrase)) for phrase in case.extra for at in _all(case.text, phrase)]
    return {
        one.code.value
        for one in read.observed
        if one.span is None or not any(low < one.span.end and one.span.start < high for low, high in places)
    }


def _all(text: str, phrase: str) -> Iterable[int]:
    at = text.find(phrase)
    while at >= 0:
        yield at
        at = text.find(phrase, at + 1)


def _akin(one: str, other: str, reader: NoteReader) -> bool:
    """Whether two terms are the same or one implies the other."""
    number = reader.ontology.number
    if one not in number or other not in number:
        return False
    first, second = number[one], number[other]
    return first in reader.ontology.ancestors(second) or second in reader.ontology.ancestors(first)


def _rank(patient: Patient, disease: str, engine: Engine) -> float:
    if not patient.features:
        return float("inf")
    weighed = assess(patient, knowledge=engine, prefixes=("OMIM",), lenient=True)
    number = weighed.knowledge.diseases.number.get(disease)
    return weighed.rank(number) if number is not None else float("inf")


def _figures(rows: list[dict[str, Any]]) -> tuple[dict[str, float], dict[str, float]]:
    ours, peer = dict[str, float](), dict[str, float]()
    for lang in ("", "en", "zh"):
        part = [row for row in rows if lang in ("", row["lang"])]
        if not part:
            continue
        prefix = f"{lang}." if lang else ""
        for top in (1, 3, 10):
            ours[f"{prefix}top{top}"] = _share(part, "ours", top)
            peer[f"{prefix}top{top}"] = _share(part, "coded", top)
        ours[f"{prefix}top10_ratio"] = ours[f"{prefix}top10"] / max(peer[f"{prefix}top10"], 1e-9)
        right, true, found = (sum(row[name] for row in part) for name in ("right", "true", "found"))
        ours[f"{prefix}recall"], ours[f"{prefix}precision"] = right / true, right / max(found, 1)
        ours[f"{prefix}recall_akin"] = sum(row["near"] for row in part) / true
    ours["sex_right"] = float(np.mean([row["sex"] for row in rows]))
    ours["age_read"] = float(np.mean([row["age"] for row in rows]))
    ours["ms_per_note"] = float(np.median([row["ms"] for row in rows]))
    return ours, peer


def _share(rows: list[dict[str, Any]], who: str, top: int) -> float:
    return float(np.mean([row[who] <= top for row in rows]))


def _digest(cases: list[_Case]) -> str:
    import hashlib  # noqa: PLC0415

    return hashlib.sha256("\x00".join(case.text for case in cases).encode()).hexdigest()
