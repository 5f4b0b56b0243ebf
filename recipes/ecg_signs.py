"""Counts how often the rules for the electrocardiogram say what a reader said; writes the counts that findings weigh.

Data in, from heart/ecg of SUWEN_DATA: CinC2021 (twelve leads, SNOMED labels of readers) for every sign that has a
label; for atrial fibrillation also CPSC2021: of each record up to ten stretches of ten seconds, evenly spread, that are
wholly in fibrillation or wholly out of it. No rule was fitted to the labels of CinC2021; how fibrillation was fitted to
CPSC2021 is told in suwen.diagnosis.rhythm.fibrillation. Out: src/suwen/diagnosis/rhythm/measured.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from suwen import datasets
from suwen.bench.rhythm_labels import traces
from suwen.diagnosis.rhythm import measured
from suwen.diagnosis.rhythm.labels import LABELS
from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.formats.waveforms import MarkKind, Recording, read_recording

Counts = dict[str, list[int]]  # hits, cases, wrong, others
FOLDER = "heart/ecg"
OUT = Path(__file__).parents[1] / "src/suwen/diagnosis/rhythm/measured.json"
SECONDS, PIECES = 10, 10


def twelve(folder: Path) -> list[tuple[str, frozenset[str], frozenset[str]]]:
    """Of every record of CinC2021: its name, the signs that its labels speak of, and those that the rules name."""
    found = []
    for one in traces(folder):
        reading = read_rhythm(one.recording.samples, one.recording.rate, one.recording.leads, age=one.age, sex=one.sex)
        found.append((one.name, one.signs, frozenset(sign.key for sign in reading.signs)))
    return found


def pieces(recording: Recording) -> Iterator[tuple[bool, slice]]:
    """Stretches of a record that are wholly in fibrillation or flutter, or wholly out of it."""
    inside = np.zeros(recording.samples.shape[1], bool)
    marks = recording.marked(MarkKind.RHYTHM)
    ends = [*(one.sample for one in marks[1:]), *([len(inside)] if marks else [])]
    for mark, end in zip(marks, ends, strict=True):
        inside[mark.sample : end] = mark.text in ("AFIB", "AFL")
    long = round(SECONDS * recording.rate)
    begins = np.linspace(0, len(inside) - long, min(PIECES, len(inside) // long)).astype(int)
    for begin in begins:
        part = inside[begin : begin + long]
        if part.all() or not part.any():
            yield bool(part.all()), slice(int(begin), int(begin) + long)


def fibrillation(folder: Path, counts: Counts) -> int:
    """Adds the stretches of CPSC2021 to the counts of atrial fibrillation; how many they were."""
    number = 0
    for file in sorted((folder / FOLDER / "cpsc2021").glob("*.hea")):
        recording = read_recording(file)
        for truth, part in pieces(recording):
            reading = read_rhythm(recording.samples[:, part], recording.rate, recording.leads)
            add(counts, "af", truth=truth, said=reading.sign("af") is not None or reading.sign("flutter") is not None)
            number += 1
    return number


def add(counts: Counts, key: str, *, truth: bool, said: bool) -> None:
    """One more trace of which the reader said `truth` and the rule `said`."""
    row = counts.setdefault(key, [0, 0, 0, 0])
    row[1 if truth else 3] += 1
    if said:
        row[0 if truth else 2] += 1


def main() -> None:
    """Count, tell what was counted, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=datasets.folder(), help="folder of the reference data")
    parser.add_argument("--dry-run", action="store_true", help="tell and write nothing")
    options = parser.parse_args()
    counts: Counts = {}
    rows = twelve(options.data)
    for name, truth, said in rows:
        print(name, "agree", sorted(truth & said), "missed", sorted(truth - said), "more", sorted(said - truth))
        for key in LABELS:
            add(counts, key, truth=key in truth, said=key in said)
    number = fibrillation(options.data, counts)
    plain = {"en": f"{len(rows)} traces of CinC2021", "zh": f"CinC2021 的 {len(rows)} 份记录"}
    sources = dict.fromkeys(counts, plain)
    if number:
        more = {
            "en": f" and {number} stretches of 10 s of CPSC2021 (4 patients)",
            "zh": f"及 CPSC2021（4 名患者）的 {number} 段 10 秒片段",
        }
        sources["af"] = {lang: text + more[lang] for lang, text in plain.items()}
    signs = {}
    for key, row in counts.items():
        print(key, *row)
        signs[key] = dict(zip(("hits", "cases", "wrong", "others"), row, strict=True)) | {"source": sources[key]}
    if not options.dry_run:
        OUT.write_text(json.dumps({"format": measured.FORMAT, "signs": signs}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
